//! Colours of networks: by first octet, by registry, by any number such as that of an autonomous system.

use super::super::blocks::{Registry, ipv4_status};
use crate::model::CountryCode;

/// The least of the three parts of a bright colour.
const LEAST: u32 = 88;
/// Spreads neighbours over the circle of hues (Knuth 6.4).
const SPREAD: u32 = 0x9e37_79b9;
/// Of what belongs to nobody.
pub const NOBODY: [u8; 3] = [128, 136, 148];

/// A bright colour of one of 256 hues: 0 red, 85 green, 171 blue.
pub const fn hue(hue: u8) -> [u8; 3] {
    let turn = hue as u32 * 6;
    let (sixth, part) = (turn >> 8, turn & 255);
    let high = 255;
    let up = LEAST + (255 - LEAST) * part / 255;
    let down = 255 - (255 - LEAST) * part / 255;
    let [r, g, b] = match sixth {
        0 => [high, up, LEAST],
        1 => [down, high, LEAST],
        2 => [LEAST, high, up],
        3 => [LEAST, down, high],
        4 => [up, LEAST, high],
        _ => [high, LEAST, down],
    };
    [r as u8, g as u8, b as u8]
}

/// The number of a hue for any number, another for its neighbours; neither the first nor the last, which have other meanings
/// on the ground ([`super::super::ground`]).
pub const fn number(of: u32) -> u8 {
    match (of.wrapping_mul(SPREAD) >> 24) as u8 {
        0 => 1,
        u8::MAX => u8::MAX - 1,
        number => number,
    }
}

/// Levels of heat from which on a cell is no brighter: 8 for each doubling, so that 65,536 connections are as bright as any.
const BRIGHTEST: u8 = 128;
/// Where the colours of heat begin: what was heard once is seen.
const HEAT_OF_ONE: u32 = 64;

/// How bright a level of heat is, of 255.
pub const fn share_of_brightest(level: u8) -> u32 {
    (if level < BRIGHTEST { level } else { BRIGHTEST }) as u32 * 255 / BRIGHTEST as u32
}

/// Of a country.
pub const fn country_number(code: CountryCode) -> u8 {
    number(u16::from_be_bytes(code.0) as u32)
}

/// By the first octet of an address.
pub fn octet(key: u32) -> [u8; 3] {
    const HUES: [[u8; 3]; 256] = {
        let mut hues = [[0; 3]; 256];
        let mut octet = 0;
        while octet < 256 {
            hues[octet] = hue(number(octet as u32));
            octet += 1;
        }
        hues
    };
    HUES[(key >> 24) as usize]
}

/// By the registry that looks after the /8 of an address.
pub fn registry(key: u32) -> [u8; 3] {
    ipv4_status((key >> 24) as u8).registry().map_or(NOBODY, of_registry)
}

/// Of the palette of Okabe and Ito, which the colour-blind tell apart.
pub const fn of_registry(registry: Registry) -> [u8; 3] {
    match registry {
        Registry::Afrinic => [204, 121, 167],
        Registry::Apnic => [240, 228, 66],
        Registry::Arin => [86, 180, 233],
        Registry::Lacnic => [0, 158, 115],
        Registry::RipeNcc => [230, 159, 0],
    }
}

/// Of a registry on the ground, from 1.
pub fn registry_number(registry: Registry) -> u8 {
    let at = Registry::ALL.iter().position(|it| *it == registry);
    at.map_or(0, |at| at as u8 + 1)
}

/// How long ago something was heard, in classes that look different: the upper bound of each in seconds, its colour from
/// fresh to old, and what it is called.
pub const AGES: [(u32, [u8; 3], &str); 6] = [
    (3_600, [255, 246, 214], "hour"),
    (86_400, [255, 205, 84], "day"),
    (7 * 86_400, [247, 131, 61], "week"),
    (30 * 86_400, [214, 67, 98], "month"),
    (365 * 86_400, [138, 74, 176], "year"),
    (u32::MAX, [84, 96, 178], "older"),
];

/// Which of [`AGES`] so many seconds are.
pub fn age_class(secs: u32) -> usize {
    AGES.iter().position(|(below, ..)| secs < *below).unwrap_or(AGES.len() - 1)
}

/// From nearly black, where nothing was heard, over violet, red and yellow to white.
pub const fn heat(level: u8) -> [u8; 3] {
    let level = match share_of_brightest(level) {
        0 => 0,
        share => HEAT_OF_ONE + (255 - HEAT_OF_ONE) * share / 255,
    };
    const STOPS: [[u32; 3]; 5] =
        [[10, 13, 20], [96, 24, 110], [214, 56, 62], [250, 176, 36], [255, 255, 235]];
    let (stop, part) = (level as usize >> 6, level & 63);
    let (low, high) = (STOPS[stop], STOPS[stop + 1]);
    let mut colour = [0; 3];
    let mut at = 0;
    while at < 3 {
        colour[at] = ((low[at] * (63 - part) + high[at] * part) / 63) as u8;
        at += 1;
    }
    colour
}

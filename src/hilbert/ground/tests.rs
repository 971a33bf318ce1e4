//! Every level says of a network what it was told.

use super::*;
use crate::hilbert::blocks::Registry;

fn key(text: &str) -> u32 {
    text.parse::<Prefix>().unwrap().first()
}

fn at(ground: &Ground, level: usize, text: &str) -> u8 {
    ground.levels()[level][place(key(text), FINEST_KEPT - level as u8)]
}

#[test]
fn every_level_has_the_numbers_of_the_blocks_and_what_is_set_apart_has_none() {
    let ground = Ground::of_blocks(Family::V4);
    for level in 0..LEVELS {
        assert_eq!(at(&ground, level, "9.9.9.9"), tint::number(9));
        for apart in ["10.1.2.3", "192.168.1.1", "230.0.0.1"] {
            assert_eq!(at(&ground, level, apart), APART, "{apart}");
        }
    }
    assert_eq!(at(&ground, 0, "192.0.2.1"), APART);
    let ground = Ground::of_registries(Family::V4);
    assert_eq!(at(&ground, 2, "41.0.0.1"), tint::registry_number(Registry::Afrinic));
    assert_eq!(ground.number(key("41.7.0.1")), tint::registry_number(Registry::Afrinic));
}

#[test]
fn networks_are_asked_for_once_each_and_may_be_given_up() {
    let mut asked = 0_u32;
    let ground = Ground::of_networks(Family::V4, |key| {
        asked += 1;
        assert_eq!(key & 0xff, 0);
        Some(1 + (key >> 8) as u8 % 200)
    });
    let ground = ground.unwrap();
    assert_eq!(asked, 1 << 24);
    assert_eq!(ground.number(key("9.9.17.255")), 18);
    assert_eq!(at(&ground, 0, "10.0.0.1"), APART);
    let four: Vec<u8> = (0..4).map(|third| at(&ground, 0, &format!("9.9.{}.0", 16 + third))).collect();
    assert!(four.contains(&at(&ground, 1, "9.9.17.0")), "a coarser cell is one of those in it");
    let mut left = 1_000;
    assert!(
        Ground::of_networks(Family::V6, |_| {
            left -= 1;
            (left > 0).then_some(PLAIN)
        })
        .is_none()
    );
}

#[test]
fn what_is_set_shows_on_every_level_and_its_tiles_are_told_once() {
    let mut ground = Ground::plain(Family::V4);
    assert_eq!((at(&ground, 0, "9.9.9.9"), at(&ground, 3, "127.0.0.1")), (PLAIN, APART));
    ground.set(key("9.9.9.9"), 7);
    ground.set(key("9.9.9.1"), 7);
    let mut cells = [0; TILE_SIDE * TILE_SIDE];
    let mut orders = Vec::new();
    while let Some(tile) = ground.take_touched(&mut cells) {
        assert_eq!(cells.iter().filter(|number| **number == 7).count(), 1);
        orders.push(tile.order());
    }
    assert_eq!(orders, [8, 9, 10, 11, 12]);
    ground.set(key("9.9.9.200"), 7);
    assert_eq!(ground.take_touched(&mut cells), None, "nothing has changed");
    assert!((0..LEVELS).all(|level| at(&ground, level, "9.9.9.9") == 7));
}

//! The ground of the address space: for each cell of the grid of /24 a number, and for each number a colour. Painted when
//! what colours stand for changes, and uploaded then.

use bevy::prelude::Resource;

use super::{
    fleet::AGENT_COLOURS,
    hilbert_view::{Family, SpaceColour},
    theme::{Rgba, Theme},
};
use crate::hilbert::{
    Area, Orientation, Prefix,
    blocks::{Registry, SPECIAL, ipv4_status, ipv6_blocks},
};

/// Cells along an edge of the finest level, each a /24.
pub const TINT_SIDE: u32 = 4_096;
/// Each level has half the edge of the one before; the coarsest shows a /16 a cell.
pub const TINT_LEVELS: u32 = 5;
/// Of a cell of the finest level, in cells of order 16.
const CELL_SIDE: u32 = 16;
/// Numbers there are; 0 is ground that nobody may use.
pub const TINTS: usize = 256;
/// Between the hues of neighbouring octets, as a share of the circle: the golden angle never meets itself.
const GOLDEN_TURN: f32 = 0.381_966;

/// Numbers and colours. All cells are those of the square held as usual.
#[derive(Resource, Debug, Default)]
pub struct HilbertTint {
    /// From the finest; rows from the top. Empty until the space is looked at.
    levels: Vec<Vec<u8>>,
    /// Linear light.
    palette: Vec<[f32; 4]>,
    /// Counts the paintings.
    changes: u64,
    palette_changes: u64,
}

impl HilbertTint {
    pub fn levels(&self) -> &[Vec<u8>] {
        &self.levels
    }

    pub fn palette(&self) -> &[[f32; 4]] {
        &self.palette
    }

    pub const fn changes(&self) -> u64 {
        self.changes
    }

    pub const fn palette_changes(&self) -> u64 {
        self.palette_changes
    }

    /// Paints all of it.
    pub fn paint(&mut self, family: Family, colour: SpaceColour) {
        let mut levels: Vec<Vec<u8>> =
            (0..TINT_LEVELS).map(|level| vec![0; side(level).pow(2) as usize]).collect();
        let mut fill = |block: Prefix, number: u8| {
            for (level, cells) in (0..TINT_LEVELS).zip(&mut levels) {
                fill(cells, level, block.area(Orientation::Usual), number);
            }
        };
        match family {
            Family::V4 => {
                for octet in 0..=u8::MAX {
                    let registry = ipv4_status(octet).registry();
                    let number = match colour {
                        SpaceColour::FirstOctet => registry.map_or(0, |_| octet),
                        SpaceColour::Registry => registry.map_or(0, number_of),
                    };
                    fill(Prefix::of(u32::from(octet) << 24, 8), number);
                }
                SPECIAL.iter().for_each(|special| fill(special.block, 0));
            }
            Family::V6 => {
                for (number, block) in (1..=u8::MAX).zip(ipv6_blocks()) {
                    let number = match colour {
                        SpaceColour::FirstOctet => block.registry.map_or(0, |_| number),
                        SpaceColour::Registry => block.registry.map_or(0, number_of),
                    };
                    fill(block.block, number);
                }
            }
        }
        self.levels = levels;
        self.changes += 1;
    }

    pub fn colour(&mut self, colour: SpaceColour, theme: &Theme) {
        let ground = [theme.colours.ocean_bottom.linear(); 1];
        self.palette =
            ground.into_iter().chain((1..TINTS).map(|number| tint(number, colour, theme))).collect();
        self.palette_changes += 1;
    }
}

pub fn registry_colour(registry: Registry, theme: &Theme) -> Rgba {
    of_registry(usize::from(number_of(registry)), theme)
}

const fn of_registry(number: usize, theme: &Theme) -> Rgba {
    theme.agents[number % AGENT_COLOURS]
}

fn number_of(registry: Registry) -> u8 {
    let at = Registry::ALL.iter().position(|it| *it == registry);
    at.map_or(0, |at| at as u8 + 1)
}

fn tint(number: usize, colour: SpaceColour, theme: &Theme) -> [f32; 4] {
    match colour {
        SpaceColour::FirstOctet => hue(number as f32 * GOLDEN_TURN),
        SpaceColour::Registry => of_registry(number, theme).linear(),
    }
}

/// A colour of even lightness around the circle: Oklab with chroma 0.13 at lightness 0.72 (Ottosson 2020), in linear light.
fn hue(turns: f32) -> [f32; 4] {
    const LIGHTNESS: f32 = 0.72;
    const CHROMA: f32 = 0.13;
    let (sin, cos) = (turns.fract() * std::f32::consts::TAU).sin_cos();
    let (a, b) = (CHROMA * cos, CHROMA * sin);
    let cubed = |x: f32| x * x * x;
    let l = cubed(LIGHTNESS + 0.396_337_78 * a + 0.215_803_76 * b);
    let m = cubed(LIGHTNESS - 0.105_561_346 * a - 0.063_854_17 * b);
    let s = cubed(LIGHTNESS - 0.089_484_18 * a - 1.291_485_5 * b);
    let rgb = [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
    .map(|value| value.clamp(0.0, 1.0));
    [rgb[0], rgb[1], rgb[2], 1.0]
}

const fn side(level: u32) -> u32 {
    TINT_SIDE >> level
}

/// Of a block smaller than a cell the cell keeps what it was.
fn fill(cells: &mut [u8], level: u32, area: Area, number: u8) {
    let cell = CELL_SIDE << level;
    if area.width < cell || area.height < cell {
        return;
    }
    let (side, from, to) = (side(level), area.x / cell, (area.x + area.width) / cell);
    for row in area.y / cell..(area.y + area.height) / cell {
        cells[(row * side + from) as usize..(row * side + to) as usize].fill(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tint: &HilbertTint, level: u32, address: [u8; 4]) -> u8 {
        let [x, y] = Orientation::Usual
            .cell(u32::from_be_bytes(address))
            .map(|at| u32::from(at) / (CELL_SIDE << level));
        tint.levels()[level as usize][(y * side(level) + x) as usize]
    }

    #[test]
    fn every_level_has_the_colours_of_the_blocks_and_what_is_set_apart_has_none() {
        let mut tint = HilbertTint::default();
        tint.paint(Family::V4, SpaceColour::FirstOctet);
        for level in 0..TINT_LEVELS {
            assert_eq!(at(&tint, level, [9, 9, 9, 9]), 9);
            assert_eq!(at(&tint, level, [10, 1, 2, 3]), 0);
            assert_eq!(at(&tint, level, [192, 168, 1, 1]), 0);
            assert_eq!(at(&tint, level, [230, 0, 0, 1]), 0);
        }
        assert_eq!(at(&tint, 0, [192, 0, 2, 1]), 0);
        tint.paint(Family::V4, SpaceColour::Registry);
        assert_eq!(at(&tint, 2, [41, 0, 0, 1]), number_of(Registry::Afrinic));
        tint.paint(Family::V6, SpaceColour::Registry);
        assert_eq!(tint.changes(), 3);
    }

    #[test]
    fn neighbouring_octets_can_be_told_apart() {
        let far = |a: [f32; 4], b: [f32; 4]| (0..3).map(|i| (a[i] - b[i]).abs()).sum::<f32>();
        let tints: Vec<_> =
            (1..TINTS).map(|number| tint(number, SpaceColour::FirstOctet, &Theme::DARK)).collect();
        assert!(tints.windows(2).all(|pair| far(pair[0], pair[1]) > 0.2));
    }
}

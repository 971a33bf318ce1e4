//! The ground of the square: for each /24 a number, and on coarser levels that of one of those below. What a number's colour
//! is, stands in [`super::paint::tint`] and with whoever draws; what it stands for, is said when it is made.

use std::collections::BTreeSet;

use super::{
    Area, Family, Last, Newest, Orientation, Prefix,
    blocks::{SPECIAL, ipv4_status, ipv6_blocks},
    curve,
    heat::{COARSEST, FINEST_KEPT, TILE_SIDE, Tile},
    paint::tint,
};

/// Numbers there are.
pub const NUMBERS: usize = 256;
/// Of ground of which nothing is known. Nothing is written for it where all is new.
pub const PLAIN: u8 = 0;
/// Of ground that nobody may use.
pub const APART: u8 = u8::MAX;
/// Levels, from the finest, a cell a /24, to the coarsest, a cell a /16.
pub const LEVELS: usize = (FINEST_KEPT - COARSEST + 1) as usize;

/// Cells are those of the square held as usual.
#[derive(Clone, Debug)]
pub struct Ground {
    /// From the finest; rows from the top.
    levels: Vec<Box<[u8]>>,
    touched: BTreeSet<Tile>,
}

impl Ground {
    /// Of which nothing is known but what is set apart.
    pub fn plain(family: Family) -> Self {
        let mut ground = Self::bare(PLAIN);
        ground.set_apart(family);
        ground
    }

    /// By first octet; of IPv6 by the block that a registry was given.
    pub fn of_blocks(family: Family) -> Self {
        let mut ground = Self::bare(APART);
        match family {
            Family::V4 => ground.fill_octets(|octet| {
                ipv4_status(octet).registry().map_or(APART, |_| tint::number(octet.into()))
            }),
            Family::V6 => {
                for (at, block) in (1..).zip(ipv6_blocks()) {
                    ground.fill(block.block, block.registry.map_or(APART, |_| tint::number(at)));
                }
            }
        }
        ground.set_apart(family);
        ground
    }

    /// By the registry that looks after a block.
    pub fn of_registries(family: Family) -> Self {
        let mut ground = Self::bare(APART);
        match family {
            Family::V4 => {
                ground.fill_octets(|octet| ipv4_status(octet).registry().map_or(APART, tint::registry_number))
            }
            Family::V6 => {
                for block in ipv6_blocks() {
                    ground.fill(block.block, block.registry.map_or(APART, tint::registry_number));
                }
            }
        }
        ground.set_apart(family);
        ground
    }

    /// By what is known of each /24 of IPv4, or /27 of IPv6, whose first key is asked for; `None` once whoever is asked says so.
    pub fn of_networks(family: Family, mut number: impl FnMut(u32) -> Option<u8>) -> Option<Self> {
        let mut ground = Self::bare(PLAIN);
        let square_bits = 2 * (FINEST_KEPT - curve::SQUARE_STEPS as u8);
        for square in 0..1_u32 << square_bits {
            let first = square << (32 - square_bits);
            let ([left, top], cells) = curve::square(first, FINEST_KEPT.into());
            for (at, cell) in (0_u32..).zip(cells) {
                let [x, y] = [left + u32::from(cell >> 4 & 15), top + u32::from(cell & 15)];
                let number = number(first + (at << (32 - 2 * FINEST_KEPT)))?;
                ground.levels[0][(y << FINEST_KEPT | x) as usize] = number;
            }
        }
        ground.set_apart(family);
        ground.coarsen();
        Some(ground)
    }

    /// By what was heard last of each network; of all others nothing is known. A coarser cell is that of the newest in it.
    pub fn of_newest(family: Family, newest: &Newest, number: impl Fn(Last) -> u8) -> Self {
        let mut ground = Self::plain(family);
        let mut all: Vec<(u32, Last)> = newest.iter().collect();
        all.sort_unstable_by_key(|(key, last)| (last.opened_secs, *key));
        for (key, last) in all {
            let number = number(last);
            for (order, cells) in (COARSEST..=FINEST_KEPT).rev().zip(&mut ground.levels) {
                cells[place(key, order)] = number;
            }
        }
        ground
    }

    /// From the finest level, rows from the top, a cell a byte.
    pub fn levels(&self) -> &[Box<[u8]>] {
        &self.levels
    }

    /// The number of the network of a key.
    pub fn number(&self, key: u32) -> u8 {
        self.number_at(key, FINEST_KEPT)
    }

    /// The number of the cell of a key, of an order that is kept.
    pub fn number_at(&self, key: u32, order: u8) -> u8 {
        let order = order.clamp(COARSEST, FINEST_KEPT);
        self.levels[usize::from(FINEST_KEPT - order)][place(key, order)]
    }

    /// Gives the network of a key a number, on every level.
    pub fn set(&mut self, key: u32, number: u8) {
        for (order, cells) in (COARSEST..=FINEST_KEPT).rev().zip(&mut self.levels) {
            let cell = &mut cells[place(key, order)];
            if *cell != number {
                *cell = number;
                self.touched.insert(Tile::of(key, order));
            }
        }
    }

    /// The next tile that changed by [`Self::set`] since it was asked for, with its cells, row by row.
    pub fn take_touched(&mut self, cells: &mut [u8; TILE_SIDE * TILE_SIDE]) -> Option<Tile> {
        let tile = self.touched.pop_first()?;
        let level = &self.levels[usize::from(FINEST_KEPT - tile.order())];
        tile.copy(level, cells);
        Some(tile)
    }

    /// What changed is known: all of it is taken at once.
    pub fn forget_touched(&mut self) {
        self.touched.clear();
    }

    fn bare(number: u8) -> Self {
        let levels = (COARSEST..=FINEST_KEPT).rev().map(|order| vec![number; 1 << (2 * order)].into());
        Self { levels: levels.collect(), touched: BTreeSet::new() }
    }

    fn fill_octets(&mut self, number: impl Fn(u8) -> u8) {
        (0..=u8::MAX).for_each(|octet| self.fill(Prefix::of(u32::from(octet) << 24, 8), number(octet)));
    }

    fn set_apart(&mut self, family: Family) {
        match family {
            Family::V4 => SPECIAL.iter().for_each(|special| self.fill(special.block, APART)),
            Family::V6 => {
                let apart = ipv6_blocks().iter().filter(|block| block.registry.is_none());
                apart.for_each(|block| self.fill(block.block, APART));
            }
        }
    }

    /// Of a block smaller than a cell the cell keeps what it was.
    fn fill(&mut self, block: Prefix, number: u8) {
        let Area { x, y, width, height } = block.area(Orientation::Usual);
        for (order, cells) in (COARSEST..=FINEST_KEPT).rev().zip(&mut self.levels) {
            let shift = 16 - order;
            if width >> shift == 0 || height >> shift == 0 {
                return;
            }
            let (from, to) = ((x >> shift) as usize, ((x + width) >> shift) as usize);
            for row in y >> shift..(y + height) >> shift {
                let row = (row as usize) << order;
                cells[row | from..row + to].fill(number);
            }
        }
    }

    /// A coarser cell is the first of its four of which something is known.
    fn coarsen(&mut self) {
        for (at, order) in (1..LEVELS).zip((COARSEST..FINEST_KEPT).rev()) {
            let (fine, coarse) = self.levels.split_at_mut(at);
            let (fine, side) = (&fine[at - 1], 1 << order);
            for (index, cell) in coarse[0].iter_mut().enumerate() {
                let (x, y) = (index % side * 2, index / side * 4 * side);
                let four = [fine[y + x], fine[y + x + 1], fine[y + 2 * side + x], fine[y + 2 * side + x + 1]];
                let known = four.into_iter().find(|number| !matches!(*number, APART | PLAIN));
                *cell = known.unwrap_or(if four == [APART; 4] { APART } else { PLAIN });
            }
        }
    }
}

/// Where the cell of a key is among those of an order.
fn place(key: u32, order: u8) -> usize {
    let [x, y] = Orientation::Usual.cell(key).map(|at| usize::from(at) >> (16 - order));
    y << order | x
}

#[cfg(test)]
mod tests;

//! The curve itself: keys to cells and back, at order 16, and the way along it. Blocks of keys are `prefix`'s.
//!
//! The curve lies as in ipv4-heatmap: the first key at the top left, the last at the top right, quarters in the order
//! top left, bottom left, bottom right, top right. So at order 4 the cells (column, row) of the networks /8 are 0 (0,0),
//! 1 (1,0), 2 (1,1), 3 (0,1), 64 (0,8), 128 (8,8), 255 (15,0). A block /2n is one cell of order n, whichever n, and its
//! cell is that of any of its keys without the low 16 - n bits of column and row.
//!
//! A curve within a square begins and ends at two of its corners, so there are four ways to lie, and each quarter of a
//! square is a curve that lies in one of them. The tables take four such steps, a byte of the key, at once.

use std::ops::RangeInclusive;

/// Of the curve on which a key has a cell of its own.
pub const ORDER: u32 = 16;
/// Cells along an edge of the square.
pub const SIDE: u32 = 1 << ORDER;

/// How the square is held: as ipv4-heatmap draws it, or, as with its `-T`, with columns and rows swapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Orientation {
    #[default]
    Usual,
    Transposed,
}

/// Steps of the curve that a table takes at once: as many as a byte has pairs of bits.
const STEPS: usize = 4;
const BYTES: usize = 1 << (2 * STEPS);
/// How a curve lies: `(begins, ends)` at (top left, top right), (top left, bottom left), (bottom right, top right),
/// (bottom right, bottom left).
const STATES: usize = 4;

/// By state and pair of bits: column and row of the quarter, and how the curve lies in it.
const QUARTERS: [[(usize, usize, usize); 4]; STATES] = [
    [(0, 0, 1), (0, 1, 0), (1, 1, 0), (1, 0, 2)],
    [(0, 0, 0), (1, 0, 1), (1, 1, 1), (0, 1, 3)],
    [(1, 1, 3), (0, 1, 2), (0, 0, 2), (1, 0, 0)],
    [(1, 1, 2), (1, 0, 3), (0, 0, 3), (0, 1, 1)],
];

/// The next state stands above what a table answers, where the next look-up wants it.
const STATE_MASK: u32 = ((STATES - 1) << 8) as u32;

/// A table by state and byte: of the key (to four bits each of column and row), or of column and row (to a byte of the key).
type Table = [u16; STATES * BYTES];

const fn tables() -> (Table, Table) {
    let (mut to_cell, mut to_key) = ([0; STATES * BYTES], [0; STATES * BYTES]);
    let mut from = 0;
    while from < STATES {
        let mut byte = 0;
        while byte < BYTES {
            let (mut state, mut x, mut y) = (from, 0, 0);
            let mut step = 0;
            while step < STEPS {
                let pair = byte >> (2 * (STEPS - 1 - step)) & 3;
                let (right, down, next) = QUARTERS[state][pair];
                (x, y, state) = (x << 1 | right, y << 1 | down, next);
                step += 1;
            }
            let cell = x << STEPS | y;
            to_cell[from << 8 | byte] = (state << 8 | cell) as u16;
            to_key[from << 8 | cell] = (state << 8 | byte) as u16;
            byte += 1;
        }
        from += 1;
    }
    (to_cell, to_key)
}

static TO_CELL: Table = tables().0;
static TO_KEY: Table = tables().1;

impl Orientation {
    /// Column and row of a key, from the top left.
    #[inline]
    pub fn cell(self, key: u32) -> [u16; 2] {
        self.turned(cell(key))
    }

    /// The key of a cell: the inverse of [`Orientation::cell`].
    #[inline]
    pub fn key(self, cell: [u16; 2]) -> u32 {
        key(self.turned(cell))
    }

    /// From this orientation to the usual one and, which is the same, back.
    #[inline]
    pub fn turned<T>(self, [x, y]: [T; 2]) -> [T; 2] {
        match self {
            Self::Usual => [x, y],
            Self::Transposed => [y, x],
        }
    }
}

#[inline]
fn cell(key: u32) -> [u16; 2] {
    let (mut state, mut x, mut y) = (0, 0, 0);
    for byte in key.to_be_bytes() {
        let found = u32::from(TO_CELL[(state | u32::from(byte)) as usize]);
        x = x << STEPS | found >> STEPS & 15;
        y = y << STEPS | found & 15;
        state = found & STATE_MASK;
    }
    [x as u16, y as u16]
}

#[inline]
fn key([x, y]: [u16; 2]) -> u32 {
    let (mut state, mut key) = (0, 0);
    for down in [12, 8, 4, 0] {
        let at = (u32::from(x) >> down << STEPS & 0xf0) | (u32::from(y) >> down & 15);
        let found = u32::from(TO_KEY[(state | at) as usize]);
        key = key << 8 | found & 0xff;
        state = found & STATE_MASK;
    }
    key
}

/// Steps that [`square`] leaves: its cells are 16 by 16.
pub(super) const SQUARE_STEPS: u32 = STEPS as u32;

/// Of the cells of an order, from [`SQUARE_STEPS`] to [`ORDER`], those of the block of 256 of them that a key is in: column
/// and row of the first, and, by place along the curve, where the others lie from there, four bits each.
pub(super) fn square(key: u32, order: u32) -> ([u32; 2], &'static [u16]) {
    let (mut state, mut x, mut y) = (0, 0, 0);
    for step in 0..order - SQUARE_STEPS {
        let pair = key >> (30 - 2 * step) & 3;
        let (right, down, next) = QUARTERS[state][pair as usize];
        (x, y, state) = (x << 1 | right as u32, y << 1 | down as u32, next);
    }
    ([x << SQUARE_STEPS, y << SQUARE_STEPS], &TO_CELL[state << 8..(state + 1) << 8])
}

/// The way along the curve of an order from 0 to [`ORDER`]: the cells, in an [`Orientation::Usual`] square of 2^order
/// by 2^order, of all blocks that have one of the keys. Each lies beside the one before.
pub fn walk(keys: RangeInclusive<u32>, order: u32) -> impl ExactSizeIterator<Item = [u16; 2]> {
    let dropped = ORDER - order.min(ORDER);
    let block = |key: u32| u64::from(key) >> (2 * dropped);
    let first = block(*keys.start());
    let blocks = if keys.is_empty() { 0 } else { block(*keys.end()) - first + 1 };
    // Memory could hold no more, and a usize is as wide wherever the square is drawn.
    let blocks = usize::try_from(blocks).unwrap_or(usize::MAX);
    (0..blocks).map(move |at| {
        let [x, y] = cell(((first + at as u64) << (2 * dropped)) as u32);
        // At order 0 nothing is left of 16 bits.
        [x.checked_shr(dropped).unwrap_or(0), y.checked_shr(dropped).unwrap_or(0)]
    })
}

#[cfg(test)]
mod tests;

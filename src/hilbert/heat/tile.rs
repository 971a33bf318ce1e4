//! Tiles: the squares of 256 by 256 cells into which each level is cut, and in which a view takes it.

use super::super::{ORDER, Orientation, Prefix};

/// Cells along a tile's edge.
pub const TILE_SIDE: usize = 1 << TILE_ORDER;
const TILE_ORDER: u8 = 8;
/// The order of which all is one tile.
pub const COARSEST: u8 = TILE_ORDER;
/// The order of which a cell is a /24: it and coarser ones are kept, finer ones are made when they are asked for.
pub const FINEST_KEPT: u8 = 12;
/// The order of which a cell is one key.
pub const FINEST: u8 = ORDER as u8;

/// A tile of the level of an order, by its column and row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    order: u8,
    column: u16,
    row: u16,
}

impl Tile {
    /// `None` where there is no such order or the square ends before.
    pub const fn new(order: u8, column: u16, row: u16) -> Option<Self> {
        if order < COARSEST || order > FINEST {
            return None;
        }
        let side = side(order);
        if (column as usize) < side && (row as usize) < side {
            Some(Self { order, column, row })
        } else {
            None
        }
    }

    /// The tile of an order, from [`COARSEST`] to [`FINEST`], that has a key.
    pub fn of(key: u32, order: u8) -> Self {
        let order = order.clamp(COARSEST, FINEST);
        // At the coarsest order nothing is left of 16 bits.
        let [column, row] = Orientation::Usual.cell(key).map(|at| (u32::from(at) >> shift(order)) as u16);
        Self { order, column, row }
    }

    /// All of an order, row by row.
    pub fn all(order: u8) -> impl Iterator<Item = Self> {
        let side = if (COARSEST..=FINEST).contains(&order) { side(order) } else { 0 };
        (0..side * side).map(move |at| Self { order, column: (at % side) as u16, row: (at / side) as u16 })
    }

    pub const fn order(self) -> u8 {
        self.order
    }

    pub const fn column(self) -> u16 {
        self.column
    }

    pub const fn row(self) -> u16 {
        self.row
    }

    /// All keys in it.
    pub fn block(self) -> Prefix {
        let first = [self.column, self.row].map(|at| (u32::from(at) << shift(self.order)) as u16);
        Prefix::at(first, 2 * (self.order - TILE_ORDER), Orientation::Usual)
    }

    /// Column and row within the tile of a cell of order 16 in it.
    pub(super) fn cell(self, cell: [u16; 2]) -> [usize; 2] {
        cell.map(|at| usize::from(at >> (FINEST - self.order)) % TILE_SIDE)
    }

    /// Its cells, row by row, out of all of its order.
    pub fn copy(self, level: &[u8], into: &mut [u8]) {
        let width = 1 << self.order;
        let first = usize::from(self.row) * TILE_SIDE * width + usize::from(self.column) * TILE_SIDE;
        for (row, into) in level[first..].chunks(width).zip(into.chunks_exact_mut(TILE_SIDE)) {
            into.copy_from_slice(&row[..TILE_SIDE]);
        }
    }

    /// Among all of its order.
    pub(super) const fn index(self) -> usize {
        self.row as usize * side(self.order) + self.column as usize
    }
}

/// From a cell of order 16 to a tile.
const fn shift(order: u8) -> u8 {
    FINEST - order + TILE_ORDER
}

/// Tiles along the edge of the square.
pub(super) const fn side(order: u8) -> usize {
    1 << (order - TILE_ORDER)
}

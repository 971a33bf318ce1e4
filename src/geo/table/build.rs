//! Makes the columns of a [`RangeTable`] from rows in ascending order.

use super::{
    BLOCK_FIRST_AT, BLOCK_SHIFT_AT, CELL_BITS, COUNTED, DIRECT, DIRECT_COUNT_AT, DIRECT_LEAF_AT, Ids,
    KeyLayout, RangeTable, SHIFT_BITS,
    leaf::{self, LEAF_BYTES, MAX_PLACE, MAX_ROWS, MAX_SYSTEM},
};

/// A cell has about one block for so many leaves.
const LEAVES_PER_BLOCK: usize = 2;
/// A block's part of the index is made longer until no entry has more leaves than are counted at once, but not longer
/// than so many times the number of its leaves: in some places they crowd.
const MAX_ENTRIES_PER_LEAF: usize = 2;

/// The columns of a table under construction.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// For each cell where its blocks start, and in the lowest 6 bits how far a key is shifted to get its block (u32
    /// each).
    pub cells: Vec<u8>,
    /// For each block its leaves, or where its part of the index starts (u32 each).
    pub blocks: Vec<u8>,
    /// For each entry the leaf that holds the first of its keys; one more at the end of each block (u32 each).
    pub index: Vec<u8>,
    /// First key of each leaf, the low 32 bits (u32 each); a few more at the end.
    pub bases: Vec<u8>,
    /// The leaves, a cache line each.
    pub leaves: Vec<u8>,
}

/// Why rows cannot become a table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BuildError {
    #[error("row {row}: key {key:#x} is not above the one before it")]
    NotSorted { row: usize, key: u64 },
    #[error("row {row}: key {key:#x} is outside what the table can hold")]
    KeyOutside { row: usize, key: u64 },
    #[error("row {row}: place {} or system {} is too large", ids.place, ids.system)]
    IdTooLarge { row: usize, ids: Ids },
}

/// Joins (first key, id) rows of places and of systems, each in ascending order, to rows with both.
pub fn joined(
    places: impl IntoIterator<Item = (u64, u32)>,
    systems: impl IntoIterator<Item = (u64, u32)>,
) -> impl Iterator<Item = (u64, Ids)> {
    let (mut places, mut systems) = (places.into_iter().peekable(), systems.into_iter().peekable());
    let mut ids = Ids::default();
    std::iter::from_fn(move || {
        let key = [places.peek(), systems.peek()].into_iter().flatten().map(|row| row.0).min()?;
        if let Some((_, place)) = places.next_if(|row| row.0 == key) {
            ids.place = place;
        }
        if let Some((_, system)) = systems.next_if(|row| row.0 == key) {
            ids.system = system;
        }
        Some((key, ids))
    })
}

impl Columns {
    /// Builds a table from (first key, ids) rows in ascending order; a row reaches to the next one, the last to the
    /// end of all keys. A gap is a row without ids.
    pub fn from_rows(
        layout: KeyLayout,
        rows: impl IntoIterator<Item = (u64, Ids)>,
    ) -> Result<Self, BuildError> {
        let mut builder = Builder::default();
        let mut last_key = None;
        for (row, (key, ids)) in rows.into_iter().enumerate() {
            if last_key.is_some_and(|last| key <= last) {
                return Err(BuildError::NotSorted { row, key });
            }
            last_key = Some(key);
            if !layout.holds(key) {
                return Err(BuildError::KeyOutside { row, key });
            }
            if ids.place > MAX_PLACE || ids.system > MAX_SYSTEM {
                return Err(BuildError::IdTooLarge { row, ids });
            }
            if ids == builder.last {
                continue;
            }
            let (cell, key) = layout.split(key);
            builder.close_cells(cell);
            builder.push_row(key, ids);
        }
        builder.close_cells(layout.cells());
        Ok(builder.finish())
    }

    /// The table, to be searched where it is.
    pub fn table(&self, layout: KeyLayout) -> RangeTable<'_> {
        RangeTable::new(layout, self.in_order())
    }

    /// The columns in the order in which [`RangeTable::new`] takes them.
    pub fn in_order(&self) -> [&[u8]; 5] {
        [&self.cells, &self.blocks, &self.index, &self.bases, &self.leaves]
    }
}

#[derive(Default)]
struct Builder {
    cells: Vec<u32>,
    blocks: Vec<u32>,
    index: Vec<u32>,
    bases: Vec<u32>,
    leaves: Vec<u8>,
    /// Rows of the open cell that have no leaf yet.
    pending: Vec<(u32, Ids)>,
    /// First leaf of the open cell.
    first_leaf: usize,
    /// Ids of the last row.
    last: Ids,
    /// The last cell that is a single range: its ids and its entry.
    plain: Option<(Ids, u32)>,
}

impl Builder {
    /// Adds a row to the open cell.
    fn push_row(&mut self, key: u32, ids: Ids) {
        let is_first = self.pending.is_empty() && self.first_leaf == self.bases.len();
        if is_first && key > 0 {
            self.pending.push((0, self.last));
        }
        self.pending.push((key, ids));
        self.last = ids;
        while self.pending.len() >= MAX_ROWS {
            self.push_leaf();
        }
    }

    fn push_leaf(&mut self) {
        let (leaf, rows) = leaf::from_rows(&self.pending);
        self.bases.extend(self.pending.first().map(|row| row.0));
        self.leaves.extend_from_slice(&leaf);
        self.pending.drain(..rows);
    }

    /// Closes cells until `cell` is the open one.
    fn close_cells(&mut self, cell: usize) {
        while self.cells.len() < cell {
            self.close_cell();
        }
    }

    fn close_cell(&mut self) {
        let has_no_leaf = self.first_leaf == self.bases.len();
        if has_no_leaf && self.pending.is_empty() {
            self.pending.push((0, self.last));
        }
        let plain_ids = (has_no_leaf && self.pending.len() == 1).then_some(self.last);
        // Most of the IPv6 space is such cells, all alike.
        if let Some((ids, entry)) = self.plain
            && plain_ids == Some(ids)
        {
            self.cells.push(entry);
            self.pending.clear();
            return;
        }
        while !self.pending.is_empty() {
            self.push_leaf();
        }
        let entry = self.push_index();
        self.cells.push(entry);
        self.plain = plain_ids.map(|ids| (ids, entry)).or(self.plain);
        self.first_leaf = self.bases.len();
    }

    /// Adds the open cell's blocks and their parts of the index; the cell's entry.
    fn push_index(&mut self) -> u32 {
        let first_block = self.blocks.len();
        let end = self.bases.len();
        let bits = (end - self.first_leaf).div_ceil(LEAVES_PER_BLOCK).next_power_of_two().trailing_zeros();
        let shift = CELL_BITS - bits;
        let mut from = self.first_leaf;
        for block in 0..1_u64 << bits {
            let first_key = block << shift;
            let bases = &self.bases[from + 1..];
            from += bases.partition_point(|&base| u64::from(base) <= first_key);
            let bases = &self.bases[from + 1..];
            let inside = bases.partition_point(|&base| u64::from(base) < first_key + (1 << shift));
            let entry = if inside < COUNTED {
                (from as u32) << DIRECT_LEAF_AT | (inside as u32) << DIRECT_COUNT_AT | DIRECT
            } else {
                self.push_block(first_key, shift, from, inside)
            };
            self.blocks.push(entry);
            from += inside;
        }
        (first_block as u32) << SHIFT_BITS | shift
    }

    /// Adds a block's part of the index: leaf `from` reaches into the block, and `inside` more ones start there. The
    /// block's entry.
    fn push_block(&mut self, first_key: u64, block_shift: u32, from: usize, inside: usize) -> u32 {
        let start = self.index.len();
        let bases = &self.bases[from + 1..from + 1 + inside];
        let entry_of = |base: u32, shift: u32| (u64::from(base) - first_key) >> shift;
        let crowded = |shift: u32| {
            bases.windows(COUNTED - 1).any(|some| {
                let ends = some.first().zip(some.last());
                ends.is_some_and(|(first, last)| entry_of(*first, shift) == entry_of(*last, shift))
            })
        };
        let finest = (inside * MAX_ENTRIES_PER_LEAF).next_power_of_two().trailing_zeros().min(block_shift);
        let bits = (0..finest).find(|bits| !crowded(block_shift - bits)).unwrap_or(finest);
        let shift = block_shift - bits;
        let mut passed = 0;
        for entry in 0..=1_u64 << bits {
            let first_key = first_key + (entry << shift);
            while bases.get(passed).is_some_and(|&base| u64::from(base) <= first_key) {
                passed += 1;
            }
            self.index.push((from + passed) as u32);
        }
        (start as u32) << BLOCK_FIRST_AT | shift << BLOCK_SHIFT_AT
    }

    fn finish(mut self) -> Columns {
        self.bases.extend([u32::MAX; COUNTED]);
        // Is asked where there is no block with an index, too.
        self.index.extend([0; 2]);
        let bytes = |column: Vec<u32>| column.into_iter().flat_map(u32::to_le_bytes).collect();
        debug_assert!(self.leaves.len().is_multiple_of(LEAF_BYTES));
        Columns {
            cells: bytes(self.cells),
            blocks: bytes(self.blocks),
            index: bytes(self.index),
            bases: bytes(self.bases),
            leaves: self.leaves,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(place: u32, system: u32) -> Ids {
        Ids { place, system }
    }

    #[test]
    fn rows_that_cannot_be_a_table_are_refused() {
        let table = |rows: &[(u64, Ids)]| Columns::from_rows(KeyLayout::Ipv4, rows.to_vec()).map(|_| ());
        assert_eq!(table(&[(5, ids(1, 1)), (5, ids(2, 1))]), Err(BuildError::NotSorted { row: 1, key: 5 }));
        assert_eq!(table(&[(1 << 32, ids(1, 1))]), Err(BuildError::KeyOutside { row: 0, key: 1 << 32 }));
        let (place, system) = (ids(65_536, 1), ids(1, 1 << 17));
        assert_eq!(table(&[(1, place)]), Err(BuildError::IdTooLarge { row: 0, ids: place }));
        assert_eq!(table(&[(1, system)]), Err(BuildError::IdTooLarge { row: 0, ids: system }));
        assert_eq!(table(&[(1, ids(65_535, (1 << 17) - 1))]), Ok(()));
    }

    #[test]
    fn rows_of_places_and_systems_are_joined() {
        let places = [(0, 1), (10, 2), (30, 0)];
        let systems = [(5, 8), (10, 9), (40, 0)];
        let expected = [(0, ids(1, 0)), (5, ids(1, 8)), (10, ids(2, 9)), (30, ids(0, 9)), (40, ids(0, 0))];
        assert_eq!(joined(places, systems).collect::<Vec<_>>(), expected);
        assert_eq!(joined([], systems).count(), 3);
    }

    #[test]
    fn alike_cells_share_their_leaf() {
        let columns =
            Columns::from_rows(KeyLayout::Ipv6, [(0x2a00 << 32, ids(1, 1)), (0x2a01 << 32, ids(0, 0))]);
        assert_eq!(columns.map(|columns| columns.leaves.len()), Ok(3 * LEAF_BYTES));
    }
}

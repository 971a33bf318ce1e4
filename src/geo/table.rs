//! Searchable range tables: which place and which autonomous system does the range that holds this key have? Owns the
//! layout of the columns and how they are searched; `build` makes them. What keys and ids mean, and where the bytes
//! live, is the caller's.
//!
//! Rows lie in leaves of one cache line each. The upper bits of a key pick an entry of an index, which tells among
//! which leaves to look; the first keys of those are counted, then those of the leaf's rows. Counting takes the same
//! steps whatever the numbers are: the processor has nothing to guess, and goes on to the next look-up while this one
//! waits for memory. The index is finer where rows are denser (compare Zec, Rizzo, Mikuc, "DXR: towards a billion
//! routing lookups per second in software", 2012). The columns are plain little-endian bytes, so a table can be used
//! where it lies: in a mapped file or in memory.

use std::{hint::select_unpredictable, net::Ipv6Addr};

mod build;
mod count;
mod leaf;

pub use build::{BuildError, Columns, joined};
use leaf::LEAF_BYTES;

/// Bits of a key that are searched inside a cell; those above pick the cell.
const CELL_BITS: u32 = 32;
/// Bits that tell how far a key is shifted to get its entry in the next column.
const SHIFT_BITS: u32 = 6;
/// A block with so few leaves that all are counted at once tells itself which: the number of leaves that start in it,
/// and the one that reaches into it.
const DIRECT: u32 = 1;
const DIRECT_COUNT_AT: u32 = 1;
const DIRECT_LEAF_AT: u32 = 4;
/// What any other block tells: how far what it leaves of a key is shifted, and where its part of the index starts.
const BLOCK_SHIFT_AT: u32 = 1;
const BLOCK_FIRST_AT: u32 = BLOCK_SHIFT_AT + SHIFT_BITS;
/// Leaves whose first keys are counted at once: two vectors of the smallest processors.
const COUNTED: usize = 8;

/// Key of an IPv6 address: its /48 network, the upper 48 bits.
#[inline(always)]
pub fn key_from_ipv6(address: Ipv6Addr) -> u64 {
    (u128::from(address) >> 80) as u64
}

/// Which keys a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyLayout {
    /// 32-bit keys, the addresses themselves: a single cell.
    Ipv4,
    /// 48-bit keys within 2000::/3: a cell for each /16.
    Ipv6,
}

impl KeyLayout {
    /// The lowest key.
    #[inline(always)]
    pub const fn first_key(self) -> u64 {
        match self {
            Self::Ipv4 => 0,
            Self::Ipv6 => 0x2000 << CELL_BITS,
        }
    }

    /// The first key above all that the table has room for.
    #[inline(always)]
    pub const fn end_of_keys(self) -> u64 {
        match self {
            Self::Ipv4 => 1 << CELL_BITS,
            Self::Ipv6 => 0x4000 << CELL_BITS,
        }
    }

    /// Whether a table of this layout has room for the key.
    #[inline(always)]
    pub fn holds(self, key: u64) -> bool {
        (self.first_key()..self.end_of_keys()).contains(&key)
    }

    /// Cell of a key that the table holds, and the bits that are searched inside it.
    #[inline(always)]
    fn split(self, key: u64) -> (usize, u32) {
        (((key - self.first_key()) >> CELL_BITS) as usize, key as u32)
    }

    fn cells(self) -> usize {
        ((self.end_of_keys() - self.first_key()) >> CELL_BITS) as usize
    }
}

/// What a range has; 0 is "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// Fits into 16 bits.
    pub place: u32,
    /// Fits into 17 bits.
    pub system: u32,
}

/// Is shown each part of a table, or of what lies beside it, that an answer is made of, before it is used.
pub trait Watch {
    fn look(&self, bytes: &[u8]);
}

impl<W: Watch + ?Sized> Watch for &W {
    #[inline(always)]
    fn look(&self, bytes: &[u8]) {
        (**self).look(bytes);
    }
}

/// For bytes that were checked as a whole before anything was asked.
#[derive(Clone, Copy, Debug)]
pub struct Trusted;

impl Watch for Trusted {
    #[inline(always)]
    fn look(&self, _: &[u8]) {}
}

/// A searchable table over somebody else's bytes. Damaged columns give wrong answers or none, never a panic.
#[derive(Clone, Copy, Debug)]
pub struct RangeTable<'a> {
    first_cell: u64,
    /// The first cell's entry.
    first: u32,
    cells: &'a [[u8; 4]],
    blocks: &'a [[u8; 4]],
    index: &'a [[u8; 4]],
    bases: &'a [[u8; 4]],
    leaves: &'a [[u8; LEAF_BYTES]],
}

// Inlined into the look-up, which is what the program and its benchmark spend their time in: a processor that has
// fewer instructions before it sees more look-ups at once, and waits for their memory at once.
impl<'a> RangeTable<'a> {
    /// Takes the columns in the order of [`Columns::in_order`].
    pub fn new(layout: KeyLayout, [cells, blocks, index, bases, leaves]: [&'a [u8]; 5]) -> Self {
        Self {
            first_cell: layout.first_key() >> CELL_BITS,
            first: cells.first_chunk().map_or(0, |cell| u32::from_le_bytes(*cell)),
            cells: cells.as_chunks().0,
            blocks: blocks.as_chunks().0,
            index: index.as_chunks().0,
            bases: bases.as_chunks().0,
            leaves: leaves.as_chunks().0,
        }
    }

    /// Ids of the range that holds `key`; "none" where there is none.
    #[inline(always)]
    pub fn ids(&self, key: u64) -> Ids {
        self.ids_watched(key, &Trusted)
    }

    /// The same, with somebody looking.
    #[inline(always)]
    pub fn ids_watched(&self, key: u64, watch: &impl Watch) -> Ids {
        // Keys that the table has no room for have no cell.
        let cell = (key >> CELL_BITS).wrapping_sub(self.first_cell);
        let Some(cell) = self.cells.get(cell as usize) else { return Ids::default() };
        watch.look(cell);
        self.find::<false>(u32::from_le_bytes(*cell), key as u32, watch).unwrap_or_default()
    }

    /// The same for a key of 32 bits in a table of the layout [`KeyLayout::Ipv4`].
    #[inline(always)]
    pub fn ids_ipv4(&self, key: u32) -> Ids {
        self.find::<true>(self.first, key, &Trusted).unwrap_or_default()
    }

    /// Looks a key up in its cell. `MOSTLY_DIRECT`: nearly all blocks are, so that guessing it is right.
    #[inline(always)]
    fn find<const MOSTLY_DIRECT: bool>(&self, cell: u32, key: u32, watch: &impl Watch) -> Option<Ids> {
        let (first, shift) = (u64::from(cell >> SHIFT_BITS), cell % (1 << SHIFT_BITS));
        let wide_key = u64::from(key);
        let (block, in_block) = (first.wrapping_add(wide_key >> shift), wide_key & !(u64::MAX << shift));
        let block = self.blocks.get(block as usize)?;
        watch.look(block);
        let block = u32::from_le_bytes(*block);
        let is_direct = block & DIRECT != 0;
        let (leaf, inside) = (block >> DIRECT_LEAF_AT, (block >> DIRECT_COUNT_AT) % COUNTED as u32);
        if MOSTLY_DIRECT && is_direct {
            // Were its leaves equally long, this one would be it: its way from memory begins before it is known.
            let share = in_block.wrapping_mul(u64::from(inside) + 1) >> shift;
            if let Some(guess) = self.leaves.get(leaf.wrapping_add(share as u32) as usize) {
                leaf::expect(guess);
            }
            return self.among(leaf, inside, key, watch);
        }
        let (first, shift) = (block >> BLOCK_FIRST_AT, (block >> BLOCK_SHIFT_AT) % (1 << SHIFT_BITS));
        let entry = u64::from(first).wrapping_add(in_block >> shift) as usize;
        // Where it is hard to guess, the index is asked for all blocks, at its start for direct ones.
        let entries = self.index.get(select_unpredictable(is_direct, 0, entry)..)?.first_chunk::<2>()?;
        watch.look(entries.as_flattened());
        let [from, to] = entries;
        // The leaf that reaches into these keys, and the last one that starts among them or where they end.
        let mut from = select_unpredictable(is_direct, leaf, u32::from_le_bytes(*from));
        let mut to = select_unpredictable(is_direct, leaf.wrapping_add(inside), u32::from_le_bytes(*to));
        // Few entries have so many leaves.
        while to.saturating_sub(from) >= COUNTED as u32 {
            let middle = from.midpoint(to);
            let base = self.bases.get(middle as usize)?;
            watch.look(base);
            let above = u32::from_le_bytes(*base) > key;
            (from, to) = select_unpredictable(above, (from, middle.wrapping_sub(1)), (middle, to));
        }
        self.among(from, to.wrapping_sub(from), key, watch)
    }

    /// Looks a key up in leaf `from` or the `others` after it, less than are counted at once.
    #[inline(always)]
    fn among(&self, from: u32, others: u32, key: u32, watch: &impl Watch) -> Option<Ids> {
        let near: &[[u8; 4]; COUNTED] = self.bases.get(from as usize..)?.first_chunk()?;
        watch.look(near.as_flattened());
        // The first of them is not above the key.
        let passed = count::leading_not_above_u32(near, key).min(others);
        let base = u32::from_le_bytes(near[passed as usize % COUNTED]);
        let leaf = self.leaves.get(from.wrapping_add(passed) as usize)?;
        watch.look(leaf);
        Some(leaf::ids(leaf, key.wrapping_sub(base)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const LAYOUTS: [KeyLayout; 2] = [KeyLayout::Ipv4, KeyLayout::Ipv6];

    /// What a table must answer: the last row at or before the key.
    fn scan(rows: &BTreeMap<u64, Ids>, key: u64) -> Ids {
        rows.range(..=key).next_back().map_or(Ids::default(), |(_, &ids)| ids)
    }

    /// Keys near one another, near the edges of cells, and anywhere.
    fn key(layout: KeyLayout) -> impl Strategy<Value = u64> {
        let (first, end) = (layout.first_key(), layout.end_of_keys());
        prop_oneof![
            first..end,
            first..first + 200_000,
            (0..40_u64, 0..4_u64).prop_map(move |(high, near)| first + (high << 16) + near),
            (0..40_u64, 0..4_u64).prop_map(move |(high, near)| first + ((high << 32) | near) % (end - first)),
            (1..40_u64).prop_map(move |high| first + ((high << 32) - 1) % (end - first)),
            end - 70_000..end,
        ]
    }

    fn ids() -> impl Strategy<Value = Ids> {
        let system = prop_oneof![0..5_u32, Just(7_u32), (1_u32 << 17) - 3..1 << 17];
        (prop_oneof![0..5_u32, 65_533..=65_535_u32], system).prop_map(|(place, system)| Ids { place, system })
    }

    /// Rows anywhere, and a crowd of them from one key on: more than the leaves of a block that tells them itself.
    fn rows(layout: KeyLayout) -> impl Strategy<Value = BTreeMap<u64, Ids>> {
        let crowd = (key(layout), 1..300_u64, 0..1_500_u64, 1..9_u32);
        (proptest::collection::btree_map(key(layout), ids(), 0..60), crowd).prop_map(
            move |(mut rows, (from, step, count, systems))| {
                let crowd = (0..count).map(|i| (from + i * step, i as u32));
                let held = crowd.filter(|&(key, _)| layout.holds(key));
                rows.extend(held.map(|(key, i)| (key, Ids { place: i % 999, system: i / 20 % systems })));
                rows
            },
        )
    }

    fn agrees_with_scan(layout: KeyLayout, rows: &BTreeMap<u64, Ids>, keys: Vec<u64>) {
        let columns = Columns::from_rows(layout, rows.clone()).unwrap();
        let table = columns.table(layout);
        let edges = rows.keys().flat_map(|&key| [key.saturating_sub(1), key, key + 1]);
        for key in keys.into_iter().chain(edges).filter(|&key| layout.holds(key)) {
            let expected = scan(rows, key);
            assert_eq!(table.ids(key), expected, "key {key:#x}");
            if layout == KeyLayout::Ipv4 {
                assert_eq!(table.ids_ipv4(key as u32), expected, "key {key:#x}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn ipv4_agrees_with_a_linear_scan(
            rows in rows(KeyLayout::Ipv4),
            keys in proptest::collection::vec(key(KeyLayout::Ipv4), 60),
        ) {
            agrees_with_scan(KeyLayout::Ipv4, &rows, keys);
        }

        #[test]
        fn ipv6_agrees_with_a_linear_scan(
            rows in rows(KeyLayout::Ipv6),
            keys in proptest::collection::vec(key(KeyLayout::Ipv6), 60),
        ) {
            agrees_with_scan(KeyLayout::Ipv6, &rows, keys);
        }

        #[test]
        fn any_bytes_are_searched_without_a_panic(
            columns in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 5),
            keys in proptest::collection::vec(any::<u64>(), 20),
        ) {
            for layout in LAYOUTS {
                let columns = std::array::from_fn(|i| columns[i].as_slice());
                let table = RangeTable::new(layout, columns);
                for &key in &keys {
                    table.ids(key);
                    table.ids_ipv4(key as u32);
                    table.ids(layout.first_key() + key % (layout.end_of_keys() - layout.first_key()));
                }
            }
        }

        #[test]
        fn a_damaged_table_is_searched_without_a_panic(
            rows in rows(KeyLayout::Ipv4),
            column in 0..5_usize,
            damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20),
            keys in proptest::collection::vec(key(KeyLayout::Ipv4), 60),
        ) {
            let columns = Columns::from_rows(KeyLayout::Ipv4, rows).unwrap();
            let mut columns = columns.in_order().map(<[u8]>::to_vec);
            for (at, byte) in damage {
                if !columns[column].is_empty() {
                    let at = at.index(columns[column].len());
                    columns[column][at] = byte;
                }
            }
            let table = RangeTable::new(KeyLayout::Ipv4, std::array::from_fn(|i| columns[i].as_slice()));
            for key in keys {
                table.ids(key);
                table.ids_ipv4(key as u32);
            }
        }
    }

    #[test]
    fn a_key_that_a_table_has_no_room_for_has_no_ids() {
        let ids = Ids { place: 7, system: 9 };
        let columns = Columns::from_rows(KeyLayout::Ipv6, [(KeyLayout::Ipv6.first_key(), ids)]).unwrap();
        let table = columns.table(KeyLayout::Ipv6);
        let found = |text: &str| table.ids(key_from_ipv6(text.parse().unwrap()));
        assert_eq!((found("2000::"), found("3fff:ffff:ffff::1")), (ids, ids));
        assert_eq!(
            [found("fe80::1"), found("::1"), found("4000::"), found("1fff:ffff::")],
            [Ids::default(); 4]
        );
        let columns = Columns::from_rows(KeyLayout::Ipv4, [(0, ids)]).unwrap();
        assert_eq!(columns.table(KeyLayout::Ipv4).ids(u64::from(u32::MAX)), ids);
        assert_eq!(columns.table(KeyLayout::Ipv4).ids(1 << 32), Ids::default());
    }
}

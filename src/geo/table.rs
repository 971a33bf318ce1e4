//! Two-level range tables: which id does the range that holds this key have? Owns the layout of the columns, how
//! they are built and how they are searched; what keys and ids mean, and where the bytes live, is the caller's.
//!
//! The idea is DXR's (Zec, Rizzo, Mikuc, "DXR: towards a billion routing lookups per second in software", 2012):
//! the upper bits of a key pick a bucket directly, and only the low 16 bits are searched, inside that bucket. The
//! columns are plain little-endian bytes, so a table can be used where it lies: in a mapped file or in memory.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Bits of a key that are searched inside a bucket.
const LOW_BITS: u32 = 16;
/// Entries of a first level; one more than buckets or slices, so that entry `i + 1` ends what entry `i` begins.
const FIRST_LEVEL: usize = 65_536;
/// Global unicast IPv6 is 2000::/3: the first three bits are known, so a slice is told by the next 16.
const IPV6_FIRST_HIGH: u32 = 0x2000_0000;
const IPV6_SLICE_SHIFT: u32 = 32 - 3 - 16;

/// Key of an IPv4 address: the address itself.
pub fn key_from_ipv4(address: Ipv4Addr) -> u64 {
    u64::from(u32::from(address))
}

/// Key of an IPv6 address: its /48 network, the upper 48 bits.
pub fn key_from_ipv6(address: Ipv6Addr) -> u64 {
    (u128::from(address) >> 80) as u64
}

/// Which keys a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyLayout {
    /// 32-bit keys; every upper half is a bucket.
    Ipv4,
    /// 48-bit keys within 2000::/3; only upper halves (/32 networks) in which a range starts are buckets, and a
    /// directory of them is searched first.
    Ipv6,
}

/// The columns of a table under construction. Ids take `ID_BYTES` bytes each; id 0 means "no range".
#[derive(Clone, Debug, Default)]
pub struct Columns<const ID_BYTES: usize> {
    /// First bucket of each /19 slice of 2000::/3 (u32 each); empty for [`KeyLayout::Ipv4`].
    pub slices: Vec<u8>,
    /// Upper 32 bits of each bucket's keys (u32 each); empty for [`KeyLayout::Ipv4`].
    pub highs: Vec<u8>,
    /// First row of each bucket (u32 each), and the number of rows at the end.
    pub starts: Vec<u8>,
    /// Low 16 bits of the key at which a row starts (u16 each); a bucket's first row always starts at 0.
    pub lows: Vec<u8>,
    /// Id of each row.
    pub ids: Vec<u8>,
}

/// Why rows cannot become a table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BuildError {
    #[error("row {row}: key {key:#x} is not above the one before it")]
    NotSorted { row: usize, key: u64 },
    #[error("row {row}: key {key:#x} is outside what the table can hold")]
    KeyOutside { row: usize, key: u64 },
    #[error("row {row}: id {id} does not fit into {bytes} bytes")]
    IdTooLarge { row: usize, id: u32, bytes: usize },
}

impl<const ID_BYTES: usize> Columns<ID_BYTES> {
    /// Builds a table from (first key, id) rows in ascending order; a row reaches to the next one, the last to the
    /// end of all keys. A gap is a row with id 0.
    pub fn from_rows(
        layout: KeyLayout,
        rows: impl IntoIterator<Item = (u64, u32)>,
    ) -> Result<Self, BuildError> {
        let mut columns = Self::default();
        let mut highs = Vec::new();
        let mut last_key = None;
        let mut last_id = 0;
        let rows = rows.into_iter();
        let expected = rows.size_hint().0;
        columns.lows.reserve(expected * 2);
        columns.ids.reserve(expected * ID_BYTES);
        for (row, (key, id)) in rows.enumerate() {
            if last_key.is_some_and(|last| key <= last) {
                return Err(BuildError::NotSorted { row, key });
            }
            last_key = Some(key);
            if !layout.holds(key) {
                return Err(BuildError::KeyOutside { row, key });
            }
            if u64::from(id) >> (8 * ID_BYTES) != 0 {
                return Err(BuildError::IdTooLarge { row, id, bytes: ID_BYTES });
            }
            if id == last_id {
                continue;
            }
            let (high, low) = split(key);
            columns.enter_bucket(layout, &mut highs, high, low, last_id);
            columns.push_row(low, id);
            last_id = id;
        }
        if layout == KeyLayout::Ipv4 {
            columns.enter_bucket(layout, &mut highs, FIRST_LEVEL as u32 - 1, 1, last_id);
        }
        columns.starts.extend_from_slice(&columns.row_count().to_le_bytes());
        if layout == KeyLayout::Ipv6 {
            for slice in 0..=FIRST_LEVEL as u64 {
                let first = highs
                    .partition_point(|&high| u64::from(high - IPV6_FIRST_HIGH) >> IPV6_SLICE_SHIFT < slice);
                columns.slices.extend_from_slice(&(first as u32).to_le_bytes());
            }
            columns.highs = highs.iter().flat_map(|high| high.to_le_bytes()).collect();
        }
        Ok(columns)
    }

    /// Opens the bucket `high` unless it is open, and every bucket before it where all exist; each begins with the
    /// id that reaches into it, unless a row of its own is about to start there.
    fn enter_bucket(&mut self, layout: KeyLayout, highs: &mut Vec<u32>, high: u32, low: u16, id: u32) {
        let next = highs.last().map_or(0, |&last| last + 1);
        if high < next {
            return;
        }
        let from = if layout == KeyLayout::Ipv4 { next } else { high };
        for bucket in from..=high {
            highs.push(bucket);
            self.starts.extend_from_slice(&self.row_count().to_le_bytes());
            if bucket != high || low != 0 {
                self.push_row(0, id);
            }
        }
    }

    fn push_row(&mut self, low: u16, id: u32) {
        self.lows.extend_from_slice(&low.to_le_bytes());
        self.ids.extend_from_slice(&id.to_le_bytes()[..ID_BYTES]);
    }

    fn row_count(&self) -> u32 {
        (self.lows.len() / 2) as u32
    }

    /// The table, to be searched where it is.
    pub fn table(&self, layout: KeyLayout) -> RangeTable<'_, ID_BYTES> {
        RangeTable::new(layout, self.in_order())
    }

    /// The columns in the order in which [`RangeTable::new`] takes them.
    pub fn in_order(&self) -> [&[u8]; 5] {
        [&self.slices, &self.highs, &self.starts, &self.lows, &self.ids]
    }
}

impl KeyLayout {
    /// Whether a table of this layout has room for the key.
    #[inline]
    pub fn holds(self, key: u64) -> bool {
        match self {
            Self::Ipv4 => key >> 32 == 0,
            Self::Ipv6 => key >> 45 == 1,
        }
    }
}

/// A searchable table over somebody else's bytes. Damaged columns give wrong answers or none, never a panic.
#[derive(Clone, Copy, Debug)]
pub struct RangeTable<'a, const ID_BYTES: usize> {
    layout: KeyLayout,
    slices: &'a [[u8; 4]],
    highs: &'a [[u8; 4]],
    starts: &'a [[u8; 4]],
    lows: &'a [[u8; 2]],
    ids: &'a [[u8; ID_BYTES]],
}

impl<'a, const ID_BYTES: usize> RangeTable<'a, ID_BYTES> {
    /// Takes the columns in the order of [`Columns::in_order`].
    #[inline]
    pub fn new(layout: KeyLayout, [slices, highs, starts, lows, ids]: [&'a [u8]; 5]) -> Self {
        Self {
            layout,
            slices: slices.as_chunks().0,
            highs: highs.as_chunks().0,
            starts: starts.as_chunks().0,
            lows: lows.as_chunks().0,
            ids: ids.as_chunks().0,
        }
    }

    /// Id of the range that holds `key`; 0 where there is none.
    #[inline]
    pub fn id(&self, key: u64) -> u32 {
        self.row(key).and_then(|row| self.ids.get(row)).map_or(0, |bytes| {
            let mut id = [0; 4];
            id[..ID_BYTES].copy_from_slice(bytes);
            u32::from_le_bytes(id)
        })
    }

    /// Number of rows, the first ones of the buckets included.
    pub fn len(&self) -> usize {
        self.lows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lows.is_empty()
    }

    #[inline]
    fn row(&self, key: u64) -> Option<usize> {
        if !self.layout.holds(key) {
            return None;
        }
        let (high, low) = split(key);
        let (bucket, low) = match self.layout {
            KeyLayout::Ipv4 => (high as usize, low),
            KeyLayout::Ipv6 => {
                let slice = ((high - IPV6_FIRST_HIGH) >> IPV6_SLICE_SHIFT) as usize;
                let (from, to) = bounds(self.slices, slice)?;
                // The bucket before the slice is its floor: its last range reaches into the slice.
                let from = from.saturating_sub(1);
                let candidates = self.highs.get(from..to)?;
                let bucket = from + last_not_above(candidates, |h| u32::from_le_bytes(h), high)?;
                let exact = u32::from_le_bytes(*self.highs.get(bucket)?) == high;
                (bucket, if exact { low } else { u16::MAX })
            }
        };
        let (from, to) = bounds(self.starts, bucket)?;
        Some(from + last_not_above(self.lows.get(from..to)?, |l| u16::from_le_bytes(l), low)?)
    }
}

#[inline]
fn split(key: u64) -> (u32, u16) {
    ((key >> LOW_BITS) as u32, key as u16)
}

/// Entries `index` and `index + 1` of an index column.
#[inline]
fn bounds(column: &[[u8; 4]], index: usize) -> Option<(usize, usize)> {
    match column.get(index..index + 2)? {
        [from, to] => Some((u32::from_le_bytes(*from) as usize, u32::from_le_bytes(*to) as usize)),
        _ => None,
    }
}

/// Index of the last of the ascending `values` that is not above `wanted`.
#[inline]
fn last_not_above<const N: usize, T: PartialOrd + Copy>(
    values: &[[u8; N]],
    decode: impl Fn([u8; N]) -> T,
    wanted: T,
) -> Option<usize> {
    if decode(*values.first()?) > wanted {
        return None;
    }
    // Halving without a branch on the data: the outcome of each comparison is a coin toss to the processor.
    let mut base = 0;
    let mut size = values.len();
    while size > 1 {
        let half = size / 2;
        base = if decode(values[base + half]) <= wanted { base + half } else { base };
        size -= half;
    }
    Some(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// What a table must answer: the last row at or before the key.
    fn scan(rows: &BTreeMap<u64, u32>, key: u64) -> u32 {
        rows.iter().filter(|&(&start, _)| start <= key).last().map_or(0, |(_, &id)| id)
    }

    /// Keys near one another, near bucket edges, and anywhere.
    fn key(layout: KeyLayout) -> BoxedStrategy<u64> {
        let (base, bits) = match layout {
            KeyLayout::Ipv4 => (0, 32),
            KeyLayout::Ipv6 => (1 << 45, 45),
        };
        prop_oneof![
            0..(1_u64 << bits),
            0..200_000_u64,
            (0..40_u64, 0..4_u64).prop_map(|(high, near)| (high << 16) + near),
            (1..40_u64).prop_map(|high| (high << 16) - 1),
            ((1_u64 << bits) - 70_000)..(1_u64 << bits),
        ]
        .prop_map(move |key| base + key)
        .boxed()
    }

    fn agrees_with_scan(layout: KeyLayout, rows: BTreeMap<u64, u32>, keys: Vec<u64>) {
        let columns = Columns::<2>::from_rows(layout, rows.clone()).unwrap();
        let table = columns.table(layout);
        let edges = rows.keys().flat_map(|&key| [key.saturating_sub(1), key, key + 1]);
        for key in keys.into_iter().chain(edges).filter(|&key| layout.holds(key)) {
            assert_eq!(table.id(key), scan(&rows, key), "key {key:#x} in {rows:?}");
        }
    }

    proptest! {
        #[test]
        fn ipv4_agrees_with_a_linear_scan(
            rows in proptest::collection::btree_map(key(KeyLayout::Ipv4), 0..5_u32, 0..60),
            keys in proptest::collection::vec(key(KeyLayout::Ipv4), 60),
        ) {
            agrees_with_scan(KeyLayout::Ipv4, rows, keys);
        }

        #[test]
        fn ipv6_agrees_with_a_linear_scan(
            rows in proptest::collection::btree_map(key(KeyLayout::Ipv6), 0..5_u32, 0..60),
            keys in proptest::collection::vec(key(KeyLayout::Ipv6), 60),
        ) {
            agrees_with_scan(KeyLayout::Ipv6, rows, keys);
        }

        #[test]
        fn any_bytes_are_searched_without_a_panic(
            columns in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 5),
            keys in proptest::collection::vec(any::<u64>(), 20),
        ) {
            for layout in [KeyLayout::Ipv4, KeyLayout::Ipv6] {
                let columns = std::array::from_fn(|i| columns[i].as_slice());
                let table = RangeTable::<3>::new(layout, columns);
                for &key in &keys {
                    table.id(key);
                    table.id(key >> 32);
                    table.id((1 << 45) | (key >> 19));
                }
            }
        }
    }

    #[test]
    fn rows_that_cannot_be_a_table_are_refused() {
        let table = |rows: &[(u64, u32)]| Columns::<2>::from_rows(KeyLayout::Ipv4, rows.to_vec()).map(|_| ());
        assert_eq!(table(&[(5, 1), (5, 2)]), Err(BuildError::NotSorted { row: 1, key: 5 }));
        assert_eq!(table(&[(1 << 32, 1)]), Err(BuildError::KeyOutside { row: 0, key: 1 << 32 }));
        assert_eq!(table(&[(1, 65_536)]), Err(BuildError::IdTooLarge { row: 0, id: 65_536, bytes: 2 }));
        assert_eq!(table(&[(1, 65_535)]), Ok(()));
    }

    #[test]
    fn an_ipv6_key_outside_global_unicast_has_no_id() {
        let columns = Columns::<2>::from_rows(KeyLayout::Ipv6, [(1 << 45, 7)]).unwrap();
        let table = columns.table(KeyLayout::Ipv6);
        assert_eq!(table.id(key_from_ipv6("3fff::1".parse().unwrap())), 7);
        assert_eq!(table.id(key_from_ipv6("fe80::1".parse().unwrap())), 0);
        assert_eq!(table.id(key_from_ipv6("::1".parse().unwrap())), 0);
    }
}

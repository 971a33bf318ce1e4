//! Two-level range tables: which id does the range that holds this key have? Owns the layout of the columns, how
//! they are built and how they are searched; what keys and ids mean, and where the bytes live, is the caller's.
//!
//! The idea is DXR's (Zec, Rizzo, Mikuc, "DXR: towards a billion routing lookups per second in software", 2012):
//! the upper bits of a key pick a bucket directly, and only the low bits are searched, inside that bucket. The
//! columns are plain little-endian bytes, so a table can be used where it lies: in a mapped file or in memory.

use std::{
    hint::select_unpredictable,
    net::{Ipv4Addr, Ipv6Addr},
};

/// Bytes of a row that say where in its bucket it starts.
const LOW_BYTES: usize = 2;
/// Rows of which one is sampled: two cache lines of 4-byte rows.
const ROWS_PER_SAMPLE: usize = 32;
/// Global unicast IPv6 is 2000::/3: the first three bits are known, so a slice (a /21) is told by the next ones.
const IPV6_FIRST_HIGH: u32 = 0x2000_0000;
const IPV6_SLICE_BITS: u32 = 18;
const IPV6_SLICE_SHIFT: u32 = 32 - 3 - IPV6_SLICE_BITS;

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
    /// 32-bit keys; whatever the upper `bucket_bits` (at least 16) are, there is a bucket.
    Ipv4 { bucket_bits: u32 },
    /// 48-bit keys within 2000::/3; only upper halves (/32 networks) in which a range starts are buckets, and a
    /// directory of them is searched first.
    Ipv6,
}

/// The columns of a table under construction. A row is the low bits of the key at which it starts and, in the other
/// bytes, its id: side by side, so that the search ends where the answer is. Id 0 means "no range".
#[derive(Clone, Debug, Default)]
pub struct Columns<const ROW_BYTES: usize> {
    /// First bucket of each /21 slice of 2000::/3 (u32 each); empty for IPv4.
    pub slices: Vec<u8>,
    /// Upper 32 bits of each bucket's keys (u32 each); empty for IPv4.
    pub highs: Vec<u8>,
    /// First row of each bucket (u32 each), and the number of rows at the end.
    pub starts: Vec<u8>,
    /// The low bits of every 32nd row (u16 each): few enough to stay in the processor's cache.
    pub samples: Vec<u8>,
    /// The rows, `ROW_BYTES` each; a bucket's first row always starts at 0.
    pub rows: Vec<u8>,
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

impl<const ROW_BYTES: usize> Columns<ROW_BYTES> {
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
        columns.rows.reserve(expected * ROW_BYTES);
        for (row, (key, id)) in rows.enumerate() {
            if last_key.is_some_and(|last| key <= last) {
                return Err(BuildError::NotSorted { row, key });
            }
            last_key = Some(key);
            if !layout.holds(key) {
                return Err(BuildError::KeyOutside { row, key });
            }
            if u64::from(id) >> (8 * (ROW_BYTES - LOW_BYTES)) != 0 {
                return Err(BuildError::IdTooLarge { row, id, bytes: ROW_BYTES - LOW_BYTES });
            }
            if id == last_id {
                continue;
            }
            let (high, low) = layout.split(key);
            columns.enter_bucket(layout, &mut highs, high, low, last_id);
            columns.push_row(low, id);
            last_id = id;
        }
        if let KeyLayout::Ipv4 { bucket_bits } = layout {
            columns.enter_bucket(layout, &mut highs, (1 << bucket_bits) - 1, 1, last_id);
        }
        columns.starts.extend_from_slice(&columns.row_count().to_le_bytes());
        if layout == KeyLayout::Ipv6 {
            for slice in 0..=1_u64 << IPV6_SLICE_BITS {
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
        let from = if layout == KeyLayout::Ipv6 { high } else { next };
        for bucket in from..=high {
            highs.push(bucket);
            self.starts.extend_from_slice(&self.row_count().to_le_bytes());
            if bucket != high || low != 0 {
                self.push_row(0, id);
            }
        }
    }

    fn push_row(&mut self, low: u16, id: u32) {
        if (self.row_count() as usize).is_multiple_of(ROWS_PER_SAMPLE) {
            self.samples.extend_from_slice(&low.to_le_bytes());
        }
        let row = u64::from(id) << (8 * LOW_BYTES) | u64::from(low);
        self.rows.extend_from_slice(&row.to_le_bytes()[..ROW_BYTES]);
    }

    fn row_count(&self) -> u32 {
        (self.rows.len() / ROW_BYTES) as u32
    }

    /// The table, to be searched where it is.
    pub fn table(&self, layout: KeyLayout) -> RangeTable<'_, ROW_BYTES> {
        RangeTable::new(layout, self.in_order())
    }

    /// The columns in the order in which [`RangeTable::new`] takes them.
    pub fn in_order(&self) -> [&[u8]; 5] {
        [&self.slices, &self.highs, &self.starts, &self.samples, &self.rows]
    }
}

impl KeyLayout {
    /// For some hundred thousand rows: a handful in an average bucket.
    pub const IPV4: Self = Self::Ipv4 { bucket_bits: 16 };
    /// For some million rows: a dozen in an average bucket, which is a cache line.
    pub const IPV4_DENSE: Self = Self::Ipv4 { bucket_bits: 18 };

    /// Whether a table of this layout has room for the key.
    #[inline]
    pub fn holds(self, key: u64) -> bool {
        match self {
            Self::Ipv4 { .. } => key >> 32 == 0,
            Self::Ipv6 => key >> 45 == 1,
        }
    }

    /// The bits that pick a bucket, and those that are searched inside it.
    #[inline]
    fn split(self, key: u64) -> (u32, u16) {
        let low_bits = match self {
            Self::Ipv4 { bucket_bits } => 32 - bucket_bits,
            Self::Ipv6 => 16,
        };
        ((key >> low_bits) as u32, (key & ((1 << low_bits) - 1)) as u16)
    }
}

/// A searchable table over somebody else's bytes. Damaged columns give wrong answers or none, never a panic.
#[derive(Clone, Copy, Debug)]
pub struct RangeTable<'a, const ROW_BYTES: usize> {
    layout: KeyLayout,
    slices: &'a [[u8; 4]],
    highs: &'a [[u8; 4]],
    starts: &'a [[u8; 4]],
    samples: &'a [[u8; 2]],
    rows: &'a [[u8; ROW_BYTES]],
}

// Always inlined: the layout is a constant where a table is asked, and half of the code falls away. Left to itself the
// compiler does not, and a look-up takes half as long again.
impl<'a, const ROW_BYTES: usize> RangeTable<'a, ROW_BYTES> {
    /// Takes the columns in the order of [`Columns::in_order`].
    #[inline(always)]
    pub fn new(layout: KeyLayout, [slices, highs, starts, samples, rows]: [&'a [u8]; 5]) -> Self {
        Self {
            layout,
            slices: slices.as_chunks().0,
            highs: highs.as_chunks().0,
            starts: starts.as_chunks().0,
            samples: samples.as_chunks().0,
            rows: rows.as_chunks().0,
        }
    }

    /// Id of the range that holds `key`; 0 where there is none.
    #[inline(always)]
    pub fn id(&self, key: u64) -> u32 {
        self.row(key).map_or(0, |row| {
            let mut bytes = [0; 8];
            bytes[..ROW_BYTES].copy_from_slice(row);
            (u64::from_le_bytes(bytes) >> (8 * LOW_BYTES)) as u32
        })
    }

    /// Number of rows, the first ones of the buckets included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    #[inline(always)]
    fn row(&self, key: u64) -> Option<&'a [u8; ROW_BYTES]> {
        if !self.layout.holds(key) {
            return None;
        }
        let (high, low) = self.layout.split(key);
        let (bucket, low) = match self.layout {
            KeyLayout::Ipv4 { .. } => (high as usize, low),
            KeyLayout::Ipv6 => {
                let slice = ((high - IPV6_FIRST_HIGH) >> IPV6_SLICE_SHIFT) as usize;
                let (from, to) = bounds(self.slices, slice)?;
                // The bucket before the slice is its floor: its last range reaches into the slice.
                let from = from.saturating_sub(1);
                let candidates = self.highs.get(from..to)?;
                let nearest = last_not_above(candidates, |high| u32::from_le_bytes(*high), high);
                match u32::from_le_bytes(*candidates.get(nearest)?) {
                    found if found == high => (from + nearest, low),
                    found if found < high => (from + nearest, u16::MAX),
                    _ => return None,
                }
            }
        };
        let (from, to) = bounds(self.starts, bucket)?;
        let (from, to) =
            if to.saturating_sub(from) > ROWS_PER_SAMPLE { self.block(from, to, low)? } else { (from, to) };
        let rows = self.rows.get(from..to)?;
        rows.get(last_not_above(rows, |row| u16::from_le_bytes([row[0], row[1]]), low))
    }

    /// The few of a bucket's rows `from..to` among which the one for `low` is.
    #[inline(always)]
    fn block(&self, from: usize, to: usize, low: u16) -> Option<(usize, usize)> {
        // Blocks that start in this bucket; the rows before the first of them are one more.
        let first = from.div_ceil(ROWS_PER_SAMPLE);
        let samples = self.samples.get(first..to.div_ceil(ROWS_PER_SAMPLE))?;
        if u16::from_le_bytes(*samples.first()?) > low {
            return Some((from, first * ROWS_PER_SAMPLE));
        }
        let block = first + last_not_above(samples, |sample| u16::from_le_bytes(*sample), low);
        Some((block * ROWS_PER_SAMPLE, to.min((block + 1) * ROWS_PER_SAMPLE)))
    }
}

/// Entries `index` and `index + 1` of an index column.
#[inline(always)]
fn bounds(column: &[[u8; 4]], index: usize) -> Option<(usize, usize)> {
    match column.get(index..index + 2)? {
        [from, to] => Some((u32::from_le_bytes(*from) as usize, u32::from_le_bytes(*to) as usize)),
        _ => None,
    }
}

/// Index of the last of the ascending `values` that is not above `wanted`; 0 where all are, or there are none.
#[inline(always)]
fn last_not_above<const N: usize, T: PartialOrd + Copy>(
    values: &[[u8; N]],
    decode: impl Fn(&[u8; N]) -> T,
    wanted: T,
) -> usize {
    let mut base = 0;
    let mut rest = values;
    // Seven loads at once take hardly longer than one, and do the work of three halvings.
    while rest.len() >= 16 {
        let step = rest.len() / 8;
        let passed = (1..8).map(|eighth| usize::from(decode(&rest[eighth * step]) <= wanted)).sum::<usize>();
        let end = select_unpredictable(passed == 7, rest.len(), (passed + 1) * step);
        rest = &rest[passed * step..end];
        base += passed * step;
    }
    let mut near = 0;
    let mut size = rest.len();
    while size > 1 {
        let half = size / 2;
        // The outcome is a coin toss to the processor: a branch that is guessed wrong costs more than the load.
        near = select_unpredictable(decode(&rest[near + half]) <= wanted, near + half, near);
        size -= half;
    }
    base + near
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// What a table must answer: the last row at or before the key.
    fn scan(rows: &BTreeMap<u64, u32>, key: u64) -> u32 {
        rows.iter().rfind(|&(&start, _)| start <= key).map_or(0, |(_, &id)| id)
    }

    /// Keys near one another, near bucket edges, and anywhere.
    fn key(layout: KeyLayout) -> BoxedStrategy<u64> {
        let (base, bits) = match layout {
            KeyLayout::Ipv4 { .. } => (0, 32),
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
        let columns = Columns::<4>::from_rows(layout, rows.clone()).unwrap();
        let table = columns.table(layout);
        let edges = rows.keys().flat_map(|&key| [key.saturating_sub(1), key, key + 1]);
        for key in keys.into_iter().chain(edges).filter(|&key| layout.holds(key)) {
            assert_eq!(table.id(key), scan(&rows, key), "key {key:#x} in {rows:?}");
        }
    }

    proptest! {
        #[test]
        fn ipv4_agrees_with_a_linear_scan(
            rows in proptest::collection::btree_map(key(KeyLayout::IPV4), 0..5_u32, 0..60),
            keys in proptest::collection::vec(key(KeyLayout::IPV4), 60),
        ) {
            agrees_with_scan(KeyLayout::IPV4, rows.clone(), keys.clone());
            agrees_with_scan(KeyLayout::IPV4_DENSE, rows, keys);
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
            for layout in [KeyLayout::IPV4, KeyLayout::IPV4_DENSE, KeyLayout::Ipv6] {
                let columns = std::array::from_fn(|i| columns[i].as_slice());
                let table = RangeTable::<5>::new(layout, columns);
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
        let table = |rows: &[(u64, u32)]| Columns::<4>::from_rows(KeyLayout::IPV4, rows.to_vec()).map(|_| ());
        assert_eq!(table(&[(5, 1), (5, 2)]), Err(BuildError::NotSorted { row: 1, key: 5 }));
        assert_eq!(table(&[(1 << 32, 1)]), Err(BuildError::KeyOutside { row: 0, key: 1 << 32 }));
        assert_eq!(table(&[(1, 65_536)]), Err(BuildError::IdTooLarge { row: 0, id: 65_536, bytes: 2 }));
        assert_eq!(table(&[(1, 65_535)]), Ok(()));
    }

    #[test]
    fn an_ipv6_key_outside_global_unicast_has_no_id() {
        let columns = Columns::<4>::from_rows(KeyLayout::Ipv6, [(1 << 45, 7)]).unwrap();
        let table = columns.table(KeyLayout::Ipv6);
        assert_eq!(table.id(key_from_ipv6("3fff::1".parse().unwrap())), 7);
        assert_eq!(table.id(key_from_ipv6("fe80::1".parse().unwrap())), 0);
        assert_eq!(table.id(key_from_ipv6("::1".parse().unwrap())), 0);
    }
}

//! Ranges that may lie within one another or overlap, and all of those that have a point in common with another range.
//!
//! Rows are sorted by start, the longer first, and each names the nearest row before it that reaches further. Who looks
//! for what covers a point goes back from the last row that starts there, and over all that end too early in one step.
//!
//! A row: start, end, the row that reaches further (its number and 1; 0 for none), the record.

use std::io::{self, Write};

use super::pages::{Part, partition_point};

/// A table over bytes of a file. Damaged rows give wrong answers or none, never a panic.
#[derive(Clone, Copy)]
pub struct RangeRows<'a> {
    table: Part<'a>,
    /// Bytes of a start or an end: 4 or 16.
    width: usize,
}

/// Row of a sorter: start, end turned over so that the longer comes first, record. `N` is `2 * W + 4`.
pub fn sort_row<const W: usize, const N: usize>(start: [u8; W], end: [u8; W], record: u32) -> [u8; N] {
    let mut row = [0; N];
    row[..W].copy_from_slice(&start);
    row[W..2 * W].copy_from_slice(&end.map(|byte| !byte));
    row[2 * W..].copy_from_slice(&record.to_be_bytes());
    row
}

/// Turns sorted rows into those of the table.
pub struct RangeWriter {
    width: usize,
    count: u32,
    /// Rows that reach further than all after them: number and 1, end.
    open: Vec<(u32, [u8; 16])>,
}

impl RangeWriter {
    pub const fn new(width: usize) -> Self {
        Self { width, count: 0, open: Vec::new() }
    }

    pub fn write(&mut self, row: &[u8], output: &mut impl Write) -> io::Result<()> {
        let (start, rest) = row.split_at(self.width);
        let (turned, record) = rest.split_at(self.width);
        let mut end = [0; 16];
        end.iter_mut().zip(turned).for_each(|(byte, turned)| *byte = !turned);
        while self.open.last().is_some_and(|(_, other)| *other <= end) {
            self.open.pop();
        }
        let further = self.open.last().map_or(0, |&(number, _)| number);
        self.count += 1;
        self.open.push((self.count, end));
        output.write_all(start)?;
        output.write_all(&end[..self.width])?;
        output.write_all(&further.to_be_bytes())?;
        output.write_all(record)
    }
}

impl<'a> RangeRows<'a> {
    pub const fn new(table: Part<'a>, width: usize) -> Self {
        Self { table, width }
    }

    const fn row_bytes(self) -> usize {
        2 * self.width + 8
    }

    pub const fn len(self) -> usize {
        self.table.len() / self.row_bytes()
    }

    /// The number of `width` bytes at a place in a row.
    fn number(self, row: usize, at: usize, width: usize) -> u128 {
        let from = row.saturating_mul(self.row_bytes()) + at;
        let bytes = self.table.get(from..from.saturating_add(width)).unwrap_or_default();
        bytes.iter().fold(0, |number, &byte| number << 8 | u128::from(byte))
    }

    fn start(self, row: usize) -> u128 {
        self.number(row, 0, self.width)
    }

    fn end(self, row: usize) -> u128 {
        self.number(row, self.width, self.width)
    }

    fn record(self, row: usize) -> u32 {
        self.number(row, 2 * self.width + 4, 4) as u32
    }

    /// Number of rows that start at or before a point.
    fn starting_until(self, point: u128) -> usize {
        partition_point(self.len(), |row| self.start(row) <= point)
    }

    /// Records of ranges that have a point in common with `first..=last`, `most` at most, and how many there are beside
    /// these: first those that cover `first`, the ones that start last before the others; then those that start behind
    /// it, in order.
    pub fn meeting(self, first: u128, last: u128, most: usize) -> (Vec<u32>, u64) {
        let (mut found, mut left_out) = (Vec::new(), 0);
        let after = self.starting_until(first);
        let mut row = after;
        while row > 0 {
            let at = row - 1;
            if self.end(at) < first {
                // Only backwards, whatever damaged rows say.
                row = (self.number(at, 2 * self.width, 4) as usize).min(at);
                continue;
            }
            row = at;
            if found.len() < most {
                found.push(self.record(at));
            } else {
                left_out += 1;
            }
        }
        let until = self.starting_until(last).max(after);
        let behind = until.min(after.saturating_add(most - found.len()));
        found.extend((after..behind).map(|row| self.record(row)));
        (found, left_out + (until - behind) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(mut rows: Vec<[u8; 12]>) -> Vec<u8> {
        rows.sort();
        let (mut bytes, mut writer) = (Vec::new(), RangeWriter::new(4));
        rows.iter().for_each(|row| writer.write(row, &mut bytes).unwrap());
        bytes
    }

    proptest! {
        #[test]
        fn agrees_with_a_naive_scan(
            ranges in proptest::collection::vec((0..2_000_u32, prop_oneof![0..4_u32, 0..900_u32]), 0..120),
            points in proptest::collection::vec((0..3_000_u32, prop_oneof![Just(0_u32), 0..500_u32]), 40),
        ) {
            let rows = ranges.iter().enumerate().map(|(i, &(start, more))| {
                sort_row(start.to_be_bytes(), (start + more).to_be_bytes(), i as u32)
            });
            let bytes = table(rows.collect());
            for (first, more) in points {
                let last = first + more;
                let rows = RangeRows::new(Part::of_bytes(&bytes), 4);
                let (mut found, left_out) = rows.meeting(first.into(), last.into(), usize::MAX);
                prop_assert_eq!(left_out, 0);
                let (some, others) = rows.meeting(first.into(), last.into(), 3);
                prop_assert_eq!(&some[..], &found[..found.len().min(3)]);
                prop_assert_eq!(some.len() + others as usize, found.len());
                found.sort();
                let scan = ranges.iter().enumerate().filter(|(_, (start, more))| {
                    *start <= last && start + more >= first
                });
                prop_assert_eq!(found, scan.map(|(i, _)| i as u32).collect::<Vec<_>>());
            }
        }

        #[test]
        fn any_bytes_are_searched_without_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            first in any::<u128>(),
            last in any::<u128>(),
        ) {
            for width in [4, 16] {
                RangeRows::new(Part::of_bytes(&bytes), width).meeting(first, last, 1_000);
            }
        }
    }

    #[test]
    fn the_innermost_comes_first() {
        let row = |start: u32, end: u32, record| sort_row(start.to_be_bytes(), end.to_be_bytes(), record);
        let bytes = table(vec![row(0, u32::MAX, 0), row(10, 20, 1), row(10, 12, 2), row(21, 30, 3)]);
        let rows = RangeRows::new(Part::of_bytes(&bytes), 4);
        assert_eq!(rows.meeting(11, 11, 9), (vec![2, 1, 0], 0));
        assert_eq!(rows.meeting(15, 15, 9), (vec![1, 0], 0));
        assert_eq!(rows.meeting(15, 21, 9), (vec![1, 0, 3], 0));
        assert_eq!(rows.meeting(15, 21, 1), (vec![1], 2));
    }
}

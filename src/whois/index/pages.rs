//! Sums of an index file's pages. What is read of the file is compared with them first: so a byte that a disk has turned is
//! noticed by whoever needs it, and an answer reads no more of the file than it is made of. Owns the sums and which pages
//! agree with theirs; what becomes of an answer is the reader's business.
//!
//! A page ends where one of the machine's does, so that nothing is fetched from the disk for its sum alone. The header, which
//! the first page begins with, has a sum of its own, and a sum that is damaged itself agrees with no page.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use flate2::Crc;
use memmap2::Mmap;

use super::header::HEADER_BYTES;

const PAGE_BYTES: usize = 4 << 10;
const SUM_BYTES: usize = 4;
/// Pages whose state is in one number.
const PAGES_OF_A_WORD: usize = u64::BITS as usize;

/// Adds up what is written behind the header.
pub struct Summing {
    crc: Crc,
    in_page: usize,
    sums: Vec<u8>,
}

impl Default for Summing {
    fn default() -> Self {
        Self { crc: Crc::new(), in_page: HEADER_BYTES, sums: Vec::new() }
    }
}

impl Summing {
    pub fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (page, rest) = bytes.split_at(bytes.len().min(PAGE_BYTES - self.in_page));
            self.crc.update(page);
            self.in_page += page.len();
            bytes = rest;
            if self.in_page == PAGE_BYTES {
                self.end_page();
            }
        }
    }

    fn end_page(&mut self) {
        self.sums.extend(self.crc.sum().to_be_bytes());
        self.crc.reset();
        self.in_page = 0;
    }

    /// The sums of all pages, as they stand behind them in the file.
    pub fn finish(mut self) -> Vec<u8> {
        if self.in_page > 0 {
            self.end_page();
        }
        self.sums
    }
}

/// A file that is mapped, and which of its pages agree with their sums.
pub struct Pages {
    map: Mmap,
    /// What the sums are of: up to where they stand.
    summed: Range<usize>,
    sums: Range<usize>,
    /// A bit for each page that was compared, and agrees.
    agree: Box<[AtomicU64]>,
    is_damaged: AtomicBool,
}

impl Pages {
    /// `sums`: where they stand in the file.
    pub fn new(map: Mmap, sums: Range<usize>) -> Self {
        let summed = HEADER_BYTES..sums.start.max(HEADER_BYTES);
        let words = summed.end.div_ceil(PAGE_BYTES).div_ceil(PAGES_OF_A_WORD);
        let agree = (0..words).map(|_| AtomicU64::new(0)).collect();
        Self { map, summed, sums, agree, is_damaged: AtomicBool::default() }
    }

    /// A part that was asked for is not what was written.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    pub fn set_damaged(&self) {
        self.is_damaged.store(true, Ordering::Relaxed);
    }

    pub fn part(&self, range: Range<usize>) -> Part<'_> {
        let bytes = self.map.get(range.clone()).unwrap_or_default();
        Part { bytes, summed: Some((self, range.start)) }
    }

    /// Compares the whole file with its sums.
    pub fn are_whole(&self) -> bool {
        self.agree(&self.summed)
    }

    /// Whether the pages of a part of the file agree with their sums.
    fn agree(&self, range: &Range<usize>) -> bool {
        range.is_empty()
            || (range.start / PAGE_BYTES..=(range.end - 1) / PAGE_BYTES).all(|page| self.agrees(page))
    }

    fn agrees(&self, page: usize) -> bool {
        let bit = 1 << (page % PAGES_OF_A_WORD);
        let Some(word) = self.agree.get(page / PAGES_OF_A_WORD) else {
            self.set_damaged();
            return false;
        };
        if word.load(Ordering::Relaxed) & bit != 0 {
            return true;
        }
        let (from, sum_at) = (page * PAGE_BYTES, self.sums.start + page * SUM_BYTES);
        let bytes = from.max(self.summed.start)..(from + PAGE_BYTES).min(self.summed.end);
        let sum = self.map.get(sum_at..(sum_at + SUM_BYTES).min(self.sums.end));
        let does = self.map.get(bytes).is_some_and(|bytes| {
            let mut crc = Crc::new();
            crc.update(bytes);
            sum == Some(&crc.sum().to_be_bytes())
        });
        if does {
            word.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.set_damaged();
        }
        does
    }
}

/// A table of the file. What is damaged of it cannot be had.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    bytes: &'a [u8],
    /// The file, and where in it this is; none of bytes that are in no file.
    summed: Option<(&'a Pages, usize)>,
}

impl<'a> Part<'a> {
    #[cfg(test)]
    pub const fn of_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes, summed: None }
    }

    pub const fn len(self) -> usize {
        self.bytes.len()
    }

    /// `None` where it is damaged, or the part ends before.
    pub fn get(self, range: Range<usize>) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(range.clone())?;
        let agrees = |(pages, at): (&Pages, usize)| pages.agree(&(at + range.start..at + range.end));
        self.summed.is_none_or(agrees).then_some(bytes)
    }

    /// The row of this number in a table whose rows have `N` bytes.
    pub fn row<const N: usize>(self, number: usize) -> Option<&'a [u8; N]> {
        let from = number.checked_mul(N)?;
        self.get(from..from.checked_add(N)?)?.first_chunk()
    }
}

/// The first of `count` numbers for which it is not so, where it is so for all before it.
pub fn partition_point(count: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if is_before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const BYTES: usize = 3 * PAGE_BYTES + 100;

    fn file() -> Vec<u8> {
        let body: Vec<_> = (HEADER_BYTES..BYTES).map(|i| (i * 7 / 3) as u8).collect();
        let mut summing = Summing::default();
        body.chunks(1_000).for_each(|bytes| summing.add(bytes));
        [vec![0; HEADER_BYTES], body, summing.finish()].concat()
    }

    fn pages(bytes: &[u8]) -> Pages {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        // SAFETY: nobody else has the file.
        let map = unsafe { Mmap::map(&file) }.unwrap();
        Pages::new(map, BYTES..bytes.len())
    }

    #[test]
    fn a_damaged_page_is_noticed_when_it_is_read_and_not_before() {
        let mut bytes = file();
        assert!(pages(&bytes).are_whole());
        bytes[2 * PAGE_BYTES + 5] ^= 1;
        let pages = pages(&bytes);
        let all = pages.part(HEADER_BYTES..BYTES);
        let get = |from: usize, to: usize| all.get(from - HEADER_BYTES..to - HEADER_BYTES).is_some();
        assert!(get(HEADER_BYTES, 2 * PAGE_BYTES) && get(3 * PAGE_BYTES, BYTES));
        assert!(get(2 * PAGE_BYTES, 2 * PAGE_BYTES), "nothing of it is read");
        assert!(!pages.is_damaged());
        assert!(!get(2 * PAGE_BYTES - 1, 2 * PAGE_BYTES + 1));
        assert!(pages.is_damaged() && !pages.are_whole());
    }

    #[test]
    fn any_bit_that_is_turned_is_noticed_in_the_pages_and_in_the_sums() {
        let whole = file();
        for at in (HEADER_BYTES..whole.len()).step_by(97).chain(BYTES - 2..whole.len()) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            assert!(!pages(&bytes).are_whole(), "byte {at}");
        }
    }

    #[test]
    fn sums_that_are_missing_are_damage() {
        let whole = file();
        assert!(!pages(&whole[..whole.len() - 1]).are_whole());
        assert!(!pages(&whole[..BYTES]).are_whole());
    }
}

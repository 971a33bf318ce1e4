//! Sorts more rows than memory should hold: runs of them are sorted and put into a file without name, and merged at the
//! end.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
    fs::File,
    io::{self, BufWriter, Write},
    os::unix::fs::FileExt,
    path::PathBuf,
};

/// Rows of a run that are read at a time.
const READ_ROWS: usize = 2_048;
const WRITE_BYTES: usize = 256 << 10;

/// Rows of `N` bytes, ordered as their bytes are.
pub struct Sorter<const N: usize> {
    rows: Vec<[u8; N]>,
    most_rows: usize,
    runs: Runs<N>,
}

impl<const N: usize> Sorter<N> {
    /// Keeps `memory_bytes` of rows; more go to a file in `folder`.
    pub fn new(folder: PathBuf, memory_bytes: usize) -> Self {
        Self { rows: Vec::new(), most_rows: memory_bytes / N, runs: Runs::new(folder) }
    }

    pub fn push(&mut self, row: [u8; N]) -> io::Result<()> {
        if self.rows.len() >= self.most_rows {
            self.spill()?;
        }
        self.rows.push(row);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        sort(&mut self.rows);
        self.runs.add(self.rows.drain(..))
    }

    /// Hands over all rows in order.
    pub fn finish(mut self, take: impl FnMut([u8; N]) -> io::Result<()>) -> io::Result<()> {
        if self.runs.is_empty() {
            sort(&mut self.rows);
            return self.rows.into_iter().try_for_each(take);
        }
        self.spill()?;
        self.runs.merge(take)
    }
}

/// Sorted rows, run after run in a file.
pub struct Runs<const N: usize> {
    folder: PathBuf,
    file: Option<BufWriter<File>>,
    /// First row and number of rows of each.
    runs: Vec<(u64, u64)>,
}

impl<const N: usize> Runs<N> {
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder, file: None, runs: Vec::new() }
    }

    pub const fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Adds a run of rows in their order.
    pub fn add(&mut self, rows: impl IntoIterator<Item = [u8; N]>) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = tempfile::tempfile_in(&self.folder)?;
                none.insert(BufWriter::with_capacity(WRITE_BYTES, file))
            }
        };
        let (first, mut count) = (self.runs.last().map_or(0, |(first, count)| first + count), 0);
        for row in rows {
            file.write_all(&row)?;
            count += 1;
        }
        self.runs.push((first, count));
        Ok(())
    }

    /// Hands over the rows of all runs in order.
    pub fn merge(self, mut take: impl FnMut([u8; N]) -> io::Result<()>) -> io::Result<()> {
        let Some(file) = self.file else { return Ok(()) };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let run = |&(next, left): &(u64, u64)| Run { rows: Vec::new(), at: 0, next, left };
        let mut runs: Vec<_> = self.runs.iter().map(run).collect();
        let mut heap = BinaryHeap::new();
        for (i, run) in runs.iter_mut().enumerate() {
            heap.extend(run.next(&file)?.map(|row| Reverse((row, i))));
        }
        while let Some(mut first) = heap.peek_mut() {
            let Reverse((row, i)) = *first;
            // Often the next one of the same run is first again, and stays where it is.
            match runs[i].next(&file)? {
                Some(next) => first.0.0 = next,
                None => drop(PeekMut::pop(first)),
            }
            take(row)?;
        }
        Ok(())
    }
}

/// As the bytes are, eight of which are compared as one number.
pub fn sort<const N: usize>(rows: &mut [[u8; N]]) {
    let number = |eight: &[u8; 8]| u64::from_be_bytes(*eight);
    rows.sort_unstable_by(|a, b| {
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks(), b.as_chunks());
        a.iter().map(number).cmp(b.iter().map(number)).then_with(|| a_rest.cmp(b_rest))
    });
}

struct Run<const N: usize> {
    rows: Vec<[u8; N]>,
    at: usize,
    /// What is still in the file.
    next: u64,
    left: u64,
}

impl<const N: usize> Run<N> {
    fn next(&mut self, file: &File) -> io::Result<Option<[u8; N]>> {
        if self.at == self.rows.len() && self.left > 0 {
            let count = self.left.min(READ_ROWS as u64);
            self.rows.resize(count as usize, [0; N]);
            file.read_exact_at(self.rows.as_flattened_mut(), self.next * N as u64)?;
            (self.at, self.next, self.left) = (0, self.next + count, self.left - count);
        }
        let row = self.rows.get(self.at).copied();
        self.at += 1;
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_sorted<const N: usize>(mut rows: Vec<[u8; N]>, memory_bytes: usize) {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path().to_owned(), memory_bytes);
        for &row in &rows {
            sorter.push(row).unwrap();
        }
        let mut sorted = Vec::new();
        sorter
            .finish(|row| {
                sorted.push(row);
                Ok(())
            })
            .unwrap();
        rows.sort();
        assert_eq!(sorted, rows);
    }

    proptest! {
        #[test]
        fn rows_come_out_sorted_however_little_memory_there_is(
            rows in proptest::collection::vec(any::<[u8; 3]>(), 0..500),
            long_rows in proptest::collection::vec(proptest::array::uniform20(254..=255_u8), 0..100),
            memory_bytes in 20..2_000_usize,
        ) {
            assert_sorted(rows, memory_bytes);
            // Most differ behind the numbers that are compared first.
            let alike = long_rows.iter().map(|row| { let mut row = *row; row[..14].fill(254); row });
            assert_sorted(alike.chain(long_rows.iter().copied()).collect(), memory_bytes);
        }
    }
}

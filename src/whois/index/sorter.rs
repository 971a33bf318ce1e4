//! Sorts more rows than memory should hold: runs of them are sorted and put into a file without name, and merged at the
//! end.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    path::PathBuf,
};

/// Rows of a run that are read at a time.
const READ_ROWS: usize = 2_048;

/// Rows of `N` bytes, ordered as their bytes are.
pub struct Sorter<const N: usize> {
    rows: Vec<[u8; N]>,
    most_rows: usize,
    folder: PathBuf,
    file: Option<File>,
    /// First row and number of rows of each run.
    runs: Vec<(u64, u64)>,
    written: u64,
}

impl<const N: usize> Sorter<N> {
    /// Keeps `memory_bytes` of rows; more go to a file in `folder`.
    pub fn new(folder: PathBuf, memory_bytes: usize) -> Self {
        let most_rows = memory_bytes / N;
        Self { rows: Vec::new(), most_rows, folder, file: None, runs: Vec::new(), written: 0 }
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
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.folder)?),
        };
        file.write_all(self.rows.as_flattened())?;
        let count = self.rows.len() as u64;
        self.runs.push((self.written, count));
        self.written += count;
        self.rows.clear();
        Ok(())
    }

    /// Hands over all rows in order.
    pub fn finish(mut self, mut take: impl FnMut([u8; N]) -> io::Result<()>) -> io::Result<()> {
        sort(&mut self.rows);
        let Some(file) = self.file else {
            return self.rows.into_iter().try_for_each(take);
        };
        let mut runs: Vec<_> = self
            .runs
            .iter()
            .map(|&(next, left)| Run { rows: Vec::new(), at: 0, next, left })
            .chain([Run { rows: self.rows, at: 0, next: 0, left: 0 }])
            .collect();
        let mut heap = BinaryHeap::new();
        for (i, run) in runs.iter_mut().enumerate() {
            heap.extend(run.next(&file)?.map(|row| Reverse((row, i))));
        }
        while let Some(Reverse((row, i))) = heap.pop() {
            heap.extend(runs[i].next(&file)?.map(|row| Reverse((row, i))));
            take(row)?;
        }
        Ok(())
    }
}

/// As the bytes are, eight of which are compared as one number.
fn sort<const N: usize>(rows: &mut [[u8; N]]) {
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

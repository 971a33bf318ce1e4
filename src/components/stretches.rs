//! Which rows of a table changed since it was last handed to the graphics card.

use std::ops::Range;

/// Rows closer together than this go up in one write: a write costs more than some hundred bytes.
const JOIN_ROWS: u32 = 16;
/// More stretches than this are not worth telling apart.
const MAX_STRETCHES: usize = 512;

#[derive(Clone, Debug, Default)]
pub struct Stretches(Vec<Range<u32>>);

impl Stretches {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn mark(&mut self, row: u32) {
        match self.0.last_mut() {
            Some(last) if row >= last.start && row < last.end => {}
            Some(last) if row == last.end => last.end += 1,
            _ => self.0.push(row..row + 1),
        }
    }

    /// Marks every row of a table of so many.
    pub fn mark_all(&mut self, rows: u32) {
        self.0.clear();
        if rows > 0 {
            self.0.push(0..rows);
        }
    }

    /// Stretches to upload of a table of so many rows, in order and apart. Returns how many rows they hold.
    pub fn take(&mut self, rows: u32, out: &mut Vec<Range<u32>>) -> u64 {
        out.clear();
        self.0.sort_unstable_by_key(|stretch| stretch.start);
        for stretch in self.0.drain(..) {
            let stretch = stretch.start..stretch.end.min(rows);
            if stretch.is_empty() {
                continue;
            }
            match out.last_mut() {
                Some(last) if stretch.start <= last.end + JOIN_ROWS => last.end = last.end.max(stretch.end),
                _ => out.push(stretch),
            }
        }
        if out.len() > MAX_STRETCHES
            && let (Some(first), Some(last)) = (out.first().cloned(), out.last().cloned())
        {
            out.clear();
            out.push(first.start..last.end);
        }
        out.iter().map(|stretch| u64::from(stretch.end - stretch.start)).sum()
    }
}

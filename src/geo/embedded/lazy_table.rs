//! Values by number that are made when first asked for and stay for as long as the table. Reading one takes no lock.

use std::sync::OnceLock;

/// Lines that get their memory together, when one of their values is asked for.
const LINES_PER_CHUNK: usize = 256;

/// As many values as fit into a cache line, so that reading one loads one line and not two.
#[derive(Debug)]
#[repr(align(64))]
struct Line<T, const PER_LINE: usize>([OnceLock<T>; PER_LINE]);

type Chunk<T, const PER_LINE: usize> = Box<[Line<T, PER_LINE>]>;

#[derive(Debug)]
pub struct LazyTable<T, const PER_LINE: usize> {
    chunks: Box<[OnceLock<Chunk<T, PER_LINE>>]>,
}

impl<T, const PER_LINE: usize> LazyTable<T, PER_LINE> {
    const PER_CHUNK: usize = LINES_PER_CHUNK * PER_LINE;

    /// Has room for values `0..len`, rounded up.
    pub fn new(len: usize) -> Self {
        const { assert!(size_of::<Line<T, PER_LINE>>() == 64, "not as many values as fit into a line") };
        Self { chunks: (0..len.div_ceil(Self::PER_CHUNK)).map(|_| OnceLock::new()).collect() }
    }

    /// Value `index`, made by `make` when nobody has asked for it before; `None` beyond the table's end.
    #[inline(always)]
    pub fn get_or_make(&self, index: usize, make: impl FnOnce() -> T) -> Option<&T> {
        let chunk = self.chunks.get(index / Self::PER_CHUNK)?;
        let chunk = chunk.get_or_init(Self::empty_chunk);
        let line = chunk.get(index % Self::PER_CHUNK / PER_LINE)?;
        Some(line.0[index % PER_LINE].get_or_init(make))
    }

    #[cold]
    fn empty_chunk() -> Chunk<T, PER_LINE> {
        (0..LINES_PER_CHUNK).map(|_| Line(std::array::from_fn(|_| OnceLock::new()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_and_lent_ever_after() {
        let table = LazyTable::<String, 2>::new(300);
        assert_eq!(table.get_or_make(299, || "first".to_owned()), Some(&"first".to_owned()));
        assert_eq!(table.get_or_make(299, || unreachable!()).map(String::as_str), Some("first"));
        assert_eq!(table.get_or_make(298, || "beside".to_owned()).map(String::as_str), Some("beside"));
        assert_eq!(table.get_or_make(0, || "other".to_owned()).map(String::as_str), Some("other"));
        assert_eq!(table.get_or_make(5_000, || unreachable!()), None);
    }
}

//! Values by number that are made when first asked for and stay for as long as the table. Reading one takes no lock.

use std::sync::OnceLock;

/// Values that get their memory together, when one of them is asked for.
const CHUNK: usize = 256;

/// A value in a cache line of its own, so that reading it loads one line and not two.
#[derive(Debug)]
#[repr(align(32))]
struct Slot<T>(OnceLock<T>);

type Chunk<T> = Box<[Slot<T>]>;

#[derive(Debug)]
pub struct LazyTable<T> {
    chunks: Box<[OnceLock<Chunk<T>>]>,
}

impl<T> LazyTable<T> {
    /// Has room for values `0..len`, rounded up.
    pub fn new(len: usize) -> Self {
        Self { chunks: (0..len.div_ceil(CHUNK)).map(|_| OnceLock::new()).collect() }
    }

    /// Value `index`, made by `make` when nobody has asked for it before; `None` beyond the table's end.
    #[inline(always)]
    pub fn get_or_make(&self, index: usize, make: impl FnOnce() -> T) -> Option<&T> {
        let chunk = self.chunks.get(index / CHUNK)?;
        let chunk = chunk.get_or_init(|| (0..CHUNK).map(|_| Slot(OnceLock::new())).collect());
        Some(chunk.get(index % CHUNK)?.0.get_or_init(make))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_and_lent_ever_after() {
        let table = LazyTable::new(300);
        assert_eq!(table.get_or_make(299, || "first".to_owned()), Some(&"first".to_owned()));
        assert_eq!(table.get_or_make(299, || unreachable!()).map(String::as_str), Some("first"));
        assert_eq!(table.get_or_make(0, || "other".to_owned()).map(String::as_str), Some("other"));
        assert_eq!(table.get_or_make(5_000, || unreachable!()), None);
    }
}

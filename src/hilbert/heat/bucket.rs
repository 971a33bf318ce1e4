//! The addresses of a /16 with their counts: a sorted list of those that were heard of, or, once they are many, a count
//! for each (as Roaring bitmaps do it: Chambi et al., Better bitmap performance with Roaring bitmaps, 2016).

use super::{Prefix, Seen};

/// A list gets no longer, so that putting one into it moves 16 KiB on average and takes less than a microsecond.
const MOST_LISTED: usize = 4_096;
const ALL: usize = 1 << 16;

#[derive(Clone, Copy, Debug)]
pub struct Entry {
    low: u16,
    count: u32,
}

#[derive(Clone, Debug)]
pub enum Bucket {
    Listed(Vec<Entry>),
    /// By the low half of the key.
    Full(Box<[u32]>),
}

impl Default for Bucket {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Bucket {
    /// Counts one so many times more; returns whether none was there, and how much was added below the limit of a count.
    pub fn add(&mut self, low: u16, count: u32) -> (bool, u32) {
        if count == 0 {
            return (false, 0);
        }
        let old = match self {
            Self::Full(counts) => &mut counts[usize::from(low)],
            Self::Listed(list) => match list.binary_search_by_key(&low, |entry| entry.low) {
                Ok(at) => &mut list[at].count,
                Err(_) if list.len() == MOST_LISTED => {
                    let mut counts = vec![0; ALL].into_boxed_slice();
                    list.iter().for_each(|entry| counts[usize::from(entry.low)] = entry.count);
                    counts[usize::from(low)] = count;
                    *self = Self::Full(counts);
                    return (true, count);
                }
                Err(at) => {
                    list.insert(at, Entry { low, count });
                    return (true, count);
                }
            },
        };
        let before = *old;
        *old = before.saturating_add(count);
        (before == 0, *old - before)
    }

    pub fn count(&self, low: u16) -> u32 {
        match self {
            Self::Full(counts) => counts[usize::from(low)],
            Self::Listed(list) => {
                list.binary_search_by_key(&low, |entry| entry.low).map_or(0, |at| list[at].count)
            }
        }
    }

    /// Those that lie in a block, in order. The block is in the /16, or the /16 in the block.
    pub fn counts(&self, block: Prefix) -> impl Iterator<Item = (u16, u32)> {
        let (first, last) = (block.first() as u16, block.last() as u16);
        let (listed, counts): (&[Entry], &[u32]) = match self {
            Self::Listed(list) => {
                let begin = list.partition_point(|entry| entry.low < first);
                let end = list.partition_point(|entry| entry.low <= last);
                (&list[begin..end], &[])
            }
            Self::Full(counts) => (&[], &counts[usize::from(first)..=usize::from(last)]),
        };
        let full =
            (first..=last).zip(counts).filter(|(_, count)| **count > 0).map(|(low, count)| (low, *count));
        listed.iter().map(|entry| (entry.low, entry.count)).chain(full)
    }

    /// What was seen of a block within the /16.
    pub fn within(&self, block: Prefix) -> Seen {
        let mut seen = Seen::default();
        for (_, count) in self.counts(block) {
            seen.count += u64::from(count);
            seen.addresses += 1;
        }
        seen
    }

    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Listed(list) => list.capacity() * size_of::<Entry>(),
            Self::Full(counts) => size_of_val(&**counts),
        }
    }
}

//! Addresses that were heard of, how often, and how bright that makes each cell of the square, ready for a view: levels of
//! ever coarser cells, cut into tiles, and which of them changed. What a tile looks like is the viewer's.
//!
//! A million random addresses take some 40 MB: the addresses as they are, and 22 MB of levels. A new one costs a
//! look-up among those of its /16 and a cell on each level, no matter how many there are.

mod bucket;
mod levels;
mod tile;

use super::{Orientation, Prefix};
use bucket::Bucket;
use levels::Levels;
pub use levels::log_level;
pub use tile::{COARSEST, FINEST, FINEST_KEPT, TILE_SIDE, Tile};

/// One for each block of so many bits.
const BUCKET_BITS: u8 = 16;
const BUCKETS: usize = 1 << BUCKET_BITS;
/// Keys of which the finest level that is kept has one cell: /24.
const NETWORK_BITS: u8 = 24;

/// How often which keys were counted.
///
/// A cell of order 16 down to 12, the /24, is as bright as all in it were counted ([`log_level`]); a coarser one is as
/// bright as the brightest /24 in it, so that none vanishes from afar.
#[derive(Clone, Debug)]
pub struct Heat {
    buckets: Box<[Bucket]>,
    levels: Levels,
    total: Seen,
}

/// What was seen of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    /// Sum of all counts.
    pub count: u64,
    /// How many keys have one.
    pub addresses: u64,
    /// In how many /24 these are.
    pub networks: u64,
}

/// Which changes a viewer has seen: everything is newer than the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Default for Heat {
    fn default() -> Self {
        let buckets = vec![Bucket::default(); BUCKETS].into_boxed_slice();
        Self { buckets, levels: Levels::default(), total: Seen::default() }
    }
}

impl Heat {
    /// All of them at once, in any order; of one that comes again the counts are added. Faster than one after the other.
    pub fn from_counts(counts: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut heat = Self::default();
        for (key, count) in counts {
            heat.put(key, count);
        }
        for (key, network) in networks(&heat.buckets, Prefix::ALL) {
            heat.levels.set(key, log_level(network.count));
            heat.total.networks += 1;
        }
        heat.levels.finish();
        heat
    }

    /// Counts a key so many times more, up to `u32::MAX`.
    pub fn add(&mut self, key: u32, count: u32) {
        if count == 0 {
            return;
        }
        let is_new = self.put(key, count);
        let network = self.bucket(key).within(Prefix::of(key, NETWORK_BITS));
        self.total.networks += u64::from(is_new && network.addresses == 1);
        self.levels.raise(key, log_level(network.count));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.buckets.fill_with(Bucket::default);
        self.levels.clear();
        self.total = Seen::default();
    }

    /// How often a key was counted.
    pub fn count(&self, key: u32) -> u32 {
        self.bucket(key).count(key as u16)
    }

    /// What was seen of a block. Of all at once without looking; otherwise all addresses in it are looked at.
    pub fn seen(&self, block: Prefix) -> Seen {
        if block == Prefix::ALL {
            return self.total;
        }
        let mut seen = Seen::default();
        for (_, network) in networks(&self.buckets, block) {
            seen.count += network.count;
            seen.addresses += network.addresses;
            seen.networks += 1;
        }
        seen
    }

    /// The keys in a block with their counts, in order.
    pub fn counts(&self, block: Prefix) -> impl Iterator<Item = (u32, u32)> {
        buckets_of(block).flat_map(move |at| {
            let high = (at as u32) << BUCKET_BITS;
            self.buckets[at].counts(block).map(move |(low, count)| (high | u32::from(low), count))
        })
    }

    /// The cells of a kept order, from [`COARSEST`] to [`FINEST_KEPT`], row by row, 2^order of 2^order.
    pub fn level(&self, order: u8) -> &[u8] {
        self.levels.of(order)
    }

    /// The brightness of a tile's cells, row by row.
    pub fn tile(&self, tile: Tile, cells: &mut [u8; TILE_SIDE * TILE_SIDE]) {
        if tile.order() <= FINEST_KEPT {
            self.levels.copy(tile, cells);
            return;
        }
        cells.fill(0);
        for (key, level) in self.cells(tile.block(), tile.order()) {
            let [x, y] = tile.cell(Orientation::Usual.cell(key));
            cells[y * TILE_SIDE + x] = level;
        }
    }

    /// The cells of an order from [`FINEST_KEPT`] to [`FINEST`] that are not dark, in a block of at least one: the first key
    /// and the brightness of each, along the curve.
    pub fn cells(&self, block: Prefix, order: u8) -> impl Iterator<Item = (u32, u8)> {
        let length = 2 * order.clamp(FINEST_KEPT, FINEST);
        let mut counts = self.counts(block).peekable();
        std::iter::from_fn(move || {
            let (key, count) = counts.next()?;
            let (cell, mut sum) = (Prefix::of(key, length), u64::from(count));
            while let Some((_, count)) = counts.next_if(|(key, _)| cell.contains(*key)) {
                sum += u64::from(count);
            }
            Some((cell.first(), log_level(sum)))
        })
    }

    /// The newest change of all.
    pub fn revision(&self) -> Revision {
        self.levels.revision()
    }

    /// The newest change of a tile: whoever saw it at an earlier one has an old picture.
    pub fn revision_of(&self, tile: Tile) -> Revision {
        self.levels.revision_of(tile)
    }

    /// The tiles of an order, from [`COARSEST`] to [`FINEST`], that changed since.
    pub fn changed_since(&self, since: Revision, order: u8) -> impl Iterator<Item = Tile> {
        Tile::all(order).filter(move |tile| self.revision_of(*tile) > since)
    }

    /// Bytes on the heap, but for what the allocator adds.
    pub fn heap_bytes(&self) -> usize {
        let buckets: usize = self.buckets.iter().map(Bucket::heap_bytes).sum();
        buckets + size_of_val(&*self.buckets) + self.levels.heap_bytes()
    }

    fn bucket(&self, key: u32) -> &Bucket {
        &self.buckets[(key >> BUCKET_BITS) as usize]
    }

    /// Into the bucket and the sum of all; returns whether the key is new.
    fn put(&mut self, key: u32, count: u32) -> bool {
        let (is_new, added) = self.buckets[(key >> BUCKET_BITS) as usize].add(key as u16, count);
        self.total.count += u64::from(added);
        self.total.addresses += u64::from(is_new);
        is_new
    }
}

impl Extend<(u32, u32)> for Heat {
    fn extend<I: IntoIterator<Item = (u32, u32)>>(&mut self, counts: I) {
        counts.into_iter().for_each(|(key, count)| self.add(key, count));
    }
}

/// Which buckets have keys of a block.
fn buckets_of(block: Prefix) -> std::ops::RangeInclusive<usize> {
    (block.first() >> BUCKET_BITS) as usize..=(block.last() >> BUCKET_BITS) as usize
}

/// The /24 of a block that have any address in it, each by its first key.
fn networks(buckets: &[Bucket], block: Prefix) -> impl Iterator<Item = (u32, Seen)> {
    buckets_of(block).flat_map(move |at| {
        let mut counts = buckets[at].counts(block).peekable();
        std::iter::from_fn(move || {
            let (low, count) = counts.next()?;
            let mut seen = Seen { count: count.into(), addresses: 1, networks: 1 };
            while let Some((_, count)) = counts.next_if(|(other, _)| other >> 8 == low >> 8) {
                seen.count += u64::from(count);
                seen.addresses += 1;
            }
            Some(((at as u32) << BUCKET_BITS | u32::from(low & 0xff00), seen))
        })
    })
}

#[cfg(test)]
mod tests;

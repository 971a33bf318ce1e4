//! Checksums of the image's blocks, which stand behind it in the cache file: whoever asks for little checks what the answer
//! is made of, and not 37 MB. Owns what has been checked; what to do where a block is damaged is the asker's.

use std::sync::atomic::{AtomicBool, Ordering};

use super::image::crc32;
use crate::geo::table::Watch;

/// An answer is made of some ten blocks, and the list of all checksums is checked too: with this size both take some
/// ten microseconds.
const BLOCK_BYTES: usize = 16 << 10;
const SUM_BYTES: usize = 4;

/// Bytes of the checksums of an image: one for each block, and one of these.
pub(super) fn bytes(image_bytes: u64) -> u64 {
    (image_bytes.div_ceil(BLOCK_BYTES as u64) + 1) * SUM_BYTES as u64
}

/// The checksums as they stand in the file.
pub(super) fn of_image(image: &[u8]) -> Vec<u8> {
    let mut sums: Vec<u8> = image.chunks(BLOCK_BYTES).flat_map(|block| crc32(block).to_le_bytes()).collect();
    sums.extend(crc32(&sums).to_le_bytes());
    sums
}

/// The checksums of a mapped image, and which of its blocks agree with them.
#[derive(Debug)]
pub(super) struct Blocks {
    sums: Box<[[u8; SUM_BYTES]]>,
    is_checked: Box<[AtomicBool]>,
    is_damaged: AtomicBool,
}

impl Blocks {
    /// `None` where the checksums are damaged themselves, or are those of an image of another size.
    pub fn new(sums: &[u8], image_bytes: usize) -> Option<Self> {
        let (sums, own) = sums.split_last_chunk()?;
        let (blocks, rest) = sums.as_chunks();
        let is_right = crc32(sums).to_le_bytes() == *own && rest.is_empty();
        (is_right && blocks.len() == image_bytes.div_ceil(BLOCK_BYTES)).then(|| Self {
            sums: blocks.into(),
            is_checked: blocks.iter().map(|_| AtomicBool::new(false)).collect(),
            is_damaged: AtomicBool::new(false),
        })
    }

    /// Whether a block that was looked at is not what it should be: nothing that was answered so far counts.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Relaxed)
    }

    /// Looks at parts of this image.
    pub fn watch<'a>(&'a self, image: &'a [u8]) -> Watching<'a> {
        Watching { blocks: self, image }
    }

    fn check(&self, image: &[u8], block: usize) {
        let (Some(sum), Some(is_checked)) = (self.sums.get(block), self.is_checked.get(block)) else {
            return self.is_damaged.store(true, Ordering::Relaxed);
        };
        if is_checked.load(Ordering::Relaxed) {
            return;
        }
        let from = block * BLOCK_BYTES;
        let bytes = image.get(from..image.len().min(from + BLOCK_BYTES)).unwrap_or_default();
        if crc32(bytes).to_le_bytes() == *sum {
            is_checked.store(true, Ordering::Relaxed);
        } else {
            self.is_damaged.store(true, Ordering::Relaxed);
        }
    }
}

pub(super) struct Watching<'a> {
    blocks: &'a Blocks,
    image: &'a [u8],
}

impl Watch for Watching<'_> {
    fn look(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let from = bytes.as_ptr().addr().wrapping_sub(self.image.as_ptr().addr());
        for block in from / BLOCK_BYTES..=from.saturating_add(bytes.len() - 1) / BLOCK_BYTES {
            self.blocks.check(self.image, block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Vec<u8> {
        (0..3 * BLOCK_BYTES + 100).map(|i| (i * 7 / 3) as u8).collect()
    }

    #[test]
    fn a_damaged_block_is_noticed_when_it_is_looked_at_and_not_before() {
        let mut image = image();
        let sums = of_image(&image);
        assert_eq!(sums.len() as u64, bytes(image.len() as u64));
        image[2 * BLOCK_BYTES + 5] ^= 1;
        let blocks = Blocks::new(&sums, image.len()).unwrap();
        let watch = blocks.watch(&image);
        watch.look(&image[..2 * BLOCK_BYTES]);
        watch.look(&image[3 * BLOCK_BYTES..]);
        watch.look(&image[2 * BLOCK_BYTES..2 * BLOCK_BYTES]);
        assert!(!blocks.is_damaged());
        watch.look(&image[2 * BLOCK_BYTES - 1..=2 * BLOCK_BYTES]);
        assert!(blocks.is_damaged());
    }

    #[test]
    fn damaged_checksums_are_none() {
        let sums = of_image(&image());
        for at in 0..sums.len() {
            let mut damaged = sums.clone();
            damaged[at] ^= 0x10;
            assert!(Blocks::new(&damaged, image().len()).is_none(), "byte {at}");
            assert!(Blocks::new(&sums[..at], image().len()).is_none(), "{at} bytes");
        }
        assert!(Blocks::new(&sums, image().len() + BLOCK_BYTES).is_none());
    }

    #[test]
    fn bytes_that_are_not_of_the_image_are_damage() {
        let image = image();
        let blocks = Blocks::new(&of_image(&image), image.len()).unwrap();
        blocks.watch(&image).look(b"elsewhere");
        assert!(blocks.is_damaged());
    }
}

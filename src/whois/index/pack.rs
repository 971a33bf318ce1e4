//! Packing and unpacking blocks of text. Who packs them is the importer's choice: here, or on threads of its own.

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Objects repeat each other's words so much that higher levels gain little and take several times as long.
const LEVEL: u32 = 1;

/// A block as it is written.
pub struct Packed {
    pub bytes: Vec<u8>,
    /// Length of the block before.
    pub unpacked_bytes: usize,
}

/// Packs blocks and gives them back in the order in which it got them, not necessarily at once.
pub trait Packer {
    /// Takes a block, and gives back the one whose turn it is, if it has too many.
    ///
    /// # Errors
    /// Where a block cannot be packed.
    fn pack(&mut self, block: Vec<u8>) -> io::Result<Option<Packed>>;

    /// Gives back the next one; `None` when there are none left.
    ///
    /// # Errors
    /// Where a block cannot be packed.
    fn finish(&mut self) -> io::Result<Option<Packed>>;
}

/// Packs each block at once.
pub struct BlockPacker(Compress);

impl Default for BlockPacker {
    fn default() -> Self {
        // With a checksum.
        Self(Compress::new(Compression::new(LEVEL), true))
    }
}

impl BlockPacker {
    /// # Errors
    /// Where the block cannot be packed.
    pub fn pack_block(&mut self, block: &[u8]) -> io::Result<Packed> {
        // Deflate grows what it cannot pack by some bytes in 16 kB.
        let mut bytes = Vec::with_capacity(block.len() + block.len() / 1_000 + 64);
        self.0.reset();
        if self.0.compress_vec(block, &mut bytes, FlushCompress::Finish)? != Status::StreamEnd {
            return Err(io::Error::other("a block could not be packed"));
        }
        Ok(Packed { bytes, unpacked_bytes: block.len() })
    }
}

impl Packer for BlockPacker {
    fn pack(&mut self, block: Vec<u8>) -> io::Result<Option<Packed>> {
        self.pack_block(&block).map(Some)
    }

    fn finish(&mut self) -> io::Result<Option<Packed>> {
        Ok(None)
    }
}

/// The block of this length that `bytes` begin with; `None` where they are damaged.
pub fn unpack(bytes: &[u8], unpacked_bytes: usize) -> Option<Vec<u8>> {
    let mut unpacked = Vec::with_capacity(unpacked_bytes);
    let status = Decompress::new(true).decompress_vec(bytes, &mut unpacked, FlushDecompress::Finish);
    (status.ok()? == Status::StreamEnd && unpacked.len() == unpacked_bytes).then_some(unpacked)
}

//! Packing and unpacking blocks of text. Who packs them is the importer's choice: here, or on threads of its own.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::deflate::Deflater;

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
#[derive(Default)]
pub struct BlockPacker(Deflater);

impl BlockPacker {
    /// # Errors
    /// Where the block has 4 GiB or more.
    pub fn pack_block(&mut self, block: &[u8]) -> io::Result<Packed> {
        if u32::try_from(block.len()).is_err() {
            return Err(io::Error::other("a block is too long to be packed"));
        }
        Ok(Packed { bytes: self.0.pack(block), unpacked_bytes: block.len() })
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

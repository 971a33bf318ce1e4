//! Texts of records, packed together in blocks: a query unpacks only the blocks it needs.
//!
//! A block, unpacked: for each record its length as a varint, and its bytes. A row of the table of blocks: where it
//! lies in the section, its first record, and its length when unpacked.

use std::{
    collections::VecDeque,
    io::{self, Write},
    mem,
};

use super::{
    pack::{self, Packed, Packer},
    pages::{Part, partition_point},
};

/// Larger blocks pack better, smaller ones are unpacked sooner. Bytes.
const BLOCK_BYTES: usize = 48 << 10;
/// More than a block can have: the largest object, and what came before it.
const MAX_BLOCK_BYTES: usize = 8 << 20;
pub const ROW_BYTES: usize = 16;

#[derive(Default)]
pub struct TextWriter {
    block: Vec<u8>,
    first_record: u32,
    records: u32,
    /// First records of the blocks that are being packed.
    in_work: VecDeque<u32>,
    written: u64,
    /// The table of blocks.
    pub rows: Vec<[u8; ROW_BYTES]>,
}

impl TextWriter {
    pub const fn next_record(&self) -> u32 {
        self.records
    }

    /// Number of the record.
    pub fn add(&mut self, text: &[u8], packer: &mut dyn Packer, output: &mut impl Write) -> io::Result<u32> {
        if self.block.len() >= BLOCK_BYTES {
            self.pack(packer, output)?;
        }
        let record = self.records;
        self.records = record.checked_add(1).ok_or_else(|| io::Error::other("more than 2^32 records"))?;
        put_varint(&mut self.block, text.len() as u64);
        self.block.extend_from_slice(text);
        Ok(record)
    }

    fn pack(&mut self, packer: &mut dyn Packer, output: &mut impl Write) -> io::Result<()> {
        let block = mem::replace(&mut self.block, Vec::with_capacity(2 * BLOCK_BYTES));
        self.in_work.push_back(mem::replace(&mut self.first_record, self.records));
        match packer.pack(block)? {
            Some(packed) => self.write(&packed, output),
            None => Ok(()),
        }
    }

    /// Writes all that is not written yet.
    pub fn finish(&mut self, packer: &mut dyn Packer, output: &mut impl Write) -> io::Result<()> {
        if !self.block.is_empty() {
            self.pack(packer, output)?;
        }
        while let Some(packed) = packer.finish()? {
            self.write(&packed, output)?;
        }
        Ok(())
    }

    fn write(&mut self, packed: &Packed, output: &mut impl Write) -> io::Result<()> {
        let more = || io::Error::other("more blocks were packed than there were");
        let first_record = self.in_work.pop_front().ok_or_else(more)?;
        output.write_all(&packed.bytes)?;
        let mut row = [0; ROW_BYTES];
        row[..8].copy_from_slice(&self.written.to_be_bytes());
        row[8..12].copy_from_slice(&first_record.to_be_bytes());
        row[12..].copy_from_slice(&(packed.unpacked_bytes as u32).to_be_bytes());
        self.rows.push(row);
        self.written += packed.bytes.len() as u64;
        Ok(())
    }
}

/// Number of the block that has a record.
pub fn block_of(blocks: Part, record: u32) -> Option<usize> {
    let is_before = |number| {
        let row = blocks.row::<ROW_BYTES>(number);
        row.is_some_and(|row| row[8..12] <= record.to_be_bytes()[..])
    };
    partition_point(blocks.len() / ROW_BYTES, is_before).checked_sub(1)
}

/// First record of a block, and its unpacked bytes; `None` where it is damaged.
pub fn unpack(text: Part, blocks: Part, block: usize) -> Option<(u32, Vec<u8>)> {
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    let start = |row: &[u8; ROW_BYTES]| usize::try_from(number(&row[..8])).ok();
    let row = blocks.row::<ROW_BYTES>(block)?;
    let is_last = (block + 1) * ROW_BYTES >= blocks.len();
    let end = if is_last { text.len() } else { start(blocks.row(block + 1)?)? };
    let (first, length) = (number(&row[8..12]) as u32, number(&row[12..]) as usize);
    if length > MAX_BLOCK_BYTES {
        return None;
    }
    Some((first, pack::unpack(text.get(start(row)?..end)?, length)?))
}

/// Text of the record that is `number` records behind the first of an unpacked block.
pub fn nth(mut block: &[u8], number: u32) -> Option<&[u8]> {
    for _ in 0..number {
        let length = take_varint(&mut block)?;
        block = block.get(usize::try_from(length).ok()?..)?;
    }
    let length = take_varint(&mut block)?;
    block.get(..usize::try_from(length).ok()?)
}

pub fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

pub fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

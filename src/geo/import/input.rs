//! Opens a file, plain or gzip (by its first bytes, not by its name), and shows its beginning before it is
//! read.

use std::{
    io::{self, BufReader, Cursor, Read},
    time::SystemTime,
};

use super::{error::ImportError, file::DataFile};
use crate::gzip;

/// Bytes looked at to tell the format: some hundred rows of any of them.
const HEAD_BYTES: u64 = 64 << 10;
/// The largest known table is 0.6 GB of text; more than this unpacked is a mistake or a bomb. Bytes.
const MAX_UNPACKED_BYTES: u64 = 4 << 30;

pub struct Input {
    /// The beginning of the unpacked file.
    pub head: Vec<u8>,
    /// Whether `head` is all of it.
    pub head_is_all: bool,
    pub modified: Option<SystemTime>,
    rest: Box<dyn Read>,
}

impl Input {
    pub fn open(file: &DataFile) -> Result<Self, ImportError> {
        let (reader, modified) = file.open()?;
        Self::unpacked(reader, modified).map_err(|source| ImportError::Io { path: file.shown(), source })
    }

    fn unpacked(mut file: Box<dyn Read>, modified: Option<SystemTime>) -> io::Result<Self> {
        let mut magic = Vec::new();
        file.by_ref().take(gzip::MAGIC.len() as u64).read_to_end(&mut magic)?;
        let packed = magic == gzip::MAGIC;
        let whole = Cursor::new(magic).chain(file);
        let unpacked: Box<dyn Read> =
            if packed { Box::new(gzip::Unpacked::new(BufReader::new(whole))) } else { Box::new(whole) };
        let mut rest = Limited { reader: unpacked, left: MAX_UNPACKED_BYTES };
        let mut head = Vec::new();
        rest.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        let head_is_all = (head.len() as u64) < HEAD_BYTES;
        Ok(Self { head, head_is_all, modified, rest: Box::new(rest) })
    }

    /// No text has zero bytes, and every MMDB search tree has.
    pub fn is_binary(&self) -> bool {
        self.head.contains(&0)
    }

    /// The unpacked file from its first byte.
    pub fn into_reader(self) -> impl Read {
        Cursor::new(self.head).chain(self.rest)
    }
}

/// Fails behind `left` bytes instead of ending there, so that nothing is cut off in silence.
struct Limited<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::other(format!("more than {} GiB when unpacked", MAX_UNPACKED_BYTES >> 30))
        })?;
        Ok(count)
    }
}

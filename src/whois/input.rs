//! Opens a file to import, plain or gzip by its first bytes, and reads it line by line in bounded memory. What the lines
//! mean is the parsers' business.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::Path,
    rc::Rc,
    time::SystemTime,
};

use flate2::bufread::MultiGzDecoder;

use super::error::WhoisError;

/// Bytes looked at to tell the kind: comment blocks before the first record have some thousand.
const HEAD_BYTES: u64 = 64 << 10;
/// The largest known dump has 6 GB of text; more than this unpacked is a mistake or a bomb. Bytes.
const MAX_UNPACKED_BYTES: u64 = 64 << 30;
/// The longest known line, a policy written in one piece, has some 100 kB. What is longer is cut, and said to be.
pub const MAX_LINE_BYTES: usize = 1 << 20;
/// Bytes read or unpacked at a time.
const BUFFER_BYTES: usize = 256 << 10;
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// A file that is being read.
pub struct Input {
    /// The beginning of the unpacked text.
    pub head: Vec<u8>,
    pub modified: Option<SystemTime>,
    /// Size as it lies on the disk, bytes.
    pub file_bytes: u64,
    /// Bytes read so far, of `file_bytes`.
    read_bytes: Rc<Cell<u64>>,
    rest: Box<dyn Read>,
}

impl Input {
    /// # Errors
    /// Where it cannot be read or is a zip file.
    pub fn open(path: &Path) -> Result<Self, WhoisError> {
        Self::read_head(path)
            .map_err(WhoisError::io(path))?
            .ok_or_else(|| WhoisError::Zip { path: path.into() })
    }

    fn read_head(path: &Path) -> io::Result<Option<Self>> {
        // Before opening: to open a pipe would wait for its writer.
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        let read_bytes = Rc::new(Cell::new(0));
        let mut file = Counted { reader: File::open(path)?, count: Rc::clone(&read_bytes) };
        let mut magic = Vec::new();
        file.by_ref().take(ZIP_MAGIC.len() as u64).read_to_end(&mut magic)?;
        if magic == ZIP_MAGIC {
            return Ok(None);
        }
        let packed = magic.starts_with(GZIP_MAGIC);
        let whole = Cursor::new(magic).chain(file);
        let unpacked: Box<dyn Read> = if packed {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, whole)))
        } else {
            Box::new(whole)
        };
        let mut rest = Limited { reader: unpacked, left: MAX_UNPACKED_BYTES };
        let mut head = Vec::new();
        rest.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        let (modified, file_bytes) = (metadata.modified().ok(), metadata.len());
        Ok(Some(Self { head, modified, file_bytes, read_bytes, rest: Box::new(rest) }))
    }

    /// The lines from the first one on.
    pub fn into_lines(self) -> Lines<impl BufRead> {
        let whole = Cursor::new(self.head).chain(self.rest);
        Lines { read_bytes: self.read_bytes, ..Lines::new(BufReader::with_capacity(BUFFER_BYTES, whole)) }
    }
}

/// Lines with their numbers.
pub struct Lines<R> {
    reader: R,
    /// Number of the last line that was read, from 1; 0 before the first.
    pub number: u64,
    /// Bytes of text so far.
    pub text_bytes: u64,
    read_bytes: Rc<Cell<u64>>,
}

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0, text_bytes: 0, read_bytes: Rc::default() }
    }

    /// Bytes of the file, as it lies on the disk, that have been read.
    pub fn read_bytes(&self) -> u64 {
        self.read_bytes.get()
    }

    /// Appends the next line without its end to `line`; `None` at the end of the text, and whether it was short
    /// enough to be whole otherwise.
    pub fn append_next(&mut self, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
        let start = line.len();
        let count = self.reader.by_ref().take(MAX_LINE_BYTES as u64).read_until(b'\n', line)?;
        if count == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.text_bytes += count as u64;
        let whole = count < MAX_LINE_BYTES || line.last() == Some(&b'\n');
        if !whole {
            self.text_bytes += self.reader.skip_until(b'\n')? as u64;
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if line.len() > start && line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(whole))
    }
}

struct Counted<R> {
    reader: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
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
        let gib = MAX_UNPACKED_BYTES >> 30;
        let too_long = || io::Error::other(format!("more than {gib} GiB when unpacked"));
        self.left = self.left.checked_sub(count as u64).ok_or_else(too_long)?;
        Ok(count)
    }
}

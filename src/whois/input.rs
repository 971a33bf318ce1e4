//! Opens a file to import, plain, gzip or in a zip file by its first bytes, and reads it line by line in bounded memory.
//! What the lines mean is the parsers' business.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    rc::Rc,
    time::SystemTime,
};

use super::{detect::EMPTY_ZIP, error::WhoisError, rpsl::decode};
use crate::{
    geo::date::Date,
    gzip,
    zip::{self, ZipError},
};

/// Bytes looked at to tell the kind: comment blocks before the first record have some thousand.
const HEAD_BYTES: u64 = 64 << 10;
/// The largest known dump has 6 GB of text; more than this unpacked is a mistake or a bomb. Bytes.
const MAX_UNPACKED_BYTES: u64 = 64 << 30;
/// The longest known line, a policy written in one piece, has some 100 kB. What is longer is cut, and said to be.
pub const MAX_LINE_BYTES: usize = 1 << 20;
/// Bytes read or unpacked at a time.
const BUFFER_BYTES: usize = 256 << 10;
/// Some editors write it before text in UTF-8, of which it is no part.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What is imported at a time: a file, or one of those in a zip file.
#[derive(Clone, Debug)]
pub struct Piece {
    pub path: PathBuf,
    pub entry: Option<zip::Entry>,
    /// Where it came from, which is told in place of the path.
    pub origin: Option<String>,
}

impl Piece {
    /// The file itself.
    pub fn file(path: &Path) -> Self {
        Self { path: path.into(), entry: None, origin: None }
    }

    /// All that is in a file: itself, or where it is a zip file what that holds.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn all(path: &Path) -> Result<Vec<Self>, WhoisError> {
        let entries =
            open_file(path).map_err(ZipError::Io).and_then(|mut file| zip::entries_if_zip(&mut file));
        let entries = entries.map_err(|source| match source {
            ZipError::Io(source) => WhoisError::Io { path: path.into(), source },
            source => WhoisError::Zip { path: path.into(), source },
        })?;
        let Some(entries) = entries else {
            return Ok(vec![Self::file(path)]);
        };
        if entries.is_empty() {
            return Err(WhoisError::NotKnown { path: path.into(), found: EMPTY_ZIP.to_owned() });
        }
        Ok(entries.into_iter().map(|entry| Self { entry: Some(entry), ..Self::file(path) }).collect())
    }

    /// The path as it is shown: a file in a zip file as if that were a folder.
    pub fn shown(&self) -> PathBuf {
        let path = self.origin.as_ref().map_or_else(|| self.path.clone(), PathBuf::from);
        self.entry.as_ref().map_or(path.clone(), |entry| entry.shown_in(&path))
    }

    pub fn file_name(&self) -> String {
        match &self.entry {
            Some(entry) => entry.file_name().to_owned(),
            // One that is no UTF-8 is of a time when each letter was a byte.
            None => decode(self.path.file_name().unwrap_or_default().as_bytes()).into_owned(),
        }
    }
}

/// Opens what is a file, or a link to one.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    // Before opening: to open a pipe would wait for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    File::open(path)
}

/// A file that is being read.
pub struct Input {
    /// The beginning of the unpacked text.
    pub head: Vec<u8>,
    modified: Option<SystemTime>,
    /// Size as it lies on the disk, bytes.
    pub file_bytes: u64,
    /// It is packed, with a sum of its text: what is read to its end is all that was packed.
    pub is_checked: bool,
    /// Bytes read so far, of `file_bytes`.
    read_bytes: Rc<Cell<u64>>,
    rest: Box<dyn Read>,
}

impl Input {
    /// # Errors
    /// Where it cannot be read.
    pub fn open(piece: &Piece) -> Result<Self, WhoisError> {
        let io = |source| WhoisError::Io { path: piece.shown(), source };
        let file = open_file(&piece.path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        let read_bytes = Rc::new(Cell::new(0));
        let counted = Counted { reader: file, count: Rc::clone(&read_bytes) };
        let (reader, file_bytes): (Box<dyn Read>, _) = match &piece.entry {
            None => (Box::new(counted), metadata.len()),
            Some(entry) => {
                let zip = |source| WhoisError::Zip { path: piece.shown(), source };
                (Box::new(zip::open(counted, entry).map_err(zip)?), entry.packed_bytes)
            }
        };
        let (head, rest, is_gzip) = Self::unpacked(reader).map_err(io)?;
        let is_checked = is_gzip || piece.entry.is_some();
        Ok(Self { head, modified: metadata.modified().ok(), file_bytes, is_checked, read_bytes, rest })
    }

    /// The day on which the file was last written, `YYYY-MM-DD`.
    pub fn modified_day(&self) -> Option<String> {
        self.modified.map(|time| Date::from_system_time(time).to_string())
    }

    /// Bytes that are in no file.
    ///
    /// # Errors
    /// Where their beginning cannot be unpacked.
    pub fn from_reader(reader: impl Read + 'static) -> io::Result<Self> {
        let (head, rest, is_checked) = Self::unpacked(Box::new(reader))?;
        Ok(Self { head, modified: None, file_bytes: 0, is_checked, read_bytes: Rc::default(), rest })
    }

    /// The beginning of the text, the rest of it, and whether it was gzip.
    fn unpacked(mut reader: Box<dyn Read>) -> io::Result<(Vec<u8>, Box<dyn Read>, bool)> {
        let mut magic = Vec::new();
        reader.by_ref().take(zip::MAGIC.len() as u64).read_to_end(&mut magic)?;
        if magic == zip::MAGIC {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a zip file in another; unpack it first"));
        }
        let is_gzip = magic.starts_with(gzip::MAGIC);
        let whole = Cursor::new(magic).chain(reader);
        let unpacked: Box<dyn Read> = if is_gzip {
            Box::new(gzip::Unpacked::new(BufReader::with_capacity(BUFFER_BYTES, whole)))
        } else {
            Box::new(whole)
        };
        let mut rest = Limited { reader: unpacked, left: MAX_UNPACKED_BYTES };
        let mut head = Vec::new();
        rest.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        if head.starts_with(BYTE_ORDER_MARK) {
            head.drain(..BYTE_ORDER_MARK.len());
        }
        Ok((head, Box::new(rest), is_gzip))
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
    /// The last line that was read had its end, which the last of a text may lack.
    pub is_ended: bool,
    read_bytes: Rc<Cell<u64>>,
}

impl<R: BufRead> Lines<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0, text_bytes: 0, is_ended: true, read_bytes: Rc::default() }
    }

    /// Bytes of the file, as it lies on the disk, that have been read.
    pub fn read_bytes(&self) -> u64 {
        self.read_bytes.get()
    }

    /// Appends the next line without its end to `line`; `None` at the end of the text, and whether it was short
    /// enough to be whole otherwise.
    pub fn append_next(&mut self, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
        let start = line.len();
        let count = self.append_until_end(line)?;
        if count == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.text_bytes += count as u64;
        let whole = count < MAX_LINE_BYTES || line.last() == Some(&b'\n');
        if !whole {
            self.text_bytes += self.reader.skip_until(b'\n')? as u64;
        }
        self.is_ended = line.last() == Some(&b'\n');
        if self.is_ended {
            line.pop();
        }
        if line.len() > start && line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(whole))
    }
}

impl<R: BufRead> Lines<R> {
    /// Appends up to the next line's end, that included, or the most bytes of a line; tells how many. As `read_until`
    /// does, which looks for the end with a slower search.
    fn append_until_end(&mut self, line: &mut Vec<u8>) -> io::Result<usize> {
        let mut count = 0;
        while count < MAX_LINE_BYTES {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let buffer = &buffer[..buffer.len().min(MAX_LINE_BYTES - count)];
            let end = memchr::memchr(b'\n', buffer);
            let taken = end.map_or(buffer.len(), |end| end + 1);
            line.extend_from_slice(&buffer[..taken]);
            self.reader.consume(taken);
            count += taken;
            if end.is_some() || taken == 0 {
                break;
            }
        }
        Ok(count)
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

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
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
        let too_long =
            || io::Error::new(io::ErrorKind::InvalidData, format!("more than {gib} GiB when unpacked"));
        self.left = self.left.checked_sub(count as u64).ok_or_else(too_long)?;
        Ok(count)
    }
}

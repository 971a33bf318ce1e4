//! Reads zip files: the list of what is in them, and one of these at a time, unpacked and checked. Owns the archive's
//! format as far as registries and vendors use it (stored and deflated, with the long forms for large files); what the
//! files in it mean is the parsers' business.
//!
//! Format: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

use std::{
    io::{self, BufReader, Read, Seek, SeekFrom, Take},
    path::{Path, PathBuf},
};

use flate2::{Crc, bufread::DeflateDecoder};
use thiserror::Error;

pub const MAGIC: &[u8] = b"PK\x03\x04";

/// An end record has 22 bytes, and a comment of up to 65,535 behind it.
const END_BYTES: usize = 22;
const MOST_END_BYTES: u64 = END_BYTES as u64 + u16::MAX as u64;
const LOCATOR_BYTES: usize = 20;
const LONG_END_BYTES: usize = 56;
const ENTRY_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;
/// Bytes of a list of files: a thousand times those of any known archive of tables.
const MOST_LIST_BYTES: u64 = 16 << 20;
/// Stands in a short field whose value is in the long form.
const LONG: u64 = u32::MAX as u64;
/// Bytes read at a time.
const BUFFER_BYTES: usize = 256 << 10;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ENCRYPTED: u16 = 1;

#[derive(Debug, Error)]
pub enum ZipError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the zip file is damaged: {0}")]
    Damaged(&'static str),
    #[error("{0} is encrypted")]
    Encrypted(String),
    #[error("{name} is packed by method {method}, which is neither stored nor deflated; unpack it first")]
    Method { name: String, method: u16 },
}

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As it stands there, folders included. Only ever shown: nothing is written under it.
    pub name: String,
    pub packed_bytes: u64,
    pub bytes: u64,
    crc32: u32,
    method: u16,
    flags: u16,
    /// Of its local header.
    offset: u64,
}

impl Entry {
    /// The name without its folders.
    pub fn file_name(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or_default()
    }

    /// The path as it is shown: as if the archive were a folder.
    pub fn shown_in(&self, archive: &Path) -> PathBuf {
        let plain = |c: char| if c.is_control() { '?' } else { c };
        // Not joined: a name that begins with a slash would stand alone.
        format!("{}/{}", archive.display(), self.name.chars().map(plain).collect::<String>()).into()
    }
}

/// As [`entries`]; `None` for anything but a zip file.
///
/// # Errors
/// As there.
pub fn entries_if_zip(file: &mut (impl Read + Seek)) -> Result<Option<Vec<Entry>>, ZipError> {
    let mut magic = Vec::new();
    file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic)?;
    if magic == MAGIC { entries(file).map(Some) } else { Ok(None) }
}

/// Files in an archive, in the order of its list; folders left out.
///
/// # Errors
/// Where it cannot be read, or its list is damaged.
pub fn entries(archive: &mut (impl Read + Seek)) -> Result<Vec<Entry>, ZipError> {
    let (offset, bytes) = list_place(archive)?;
    if bytes > MOST_LIST_BYTES {
        return Err(ZipError::Damaged("its list of files is longer than 16 MiB"));
    }
    let mut list = vec![0; bytes as usize];
    read_at(archive, offset, &mut list, "its list of files is cut off")?;
    let (mut entries, mut rest) = (Vec::new(), list.as_slice());
    while !rest.is_empty() {
        let entry = entry(&mut rest).ok_or(ZipError::Damaged("its list of files cannot be read"))?;
        if !entry.name.ends_with('/') {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// Opens a file of an archive. What is read ends with an error where length or checksum are not those of the list.
///
/// # Errors
/// Where it is packed in a way that is not known, or its header is damaged.
pub fn open<R: Read + Seek>(mut archive: R, entry: &Entry) -> Result<Checked<R>, ZipError> {
    if entry.flags & ENCRYPTED != 0 {
        return Err(ZipError::Encrypted(entry.name.clone()));
    }
    let mut header = [0; LOCAL_BYTES];
    read_at(&mut archive, entry.offset, &mut header, "it ends before one of its files")?;
    if !header.starts_with(MAGIC) {
        return Err(ZipError::Damaged("a file is not where its list says"));
    }
    let names = i64::from(u16_at(&header, 26)) + i64::from(u16_at(&header, 28));
    archive.seek(SeekFrom::Current(names))?;
    let packed = BufReader::with_capacity(BUFFER_BYTES, archive.take(entry.packed_bytes));
    let reader = match entry.method {
        STORED => Unpacking::Stored(packed),
        DEFLATED => Unpacking::Deflated(Box::new(DeflateDecoder::new(packed))),
        method => return Err(ZipError::Method { name: entry.name.clone(), method }),
    };
    Ok(Checked { reader, crc: Crc::new(), left: entry.bytes, crc32: entry.crc32 })
}

/// Where the list lies, and how many bytes it has.
fn list_place(archive: &mut (impl Read + Seek)) -> Result<(u64, u64), ZipError> {
    let length = archive.seek(SeekFrom::End(0))?;
    let tail_from = length.saturating_sub(MOST_END_BYTES + LOCATOR_BYTES as u64);
    let mut tail = vec![0; (length - tail_from) as usize];
    read_at(archive, tail_from, &mut tail, "it is cut off")?;
    let is_end = |bytes: &[u8]| {
        bytes.starts_with(b"PK\x05\x06") && END_BYTES + usize::from(u16_at(bytes, 20)) == bytes.len()
    };
    let end = (0..(tail.len() + 1).saturating_sub(END_BYTES)).rev().find(|&at| is_end(&tail[at..]));
    let end_at = end.ok_or(ZipError::Damaged("it is cut off"))?;
    let end = &tail[end_at..];
    let (bytes, offset) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
    if bytes != LONG && offset != LONG && u16_at(end, 10) != u16::MAX {
        return Ok((offset, bytes));
    }
    let locator = end_at.checked_sub(LOCATOR_BYTES).map(|at| &tail[at..end_at]);
    let locator = locator.filter(|locator| locator.starts_with(b"PK\x06\x07"));
    let Some(locator) = locator else {
        return Ok((offset, bytes));
    };
    let mut end = [0; LONG_END_BYTES];
    read_at(archive, u64_at(locator, 8), &mut end, "its long end record is not where it should be")?;
    if !end.starts_with(b"PK\x06\x06") {
        return Err(ZipError::Damaged("its long end record is not where it should be"));
    }
    Ok((u64_at(&end, 48), u64_at(&end, 40)))
}

/// Takes the next entry from a list.
fn entry(list: &mut &[u8]) -> Option<Entry> {
    let (fixed, rest) =
        list.split_at_checked(ENTRY_BYTES).filter(|(fixed, _)| fixed.starts_with(b"PK\x01\x02"))?;
    let (name, rest) = rest.split_at_checked(u16_at(fixed, 28).into())?;
    let (extra, rest) = rest.split_at_checked(u16_at(fixed, 30).into())?;
    let (_comment, rest) = rest.split_at_checked(u16_at(fixed, 32).into())?;
    *list = rest;
    let mut long = long_values(extra);
    let mut value = |at| {
        let short = u64::from(u32_at(fixed, at));
        if short == LONG { long.next().unwrap_or(short) } else { short }
    };
    // The order of the long form.
    let (bytes, packed_bytes, offset) = (value(24), value(20), value(42));
    Some(Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        packed_bytes,
        bytes,
        crc32: u32_at(fixed, 16),
        method: u16_at(fixed, 10),
        flags: u16_at(fixed, 8),
        offset,
    })
}

/// Values of the extra field that has the long form of the short ones.
fn long_values(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut found: &[u8] = &[];
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let Some((field, rest)) = rest.split_at_checked(u16_at(head, 2).into()) else { break };
        if u16_at(head, 0) == 1 {
            found = field;
        }
        extra = rest;
    }
    found.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}

fn read_at(
    archive: &mut (impl Read + Seek),
    offset: u64,
    bytes: &mut [u8],
    problem: &'static str,
) -> Result<(), ZipError> {
    archive.seek(SeekFrom::Start(offset))?;
    archive.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ZipError::Damaged(problem),
        _ => ZipError::Io(error),
    })
}

enum Unpacking<R> {
    Stored(BufReader<Take<R>>),
    Deflated(Box<DeflateDecoder<BufReader<Take<R>>>>),
}

/// A file of an archive on its way out of it.
pub struct Checked<R> {
    reader: Unpacking<R>,
    crc: Crc,
    /// Bytes that are still to come.
    left: u64,
    crc32: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.reader {
            Unpacking::Stored(reader) => reader.read(buffer)?,
            Unpacking::Deflated(reader) => reader.read(buffer)?,
        };
        self.crc.update(&buffer[..count]);
        let damaged = |problem| Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        match self.left.checked_sub(count as u64) {
            None => return damaged("a file in the zip file is longer than its list says"),
            Some(left) => self.left = left,
        }
        if count == 0 && !buffer.is_empty() {
            if self.left > 0 {
                return damaged("a file in the zip file is cut off");
            }
            if self.crc.sum() != self.crc32 {
                return damaged("a file in the zip file is damaged (checksum differs)");
            }
        }
        Ok(count)
    }
}

/// Numbers at a place that the caller has made sure of; 0 beyond the end.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

//! The header of an index file: where its sections lie, and what source it was made from.

use std::ops::Range;

use flate2::Crc;
use serde::{Deserialize, Serialize};

use crate::whois::{detect::Kind, rejects::Rejects};

pub const FILE_ENDING: &str = "whois";
/// Files that are being written begin so.
pub const TEMPORARY_PREFIX: &str = ".importing-";

pub const MAGIC: [u8; 8] = *b"CMPWHOIS";
/// Changes with any change of the format; files of other versions are refused.
pub const VERSION: u32 = 2;

/// Parts of the file behind the header.
#[derive(Clone, Copy)]
pub enum Section {
    Text,
    Blocks,
    Asns,
    Ipv4,
    Ipv6,
    Ids,
    Words,
    WordGroups,
    Meta,
    Sums,
}

const SECTIONS: usize = 10;
const CHECKED_AT: usize = MAGIC.len() + 4 + 4;
const SECTIONS_AT: usize = CHECKED_AT + 8;
pub const HEADER_BYTES: usize = SECTIONS_AT + 16 * SECTIONS;

/// Where sections lie: offset and length in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    pub file_bytes: u64,
    pub sections: [(u64, u64); SECTIONS],
}

impl Header {
    /// Where a section lies in the file; nowhere where that is too large for this machine.
    pub fn range(&self, which: Section) -> Range<usize> {
        let (offset, length) = self.sections[which as usize];
        let range = usize::try_from(offset).ok().zip(usize::try_from(offset + length).ok());
        range.map_or(0..0, |(from, to)| from..to)
    }

    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_be_bytes());
        bytes[CHECKED_AT..SECTIONS_AT].copy_from_slice(&self.file_bytes.to_be_bytes());
        for (place, (offset, length)) in bytes[SECTIONS_AT..].chunks_exact_mut(16).zip(self.sections) {
            place[..8].copy_from_slice(&offset.to_be_bytes());
            place[8..].copy_from_slice(&length.to_be_bytes());
        }
        let sum = checksum(&bytes[CHECKED_AT..]).to_be_bytes();
        bytes[12..CHECKED_AT].copy_from_slice(&sum);
        bytes
    }

    /// Whether a file that begins so is an index of another version of this program.
    pub fn is_of_other_version(bytes: &[u8]) -> bool {
        let version = bytes.strip_prefix(&MAGIC).and_then(<[u8]>::first_chunk);
        version.is_some_and(|version| *version != VERSION.to_be_bytes())
    }

    /// # Errors
    /// What is wrong with a file of `file_bytes` that begins so.
    pub fn from_bytes(bytes: &[u8], file_bytes: u64) -> Result<Self, &'static str> {
        let bytes = bytes.first_chunk::<HEADER_BYTES>().ok_or("the file is cut off")?;
        let u64_at = |at: usize| bytes[at..].first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        if bytes[..8] != MAGIC {
            return Err("this is no index");
        }
        if bytes[12..CHECKED_AT] != checksum(&bytes[CHECKED_AT..]).to_be_bytes() {
            return Err("the header is damaged");
        }
        let header = Self {
            file_bytes: u64_at(CHECKED_AT),
            sections: std::array::from_fn(|i| {
                (u64_at(SECTIONS_AT + 16 * i), u64_at(SECTIONS_AT + 16 * i + 8))
            }),
        };
        if header.file_bytes != file_bytes {
            return Err("the file is cut off");
        }
        let fits =
            |&(offset, length): &(u64, u64)| offset.checked_add(length).is_some_and(|end| end <= file_bytes);
        if !header.sections.iter().all(fits) {
            return Err("the header is damaged");
        }
        Ok(header)
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// What an index was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    pub kind: Kind,
    /// Names the source among all that are imported; another import of this name replaces this one.
    pub name: String,
    /// The file it came from, as it was named.
    pub file: String,
    /// The registry that the records name, in lower case; may be empty.
    pub registry: String,
    /// Date of the data as `YYYY-MM-DD`, where it is known.
    pub date: Option<String>,
    /// The data says so itself, or its file's name; else it is the day on which the file was last written, which a copy may
    /// have been long after.
    pub is_own_date: bool,
    /// Its maker's line before the records was there, of kinds that have one.
    pub has_header: bool,
    /// Day of the import as `YYYY-MM-DD`.
    pub imported: String,
    /// Bytes of the unpacked text.
    pub text_bytes: u64,
    pub records: u64,
    /// Records of kinds that are not kept.
    pub passed_over: u64,
    pub rejects: Rejects,
    /// What else is to be known, a sentence each.
    pub notes: Vec<String>,
}

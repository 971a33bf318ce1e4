//! An index file that is open: mapped, and asked for records. What is damaged of it gives no answer, never a panic or a wrong
//! one, and the index says so from then on.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use memmap2::Mmap;

use super::{
    header::{Header, Meta, Section},
    ids,
    pages::{Pages, Part},
    ranges::RangeRows,
    text, words,
};
use crate::whois::{
    error::WhoisError,
    input::open_file,
    keys::{IdKind, Range},
};

/// Unpacked blocks that are kept, of 48 kB each: a list of addresses asks for the same ones again and again.
const KEPT_BLOCKS: usize = 1_000;

/// An imported source.
pub struct Index {
    path: PathBuf,
    pages: Pages,
    header: Header,
    meta: Meta,
    /// By number: first record, and the bytes.
    unpacked: Mutex<HashMap<usize, Block>>,
}

type Block = (u32, Arc<[u8]>);

impl Index {
    /// # Errors
    /// Where the file cannot be read, is damaged, or is of another version.
    pub fn open(path: &Path) -> Result<Self, WhoisError> {
        let damaged = |problem| WhoisError::Damaged { path: path.into(), problem };
        let file = open_file(path).map_err(WhoisError::io(path))?;
        let file_bytes = file.metadata().map_err(WhoisError::io(path))?.len();
        if file_bytes == 0 {
            return Err(damaged("the file is empty"));
        }
        // SAFETY: the map is only read, through bounds-checked accesses that take any bytes. An import never changes a
        // file that is there: it renames another over it, and this one lives on until it is closed.
        let map = unsafe { Mmap::map(&file) }.map_err(WhoisError::io(path))?;
        if Header::is_of_other_version(&map) {
            return Err(WhoisError::OtherVersion { path: path.into() });
        }
        let header = Header::from_bytes(&map, file_bytes).map_err(damaged)?;
        let pages = Pages::new(map, header.range(Section::Sums));
        let meta = pages.part(header.range(Section::Meta));
        let meta = meta.get(0..meta.len()).and_then(|meta| serde_json::from_slice(meta).ok());
        let meta = meta.ok_or_else(|| damaged("what it was made from cannot be read"))?;
        Ok(Self { path: path.into(), pages, header, meta, unpacked: Mutex::default() })
    }

    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Size of the file, bytes.
    pub const fn file_bytes(&self) -> u64 {
        self.header.file_bytes
    }

    fn section(&self, which: Section) -> Part<'_> {
        self.pages.part(self.header.range(which))
    }

    /// Numbers of records whose ranges have something in common with this one, `most` at most, and how many there are beside
    /// these: those that cover its start first, the innermost before the others.
    pub fn in_range(&self, range: Range, most: usize) -> (Vec<u32>, u64) {
        let (which, width, first, last) = match range {
            Range::Asn(first, last) => (Section::Asns, 4, first.into(), last.into()),
            Range::V4(first, last) => (Section::Ipv4, 4, first.into(), last.into()),
            Range::V6(first, last) => (Section::Ipv6, 16, first, last),
        };
        RangeRows::new(self.section(which), width).meeting(first, last, most)
    }

    /// Number of ranges of AS numbers, IPv4 and IPv6.
    pub fn range_counts(&self) -> [usize; 3] {
        let count = |which, width| RangeRows::new(self.section(which), width).len();
        [count(Section::Asns, 4), count(Section::Ipv4, 4), count(Section::Ipv6, 16)]
    }

    /// Numbers of records that may have this id, `most` at most, and how many there are beside these; look at the record.
    pub fn with_id(&self, kind: IdKind, id: &str, most: usize) -> (Vec<u32>, u64) {
        ids::records(self.section(Section::Ids), kind, id, most)
    }

    /// Numbers of records with a name in which a word begins so, in order; look at the record.
    pub fn with_word(&self, beginning: &str) -> Vec<u32> {
        words::records(self.section(Section::Words), self.section(Section::WordGroups), beginning)
    }

    /// Text of a record; `None` where the file is damaged.
    pub fn record(&self, record: u32) -> Option<Vec<u8>> {
        let text = self.text(record);
        if text.is_none() {
            self.pages.set_damaged();
        }
        text
    }

    /// That something of it was asked for that is damaged: of what was answered, some may be missing.
    pub fn damage(&self) -> Option<WhoisError> {
        let problem = "it is damaged, and answers may lack some of it";
        self.pages.is_damaged().then(|| WhoisError::Damaged { path: self.path.clone(), problem })
    }

    /// Reads all of it, and tells what [`Self::damage`] does.
    pub fn check(&self) -> Option<WhoisError> {
        self.pages.are_whole();
        self.damage()
    }

    fn text(&self, record: u32) -> Option<Vec<u8>> {
        let block = text::block_of(self.section(Section::Blocks), record)?;
        let (first, bytes) = self.block(block)?;
        text::nth(&bytes, record.checked_sub(first)?).map(<[u8]>::to_vec)
    }

    fn block(&self, number: usize) -> Option<Block> {
        let mut kept = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = kept.get(&number) {
            return Some(block.clone());
        }
        let (first, bytes) =
            text::unpack(self.section(Section::Text), self.section(Section::Blocks), number)?;
        let block = (first, Arc::from(bytes));
        if kept.len() >= KEPT_BLOCKS {
            kept.clear();
        }
        kept.insert(number, Block::clone(&block));
        Some(block)
    }
}

//! Makes an index file: takes records one after the other, sorts what they are found by, and puts the file into place
//! when all of it is written.

use std::{
    fs::{File, Permissions},
    io::{self, BufWriter, Seek, Write},
    mem,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use tempfile::NamedTempFile;

use super::{
    header::{FILE_ENDING, HEADER_BYTES, Header, Meta, Section, TEMPORARY_PREFIX},
    ids,
    pack::Packer,
    pages::Summing,
    ranges::{RangeWriter, sort_row},
    sorter::Sorter,
    text::TextWriter,
    word_sorter::WordSorter,
    words::{WordWriter, word},
};
use crate::whois::keys::{self, Key, Range};

/// Rows that are sorted in memory before they go to a file, for each table: the largest dump fills some ten runs.
/// Bytes.
const SORT_BYTES: usize = 16 << 20;
/// The same of words: with more, they would only leave the cache of the processor. The largest dump fills some eighty.
const SORT_WORDS_BYTES: usize = 8 << 20;
const WRITE_BYTES: usize = 1 << 20;

pub struct IndexWriter<'a> {
    packer: &'a mut dyn Packer,
    output: Output,
    header: Header,
    text: TextWriter,
    asns: Sorter<12>,
    ipv4: Sorter<12>,
    ipv6: Sorter<36>,
    ids: Sorter<{ ids::ROW_BYTES }>,
    words: WordSorter,
    /// Whether they are kept.
    has_words: bool,
}

impl<'a> IndexWriter<'a> {
    /// Begins a file in `folder`; it is gone unless [`Self::finish`] is reached.
    pub fn new(folder: &Path, packer: &'a mut dyn Packer, has_words: bool) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        // As for any new file, the user's umask says who may read it.
        builder.prefix(TEMPORARY_PREFIX).permissions(Permissions::from_mode(0o666));
        let file = builder.tempfile_in(folder)?;
        let output = Output::new(file)?;
        Ok(Self {
            packer,
            output,
            header: Header::default(),
            text: TextWriter::default(),
            asns: Sorter::new(folder.into(), SORT_BYTES),
            ipv4: Sorter::new(folder.into(), SORT_BYTES),
            ipv6: Sorter::new(folder.into(), SORT_BYTES),
            ids: Sorter::new(folder.into(), SORT_BYTES),
            words: WordSorter::new(folder.into(), SORT_WORDS_BYTES),
            has_words,
        })
    }

    /// Adds a record; it can be found by the keys that are added with the number this gives.
    pub fn add(&mut self, text: &[u8]) -> io::Result<u32> {
        self.text.add(text, self.packer, &mut self.output)
    }

    /// Number that the next record will have.
    pub const fn next_record(&self) -> u32 {
        self.text.next_record()
    }

    /// Whether names are kept.
    pub const fn has_words(&self) -> bool {
        self.has_words
    }

    pub fn add_key(&mut self, record: u32, key: Key) -> io::Result<()> {
        match key {
            Key::Range(Range::Asn(start, end)) => {
                self.asns.push(sort_row(start.to_be_bytes(), end.to_be_bytes(), record))
            }
            Key::Range(Range::V4(start, end)) => {
                self.ipv4.push(sort_row(start.to_be_bytes(), end.to_be_bytes(), record))
            }
            Key::Range(Range::V6(start, end)) => {
                self.ipv6.push(sort_row(start.to_be_bytes(), end.to_be_bytes(), record))
            }
            Key::Id(kind, id) => self.ids.push(ids::row(kind, id, record)),
            Key::Name(_) if !self.has_words => Ok(()),
            // As below, without a text for each word.
            Key::Name(name) if name.is_ascii() => {
                let mut words = name.as_bytes().split(|byte| !byte.is_ascii_alphanumeric());
                words.try_for_each(|text| match text {
                    [] => Ok(()),
                    text => self.words.push(word(text), record),
                })
            }
            Key::Name(name) => {
                keys::words(name).try_for_each(|text| self.words.push(word(text.as_bytes()), record))
            }
        }
    }

    /// Writes the tables, and puts the file into `folder` in place of an older one of the same name.
    pub fn finish(self, folder: &Path, meta: &Meta) -> io::Result<()> {
        let Self { packer, mut output, mut header, mut text, asns, ipv4, ipv6, ids, words, .. } = self;
        let section = |header: &mut Header, which: Section, start: u64, output: &Output| {
            header.sections[which as usize] = (start, output.written - start);
        };
        text.finish(packer, &mut output)?;
        section(&mut header, Section::Text, HEADER_BYTES as u64, &output);
        let start = output.written;
        output.write_all(text.rows.as_flattened())?;
        section(&mut header, Section::Blocks, start, &output);
        for (which, sorter) in [(Section::Asns, asns), (Section::Ipv4, ipv4)] {
            let (start, mut rows) = (output.written, RangeWriter::new(4));
            sorter.finish(|row| rows.write(&row, &mut output))?;
            section(&mut header, which, start, &output);
        }
        let (start, mut rows) = (output.written, RangeWriter::new(16));
        ipv6.finish(|row| rows.write(&row, &mut output))?;
        section(&mut header, Section::Ipv6, start, &output);
        let start = output.written;
        ids.finish(|row| output.write_all(&row))?;
        section(&mut header, Section::Ids, start, &output);
        let (start, mut writer) = (output.written, WordWriter::default());
        words.finish(|word, record| writer.write(word, record, &mut output))?;
        writer.flush(&mut output)?;
        section(&mut header, Section::Words, start, &output);
        let start = output.written;
        output.write_all(writer.groups.as_flattened())?;
        section(&mut header, Section::WordGroups, start, &output);
        let start = output.written;
        output.write_all(&serde_json::to_vec(meta)?)?;
        section(&mut header, Section::Meta, start, &output);
        let (start, sums) = (output.written, mem::take(&mut output.summing).finish());
        output.write_all(&sums)?;
        section(&mut header, Section::Sums, start, &output);
        header.file_bytes = output.written;

        let mut file = output.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file_mut().rewind()?;
        file.write_all(&header.to_bytes())?;
        // What is renamed before it has reached the disk is empty after a power cut.
        file.as_file().sync_all()?;
        file.persist(folder.join(format!("{}.{FILE_ENDING}", meta.name)))?;
        File::open(folder)?.sync_all()
    }
}

/// A file that knows how much was written to it, and adds it up.
struct Output {
    file: BufWriter<NamedTempFile>,
    written: u64,
    summing: Summing,
}

impl Output {
    /// Leaves room for the header.
    fn new(file: NamedTempFile) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(WRITE_BYTES, file);
        file.write_all(&[0; HEADER_BYTES])?;
        Ok(Self { file, written: HEADER_BYTES as u64, summing: Summing::default() })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.written += count as u64;
        self.summing.add(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

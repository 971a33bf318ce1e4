//! Records by words of names, and by beginnings of words.
//!
//! Words are sorted, in groups whose first word is written in full; the others leave out what they share with the one
//! before. An entry: shared bytes, other bytes (each in a byte of length first), length of what follows, records as
//! varints of the steps between them. A second section tells where each group starts.

use std::io::{self, Write};

use super::{
    pages::{Part, partition_point},
    text::{put_varint, take_varint},
};

/// Longer words are cut; who asks looks at the record. Bytes.
pub const WORD_BYTES: usize = 20;
const GROUP_WORDS: usize = 32;

/// Filled up with zeros.
pub type Word = [u8; WORD_BYTES];

/// A word in ASCII may be in any case.
pub fn word(text: &[u8]) -> Word {
    let mut word = [0; WORD_BYTES];
    word.iter_mut().zip(text).for_each(|(byte, letter)| *byte = letter.to_ascii_lowercase());
    word
}

#[derive(Default)]
pub struct WordWriter {
    word: Word,
    before: Word,
    records: Vec<u8>,
    last_record: u32,
    words: usize,
    written: u64,
    /// Where groups start.
    pub groups: Vec<[u8; 8]>,
}

impl WordWriter {
    /// Takes words in order, and the records of each; what comes twice counts once.
    pub fn write(&mut self, word: &Word, record: u32, output: &mut impl Write) -> io::Result<()> {
        if self.word != *word {
            self.flush(output)?;
            self.word = *word;
        } else if record == self.last_record && !self.records.is_empty() {
            return Ok(());
        }
        put_varint(&mut self.records, (record - self.last_record).into());
        self.last_record = record;
        Ok(())
    }

    /// Writes the word that more records might follow.
    pub fn flush(&mut self, output: &mut impl Write) -> io::Result<()> {
        if self.records.is_empty() {
            return Ok(());
        }
        if self.words.is_multiple_of(GROUP_WORDS) {
            self.groups.push(self.written.to_be_bytes());
            self.before = [0; WORD_BYTES];
        }
        self.words += 1;
        let word = self.word.split(|&byte| byte == 0).next().unwrap_or_default();
        let shared = self.before.iter().zip(word).take_while(|(a, b)| a == b).count();
        let mut entry = vec![shared as u8, (word.len() - shared) as u8];
        entry.extend_from_slice(&word[shared..]);
        put_varint(&mut entry, self.records.len() as u64);
        output.write_all(&entry)?;
        output.write_all(&self.records)?;
        self.written += (entry.len() + self.records.len()) as u64;
        self.before = self.word;
        self.records.clear();
        self.last_record = 0;
        Ok(())
    }
}

/// Records with a word that begins so, sorted, each once.
pub fn records(words: Part, groups: Part, beginning: &str) -> Vec<u32> {
    let wanted = &beginning.as_bytes()[..beginning.len().min(WORD_BYTES)];
    let count = groups.len() / 8;
    let start = |group| usize::try_from(u64::from_be_bytes(*groups.row(group)?)).ok();
    let first_word = |group| {
        let from = start(group)?.checked_add(2)?;
        let length = words.get(from - 1..from)?.first()?;
        words.get(from..from.checked_add((*length).into())?)
    };
    let after = partition_point(count, |group| first_word(group).unwrap_or_default() < wanted);
    let mut found = Vec::new();
    for group in after.saturating_sub(1)..count {
        let end = if group + 1 < count { start(group + 1) } else { Some(words.len()) };
        let rest = start(group).zip(end).and_then(|(from, to)| words.get(from..to));
        if !add_records(rest.unwrap_or_default(), wanted, &mut found) {
            break;
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Adds those of a group's words that begin so; tells whether such words may follow.
fn add_records(mut group: &[u8], wanted: &[u8], found: &mut Vec<u32>) -> bool {
    let mut word = Vec::new();
    while let Some(mut records) = entry(&mut group, &mut word) {
        if word.starts_with(wanted) {
            let mut record = 0_u32;
            while let Some(step) = take_varint(&mut records) {
                record = record.wrapping_add(step as u32);
                found.push(record);
            }
        } else if word.as_slice() > wanted {
            return false;
        }
    }
    true
}

/// Reads an entry: its word, and its records.
fn entry<'a>(rest: &mut &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (&[shared, other], after) = rest.split_first_chunk()?;
    word.truncate(shared.into());
    let (suffix, mut after) = after.split_at_checked(other.into())?;
    word.extend_from_slice(suffix);
    let length = take_varint(&mut after)?;
    let (records, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(records)
}

#[cfg(test)]
mod tests {
    use super::{super::word_sorter::WordSorter, *};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_naive_scan(
            mut words in proptest::collection::vec(("[a-c]{1,4}|[a-z]{15,25}", 0..200_u32), 0..300),
            memory_bytes in prop_oneof![1..2_000_usize, Just(100_000)],
            asked in proptest::collection::vec("[a-c]{1,3}|[a-z]{1}", 20),
        ) {
            let (mut bytes, mut writer) = (Vec::new(), WordWriter::default());
            let folder = tempfile::tempdir().unwrap();
            let mut sorter = WordSorter::new(folder.path().to_owned(), memory_bytes);
            words.sort_by_key(|(_, record)| *record);
            words.iter().for_each(|(text, record)| sorter.push(word(text.as_bytes()), *record).unwrap());
            sorter.finish(|word, record| writer.write(word, record, &mut bytes)).unwrap();
            writer.flush(&mut bytes).unwrap();
            for beginning in asked {
                let scan = words.iter().filter(|(word, _)| word.starts_with(&beginning));
                let mut scan: Vec<_> = scan.map(|&(_, record)| record).collect();
                scan.sort();
                scan.dedup();
                let (words, groups) = (Part::of_bytes(&bytes), Part::of_bytes(writer.groups.as_flattened()));
                let found = records(words, groups, &beginning);
                prop_assert_eq!(found, scan);
            }
        }

        #[test]
        fn any_bytes_are_searched_without_a_panic(
            words in proptest::collection::vec(any::<u8>(), 0..200),
            groups in proptest::collection::vec(0..20_u8, 0..64),
        ) {
            records(Part::of_bytes(&words), Part::of_bytes(&groups), "a");
        }
    }
}

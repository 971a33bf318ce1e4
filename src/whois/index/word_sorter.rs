//! Sorts records by the words they have, in bounded memory. Some words repeat a lot: those that were met of late are known
//! by numbers, and only these words are sorted; then records are put in order by counting those of each.

use std::{io, mem, path::PathBuf};

use super::{
    sorter::{Runs, sort},
    words::{WORD_BYTES, Word},
};

/// A word, and a number behind it: its own, or in a file that of a record.
const ROW_BYTES: usize = WORD_BYTES + 4;
/// Words that are known by their numbers: with these they stay in the processor's own cache, and one that is forgotten
/// just gets another number.
const PLACES_BITS: u32 = 12;
/// Of a word: row, and records. Bytes.
const WORD_MEMORY: usize = ROW_BYTES + 8;

pub struct WordSorter {
    /// Each with its number.
    words: Vec<[u8; ROW_BYTES]>,
    /// Of each by number: its last record, and how many it has.
    records: Vec<(u32, u32)>,
    /// By hash: the whole of it, and the number.
    places: Vec<(u32, u32)>,
    /// Number of a word, and record.
    rows: Vec<(u32, u32)>,
    memory_bytes: usize,
    runs: Runs<ROW_BYTES>,
}

impl WordSorter {
    /// Keeps `memory_bytes` of words and records; more go to a file in `folder`.
    pub fn new(folder: PathBuf, memory_bytes: usize) -> Self {
        Self {
            words: Vec::new(),
            records: Vec::new(),
            places: vec![(0, 0); 1 << PLACES_BITS],
            rows: Vec::new(),
            memory_bytes,
            runs: Runs::new(folder),
        }
    }

    /// Records come in order.
    pub fn push(&mut self, word: Word, record: u32) -> io::Result<()> {
        let number = self.number(&word);
        let (last, count) = &mut self.records[number];
        if *count > 0 && *last == record {
            return Ok(());
        }
        (*last, *count) = (record, *count + 1);
        self.rows.push((number as u32, record));
        let taken = self.words.len() * WORD_MEMORY + self.rows.len() * 8;
        if taken >= self.memory_bytes { self.spill() } else { Ok(()) }
    }

    /// Number of a word, a new one where it was not met of late.
    fn number(&mut self, word: &Word) -> usize {
        let hash = hash(word);
        let (other, number) = &mut self.places[(hash >> (u32::BITS - PLACES_BITS)) as usize];
        if *other == hash && self.words.get(*number as usize).is_some_and(|row| word_of(row) == *word) {
            return *number as usize;
        }
        (*other, *number) = (hash, self.words.len() as u32);
        let number = self.words.len();
        self.words.push(row(word, number as u32));
        self.records.push((0, 0));
        number
    }

    fn spill(&mut self) -> io::Result<()> {
        let (words, records) = self.sorted();
        self.runs.add(in_order(&words, &records).map(|(word, record)| row(word, record)))
    }

    /// Words in order, each with how many records it has, and these one behind the other; none are left.
    fn sorted(&mut self) -> (Vec<[u8; ROW_BYTES]>, Vec<u32>) {
        let mut words = mem::take(&mut self.words);
        sort(&mut words);
        let mut records = vec![0; self.rows.len()];
        let mut start = 0;
        for row in &mut words {
            // From here on, where the next record of the word stands.
            let (next, count) = &mut self.records[number_of(row) as usize];
            *next = start;
            start += *count;
            row[WORD_BYTES..].copy_from_slice(&count.to_be_bytes());
        }
        for (number, record) in self.rows.drain(..) {
            let (next, _) = &mut self.records[number as usize];
            records[*next as usize] = record;
            *next += 1;
        }
        self.records.clear();
        self.places.fill((0, 0));
        (words, records)
    }

    /// Hands over all words in order, and the records of each; some of them twice.
    pub fn finish(mut self, mut take: impl FnMut(&Word, u32) -> io::Result<()>) -> io::Result<()> {
        if self.runs.is_empty() {
            let (words, records) = self.sorted();
            return in_order(&words, &records).try_for_each(|(word, record)| take(word, record));
        }
        self.spill()?;
        self.runs.merge(|row| take(&word_of(&row), number_of(&row)))
    }
}

fn in_order<'a>(
    words: &'a [[u8; ROW_BYTES]],
    mut records: &'a [u32],
) -> impl Iterator<Item = (&'a Word, u32)> {
    words.iter().flat_map(move |row| {
        let (own, others) = records.split_at(number_of(row) as usize);
        records = others;
        own.iter().map(move |&record| (row.first_chunk().unwrap_or(&[0; WORD_BYTES]), record))
    })
}

fn row(word: &Word, number: u32) -> [u8; ROW_BYTES] {
    let mut row = [0; ROW_BYTES];
    row[..WORD_BYTES].copy_from_slice(word);
    row[WORD_BYTES..].copy_from_slice(&number.to_be_bytes());
    row
}

fn word_of(row: &[u8; ROW_BYTES]) -> Word {
    std::array::from_fn(|i| row[i])
}

fn number_of(row: &[u8; ROW_BYTES]) -> u32 {
    row.last_chunk().map_or(0, |number| u32::from_be_bytes(*number))
}

/// Each eight bytes are multiplied by 2^64 over the golden ratio (Knuth), of which the upper half is mixed best.
fn hash(word: &Word) -> u32 {
    let eight = |at: usize| word[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
    let sum = [0, 8, WORD_BYTES - 8]
        .into_iter()
        .fold(0_u64, |sum, at| (sum ^ (sum >> 32) ^ eight(at)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (sum >> 32) as u32
}

//! Searches a packed file, which can be read forwards only: the last lines found are kept in a ring. A line that goes
//! over the end of what was unpacked at once is carried along, as much of it as is kept.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    ops::Range,
};

use flate2::bufread::MultiGzDecoder;
use memchr::{memchr, memrchr};

use super::{Progress, Search};

/// Packed bytes read at once.
const PACKED_BLOCK_BYTES: usize = 64 << 10;

/// The last lines found, each with the bytes that it was cut by. The oldest gives way.
pub(super) struct Last {
    lines: VecDeque<(Vec<u8>, u64)>,
    room: usize,
}

impl Last {
    pub fn new(room: usize) -> Self {
        Self { lines: VecDeque::new(), room }
    }

    pub fn newest_first(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.lines.iter().rev().map(|(line, cut_bytes)| (line.as_slice(), *cut_bytes))
    }

    fn push(&mut self, kept: &[u8], cut_bytes: u64) {
        // The memory of the line that gives way serves again.
        let mut line = if self.lines.len() < self.room {
            Vec::new()
        } else {
            self.lines.pop_front().map(|(line, _)| line).unwrap_or_default()
        };
        line.clear();
        line.extend_from_slice(kept);
        self.lines.push_back((line, cut_bytes));
    }
}

/// Puts into `last` the lines found. Ends early when the search is cancelled.
///
/// # Errors
/// Where reading or unpacking fails; what was found until there is in `last`.
pub(super) fn search(search: &Search, file: &File, last: &mut Last) -> io::Result<()> {
    let longest = search.bounds.longest_line_bytes;
    let packed = BufReader::with_capacity(PACKED_BLOCK_BYTES, Counted { file, progress: search.progress });
    let mut unpacked = BufReader::with_capacity(search.bounds.block_bytes, MultiGzDecoder::new(packed));
    let mut carried = Carried { kept: Vec::new(), length: 0, longest };
    let mut found = Vec::new();
    while last.room > 0 && !search.is_cancelled() {
        let text = match unpacked.fill_buf() {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let read = text.len();
        if read == 0 {
            carried.end(search, last);
            break;
        }
        let mut rest = text;
        if carried.length > 0 {
            let line_end = memchr(b'\n', text);
            carried.add(&text[..line_end.unwrap_or(read)]);
            rest = match line_end {
                Some(at) => {
                    carried.end(search, last);
                    &text[at + 1..]
                }
                None => &[],
            };
        }
        let (lines, begun) = rest.split_at(memrchr(b'\n', rest).map_or(0, |at| at + 1));
        search.wanted.lines_in(lines, longest, &mut found);
        for Range { start, end } in found.drain(..) {
            let kept = (end - start).min(longest);
            last.push(&lines[start..start + kept], (end - start - kept) as u64);
        }
        carried.add(begun);
        unpacked.consume(read);
    }
    Ok(())
}

/// A line whose end is not unpacked yet.
struct Carried {
    /// Its first bytes, `longest` at most.
    kept: Vec<u8>,
    /// Of all of it; 0 where none has begun.
    length: u64,
    longest: usize,
}

impl Carried {
    fn add(&mut self, piece: &[u8]) {
        let room = self.longest - self.kept.len();
        self.kept.extend_from_slice(&piece[..piece.len().min(room)]);
        self.length += piece.len() as u64;
    }

    fn end(&mut self, search: &Search, last: &mut Last) {
        if search.wanted.is_in(&self.kept) {
            last.push(&self.kept, self.length - self.kept.len() as u64);
        }
        self.kept.clear();
        self.length = 0;
    }
}

struct Counted<'a> {
    file: &'a File,
    progress: &'a Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.progress.add(read as u64);
        Ok(read)
    }
}

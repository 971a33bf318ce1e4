//! Cuts a dump into objects, in bounded memory: an object ends at an empty line; remarks of servers (`%`) and comments in
//! column 0 (`#`) belong to none. What an object says is not looked at.

use std::io::{self, BufRead};

use super::{attribute_name, continues};
use crate::whois::{
    input::Lines,
    rejects::{Rejects, quoted},
};

/// The largest known object, a set of some ten thousand networks, has half a megabyte. Bytes.
pub const MAX_OBJECT_BYTES: usize = 4 << 20;

/// Reads objects one after the other.
pub struct Objects<R> {
    lines: Lines<R>,
    /// The object's lines, each with its end; bytes as they are in the dump.
    pub object: Vec<u8>,
    /// Where its lines start.
    pub line_starts: Vec<usize>,
    /// Number of its first line.
    pub first_line: u64,
}

impl<R: BufRead> Objects<R> {
    pub fn new(lines: Lines<R>) -> Self {
        Self { lines, object: Vec::new(), line_starts: Vec::new(), first_line: 0 }
    }

    pub fn lines(&self) -> &Lines<R> {
        &self.lines
    }

    /// Reads the next object; `false` at the end of the dump. A line that is no attribute is rejected alone, an object
    /// that is too large as a whole.
    pub fn read_next(&mut self, rejects: &mut Rejects) -> io::Result<bool> {
        self.object.clear();
        self.line_starts.clear();
        let mut too_large = false;
        loop {
            let start = self.object.len();
            let Some(whole) = self.lines.append_next(&mut self.object)? else {
                return Ok(!self.object.is_empty());
            };
            let line = &self.object[start..];
            // Most lines are attributes, which no blank begins.
            if !line.first().is_some_and(u8::is_ascii_alphabetic) && line.trim_ascii().is_empty() {
                self.object.truncate(start);
                if !self.object.is_empty() {
                    return Ok(true);
                }
                too_large = false;
                continue;
            }
            let reason = match line[0] {
                b'%' | b'#' => {
                    self.object.truncate(start);
                    continue;
                }
                _ if too_large => {
                    self.object.truncate(start);
                    continue;
                }
                _ if !whole => Some("a line longer than 1 MiB"),
                _ if continues(line) => (start == 0).then_some("goes on with nothing"),
                _ => attribute_name(line).is_none().then_some("no attribute"),
            };
            if let Some(reason) = reason {
                rejects.add(self.lines.number, || format!("{reason}: {}", quoted(line)));
                self.object.truncate(start);
                continue;
            }
            if start == 0 {
                self.first_line = self.lines.number;
            }
            self.object.push(b'\n');
            self.line_starts.push(start);
            if self.object.len() > MAX_OBJECT_BYTES {
                rejects
                    .add(self.first_line, || format!("an object larger than {} MiB", MAX_OBJECT_BYTES >> 20));
                self.object.clear();
                self.line_starts.clear();
                too_large = true;
            }
        }
    }
}

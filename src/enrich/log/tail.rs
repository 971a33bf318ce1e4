//! From where a file of lines is read: the last checkpoint, looked for from the end; and its lines one by one, none
//! longer than ours can be.

use std::{
    fs::File,
    io::{self, BufRead, Read},
    os::unix::fs::FileExt,
};

use serde::Deserialize;

use crate::enrich::lines::CHECKPOINT_BEGINS;

/// Ours have under 16 KB: notes of an agent are the longest.
const LONGEST_LINE_BYTES: usize = 64 << 10;
/// A checkpoint's last line has half of that.
const LONGEST_CHECKPOINT_LINE_BYTES: usize = 256;
/// Of the file, looked through at once.
const BLOCK_BYTES: usize = 256 << 10;

/// The part of a file that says all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// Where it begins: with a checkpoint, or with the file.
    pub begins: u64,
    /// Of the checkpoint; 0 where there is none.
    pub checkpoint_bytes: u64,
}

#[derive(Deserialize)]
struct Mark {
    bytes: u64,
}

/// Looks for the last whole checkpoint.
pub fn find(file: &File, length: u64) -> io::Result<Tail> {
    // What begins in one block may end in the next.
    let mut block = vec![0; BLOCK_BYTES + CHECKPOINT_BEGINS.len() + 1];
    let mut end = length;
    while end > 0 {
        let begin = end.saturating_sub(BLOCK_BYTES as u64);
        let read = usize::try_from(length - begin).unwrap_or(usize::MAX).min(block.len());
        let text = &mut block[..read];
        file.read_exact_at(text, begin)?;
        let lines = text.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        for at in lines.filter(|at| text[*at..].starts_with(CHECKPOINT_BEGINS)) {
            if let Some(tail) = checkpoint(file, length, begin + at as u64)? {
                return Ok(tail);
            }
        }
        end = begin;
    }
    Ok(Tail::default())
}

/// The checkpoint whose last line begins at `at`, if that is one.
fn checkpoint(file: &File, length: u64, at: u64) -> io::Result<Option<Tail>> {
    let room = usize::try_from(length - at).unwrap_or(usize::MAX).min(LONGEST_CHECKPOINT_LINE_BYTES);
    let mut text = vec![0; room];
    file.read_exact_at(&mut text, at)?;
    let Some(end) = text.iter().position(|byte| *byte == b'\n') else {
        return Ok(None);
    };
    let Ok(Mark { bytes }) = serde_json::from_slice(&text[..end]) else {
        return Ok(None);
    };
    let Some(begins) = at.checked_sub(bytes) else {
        return Ok(None);
    };
    if begins > 0 {
        let mut before = [0];
        file.read_exact_at(&mut before, begins - 1)?;
        if before != *b"\n" {
            return Ok(None);
        }
    }
    Ok(Some(Tail { begins, checkpoint_bytes: bytes + end as u64 + 1 }))
}

/// What the file has next; lengths are those in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    Line(u64),
    /// It is passed over.
    TooLong(u64),
    /// The file ends, before or after some of a line began.
    Torn,
}

/// Reads a line, its end left out. Of one that is too long or torn it gives the beginning.
pub fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Piece> {
    line.clear();
    let mut bytes = reader.by_ref().take(LONGEST_LINE_BYTES as u64).read_until(b'\n', line)? as u64;
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        return Ok(Piece::Line(bytes));
    }
    loop {
        let waiting = reader.fill_buf()?;
        let (passed, is_end) = match waiting.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (waiting.len(), false),
        };
        if passed == 0 {
            return Ok(Piece::Torn);
        }
        reader.consume(passed);
        bytes += passed as u64;
        if is_end {
            return Ok(Piece::TooLong(bytes));
        }
    }
}

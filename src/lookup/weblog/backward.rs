//! Searches a plain file from its end. A block is read, the lines that begin in it are searched, and the next block ends
//! where the first of them began: the piece of a line before it is read again, and nothing is carried along.

use std::{fs::File, io, ops::Range, os::unix::fs::FileExt};

use memchr::{memchr, memrchr};
use rustix::fs::{Advice, fadvise};

use super::Search;

/// Gives `take` at most `room` lines of the first `length` bytes, the last first, and how many bytes each was cut by.
/// Ends early when the search is cancelled.
///
/// # Errors
/// Where reading fails; `UnexpectedEof` if the file is shorter by now.
pub(super) fn search(
    search: &Search,
    file: &File,
    length: u64,
    mut room: usize,
    take: &mut impl FnMut(&[u8], u64),
) -> io::Result<()> {
    let longest = search.bounds.longest_line_bytes;
    let mut block = vec![0; search.bounds.block_bytes];
    let mut found = Vec::new();
    let mut end = length;
    while end > 0 && room > 0 && !search.is_cancelled() {
        let begin = read_before(search, file, end, &mut block)?;
        let text = &block[..as_size(end - begin)];
        // The line end that may be the block's last byte ends the last line, and begins none.
        let first =
            if begin == 0 { Some(0) } else { memchr(b'\n', &text[..text.len() - 1]).map(|at| at + 1) };
        let Some(first) = first else {
            let has_end = text.ends_with(b"\n");
            search.progress.add(end - begin);
            let Some(line_begin) = line_begin(search, file, begin, &mut block)? else {
                break;
            };
            let line = line_begin..end - u64::from(has_end);
            end = line_begin;
            room -= usize::from(search_long(search, file, line, take)?);
            continue;
        };
        let lines = &text[first..];
        search.wanted.lines_in(lines, longest, &mut found);
        for Range { start, end } in found.drain(..).rev().take(room) {
            let kept = (end - start).min(longest);
            take(&lines[start..start + kept], (end - start - kept) as u64);
            room -= 1;
        }
        end = begin + first as u64;
        search.progress.add(lines.len() as u64);
    }
    Ok(())
}

/// Fills `block` with what lies before `end`, at the file's beginning less. Says where it begins.
fn read_before(search: &Search, file: &File, end: u64, block: &mut [u8]) -> io::Result<u64> {
    let size = search.bounds.block_bytes as u64;
    let begin = end.saturating_sub(size);
    // The kernel reads ahead only forwards by itself. Advice that is not taken changes nothing.
    if let Some(next) = std::num::NonZeroU64::new(begin.min(size)) {
        let _ = fadvise(file, begin - next.get(), Some(next), Advice::WillNeed);
    }
    file.read_exact_at(&mut block[..as_size(end - begin)], begin)?;
    Ok(begin)
}

/// Where the line begins that goes on at `end`, none of whose bytes there matter. `None` when the search is cancelled.
fn line_begin(search: &Search, file: &File, mut end: u64, block: &mut [u8]) -> io::Result<Option<u64>> {
    while end > 0 {
        if search.is_cancelled() {
            return Ok(None);
        }
        let begin = read_before(search, file, end, block)?;
        if let Some(at) = memrchr(b'\n', &block[..as_size(end - begin)]) {
            let line_begin = begin + at as u64 + 1;
            search.progress.add(end - line_begin);
            return Ok(Some(line_begin));
        }
        search.progress.add(end - begin);
        end = begin;
    }
    Ok(Some(0))
}

/// Searches a line that is longer than a block. Says whether it was taken.
fn search_long(
    search: &Search,
    file: &File,
    line: Range<u64>,
    take: &mut impl FnMut(&[u8], u64),
) -> io::Result<bool> {
    let length = line.end - line.start;
    let mut kept = vec![0; as_size(length.min(search.bounds.longest_line_bytes as u64))];
    file.read_exact_at(&mut kept, line.start)?;
    let is_taken = search.wanted.is_in(&kept);
    if is_taken {
        take(&kept, length - kept.len() as u64);
    }
    Ok(is_taken)
}

/// Of what is no longer than a block or a line.
fn as_size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

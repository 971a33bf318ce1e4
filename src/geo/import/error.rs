//! What can be wrong with a foreign file. One broken file is one error, and gives no table.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::zip::ZipError;

#[derive(Debug, Error)]
pub enum ImportError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Zip { path: PathBuf, source: ZipError },
    /// Reading broke off in the middle of a text, as with a damaged gzip stream.
    #[error("{}, after line {line}: {source}", path.display())]
    CutOff { path: PathBuf, line: u64, source: io::Error },
    /// Lines count from 1.
    #[error("{}, line {line}: expected {expected}, found {found}", path.display())]
    Line { path: PathBuf, line: u64, expected: String, found: String },
    /// Byte `offset` counts from the start of the unpacked file.
    #[error("{}, byte {offset}: {problem}", path.display())]
    Byte { path: PathBuf, offset: usize, problem: String },
    #[error("{}: expected {expected}, found {found}", path.display())]
    NotATable { path: PathBuf, expected: &'static str, found: String },
}

/// Longest piece of a file that a message quotes, in characters: enough to find it, short enough for one
/// line.
const QUOTE_CHARACTERS: usize = 60;

/// Bytes of a file as a message shows them.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    match text.char_indices().nth(QUOTE_CHARACTERS) {
        Some((cut, _)) => format!("{:?}...", &text[..cut]),
        None => format!("{text:?}"),
    }
}

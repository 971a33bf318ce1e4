//! What can go wrong with a file that is imported, and with an index that is opened. What is wrong with single records
//! of a file is no error; see `rejects`.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::zip::ZipError;

#[derive(Debug, Error)]
pub enum WhoisError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Reading or writing broke off after a line of the text.
    #[error("{}, after line {line}: {source}", path.display())]
    CutOff { path: PathBuf, line: u64, source: io::Error },
    #[error("{}: {source}", path.display())]
    Zip { path: PathBuf, source: ZipError },
    #[error("{}: not a delegated file, an as-org2info or an RPSL dump: {found}", path.display())]
    NotKnown { path: PathBuf, found: String },
    /// A file of a known kind without one record that could be used: nothing is replaced by it.
    #[error("{}: none of its {rejected} records can be used; {first}", path.display())]
    NoRecords { path: PathBuf, rejected: u64, first: String },
    #[error("{}: {problem}; import its source again", path.display())]
    Damaged { path: PathBuf, problem: &'static str },
    #[error("{}: another import is running in this folder", path.display())]
    Busy { path: PathBuf },
    #[error("{}: interrupted; what was imported before stays as it was", path.display())]
    Cancelled { path: PathBuf },
}

impl WhoisError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }
}

//! What can go wrong with a file that is imported, and with an index that is opened. What is wrong with single records
//! of a file is no error; see `rejects`.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::zip::ZipError;

/// What becomes of a file that has lost some of its records.
const STAYS: &str = "nothing is replaced, and --force imports it all the same";

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
    /// Files one behind the other, of one registry or of several.
    #[error(
        "{}: several files in one, of {of}: each is to be imported by itself, and the second begins in line {line}",
        path.display()
    )]
    SeveralFiles { path: PathBuf, of: String, line: u64 },
    /// A file of a known kind without one record that could be used: nothing is replaced by it.
    #[error("{}: none of its {rejected} records can be used; {first}", path.display())]
    NoRecords { path: PathBuf, rejected: u64, first: String },
    /// Nothing is replaced by it, as by the next ones up to [`Self::OtherRegistry`].
    #[error("{}: cut off: it has {found} records, and says that there are {told}; {STAYS}", path.display())]
    Incomplete { path: PathBuf, found: u64, told: u64 },
    #[error("{}: cut off: {problem}; {STAYS}", path.display())]
    Cut { path: PathBuf, problem: &'static str },
    #[error(
        "{}: only {records} of its {found} records can be used, and {kept} are kept ({first}); {STAYS}",
        path.display()
    )]
    Spoilt { path: PathBuf, records: u64, found: u64, kept: u64, first: String },
    /// Its first lines are of one registry, and its records of another.
    #[error(
        "{}: its first lines say that it is of {registry}, and {count} of its {records} records are of {other}; {STAYS}",
        path.display()
    )]
    Mislabelled { path: PathBuf, registry: String, other: String, count: u64, records: u64 },
    #[error(
        "{}: it has {records} records, less than half of the {kept} that are kept as {name:?}; {STAYS}",
        path.display()
    )]
    FarFewer { path: PathBuf, records: u64, name: String, kept: u64 },
    /// It comes after a later one that was of no use.
    #[error(
        "{}: of {date}, and what is kept as {name:?} is of {kept}: it is replaced by an older one only where that is \
         imported alone",
        path.display()
    )]
    Older { path: PathBuf, date: String, name: String, kept: String },
    /// What is kept under the name that this is imported by is another registry's.
    #[error("{}: it is {kind}, and what is kept as {name:?} is {kept}; {STAYS}", path.display())]
    OtherRegistry { path: PathBuf, name: String, kind: String, kept: String },
    #[error("{}: {name:?} is no name for what is imported: it wants letters or digits", path.display())]
    NoName { path: PathBuf, name: String },
    /// The name is for another kind of file or another registry, whatever is kept.
    #[error("{}: the name {name:?} is for {owner}, and this is {kind}: give another with --as", path.display())]
    NameTaken { path: PathBuf, name: String, kind: String, owner: String },
    #[error("{}: {problem}; import its source again", path.display())]
    Damaged { path: PathBuf, problem: &'static str },
    #[error("{}: made by another version of this program; import its source again", path.display())]
    OtherVersion { path: PathBuf },
    /// Nobody can say whether what is kept is worth more than what comes.
    #[error("{}: nothing is replaced, as what is kept cannot be read: {}: {source}", path.display(), kept.display())]
    KeptUnread { path: PathBuf, kept: PathBuf, source: io::Error },
    #[error("{}: another import is running in this folder", path.display())]
    Busy { path: PathBuf },
    #[error("{}: interrupted; what was imported before stays as it was", path.display())]
    Cancelled { path: PathBuf },
}

impl WhoisError {
    /// Whether the file itself is at fault, and would be again: not the disk, nor what this machine lets the program do.
    pub fn is_of_file(&self) -> bool {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match self {
            Self::NotKnown { .. }
            | Self::SeveralFiles { .. }
            | Self::NoRecords { .. }
            | Self::Mislabelled { .. }
            | Self::Incomplete { .. }
            | Self::Cut { .. }
            | Self::Spoilt { .. }
            | Self::FarFewer { .. }
            | Self::Older { .. }
            | Self::OtherRegistry { .. } => true,
            Self::Zip { source: ZipError::Io(source), .. }
            | Self::Io { source, .. }
            | Self::CutOff { source, .. } => {
                // What unpacks a file says so; the system's errors have numbers.
                source.raw_os_error().is_none()
                    && matches!(source.kind(), InvalidData | InvalidInput | UnexpectedEof)
            }
            Self::Zip { .. } => true,
            Self::NoName { .. }
            | Self::NameTaken { .. }
            | Self::Damaged { .. }
            | Self::OtherVersion { .. }
            | Self::KeptUnread { .. }
            | Self::Busy { .. }
            | Self::Cancelled { .. } => false,
        }
    }

    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::Io { path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_machine_does_wrong_is_not_the_files_fault() {
        let cut_off = |source| WhoisError::CutOff { path: "x".into(), line: 1, source };
        // EIO, ENOENT, EACCES, EINVAL, EMFILE, ENOSPC, EROFS
        for number in [5, 2, 13, 22, 24, 28, 30] {
            assert!(!cut_off(io::Error::from_raw_os_error(number)).is_of_file(), "{number}");
        }
        // As a temporary file tells it, with its path and no number.
        let kind = io::Error::from_raw_os_error(24).kind();
        assert!(!cut_off(io::Error::new(kind, "too many open files")).is_of_file());
        assert!(!cut_off(io::Error::other("a thread has ended")).is_of_file());
        for kind in [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput, io::ErrorKind::UnexpectedEof] {
            assert!(cut_off(kind.into()).is_of_file(), "{kind}");
        }
        assert!(WhoisError::NotKnown { path: "x".into(), found: String::new() }.is_of_file());
        assert!(!WhoisError::Cancelled { path: "x".into() }.is_of_file());
    }
}

//! What can be wrong with one of a log's files.

use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;

#[derive(Debug, Error)]
pub enum Problem {
    #[error("{}: there is no such file", .0.display())]
    Missing(PathBuf),
    #[error("{}: permission denied; logs are often readable for root or a group such as adm only", .0.display())]
    NotPermitted(PathBuf),
    #[error("{}: a directory, not a log", .0.display())]
    Directory(PathBuf),
    /// A pipe, a socket or a device.
    #[error("{}: not a file", .0.display())]
    NotAFile(PathBuf),
    /// What was found before that place is kept.
    #[error("{}: damaged gzip file: {source}", path.display())]
    DamagedGzip { path: PathBuf, source: io::Error },
    #[error("{}: packed in another way than gzip, and not searched", .0.display())]
    OtherPacking(PathBuf),
    #[error("{}: became shorter while it was read", .0.display())]
    Shortened(PathBuf),
    #[error("{}: has {left_out} more rotated files than the {searched} newest, which are searched", path.display())]
    TooMany { path: PathBuf, searched: usize, left_out: usize },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl Problem {
    pub(super) fn of(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing(path),
            io::ErrorKind::PermissionDenied => Self::NotPermitted(path),
            io::ErrorKind::UnexpectedEof => Self::Shortened(path),
            _ => Self::Io { path, source },
        }
    }

    pub(super) fn of_gzip(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            // What flate2 says of contents; the rest comes from the disk.
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                Self::DamagedGzip { path: path.to_owned(), source }
            }
            _ => Self::of(path, source),
        }
    }
}

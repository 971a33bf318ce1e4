//! Opens one file of a log, and tells whether it is packed: by its first bytes, not by its name.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use rustix::fs::OFlags;

use super::Problem;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

pub(super) struct LogFile {
    pub path: Arc<Path>,
    pub file: File,
    /// Bytes when it was opened; what is written later is not searched.
    pub length: u64,
    pub is_packed: bool,
    /// Device and inode: the same under any name.
    pub identity: (u64, u64),
}

impl LogFile {
    /// # Errors
    /// If there is none, it may not be read, or it is no regular file; a name in `.gz` also if the contents are no gzip.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        // To open a pipe would else wait for its writer.
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
        let file = opened.map_err(|error| Problem::of(path, error))?;
        let data = file.metadata().map_err(|error| Problem::of(path, error))?;
        if data.is_dir() {
            return Err(Problem::Directory(path.to_owned()));
        }
        if !data.is_file() {
            return Err(Problem::NotAFile(path.to_owned()));
        }
        let mut magic = [0; GZIP_MAGIC.len()];
        let is_packed = match file.read_exact_at(&mut magic, 0) {
            Ok(()) => magic == GZIP_MAGIC,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(error) => return Err(Problem::of(path, error)),
        };
        if !is_packed && path.extension().is_some_and(|extension| extension == "gz") {
            let source = io::Error::new(io::ErrorKind::InvalidData, "does not begin as one");
            return Err(Problem::DamagedGzip { path: path.to_owned(), source });
        }
        let identity = (data.dev(), data.ino());
        Ok(Self { path: path.into(), file, length: data.len(), is_packed, identity })
    }
}

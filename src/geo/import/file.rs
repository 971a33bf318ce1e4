//! A file that may be a table: one on disk, or one in a zip file there. Owns which files a zip file has, how one is shown,
//! and opening it.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{error::ImportError, folder};
use crate::zip;

/// Files in a zip file. The largest known archive of tables has 13, most of them names in other languages.
const MOST_FILES: usize = 100;
/// Bytes of all files in a zip file when unpacked: those of the largest known have 0.5 GB.
const MOST_BYTES: u64 = 4 << 30;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// On disk.
    path: PathBuf,
    entry: Option<zip::Entry>,
}

impl DataFile {
    pub fn on_disk(path: PathBuf) -> Self {
        Self { path, entry: None }
    }

    /// The file itself, or all that is in it where it is a zip file: by name, hidden ones left out.
    pub fn all(path: &Path) -> Result<Vec<Self>, ImportError> {
        let zip = |source| ImportError::Zip { path: path.to_owned(), source };
        let mut file =
            open_on_disk(path).map_err(|source| ImportError::Io { path: path.to_owned(), source })?;
        let Some(mut entries) = zip::entries_if_zip(&mut file).map_err(zip)? else {
            return Ok(vec![Self::on_disk(path.to_owned())]);
        };
        entries.retain(|entry| folder::is_looked_at(entry.file_name()));
        if entries.len() > MOST_FILES {
            return Err(not_unpacked(path, format!("{} files", entries.len())));
        }
        let bytes = entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.bytes));
        if bytes > MOST_BYTES {
            return Err(not_unpacked(path, format!("more than {} GiB when unpacked", MOST_BYTES >> 30)));
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries.into_iter().map(|entry| Self { path: path.to_owned(), entry: Some(entry) }).collect())
    }

    pub fn is_in_zip(&self) -> bool {
        self.entry.is_some()
    }

    /// The other files in the same folder, or in the same zip file.
    pub fn others(&self) -> Vec<Self> {
        let all = match &self.entry {
            Some(_) => Self::all(&self.path).unwrap_or_default(),
            None => {
                let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let paths = folder::files(folder.unwrap_or(Path::new("."))).unwrap_or_default();
                paths.into_iter().map(Self::on_disk).collect()
            }
        };
        all.into_iter().filter(|file| file != self).collect()
    }

    /// The path as it is shown: a zip file as if it were a folder.
    pub fn shown(&self) -> PathBuf {
        self.entry.as_ref().map_or_else(|| self.path.clone(), |entry| entry.shown_in(&self.path))
    }

    /// Whether it is an error where this is no table.
    pub fn is_meant_as_data(&self) -> bool {
        folder::is_meant_as_data(&self.path)
            && self.entry.as_ref().is_none_or(|entry| folder::is_meant_as_data(Path::new(entry.file_name())))
    }

    /// The file from its first byte, and when it was last modified; of one in a zip file, when that was.
    pub fn open(&self) -> Result<(Box<dyn Read>, Option<SystemTime>), ImportError> {
        let io = |source| ImportError::Io { path: self.shown(), source };
        let file = open_on_disk(&self.path).map_err(io)?;
        let modified = file.metadata().map_err(io)?.modified().ok();
        let reader: Box<dyn Read> = match &self.entry {
            None => Box::new(file),
            Some(entry) => {
                let zip = |source| ImportError::Zip { path: self.shown(), source };
                Box::new(zip::open(file, entry).map_err(zip)?)
            }
        };
        Ok((reader, modified))
    }
}

fn open_on_disk(path: &Path) -> io::Result<File> {
    // Before opening: to open a pipe would wait for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    File::open(path)
}

fn not_unpacked(path: &Path, found: String) -> ImportError {
    ImportError::NotATable {
        path: path.to_owned(),
        expected: "a zip file of tables",
        found: format!("one with {found}: unpack what you need of it"),
    }
}

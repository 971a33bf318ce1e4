//! One program records into a history at a time. Who does holds a lock (`flock`) on a file beside it, which goes with the
//! program however that ends.
//!
//! The lock is not on the database itself: closing a second handle of that file would give up the locks that SQLite holds
//! on it, and a damaged one is renamed while the lock is to stay.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::aside::beside;

/// What the lock's file is called: the history's name and this.
const LOCK_END: &str = "-lock";

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("{} records into it; this one shows what happens without recording it, and goes on when the other has ended", other(*.0))]
    Taken(Option<u32>),
    #[error("it cannot be locked against other programs: {0}")]
    Io(#[from] io::Error),
}

fn other(process: Option<u32>) -> String {
    let number = process.map(|process| format!(" (process {process})")).unwrap_or_default();
    format!("another connmapperl{number}")
}

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock of a history, under whatever name that is reached.
    ///
    /// # Errors
    /// When another program has it, or there is no place for it.
    pub fn take(history: &Path) -> Result<Self, LockError> {
        let history = fs::canonicalize(history).unwrap_or_else(|_| history.to_owned());
        let path = beside(&history, LOCK_END);
        let mut file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Whoever holds it may be about to write its number: then it stays unnamed.
                let _ = Read::by_ref(&mut file).take(16).read_to_string(&mut text);
                return Err(LockError::Taken(text.trim().parse().ok()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // For whoever comes second. A full disk keeps nobody from recording.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { file, path })
    }

    /// Whether others come to the same file: it may have been deleted, or its folder moved.
    pub fn is_in_place(&self) -> bool {
        let name = |file: fs::Metadata| (file.dev(), file.ino());
        match (self.file.metadata(), fs::metadata(&self.path)) {
            (Ok(held), Ok(there)) => name(held) == name(there),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_at_a_time_and_the_other_is_told_who() {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path().join("history.sqlite");
        let first = Lock::take(&history).unwrap();
        let said = Lock::take(&history).unwrap_err().to_string();
        assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
        drop(first);
        drop(Lock::take(&history).unwrap());
        fs::write(&history, "").unwrap();
        std::os::unix::fs::symlink(&history, folder.path().join("other name")).unwrap();
        let first = Lock::take(&history).unwrap();
        assert!(Lock::take(&folder.path().join("other name")).is_err());
        fs::remove_file(&first.path).unwrap();
        assert!(!first.is_in_place() && Lock::take(&history).unwrap().is_in_place());
        assert!(matches!(Lock::take(&folder.path().join("none/history.sqlite")), Err(LockError::Io(_))));
    }
}

//! A file that cannot be read any more is put aside under another name, with what belongs to it. It is never deleted:
//! tools may still find something in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::geo::date::Date;

/// A file whose name begins like that of `path` and goes on with `end`.
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Renames the file and its journals. Returns its new name.
///
/// # Errors
/// When it cannot be renamed.
pub fn set_aside(path: &Path, unix_millis: i64) -> io::Result<PathBuf> {
    let date = Date::from_system_time(
        std::time::UNIX_EPOCH + std::time::Duration::from_millis(unix_millis.unsigned_abs()),
    );
    let mut aside = beside(path, &format!(".damaged-{date}"));
    let mut again = 1;
    while aside.exists() {
        again += 1;
        aside = beside(path, &format!(".damaged-{date}-{again}"));
    }
    fs::rename(path, &aside)?;
    for journal in ["-wal", "-shm"] {
        match fs::rename(beside(path, journal), beside(&aside, journal)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}

//! What the agent keeps on this machine from one run to the next: the number of a machine that has none of its own.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::identity::{ID_BYTES, hexadecimal, random_u64};

/// One line: the number in hexadecimal digits.
const ID_FILE: &str = "agent-id";
/// The file's only line, and one byte by which a longer one is told.
const MOST_FILE_BYTES: u64 = 2 * ID_BYTES as u64 + 2;
/// Nobody else's business, as everything there (XDG Base Directory Specification).
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("there is no folder for it, since neither HOME nor STATE_DIRECTORY is set")]
    NoFolder,
    #[error("cannot write {path}: {error}")]
    Write { path: PathBuf, error: io::Error },
}

/// The number in the first of these folders that has one. Where none has, `drawn` is left in the first that takes it.
///
/// # Errors
/// Where none takes it: why the first does not.
pub fn kept_id(folders: &[PathBuf], drawn: [u8; ID_BYTES]) -> Result<[u8; ID_BYTES], StateError> {
    let mut paths = folders.iter().map(|folder| folder.join(ID_FILE));
    if let Some(id) = paths.clone().find_map(|path| read(&path)) {
        return Ok(id);
    }
    let written = |path: PathBuf| write(&path, drawn).map_err(|error| StateError::Write { path, error });
    match paths.next().map(written) {
        None => Err(StateError::NoFolder),
        Some(Ok(())) => Ok(drawn),
        Some(Err(error)) => {
            if paths.any(|path| written(path).is_ok()) {
                Ok(drawn)
            } else {
                Err(error)
            }
        }
    }
}

/// `None` where there is no such file, and where a file is none.
fn read(path: &Path) -> Option<[u8; ID_BYTES]> {
    let mut text = String::new();
    File::open(path).ok()?.take(MOST_FILE_BYTES).read_to_string(&mut text).ok()?;
    hexadecimal(text.trim_end())
}

/// The whole file or none, whatever happens meanwhile.
fn write(path: &Path, id: [u8; ID_BYTES]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    let unfinished = folder.join(format!(".{ID_FILE}-{:016x}", random_u64()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&unfinished)?;
    let line: String = id.iter().map(|byte| format!("{byte:02x}")).chain(["\n".to_owned()]).collect();
    let written = file
        .write_all(line.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // It may be the disk that is full; then at least this is not left there.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_was_drawn_first_stays() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("state/connmapperl");
        let folders = [folder.clone()];
        assert_eq!(kept_id(&folders, [7; ID_BYTES]).unwrap(), [7; ID_BYTES]);
        let path = folder.join(ID_FILE);
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(kept_id(&folders, [8; ID_BYTES]).unwrap(), [7; ID_BYTES]);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written);
        // Nothing else is left there.
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        for damage in ["", "07", "x", &"0".repeat(33), &"+7".repeat(16)] {
            fs::write(folder.path().join(ID_FILE), damage).unwrap();
            assert_eq!(kept_id(&folders, [7; ID_BYTES]).unwrap(), [7; ID_BYTES], "{damage:?}");
            assert_eq!(kept_id(&folders, [8; ID_BYTES]).unwrap(), [7; ID_BYTES], "{damage:?}");
        }
    }

    #[test]
    fn the_first_folder_that_takes_it_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good");
        // Nobody makes a folder in there, not even root.
        let folders = [PathBuf::from("/proc/connmapperl"), good.clone()];
        assert_eq!(kept_id(&folders, [7; ID_BYTES]).unwrap(), [7; ID_BYTES]);
        assert!(good.join(ID_FILE).exists());
        assert_eq!(kept_id(&folders, [8; ID_BYTES]).unwrap(), [7; ID_BYTES]);
    }

    #[test]
    fn where_nothing_is_kept_it_is_told_why() {
        let told = kept_id(&["/proc/connmapperl".into()], [7; ID_BYTES]).unwrap_err().to_string();
        assert!(told.starts_with("cannot write /proc/connmapperl/agent-id: "), "{told}");
        assert!(kept_id(&[], [7; ID_BYTES]).unwrap_err().to_string().contains("STATE_DIRECTORY"));
    }
}

//! Files for nobody's eyes but their owner's, whole or not at all: written beside their place, brought to the disk, then
//! put there in one step.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, fchown},
    path::Path,
};

use tempfile::NamedTempFile;

/// Written and on the disk, but not at its place yet.
pub struct Prepared(NamedTempFile);

/// Writes `bytes` beside `path`; nobody else may read it from the first moment on.
pub fn prepare(path: &Path, bytes: &[u8]) -> io::Result<Prepared> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Mode 0600 is what it makes files with.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(Prepared(file))
}

impl Prepared {
    /// With the owner of what is there now, where that is permitted: root may change a file for the user whose it is.
    pub fn owned_like(self, path: &Path) -> Self {
        if let Ok(there) = fs::metadata(path) {
            // Whoever may not is nearly always the owner.
            let _ = fchown(self.0.as_file(), Some(there.uid()), Some(there.gid()));
        }
        self
    }

    /// Puts it in its place, over whatever is there.
    pub fn put(self, path: &Path) -> io::Result<()> {
        self.0.persist(path).map_err(|error| error.error)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

/// A folder that only its owner may look into, where there is none yet.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// All of a file, or `None` where there is none.
///
/// # Errors
/// Also where it is longer than `most` bytes.
pub fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!("it is longer than {most} bytes")));
    }
    Ok(Some(bytes))
}

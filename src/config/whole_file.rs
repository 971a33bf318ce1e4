//! A file of the user's that is replaced as a whole: what reads it sees all of the old one or all of the new one.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, BufWriter, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// Mode of a new file for its owner's eyes alone.
pub const OWN: u32 = 0o600;
/// Mode of a new file that others may read.
pub const SHARED: u32 = 0o644;

/// As [`replace`], for what is remembered: the folder is made if need be.
pub(super) fn keep(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    replace(path, OWN, write)
}

/// Writes a file by its name. One that is there keeps its permissions; a link stays a link, and what it leads to is replaced;
/// what is no file (a pipe, a device) is written to.
///
/// # Errors
/// When it cannot be written; then the old one is as it was.
pub fn replace(
    path: &Path,
    mode_if_new: u32,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&target).ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        let mut device = BufWriter::new(OpenOptions::new().write(true).open(&target)?);
        write(&mut device)?;
        return device.flush();
    }
    let permissions =
        before.map_or_else(|| Permissions::from_mode(mode_if_new), |before| before.permissions());
    // On the file system of the target, or it could not take its place.
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Otherwise it would be the new file's name that is told, which nobody knows.
    fs::metadata(folder)?;
    let file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder)?;
    let mut file = BufWriter::new(file);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(target)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all_and_a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real/file"), folder.path().join("config/file"));
        keep(&real, |file| file.write_all(b"one")).unwrap();
        let mode = || fs::metadata(&real).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), OWN);
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, SHARED, |file| file.write_all(b"two")).unwrap();
        assert_eq!(mode(), 0o640, "as it was");
        assert_eq!(fs::read(&real).unwrap(), b"two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let failed = replace(&link, SHARED, |file| {
            file.write_all(b"thr")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&real).unwrap(), b"two");
        assert_eq!(fs::read_dir(real.parent().unwrap()).unwrap().count(), 1, "nothing is left half written");
    }
}

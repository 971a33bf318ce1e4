//! A file of the user's that is replaced as a whole: what reads it sees all of the old one or all of the new one.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
};

/// Writes a file by its name, whose folder is made if need be. A link stays a link, and what it leads to is replaced.
///
/// # Errors
/// When it cannot be written; then the old one is as it was.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    // On the file system of the target, or it could not take its place.
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = BufWriter::new(tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?);
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
        replace(&real, |file| file.write_all(b"one")).unwrap();
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, |file| file.write_all(b"two")).unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let failed = replace(&link, |file| {
            file.write_all(b"thr")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&real).unwrap(), b"two");
        assert_eq!(fs::read_dir(real.parent().unwrap()).unwrap().count(), 1, "nothing is left half written");
    }
}

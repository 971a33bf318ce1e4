//! The secret as a running agent keeps it: read at the start, and once more when what stands in its place has changed.
//! What a secret is, and what its file must be like, is `secret`'s business.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::PathBuf,
};

use super::secret::{Secret, SecretError};

/// A secret, and where it came from.
#[derive(Clone, Debug)]
pub struct KeptSecret {
    secret: Secret,
    /// Where it is looked for, first to last; none where it cannot change.
    files: Vec<SecretFile>,
    /// Which of them was read last.
    at: usize,
    /// What stood there then; `None` where it is to be read in any case.
    read: Option<Found>,
    /// What stood there at the last look.
    seen: Option<Found>,
    /// Why it could not be read last time, as it was told.
    told: Option<String>,
}

/// A place of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile {
    pub path: PathBuf,
    /// The folder keeps others out.
    pub is_guarded: bool,
}

impl SecretFile {
    fn read(&self) -> Result<Secret, SecretError> {
        Secret::from_file(&self.path, self.is_guarded)
    }
}

/// What a look finds, by what the kernel changes whenever a file changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// A pipe or a device: opening it might take for ever, and what it said is gone.
    Stream,
    File {
        device_and_inode: (u64, u64),
        bytes: u64,
        /// Seconds and nanoseconds.
        changed: (i64, i64),
    },
}

/// What came of reading it again.
#[derive(Debug)]
pub enum Renewed {
    /// The secret is the same, and there is nothing to tell.
    Same,
    Another,
    /// There is none to be had, so the one before stays.
    Kept(SecretError),
}

impl KeptSecret {
    /// One that cannot change: of the environment.
    pub const fn fixed(secret: Secret) -> Self {
        Self { secret, files: Vec::new(), at: 0, read: None, seen: None, told: None }
    }

    /// From this file and no other.
    ///
    /// # Errors
    /// Where it holds no secret.
    pub fn from_file(file: SecretFile) -> Result<Self, SecretError> {
        Self::from_nth(vec![file], 0)
    }

    /// From the first of these files that there is; `None` where there is none.
    ///
    /// # Errors
    /// Where that one holds no secret.
    pub fn from_first_of(files: Vec<SecretFile>) -> Result<Option<Self>, SecretError> {
        match first(&files) {
            None => Ok(None),
            Some((at, _)) => Self::from_nth(files, at).map(Some),
        }
    }

    fn from_nth(files: Vec<SecretFile>, at: usize) -> Result<Self, SecretError> {
        // In this order: what is written in between is noticed at the next look.
        let (_, found) = look(&files);
        let secret = files[at].read()?;
        Ok(Self { secret, files, at, read: Some(found), seen: None, told: None })
    }

    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The display does not take it: it is read once more, whatever the file looks like. One that was written twice within
    /// a tick of the kernel's clock may look the same.
    pub const fn distrust(&mut self) {
        self.read = None;
    }

    /// Reads again if something has changed. Where that fails the last good one stays.
    pub fn renew(&mut self) -> Renewed {
        let (at, found) = look(&self.files);
        if found == Found::Stream || self.read.replace(found) == Some(found) {
            return Renewed::Same;
        }
        // Where there is none any more, the one that is missed is told.
        let Some(file) = self.files.get(at.unwrap_or(self.at)) else { return Renewed::Same };
        match file.read() {
            Ok(secret) => {
                self.at = at.unwrap_or(self.at);
                self.told = None;
                let before = std::mem::replace(&mut self.secret, secret);
                if before == self.secret { Renewed::Same } else { Renewed::Another }
            }
            Err(error) => {
                let told = Some(error.to_string());
                if self.told == told {
                    return Renewed::Same;
                }
                self.told = told;
                Renewed::Kept(error)
            }
        }
    }

    /// Whether another file stands there than the one that was read, and stood there at the look before: nobody is in the
    /// midst of writing it.
    pub fn is_replaced(&mut self) -> bool {
        let (_, found) = look(&self.files);
        let is_settled = self.seen.replace(found) == Some(found);
        is_settled && matches!(found, Found::File { .. }) && self.read != Some(found)
    }
}

fn first(files: &[SecretFile]) -> Option<(usize, Metadata)> {
    files.iter().enumerate().find_map(|(at, file)| Some((at, fs::metadata(&file.path).ok()?)))
}

fn look(files: &[SecretFile]) -> (Option<usize>, Found) {
    let Some((at, metadata)) = first(files) else { return (None, Found::Nothing) };
    let found = if metadata.is_file() || metadata.is_dir() {
        Found::File {
            device_and_inode: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    } else {
        Found::Stream
    };
    (Some(at), found)
}

#[cfg(test)]
mod tests {
    use std::{io::Write, os::fd::AsRawFd, os::unix::fs::PermissionsExt, path::Path};

    use super::*;

    fn file(path: &Path) -> SecretFile {
        SecretFile { path: path.to_owned(), is_guarded: false }
    }

    /// As an editor does it: a new file takes the old one's place.
    fn put(path: &Path, contents: &str, mode: u32) {
        let new = path.with_extension("new");
        fs::write(&new, contents).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(mode)).unwrap();
        fs::rename(new, path).unwrap();
    }

    #[test]
    fn another_file_brings_another_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        put(&path, "one\n", 0o600);
        let mut kept = KeptSecret::from_file(file(&path)).unwrap();
        assert!(matches!(kept.renew(), Renewed::Same));
        put(&path, "two\n", 0o600);
        assert!(matches!(kept.renew(), Renewed::Another));
        assert_eq!(kept.secret().reveal(), "two");
        assert!(matches!(kept.renew(), Renewed::Same));
    }

    #[test]
    fn the_last_good_one_stays_and_that_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        put(&path, "one\n", 0o600);
        let mut kept = KeptSecret::from_file(file(&path)).unwrap();
        let told = |kept: &mut KeptSecret| match kept.renew() {
            Renewed::Kept(error) => error.to_string(),
            other => panic!("{other:?}"),
        };
        fs::remove_file(&path).unwrap();
        assert!(told(&mut kept).contains("cannot read"));
        put(&path, "two\n", 0o644);
        assert!(told(&mut kept).contains("chmod 600"));
        put(&path, "", 0o600);
        assert!(told(&mut kept).contains("holds no token"));
        for _ in 0..3 {
            kept.distrust();
            assert!(matches!(kept.renew(), Renewed::Same));
            assert_eq!(kept.secret().reveal(), "one");
        }
        put(&path, "one\n", 0o600);
        assert!(matches!(kept.renew(), Renewed::Same));
        fs::remove_file(&path).unwrap();
        assert!(told(&mut kept).contains("cannot read"));
    }

    #[test]
    fn a_file_in_an_earlier_place_counts_as_at_a_start() {
        let folder = tempfile::tempdir().unwrap();
        let [early, late] = ["early", "late"].map(|name| folder.path().join(name));
        assert!(KeptSecret::from_first_of(vec![file(&early), file(&late)]).unwrap().is_none());
        put(&late, "late\n", 0o600);
        let mut kept = KeptSecret::from_first_of(vec![file(&early), file(&late)]).unwrap().unwrap();
        put(&early, "early\n", 0o600);
        assert!(matches!(kept.renew(), Renewed::Another));
        assert_eq!(kept.secret().reveal(), "early");
        fs::remove_file(&early).unwrap();
        assert!(matches!(kept.renew(), Renewed::Another));
        assert_eq!(kept.secret().reveal(), "late");
    }

    #[test]
    fn a_file_counts_as_another_once_nobody_writes_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        put(&path, "one\n", 0o600);
        let mut kept = KeptSecret::from_file(file(&path)).unwrap();
        assert!(!kept.is_replaced());
        assert!(!kept.is_replaced());
        fs::write(&path, "").unwrap();
        assert!(!kept.is_replaced());
        fs::write(&path, "two\n").unwrap();
        assert!(!kept.is_replaced());
        assert!(kept.is_replaced());
        assert!(matches!(kept.renew(), Renewed::Another));
        assert!(!kept.is_replaced());
    }

    #[test]
    fn what_a_pipe_said_is_not_asked_for_again() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let path = PathBuf::from(format!("/proc/self/fd/{}", reader.as_raw_fd()));
        writer.write_all(b"one\n").unwrap();
        drop(writer);
        let mut kept = KeptSecret::from_file(file(&path)).unwrap();
        kept.distrust();
        assert!(matches!(kept.renew(), Renewed::Same));
        assert_eq!(kept.secret().reveal(), "one");
    }

    #[test]
    fn one_of_the_environment_stays() {
        let mut kept = KeptSecret::fixed(Secret::from_variable("one".into(), "").unwrap());
        kept.distrust();
        assert!(matches!(kept.renew(), Renewed::Same));
        assert!(!kept.is_replaced() && !kept.is_replaced());
    }
}

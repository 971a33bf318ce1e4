//! The token or password by which the display knows this agent: never an argument, never in a file that others may read,
//! never printed.

use std::{
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Bytes of a secret; a token has 60.
pub const MAX_SECRET_BYTES: usize = 1_024;
/// Permissions that let others than the owner read or write.
const OTHERS: u32 = 0o077;

#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("cannot read {path}: {error}")]
    Read { path: PathBuf, error: io::Error },
    #[error("{path} may be read by others, so its secret is none; mend it: chmod 600 {path}")]
    ReadableByOthers { path: PathBuf },
    #[error("{place} holds no token")]
    Empty { place: String },
    #[error("{place} holds more than a token: it should be one line of at most {MAX_SECRET_BYTES} bytes")]
    TooLong { place: String },
    #[error("{place} is no text")]
    NoText { place: String },
}

impl Secret {
    /// From a file of one line that only its owner may read. `is_guarded`: the folder itself keeps others out, and the
    /// file's own permissions say nothing (systemd's credentials).
    ///
    /// # Errors
    /// Where it cannot be read, may be read by others, or does not hold one line of text.
    pub fn from_file(path: &Path, is_guarded: bool) -> Result<Self, SecretError> {
        let unread = |error| SecretError::Read { path: path.to_owned(), error };
        let file = File::open(path).map_err(unread)?;
        // Of the file that is open, not of what may stand there by now.
        let metadata = file.metadata().map_err(unread)?;
        if metadata.is_dir() {
            return Err(unread(io::ErrorKind::IsADirectory.into()));
        }
        if !is_guarded && metadata.mode() & OTHERS != 0 {
            return Err(SecretError::ReadableByOthers { path: path.to_owned() });
        }
        let mut bytes = Vec::new();
        file.take(MAX_SECRET_BYTES as u64 + 3).read_to_end(&mut bytes).map_err(unread)?;
        Self::from_bytes(bytes, &path.display().to_string())
    }

    /// From a variable of the environment.
    ///
    /// # Errors
    /// Where it does not hold one line of text.
    pub fn from_variable(value: OsString, name: &str) -> Result<Self, SecretError> {
        Self::from_bytes(value.into_encoded_bytes(), &format!("the variable {name}"))
    }

    fn from_bytes(bytes: Vec<u8>, place: &str) -> Result<Self, SecretError> {
        let place = || place.to_owned();
        let text = String::from_utf8(bytes).map_err(|_| SecretError::NoText { place: place() })?;
        let text = text.trim();
        match text {
            "" => Err(SecretError::Empty { place: place() }),
            _ if text.len() > MAX_SECRET_BYTES || text.contains('\n') => {
                Err(SecretError::TooLong { place: place() })
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// For the one message that carries it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Secrets are not printed by accident.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn written(contents: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, contents).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_file_of_ones_own_is_read_without_its_line_end() {
        let (_folder, path) = written(b"cmt_1_abc\n", 0o600);
        let secret = Secret::from_file(&path, false).unwrap();
        assert_eq!(secret.reveal(), "cmt_1_abc");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_remedy() {
        for mode in [0o644, 0o640, 0o604, 0o620] {
            let (_folder, path) = written(b"cmt_1_abc\n", mode);
            let told = Secret::from_file(&path, false).unwrap_err().to_string();
            assert!(told.ends_with(&format!("chmod 600 {}", path.display())), "{told}");
            assert!(!told.contains("cmt_1"), "{told}");
        }
        let (_folder, path) = written(b"cmt_1_abc\n", 0o440);
        assert!(Secret::from_file(&path, true).is_ok());
    }

    #[test]
    fn what_holds_no_secret_is_told_without_showing_it() {
        for contents in [&b""[..], b" \n", b"a\nb\n", b"\xff\xfe", &[b'x'; 5_000]] {
            let (_folder, path) = written(contents, 0o600);
            let told = Secret::from_file(&path, false).unwrap_err().to_string();
            assert!(told.starts_with(&path.display().to_string()) && told.len() < 200, "{told}");
        }
        assert!(matches!(Secret::from_file(Path::new("/"), true), Err(SecretError::Read { .. })));
    }
}

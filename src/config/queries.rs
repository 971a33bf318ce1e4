//! The user's own questions in SQL: a file of names and texts, replaced as a whole. One that cannot be read is left as it
//! is, for the user to mend.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::whole_file::keep;

const QUERIES_FILE: &str = "queries.json";

/// A question with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedQuery {
    pub name: String,
    pub sql: String,
}

#[derive(Debug, thiserror::Error)]
pub enum QueriesError {
    #[error("no folder for settings is known: HOME is not set")]
    NoHome,
    #[error("cannot read {path}: {reason}; it is left as it is")]
    Read { path: PathBuf, reason: io::Error },
    #[error("{path} is damaged: {reason}; it is left as it is")]
    Damaged { path: PathBuf, reason: serde_json::Error },
    #[error("cannot write {path}: {reason}")]
    Write { path: PathBuf, reason: io::Error },
}

/// The questions that the user saved.
///
/// # Errors
/// When there is a file that cannot be read.
pub fn saved_queries(folder: Option<&Path>) -> Result<Vec<SavedQuery>, QueriesError> {
    let Some(folder) = folder else {
        return Ok(Vec::new());
    };
    let path = folder.join(QUERIES_FILE);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|reason| QueriesError::Damaged { path, reason }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(reason) => Err(QueriesError::Read { path, reason }),
    }
}

/// Puts these questions in the place of those that were saved.
///
/// # Errors
/// When the file cannot be written. What was saved is then as before.
pub fn save_queries(folder: Option<&Path>, queries: &[SavedQuery]) -> Result<(), QueriesError> {
    let folder = folder.ok_or(QueriesError::NoHome)?;
    let path = folder.join(QUERIES_FILE);
    let written = keep(&path, |file| {
        serde_json::to_writer_pretty(&mut *file, queries)?;
        file.write_all(b"\n")
    });
    written.map_err(|reason| QueriesError::Write { path, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_and_what_is_damaged_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("connmapperl");
        assert_eq!(saved_queries(Some(&below)).unwrap(), []);
        let queries = [SavedQuery { name: "Mine".to_owned(), sql: "SELECT 1\n".to_owned() }];
        save_queries(Some(&below), &queries).unwrap();
        assert_eq!(saved_queries(Some(&below)).unwrap(), queries);

        fs::write(below.join(QUERIES_FILE), "[{").unwrap();
        let error = saved_queries(Some(&below)).unwrap_err().to_string();
        assert!(error.contains("queries.json") && error.contains("damaged"), "{error}");
        assert_eq!(fs::read_to_string(below.join(QUERIES_FILE)).unwrap(), "[{");
    }
}

//! Whois without a network: who holds addresses and AS numbers, from files of the registries, CAIDA and routing
//! registries that the user has imported. Owns reading and indexing them and the answers out of them; where they come
//! from, and how an answer is shown, are others' business. Each imported file is an index of its own, so what names a
//! holder in one file is never joined with another.

pub mod answer;
pub mod as_org;
pub mod delegated;
pub mod detect;
pub mod error;
pub mod import;
pub mod index;
pub mod input;
pub mod keys;
pub mod lookup;
pub mod rejects;
pub mod rpsl;
pub mod sources;

use std::path::{Path, PathBuf};

use self::{
    error::WhoisError,
    index::{FILE_ENDING, Index},
};

/// Folder of the indexes within the user's data folder.
pub const FOLDER: &str = "whois";

/// `$XDG_DATA_HOME/connmapperl/whois`, or below `~/.local/share`; `None` where neither is known.
pub fn default_folder() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(base.join("connmapperl").join(FOLDER))
}

/// All that was imported, open.
#[derive(Default)]
pub struct Whois {
    /// By name.
    indexes: Vec<Index>,
    problems: Vec<WhoisError>,
}

impl Whois {
    /// Opens every index in a folder. A broken one is told by [`Self::problems`], and the others work; a folder that is
    /// not there has none.
    pub fn open(folder: &Path) -> Self {
        let mut whois = Self::default();
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return whois,
            Err(error) => {
                whois.problems.push(WhoisError::io(folder)(error));
                return whois;
            }
        };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == FILE_ENDING));
        paths.sort();
        for path in paths {
            match Index::open(&path) {
                Ok(index) => whois.indexes.push(index),
                Err(error) => whois.problems.push(error),
            }
        }
        whois
    }

    pub fn indexes(&self) -> &[Index] {
        &self.indexes
    }

    /// What could not be opened.
    pub fn problems(&self) -> &[WhoisError] {
        &self.problems
    }

    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty()
    }
}

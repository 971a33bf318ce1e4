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
    lookup::Limits,
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
    /// Names of what could not be opened.
    unopened: Vec<String>,
    limits: Limits,
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
                Err(error) => {
                    whois.unopened.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
                    whois.problems.push(error);
                }
            }
        }
        whois
    }

    pub fn indexes(&self) -> &[Index] {
        &self.indexes
    }

    /// Answers have all there is from now on, however long they get.
    pub const fn lift_limits(&mut self) {
        self.limits = Limits::NONE;
    }

    /// How long answers may get.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Names of sources of which answers may lack some: they could not be opened, or turned out to be damaged.
    pub fn damaged(&self) -> Vec<String> {
        let damaged = self.indexes.iter().filter(|index| index.damage().is_some());
        self.unopened.iter().cloned().chain(damaged.map(|index| index.meta().name.clone())).collect()
    }

    /// What turned out to be damaged when it was asked: of what was answered since, some may be missing.
    pub fn damage(&self) -> impl Iterator<Item = WhoisError> {
        self.indexes.iter().filter_map(Index::damage)
    }

    /// What could not be opened.
    pub fn problems(&self) -> &[WhoisError] {
        &self.problems
    }

    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty()
    }
}

//! What the user imported with `ip2asn import`, for the labels of the map: organisations by AS number, and origins of
//! routes. Owns when the folder of indexes is looked at again, and the memory of answers: each number is looked for
//! once, and what is not found is remembered too. When an answer counts is decided in [`crate::geo::registry`].

use std::{
    collections::HashMap,
    fs,
    hash::Hash,
    io,
    net::IpAddr,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use crate::{
    geo::{
        SourceInfo,
        date::Date,
        registry::{Organisation, Registry},
    },
    whois::{Whois, detect::Kind, index::FILE_ENDING},
};

/// Answers that are remembered: a busy server sees some thousand autonomous systems, and all that announce anything are
/// some 80,000. An answer takes some 100 bytes. When there are more, all are forgotten.
const MOST_REMEMBERED: usize = 16_384;
/// Characters of a name: no organisation's is longer, and a line of a dump may have a million.
const MOST_NAME_CHARS: usize = 200;
/// A file system tells times no finer than this. A folder that changed so lately may change again at the same time.
const COARSEST_TIME: Duration = Duration::from_secs(2);

/// The imported sources, open, with a memory of what they have answered.
pub struct Registries {
    whois: Whois,
    organisations: Memory<u32, Option<Organisation>>,
    origins: Memory<IpAddr, Option<u32>>,
    info: SourceInfo,
}

impl Registries {
    /// `None` where nothing of it says anything of organisations or routes.
    fn new(whois: Whois) -> Option<Self> {
        let told = whois.indexes().iter().map(|index| index.meta());
        let told: Vec<_> = told.filter(|meta| meta.kind != Kind::Delegated).collect();
        if told.is_empty() {
            return None;
        }
        let named = |name: &str, date: Option<&str>| match date {
            Some(date) => format!("{name} of {date}"),
            None => name.to_owned(),
        };
        let names: Vec<_> = told.iter().map(|meta| named(&meta.name, meta.date.as_deref())).collect();
        let info = SourceInfo {
            name: format!("Organisations: {} (imported)", names.join(", ")),
            // Each source has its own.
            date: None,
            attribution: String::new(),
            has_places: false,
            has_asns: false,
        };
        Some(Self { whois, organisations: Memory::default(), origins: Memory::default(), info })
    }
}

impl Registry for Registries {
    fn organisation(&self, number: u32) -> Option<Organisation> {
        self.organisations.get_or_find(number, || {
            let (name, meta) = self.whois.organisation_of(number)?;
            let plain = name.chars().map(|c| if c.is_control() { ' ' } else { c });
            let name = plain.take(MOST_NAME_CHARS).collect::<String>().into();
            Some(Organisation { name, date: meta.date.as_deref().and_then(Date::from_text) })
        })
    }

    fn origin(&self, address: IpAddr) -> Option<u32> {
        self.origins.get_or_find(address, || self.whois.origin_of(address))
    }

    fn info(&self) -> &SourceInfo {
        &self.info
    }
}

/// What was answered before.
struct Memory<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    fn get_or_find(&self, key: K, find: impl FnOnce() -> V) -> V {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return known.clone();
        }
        // Others do not wait for it.
        let found = find();
        let mut kept = lock();
        if kept.len() >= MOST_REMEMBERED {
            kept.clear();
        }
        kept.insert(key, found.clone());
        found
    }
}

/// The folder of indexes, opened anew when an import has changed it.
pub struct RegistriesFolder {
    path: PathBuf,
    /// Time of the folder at the last look, where another change would bear another one.
    settled: Option<SystemTime>,
    indexes: Vec<IndexFile>,
    registries: Option<Arc<Registries>>,
    /// What could not be opened.
    unopened: Vec<String>,
}

/// What tells one state of an index from another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct IndexFile {
    path: PathBuf,
    inode: u64,
    modified: Option<SystemTime>,
}

impl RegistriesFolder {
    pub const fn new(path: PathBuf) -> Self {
        Self { path, settled: None, indexes: Vec::new(), registries: None, unopened: Vec::new() }
    }

    /// What is open; `None` where nothing of it says anything.
    pub fn registries(&self) -> Option<Arc<Registries>> {
        self.registries.clone()
    }

    /// What is wrong with which file, as far as was found out until now.
    pub fn problems(&self) -> Vec<String> {
        let damage = self.registries.iter().flat_map(|registries| registries.whois.damage());
        self.unopened.iter().cloned().chain(damage.map(|error| error.to_string())).collect()
    }

    /// Looks at the folder's time, and at its files where that is another than at the last look. Returns whether an index
    /// appeared, was replaced or vanished; then all are opened anew.
    pub fn poll(&mut self) -> bool {
        let modified = fs::metadata(&self.path).and_then(|metadata| metadata.modified()).ok();
        if modified.is_some() && modified == self.settled {
            return false;
        }
        let is_old = |time: &SystemTime| time.elapsed().is_ok_and(|since| since > COARSEST_TIME);
        self.settled = modified.filter(is_old);
        let indexes = index_files(&self.path);
        if indexes == self.indexes {
            return false;
        }
        self.indexes = indexes;
        let whois = Whois::open(&self.path);
        self.unopened = whois.problems().iter().map(ToString::to_string).collect();
        self.registries = Registries::new(whois).map(Arc::new);
        true
    }
}

fn index_files(folder: &Path) -> Vec<IndexFile> {
    let file = |path: PathBuf| {
        // One that is gone again, or cannot be looked at, is found out when it is opened.
        let metadata = fs::metadata(&path).ok();
        let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        IndexFile { path, inode: metadata.map_or(0, |metadata| metadata.ino()), modified }
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(_) => return vec![file(folder.to_owned())],
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let is_index = |path: &PathBuf| path.extension().is_some_and(|ending| ending == FILE_ENDING);
    let mut found: Vec<_> = paths.filter(is_index).map(file).collect();
    found.sort();
    found
}

#[cfg(test)]
#[path = "registries_tests.rs"]
mod tests;

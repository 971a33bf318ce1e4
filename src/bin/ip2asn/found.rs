//! What is to be imported of the files and folders that were named, in which order: of several files for one place the
//! latest comes first. What is none is said.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
};

use connmapperl::whois::{
    error::WhoisError,
    import::{Folder, Look, Order},
    input::Piece,
};

use crate::{Outcome, say::note};

/// Something that may be a source.
pub struct Found {
    pub piece: Piece,
    /// Of an archive of many files most are no sources.
    is_alone: bool,
    /// The file that it is in was named itself: that is meant to be imported.
    pub was_named: bool,
    /// `None` where it does not open, which its import will tell.
    pub look: Option<Look>,
}

impl Found {
    pub const fn is_meant(&self) -> bool {
        self.was_named && self.is_alone
    }
}

/// What is in these files, to be imported into `target`: what would have the same name there one after the other, the
/// latest first.
pub fn found(paths: &[PathBuf], target: &Folder, order: Order, outcome: &mut Outcome) -> Vec<Found> {
    let mut found = pieces(paths, outcome);
    for found in &mut found {
        found.look = target.look(&found.piece, Order { is_meant: found.is_meant(), ..order }).ok();
    }
    let mut first_of_name = HashMap::new();
    let mut in_order = Vec::new();
    for (i, found) in found.into_iter().enumerate() {
        let name = found.look.as_ref().map(|look| look.name.clone());
        let first = name.map_or(i, |name| *first_of_name.entry(name).or_insert(i));
        in_order.push((first, found));
    }
    // A day that the data tells itself is worth more than that of the file.
    let day = |found: &Found| found.look.as_ref().map(|look| (look.is_own_date, look.date.clone()));
    in_order.sort_by_cached_key(|(first, found)| (*first, Reverse(day(found))));
    in_order.into_iter().map(|(_, found)| found).collect()
}

/// What is in these files. One that cannot be read is told, and hides no other.
fn pieces(paths: &[PathBuf], outcome: &mut Outcome) -> Vec<Found> {
    let mut pieces = Vec::new();
    for (path, was_named) in files(paths, outcome) {
        match Piece::all(&path) {
            Ok(all) => {
                let is_alone = all.len() == 1;
                let found = |piece| Found { piece, is_alone, was_named, look: None };
                pieces.extend(all.into_iter().map(found));
            }
            Err(error) if !was_named && is_not_opened(&error) => note(format_args!("passed over: {error}")),
            Err(error) => {
                note(error);
                *outcome = (*outcome).max(Outcome::NotFound);
            }
        }
    }
    pieces
}

/// Whether what is packed in a file cannot be told at all, so that nobody can say it is a source.
pub fn is_not_opened(error: &WhoisError) -> bool {
    matches!(error, WhoisError::Zip { .. } | WhoisError::Io { .. }) && error.is_of_file()
}

/// Files that are named, and those in folders that are, each once; whether a file was named itself.
fn files(paths: &[PathBuf], outcome: &mut Outcome) -> Vec<(PathBuf, bool)> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push((path.clone(), true));
            continue;
        }
        let inside = fs::read_dir(path).and_then(|inside| inside.collect::<io::Result<Vec<_>>>());
        let mut inside: Vec<_> = match inside {
            Ok(inside) => inside.iter().map(fs::DirEntry::path).collect(),
            Err(error) => {
                note(format_args!("{}: {error}", path.display()));
                *outcome = (*outcome).max(Outcome::NotFound);
                continue;
            }
        };
        let is_hidden =
            |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        inside.retain(|path| path.is_file() && !is_hidden(path));
        inside.sort();
        if inside.is_empty() {
            note(format_args!("{}: there are no files in it", path.display()));
        }
        files.extend(inside.into_iter().map(|path| (path, false)));
    }
    // What is named itself and is in a folder too is meant.
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let named: HashSet<_> = files.iter().filter(|file| file.1).map(|file| real(&file.0)).collect();
    let mut seen = HashSet::new();
    files.retain_mut(|(path, was_named)| {
        let path = real(path);
        *was_named = named.contains(&path);
        seen.insert(path)
    });
    files
}

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

/// Folders in a folder that are told by name: more are nobody's to read.
const TOLD_FOLDERS: usize = 10;

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
/// latest first. And whether there is something that cannot be read, of which nobody can say what it would be.
pub fn found(paths: &[PathBuf], target: &Folder, order: Order, outcome: &mut Outcome) -> (Vec<Found>, bool) {
    let (mut found, mut is_unread) = pieces(paths, outcome);
    for found in &mut found {
        let look = target.look(&found.piece, Order { is_meant: found.is_meant(), ..order });
        is_unread |= look.as_ref().is_err_and(|error| !is_of_no_kind(error));
        found.look = look.ok();
    }
    let mut first_of_name = HashMap::new();
    let mut in_order = Vec::new();
    for (i, found) in found.into_iter().enumerate() {
        let name = found.look.as_ref().map(|look| look.name.clone());
        let first = name.map_or(i, |name| *first_of_name.entry(name).or_insert(i));
        in_order.push((first, found));
    }
    // No data is later than its file, and a copy's file is later than its data: so a file that tells no day comes behind those
    // that do. Of one day what the data says is worth more than what a name does.
    let day = |found: &Found| {
        let day = &found.look.as_ref()?.day;
        Some((day.is_own, day.date.clone(), day.is_inside))
    };
    in_order.sort_by_cached_key(|(first, found)| (*first, Reverse(day(found))));
    (in_order.into_iter().map(|(_, found)| found).collect(), is_unread)
}

/// What is in these files, and whether there is one that cannot be read: that is told, and hides no other.
fn pieces(paths: &[PathBuf], outcome: &mut Outcome) -> (Vec<Found>, bool) {
    let (mut pieces, mut is_unread) = (Vec::new(), false);
    for (path, was_named) in files(paths, outcome) {
        match Piece::all(&path) {
            Ok(all) => {
                let is_alone = all.len() == 1;
                let found = |piece| Found { piece, is_alone, was_named, look: None };
                pieces.extend(all.into_iter().map(found));
            }
            Err(error) if !was_named && (is_not_opened(&error) || is_of_no_kind(&error)) => {
                is_unread |= !is_of_no_kind(&error);
                note(format_args!("passed over: {error}"));
            }
            Err(error) => {
                is_unread = true;
                note(error);
                *outcome = (*outcome).max(Outcome::NotFound);
            }
        }
    }
    (pieces, is_unread)
}

/// Whether what is packed in a file cannot be told at all, so that nobody can say it is a source.
pub fn is_not_opened(error: &WhoisError) -> bool {
    matches!(error, WhoisError::Zip { .. } | WhoisError::Io { .. }) && error.is_of_file()
}

const fn is_of_no_kind(error: &WhoisError) -> bool {
    matches!(error, WhoisError::NotKnown { .. })
}

/// Files that are named, and those in folders that are, each once; whether a file was named itself.
fn files(paths: &[PathBuf], outcome: &mut Outcome) -> Vec<(PathBuf, bool)> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push((path.clone(), true));
            continue;
        }
        match files_in(path) {
            Ok(inside) => files.extend(inside.into_iter().map(|path| (path, false))),
            Err(error) => {
                note(format_args!("{}: {error}", path.display()));
                *outcome = (*outcome).max(Outcome::NotFound);
            }
        }
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

/// The files of a folder, in order. Folders in it are not looked into: whoever names a folder of downloads does not mean
/// all that is below it. That, and what else is no file, is said; hidden ones are nobody's business.
fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    let mut inside = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    inside.retain(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    inside.sort_by_key(fs::DirEntry::file_name);
    for entry in inside {
        let path = entry.path();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => files.push(path),
            Ok(metadata) if metadata.is_dir() => folders.push(entry.file_name()),
            // To open a pipe would wait for its writer.
            Ok(_) => note(format_args!("{}: passed over: not a file", path.display())),
            Err(error) => note(format_args!("{}: passed over: {error}", path.display())),
        }
    }
    if files.is_empty() {
        note(format_args!("{}: there are no files in it", folder.display()));
    }
    if !folders.is_empty() {
        let names: Vec<_> = folders.iter().take(TOLD_FOLDERS).map(|name| name.to_string_lossy()).collect();
        let more = match folders.len() - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        note(format_args!(
            "{}: not looked into the folders in it, which have to be named: {}{more}",
            folder.display(),
            names.join(", ")
        ));
    }
    Ok(files)
}

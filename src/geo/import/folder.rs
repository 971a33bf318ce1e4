//! A folder of data files: which of them are looked at, in an order that does not depend on the file system.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Endings of files that are meant to be data: one of these that cannot be read is an error. Any other file,
/// one without ending included, is read where it is data and passed over where it is not.
const DATA_ENDINGS: [&str; 6] = ["csv", "tsv", "mmdb", "gz", "zip", "bin"];

/// What the program remembers lies where users may keep their tables.
const REMEMBERED: [&str; 2] = [crate::tally::FILE_PREFIX, "history.sqlite"];

/// What the project bakes for itself lies in a folder where users look for theirs; it is part of the program.
const BAKED: [&str; 2] = ["geo.bin", "world.bin"];

/// Indexes of registries' files lie there too; they are `whois`'s.
const WHOIS_FOLDER: &str = "whois";

/// The user's own places, which have a reader of their own.
pub const USER_PLACES: &str = "places.csv";

/// Files of the folder, links followed, sorted by name; hidden ones, `places.csv`, our own and the history left out.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_file()).collect())
}

/// The same, and the files of the folders in it: vendors pack their tables into a dated folder.
pub fn files_and_one_level_down(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            // A folder that may not be read holds nothing for this user.
            found.extend(files(&path).unwrap_or_default());
        } else if path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

pub fn is_meant_as_data(path: &Path) -> bool {
    path.extension().is_some_and(|ending| DATA_ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if is_looked_at(&entry.file_name().to_string_lossy()) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a file or folder of this name may be a table, or have some.
pub fn is_looked_at(name: &str) -> bool {
    let passed_over =
        BAKED.iter().chain([&USER_PLACES, &WHOIS_FOLDER]).any(|other| name.eq_ignore_ascii_case(other));
    let is_history = REMEMBERED.iter().any(|beginning| name.starts_with(beginning));
    !name.starts_with('.') && !passed_over && !is_history
}

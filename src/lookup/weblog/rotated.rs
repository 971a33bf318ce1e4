//! The files that a log was rotated to, by their names beside it: `access.log.1`, `access.log.2.gz` as Debian numbers
//! them, and `access.log-20240131.gz` as Fedora dates them.

use std::{
    cmp::Reverse,
    path::{Path, PathBuf},
};

use super::Problem;

/// Rotated files of one log that are searched: a day each, two years.
const MOST_FILES: usize = 732;
/// What logrotate may pack with, and is not read here.
const OTHER_PACKINGS: [&str; 5] = ["zst", "xz", "bz2", "lzma", "Z"];

/// How old a file is by its name; the smaller, the newer. Numbers come before dates: a log has one kind, unless it was
/// set up anew, and then nobody can tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Number(u64),
    Date(Reverse<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Packing {
    None,
    Gzip,
    Other,
}

/// What comes after the log's own name, such as `.2.gz`.
fn parse(rest: &str) -> Option<(Age, Packing)> {
    let (rest, packing) = match rest.rsplit_once('.') {
        Some((rest, "gz")) => (rest, Packing::Gzip),
        Some((rest, ending)) if OTHER_PACKINGS.contains(&ending) => (rest, Packing::Other),
        _ => (rest, Packing::None),
    };
    let age = if let Some(number) = rest.strip_prefix('.') {
        // `parse` alone would take a sign.
        number.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
        Age::Number(number.parse().ok()?)
    } else {
        let date = rest.strip_prefix('-')?;
        let is_date = date.starts_with(|c: char| c.is_ascii_digit())
            && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        is_date.then(|| Age::Date(Reverse(date.to_owned())))?
    };
    Some((age, packing))
}

/// Newest first, without the log itself.
pub(super) fn siblings(log: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let Some(name) = log.file_name().and_then(|name| name.to_str()) else {
        return Vec::new();
    };
    let folder = match log.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) => {
            // Without the folder there is no log either, which is said once.
            if log.exists() {
                problems.push(Problem::of(folder, error));
            }
            return Vec::new();
        }
    };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            parse(entry.file_name().to_str()?.strip_prefix(name)?).map(|key| (key, entry.path()))
        })
        .collect();
    found.sort();
    // While one is being packed both are there; the first is whole.
    found.dedup_by(|((age, _), _), ((before, _), _)| age == before);
    if found.len() > MOST_FILES {
        let left_out = found.len() - MOST_FILES;
        problems.push(Problem::TooMany { path: log.to_owned(), searched: MOST_FILES, left_out });
        found.truncate(MOST_FILES);
    }
    let (read, other): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|((_, packing), _)| *packing != Packing::Other);
    problems.extend(other.into_iter().map(|(_, path)| Problem::OtherPacking(path)));
    read.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_names_are_told_from_others() {
        assert_eq!(parse(".1"), Some((Age::Number(1), Packing::None)));
        assert_eq!(parse(".12.gz"), Some((Age::Number(12), Packing::Gzip)));
        assert_eq!(parse(".3.zst"), Some((Age::Number(3), Packing::Other)));
        let date = |date: &str| Age::Date(Reverse(date.to_owned()));
        assert_eq!(parse("-20240131.gz"), Some((date("20240131"), Packing::Gzip)));
        assert_eq!(parse("-20240131-1706659200"), Some((date("20240131-1706659200"), Packing::None)));
        for other in
            ["", ".", ".gz", ".bak", "~", ".1.bak", ".+1", "-", "-old", "-.gz", ".1.gz.tmp", "2.gz", ".-1"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_newest_comes_first() {
        let mut ages: Vec<_> = [".10.gz", "-20240131", ".2", "-20240201.gz", ".1"]
            .iter()
            .map(|rest| parse(rest).unwrap())
            .collect();
        ages.sort();
        let expected = [".1", ".2", ".10.gz", "-20240201.gz", "-20240131"];
        assert_eq!(ages, expected.map(|rest| parse(rest).unwrap()));
    }
}

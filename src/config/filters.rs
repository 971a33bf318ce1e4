//! The user's saved filters: a text file with one a line, replaced as a whole. A line that is no filter is kept as it is:
//! whoever picks it is shown what is wrong with it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::whole_file::keep;

const FILTERS_FILE: &str = "filters";

#[derive(Debug, thiserror::Error)]
pub enum FiltersError {
    #[error("no folder for settings is known: HOME is not set")]
    NoHome,
    #[error("cannot read {path}: {reason}; it is left as it is")]
    Read { path: PathBuf, reason: io::Error },
    #[error("cannot write {path}: {reason}")]
    Write { path: PathBuf, reason: io::Error },
}

/// The filters that were saved.
///
/// # Errors
/// When there is a file that cannot be read.
pub fn saved_filters(folder: Option<&Path>) -> Result<Vec<String>, FiltersError> {
    let Some(folder) = folder else {
        return Ok(Vec::new());
    };
    let path = folder.join(FILTERS_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => {
            Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(reason) => Err(FiltersError::Read { path, reason }),
    }
}

/// Puts these filters in the place of those that were saved.
///
/// # Errors
/// When the file cannot be written. What was saved is then as before.
pub fn save_filters(folder: Option<&Path>, filters: &[String]) -> Result<(), FiltersError> {
    let folder = folder.ok_or(FiltersError::NoHome)?;
    let path = folder.join(FILTERS_FILE);
    // A line is a filter; within one, any blank is as good as another.
    let lines = filters.iter().map(|filter| filter.replace(['\n', '\r'], " "));
    keep(&path, |file| lines.into_iter().try_for_each(|line| writeln!(file, "{line}")))
        .map_err(|reason| FiltersError::Write { path, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_and_what_cannot_be_read_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("connmapperl");
        assert!(saved_filters(Some(&below)).unwrap().is_empty());
        let filters = ["cc:DE !lan".to_owned(), "rule:\"Web Surfing\"".to_owned(), "prog:".to_owned()];
        save_filters(Some(&below), &filters).unwrap();
        assert_eq!(saved_filters(Some(&below)).unwrap(), filters);

        fs::write(below.join(FILTERS_FILE), b"\xff\xfe").unwrap();
        let error = saved_filters(Some(&below)).unwrap_err().to_string();
        assert!(error.contains("filters") && error.contains("left as it is"), "{error}");
        assert_eq!(fs::read(below.join(FILTERS_FILE)).unwrap(), b"\xff\xfe");
    }
}

//! The file of a wall's scene, or one of those that ship; and when the file has changed. What is in it is `wall`'s.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::hand_written;
use crate::{
    toml_text::TomlError,
    wall::{SHIPPED, Scene},
};

#[derive(Debug, thiserror::Error)]
pub enum WallSceneError {
    #[error("cannot read {path}: {reason}; scenes that ship are {}", names())]
    Read { path: PathBuf, reason: io::Error },
    #[error("{path}: {reason}")]
    Malformed { path: PathBuf, reason: TomlError },
}

/// A scene that ships by its name, or a file's. A file of such a name is meant with a path, as in `./quiet`.
///
/// # Errors
/// When there is neither, or the file says something else.
pub fn read(name: &Path) -> Result<Scene, WallSceneError> {
    if let Some(text) = shipped(name) {
        return parse(name, text);
    }
    let text =
        hand_written::read(name).map_err(|reason| WallSceneError::Read { path: name.to_owned(), reason })?;
    parse(name, &text)
}

/// The text of one that ships.
pub fn shipped(name: &Path) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| name == Path::new(known)).map(|(_, text)| *text)
}

fn parse(path: &Path, text: &str) -> Result<Scene, WallSceneError> {
    Scene::parse(text).map_err(|reason| WallSceneError::Malformed { path: path.to_owned(), reason })
}

/// Tells one state of a file from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(Option<(SystemTime, u64)>);

impl Stamp {
    /// As the file is now; one that is missing has a stamp too.
    pub fn of(path: &Path) -> Self {
        let known = fs::metadata(path).and_then(|it| Ok((it.modified()?, it.len())));
        Self(known.ok())
    }

    /// An editor may put a file aside before it writes the new one.
    pub const fn is_there(&self) -> bool {
        self.0.is_some()
    }
}

fn names() -> String {
    SHIPPED.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_is_found_by_name_or_file_and_what_is_wrong_names_the_file() {
        assert!(read(Path::new("quiet")).is_ok());
        let missing = read(Path::new("/nowhere/wall.toml")).unwrap_err().to_string();
        assert!(
            missing.contains("/nowhere/wall.toml") && missing.contains("overview, quiet, replay"),
            "{missing}"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wall.toml");
        let none = Stamp::of(&path);
        fs::write(&path, "[[view]]\nsecs = 2\n").unwrap();
        assert!(!none.is_there() && Stamp::of(&path) != none);
        let problem = read(&path).unwrap_err().to_string();
        assert!(problem.contains("wall.toml: line 2, column 8"), "{problem}");
        let is_folder = read(folder.path()).unwrap_err().to_string();
        assert!(is_folder.contains("not a file"), "{is_folder}");
    }
}

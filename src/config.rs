//! Where files are looked for, and the little that is remembered between runs. Reads and writes them; what is in them
//! is for others.

pub mod filters;
mod hand_written;
pub mod queries;
pub mod settings;
pub mod wall_scene;
pub mod whole_file;

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::{
    geo::import,
    history::HISTORY_FILE,
    net::server::{KEY_FILE, REGISTER_FILE},
    rules::{self, MAX_FILE_BYTES, RuleError, Rules, connmaprc},
    tally,
};

const RULES_FILE: &str = "connmapperlrc";
const RESOURCES_FOLDER: &str = "resources";
/// By which a folder is the listener's. A certificate alone is an agent's copy.
const FLEET_FILES: [&str; 2] = [KEY_FILE, REGISTER_FILE];
/// Where to listen for agents, in one line; no such file, no open port.
const LISTEN_FILE: &str = "listen";

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    // Not named `source`: the reason stands in the message, and would be printed twice as its cause.
    #[error("cannot read {path}: {reason}")]
    Read { path: PathBuf, reason: io::Error },
    #[error("{path} is not a folder")]
    NotAFolder { path: PathBuf },
}

/// Rules as read, and from where.
#[derive(Debug)]
pub struct RulesFile {
    pub rules: Rules,
    pub errors: Vec<RuleError>,
    /// A path, or `built in`.
    pub source: String,
    /// The file has no good line: `rules` are the built-in ones.
    pub is_useless: bool,
}

/// What the user named on the command line.
#[derive(Clone, Debug, Default)]
pub struct Named {
    pub rules_file: Option<PathBuf>,
    pub data_folder: Option<PathBuf>,
}

impl Named {
    /// The rules file: the one named, else the first found in the working folder, the program's own folder and the
    /// user's configuration, else the built-in one.
    ///
    /// # Errors
    /// When the file that is named or found cannot be read.
    pub fn read_rules(&self) -> Result<RulesFile, ConfigError> {
        let found = self.rules_file.clone().or_else(|| {
            [Some(PathBuf::from(".")), program_folder(), config_folder()]
                .into_iter()
                .flatten()
                .map(|folder| folder.join(RULES_FILE))
                .find(|path| path.is_file())
        });
        let (bytes, source) = match found {
            Some(path) => {
                let bytes = read_rules_file(&path)
                    .map_err(|reason| ConfigError::Read { path: path.clone(), reason })?;
                (bytes, path.display().to_string())
            }
            None => (rules::BUILT_IN.as_bytes().to_vec(), "built in".to_owned()),
        };
        let (rules, errors) = Rules::parse(&bytes);
        // An empty file is somebody's wish; one of which nothing can be read is none.
        let is_useless = rules.rules().is_empty() && !errors.is_empty();
        let rules = if is_useless { Rules::built_in() } else { rules };
        Ok(RulesFile { rules, errors, source, is_useless })
    }

    /// The folder with the user's own tables: the one named, else `resources` in the working folder or beside the
    /// program, else the user's data folder, where there is one.
    ///
    /// # Errors
    /// When the folder that is named is none.
    pub fn data_folder(&self) -> Result<Option<PathBuf>, ConfigError> {
        if let Some(path) = &self.data_folder {
            let is_folder = path.is_dir();
            return if is_folder {
                Ok(Some(path.clone()))
            } else {
                Err(ConfigError::NotAFolder { path: path.clone() })
            };
        }
        Ok([
            Some(PathBuf::from(RESOURCES_FOLDER)),
            program_folder().map(|folder| folder.join(RESOURCES_FOLDER)),
            xdg("XDG_DATA_HOME", ".local/share"),
        ]
        .into_iter()
        .flatten()
        .find(|path| import::holds_data(path))
        // Where places may be pinned.
        .or_else(|| xdg("XDG_DATA_HOME", ".local/share")))
    }
}

/// Where certificate, key and register of agents are: the first of the working folder, the program's own folder and the
/// user's configuration that holds key or register, else the last. `None` where this user has no home.
pub fn fleet_folder() -> Option<PathBuf> {
    [Some(PathBuf::from(".")), program_folder()]
        .into_iter()
        .flatten()
        .find(|folder| FLEET_FILES.iter().any(|file| folder.join(file).is_file()))
        .or_else(config_folder)
}

/// Where the detailed history is, if nobody named another file. `None` where this user has no home.
pub fn history_file() -> Option<PathBuf> {
    Some(xdg("XDG_DATA_HOME", ".local/share")?.join(HISTORY_FILE))
}

/// Where the simple history is saved. A scene has a file of its own: nobody's connections are mixed with made-up ones.
pub fn history_places_file(of_scene: bool) -> Option<PathBuf> {
    let name = format!("{}{}.csv", tally::FILE_PREFIX, if of_scene { "-demo" } else { "" });
    Some(xdg("XDG_DATA_HOME", ".local/share")?.join(name))
}

/// Where to listen, as it was left.
pub fn remembered_listen() -> Option<String> {
    let text = fs::read_to_string(config_folder()?.join(LISTEN_FILE)).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// # Errors
/// When the file cannot be written or taken away.
pub fn remember_listen(listen: Option<&str>) -> io::Result<()> {
    let Some(folder) = config_folder() else {
        return Ok(());
    };
    let path = folder.join(LISTEN_FILE);
    match listen {
        Some(listen) => {
            fs::create_dir_all(&folder)?;
            fs::write(path, format!("{listen}\n"))
        }
        None if path.exists() => fs::remove_file(path),
        None => Ok(()),
    }
}

/// Reads no more than a rules file may hold and one byte, by which the parser knows that there was more. What is no
/// plain file (a pipe, say, that nobody writes to) would make the window wait for ever.
fn read_rules_file(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is not a file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where this user's settings are.
pub fn config_folder() -> Option<PathBuf> {
    xdg("XDG_CONFIG_HOME", ".config")
}

fn program_folder() -> Option<PathBuf> {
    env::current_exe().ok()?.parent().map(Path::to_owned)
}

/// Our folder in one of the user's base folders (XDG Base Directory Specification 0.8: relative paths do not count).
fn xdg(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = named.or_else(|| home().map(|home| home.join(below_home)))?;
    Some(base.join("connmapperl"))
}

pub fn home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| home != OsStr::new("")).map(PathBuf::from)
}

/// The size that connmap's own settings say a window has, in points. What is damaged counts as not there.
pub fn connmap_window_size() -> Option<[u32; 2]> {
    let path = xdg("XDG_CONFIG_HOME", ".config")?.with_file_name("connmap").join("connmaprc");
    let (width, height) = connmaprc::start_size(&fs::read_to_string(path).ok()?)?;
    Some([width, height])
}

//! The user's `settings.toml`: the file, and of what is in it what is written by hand alone, where the web server's log is
//! and commands for the cards of connections. What the window writes there too is in `components/preferences`. A file that
//! cannot be read leaves the settings as they are without one, and the message says line and column.
//!
//! ```toml
//! weblog = "/var/log/nginx/access.log"
//!
//! [[command]]
//! name = "ping"
//! run = ["ping", "-c", "3", "{ip}"]
//! leaves_machine = true
//! ```

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::{hand_written, whole_file};
use crate::{lookup::command::Command, toml_text};

const SETTINGS_FILE: &str = "settings.toml";
/// Where Debian's nginx writes.
const USUAL_WEBLOG: &str = "/var/log/nginx/access.log";
/// As long as a whois client may take.
const USUAL_SECONDS: u64 = 30;
/// More buttons than these fit on no card.
const MOST_COMMANDS: usize = 12;

/// What the user set by hand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Settings {
    /// A web server's access log; files that it was rotated to are found beside it.
    #[serde(default = "usual_weblog")]
    pub weblog: PathBuf,
    #[serde(default, rename = "command")]
    pub commands: Vec<CustomCommand>,
}

/// A button of the card that runs a program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomCommand {
    pub name: String,
    /// The program and its arguments: no shell. `{ip}`, `{port}` and `{asn}` stand for what the card is about.
    pub run: Vec<String>,
    /// Ended after so long.
    #[serde(default = "usual_seconds")]
    pub seconds: u64,
    /// Whether the card says that it asks others.
    #[serde(default)]
    pub leaves_machine: bool,
}

impl CustomCommand {
    /// `None` where nothing is named to run, which is refused when settings are read.
    pub fn command(&self) -> Option<Command> {
        let (program, arguments) = self.run.split_first()?;
        Some(Command { program: program.clone(), arguments: arguments.to_vec() })
    }

    pub const fn limit(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

fn usual_weblog() -> PathBuf {
    PathBuf::from(USUAL_WEBLOG)
}

const fn usual_seconds() -> u64 {
    USUAL_SECONDS
}

impl Default for Settings {
    fn default() -> Self {
        Self { weblog: usual_weblog(), commands: Vec::new() }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("cannot read {path}: {reason}")]
    Read { path: PathBuf, reason: io::Error },
    #[error("{path}: {reason}")]
    Malformed { path: PathBuf, reason: String },
}

/// Where it is in the user's folder.
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(SETTINGS_FILE)
}

/// # Errors
/// When there is no such file, it cannot be read, or is no text that somebody wrote.
pub fn read_text(path: &Path) -> io::Result<String> {
    hand_written::read(path)
}

/// Puts it in the place of what was there, as a whole or not at all.
///
/// # Errors
/// When the file or its folder cannot be written.
pub fn write_text(path: &Path, text: &str) -> io::Result<()> {
    whole_file::keep(path, |file| file.write_all(text.as_bytes()))
}

impl Settings {
    /// Those of the user's folder, or the usual ones where there is no file.
    ///
    /// # Errors
    /// When there is a file that cannot be read, or does not say what it should.
    pub fn read(folder: Option<&Path>) -> Result<Self, SettingsError> {
        let Some(path) = folder.map(path_in) else {
            return Ok(Self::default());
        };
        let text = match hand_written::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(reason) => return Err(SettingsError::Read { path, reason }),
        };
        Self::parse(&text).map_err(|reason| SettingsError::Malformed { path, reason })
    }

    /// # Errors
    /// When it does not say what it should; what the window writes there is not looked at.
    pub fn parse(text: &str) -> Result<Self, String> {
        let settings: Self = toml_text::parse(text).map_err(|error| error.to_string())?;
        if settings.commands.len() > MOST_COMMANDS {
            return Err(format!("more than {MOST_COMMANDS} commands"));
        }
        for command in &settings.commands {
            if command.run.first().is_none_or(String::is_empty) || command.name.trim().is_empty() {
                return Err(format!("command {:?} wants a name and a program in run", command.name));
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn settings_are_read_and_what_is_left_out_is_as_usual() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Settings::read(Some(folder.path())).unwrap(), Settings::default());
        let text = "weblog = '/var/log/caddy.log'\n[[command]]\nname = 'ping'\nrun = ['ping', '{ip}']\n";
        fs::write(folder.path().join(SETTINGS_FILE), text).unwrap();
        let settings = Settings::read(Some(folder.path())).unwrap();
        assert_eq!(settings.weblog, Path::new("/var/log/caddy.log"));
        let command = settings.commands[0].command().unwrap();
        assert_eq!((command.program.as_str(), &command.arguments[..]), ("ping", &["{ip}".to_owned()][..]));
        assert_eq!(settings.commands[0].limit(), Duration::from_secs(30));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let problem = |text: &str| Settings::parse(text).unwrap_err();
        assert!(
            problem("[[command]]\nname = 'x'\nruns = ['x']\n").starts_with("line 3, column 1: unknown field")
        );
        assert!(problem("weblog = '/a\n").starts_with("line 1, column"));
        assert!(problem("[[command]]\nname = 'x'\nrun = []\n").contains("wants a name and a program"));
        assert!(problem("[[command]]\nname = 'x'\nrun = 'ping {ip}'\n").starts_with("line 3, column 7"));
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(SETTINGS_FILE)).unwrap();
        let error = Settings::read(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("settings.toml") && error.contains("not a file"), "{error}");
    }
}

//! The register of agents: who may connect, in a file that the command line, the window and the listener all write, one
//! at a time. What is in the file is `contents`'s business; the listener looks at it every now and then (`keeper`).

use std::{
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use rustix::fs::{FlockOperation, flock};

use super::{
    contents::{Agent, Contents, ContentsError, Home, Proof},
    private_file,
    secret::{NoRandom, PasswordError, PasswordHash, new_token},
};
use crate::net::wire::{MAX_NAME_CHARS, clean};

pub const REGISTER_FILE: &str = "agents.json";
const LOCK_FILE: &str = "agents.json.lock";
/// Entries, those of the revoked included; some 4 MB of text.
pub const MAX_ENTRIES: usize = 10_000;
const MAX_FILE_BYTES: u64 = 16 << 20;
/// A write takes milliseconds; whoever holds the lock for longer is stuck.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_RETRY: Duration = Duration::from_millis(10);

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, io::Error),
    #[error("cannot write {0}: {1}; what was there is unchanged")]
    Write(PathBuf, io::Error),
    #[error("cannot make the folder {0}: {1}")]
    Folder(PathBuf, io::Error),
    #[error("{0}: {1}; it is left as it is: mend it, or move it away and add the agents anew")]
    Bad(PathBuf, ContentsError),
    #[error("{0} is missing, though it was there before: put it back, or add the agents anew")]
    Missing(PathBuf),
    #[error("{0} is being written by another connmapperl; try again")]
    Locked(PathBuf),
    #[error("there is no agent named \"{0}\"; `connmapperl agents list` shows them")]
    Unknown(String),
    #[error("there is an agent named \"{0}\" already; `connmapperl agents rotate` gives it a new token")]
    Taken(String),
    #[error("\"{0}\" is revoked; `connmapperl agents add` makes a new one of that name")]
    Revoked(String),
    #[error("\"{0}\" comes with the shared password and has no token of its own")]
    NoToken(String),
    #[error("a name has 1 to {MAX_NAME_CHARS} characters, none of them invisible")]
    Name,
    #[error("a place has -90 to 90 degrees north and -180 to 180 degrees east")]
    Place,
    #[error("the register holds {MAX_ENTRIES} agents already")]
    Full,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// Stands for the file; every call reads it anew, and those that change it lock it against other writers.
#[derive(Clone, Debug)]
pub struct Register {
    path: PathBuf,
}

impl Register {
    /// The register in that folder, which is made where there is none; so is the file, at the first change.
    ///
    /// # Errors
    /// When the folder cannot be made, or the file is bad: the line is named, and the file left as it is.
    pub fn open(folder: &Path) -> Result<Self, RegisterError> {
        private_file::make_folder(folder).map_err(|error| RegisterError::Folder(folder.to_owned(), error))?;
        let register = Self { path: folder.join(REGISTER_FILE) };
        register.contents()?;
        Ok(register)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All agents, the revoked and those that came with the shared password included, in order of their numbers.
    pub fn list(&self) -> Result<Vec<Agent>, RegisterError> {
        Ok(self.contents()?.agents)
    }

    /// Takes in a new agent. Returns it and its token, which is kept nowhere: it cannot be shown again.
    pub fn add(&self, name: &str) -> Result<(Agent, String), RegisterError> {
        let name = checked_name(name)?;
        self.change(|contents| {
            if contents.find(&name).is_some() {
                return Err(RegisterError::Taken(name.clone()));
            }
            if contents.is_full() {
                return Err(RegisterError::Full);
            }
            let number = contents.next_number();
            let (token, hash) = new_token(number)?;
            let agent = Agent::new(number, name.clone(), Proof::Token(hash), unix_secs());
            contents.push(agent.clone());
            Ok((agent, token))
        })
    }

    /// Takes the right to connect back, at once. `name` is the name or the shown one, here and below.
    pub fn revoke(&self, name: &str) -> Result<Agent, RegisterError> {
        self.change(|contents| {
            let agent = find(contents, name)?;
            agent.revoked_unix_secs = Some(unix_secs());
            Ok(agent.clone())
        })
    }

    /// Gives an agent a new token; the old one is worth nothing from now on.
    pub fn rotate(&self, name: &str) -> Result<String, RegisterError> {
        self.change(|contents| {
            let agent = find(contents, name)?;
            if !matches!(agent.proof, Proof::Token(_)) {
                return Err(RegisterError::NoToken(agent.name.clone()));
            }
            let (token, hash) = new_token(agent.number)?;
            agent.proof = Proof::Token(hash);
            Ok(token)
        })
    }

    /// Shows an agent under another name from now on.
    pub fn rename(&self, name: &str, shown_name: &str) -> Result<Agent, RegisterError> {
        let shown_name = checked_name(shown_name)?;
        self.change(|contents| {
            let number = find(contents, name)?.number;
            if contents.find(&shown_name).is_some_and(|other| other.number != number) {
                return Err(RegisterError::Taken(shown_name.clone()));
            }
            let agent = find(contents, name)?;
            agent.shown_name = (shown_name != agent.name).then_some(shown_name.clone());
            Ok(agent.clone())
        })
    }

    /// Where an agent stands, for its own end of the lines; `None` where that is not known.
    pub fn set_home(&self, name: &str, home: Option<Home>) -> Result<Agent, RegisterError> {
        let on_earth =
            |home: &Home| (-90.0..=90.0).contains(&home.lat) && (-180.0..=180.0).contains(&home.lon);
        if !home.as_ref().is_none_or(on_earth) {
            return Err(RegisterError::Place);
        }
        self.change(|contents| {
            let agent = find(contents, name)?;
            agent.home = home;
            Ok(agent.clone())
        })
    }

    /// Sets the shared password, or takes it back. Takes some 0.2 s.
    pub fn set_password(&self, password: Option<&str>) -> Result<(), RegisterError> {
        let hash = password.map(PasswordHash::of).transpose()?;
        self.change(|contents| {
            contents.password = hash;
            Ok(())
        })
    }

    pub fn has_password(&self) -> Result<bool, RegisterError> {
        Ok(self.contents()?.password.is_some())
    }

    pub(super) fn contents(&self) -> Result<Contents, RegisterError> {
        Ok(self.contents_if_there()?.unwrap_or_default())
    }

    /// `None` where there is no file.
    pub(super) fn contents_if_there(&self) -> Result<Option<Contents>, RegisterError> {
        let text = private_file::read(&self.path, MAX_FILE_BYTES)
            .map_err(|error| RegisterError::Read(self.path.clone(), error))?;
        let contents = text.map(|text| Contents::from_json(&text)).transpose();
        contents.map_err(|error| RegisterError::Bad(self.path.clone(), error))
    }

    /// Reads, changes and writes the file while no other writer may.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut Contents) -> Result<T, RegisterError>,
    ) -> Result<T, RegisterError> {
        let _lock = self.lock()?;
        let before = self.contents()?;
        let mut contents = before.clone();
        let result = change(&mut contents)?;
        if contents != before {
            let failed = |error| RegisterError::Write(self.path.clone(), error);
            private_file::prepare(&self.path, &contents.to_json())
                .and_then(|prepared| prepared.owned_like(&self.path).put(&self.path))
                .map_err(failed)?;
        }
        Ok(result)
    }

    /// Held until it is dropped. The lock file stays: taking it away would let two writers lock two files.
    fn lock(&self) -> Result<File, RegisterError> {
        let path = self.path.with_file_name(LOCK_FILE);
        let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(|error| RegisterError::Write(path.clone(), error))?;
        let start = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR)
                    if start.elapsed() < LOCK_PATIENCE =>
                {
                    std::thread::sleep(LOCK_RETRY);
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(RegisterError::Locked(self.path.clone())),
                Err(errno) => return Err(RegisterError::Write(path, errno.into())),
            }
        }
    }
}

fn find<'a>(contents: &'a mut Contents, name: &str) -> Result<&'a mut Agent, RegisterError> {
    if contents.find(name).is_none() {
        let is_revoked = contents.agents.iter().any(|agent| agent.is_called(name));
        let error = if is_revoked { RegisterError::Revoked } else { RegisterError::Unknown };
        return Err(error(name.to_owned()));
    }
    contents.find_mut(name).ok_or_else(|| RegisterError::Unknown(name.to_owned()))
}

fn checked_name(name: &str) -> Result<String, RegisterError> {
    let name = name.trim();
    let chars = name.chars().count();
    if !(1..=MAX_NAME_CHARS).contains(&chars) || clean(name, usize::MAX) != name {
        return Err(RegisterError::Name);
    }
    Ok(name.to_owned())
}

/// The wall clock, whole seconds.
pub(super) fn unix_secs() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "register_tests.rs"]
mod tests;

//! Where an agent's files are looked for when nobody names them, and where it keeps its own.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::kept_secret::SecretFile;

/// The display's certificate.
pub const CERTIFICATE_FILE: &str = "server-cert.pem";
/// One line: the display's address.
pub const SERVER_FILE: &str = "server";
/// One line: this agent's token.
pub const TOKEN_FILE: &str = "token";
/// The folder of ours in the user's folders for settings and for what programs keep.
const OUR_FOLDER: &str = "connmapperl";

/// Folders, first to last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// systemd's credentials: kept from others by the folder, whatever the files' own permissions say.
    guarded: Option<PathBuf>,
    others: Vec<PathBuf>,
    state: Vec<PathBuf>,
}

impl Places {
    /// systemd's credentials, the program's own folder, and the user's folder for settings; for what is kept, the service's
    /// folder and the user's. `variable`: the environment.
    pub fn new(program: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        // Relative ones are not to be heeded (XDG Base Directory Specification).
        let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let beside = program.and_then(Path::parent).map(Path::to_owned);
        let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
        let others = beside.into_iter().chain(config.map(|config| config.join(OUR_FOLDER))).collect();
        let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
        // systemd may name several.
        let service = variable("STATE_DIRECTORY").unwrap_or_default();
        let service = env::split_paths(&service).filter(|path| path.is_absolute()).take(1);
        let state = service.chain(state.map(|state| state.join(OUR_FOLDER))).collect();
        Self { guarded: folder("CREDENTIALS_DIRECTORY"), others, state }
    }

    /// The first file of that name there is.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        self.candidates(name).find(|path| path.exists())
    }

    /// Every path where a file of that name is looked for.
    pub fn candidates(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        self.guarded.iter().chain(&self.others).map(move |folder| folder.join(name))
    }

    /// Folders in which the agent may keep something, first to last.
    pub fn state_folders(&self) -> &[PathBuf] {
        &self.state
    }

    /// Everywhere that a secret is looked for.
    pub fn secret_files(&self) -> Vec<SecretFile> {
        self.candidates(TOKEN_FILE).map(|path| self.secret_file(path)).collect()
    }

    pub fn secret_file(&self, path: PathBuf) -> SecretFile {
        SecretFile { is_guarded: self.is_guarded(&path), path }
    }

    /// Whether the folder keeps others from the file.
    fn is_guarded(&self, path: &Path) -> bool {
        self.guarded.as_deref().is_some_and(|guarded| path.parent() == Some(guarded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Places {
        Places::new(Some(Path::new("/opt/agent/connmapperl-client")), |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    fn folders(places: &Places) -> Vec<String> {
        places.candidates("x").map(|path| path.parent().unwrap().display().to_string()).collect()
    }

    #[test]
    fn files_lie_beside_the_program_or_with_the_users_settings() {
        assert_eq!(folders(&places(&[("HOME", "/home/a")])), ["/opt/agent", "/home/a/.config/connmapperl"]);
        let configured = places(&[("HOME", "/home/a"), ("XDG_CONFIG_HOME", "/etc/a")]);
        assert_eq!(folders(&configured), ["/opt/agent", "/etc/a/connmapperl"]);
        assert_eq!(folders(&places(&[("XDG_CONFIG_HOME", "relative")])), ["/opt/agent"]);
    }

    #[test]
    fn a_services_credentials_come_first_and_are_guarded() {
        let places = places(&[("CREDENTIALS_DIRECTORY", "/run/credentials/agent")]);
        assert_eq!(folders(&places), ["/run/credentials/agent", "/opt/agent"]);
        assert!(places.is_guarded(Path::new("/run/credentials/agent/token")));
        assert!(!places.is_guarded(Path::new("/opt/agent/token")));
    }

    #[test]
    fn what_is_kept_lies_in_the_services_folder_or_the_users() {
        let state = |variables: &[(&str, &str)]| -> Vec<String> {
            places(variables).state_folders().iter().map(|path| path.display().to_string()).collect()
        };
        assert_eq!(state(&[("HOME", "/home/a")]), ["/home/a/.local/state/connmapperl"]);
        assert_eq!(state(&[("HOME", "/home/a"), ("XDG_STATE_HOME", "/st")]), ["/st/connmapperl"]);
        let service = [("STATE_DIRECTORY", "/var/lib/agent:/var/lib/b"), ("HOME", "/")];
        assert_eq!(state(&service), ["/var/lib/agent", "/.local/state/connmapperl"]);
        assert!(state(&[("STATE_DIRECTORY", "relative")]).is_empty());
        assert!(state(&[]).is_empty());
    }
}

//! A home for a program under test: folders of its own, a log, and an end that comes with the test's.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use connmapperl::history::create_or_migrate;
use tempfile::TempDir;

/// Nothing takes this long, not even on a slow and busy machine.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Waits until `found` finds something; a test fails where it never does.
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < LIMIT, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn has_program(name: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(name).is_file())
}

/// A child that ends with its owner.
pub struct Process(pub Child);

impl Process {
    pub fn spawn(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub struct Home(TempDir);

impl Home {
    /// A history with these rows. Returns where it is.
    pub fn history(&self, rows: &str) -> String {
        let path = self.path().join("history.sqlite");
        let mut database = rusqlite::Connection::open(&path).unwrap();
        create_or_migrate(&mut database).unwrap();
        database.execute_batch(rows).unwrap();
        path.display().to_string()
    }

    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["run", "config", "state", "data", "cache"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        // The standard asks that nobody else may look into the run folder.
        fs::set_permissions(folder.path().join("run"), Permissions::from_mode(0o700)).unwrap();
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// What is in a file; nothing where there is none.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    /// Writes a file, with the folders on the way to it.
    pub fn write(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }

    /// A program that knows no other home and no other display.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "RUST_LOG"] {
            command.env_remove(name);
        }
        command.env("HOME", self.path()).env("XDG_RUNTIME_DIR", self.path().join("run"));
        for (name, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
        ] {
            command.env(name, self.path().join(folder));
        }
        command
    }

    /// The same, with all it says in a file.
    pub fn logged(&self, program: &str, file: &str) -> (Command, PathBuf) {
        let path = self.path().join(file);
        let log = File::create(&path).unwrap();
        let mut command = self.command(program);
        command.stdout(log.try_clone().unwrap()).stderr(log);
        (command, path)
    }
}

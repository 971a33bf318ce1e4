//! The programs started as a user starts them, in a home of their own: no file, variable or display of whoever runs
//! the tests reaches them, and nothing of theirs is left behind.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod picture;
pub mod screen;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The machine's own way to a graphics driver, where it has one.
const DRIVER_VARIABLES: [&str; 4] =
    ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES", "LD_LIBRARY_PATH"];

pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for below in ["home", "run", "work"] {
            fs::create_dir(folder.path().join(below)).unwrap();
        }
        // Wayland and others refuse a folder that somebody else may look into.
        fs::set_permissions(folder.path().join("run"), Permissions::from_mode(0o700)).unwrap();
        Self { folder }
    }

    /// A file or folder in the working folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    /// Writes a file into the working folder, and the folders above it.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }

    /// The display program, without a display.
    pub fn connmapperl(&self, arguments: &[&str]) -> Command {
        self.command(env!("CARGO_BIN_EXE_connmapperl"), arguments)
    }

    pub fn client(&self, arguments: &[&str]) -> Command {
        self.command(env!("CARGO_BIN_EXE_connmapperl-client"), arguments)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let kept = DRIVER_VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        command
            .args(arguments)
            .current_dir(self.folder.path().join("work"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_RUNTIME_DIR", self.folder.path().join("run"))
            .env("TZ", "UTC")
            .envs(kept);
        command
    }
}

/// The rules that the program comes with.
pub fn shipped_rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("connmapperlrc")
}

/// What a program printed; fails with its complaints where it failed.
pub fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}: {}", output.status, complaint(&output));
    String::from_utf8(output.stdout).unwrap()
}

pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether a picture could not be drawn because nothing here can draw one; then says so.
pub fn skipped_for_want_of_an_adapter(output: &Output) -> bool {
    let skipped = complaint(output).contains("no graphics adapter");
    if skipped {
        println!("skipped: needs a graphics adapter; Mesa's software Vulkan driver will do");
    }
    skipped
}

//! A reader who types what the book says: a home of its own in which a month of a made-up history lies where the program
//! keeps it, and the three programs at hand. Nothing of whoever runs the tests reaches it, and nothing of it is left behind
//! but unpacked tables.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use connmapperl::history::create_or_migrate;
use rusqlite::Connection;

/// Seconds; far longer than any block takes, a film on a software renderer too. Reached only by a failure.
const PATIENCE_SECS: &str = "600";
pub const PROGRAMS: [(&str, &str); 3] = [
    ("connmapperl", env!("CARGO_BIN_EXE_connmapperl")),
    ("connmapperl-client", env!("CARGO_BIN_EXE_connmapperl-client")),
    ("ip2asn", env!("CARGO_BIN_EXE_ip2asn")),
];
/// The machine's own way to a graphics driver, where it has one.
const DRIVER_VARIABLES: [&str; 4] =
    ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_ADD_DRIVER_FILES", "LD_LIBRARY_PATH"];
/// Tables that the programs unpack once: the same for every home, and some seconds of work each time.
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/book-cache");
/// What somebody has fetched who has an import before them.
const DOWNLOADS: [&str; 3] = ["delegated-ripencc-extended", "as-org2info.jsonl", "ripe.db"];

pub struct Session {
    folder: tempfile::TempDir,
}

impl Session {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |below: &str| folder.path().join(below);
        let history = at("home/.local/share/connmapperl");
        for folder in [&history, &at("home/connmapperl"), &at("home/Downloads"), &at("bin"), &at("run")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::set_permissions(at("run"), Permissions::from_mode(0o700)).unwrap();
        for (name, program) in PROGRAMS {
            symlink(program, at("bin").join(name)).unwrap();
        }
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::copy(repository.join("connmapperlrc"), at("home/connmapperl/connmapperlrc")).unwrap();
        for name in DOWNLOADS {
            fs::copy(repository.join("tests/fixtures/whois").join(name), at("home/Downloads").join(name))
                .unwrap();
        }
        record(&history.join("history.sqlite"));
        Self { folder }
    }

    /// The checkout, as far as the book needs it.
    pub fn working_folder(&self) -> PathBuf {
        self.folder.path().join("home/connmapperl")
    }

    /// Lines for a shell, of which the first that fails ends it; those that were run stand in what it says.
    pub fn type_in(&self, lines: &str) -> Output {
        self.command("timeout", &[PATIENCE_SECS, "bash", "-o", "pipefail", "-exc", lines])
    }

    /// One question in SQL.
    pub fn ask(&self, sql: &str) -> Output {
        // Its own limit is for people who wait, not for a machine that does ten things at once.
        self.command(
            env!("CARGO_BIN_EXE_connmapperl"),
            &["query", "--csv", "--time-limit", PATIENCE_SECS, sql],
        )
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Output {
        let kept = DRIVER_VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let at = |below: &str| self.folder.path().join(below);
        Command::new(program)
            .args(arguments)
            .current_dir(self.working_folder())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", at("bin").display()))
            .env("HOME", at("home"))
            .env("XDG_CACHE_HOME", CACHE)
            .env("XDG_RUNTIME_DIR", at("run"))
            .env("TZ", "UTC")
            .envs(kept)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

/// A month up to now. What is recorded hangs on nothing but the time at which it ends.
fn record(path: &Path) {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let rows = include_str!("../fixtures/book/history.sql").replace("NOW_MS", &now_ms.to_string());
    let mut database = Connection::open(path).unwrap();
    create_or_migrate(&mut database).unwrap();
    database.execute_batch(&rows).unwrap();
}

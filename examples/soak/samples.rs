//! What the program takes at a moment: memory, threads, descriptors, and the sizes of its files.

use std::{fs, path::Path};

use anyhow::Context;
use serde::Serialize;

use super::{setting::history, stage::Stage};

#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    pub at_secs: f64,
    pub resident_bytes: u64,
    /// Of it, what belongs to no file: without the pages of the program, the drivers and what is mapped.
    pub anonymous_bytes: u64,
    pub threads: u64,
    pub descriptors: u64,
    pub history_bytes: u64,
    /// What SQLite has not taken over into the history yet, and what it keeps of that file's room.
    pub journal_bytes: u64,
    /// Folder of the user's settings, and that of the fleet.
    pub config_bytes: u64,
    pub home_bytes: u64,
    /// Connections of the agents that are open.
    pub open: u64,
}

impl Sample {
    pub fn take(stage: &Stage, at_secs: f64, open: u64) -> anyhow::Result<Self> {
        let process = format!("/proc/{}", stage.process.id());
        let status = fs::read_to_string(format!("{process}/status"))?;
        let number = |name: &str| -> anyhow::Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let value = line.and_then(|line| line.split_whitespace().next());
            Ok(value.with_context(|| format!("no {name}"))?.parse()?)
        };
        let home = stage.home.path();
        let [history_bytes, journal_bytes] = history_bytes(stage);
        Ok(Self {
            at_secs,
            resident_bytes: number("VmRSS:")? * 1024,
            anonymous_bytes: number("RssAnon:")? * 1024,
            threads: number("Threads:")?,
            descriptors: fs::read_dir(format!("{process}/fd"))?.count() as u64,
            history_bytes,
            journal_bytes,
            config_bytes: folder_bytes(&home.join("XDG_CONFIG_HOME")) + folder_bytes(&home.join("fleet")),
            home_bytes: folder_bytes(home),
            open,
        })
    }
}

/// The file and its journal.
pub fn history_bytes(stage: &Stage) -> [u64; 2] {
    let path = history(&stage.home);
    ["sqlite", "sqlite-wal"].map(|end| file_bytes(&path.with_extension(end)))
}

/// None where there is none: files come and go.
fn file_bytes(path: &Path) -> u64 {
    fs::symlink_metadata(path).map_or(0, |file| file.len())
}

fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let bytes = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => folder_bytes(&entry.path()),
        Ok(kind) if kind.is_file() => file_bytes(&entry.path()),
        _ => 0,
    };
    entries.flatten().map(bytes).sum()
}

//! What the program finds when it starts, and where its files are in its home.

use std::{
    fs,
    path::{Path, PathBuf},
};

use connmapperl::history::{Keep, create_or_migrate};

use super::{
    agent::AGENTS,
    home::Home,
    link::Display,
    stage::{Setting, Stage},
};

const SCREEN_PX: [u32; 2] = [1600, 900];
pub const WINDOW_PX: [u32; 2] = [1280, 720];

/// Starts it, with a history that may have so many bytes.
pub fn open(history_bytes: u64) -> anyhow::Result<(Stage, Display, Vec<String>)> {
    let setting = Setting { screen_px: SCREEN_PX, agents: AGENTS, has_manager: true, log: None };
    Stage::open(&setting, |home| {
        let (history, rules) = (history(home), rules(home));
        let mut database = rusqlite::Connection::open(&history)?;
        create_or_migrate(&mut database)?;
        Keep { bytes: Some(history_bytes), ..Keep::default() }.write(&database)?;
        write_rules(&rules, 0)?;
        Ok(vec!["--history".into(), history.into(), "--config".into(), rules.into()])
    })
}

pub fn history(home: &Home) -> PathBuf {
    home.path().join("history.sqlite")
}

pub fn rules(home: &Home) -> PathBuf {
    home.path().join("rules")
}

/// Rules that match some of what the agents have, in colours of the turn.
pub fn write_rules(path: &Path, turn: u32) -> anyhow::Result<()> {
    let shade = f64::from(turn % 10) / 10.0;
    let text = format!(
        "\"Mail\",peer,993,{shade},0.9,0.2,0.9,1\n\"Web {}\",peer,443,0.3,0.5,1,0.8,0\n\"Shell\",peer,22,1,{shade},0.2,1,1\n",
        turn % 3
    );
    Ok(fs::write(path, text)?)
}

//! The detailed history as its thread tells of it: how much is kept, how large it is, whether it is being written. What the
//! user asks of it goes as an action.

use std::path::PathBuf;

use bevy::prelude::Resource;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepHistory {
    /// Closed connections are kept this long; for ever, if not said.
    pub age_secs: Option<u64>,
    /// The file stays about this small.
    pub bytes: Option<u64>,
    /// Whether anything is recorded at all.
    pub records: bool,
}

impl Default for KeepHistory {
    fn default() -> Self {
        Self { age_secs: None, bytes: None, records: true }
    }
}

#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFacts {
    /// A scene has none.
    pub path: Option<PathBuf>,
    pub bytes: u64,
    /// Unix milliseconds; nothing where nothing is kept.
    pub first_ms: Option<i64>,
    pub last_ms: Option<i64>,
    pub keep: KeepHistory,
    /// Older rows are being taken away just now.
    pub is_pruning: bool,
    /// Connections that could not be kept since the start.
    pub lost: u64,
}

//! What the window knows of the detailed history: how big it is, from when to when it goes, and what is kept of it.

use bevy::prelude::Resource;

/// There is none where nothing is remembered, as of a scene.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryFacts {
    pub bytes: u64,
    /// Unix milliseconds of the first connection, and of when all was well last.
    pub span_ms: Option<(i64, i64)>,
    pub keep: Kept,
    /// Older connections are being taken away just now.
    pub is_pruning: bool,
    /// Connections that could not be kept since the start.
    pub lost: u64,
    /// How often all was to be forgotten, and is, or is not for a reason that was said.
    pub resets: u64,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Closed connections are kept this long; for ever, if not said.
    pub age_secs: Option<u64>,
    /// The file stays about this small.
    pub bytes: Option<u64>,
    /// Whether anything is recorded at all.
    pub records: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Self { age_secs: None, bytes: None, records: true }
    }
}

/// What is asked of the history.
#[derive(bevy::prelude::Message, Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryOrder {
    Keep(Kept),
    /// All that is closed is forgotten.
    Reset,
}

//! Records of a file that cannot be used: how many, and of the first ones the line and the reason. Rejecting one never
//! hides the others.

use serde::{Deserialize, Serialize};

/// So many are told one by one: enough to see what is wrong with a file, few enough for an index to keep.
const TOLD: usize = 100;
/// Characters of a line that a message quotes.
const QUOTE_CHARACTERS: usize = 60;

/// A record that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// Counts from 1, in the unpacked text.
    pub line: u64,
    pub reason: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejects {
    pub count: u64,
    /// The first of them.
    pub told: Vec<Rejected>,
}

impl Rejects {
    /// `reason` is only called for those that are told.
    pub fn add(&mut self, line: u64, reason: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(Rejected { line, reason: reason() });
        }
    }

    /// The first of them, for a message.
    pub fn first(&self) -> Option<String> {
        self.told.first().map(|told| format!("line {}: {}", told.line, told.reason))
    }
}

/// Text of a file as a message shows it.
pub fn quoted(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(4 * QUOTE_CHARACTERS)];
    let text = String::from_utf8_lossy(start);
    let text = text.trim();
    match text.char_indices().nth(QUOTE_CHARACTERS) {
        Some((cut, _)) => format!("{:?}...", &text[..cut]),
        None => format!("{text:?}"),
    }
}

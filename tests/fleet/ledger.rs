//! The lines, read as somebody would who knows nothing of the program: what is told of each connection must make sense by
//! itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A connection as its reader knows it: the agent's id and its number.
type Key = (String, String);

#[derive(Default)]
pub struct Ledger {
    /// With what was said when they opened.
    pub open: BTreeMap<Key, Value>,
    ever: BTreeSet<Key>,
    /// Runs of agents.
    pub runs: BTreeSet<String>,
    pub faults: Vec<String>,
}

impl Ledger {
    pub fn read(lines: &[Value]) -> Self {
        let mut ledger = Self::default();
        lines.iter().for_each(|line| ledger.take(line));
        ledger
    }

    /// Openings of all time.
    pub fn opened(&self) -> usize {
        self.ever.len()
    }

    fn take(&mut self, line: &Value) {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let key = (text("id"), text("connection"));
        let fault = match &*text("event") {
            "opened" => {
                let is_new = self.ever.insert(key.clone());
                self.open.insert(key, line.clone());
                (!is_new).then_some("opened twice")
            }
            "closed" => self.open.remove(&key).is_none().then_some("closed, and not open"),
            "updated" | "open" => (!self.open.contains_key(&key)).then_some("not open"),
            "run" => {
                self.runs.insert(text("run"));
                None
            }
            "gone" => self.open.keys().any(|(id, _)| *id == text("id")).then_some("gone with some open"),
            "agent" | "snapshot" | "known" | "checkpoint" => None,
            _ => Some("no event"),
        };
        self.faults.extend(fault.map(|fault| format!("{fault}: {line}")));
    }
}

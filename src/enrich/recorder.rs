//! What the history hears: every change of every connection, whether the map has room for it or not. Gathers what many
//! messages brought, and sends it as one. Where the history cannot keep up for long, changes are dropped and counted, and
//! all that is open is told again when there is room, so that no lost end leaves a row open.

use std::{collections::BTreeMap, time::Duration};

use crossbeam_channel::SendTimeoutError;

use super::{OpenTable, Outlets, Record, Report};
use crate::model::{AgentId, AgentStatus, Located};

/// Batches that may wait for the history: it takes a batch in well under a millisecond, and writes four times a second.
pub const HISTORY_CAPACITY: usize = 1_024;
/// Records that room is made for at once, and that are sent without waiting for more.
const BATCH: usize = 1_024;
/// How long sockets are not looked at, rather than changes lost: a disk that is busy takes that long.
const PATIENCE: Duration = Duration::from_millis(50);

#[derive(Default)]
pub struct Recorder {
    batch: Vec<Record>,
    /// Records of the last batch: the next one will be about as long.
    usual: usize,
    /// What agents are called, as far as the history has heard.
    names: BTreeMap<AgentId, AgentStatus>,
    /// Those who have told all they have.
    have_looked: Vec<AgentId>,
    owes_all: bool,
    /// The last batch found no room: the next one is not waited with.
    is_behind: bool,
    lost: u64,
}

impl Recorder {
    pub fn told(&mut self, located: &Located, outlets: &Outlets) {
        if outlets.to_history.is_some() {
            if self.batch.capacity() == 0 {
                self.batch.reserve(self.usual.min(BATCH));
            }
            self.batch.push(Record::Told(located.clone()));
        }
    }

    /// Of a status, the history keeps the name.
    pub fn status(&mut self, status: &AgentStatus) {
        let before = self.names.insert(status.agent, status.clone());
        if before.is_none_or(|before| before.name != status.name) {
            self.batch.push(Record::Told(Located::Status(status.clone())));
        }
    }

    /// The agent has told all it has.
    pub fn looked(&mut self, agent: AgentId, table: &OpenTable) {
        if !self.have_looked.contains(&agent) {
            self.have_looked.push(agent);
        }
        self.batch
            .push(Record::Looked { agent, open: table.of(agent).map(|it| it.key.connection).collect() });
    }

    pub fn forget(&mut self, agent: AgentId) {
        self.names.remove(&agent);
        self.have_looked.retain(|known| *known != agent);
    }

    /// The history knows nothing of what is open.
    pub const fn tell_again(&mut self) {
        self.owes_all = true;
    }

    pub const fn owes_all(&self) -> bool {
        self.owes_all
    }

    /// Something is gathered.
    pub const fn has_news(&self) -> bool {
        !self.batch.is_empty()
    }

    /// As much is gathered as one batch should be.
    pub const fn has_many(&self) -> bool {
        self.batch.len() >= BATCH
    }

    /// Sends what was gathered. Returns what is to be said of it.
    pub fn flush(&mut self, table: &OpenTable, outlets: &Outlets) -> Option<Report> {
        let Some(to_history) = &outlets.to_history else {
            self.batch.clear();
            return None;
        };
        if self.owes_all && !to_history.is_full() {
            self.gather_all(table);
        }
        if self.batch.is_empty() {
            return None;
        }
        let patience = if self.is_behind { Duration::ZERO } else { PATIENCE };
        self.usual = self.batch.len();
        match to_history.send_timeout(std::mem::take(&mut self.batch), patience) {
            Ok(()) => {
                self.is_behind = false;
                None
            }
            Err(SendTimeoutError::Timeout(lost)) => {
                (self.is_behind, self.owes_all) = (true, true);
                self.lost += lost.iter().filter(|record| matches!(record, Record::Told(_))).count() as u64;
                Some(Report::HistoryLost(self.lost))
            }
            // It has ended, and has said why.
            Err(SendTimeoutError::Disconnected(_)) => None,
        }
    }

    /// Appends all that is known, so that what was lost before does not matter any more.
    fn gather_all(&mut self, table: &OpenTable) {
        self.owes_all = false;
        self.batch.extend(self.names.values().map(|status| Record::Told(Located::Status(status.clone()))));
        for agent in self.have_looked.clone() {
            let open = table.of(agent).cloned();
            self.batch.extend(open.map(|open| Record::Told(Located::Opened(open))));
            self.looked(agent, table);
        }
    }
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;

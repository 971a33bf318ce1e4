//! What the lines say of an agent, apart from its connections: kept while they are written, and found again when they
//! are read. Pure.

use std::{collections::VecDeque, sync::Arc};

use crate::net::server::EARLIER_RUNS;

/// The last and those before it: as many as the listener remembers.
const MOST_RUNS: usize = EARLIER_RUNS + 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFacts {
    pub name: Arc<str>,
    /// [`Identity`](crate::net::server::Identity) as text; `None` where no link of it was there yet.
    pub id: Option<Arc<str>>,
    pub boot: Option<[u8; 16]>,
    /// Its runs with the last event that was written of each, the newest last.
    pub runs: VecDeque<(u64, u64)>,
    /// At which event of the newest run a whole snapshot of it was written first.
    pub first_base: Option<u64>,
    pub is_gone: bool,
}

impl AgentFacts {
    pub const fn new(name: Arc<str>) -> Self {
        Self { name, id: None, boot: None, runs: VecDeque::new(), first_base: None, is_gone: false }
    }

    /// Takes over what a checkpoint says.
    pub fn set_runs(&mut self, runs: impl IntoIterator<Item = (u64, u64)>) {
        self.runs = runs.into_iter().collect();
        let surplus = self.runs.len().saturating_sub(MOST_RUNS);
        self.runs.drain(..surplus);
    }

    pub fn run(&self) -> Option<u64> {
        self.runs.back().map(|(run, _)| *run)
    }

    /// What follows is of this run.
    pub fn began(&mut self, run: u64, boot: Option<[u8; 16]>) {
        self.boot = boot;
        if self.run() != Some(run) || self.is_gone {
            let had = self.runs.iter().find(|(other, _)| *other == run).map_or(0, |(_, had)| *had);
            self.runs.retain(|(other, _)| *other != run);
            self.runs.push_back((run, had));
            if self.runs.len() > MOST_RUNS {
                self.runs.pop_front();
            }
            self.first_base = None;
        }
        self.is_gone = false;
    }

    /// Everything up to that event is written.
    pub fn reached(&mut self, run: u64, sequence: u64) {
        if self.run() != Some(run) {
            // The line that said so is damaged, and with it what the boot was.
            self.began(run, None);
        }
        if let Some((_, had)) = self.runs.back_mut() {
            *had = sequence.max(*had);
        }
    }

    /// The whole snapshot after that event is written.
    pub fn has_snapshot(&mut self, run: u64, base: u64) {
        self.reached(run, base);
        self.first_base.get_or_insert(base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_remembered_with_their_last_event_and_not_too_many() {
        let mut facts = AgentFacts::new("web1".into());
        facts.began(7, Some([1; 16]));
        facts.reached(7, 4);
        facts.reached(7, 3);
        facts.has_snapshot(7, 9);
        facts.has_snapshot(7, 12);
        assert_eq!((facts.first_base, facts.runs.back()), (Some(9), Some(&(7, 12))));
        for run in 100..100 + MOST_RUNS as u64 - 1 {
            facts.began(run, Some([1; 16]));
        }
        assert_eq!((facts.runs.len(), facts.first_base), (MOST_RUNS, None));
        facts.began(7, Some([1; 16]));
        assert_eq!(facts.runs.back(), Some(&(7, 12)), "it was still known");
        facts.reached(8, 1);
        assert_eq!((facts.run(), facts.boot), (Some(8), None), "nobody said which boot that was");
        assert_eq!(facts.runs.len(), MOST_RUNS);
    }
}

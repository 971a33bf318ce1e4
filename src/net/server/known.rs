//! What a taker that keeps the news tells of the agents from before the listener started: who they are, how far they
//! were heard, and that they may come back to what is known of them.

use std::{collections::VecDeque, fmt, sync::Arc, time::Instant};

use super::{
    directory::{Directory, EARLIER_RUNS, Identity, Record, Remembered},
    incoming::Incoming,
    secret::Hex,
};
use crate::model::AgentId;

/// What an agent is known by, whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub identity: Identity,
    /// Another after each start of the machine.
    pub boot: [u8; 16],
}

/// An agent as the taker knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAgent {
    /// Its number from here on; no two have one.
    pub agent: AgentId,
    pub identity: Identity,
    pub name: Arc<str>,
    /// `None` where that was lost: then nothing of it is taken for the same.
    pub boot: Option<[u8; 16]>,
    /// Its runs with the last event that the taker has of each, the newest last.
    pub runs: VecDeque<(u64, u64)>,
    /// Nothing of it is open, and it need not be told that it is gone.
    pub is_gone: bool,
}

/// `7` for token 7, `MACHINE/NAME` for one that comes with the shared password.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(number) => write!(f, "{number}"),
            Self::Machine { machine, called } => write!(f, "{}/{called}", Hex(*machine)),
        }
    }
}

impl Identity {
    /// What [`Display`](fmt::Display) wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        match text.split_once('/') {
            None => text.parse().ok().map(Self::Token),
            Some((machine, called)) => {
                let Hex(machine) = Hex::from_text(machine)?;
                Some(Self::Machine { machine, called: called.to_owned() })
            }
        }
    }
}

impl Directory {
    /// With agents that are lost since this moment, and those that were gone before.
    pub fn restored(agents: Vec<KnownAgent>, now: Instant) -> Self {
        let mut directory = Self::default();
        for KnownAgent { agent, identity, name, boot, mut runs, is_gone } in agents {
            directory.last_id = directory.last_id.max(agent.0);
            let last = if is_gone { None } else { runs.pop_back() };
            while runs.len() > EARLIER_RUNS {
                runs.pop_front();
            }
            let earlier = if last.is_some() { VecDeque::new() } else { std::mem::take(&mut runs) };
            directory.ids.insert(identity.clone(), Remembered { agent, earlier });
            if let Some((run, had)) = last {
                let record = Record {
                    identity,
                    credential: None,
                    name,
                    // Nobody sits there, so nobody is asked for it.
                    machine: [0; 16],
                    boot,
                    // What the taker has is of this boot.
                    incoming: Some(Incoming::new(run, run, had, true)),
                    earlier: runs,
                    arrived: Arc::default(),
                    orders: None,
                    home: None,
                    is_revoked: false,
                    lost_since: now,
                    is_told_lost: false,
                };
                directory.records.insert(agent, record);
            }
        }
        directory
    }
}

#[cfg(test)]
#[path = "known_tests.rs"]
mod tests;

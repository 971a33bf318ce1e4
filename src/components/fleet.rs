//! What the display knows of its agents besides their connections: which of them are hidden, whether it listens for
//! them, and what the window needs to let a new one in.

use std::{collections::BTreeSet, path::PathBuf};

use bevy::prelude::Resource;

use crate::model::AgentId;

/// Agents whose connections the user switched off, everywhere.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct HiddenAgents(BTreeSet<AgentId>);

impl HiddenAgents {
    pub fn hides(&self, agent: AgentId) -> bool {
        self.0.contains(&agent)
    }

    pub fn toggle(&mut self, agent: AgentId) {
        if !self.0.remove(&agent) {
            self.0.insert(agent);
        }
    }

    pub fn forget(&mut self, agent: AgentId) {
        self.0.remove(&agent);
    }
}

/// Whether dots carry a thin ring in their agent's colour; only seen while more than one agent has connections.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentRings(pub bool);

impl Default for AgentRings {
    fn default() -> Self {
        Self(true)
    }
}

/// The listener, as the window shows it.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Listening {
    pub state: ListenState,
    /// The agent added last from this window: its token is shown once.
    pub new_agent: Option<NewAgent>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListenState {
    /// Scenes and stills open no port and have no register.
    #[default]
    Unavailable,
    Off,
    On(ListenFacts),
    /// One sentence: what is wrong, and what mends it.
    Failed(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenFacts {
    /// Where it listens, as `0.0.0.0:6789`.
    pub address: String,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
    /// The file that each agent needs.
    pub certificate: PathBuf,
    /// What one types on another machine, or on this one where no other can reach it.
    pub command: String,
    /// It listens on a loopback address.
    pub is_for_this_machine: bool,
}

impl ListenFacts {
    /// Where one types the command.
    pub const fn place(&self) -> &'static str {
        if self.is_for_this_machine {
            "nothing on another machine can reach it; on this one"
        } else {
            "on another machine"
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAgent {
    pub name: String,
    pub token: String,
}

/// Agents are told apart by this many colours; then they come again.
pub const AGENT_COLOURS: usize = 8;

/// Which of the colours an agent has. This machine has the first.
pub const fn colour_of(agent: AgentId) -> usize {
    agent.0 as usize % AGENT_COLOURS
}

//! What stands in the register's file: JSON, one entry an agent. Pure: text in, text out.

use std::{collections::HashSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    directory::free_name,
    register::MAX_ENTRIES,
    secret::{Hex, PasswordHash, TokenHash},
};

/// Raised where an older program would understand the file wrongly.
const VERSION: u32 = 1;

#[derive(Debug, thiserror::Error)]
pub enum ContentsError {
    /// The message names line and column.
    #[error("it is no register of agents: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it is of a newer connmapperl (version {0} of the file, where {VERSION} is understood)")]
    Version(u32),
    #[error("it holds agent {0} twice")]
    Twice(u32),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    version: u32,
    /// The shared password, where one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    pub agents: Vec<Agent>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Stands in its token, and is never given to another one.
    pub number: u32,
    /// As it was added, or as it calls itself.
    pub name: String,
    /// As it is shown, where that is another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_name: Option<String>,
    pub proof: Proof,
    pub created_unix_secs: i64,
    /// Not to the second: it is written once a minute at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_unix_secs: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_unix_secs: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Home>,
}

/// How an agent shows that it is the one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Proof {
    /// By the token with this hash.
    Token(TokenHash),
    /// By the shared password; then it is known by its machine and by what it calls itself.
    Password { machine: Hex<16>, called: String },
}

/// Where an agent stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Home {
    /// Degrees north, -90 to 90.
    pub lat: f32,
    /// Degrees east, -180 to 180.
    pub lon: f32,
}

impl Agent {
    pub(super) const fn new(number: u32, name: String, proof: Proof, created_unix_secs: i64) -> Self {
        Self {
            number,
            name,
            shown_name: None,
            proof,
            created_unix_secs,
            last_seen_unix_secs: None,
            revoked_unix_secs: None,
            home: None,
        }
    }

    /// The name that people see.
    pub fn shown_name(&self) -> &str {
        self.shown_name.as_deref().unwrap_or(&self.name)
    }

    pub const fn is_revoked(&self) -> bool {
        self.revoked_unix_secs.is_some()
    }

    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.shown_name.as_deref() == Some(name)
    }
}

impl Default for Contents {
    fn default() -> Self {
        Self { version: VERSION, password: None, agents: Vec::new() }
    }
}

impl Contents {
    pub fn from_json(text: &[u8]) -> Result<Self, ContentsError> {
        /// A newer file may have anything else in it.
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        if let Ok(Version { version }) = serde_json::from_slice(text)
            && version > VERSION
        {
            return Err(ContentsError::Version(version));
        }
        let mut contents: Self = serde_json::from_slice(text)?;
        contents.agents.sort_by_key(|agent| agent.number);
        let twice = contents.agents.windows(2).find(|pair| pair[0].number == pair[1].number);
        match twice {
            Some(pair) => Err(ContentsError::Twice(pair[0].number)),
            None => Ok(contents),
        }
    }

    pub fn to_json(&self) -> Vec<u8> {
        // Writing plain structs into memory cannot fail.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    pub fn by_number(&self, number: u32) -> Option<&Agent> {
        let at = self.agents.binary_search_by_key(&number, |agent| agent.number).ok()?;
        Some(&self.agents[at])
    }

    /// The agent that comes with the shared password from that machine and calls itself so; the revoked ones too.
    pub fn by_machine(&self, its_machine: Hex<16>, name: &str) -> Option<&Agent> {
        self.agents.iter().rev().find(|agent| {
            matches!(&agent.proof, Proof::Password { machine, called } if *machine == its_machine && called == name)
        })
    }

    /// The agent of that name, or shown so, that is not revoked.
    pub fn find(&self, name: &str) -> Option<&Agent> {
        self.agents.iter().find(|agent| !agent.is_revoked() && agent.is_called(name))
    }

    pub fn find_mut(&mut self, name: &str) -> Option<&mut Agent> {
        self.agents.iter_mut().find(|agent| !agent.is_revoked() && agent.is_called(name))
    }

    /// That name, or with a number behind it where somebody who is not revoked has it.
    pub fn free_name(&self, name: &str) -> Arc<str> {
        let agents = self.agents.iter().filter(|agent| !agent.is_revoked());
        let names =
            agents.flat_map(|agent| [agent.name.as_str()].into_iter().chain(agent.shown_name.as_deref()));
        let taken: HashSet<&str> = names.collect();
        free_name(name, |name| !taken.contains(name))
    }

    pub fn next_number(&self) -> u32 {
        self.agents.last().map_or(1, |agent| agent.number.saturating_add(1))
    }

    /// Whether there is room for another entry.
    pub fn is_full(&self) -> bool {
        self.agents.len() >= MAX_ENTRIES
    }

    /// Appends one with the next number.
    pub fn push(&mut self, agent: Agent) {
        self.agents.push(agent);
    }
}

//! Lines read again: who was there, how far each run was heard, and what was left open. A bad line is refused alone. Pure.

use std::{collections::HashMap, net::SocketAddr};

use serde::Deserialize;

use super::facts::AgentFacts;
use crate::{
    enrich::table::{EarlierSet, OpenEarlier},
    model::{AgentId, ConnectionId, Direction, Observation, Owner, Protocol, Traffic},
    net::server::{Identity, KnownAgent},
};

/// Agents that are read: as many as the listener remembers.
const MOST_AGENTS: usize = 16_384;
/// Open connections that are read: a thousand of each of a thousand agents, some 300 MB.
const MOST_OPEN: usize = 1_000_000;

#[derive(Debug, thiserror::Error)]
pub enum BadLine {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("{0} is missing, or makes no sense")]
    Lacks(&'static str),
    #[error("there are more agents or open connections than are read")]
    TooMany,
}

/// An agent as the lines leave it.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierAgent {
    pub facts: AgentFacts,
    pub last_heard_unix_millis: i64,
    pub open: HashMap<ConnectionId, OpenEarlier>,
}

/// All that was read.
#[derive(Debug, Default)]
pub struct Earlier {
    agents: Vec<(Identity, EarlierAgent)>,
    by_id: HashMap<String, usize>,
    open: usize,
}

/// What is looked for in a line; the rest is for others.
#[derive(Deserialize)]
struct ReadLine {
    event: String,
    agent: Option<String>,
    id: Option<String>,
    unix_millis: i64,
    run: Option<String>,
    sequence: Option<u64>,
    connection: Option<String>,
    boot: Option<String>,
    protocol: Option<Protocol>,
    direction: Option<Direction>,
    local: Option<SocketAddr>,
    peer: Option<SocketAddr>,
    uid: Option<u32>,
    program: Option<String>,
    pid: Option<u32>,
    sent_bytes: Option<u64>,
    received_bytes: Option<u64>,
    rtt_micros: Option<u32>,
    runs: Option<Vec<ReadRun>>,
    first_base: Option<u64>,
    gone: Option<bool>,
}

#[derive(Deserialize)]
struct ReadRun {
    run: String,
    sequence: u64,
}

impl Earlier {
    /// Takes one line in.
    ///
    /// # Errors
    /// When it is none of ours, or damaged; then nothing comes of it.
    pub fn read(&mut self, line: &[u8]) -> Result<(), BadLine> {
        let line: ReadLine = serde_json::from_slice(line)?;
        if line.event == "checkpoint" {
            return Ok(());
        }
        let id = line.id.as_deref().ok_or(BadLine::Lacks("id"))?;
        let at = self.agent(id, line.agent.as_deref().unwrap_or(id))?;
        let agent = &mut self.agents[at].1;
        let before = agent.open.len();
        let room = MOST_OPEN.saturating_sub(self.open);
        let read = agent.read(&line, room);
        self.open = self.open + agent.open.len() - before;
        read
    }

    fn agent(&mut self, id: &str, name: &str) -> Result<usize, BadLine> {
        if let Some(&at) = self.by_id.get(id) {
            let facts = &mut self.agents[at].1.facts;
            if &*facts.name != name {
                facts.name = name.into();
            }
            return Ok(at);
        }
        let identity = Identity::from_text(id).ok_or(BadLine::Lacks("id"))?;
        if self.agents.len() >= MOST_AGENTS {
            return Err(BadLine::TooMany);
        }
        let facts = AgentFacts { id: Some(id.into()), ..AgentFacts::new(name.into()) };
        let agent = EarlierAgent { facts, last_heard_unix_millis: i64::MIN, open: HashMap::new() };
        self.agents.push((identity, agent));
        self.by_id.insert(id.to_owned(), self.agents.len() - 1);
        Ok(self.agents.len() - 1)
    }

    /// Those of whom more than the name is known, with the numbers that they have from here on.
    pub fn into_agents(self) -> (Vec<KnownAgent>, Vec<(AgentId, EarlierAgent)>) {
        let known = self.agents.into_iter().filter(|(_, agent)| !agent.facts.runs.is_empty());
        (1..)
            .map(AgentId)
            .zip(known)
            .map(|(number, (identity, agent))| {
                let AgentFacts { name, boot, runs, is_gone, .. } = agent.facts.clone();
                (KnownAgent { agent: number, identity, name, boot, runs, is_gone }, (number, agent))
            })
            .unzip()
    }
}

impl EarlierAgent {
    fn read(&mut self, line: &ReadLine, room: usize) -> Result<(), BadLine> {
        let run = line.run.as_deref().map(|run| number("run", run)).transpose()?;
        match &*line.event {
            "known" => return self.take_checkpoint(line),
            "opened" | "open" => self.take_opened(line, room)?,
            "updated" => {
                if let Some(OpenEarlier { observation, .. }) = self.open.get_mut(&line.connection()?) {
                    observation.traffic.update(line.traffic());
                    observation.owner = line.owner().unwrap_or_else(|| observation.owner.clone());
                }
            }
            "closed" => {
                self.open.remove(&line.connection()?);
            }
            "gone" => {
                self.open = HashMap::new();
                self.facts.is_gone = true;
            }
            "run" => self.facts.began(run.ok_or(BadLine::Lacks("run"))?, line.boot()?),
            _ => {}
        }
        let Some(run) = run else {
            return Ok(());
        };
        self.last_heard_unix_millis = line.unix_millis.max(self.last_heard_unix_millis);
        if let Some(sequence) = line.sequence {
            self.facts.reached(run, sequence);
            if line.event == "snapshot" {
                self.facts.has_snapshot(run, sequence);
            }
        }
        Ok(())
    }

    fn take_opened(&mut self, line: &ReadLine, room: usize) -> Result<(), BadLine> {
        let connection = line.connection()?;
        let opened = OpenEarlier {
            opened_unix_millis: line.unix_millis,
            observation: line.observation().ok_or(BadLine::Lacks("part of the socket"))?,
        };
        if room == 0 && !self.open.contains_key(&connection) {
            return Err(BadLine::TooMany);
        }
        self.open.insert(connection, opened);
        Ok(())
    }

    fn take_checkpoint(&mut self, line: &ReadLine) -> Result<(), BadLine> {
        let runs = line.runs.as_deref().ok_or(BadLine::Lacks("runs"))?.iter();
        let runs = runs.map(|ReadRun { run, sequence }| Ok((number("run", run)?, *sequence)));
        let runs = runs.collect::<Result<Vec<_>, BadLine>>()?;
        self.facts.boot = line.boot()?;
        self.facts.set_runs(runs);
        self.facts.first_base = line.first_base;
        self.facts.is_gone = line.gone.unwrap_or_default();
        self.last_heard_unix_millis = line.unix_millis;
        Ok(())
    }

    /// For the table of what is open.
    pub fn into_set(self) -> (AgentFacts, Option<EarlierSet>) {
        let Self { facts, last_heard_unix_millis, open } = self;
        let set = facts.run().filter(|_| !facts.is_gone).map(|run| EarlierSet {
            run,
            first_base: facts.first_base,
            last_heard_unix_millis,
            open,
        });
        (facts, set)
    }
}

impl ReadLine {
    fn connection(&self) -> Result<ConnectionId, BadLine> {
        let text = self.connection.as_deref().ok_or(BadLine::Lacks("connection"))?;
        number("connection", text).map(ConnectionId)
    }

    fn boot(&self) -> Result<Option<[u8; 16]>, BadLine> {
        let boot = |text| u128::from_str_radix(text, 16).map_err(|_| BadLine::Lacks("boot"));
        self.boot.as_deref().map(|text| boot(text).map(u128::to_be_bytes)).transpose()
    }

    fn observation(&self) -> Option<Observation> {
        Some(Observation {
            protocol: self.protocol?,
            local: self.local?,
            peer: self.peer?,
            direction: self.direction?,
            owner: self.owner()?,
            uid: self.uid?,
            traffic: self.traffic(),
        })
    }

    fn traffic(&self) -> Traffic {
        Traffic {
            sent_bytes: self.sent_bytes,
            received_bytes: self.received_bytes,
            rtt_micros: self.rtt_micros,
        }
    }

    fn owner(&self) -> Option<Owner> {
        let name = self.program.as_deref()?;
        Some(self.pid.map_or(Owner::Unknown, |pid| Owner::Program { pid, name: name.into() }))
    }
}

fn number(of: &'static str, text: &str) -> Result<u64, BadLine> {
    u64::from_str_radix(text, 16).map_err(|_| BadLine::Lacks(of))
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;

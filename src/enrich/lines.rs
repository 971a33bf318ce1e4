//! What agents say as JSON lines, for machines without a display: one object an event, flushed and only then
//! acknowledged. Each line of a connection names run and sequence number, by which a reader knows a line that it has. A
//! file of them can be gone on with: what they say of the agents and of what is open is found in them again, and stands
//! in one place now and then (a checkpoint), so that the end of the file is enough.
//!
//! The events: `agent` is its status. A link that needs a snapshot brings `closed` for what is closed by it, `run` if it
//! is another run, `updated` and `opened`, and `snapshot` when that is all. Then come `opened`, `updated` and `closed` as
//! they happen, and `gone` when it is an agent no longer; should it come back, it is told anew. `known`, `open` and
//! `checkpoint` repeat what was said before.

mod facts;
mod format;
mod read;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{OpenTable, Snapshot, connection_of_run};
use crate::{
    geo::Geography,
    model::{AgentId, Change, ConnectionId, Event, Located, Traffic},
    net::server::{AgentNews, News, OpenSocket, Origin},
};
use facts::AgentFacts;
use format::{
    CheckpointLine, KnownFacts, Line, OwnerFacts, RunFacts, SocketFacts, StatusFacts, TrafficFacts,
    boot_text, connection_text, run_text, write_line,
};

pub(super) use format::{CHECKPOINT_BEGINS, LINE_BEGINS};
pub(super) use read::Earlier;
pub use read::EarlierAgent;

/// Agents that are gone and remembered, lest they tell anything again. Beyond that those that came first are forgotten.
const MOST_GONE: usize = 1_024;

/// Where lines go.
pub trait Sink: Write {
    /// Whether the next lines shall be a checkpoint: asked where that may be.
    ///
    /// # Errors
    /// When nothing can be written any more.
    fn wants_checkpoint(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    /// That was it, with so many bytes.
    fn had_checkpoint(&mut self, _bytes: u64) {}
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn wants_checkpoint(&mut self) -> io::Result<bool> {
        (**self).wants_checkpoint()
    }

    fn had_checkpoint(&mut self, bytes: u64) {
        (**self).had_checkpoint(bytes);
    }
}

impl Sink for io::BufWriter<io::StdoutLock<'_>> {}

/// Writes the lines of all agents.
pub struct FleetLines<S: Sink> {
    out: S,
    table: OpenTable,
    agents: BTreeMap<AgentId, AgentFacts>,
    buffer: Vec<u8>,
}

/// What a line says of the run that it comes from.
#[derive(Clone, Copy)]
struct Source {
    run: u64,
    sequence: Option<u64>,
}

impl<S: Sink> FleetLines<S> {
    /// Goes on from what earlier lines left.
    pub fn new(out: S, earlier: Vec<(AgentId, EarlierAgent)>, geography: &Geography) -> Self {
        let (mut table, mut agents) = (OpenTable::default(), BTreeMap::new());
        for (agent, earlier) in earlier {
            let (facts, set) = earlier.into_set();
            agents.insert(agent, facts);
            if let Some(set) = set {
                table.restore(agent, set, geography);
            }
        }
        Self { out, table, agents, buffer: Vec::new() }
    }

    /// Writes all of it, then acknowledges it.
    ///
    /// # Errors
    /// When it cannot be written; nothing of it is acknowledged then.
    pub fn write_all(
        &mut self,
        news: impl IntoIterator<Item = AgentNews>,
        geography: &Geography,
    ) -> io::Result<()> {
        if self.out.wants_checkpoint()? {
            let bytes = self.checkpoint()?;
            self.out.had_checkpoint(bytes);
        }
        let mut deliveries = Vec::new();
        for AgentNews { agent, origin, news, delivery } in news {
            self.write(agent, origin.as_deref(), news, geography)?;
            deliveries.extend(delivery);
        }
        self.out.flush()?;
        for delivery in deliveries {
            delivery.done();
        }
        Ok(())
    }

    fn write(
        &mut self,
        agent: AgentId,
        origin: Option<&Origin>,
        news: News,
        geography: &Geography,
    ) -> io::Result<()> {
        if let Some(origin) = origin {
            let facts = self.facts(agent);
            if facts.id.is_none() {
                facts.id = Some(origin.identity.to_string().into());
            }
        }
        match news {
            News::Status(status) => {
                self.facts(agent).name = Arc::clone(&status.name);
                self.line(agent, "agent", now_unix_millis(), None, None, |line| {
                    line.status = Some(StatusFacts::from(&*status));
                })
            }
            News::Events { run, events } => events.into_iter().try_for_each(|event| {
                let (sequence, unix_millis) = (event.sequence, event.unix_millis);
                let traffic = final_traffic(&event);
                let located = self.table.take_remote(agent, run, event, geography);
                let source = Source { run, sequence: Some(sequence) };
                located.map_or(Ok(()), |located| {
                    self.change(agent, Some(source), unix_millis, traffic, &located)
                })
            }),
            News::Snapshot { run, base, same_boot, unix_millis, connections } => {
                let opened = sequences(run, &connections);
                let snapshot = Snapshot { run, same_boot, unix_millis, connections };
                let changes = self.table.take_snapshot(agent, snapshot, geography);
                self.snapshot(agent, origin, (run, base), unix_millis, changes, &opened)
            }
            // Nobody was told of it.
            News::Gone { .. } if !self.agents.contains_key(&agent) => Ok(()),
            News::Gone { unix_millis } => {
                for located in self.table.forget(agent, unix_millis) {
                    self.change(agent, None, unix_millis, None, &located)?;
                }
                self.line(agent, "gone", unix_millis, None, None, |_| {})?;
                self.facts(agent).is_gone = true;
                self.forget_oldest();
                Ok(())
            }
        }
    }

    /// In such an order that whoever reads half of it knows what is open: first what is of the old boot or run ends.
    fn snapshot(
        &mut self,
        agent: AgentId,
        origin: Option<&Origin>,
        (run, base): (u64, u64),
        unix_millis: i64,
        changes: Vec<Located>,
        opened: &BTreeMap<ConnectionId, u64>,
    ) -> io::Result<()> {
        let (closed, others): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|located| matches!(located, Located::Closed { .. }));
        let ended = Source { run, sequence: None };
        for located in closed {
            self.change(agent, Some(ended), unix_millis, None, &located)?;
        }
        let boot = origin.map(|origin| origin.boot);
        let facts = self.facts(agent);
        if facts.run() != Some(run) || facts.boot != boot || facts.is_gone {
            facts.began(run, boot);
            self.line(agent, "run", unix_millis, Some(ended), None, |line| line.boot = boot.map(boot_text))?;
        }
        let sequence_of = |located: &Located| match located {
            Located::Opened(connection) => opened.get(&connection.key.connection).copied(),
            _ => None,
        };
        let mut others: Vec<_> = others.into_iter().map(|located| (sequence_of(&located), located)).collect();
        // Whoever goes on from half of it takes the highest number for all below.
        others.sort_by_key(|(sequence, _)| *sequence);
        for (sequence, located) in others {
            self.change(agent, Some(Source { run, sequence }), unix_millis, None, &located)?;
        }
        let whole = Source { run, sequence: Some(base) };
        self.line(agent, "snapshot", unix_millis, Some(whole), None, |_| {})?;
        self.facts(agent).has_snapshot(run, base);
        Ok(())
    }

    fn change(
        &mut self,
        agent: AgentId,
        source: Option<Source>,
        unix_millis: i64,
        traffic: Option<Traffic>,
        located: &Located,
    ) -> io::Result<()> {
        match located {
            Located::Opened(connection) => {
                let at = connection.opened_unix_millis;
                self.line(agent, "opened", at, source, Some(connection.key.connection), |line| {
                    line.socket = Some(SocketFacts::from(&**connection));
                    line.owner = Some(OwnerFacts::from(&connection.observation.owner));
                    line.traffic = Some(connection.observation.traffic.into());
                })
            }
            Located::Updated { key, traffic, owner } => {
                self.line(agent, "updated", unix_millis, source, Some(key.connection), |line| {
                    line.traffic = traffic.map(TrafficFacts::from);
                    line.owner = owner.as_ref().map(OwnerFacts::from);
                })
            }
            Located::Closed { key, unix_millis, .. } => {
                self.line(agent, "closed", *unix_millis, source, Some(key.connection), |line| {
                    line.traffic = traffic.map(TrafficFacts::from);
                })
            }
            Located::FullSet(_) | Located::Status(_) | Located::AgentGone(_) => Ok(()),
        }
    }

    fn line<'a>(
        &mut self,
        agent: AgentId,
        event: &'static str,
        unix_millis: i64,
        source: Option<Source>,
        connection: Option<ConnectionId>,
        fill: impl FnOnce(&mut Line<'a>),
    ) -> io::Result<()> {
        let facts = self.agents.entry(agent).or_insert_with(|| nameless(agent));
        let mut line = Line {
            event,
            unix_millis,
            run: source.map(|source| run_text(source.run)),
            sequence: source.and_then(|source| source.sequence),
            connection: connection.map(connection_text),
            ..Line::default()
        };
        fill(&mut line);
        let line = Line { agent: &facts.name, id: facts.id.as_deref(), ..line };
        write_line(&mut self.out, &mut self.buffer, &line)?;
        if let Some(Source { run, sequence: Some(sequence) }) = source {
            facts.reached(run, sequence);
        }
        Ok(())
    }

    /// Writes what a reader needs who has nothing of what is before. Returns its length.
    fn checkpoint(&mut self) -> io::Result<u64> {
        let Self { out, table, agents, buffer } = self;
        let mut bytes = 0;
        // Of whom no run is known nothing else is.
        let known = agents.iter().filter(|(_, facts)| facts.id.is_some() && !facts.runs.is_empty());
        for (agent, facts) in known {
            let runs = facts.runs.iter();
            let known = KnownFacts {
                runs: runs.map(|(run, had)| RunFacts { run: run_text(*run), sequence: *had }).collect(),
                first_base: facts.first_base,
                gone: facts.is_gone,
            };
            let head = || Line { agent: &facts.name, id: facts.id.as_deref(), ..Line::default() };
            let line = Line {
                event: "known",
                unix_millis: table.last_heard_unix_millis(*agent).unwrap_or_default(),
                boot: facts.boot.map(boot_text),
                known: Some(known),
                ..head()
            };
            bytes += write_line(out, buffer, &line)?;
            for connection in table.of(*agent) {
                let line = Line {
                    event: "open",
                    unix_millis: connection.opened_unix_millis,
                    connection: Some(connection_text(connection.key.connection)),
                    socket: Some(SocketFacts::from(&**connection)),
                    owner: Some(OwnerFacts::from(&connection.observation.owner)),
                    traffic: Some(connection.observation.traffic.into()),
                    ..head()
                };
                bytes += write_line(out, buffer, &line)?;
            }
        }
        if bytes > 0 {
            let line = CheckpointLine { event: "checkpoint", unix_millis: now_unix_millis(), bytes };
            bytes += write_line(out, buffer, &line)?;
        }
        Ok(bytes)
    }

    #[cfg(test)]
    pub(super) fn out_mut(&mut self) -> &mut S {
        &mut self.out
    }

    fn facts(&mut self, agent: AgentId) -> &mut AgentFacts {
        self.agents.entry(agent).or_insert_with(|| nameless(agent))
    }

    fn forget_oldest(&mut self) {
        let mut gone = self.agents.iter().filter(|(_, facts)| facts.is_gone).map(|(agent, _)| *agent);
        if let Some(first) = gone.next()
            && gone.count() >= MOST_GONE
        {
            self.agents.remove(&first);
        }
    }
}

/// Until its status comes.
fn nameless(agent: AgentId) -> AgentFacts {
    AgentFacts::new(agent.0.to_string().into())
}

fn now_unix_millis() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

fn final_traffic(event: &Event) -> Option<Traffic> {
    match event.change {
        Change::Closed { traffic } => traffic,
        _ => None,
    }
}

fn sequences(run: u64, connections: &[OpenSocket]) -> BTreeMap<ConnectionId, u64> {
    connections
        .iter()
        .map(|socket| (connection_of_run(run, socket.connection), socket.opened_sequence))
        .collect()
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;

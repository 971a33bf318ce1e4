//! Bytes a change on the wire, TLS included, beside the same events as JSON and beside the whole table at each look.

use std::time::{Duration, Instant};

use anyhow::Context;
use connmapperl::{
    model::{ConnectionId, Event, Observation},
    net::wire::{
        FromWire, ProgramNames, ProgramNumbers, change_from_wire, encode_frame,
        messages::{AgentFrame, AgentSays, Events, Open, Snapshot, What},
        observation_from_wire, wire_from_observation,
    },
};

use crate::{
    Pairs, TICK,
    display::Peer,
    figures::{Figure, Figures, Goal},
};

const CHURNED: usize = 150;
/// Each of them lives so many ticks.
const LIFE_TICKS: usize = 3;
/// The last counters of those that closed have been told after this.
const SETTLE: Duration = Duration::from_secs(1);

const OF_JSON: Goal = Goal::AtMost(1.0 / 5.0);
const OF_THE_TABLE: Goal = Goal::AtMost(1.0 / 30.0);

/// What a display knows of the agent.
#[derive(Default)]
pub struct Known {
    names: ProgramNames,
    pub open: std::collections::HashMap<u64, Observation>,
    pub last_sequence: u64,
}

impl Known {
    pub fn begin(&mut self, snapshot: &Snapshot) -> anyhow::Result<()> {
        snapshot.programs.iter().for_each(|program| self.names.learn(program));
        for open in &snapshot.connections {
            let socket = open.socket.as_ref().context("an open connection without its socket")?;
            self.open.insert(open.connection, observation_from_wire(socket, &self.names)?);
        }
        self.last_sequence = snapshot.base_sequence;
        Ok(())
    }

    /// The events in the words of `model`.
    fn take(&mut self, events: &Events) -> anyhow::Result<Vec<Event>> {
        events.programs.iter().for_each(|program| self.names.learn(program));
        let mut told = Vec::new();
        for (sequence, change) in (events.first_sequence..).zip(&events.changes) {
            match &change.what {
                Some(What::Opened(socket)) => {
                    self.open.insert(change.connection, observation_from_wire(socket, &self.names)?);
                }
                Some(What::Closed(_)) => drop(self.open.remove(&change.connection)),
                _ => {}
            }
            self.last_sequence = sequence;
            let unix_millis = events.unix_millis + change.millis;
            let FromWire::Change(what) = change_from_wire(change, &self.names)? else { continue };
            told.push(Event {
                sequence,
                unix_millis,
                connection: ConnectionId(change.connection),
                change: what,
            });
        }
        Ok(told)
    }

    /// Bytes of the whole table as this protocol has it.
    fn table_bytes(&self) -> usize {
        let mut numbers = ProgramNumbers::default();
        let mut programs = Vec::new();
        let connections = self.open.iter().map(|(&connection, observation)| Open {
            connection,
            opened_sequence: connection,
            age_millis: 10_000,
            socket: Some(wire_from_observation(observation, &mut numbers, &mut programs)),
        });
        let connections = connections.collect();
        let snapshot = Snapshot { connections, programs, ..Snapshot::default() };
        let mut bytes = Vec::new();
        encode_frame(&AgentFrame { says: Some(AgentSays::Snapshot(snapshot)) }, &mut bytes);
        bytes.len()
    }
}

pub async fn measure(
    peer: &mut Peer,
    known: &mut Known,
    pairs: &mut Pairs,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let (mut changes, mut json, mut table) = (0, 0, 0);
    let before = peer.bytes();
    let began = Instant::now();
    let mut churned = 0;
    let mut ticks = 0;
    while began.elapsed() < TICK * (CHURNED as u32 + 10) + SETTLE {
        if let Ok(events) = tokio::time::timeout(TICK / 4, peer.next_events()).await {
            let told = known.take(&events)?;
            peer.acknowledge(known.last_sequence).await;
            changes += told.len();
            for event in &told {
                json += serde_json::to_vec(event)?.len() + 1;
            }
        }
        if began.elapsed() > TICK * ticks {
            ticks += 1;
            if churned < CHURNED {
                pairs.add()?;
                churned += 1;
                if churned > LIFE_TICKS {
                    pairs.streams.pop_front();
                }
                table += known.table_bytes();
            }
        }
    }
    let per_change = |bytes: usize| bytes as f64 / changes as f64;
    let ours = per_change(peer.bytes() - before);
    figures.group(format!("the wire, TLS included, {changes} changes"));
    for (what, other, goal) in [
        ("JSON of the same events", per_change(json), OF_JSON),
        ("the table at each look", per_change(table), OF_THE_TABLE),
    ] {
        figures.add(Figure::new("a change", ours, "bytes").beside(what, other).goal(goal));
    }
    Ok(())
}

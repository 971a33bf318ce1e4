//! What an agent says, put in order: sequence numbers, snapshots in several frames, its clock made ours, its connections
//! counted. Pure: frames in, news out.

use super::{
    counters::Counting,
    news::{News, OpenSocket},
};
use crate::{
    id_map::ForeignSet,
    model::{Change, ConnectionId, Event},
    net::wire::{
        FromWire, ProgramNames, change_from_wire, change_sequence, event_time, messages,
        observation_from_wire, opened_time,
    },
};

/// Room for so many open connections is not given back when the last has closed: some hundred bytes.
const KEPT_ROOM: usize = 14;

/// Why the link must end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("event {0} is missing")]
    Gap(u64),
    #[error("{0}")]
    Malformed(String),
}

/// What is known of one run of an agent. Outlives its links.
#[derive(Debug, Default)]
pub struct Incoming {
    /// As the agent calls it.
    pub run: u64,
    /// As the taker knows it: another one where the agent began its numbers anew within the run.
    pub told_as: u64,
    /// Last event that was handed on.
    pub had: u64,
    pub has_snapshot: bool,
    /// The machine has not started anew since what the taker knows of it.
    pub is_same_boot: bool,
    /// Events that the agent says it dropped.
    pub dropped_events: u64,
    /// What it was told as before its numbers began anew, and the last event of that, until the directory remembers it.
    pub left: Option<(u64, u64)>,
    open: ForeignSet<u64>,
}

/// What is known of one link.
#[derive(Debug, Default)]
pub struct Reader {
    names: ProgramNames,
    partial: Option<Partial>,
    /// It has told a whole snapshot, or events.
    has_begun: bool,
}

#[derive(Debug)]
struct Partial {
    base: u64,
    unix_millis: i64,
    connections: Vec<OpenSocket>,
}

/// What to hand on. `Incoming::handed_on` must hear of it when that is done.
#[derive(Debug)]
pub struct Ready {
    pub news: News,
    /// The last event that it covers.
    pub sequence: u64,
    /// The agent has fewer events than were known of its run, which were so many.
    pub knew_more: Option<u64>,
}

/// How to read times and how much to take.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Agent's clock minus ours.
    pub offset_millis: i64,
    /// Nothing has happened later.
    pub now_unix_millis: i64,
    /// Open connections that are taken.
    pub most_connections: usize,
}

impl Terms {
    fn ours(&self, agent_unix_millis: i64) -> i64 {
        event_time(agent_unix_millis, self.offset_millis.saturating_neg()).min(self.now_unix_millis)
    }
}

impl Incoming {
    /// Of a run of which no snapshot is known.
    pub fn new(run: u64, told_as: u64, had: u64, is_same_boot: bool) -> Self {
        Self { run, told_as, had, is_same_boot, ..Self::default() }
    }

    /// The agent's numbers begin anew after event `base`. What they meant before they mean no more, so that the taker
    /// hears of another run. Returns how many were known.
    pub fn begin_anew(&mut self, base: u64) -> u64 {
        // Once a link at most, at its first snapshot.
        self.left = Some((self.told_as, self.had));
        self.told_as = run_anew(self.told_as);
        // Until a snapshot was handed on, nothing is known of that run.
        self.has_snapshot = false;
        std::mem::replace(&mut self.had, base)
    }

    /// The news are on their way to the taker.
    pub fn handed_on(&mut self, sequence: u64, is_snapshot: bool) {
        self.had = self.had.max(sequence);
        // From here on the taker knows this boot.
        self.has_snapshot |= is_snapshot;
        self.is_same_boot |= is_snapshot;
    }
}

impl Reader {
    /// Takes a frame of a snapshot; gives the whole when its last one has come.
    pub fn snapshot(
        &mut self,
        incoming: &mut Incoming,
        frame: &messages::Snapshot,
        terms: Terms,
        counting: &Counting,
    ) -> Result<Option<Ready>, Fault> {
        let base = frame.base_sequence;
        // What an agent says of itself at first is believed. It may have been set back to an earlier state, or what was
        // known of its run may have been another's.
        let knew_more = base < incoming.had;
        if knew_more && self.has_begun {
            let text = format!("a snapshot after event {base}, where {} is known", incoming.had);
            return Err(Fault::Malformed(text));
        }
        frame.programs.iter().for_each(|program| self.names.learn(program));
        let mut partial = match self.partial.take() {
            Some(partial) if partial.base == base => partial,
            Some(partial) => {
                let text = format!("a snapshot after event {base} within one after {}", partial.base);
                return Err(Fault::Malformed(text));
            }
            None => Partial { base, unix_millis: terms.ours(frame.unix_millis), connections: Vec::new() },
        };
        incoming.dropped_events = frame.dropped_events;
        for open in &frame.connections {
            if partial.connections.len() >= terms.most_connections {
                counting.surplus_connections.one();
                continue;
            }
            let Some(socket) = &open.socket else {
                counting.unknown_changes.one();
                continue;
            };
            let observation = observation_from_wire(socket, &self.names).map_err(malformed)?;
            partial.connections.push(OpenSocket {
                connection: ConnectionId(open.connection),
                opened_sequence: open.opened_sequence,
                opened_unix_millis: terms.ours(opened_time(frame.unix_millis, open.age_millis)),
                observation,
            });
        }
        if frame.goes_on {
            self.partial = Some(partial);
            return Ok(None);
        }
        let Partial { base, unix_millis, connections } = partial;
        self.has_begun = true;
        let knew_more = knew_more.then(|| incoming.begin_anew(base));
        incoming.open = connections.iter().map(|open| open.connection.0).collect();
        counting.snapshots.one();
        let (run, same_boot) = (incoming.told_as, incoming.is_same_boot);
        let news = News::Snapshot { run, base, same_boot, unix_millis, connections };
        Ok(Some(Ready { news, sequence: base, knew_more }))
    }

    /// A frame will come.
    pub fn expect(&self) {
        self.names.expect();
    }

    /// Takes a frame of events; gives those that had not been had before.
    pub fn events(
        &mut self,
        incoming: &mut Incoming,
        frame: &messages::Events,
        terms: Terms,
        counting: &Counting,
    ) -> Result<Option<Ready>, Fault> {
        if self.partial.is_some() {
            return Err(Fault::Malformed("events within a snapshot".to_owned()));
        }
        frame.programs.iter().for_each(|program| self.names.learn(program));
        let (first, expected) = (frame.first_sequence, incoming.had.saturating_add(1));
        let end = change_sequence(first, frame.changes.len());
        let end = end.ok_or_else(|| Fault::Malformed(format!("an event with number {first}")))?;
        if !incoming.has_snapshot || first > expected {
            return Err(Fault::Gap(expected));
        }
        self.has_begun = true;
        let repeated = usize::try_from(expected - first).unwrap_or(usize::MAX).min(frame.changes.len());
        counting.repeated_events.add(repeated);
        if end <= expected {
            return Ok(None);
        }
        let mut events = Vec::with_capacity(frame.changes.len() - repeated);
        for (sequence, change) in (first..end).zip(&frame.changes).skip(repeated) {
            let FromWire::Change(what) = change_from_wire(change, &self.names).map_err(malformed)? else {
                counting.unknown_changes.one();
                continue;
            };
            if !incoming.has_room(change.connection, &what, terms.most_connections, counting) {
                counting.surplus_connections.one();
                continue;
            }
            let unix_millis = terms.ours(event_time(frame.unix_millis, change.millis));
            events.push(Event {
                sequence,
                unix_millis,
                connection: ConnectionId(change.connection),
                change: what,
            });
        }
        counting.events.add(events.len());
        let news = News::Events { run: incoming.told_as, events };
        Ok(Some(Ready { news, sequence: end - 1, knew_more: None }))
    }
}

impl Incoming {
    /// Keeps count of what is open.
    fn has_room(&mut self, connection: u64, change: &Change, most: usize, counting: &Counting) -> bool {
        let is_known = match change {
            Change::Opened(_) if self.open.len() >= most => return self.open.contains(&connection),
            Change::Opened(_) => {
                self.open.insert(connection);
                true
            }
            Change::Closed { .. } => {
                let was_open = self.open.remove(&connection);
                if self.open.is_empty() && self.open.capacity() > KEPT_ROOM {
                    self.open = ForeignSet::default();
                }
                was_open
            }
            Change::Updated { .. } => self.open.contains(&connection),
        };
        if !is_known {
            counting.unknown_connections.one();
        }
        true
    }
}

/// What a run is told as when its agent has begun its numbers anew: always the same of the same, so that it is found
/// again in what was written. Runs are drawn at random, so no two are so far apart by chance.
pub const fn run_anew(run: u64) -> u64 {
    run.wrapping_add(STEP)
}

/// 2^64 divided by the golden ratio; its low 24 bits, by which the table tells runs apart, are not 0.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// How often `run` has begun anew when it is told as that; `None` where it is another run.
pub const fn times_anew(run: u64, told_as: u64) -> Option<u64> {
    /// Once a second for half a year; another run is taken for the same once in 2^40.
    const MOST: u64 = 1 << 24;
    /// What STEP must be multiplied with for 1: each turn finds twice as many bits, from the three of STEP itself.
    const INVERSE: u64 = {
        let (mut inverse, mut bits) = (STEP, 3);
        while bits < u64::BITS {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(STEP.wrapping_mul(inverse)));
            bits *= 2;
        }
        inverse
    };
    let times = told_as.wrapping_sub(run).wrapping_mul(INVERSE);
    if times <= MOST { Some(times) } else { None }
}

fn malformed(error: crate::net::wire::WireError) -> Fault {
    Fault::Malformed(error.to_string())
}

#[cfg(test)]
#[path = "incoming_tests.rs"]
mod tests;

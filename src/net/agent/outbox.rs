//! What this machine has to tell and the display may not have yet: numbers changes, gathers counters, keeps everything
//! until it is acknowledged, and drops the oldest where that becomes too much. Pure: events and times come in; how its
//! contents become bytes is [`super::progress`]'s business.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use crate::model::{Change, ConnectionId, Event, Observation, Owner, Traffic};

/// Counters of one connection are told no more often than this.
pub const BETWEEN_COUNTERS: Duration = Duration::from_secs(5);
/// An empty queue that was longer than this once gives its memory back.
const KEPT_QUEUE: usize = 1_024;

/// How much may wait for a display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub events: usize,
    /// Memory of waiting events and of the connections that are kept for them alone.
    pub bytes: usize,
}

impl Default for Bounds {
    /// A busy machine (ten connections a second) can be cut off for an hour, and a router keeps its memory.
    fn default() -> Self {
        Self { events: 65_536, bytes: 8 * 1024 * 1024 }
    }
}

#[derive(Debug)]
pub struct Outbox {
    bounds: Bounds,
    /// All that is open, and what has closed while its closing is still in the queue.
    /// Boxed: half of a table's places are empty.
    table: HashMap<u64, Box<Entry>>,
    /// Not acknowledged yet, in order.
    queue: VecDeque<Queued>,
    /// Sequence number of the queue's first, or of the next event where it is empty.
    first: u64,
    bytes: usize,
    dropped: u64,
    /// Open connections whose counters are due.
    due: BTreeSet<u64>,
}

/// One connection. Its observation is as the display knows it once it has read the whole queue.
#[derive(Debug)]
pub struct Entry {
    pub observation: Observation,
    pub opened_unix_millis: i64,
    pub opened_sequence: u64,
    closed_sequence: Option<u64>,
    /// Newest counters; those of `observation` are the ones told.
    newest: Traffic,
    newest_unix_millis: i64,
    told_at: Duration,
}

#[derive(Debug)]
struct Queued {
    connection: u64,
    unix_millis: i64,
    what: What,
}

#[derive(Debug)]
enum What {
    /// The observation stands in the table.
    Opened,
    Owner(Owner),
    Traffic(Traffic),
    Closed(Option<Traffic>),
}

impl Outbox {
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            table: HashMap::new(),
            queue: VecDeque::new(),
            first: 1,
            bytes: 0,
            dropped: 0,
            due: BTreeSet::new(),
        }
    }

    /// Sequence number of the newest event; 0 before the first.
    pub fn last_sequence(&self) -> u64 {
        self.before_first() + self.queue.len() as u64
    }

    /// Sequence number before the oldest event that is still here.
    pub const fn before_first(&self) -> u64 {
        self.first - 1
    }

    /// Events dropped so far because there was no room for them.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes what the collector saw. `now`: any clock that never runs backwards.
    pub fn take(&mut self, event: Event, now: Duration) {
        let Event { unix_millis, connection: ConnectionId(connection), change, .. } = event;
        match change {
            Change::Opened(observation) => self.open(connection, observation, unix_millis, now),
            Change::Updated { traffic, owner } => {
                let Some(entry) = self.table.get_mut(&connection).filter(|entry| entry.is_open()) else {
                    return;
                };
                if let Some(traffic) = traffic {
                    entry.newest.update(traffic);
                    entry.newest_unix_millis = unix_millis;
                    self.due.insert(connection);
                }
                if let Some(owner) = owner
                    && owner != entry.observation.owner
                {
                    entry.observation.owner = owner.clone();
                    self.push(connection, unix_millis, What::Owner(owner));
                }
            }
            Change::Closed { traffic } => self.close(connection, traffic, unix_millis),
        }
    }

    /// Makes events of the counters that have changed since they were told, each at most every [`BETWEEN_COUNTERS`].
    /// Only while a display reads along: what nobody reads need not be told step by step.
    pub fn tell_counters(&mut self, now: Duration) {
        let mut due = std::mem::take(&mut self.due);
        due.retain(|&connection| {
            let Some(entry) = self.table.get_mut(&connection) else { return false };
            if now.saturating_sub(entry.told_at) < BETWEEN_COUNTERS {
                return true;
            }
            if let Some(changed) = changed_counters(entry.observation.traffic, entry.newest) {
                entry.observation.traffic = entry.newest;
                entry.told_at = now;
                let unix_millis = entry.newest_unix_millis;
                self.push(connection, unix_millis, What::Traffic(changed));
            }
            false
        });
        self.due = due;
    }

    /// Everything up to `sequence` has arrived and may be forgotten.
    pub fn acknowledge(&mut self, sequence: u64) {
        while self.first <= sequence && self.forget_oldest() {}
        if self.queue.is_empty() && self.queue.capacity() > KEPT_QUEUE {
            self.queue = VecDeque::new();
            self.table.shrink_to_fit();
        }
    }

    /// All that was open after event `base`, which is at least [`Self::before_first`].
    pub fn open_at(&self, base: u64) -> impl Iterator<Item = (ConnectionId, &Entry)> {
        self.table
            .iter()
            .filter(move |(_, entry)| {
                entry.opened_sequence <= base && entry.closed_sequence.is_none_or(|closed| closed > base)
            })
            .map(|(&connection, entry)| (ConnectionId(connection), &**entry))
    }

    /// Events after `sequence`, which is at least [`Self::before_first`], numbered without gaps.
    pub fn events_after(&self, sequence: u64) -> impl Iterator<Item = Event> {
        let skipped = usize::try_from(sequence - self.before_first()).unwrap_or(usize::MAX);
        self.queue.iter().skip(skipped).zip(sequence + 1..).filter_map(|(queued, sequence)| {
            let change = match &queued.what {
                // It is there as long as its closing is in the queue, which is behind this one.
                What::Opened => Change::Opened(self.table.get(&queued.connection)?.observation.clone()),
                What::Owner(owner) => Change::Updated { traffic: None, owner: Some(owner.clone()) },
                What::Traffic(traffic) => Change::Updated { traffic: Some(*traffic), owner: None },
                What::Closed(traffic) => Change::Closed { traffic: *traffic },
            };
            let connection = ConnectionId(queued.connection);
            Some(Event { sequence, unix_millis: queued.unix_millis, connection, change })
        })
    }

    fn open(&mut self, connection: u64, observation: Observation, unix_millis: i64, now: Duration) {
        if self.table.contains_key(&connection) {
            return;
        }
        let entry = Entry {
            newest: observation.traffic,
            newest_unix_millis: unix_millis,
            observation,
            opened_unix_millis: unix_millis,
            opened_sequence: self.last_sequence() + 1,
            closed_sequence: None,
            told_at: now,
        };
        self.table.insert(connection, Box::new(entry));
        self.push(connection, unix_millis, What::Opened);
    }

    fn close(&mut self, connection: u64, last: Option<Traffic>, unix_millis: i64) {
        let sequence = self.last_sequence() + 1;
        let Some(entry) = self.table.get_mut(&connection).filter(|entry| entry.is_open()) else { return };
        entry.newest.update(last.unwrap_or_default());
        let is_news = last.is_some() || entry.newest != entry.observation.traffic;
        let traffic = is_news.then_some(entry.newest);
        entry.observation.traffic = entry.newest;
        entry.closed_sequence = Some(sequence);
        self.due.remove(&connection);
        self.push(connection, unix_millis, What::Closed(traffic));
    }

    fn push(&mut self, connection: u64, unix_millis: i64, what: What) {
        let queued = Queued { connection, unix_millis, what };
        self.bytes += queued.bytes();
        self.queue.push_back(queued);
        while (self.queue.len() > self.bounds.events || self.bytes > self.bounds.bytes)
            && self.forget_oldest()
        {
            self.dropped += 1;
        }
    }

    /// `false` where there is none.
    fn forget_oldest(&mut self) -> bool {
        let Some(oldest) = self.queue.pop_front() else { return false };
        self.first += 1;
        self.bytes -= oldest.bytes();
        if matches!(oldest.what, What::Closed(_)) {
            self.table.remove(&oldest.connection);
        }
        true
    }
}

impl Entry {
    const fn is_open(&self) -> bool {
        self.closed_sequence.is_none()
    }
}

impl Queued {
    const fn bytes(&self) -> usize {
        match self.what {
            What::Closed(_) => size_of::<Self>() + size_of::<(u64, Box<Entry>)>() + size_of::<Entry>(),
            What::Opened | What::Owner(_) | What::Traffic(_) => size_of::<Self>(),
        }
    }
}

/// Those of `newest` that differ from `told`; `None` where none does.
fn changed_counters(told: Traffic, newest: Traffic) -> Option<Traffic> {
    let changed = Traffic {
        sent_bytes: newest.sent_bytes.filter(|_| newest.sent_bytes != told.sent_bytes),
        received_bytes: newest.received_bytes.filter(|_| newest.received_bytes != told.received_bytes),
        rtt_micros: newest.rtt_micros.filter(|_| newest.rtt_micros != told.rtt_micros),
    };
    (changed != Traffic::default()).then_some(changed)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;

//! What the listener tells whoever takes the news, already checked: text can be shown, times are the display's, events
//! come once each and in order.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use tokio::sync::Notify;

use super::known::Origin;
use crate::model::{AgentId, AgentStatus, ConnectionId, Event, Observation};

/// From the listener, in order.
#[derive(Debug)]
pub enum FleetMessage {
    Agent(AgentNews),
    /// Something a person should read: a new agent, one that was refused.
    Notice {
        importance: Importance,
        topic: String,
        line: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    Info,
    Warning,
}

#[derive(Debug)]
pub struct AgentNews {
    pub agent: AgentId,
    /// Of a status and a snapshot that came over a link: what the agent is known by.
    pub origin: Option<Arc<Origin>>,
    pub news: News,
    /// To be told when the news has reached whoever keeps it.
    pub delivery: Option<Delivery>,
}

#[derive(Debug)]
pub enum News {
    /// Name, method, link: after it was let in, and whenever something of it changes. Seldom, and long: within the message
    /// it would make each one of events as long.
    Status(Box<AgentStatus>),
    /// All that is open; what is not in it is closed. `run` tells the agent's runs apart: connection numbers mean nothing
    /// from one run to another, while sockets of the same boot are the same ones. `base`: the last event before it.
    Snapshot { run: u64, base: u64, same_boot: bool, unix_millis: i64, connections: Vec<OpenSocket> },
    /// In order, each once, within `run`. Numbers are missing where a change means nothing to this version or was one
    /// connection too many. May be empty: then it moves the acknowledgement alone.
    Events { run: u64, events: Vec<Event> },
    /// It is an agent no longer: its connections close at that time.
    Gone { unix_millis: i64 },
}

/// A connection of a snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenSocket {
    pub connection: ConnectionId,
    /// Sequence number of the event that opened it.
    pub opened_sequence: u64,
    /// Display's clock.
    pub opened_unix_millis: i64,
    pub observation: Observation,
}

/// Counts what has arrived, for the acknowledgement, and what is still on its way: an agent with two undelivered ones is
/// not read from until one of them is done or dropped.
#[derive(Debug)]
pub struct Delivery {
    sequence: u64,
    arrived: Arc<Arrived>,
}

/// How far one agent's news have arrived.
#[derive(Debug, Default)]
pub struct Arrived {
    sequence: AtomicU64,
    on_their_way: AtomicUsize,
    /// Somebody waits until there are fewer. Without that nobody is woken: it would cost more than an event does.
    is_awaited: AtomicBool,
    fewer: Notify,
}

impl Delivery {
    /// For news that reach up to event `sequence`.
    pub fn new(sequence: u64, arrived: Arc<Arrived>) -> Self {
        arrived.on_their_way.fetch_add(1, Ordering::AcqRel);
        Self { sequence, arrived }
    }

    /// Reads what will be written when it is done, so that it is at hand then.
    pub fn expect(&self) {
        std::hint::black_box(self.arrived.sequence());
    }

    /// The news are where they should be, and may be forgotten by whoever sent them.
    pub fn done(self) {
        self.arrived.sequence.fetch_max(self.sequence, Ordering::Release);
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.arrived.on_their_way.fetch_sub(1, Ordering::SeqCst);
        if self.arrived.is_awaited.swap(false, Ordering::SeqCst) {
            self.arrived.fewer.notify_one();
        }
    }
}

impl Arrived {
    /// Last event that has arrived.
    pub fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    /// News that are neither done nor dropped.
    pub fn on_their_way(&self) -> usize {
        self.on_their_way.load(Ordering::SeqCst)
    }

    /// Waits until fewer than `most` news are on their way. For one waiter at a time.
    pub async fn fewer_than(&self, most: usize) {
        loop {
            // Set before the look, so that whoever is done after it wakes this one.
            self.is_awaited.store(true, Ordering::SeqCst);
            if self.on_their_way() < most {
                return;
            }
            self.fewer.notified().await;
        }
    }
}

//! The outbox between the thread that fills it and the task that empties it. Filling never waits for the network: what
//! has no room is dropped and counted in there.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use crossbeam_channel::Receiver;
use tokio::sync::Notify;

use super::{
    clock::Clock,
    link::status_from,
    outbox::{Bounds, Outbox},
};
use crate::net::{collector::CollectorMessage, wire::messages::Status};

/// The thread copies and inserts; it calls nothing deep.
const STACK_BYTES: usize = 128 * 1024;

pub(super) struct Shared {
    state: Mutex<State>,
    changed: Notify,
    ended: Notify,
    clock: Arc<dyn Clock>,
}

pub(super) struct State {
    pub outbox: Outbox,
    /// The collector has told what was open at the start: until then nothing is known.
    pub has_looked: bool,
    pub status: Status,
    /// Counts up whenever `status` changes; 0 before the first.
    pub status_version: u64,
}

impl Shared {
    pub fn new(bounds: Bounds, clock: Arc<dyn Clock>) -> Self {
        let state = State {
            outbox: Outbox::new(bounds),
            has_looked: false,
            status: Status::default(),
            status_version: 0,
        };
        Self { state: Mutex::new(state), changed: Notify::new(), ended: Notify::new(), clock }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when something has changed since it returned last.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Returns once nothing will come any more.
    pub async fn ended(&self) {
        self.ended.notified().await;
    }

    fn take(&self, message: CollectorMessage) {
        let mut state = self.state();
        match message {
            CollectorMessage::Events(events) => {
                let now = self.clock.since_boot();
                events.into_iter().for_each(|event| state.outbox.take(event, now));
                if !std::mem::replace(&mut state.has_looked, true) {
                    // What was open already did not open now: it is told as a snapshot, which an earlier run's connections
                    // are found in again.
                    let found = state.outbox.last_sequence();
                    state.outbox.acknowledge(found);
                }
            }
            CollectorMessage::Status(status) => {
                state.status = status_from(&status);
                state.status_version += 1;
            }
        }
        drop(state);
        self.changed.notify_one();
    }
}

/// Starts the thread that moves what the collector says into the outbox. It ends when the collector has.
///
/// # Errors
/// Where the system has no room for another thread.
pub(super) fn spawn_filler(
    shared: Arc<Shared>,
    receiver: Receiver<CollectorMessage>,
) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("outbox".into()).stack_size(STACK_BYTES).spawn(move || {
        receiver.into_iter().for_each(|message| shared.take(message));
        shared.ended.notify_one();
    })
}

//! From events to located connections: a thread that owns the table of what is open, looks up place and ASN once a
//! connection, and hands the map what it should show. When the map cannot keep up, changes are dropped and counted,
//! and the next send is the full set: no lost `Closed` leaves a ghost.

mod sources;

use std::{
    collections::HashMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};

use crate::{
    geo::{Geography, SourceInfo},
    model::{
        AgentId, AgentStatus, Asn, Change, ConnectionKey, Event, Located, LocatedConnection, NoPlace,
        Observation, Place,
    },
    net::collector::CollectorMessage,
};

pub use sources::Sources;

/// Messages that may wait for the map: several frames' worth of a flood. A full set is one message.
pub const TO_MAP_CAPACITY: usize = 8_192;
/// Requests and reports are rare.
pub const SIDE_CAPACITY: usize = 64;
/// How often the user's own places are looked at for changes.
const LOOK_AT_PLACES: Duration = Duration::from_secs(2);

/// A picture that follows the sockets at this pace looks live, and a software renderer keeps up with it.
const BETWEEN_WAKES: Duration = Duration::from_millis(90);

/// What the display asks of the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A list is open: counters are wanted, and all connections once.
    WatchTraffic(bool),
}

/// What the thread has to say besides connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Which tables answer, best first.
    Sources(Vec<SourceInfo>),
    /// What is wrong with a file; no lines when all is well again.
    Problem { topic: String, lines: Vec<String> },
    /// Messages to the map that had to be dropped since the start.
    Dropped(u64),
}

/// The ends of the channels, and how to wake whoever reads them.
pub struct Outlets {
    pub to_map: Sender<Located>,
    pub reports: Sender<Report>,
    pub wake: Box<dyn Fn() + Send>,
}

/// Where the tables are.
#[derive(Clone, Debug, Default)]
pub struct DataFolders {
    /// Holds foreign tables and the user's `places.csv`.
    pub data: Option<PathBuf>,
    /// May be written to; for the decoded table.
    pub cache: Option<PathBuf>,
}

/// The table of open connections. Pure: no channel, no thread.
#[derive(Default)]
pub struct OpenTable {
    open: HashMap<ConnectionKey, LocatedConnection>,
}

impl OpenTable {
    /// Takes one event in. Returns what the map should hear of it.
    pub fn take(&mut self, agent: AgentId, event: Event, geography: &Geography) -> Option<Located> {
        let key = ConnectionKey { agent, connection: event.connection };
        match event.change {
            Change::Opened(observation) => {
                let connection = locate(key, observation, event.unix_millis, geography);
                self.open.insert(key, connection.clone());
                Some(Located::Opened(Box::new(connection)))
            }
            Change::Updated { traffic, owner } => {
                let connection = self.open.get_mut(&key)?;
                if let Some(traffic) = traffic {
                    connection.observation.traffic = traffic;
                }
                if let Some(owner) = &owner {
                    connection.observation.owner = owner.clone();
                }
                Some(Located::Updated { key, traffic, owner })
            }
            Change::Closed { .. } => {
                self.open.remove(&key)?;
                Some(Located::Closed { key, unix_millis: event.unix_millis })
            }
        }
    }

    /// All that is open, oldest first.
    pub fn all(&self) -> Vec<LocatedConnection> {
        let mut all: Vec<_> = self.open.values().cloned().collect();
        all.sort_unstable_by_key(|connection| (connection.opened_unix_millis, connection.key));
        all
    }

    /// Looks every place up again, after the tables changed.
    pub fn relocate(&mut self, geography: &Geography) {
        for connection in self.open.values_mut() {
            (connection.place, connection.asn) = whereabouts(&connection.observation, geography);
        }
    }
}

fn locate(
    key: ConnectionKey,
    observation: Observation,
    opened_unix_millis: i64,
    geography: &Geography,
) -> LocatedConnection {
    let (place, asn) = whereabouts(&observation, geography);
    LocatedConnection { key, observation, opened_unix_millis, place, asn }
}

fn whereabouts(observation: &Observation, geography: &Geography) -> (Result<Place, NoPlace>, Option<Asn>) {
    geography.locate_with_asn(observation.peer.ip())
}

/// The body of the thread. Ends when the collector's channel or the map's closes.
pub fn run(
    folders: &DataFolders,
    events: &Receiver<CollectorMessage>,
    requests: &Receiver<Request>,
    outlets: &Outlets,
) {
    let mut sources = Sources::open(folders.data.as_deref(), folders.cache.as_deref());
    let mut work = Work::default();
    tell(outlets, sources.take_reports());
    loop {
        let message = crossbeam_channel::select! {
            recv(events) -> message => message.map_err(|_| RecvTimeoutError::Disconnected),
            recv(requests) -> request => match request {
                Ok(Request::WatchTraffic(watch)) => {
                    work.watches_traffic = watch;
                    work.needs_full_set |= watch && work.has_looked;
                    Err(RecvTimeoutError::Timeout)
                }
                Err(_) => Err(RecvTimeoutError::Disconnected),
            },
            default(work.patience()) => Err(RecvTimeoutError::Timeout),
        };
        let still_there = match message {
            Ok(CollectorMessage::Events(batch)) => work.take(batch, sources.geography(), outlets),
            Ok(CollectorMessage::Status(status)) => {
                work.untold_status = Some(status);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        };
        if sources.poll() {
            work.table.relocate(sources.geography());
            work.needs_full_set |= work.has_looked;
            tell(outlets, sources.take_reports());
        }
        if !still_there || !work.catch_up(outlets) {
            return;
        }
        work.wake_in_time(outlets);
    }
}

#[derive(Default)]
struct Work {
    table: OpenTable,
    /// The collector has told what is open: until then an empty table means nothing.
    has_looked: bool,
    /// The map does not know the full set, or lost some of it.
    needs_full_set: bool,
    /// Found no room yet. Only the newest counts.
    untold_status: Option<AgentStatus>,
    watches_traffic: bool,
    dropped: u64,
    /// Something was told since the map was woken last.
    owes_wake: bool,
    last_wake: Option<Instant>,
}

impl Work {
    /// Returns whether the map still listens.
    fn take(&mut self, batch: Vec<Event>, geography: &Geography, outlets: &Outlets) -> bool {
        // What the first look finds did not open this moment.
        let is_first = !std::mem::replace(&mut self.has_looked, true);
        self.needs_full_set |= is_first;
        let (mut told, dropped_before) = (false, self.dropped);
        for event in batch {
            let Some(located) = self.table.take(AgentId::THIS_MACHINE, event, geography) else {
                continue;
            };
            // Counters change no picture unless a list shows them.
            if !self.watches_traffic && matches!(located, Located::Updated { owner: None, .. }) {
                continue;
            }
            if self.needs_full_set {
                self.dropped += u64::from(!is_first);
                continue;
            }
            match outlets.to_map.try_send(located) {
                Ok(()) => told = true,
                Err(TrySendError::Full(_)) => {
                    self.dropped += 1;
                    self.needs_full_set = true;
                }
                Err(TrySendError::Disconnected(_)) => return false,
            }
        }
        if self.dropped > dropped_before {
            tell(outlets, vec![Report::Dropped(self.dropped)]);
        }
        self.owes_wake |= told;
        true
    }

    /// How long to wait for news before there is something else to do.
    fn patience(&self) -> Duration {
        if self.owes_wake || self.needs_full_set || self.untold_status.is_some() {
            BETWEEN_WAKES
        } else {
            LOOK_AT_PLACES
        }
    }

    /// Every wake draws a frame, so news that come close together share one.
    fn wake_in_time(&mut self, outlets: &Outlets) {
        let is_early = self.last_wake.is_some_and(|last| last.elapsed() < BETWEEN_WAKES);
        if self.owes_wake && !is_early {
            self.owes_wake = false;
            self.last_wake = Some(Instant::now());
            (outlets.wake)();
        }
    }

    /// Sends what the map should know and does not, as far as there is room. Returns whether the map still listens.
    fn catch_up(&mut self, outlets: &Outlets) -> bool {
        if !self.tell_status(outlets) {
            return false;
        }
        if !self.needs_full_set || outlets.to_map.is_full() {
            return true;
        }
        match outlets.to_map.try_send(Located::FullSet(self.table.all())) {
            Ok(()) => {
                self.needs_full_set = false;
                self.owes_wake = true;
                true
            }
            Err(error) => error.is_full(),
        }
    }

    /// Returns whether the map still listens.
    fn tell_status(&mut self, outlets: &Outlets) -> bool {
        let Some(status) = self.untold_status.take() else {
            return true;
        };
        match outlets.to_map.try_send(Located::Status(status)) {
            Ok(()) => {
                self.owes_wake = true;
                true
            }
            Err(TrySendError::Full(Located::Status(status))) => {
                self.untold_status = Some(status);
                true
            }
            Err(error) => error.is_full(),
        }
    }
}

/// Reports are worth less than the thread's time: what does not fit is left out, and the next one says the same.
fn tell(outlets: &Outlets, reports: Vec<Report>) {
    for report in reports {
        if outlets.reports.try_send(report).is_err() {
            return;
        }
    }
    (outlets.wake)();
}

#[cfg(test)]
mod tests;

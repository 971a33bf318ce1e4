//! From events to located connections: a thread that owns the table of what is open on this machine and on those of all
//! agents, looks up place and ASN once a connection, and hands the map what it should show. When the map cannot keep up, changes are dropped and counted,
//! and the next send is the full set: no lost `Closed` leaves a ghost.

mod lines;
mod log;
mod record;
mod recorder;
mod registries;
mod sources;
mod table;

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::{
    geo::{Geography, SourceInfo},
    model::{AgentId, AgentStatus, Change, Event, Located},
    net::{
        collector::CollectorMessage,
        server::{AgentNews, Delivery, FleetMessage, Importance, News},
    },
};

pub use lines::{EarlierAgent, FleetLines, Sink};
pub use log::{FleetLog, LogError, LogFile};
pub use record::Record;
pub use recorder::HISTORY_CAPACITY;
pub use sources::{PLACES_FILE, Sources};
pub use table::{EarlierSet, OpenEarlier, OpenTable, Snapshot, connection_of_run};

/// Messages that may wait for the map: several frames' worth of a flood. A full set is one message.
pub const TO_MAP_CAPACITY: usize = 8_192;
/// Messages of agents that may wait: two of each of a thousand, and each agent waits for its own.
pub const FLEET_CAPACITY: usize = 2_048;
/// Requests and reports are rare.
pub const SIDE_CAPACITY: usize = 64;
/// How often the user's own places and what was imported are looked at for changes.
const LOOK_AT_FILES: Duration = Duration::from_secs(2);

/// Being woken costs more than an event: what agents say is gathered for this long.
const GATHER_NEWS: Duration = Duration::from_millis(5);
/// Messages of agents that are taken before anything else is looked at: what waits after that pause while ten thousand
/// come a second, twice over. This machine's own events wait for no more than that.
const MOST_TOGETHER: usize = 128;
/// No more are taken together when they bring so many events: the history gets them as one batch.
const MANY_EVENTS: usize = 1_024;

/// A picture that follows the sockets at this pace looks live. Whoever draws it says how often that may be.
const BETWEEN_WAKES: Duration = Duration::from_millis(90);

/// What the display asks of the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A list is open: counters are wanted, and all connections once.
    WatchTraffic(bool),
    /// The map is woken no sooner after the last time.
    WakeEvery(Duration),
    /// The map shows something else, and wants all that is open.
    TellAll,
    /// The history knows nothing of what is open.
    TellHistoryAgain,
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
    /// Changes that the history could not take since the start.
    HistoryLost(u64),
    /// What the listener has to say.
    Notice { importance: Importance, topic: String, line: String },
}

/// Where news come from.
pub struct Inlets {
    /// This machine.
    pub collector: Receiver<CollectorMessage>,
    /// All others.
    pub fleet: Receiver<FleetMessage>,
    pub requests: Receiver<Request>,
}

/// The ends of the channels, and how to wake whoever reads them.
pub struct Outlets {
    pub to_map: Sender<Located>,
    /// `None` where nothing is remembered.
    pub to_history: Option<Sender<Vec<Record>>>,
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
    /// What `ip2asn import` has made; see [`crate::whois::default_folder`].
    pub registries: Option<PathBuf>,
}

/// The body of the thread. Ends when the collector's channel or the map's closes.
pub fn run(folders: &DataFolders, inlets: &Inlets, outlets: &Outlets) {
    let mut sources = Sources::open(folders);
    let mut work = Work::default();
    tell(outlets, sources.take_reports());
    // A listener may come later; a channel without sender would be ready all the time.
    let nobody = crossbeam_channel::never();
    let mut fleet = &inlets.fleet;
    let mut look_at_files = Instant::now() + LOOK_AT_FILES;
    loop {
        let geography = sources.geography();
        let now = Instant::now();
        let patience = work.patience(now).min(look_at_files.saturating_duration_since(now));
        let mut gathers = false;
        let went_on = crossbeam_channel::select! {
            recv(inlets.collector) -> message => match message {
                Ok(CollectorMessage::Events(batch)) => work.take(batch, geography, outlets),
                Ok(CollectorMessage::Status(status)) => work.hear(status),
                Err(_) => break,
            },
            recv(fleet) -> message => match message {
                Ok(first) => {
                    let went_on = work.take_together(first, fleet, geography, outlets);
                    gathers = fleet.is_empty();
                    went_on
                }
                Err(_) => {
                    fleet = &nobody;
                    true
                }
            },
            recv(inlets.requests) -> request => match request {
                Ok(request) => work.grant(request),
                Err(_) => break,
            },
            default(patience) => true,
        };
        let now = Instant::now();
        if now >= look_at_files {
            look_at_files = now + LOOK_AT_FILES;
            if sources.poll() {
                work.table.relocate(sources.geography());
                work.needs_full_set |= work.has_looked;
            }
            let reports = sources.take_reports();
            if !reports.is_empty() {
                tell(outlets, reports);
            }
        }
        if !went_on || !work.catch_up(outlets) {
            break;
        }
        if gathers {
            thread::sleep(GATHER_NEWS);
        }
        work.wake_in_time(Instant::now(), outlets);
    }
    work.tell_history(outlets);
}

#[derive(Default)]
struct Work {
    table: OpenTable,
    recorder: recorder::Recorder,
    /// The collector has told what is open: until then an empty table means nothing.
    has_looked: bool,
    /// The map does not know the full set, or lost some of it.
    needs_full_set: bool,
    /// What agents last said of themselves, as far as the map has not heard it; `None` for those that are gone.
    untold: BTreeMap<AgentId, Option<AgentStatus>>,
    watches_traffic: bool,
    dropped: u64,
    /// What is taken together, and the peers in it; empty between two times.
    together: Vec<FleetMessage>,
    peers: Vec<IpAddr>,
    /// Something was told since the map was woken last.
    owes_wake: bool,
    last_wake: Option<Instant>,
    /// As the map asked for it.
    between_wakes: Option<Duration>,
}

impl Work {
    /// Takes events of this machine. Returns whether the map still listens.
    fn take(&mut self, batch: Vec<Event>, geography: &Geography, outlets: &Outlets) -> bool {
        // What the first look finds did not open this moment.
        let is_first = !std::mem::replace(&mut self.has_looked, true);
        self.needs_full_set |= is_first;
        let dropped_before = self.dropped;
        let still_there = batch.into_iter().all(|event| {
            let located = self.table.take(AgentId::THIS_MACHINE, event, geography);
            located.is_none_or(|located| {
                self.recorder.told(&located, outlets);
                is_first || self.show(located, outlets)
            })
        });
        if is_first {
            self.recorder.looked(AgentId::THIS_MACHINE, &self.table);
        }
        self.tell_dropped(dropped_before, outlets);
        still_there
    }

    /// Takes what other machines said, and what waits behind it. Returns whether the map still listens.
    fn take_together(
        &mut self,
        first: FleetMessage,
        fleet: &Receiver<FleetMessage>,
        geography: &Geography,
        outlets: &Outlets,
    ) -> bool {
        let mut messages = std::mem::take(&mut self.together);
        let mut events = events_of(&first);
        messages.push(first);
        while messages.len() < MOST_TOGETHER && events < MANY_EVENTS {
            // That nobody sends any more shows where the thread waits.
            let Ok(message) = fleet.try_recv() else { break };
            events += events_of(&message);
            messages.push(message);
        }
        // Not while they are taken: a channel's atomics wait for all memory that was asked for before.
        messages.iter().for_each(|message| self.expect(message));
        geography.expect(&self.peers);
        self.peers.clear();
        let dropped_before = self.dropped;
        let still_there = messages.drain(..).all(|message| self.take_fleet(message, geography, outlets));
        self.together = messages;
        self.tell_dropped(dropped_before, outlets);
        still_there
    }

    /// Notes whose places will be asked for, and looks at what each event will need: while the memory of one is waited
    /// for, that of the next is asked for.
    fn expect(&mut self, message: &FleetMessage) {
        match message {
            FleetMessage::Agent(AgentNews {
                agent, news: News::Events { run, events }, delivery, ..
            }) => {
                for event in events {
                    if let Change::Opened(seen) = &event.change {
                        self.peers.push(seen.peer.ip());
                    }
                    self.table.expect(*agent, *run, event.connection);
                }
                delivery.iter().for_each(Delivery::expect);
            }
            FleetMessage::Agent(AgentNews { news: News::Snapshot { connections, .. }, .. }) => {
                self.peers.extend(connections.iter().map(|open| open.observation.peer.ip()));
            }
            FleetMessage::Agent(_) | FleetMessage::Notice { .. } => {}
        }
    }

    /// Takes what another machine said. Returns whether the map still listens.
    fn take_fleet(&mut self, message: FleetMessage, geography: &Geography, outlets: &Outlets) -> bool {
        let AgentNews { agent, news, delivery, .. } = match message {
            FleetMessage::Agent(news) => news,
            FleetMessage::Notice { importance, topic, line } => {
                tell(outlets, vec![Report::Notice { importance, topic, line }]);
                return true;
            }
        };
        let still_there = match news {
            News::Status(status) => self.hear(*status),
            News::Events { run, events } => events.into_iter().all(|event| {
                let located = self.table.take_remote(agent, run, event, geography);
                located.is_none_or(|located| self.tell_both(located, outlets))
            }),
            News::Snapshot { run, same_boot, unix_millis, connections, .. } => {
                let snapshot = Snapshot { run, same_boot, unix_millis, connections };
                let changes = self.table.take_snapshot(agent, snapshot, geography);
                let still_there = changes.into_iter().all(|located| self.tell_both(located, outlets));
                self.recorder.looked(agent, &self.table);
                still_there
            }
            News::Gone { unix_millis } => self.forget(agent, unix_millis, outlets),
        };
        if let Some(delivery) = delivery {
            delivery.done();
        }
        still_there
    }

    fn grant(&mut self, request: Request) -> bool {
        match request {
            Request::WatchTraffic(watch) => {
                self.watches_traffic = watch;
                self.needs_full_set |= watch && self.has_looked;
            }
            Request::WakeEvery(between) => self.between_wakes = Some(between),
            Request::TellAll => self.needs_full_set |= self.has_looked,
            Request::TellHistoryAgain => self.recorder.tell_again(),
        }
        true
    }

    fn hear(&mut self, status: AgentStatus) -> bool {
        self.recorder.status(&status);
        self.untold.insert(status.agent, Some(status));
        true
    }

    fn forget(&mut self, agent: AgentId, unix_millis: i64, outlets: &Outlets) -> bool {
        self.untold.insert(agent, None);
        let closed = self.table.forget(agent, unix_millis);
        let still_there = closed.into_iter().all(|located| self.tell_both(located, outlets));
        self.recorder.forget(agent);
        still_there
    }

    /// The history hears of it first: it is told all, and the map what it has room for.
    fn tell_both(&mut self, located: Located, outlets: &Outlets) -> bool {
        self.recorder.told(&located, outlets);
        self.show(located, outlets)
    }

    /// Hands the map one change, unless it is to get all there is anyway. Returns whether it still listens.
    fn show(&mut self, located: Located, outlets: &Outlets) -> bool {
        // Counters change no picture unless a list shows them.
        if !self.watches_traffic && matches!(located, Located::Updated { owner: None, .. }) {
            return true;
        }
        if self.needs_full_set {
            self.dropped += 1;
            return true;
        }
        match outlets.to_map.try_send(located) {
            Ok(()) => self.owes_wake = true,
            Err(TrySendError::Full(_)) => {
                self.dropped += 1;
                self.needs_full_set = true;
            }
            Err(TrySendError::Disconnected(_)) => return false,
        }
        true
    }

    fn tell_dropped(&self, before: u64, outlets: &Outlets) {
        if self.dropped > before {
            tell(outlets, vec![Report::Dropped(self.dropped)]);
        }
    }

    /// How long to wait for news before there is something else to do.
    fn patience(&self, now: Instant) -> Duration {
        let owes_wake = self.owes_wake || self.recorder.has_news();
        let until_wake = owes_wake.then(|| self.until_wake(now).unwrap_or_default());
        let owes = self.needs_full_set || !self.untold.is_empty() || self.recorder.owes_all();
        let until_retry = owes.then_some(BETWEEN_WAKES);
        until_wake.into_iter().chain(until_retry).min().unwrap_or(LOOK_AT_FILES)
    }

    /// How long until the map may be woken again; `None` where it may.
    fn until_wake(&self, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.last_wake?);
        let between = self.between_wakes.unwrap_or(BETWEEN_WAKES);
        between.checked_sub(since).filter(|left| !left.is_zero())
    }

    /// Every wake draws a frame, so news that come close together share one. The history is woken by what it is sent, and
    /// hears of them then, or when they are many.
    fn wake_in_time(&mut self, now: Instant, outlets: &Outlets) {
        let is_time = self.until_wake(now).is_none();
        if is_time || self.recorder.has_many() {
            self.tell_history(outlets);
        }
        if is_time && self.owes_wake {
            self.owes_wake = false;
            self.last_wake = Some(now);
            (outlets.wake)();
        }
    }

    fn tell_history(&mut self, outlets: &Outlets) {
        if let Some(report) = self.recorder.flush(&self.table, outlets) {
            tell(outlets, vec![report]);
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
        while let Some((agent, status)) = self.untold.pop_first() {
            let message = status.clone().map_or(Located::AgentGone(agent), Located::Status);
            match outlets.to_map.try_send(message) {
                Ok(()) => self.owes_wake = true,
                Err(error) => {
                    self.untold.insert(agent, status);
                    return error.is_full();
                }
            }
        }
        true
    }
}

/// Events that a message brings, those of a snapshot's connections included.
fn events_of(message: &FleetMessage) -> usize {
    match message {
        FleetMessage::Agent(AgentNews { news: News::Events { events, .. }, .. }) => events.len(),
        FleetMessage::Agent(AgentNews { news: News::Snapshot { connections, .. }, .. }) => connections.len(),
        FleetMessage::Agent(_) | FleetMessage::Notice { .. } => 0,
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

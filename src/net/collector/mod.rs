//! The collector: which connections this machine has, whose they are, and what changed. It looks at the kernel's
//! socket table every tick ([`SocketSource`]), finds the program of each new socket (`owners`), and tells only what
//! changed (`diff`). It knows nothing of places, rules or the wire.

mod destroy;
mod diff;
mod half_closed;
mod listening;
mod netlink;
mod owners;
mod pace;
mod proc_fds;
mod proc_net;
mod sock_diag;
mod source;
mod thread;

use std::{collections::HashMap, os::fd::BorrowedFd, path::Path};

use self::{
    diff::{Sighting, Table},
    listening::ListeningPorts,
    owners::{Owners, Wanted},
};
pub use self::{
    netlink::NetlinkSource,
    pace::SHORTEST_TICK,
    proc_net::ProcSource,
    source::{Coverage, ScanError, SeenSocket, SocketSource, UID_NOT_TOLD},
    thread::{CollectorMessage, CollectorThread, Settings, hostname, spawn},
};
use crate::model::{CollectorMethod, ConnectionId, Event, Observation, Owner, Protocol};

/// Looks at one tick before an incomplete scan is given up: the next tick tries again.
const LOOKS_PER_TICK: usize = 3;
/// Counters and listening ports are asked for this often; a tick in between asks for the sockets alone.
const MILLIS_BETWEEN_FULL_LOOKS: u64 = 1_000;
/// A socket without an owner is looked for once more after this time: its program may have been handing it over.
const MILLIS_BEFORE_SECOND_SEARCH: i64 = 1_000;

/// New sockets in one tick for which memory is kept.
const KEPT_FRESH: usize = 64;

/// What one tick did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickReport {
    /// Connections open after it.
    pub open: usize,
    /// Sockets of other users among them, whose programs may not be seen.
    pub not_permitted: usize,
    pub coverage: Coverage,
}

/// A source of sockets, and all that is known of them.
pub struct Collector {
    source: Box<dyn SocketSource>,
    table: Table,
    /// `None` without a readable `/proc`.
    owners: Option<Owners>,
    ports: ListeningPorts,
    searches: Vec<Search>,
    last_full_look_unix_millis: Option<i64>,
    started: bool,
    // Kept from tick to tick for their memory alone.
    seen: Vec<SeenSocket>,
    fresh: Vec<SeenSocket>,
    destroyed: Vec<SeenSocket>,
    listening: Vec<(Protocol, u16)>,
    released: Vec<u64>,
}

/// An owner to be looked for again.
struct Search {
    identity: u64,
    wanted: Wanted,
    due_unix_millis: i64,
}

impl Collector {
    /// The best way there is on this machine: netlink with close events (root), netlink alone, or the text tables.
    pub fn for_this_machine() -> Self {
        match NetlinkSource::open(true) {
            Ok(source) => Self::from_source(Box::new(source)),
            Err(error) => Self::from_source(Box::new(ProcSource::new(error.to_string()))),
        }
    }

    pub fn from_source(source: Box<dyn SocketSource>) -> Self {
        let close_events = source.method() == CollectorMethod::Events;
        Self {
            source,
            table: Table::new(close_events),
            owners: Owners::new(Path::new("/proc")).ok(),
            ports: ListeningPorts::default(),
            searches: Vec::new(),
            last_full_look_unix_millis: None,
            started: false,
            seen: Vec::new(),
            fresh: Vec::new(),
            destroyed: Vec::new(),
            listening: Vec::new(),
            released: Vec::new(),
        }
    }

    pub fn method(&self) -> CollectorMethod {
        self.source.method()
    }

    /// The source's clock, for [`Self::tick`].
    pub fn now_unix_millis(&self) -> i64 {
        self.source.now_unix_millis()
    }

    /// Every connection that is open as of the last tick.
    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, &Observation)> {
        self.table.connections()
    }

    /// System calls made so far to find the programs of sockets.
    pub fn owner_calls(&self) -> u64 {
        self.owners.as_ref().map_or(0, Owners::calls)
    }

    /// Readable when [`Self::read_close_events`] has something to tell.
    pub fn wakes_on(&self) -> Option<BorrowedFd<'_>> {
        self.source.wakes_on()
    }

    /// Why some programs have no name or some connections may be missed, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        self.source.notes(&mut notes);
        let not_permitted = self.table.not_permitted_count();
        if not_permitted > 0 {
            notes.push(format!(
                "{not_permitted} connections belong to other users' programs, whose names only root may see."
            ));
        }
        if self.owners.is_none() {
            notes.push("No program has a name: /proc cannot be read.".into());
        }
        notes
    }

    /// Looks once and appends what changed to `events`. After an error nothing is called closed, and what was
    /// appended before it stands.
    pub fn tick(&mut self, unix_millis: i64, events: &mut Vec<Event>) -> Result<TickReport, ScanError> {
        let is_first = !self.started;
        if !is_first {
            self.read_close_events(unix_millis, events)?;
        }

        let full = self
            .last_full_look_unix_millis
            .is_none_or(|last| unix_millis.abs_diff(last) >= MILLIS_BETWEEN_FULL_LOOKS);
        if full {
            self.last_full_look_unix_millis = Some(unix_millis);
        }
        let coverage = self.look(full, unix_millis, events)?;
        if full || self.fresh.iter().any(|socket| socket.direction.is_none()) {
            self.refresh_ports(unix_millis)?;
        }
        self.open_fresh(unix_millis, events);
        self.search_again(unix_millis, events);
        if is_first {
            self.forget_what_was_before(unix_millis, events)?;
            self.started = true;
        }
        Ok(TickReport {
            open: self.table.open_count(),
            not_permitted: self.table.not_permitted_count(),
            coverage,
        })
    }

    /// What ended while the first look went on, or was half closed by then, was never open here; an earlier run of this
    /// program may have told of it. So its end is no news.
    fn forget_what_was_before(&mut self, unix_millis: i64, events: &mut Vec<Event>) -> Result<(), ScanError> {
        let mut identities = Vec::new();
        self.source.half_closed(&mut identities)?;
        identities.retain(|identity| !self.table.contains(*identity));
        self.table.expect_destroyed(&identities);
        self.destroyed.clear();
        let read = self.source.destroyed(&mut self.destroyed);
        self.destroyed.retain(|seen| self.table.contains(seen.identity));
        for seen in &self.destroyed {
            self.table.destroyed(seen, unix_millis, events, &mut self.released);
        }
        self.forget_released();
        read
    }

    /// Appends what the kernel told since the last tick about sockets that ended. [`Self::tick`] does so too;
    /// between ticks it gives closings their exact time.
    pub fn read_close_events(&mut self, unix_millis: i64, events: &mut Vec<Event>) -> Result<(), ScanError> {
        self.destroyed.clear();
        let read = self.source.destroyed(&mut self.destroyed);
        // What is left is what lived and died between two looks.
        self.destroyed.retain(|seen| self.table.destroyed(seen, unix_millis, events, &mut self.released));
        let mut ports = Ok(());
        if self.destroyed.iter().any(|seen| seen.direction.is_none()) {
            ports = self.refresh_ports(unix_millis);
        }
        for seen in &self.destroyed {
            let owner = seen.owner.clone().unwrap_or(Owner::Unknown);
            let observation = observation_from_seen(seen, owner, &self.ports);
            self.table.open(seen.identity, 0, observation, unix_millis, events);
            self.table.destroyed(seen, unix_millis, events, &mut self.released);
        }
        self.forget_released();
        read.and(ports)
    }

    /// Scans until nothing can have been missed, closes what is gone, and leaves what is new in `fresh`.
    fn look(&mut self, full: bool, unix_millis: i64, events: &mut Vec<Event>) -> Result<Coverage, ScanError> {
        self.fresh.clear();
        self.table.begin_scan();
        let mut coverage = Coverage::Incomplete;
        for look in 0..LOOKS_PER_TICK {
            self.seen.clear();
            coverage = self.source.scan(full, &mut self.seen)?;
            for seen in &self.seen {
                match self.table.sight(seen, unix_millis, events, &mut self.released) {
                    Sighting::Known => {}
                    Sighting::New => self.fresh.push(seen.clone()),
                    Sighting::Accepted => self.searches.push(Search {
                        identity: seen.identity,
                        wanted: Wanted { inode: seen.inode, uid: seen.uid },
                        due_unix_millis: unix_millis,
                    }),
                }
            }
            let settled = match coverage {
                Coverage::Whole => true,
                Coverage::InParts => look > 0 || self.table.missing() == 0,
                Coverage::Incomplete => false,
            };
            if settled {
                self.table.close_missing(unix_millis, events, &mut self.released);
                break;
            }
        }
        self.forget_released();
        Ok(coverage)
    }

    fn open_fresh(&mut self, unix_millis: i64, events: &mut Vec<Event>) {
        if self.fresh.is_empty() {
            return;
        }
        let fresh = std::mem::take(&mut self.fresh);
        let wanted: Vec<Wanted> = fresh
            .iter()
            .filter(|socket| socket.owner.is_none() && socket.inode != 0)
            .map(|socket| Wanted { inode: socket.inode, uid: socket.uid })
            .collect();
        let mut found = self.find_owners(&wanted);
        for socket in &fresh {
            if self.table.contains(socket.identity) {
                continue;
            }
            let owner =
                socket.owner.clone().or_else(|| found.remove(&socket.inode)).unwrap_or(Owner::Unknown);
            if owner == Owner::Unknown && socket.owner.is_none() && socket.inode != 0 {
                self.searches.push(Search {
                    identity: socket.identity,
                    wanted: Wanted { inode: socket.inode, uid: socket.uid },
                    due_unix_millis: unix_millis.saturating_add(MILLIS_BEFORE_SECOND_SEARCH),
                });
            }
            let observation = observation_from_seen(socket, owner, &self.ports);
            self.table.open(socket.identity, socket.inode, observation, unix_millis, events);
        }
        // The first look finds every socket new; no later one does.
        self.fresh = if fresh.capacity() > KEPT_FRESH { Vec::new() } else { fresh };
    }

    /// Looks for the owners of sockets that had none and should have one by now.
    fn search_again(&mut self, unix_millis: i64, events: &mut Vec<Event>) {
        if !self.searches.iter().any(|search| search.due_unix_millis <= unix_millis) {
            return;
        }
        let table = &self.table;
        let due: Vec<Search> = self
            .searches
            .extract_if(.., |search| search.due_unix_millis <= unix_millis)
            .filter(|search| table.contains(search.identity))
            .collect();
        let wanted: Vec<Wanted> = due.iter().map(|search| search.wanted).collect();
        let mut found = self.find_owners(&wanted);
        for search in due {
            if let Some(owner) = found.remove(&search.wanted.inode) {
                self.table.set_owner(search.identity, owner, unix_millis, events);
            }
        }
    }

    fn find_owners(&mut self, wanted: &[Wanted]) -> HashMap<u64, Owner> {
        let mut found = HashMap::new();
        if let Some(owners) = self.owners.as_mut().filter(|_| !wanted.is_empty()) {
            owners.find(wanted, |inode, owner| {
                found.insert(inode, owner);
            });
        }
        found
    }

    fn refresh_ports(&mut self, unix_millis: i64) -> Result<(), ScanError> {
        self.listening.clear();
        self.source.listening_ports(&mut self.listening)?;
        self.ports.refresh(&self.listening, unix_millis);
        Ok(())
    }

    fn forget_released(&mut self) {
        for inode in self.released.drain(..) {
            if let Some(owners) = &mut self.owners {
                owners.forget(inode);
            }
        }
    }
}

fn observation_from_seen(seen: &SeenSocket, owner: Owner, ports: &ListeningPorts) -> Observation {
    Observation {
        protocol: seen.protocol,
        local: seen.local,
        peer: seen.peer,
        direction: seen.direction.unwrap_or_else(|| ports.direction(seen.protocol, seen.local.port())),
        owner,
        uid: seen.uid,
        traffic: seen.traffic,
    }
}

#[cfg(test)]
#[path = "collector_tests.rs"]
mod tests;

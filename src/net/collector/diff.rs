//! From scans to events: the table of open connections, and what each sighting changes in it. Pure: sockets and
//! times come in, events go out. One connection is one connection however often it is seen.

use std::{
    collections::{HashMap, hash_map},
    hash::{BuildHasherDefault, Hasher},
};

use super::{half_closed::HalfClosed, source::SeenSocket};
use crate::model::{Change, ConnectionId, Event, Observation, Owner, Protocol, Traffic};

/// Counters change with every packet; nobody reads them more often than this.
const MIN_MILLIS_BETWEEN_TRAFFIC_UPDATES: u64 = 1_000;

/// All connections that are open now.
#[derive(Default)]
pub struct Table {
    entries: HashMap<u64, Entry, BuildHasherDefault<IdentityHasher>>,
    /// Closed by a scan, with the kernel's close event still to come. `None` where there are no such events.
    half_closed: Option<HalfClosed>,
    pass: u32,
    seen_in_pass: usize,
    not_permitted: usize,
    last_connection: u64,
    last_sequence: u64,
}

struct Entry {
    connection: ConnectionId,
    observation: Observation,
    inode: u64,
    pass: u32,
    traffic_told_unix_millis: i64,
}

/// What a sighting turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// Not in the table: [`Table::open`] it once owner and direction are known.
    New,
    Known,
    /// A process has taken it over (accepted it): its owner can now be found.
    Accepted,
}

impl Table {
    /// `close_events`: whether [`Self::destroyed`] will be told of every socket's end.
    pub fn new(close_events: bool) -> Self {
        Self { half_closed: close_events.then(HalfClosed::default), ..Self::default() }
    }

    /// Connections that are open now.
    pub fn open_count(&self) -> usize {
        self.entries.len()
    }

    /// Those among them that belong to programs which may not be seen.
    pub fn not_permitted_count(&self) -> usize {
        self.not_permitted
    }

    pub fn connections(&self) -> impl Iterator<Item = (ConnectionId, &Observation)> {
        self.entries.values().map(|entry| (entry.connection, &entry.observation))
    }

    pub fn contains(&self, identity: u64) -> bool {
        self.entries.contains_key(&identity)
    }

    /// Begins a scan: from now on nothing has been seen.
    pub fn begin_scan(&mut self) {
        self.pass = self.pass.wrapping_add(1);
        self.seen_in_pass = 0;
    }

    /// Open connections that this scan has not shown yet.
    pub fn missing(&self) -> usize {
        self.entries.len() - self.seen_in_pass
    }

    /// Takes note of one socket of the scan. A socket that was connected to another peer meanwhile is another
    /// connection: the old one closes here, its inode going to `released`.
    pub fn sight(
        &mut self,
        seen: &SeenSocket,
        unix_millis: i64,
        events: &mut Vec<Event>,
        released: &mut Vec<u64>,
    ) -> Sighting {
        let Some(entry) = self.entries.get_mut(&seen.identity) else { return Sighting::New };
        let observation = &mut entry.observation;
        let same_file = entry.inode == seen.inode || entry.inode == 0 || seen.inode == 0;
        if observation.peer != seen.peer || observation.local != seen.local || !same_file {
            self.seen_in_pass -= usize::from(entry.pass == self.pass);
            released.extend(self.close(seen.identity, None, unix_millis, events));
            return Sighting::New;
        }
        if entry.pass != self.pass {
            entry.pass = self.pass;
            self.seen_in_pass += 1;
        }
        let told = seen.traffic != Traffic::default();
        // The wall clock may be set back.
        let since_told = unix_millis.abs_diff(entry.traffic_told_unix_millis);
        let due = since_told >= MIN_MILLIS_BETWEEN_TRAFFIC_UPDATES;
        if told && due && seen.traffic != observation.traffic {
            observation.traffic = seen.traffic;
            entry.traffic_told_unix_millis = unix_millis;
            let change = Change::Updated { traffic: Some(seen.traffic), owner: None };
            events.push(stamp(&mut self.last_sequence, unix_millis, entry.connection, change));
        }
        if entry.inode == 0 && seen.inode != 0 {
            entry.inode = seen.inode;
            return Sighting::Accepted;
        }
        Sighting::Known
    }

    /// Ends a scan in which nothing was lost: what it has not shown is closed, its inodes going to `released`.
    pub fn close_missing(&mut self, unix_millis: i64, events: &mut Vec<Event>, released: &mut Vec<u64>) {
        if self.missing() == 0 {
            return;
        }
        self.entries.retain(|&identity, entry| {
            if entry.pass == self.pass {
                return true;
            }
            // Of UDP no close events come.
            if let Some(half_closed) = &mut self.half_closed
                && entry.observation.protocol == Protocol::Tcp
            {
                half_closed.insert(identity);
            }
            released.push(entry.inode);
            self.not_permitted -= usize::from(entry.observation.owner == Owner::NotPermitted);
            let change = Change::Closed { traffic: None };
            events.push(stamp(&mut self.last_sequence, unix_millis, entry.connection, change));
            false
        });
    }

    /// Opens a connection that counts as seen in this scan; nothing if it is open already.
    pub fn open(
        &mut self,
        identity: u64,
        inode: u64,
        observation: Observation,
        unix_millis: i64,
        events: &mut Vec<Event>,
    ) {
        let hash_map::Entry::Vacant(vacant) = self.entries.entry(identity) else { return };
        if let Some(half_closed) = &mut self.half_closed {
            half_closed.remove(identity);
        }
        self.last_connection += 1;
        let connection = ConnectionId(self.last_connection);
        self.not_permitted += usize::from(observation.owner == Owner::NotPermitted);
        let opened = Change::Opened(observation.clone());
        events.push(stamp(&mut self.last_sequence, unix_millis, connection, opened));
        vacant.insert(Entry {
            connection,
            observation,
            inode,
            pass: self.pass,
            traffic_told_unix_millis: unix_millis,
        });
        self.seen_in_pass += 1;
    }

    /// Sockets known to have closed before the first scan, whose close events will come.
    pub fn expect_destroyed(&mut self, identities: &[u64]) {
        if let Some(half_closed) = &mut self.half_closed {
            identities.iter().for_each(|&identity| half_closed.insert(identity));
        }
    }

    /// The kernel's close event. `true` for a socket that no scan has ever shown: [`Self::open`] it, and call again.
    pub fn destroyed(
        &mut self,
        seen: &SeenSocket,
        unix_millis: i64,
        events: &mut Vec<Event>,
        released: &mut Vec<u64>,
    ) -> bool {
        if let Some(entry) = self.entries.get(&seen.identity) {
            self.seen_in_pass -= usize::from(entry.pass == self.pass);
            released.extend(self.close(seen.identity, Some(seen.traffic), unix_millis, events));
            return false;
        }
        !self.half_closed.as_mut().is_some_and(|half_closed| half_closed.remove(seen.identity))
    }

    /// Tells the owner of a connection that was open without one.
    pub fn set_owner(&mut self, identity: u64, owner: Owner, unix_millis: i64, events: &mut Vec<Event>) {
        let Some(entry) = self.entries.get_mut(&identity) else { return };
        if entry.observation.owner != owner {
            self.not_permitted += usize::from(owner == Owner::NotPermitted);
            self.not_permitted -= usize::from(entry.observation.owner == Owner::NotPermitted);
            entry.observation.owner = owner.clone();
            let change = Change::Updated { traffic: None, owner: Some(owner) };
            events.push(stamp(&mut self.last_sequence, unix_millis, entry.connection, change));
        }
    }

    fn close(
        &mut self,
        identity: u64,
        traffic: Option<Traffic>,
        unix_millis: i64,
        events: &mut Vec<Event>,
    ) -> Option<u64> {
        let entry = self.entries.remove(&identity)?;
        self.not_permitted -= usize::from(entry.observation.owner == Owner::NotPermitted);
        let traffic = traffic.filter(|&traffic| traffic != Traffic::default());
        let closed = Change::Closed { traffic };
        events.push(stamp(&mut self.last_sequence, unix_millis, entry.connection, closed));
        Some(entry.inode)
    }
}

fn stamp(last_sequence: &mut u64, unix_millis: i64, connection: ConnectionId, change: Change) -> Event {
    *last_sequence += 1;
    Event { sequence: *last_sequence, unix_millis, connection, change }
}

/// Identities are the kernel's running numbers, or hashes already: one multiplication spreads them.
#[derive(Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // 2^64 divided by the golden ratio.
        self.0 = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;

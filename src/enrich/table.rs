//! The table of what is open on all machines. Pure: no channel, no thread, no clock. An agent's snapshot is laid over
//! what is known of it here, so that a connection stays one connection however often its agent or the link starts anew.

use std::{
    collections::{HashMap, hash_map},
    sync::Arc,
};

use crate::{
    geo::Geography,
    id_map::{ForeignMap, IdMap},
    model::{
        AgentId, Asn, Change, ConnectionId, ConnectionKey, Event, Located, LocatedConnection, NoPlace,
        Observation, Owner, Place, Protocol, Traffic,
    },
    net::server::OpenSocket,
};

/// Of a connection's number within a run; what is above tells runs apart. At a thousand connections a second it lasts
/// for thirty years.
const BITS_WITHIN_RUN: u32 = 40;

/// All open connections, by agent.
#[derive(Default)]
pub struct OpenTable {
    agents: IdMap<AgentId, Agent>,
    /// Changes of connections that were never opened, or opened twice.
    pub senseless_events: u64,
}

#[derive(Default)]
struct Agent {
    open: ForeignMap<ConnectionId, Arc<LocatedConnection>>,
    /// Of remote agents: the run that its numbers belong to.
    run: u64,
    /// What this run calls a connection that an earlier run of the same boot had told of already.
    aliases: ForeignMap<ConnectionId, ConnectionId>,
    /// Taken over from an earlier program, whose aliases are lost, and not compared with a snapshot yet.
    restored: Option<Restored>,
    last_heard_unix_millis: i64,
}

#[derive(Clone, Copy, Debug)]
struct Restored {
    /// What this run opened later has no alias.
    last_aliased_sequence: u64,
}

/// What an earlier program knew of an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierSet {
    pub run: u64,
    /// The event at which this run's first snapshot was taken, if all of that was.
    pub first_base: Option<u64>,
    /// Display's clock.
    pub last_heard_unix_millis: i64,
    pub open: HashMap<ConnectionId, OpenEarlier>,
}

/// A connection that is open as far as an earlier program knew.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenEarlier {
    pub opened_unix_millis: i64,
    pub observation: Observation,
}

/// A snapshot of one agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub run: u64,
    /// The machine has not started anew since the last news: the same sockets are the same connections.
    pub same_boot: bool,
    /// Display's clock.
    pub unix_millis: i64,
    pub connections: Vec<OpenSocket>,
}

/// What names a socket while it lives, whoever tells of it.
type SocketName = (Protocol, std::net::SocketAddr, std::net::SocketAddr, u32);

impl OpenTable {
    /// Takes one event of this machine in. Returns what the map should hear of it.
    pub fn take(&mut self, agent: AgentId, event: Event, geography: &Geography) -> Option<Located> {
        let Event { unix_millis, connection, change, .. } = event;
        let located =
            self.agents.entry(agent).or_default().take(agent, connection, unix_millis, change, geography);
        self.senseless_events += u64::from(located.is_none());
        located
    }

    /// Reads what an event of a remote agent will be about, so that it is at hand then.
    pub fn expect(&self, agent: AgentId, run: u64, connection: ConnectionId) {
        let known = self.agents.get(&agent);
        let open = known.and_then(|known| known.open.get(&connection_of_run(run, connection)));
        std::hint::black_box(open.map(|open| open.observation.traffic));
    }

    /// Takes one event of a remote agent in, numbered within `run`.
    pub fn take_remote(
        &mut self,
        agent: AgentId,
        run: u64,
        event: Event,
        geography: &Geography,
    ) -> Option<Located> {
        let known = self.agents.entry(agent).or_default();
        known.last_heard_unix_millis = event.unix_millis.max(known.last_heard_unix_millis);
        let Event { unix_millis, connection, change, .. } = event;
        let number = connection_of_run(run, connection);
        let connection = known.known_as(number);
        if connection != number && matches!(change, Change::Closed { .. }) {
            known.aliases.remove(&number);
        }
        let located = known.take(agent, connection, unix_millis, change, geography);
        self.senseless_events += u64::from(located.is_none());
        located
    }

    /// Takes over what an earlier program knew, for the agent's next snapshot to be laid over.
    pub fn restore(&mut self, agent: AgentId, earlier: EarlierSet, geography: &Geography) {
        let EarlierSet { run, first_base, last_heard_unix_millis, open } = earlier;
        let located = |(connection, OpenEarlier { opened_unix_millis, observation })| {
            let key = ConnectionKey { agent, connection };
            (connection, Arc::new(locate(key, observation, opened_unix_millis, geography)))
        };
        let open = open.into_iter().map(located).collect();
        // Without a whole snapshot any connection may be one that an earlier run had told of.
        let restored = Some(Restored { last_aliased_sequence: first_base.unwrap_or(u64::MAX) });
        let known = Agent { open, run, aliases: ForeignMap::default(), restored, last_heard_unix_millis };
        self.agents.insert(agent, known);
    }

    /// Lays a snapshot over what is known of the agent. Returns what the map should hear, in no order.
    pub fn take_snapshot(
        &mut self,
        agent: AgentId,
        snapshot: Snapshot,
        geography: &Geography,
    ) -> Vec<Located> {
        let known = self.agents.entry(agent).or_default();
        let same_run = known.run == snapshot.run;
        let mut before = std::mem::take(&mut known.open);
        let restored = known.restored.take();
        let (mut by_socket, last_aliased_sequence) = match restored {
            // Numbers of this run speak for themselves; the others have lost their aliases.
            Some(restored) if same_run => (
                by_socket(&before, |number| !is_of_run(number, snapshot.run)),
                restored.last_aliased_sequence,
            ),
            _ if !same_run && snapshot.same_boot => (by_socket(&before, |_| true), u64::MAX),
            _ => (HashMap::new(), 0),
        };
        let old_aliases = std::mem::take(&mut known.aliases);
        let closed_unix_millis =
            if same_run || snapshot.same_boot { snapshot.unix_millis } else { known.last_heard_unix_millis };
        known.run = snapshot.run;
        known.last_heard_unix_millis = snapshot.unix_millis.max(known.last_heard_unix_millis);

        let mut located = Vec::new();
        for socket in snapshot.connections {
            let connection = connection_of_run(snapshot.run, socket.connection);
            let by_number = same_run.then(|| old_aliases.get(&connection).copied().unwrap_or(connection));
            let known_as = by_number.filter(|number| before.contains_key(number)).or_else(|| {
                if socket.opened_sequence > last_aliased_sequence {
                    return None;
                }
                let twins = by_socket.get_mut(&socket_name(&socket.observation))?;
                // A socket whose counters fell is another one that got the same ports.
                let is_it = |twin: &ConnectionId| {
                    let traffic = before.get(twin).map(|twin| twin.observation.traffic);
                    traffic.is_some_and(|traffic| !fell(traffic, socket.observation.traffic))
                };
                twins.iter().position(is_it).map(|at| twins.swap_remove(at))
            });
            match known_as.and_then(|known_as| before.remove_entry(&known_as)) {
                Some((known_as, mut earlier)) => {
                    if known_as != connection {
                        known.aliases.insert(connection, known_as);
                    }
                    located.extend(refresh(&mut earlier, socket.observation));
                    known.open.insert(known_as, earlier);
                }
                None => match known.open.entry(connection) {
                    hash_map::Entry::Occupied(_) => self.senseless_events += 1,
                    hash_map::Entry::Vacant(place) => {
                        let key = ConnectionKey { agent, connection };
                        let opened = locate(key, socket.observation, socket.opened_unix_millis, geography);
                        located.push(Located::Opened(Arc::clone(place.insert(Arc::new(opened)))));
                    }
                },
            }
        }
        located.extend(before.into_values().map(|known| closed(&known, closed_unix_millis)));
        located
    }

    /// Closes all that an agent has open, and forgets it.
    pub fn forget(&mut self, agent: AgentId, unix_millis: i64) -> Vec<Located> {
        let open = self.agents.remove(&agent).map(|known| known.open).unwrap_or_default();
        open.values().map(|known| closed(known, unix_millis)).collect()
    }

    pub fn get(&self, key: ConnectionKey) -> Option<&LocatedConnection> {
        self.agents.get(&key.agent)?.open.get(&key.connection).map(|known| &**known)
    }

    /// When an agent was last heard, by the display's clock.
    pub fn last_heard_unix_millis(&self, agent: AgentId) -> Option<i64> {
        self.agents.get(&agent).map(|known| known.last_heard_unix_millis)
    }

    /// What an agent has open, in no order.
    pub fn of(&self, agent: AgentId) -> impl Iterator<Item = &Arc<LocatedConnection>> {
        self.agents.get(&agent).into_iter().flat_map(|known| known.open.values())
    }

    /// All that is open, oldest first.
    pub fn all(&self) -> Vec<LocatedConnection> {
        let open = self.agents.values().flat_map(|agent| agent.open.values());
        let mut all: Vec<_> = open.map(|known| LocatedConnection::clone(known)).collect();
        all.sort_unstable_by_key(|connection| (connection.opened_unix_millis, connection.key));
        all
    }

    /// Looks every place up again, after the tables changed.
    pub fn relocate(&mut self, geography: &Geography) {
        for known in self.agents.values_mut().flat_map(|agent| agent.open.values_mut()) {
            let (place, asn) = whereabouts(&known.observation, geography);
            // Most stay where they were, and go on being shared.
            if (&place, &asn) != (&known.place, &known.asn) {
                let known = Arc::make_mut(known);
                (known.place, known.asn) = (place, asn);
            }
        }
    }
}

impl Agent {
    fn known_as(&self, connection: ConnectionId) -> ConnectionId {
        self.aliases.get(&connection).copied().unwrap_or(connection)
    }

    fn take(
        &mut self,
        agent: AgentId,
        connection: ConnectionId,
        unix_millis: i64,
        change: Change,
        geography: &Geography,
    ) -> Option<Located> {
        let key = ConnectionKey { agent, connection };
        match change {
            Change::Opened(observation) => {
                let hash_map::Entry::Vacant(place) = self.open.entry(connection) else { return None };
                let opened = locate(key, observation, unix_millis, geography);
                Some(Located::Opened(Arc::clone(place.insert(Arc::new(opened)))))
            }
            Change::Updated { traffic, owner } => {
                let known = Arc::make_mut(self.open.get_mut(&connection)?);
                known.observation.traffic.update(traffic.unwrap_or_default());
                if let Some(owner) = &owner {
                    known.observation.owner = owner.clone();
                }
                Some(Located::Updated { key, traffic, owner })
            }
            Change::Closed { traffic } => {
                let known = self.open.remove(&connection)?;
                let mut last = known.observation.traffic;
                last.update(traffic.unwrap_or_default());
                Some(Located::Closed { key, unix_millis, traffic: last })
            }
        }
    }
}

const fn closed(known: &LocatedConnection, unix_millis: i64) -> Located {
    Located::Closed { key: known.key, unix_millis, traffic: known.observation.traffic }
}

/// One number for a connection of one run, the same whenever it is worked out.
pub const fn connection_of_run(run: u64, connection: ConnectionId) -> ConnectionId {
    ConnectionId(run << BITS_WITHIN_RUN | connection.0 & ((1 << BITS_WITHIN_RUN) - 1))
}

/// Of one run in sixteen million another says so too.
const fn is_of_run(number: ConnectionId, run: u64) -> bool {
    number.0 >> BITS_WITHIN_RUN == run << BITS_WITHIN_RUN >> BITS_WITHIN_RUN
}

fn by_socket(
    open: &ForeignMap<ConnectionId, Arc<LocatedConnection>>,
    is_wanted: impl Fn(ConnectionId) -> bool,
) -> HashMap<SocketName, Vec<ConnectionId>> {
    let mut by_socket: HashMap<_, Vec<_>> = HashMap::with_capacity(open.len());
    for (id, connection) in open.iter().filter(|(id, _)| is_wanted(**id)) {
        by_socket.entry(socket_name(&connection.observation)).or_default().push(*id);
    }
    by_socket
}

const fn socket_name(seen: &Observation) -> SocketName {
    (seen.protocol, seen.local, seen.peer, seen.uid)
}

fn fell(before: Traffic, now: Traffic) -> bool {
    let less = |before: Option<u64>, now: Option<u64>| matches!((before, now), (Some(a), Some(b)) if b < a);
    less(before.sent_bytes, now.sent_bytes) || less(before.received_bytes, now.received_bytes)
}

/// Takes over what a snapshot knows better. Returns what the map should hear, if anything.
fn refresh(known: &mut Arc<LocatedConnection>, seen: Observation) -> Option<Located> {
    let mut traffic = known.observation.traffic;
    traffic.update(seen.traffic);
    // A program that was named stays named when its process hides later.
    let owner = match (&known.observation.owner, seen.owner) {
        (old, new @ Owner::Program { .. }) if *old != new => Some(new),
        _ => None,
    };
    let traffic = (traffic != known.observation.traffic).then_some(traffic);
    if traffic.is_none() && owner.is_none() {
        return None;
    }
    let known = Arc::make_mut(known);
    known.observation.traffic = traffic.unwrap_or(known.observation.traffic);
    if let Some(owner) = &owner {
        known.observation.owner = owner.clone();
    }
    Some(Located::Updated { key: known.key, traffic, owner })
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

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;

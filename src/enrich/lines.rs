//! What agents say as JSON lines, for machines without a display: one object an event, flushed and only then
//! acknowledged. Each line of a connection names run and sequence number, by which a reader knows a line that it has.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write},
    net::SocketAddr,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

use super::{OpenTable, Snapshot, connection_of_run};
use crate::{
    geo::Geography,
    model::{
        AgentId, AgentLink, AgentStatus, Asn, Change, CollectorMethod, ConnectionId, CountryCode, Direction,
        Event, Located, LocatedConnection, NoPlace, Owner, Protocol, Traffic,
    },
    net::server::{AgentNews, News, OpenSocket},
};

/// Writes the lines of all agents.
pub struct FleetLines<W: Write> {
    out: W,
    table: OpenTable,
    names: HashMap<AgentId, Arc<str>>,
    /// Last sequence number of each run that an earlier program has written.
    known_runs: HashMap<u64, u64>,
}

#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    agent: &'a str,
    /// Display's clock.
    unix_millis: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(flatten)]
    socket: Option<SocketFacts<'a>>,
    #[serde(flatten)]
    traffic: Option<TrafficFacts>,
    #[serde(flatten)]
    owner: Option<OwnerFacts<'a>>,
    #[serde(flatten)]
    status: Option<StatusFacts<'a>>,
}

#[derive(Serialize)]
struct StatusFacts<'a> {
    method: CollectorMethod,
    tick_millis: u32,
    notes: &'a [String],
    link: &'a AgentLink,
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<[f32; 2]>,
}

#[derive(Serialize)]
struct SocketFacts<'a> {
    protocol: Protocol,
    direction: Direction,
    local: SocketAddr,
    peer: SocketAddr,
    uid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    lat: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lon: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<CountryCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    without_place: Option<NoPlace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<&'a str>,
}

#[derive(Serialize)]
struct TrafficFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt_micros: Option<u32>,
}

#[derive(Serialize)]
struct OwnerFacts<'a> {
    program: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
}

/// What a line says of the run that it comes from.
#[derive(Clone, Copy)]
struct Source {
    run: u64,
    sequence: Option<u64>,
}

impl<W: Write> FleetLines<W> {
    pub fn new(out: W, known_runs: HashMap<u64, u64>) -> Self {
        Self { out, table: OpenTable::default(), names: HashMap::new(), known_runs }
    }

    /// Writes all of it, then acknowledges it.
    ///
    /// # Errors
    /// When it cannot be written; nothing of it is acknowledged then.
    pub fn write_all(
        &mut self,
        news: impl IntoIterator<Item = AgentNews>,
        geography: &Geography,
    ) -> io::Result<()> {
        let mut deliveries = Vec::new();
        for AgentNews { agent, news, delivery } in news {
            self.write(agent, news, geography)?;
            deliveries.extend(delivery);
        }
        self.out.flush()?;
        for delivery in deliveries {
            delivery.done();
        }
        Ok(())
    }

    fn write(&mut self, agent: AgentId, news: News, geography: &Geography) -> io::Result<()> {
        match news {
            News::Status(status) => {
                self.names.insert(agent, Arc::clone(&status.name));
                self.line(agent, "agent", now_unix_millis(), None, None, |line| {
                    line.status = Some(StatusFacts::from(&status))
                })
            }
            News::Events { run, events } => events.into_iter().try_for_each(|event| {
                let (sequence, unix_millis) = (event.sequence, event.unix_millis);
                let traffic = final_traffic(&event);
                let located = self.table.take_remote(agent, run, event, geography);
                let source = Source { run, sequence: Some(sequence) };
                located.map_or(Ok(()), |located| {
                    self.change(agent, Some(source), unix_millis, traffic, &located)
                })
            }),
            News::Snapshot { run, same_boot, unix_millis, connections } => {
                let opened = sequences(run, &connections);
                let known = self.known_runs.get(&run).copied().unwrap_or(0);
                let snapshot = Snapshot { run, same_boot, unix_millis, connections };
                let changes = self.table.take_snapshot(agent, snapshot, geography);
                let sequence_of = |located: &Located| match located {
                    Located::Opened(connection) => opened.get(&connection.key.connection).copied(),
                    _ => None,
                };
                let mut changes: Vec<_> =
                    changes.into_iter().map(|located| (sequence_of(&located), located)).collect();
                // Whoever goes on from half of it takes the highest number for all below.
                changes.sort_by_key(|(sequence, _)| *sequence);
                for (sequence, located) in changes {
                    // It was written before this program started.
                    if sequence.is_none_or(|sequence| sequence > known) {
                        let source = Source { run, sequence };
                        self.change(agent, Some(source), unix_millis, None, &located)?;
                    }
                }
                Ok(())
            }
            News::Gone { unix_millis } => {
                for located in self.table.forget(agent, unix_millis) {
                    self.change(agent, None, unix_millis, None, &located)?;
                }
                self.line(agent, "gone", unix_millis, None, None, |_| {})
            }
        }
    }

    fn change(
        &mut self,
        agent: AgentId,
        source: Option<Source>,
        unix_millis: i64,
        traffic: Option<Traffic>,
        located: &Located,
    ) -> io::Result<()> {
        match located {
            Located::Opened(connection) => {
                let at = connection.opened_unix_millis;
                self.line(agent, "opened", at, source, Some(connection.key.connection), |line| {
                    line.socket = Some(SocketFacts::from(&**connection));
                    line.owner = Some(OwnerFacts::from(&connection.observation.owner));
                    line.traffic = Some(connection.observation.traffic.into());
                })
            }
            Located::Updated { key, traffic, owner } => {
                self.line(agent, "updated", unix_millis, source, Some(key.connection), |line| {
                    line.traffic = traffic.map(TrafficFacts::from);
                    line.owner = owner.as_ref().map(OwnerFacts::from);
                })
            }
            Located::Closed { key, unix_millis, .. } => {
                self.line(agent, "closed", *unix_millis, source, Some(key.connection), |line| {
                    line.traffic = traffic.map(TrafficFacts::from);
                })
            }
            Located::FullSet(_) | Located::Status(_) | Located::AgentGone(_) => Ok(()),
        }
    }

    fn line<'a>(
        &mut self,
        agent: AgentId,
        event: &'static str,
        unix_millis: i64,
        source: Option<Source>,
        connection: Option<ConnectionId>,
        fill: impl FnOnce(&mut Line<'a>),
    ) -> io::Result<()> {
        let name = self.names.get(&agent).cloned().unwrap_or_else(|| agent.0.to_string().into());
        let mut line = Line {
            event,
            agent: "",
            unix_millis,
            run: source.map(|source| format!("{:016x}", source.run)),
            sequence: source.and_then(|source| source.sequence),
            connection: connection.map(|connection| format!("{:x}", connection.0)),
            socket: None,
            traffic: None,
            owner: None,
            status: None,
        };
        fill(&mut line);
        serde_json::to_writer(&mut self.out, &Line { agent: &name, ..line }).map_err(io::Error::from)?;
        self.out.write_all(b"\n")
    }
}

fn now_unix_millis() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

fn final_traffic(event: &Event) -> Option<Traffic> {
    match event.change {
        Change::Closed { traffic } => traffic,
        _ => None,
    }
}

fn sequences(run: u64, connections: &[OpenSocket]) -> BTreeMap<ConnectionId, u64> {
    connections
        .iter()
        .map(|socket| (connection_of_run(run, socket.connection), socket.opened_sequence))
        .collect()
}

impl<'a> From<&'a LocatedConnection> for SocketFacts<'a> {
    fn from(connection: &'a LocatedConnection) -> Self {
        let seen = &connection.observation;
        let place = connection.place.as_ref().ok();
        let asn: Option<&Asn> = connection.asn.as_ref();
        Self {
            protocol: seen.protocol,
            direction: seen.direction,
            local: seen.local,
            peer: seen.peer,
            uid: seen.uid,
            lat: place.map(|place| place.lat),
            lon: place.map(|place| place.lon),
            city: place.map(|place| &*place.city).filter(|city| !city.is_empty()),
            country: place.and_then(|place| place.country),
            without_place: connection.place.as_ref().err().copied(),
            asn: asn.map(|asn| asn.number),
            organisation: asn.map(|asn| &*asn.organisation),
        }
    }
}

impl<'a> From<&'a AgentStatus> for StatusFacts<'a> {
    fn from(status: &'a AgentStatus) -> Self {
        let AgentStatus { method, tick_millis, notes, link, home, .. } = status;
        Self { method: *method, tick_millis: *tick_millis, notes, link, home: *home }
    }
}

impl From<Traffic> for TrafficFacts {
    fn from(traffic: Traffic) -> Self {
        let Traffic { sent_bytes, received_bytes, rtt_micros } = traffic;
        Self { sent_bytes, received_bytes, rtt_micros }
    }
}

impl<'a> From<&'a Owner> for OwnerFacts<'a> {
    fn from(owner: &'a Owner) -> Self {
        let pid = match owner {
            Owner::Program { pid, .. } => Some(*pid),
            Owner::NotPermitted | Owner::Unknown => None,
        };
        Self { program: owner.name(), pid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Observation;

    const AGENT: AgentId = AgentId(1);

    fn seen(port: u16) -> Observation {
        Observation {
            protocol: Protocol::Tcp,
            local: ([10, 0, 0, 1], port).into(),
            peer: ([127, 0, 0, 1], 443).into(),
            direction: Direction::Outbound,
            owner: Owner::Program { pid: 9, name: "curl".into() },
            uid: 0,
            traffic: Traffic::default(),
        }
    }

    fn lines(known_runs: HashMap<u64, u64>, news: Vec<News>) -> Vec<serde_json::Value> {
        let mut out = Vec::new();
        let news = news.into_iter().map(|news| AgentNews { agent: AGENT, news, delivery: None });
        FleetLines::new(&mut out, known_runs).write_all(news, &Geography::default()).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn open(id: u64) -> OpenSocket {
        OpenSocket {
            connection: ConnectionId(id),
            opened_sequence: id,
            opened_unix_millis: 5,
            observation: seen(id as u16),
        }
    }

    #[test]
    fn an_event_is_a_line_that_names_run_and_sequence() {
        let event =
            |sequence, change| Event { sequence, unix_millis: 7, connection: ConnectionId(1), change };
        let opened = event(41, Change::Opened(seen(50_000)));
        let traffic = Traffic { sent_bytes: Some(3), ..Traffic::default() };
        let closed = event(42, Change::Closed { traffic: Some(traffic) });
        let lines = lines(HashMap::new(), vec![News::Events { run: 0xab, events: vec![opened, closed] }]);
        assert_eq!(lines[0]["event"], "opened");
        assert_eq!(lines[0]["run"], "00000000000000ab");
        assert_eq!(lines[0]["sequence"], 41);
        assert_eq!(lines[0]["peer"], "127.0.0.1:443");
        assert_eq!(lines[0]["program"], "curl");
        assert_eq!(lines[0]["without_place"], "loopback");
        assert_eq!(lines[1]["event"], "closed");
        assert_eq!(lines[1]["sent_bytes"], 3);
        assert_eq!(lines[0]["connection"], lines[1]["connection"]);
    }

    #[test]
    fn what_was_written_before_is_not_written_again() {
        let snapshot =
            News::Snapshot { run: 7, same_boot: false, unix_millis: 9, connections: vec![open(3), open(8)] };
        let lines = lines(HashMap::from([(7, 5)]), vec![snapshot]);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["sequence"], 8);
    }

    #[test]
    fn half_a_snapshot_holds_the_lowest_numbers() {
        let connections = [9, 3, 27, 1, 14, 8].map(open).to_vec();
        let snapshot = News::Snapshot { run: 7, same_boot: false, unix_millis: 9, connections };
        let numbers: Vec<_> =
            lines(HashMap::new(), vec![snapshot]).iter().map(|line| line["sequence"].as_u64()).collect();
        assert_eq!(numbers, [1, 3, 8, 9, 14, 27].map(Some));
    }
}

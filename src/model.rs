//! The words of the house: what a socket, a connection, a place and an event are. Plain data that every other
//! module speaks in; no thread, socket, clock or file, and nothing else of ours is imported here.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// Transport of a connection. Only connected sockets are observed, so UDP means QUIC and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Tcp,
    Udp,
}

/// Who opened the connection, seen from the machine that reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The local port is one this machine listens on.
    Inbound,
    Outbound,
}

/// The process that holds a socket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// `name` is the process's `comm`, as `ss` and `lsof` print it.
    Program { pid: u32, name: Arc<str> },
    /// Another user's socket, which this user may not look into.
    NotPermitted,
    /// No process holds it: it ended before it could be read, or the kernel itself owns the socket.
    Unknown,
}

impl Owner {
    /// The program's name, or `?` where it is not known.
    pub fn name(&self) -> &str {
        match self {
            Self::Program { name, .. } => name,
            Self::NotPermitted | Self::Unknown => "?",
        }
    }
}

/// Counters of a connection, where the kernel gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    pub sent_bytes: Option<u64>,
    pub received_bytes: Option<u64>,
    /// Smoothed round-trip time.
    pub rtt_micros: Option<u32>,
}

impl Traffic {
    /// Takes over what is known in `newer`.
    pub fn update(&mut self, newer: Self) {
        self.sent_bytes = newer.sent_bytes.or(self.sent_bytes);
        self.received_bytes = newer.received_bytes.or(self.received_bytes);
        self.rtt_micros = newer.rtt_micros.or(self.rtt_micros);
    }
}

/// One socket as seen by an agent. IPv4-mapped IPv6 addresses are already plain IPv4 here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    pub protocol: Protocol,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub direction: Direction,
    pub owner: Owner,
    /// User id that owns the socket.
    pub uid: u32,
    pub traffic: Traffic,
}

/// A machine that reports its sockets. The display's own machine is an agent too: [`AgentId::THIS_MACHINE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AgentId(pub u32);

impl AgentId {
    pub const THIS_MACHINE: Self = Self(0);

    /// Whether this is an agent of a recording, which bears the number of no live one.
    pub const fn is_recorded(self) -> bool {
        self.0 & Self::RECORDED != 0
    }

    /// Set in the numbers of recorded agents.
    pub const RECORDED: u32 = 1 << 31;
}

/// Names one connection of one agent; never reused while that agent runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConnectionId(pub u64);

/// Names one connection among all agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConnectionKey {
    pub agent: AgentId,
    pub connection: ConnectionId,
}

/// What an agent says about one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Counts up by one from event to event of an agent, starting at 1.
    pub sequence: u64,
    /// Agent's wall clock, milliseconds since the Unix epoch.
    pub unix_millis: i64,
    pub connection: ConnectionId,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    Opened(Observation),
    /// Only what changed is `Some`, counter by counter.
    Updated {
        traffic: Option<Traffic>,
        owner: Option<Owner>,
    },
    /// Final counters, where the kernel told them.
    Closed {
        traffic: Option<Traffic>,
    },
}

/// Two-letter country code (ISO 3166-1 alpha-2, and `XK`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CountryCode(pub [u8; 2]);

impl CountryCode {
    /// Takes two ASCII letters in either case.
    pub fn from_text(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    pub fn as_str(&self) -> &str {
        // Only ASCII gets in through `from_text`; bytes put in by hand may not be.
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CountryCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A point of the world that many addresses share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Degrees north, -90 to 90.
    pub lat: f32,
    /// Degrees east, -180 to 180.
    pub lon: f32,
    /// May be empty.
    pub city: Arc<str>,
    /// State, province or the like; may be empty.
    pub region: Arc<str>,
    pub country: Option<CountryCode>,
}

/// Why a connection has no place on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPlace {
    /// 127.0.0.0/8, ::1
    Loopback,
    /// RFC 1918, link-local, unique local: the own network.
    Lan,
    /// 100.64.0.0/10, the carrier's own network.
    Cgnat,
    Multicast,
    /// Reserved or documentation address: nobody on the internet has it.
    Reserved,
    /// A public address that the tables do not know.
    NoEntry,
}

impl NoPlace {
    pub const ALL: [Self; 6] =
        [Self::Loopback, Self::Lan, Self::Cgnat, Self::Multicast, Self::Reserved, Self::NoEntry];

    /// As the status line names it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Lan => "LAN",
            Self::Cgnat => "CGNAT",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
            Self::NoEntry => "no entry",
        }
    }
}

/// Autonomous system that holds an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Asn {
    pub number: u32,
    /// Name of the organisation; may be empty.
    pub organisation: Arc<str>,
}

/// An open connection after enrichment: what the map and the lists show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LocatedConnection {
    pub key: ConnectionKey,
    pub observation: Observation,
    pub opened_unix_millis: i64,
    pub place: Result<Place, NoPlace>,
    pub asn: Option<Asn>,
}

/// What reaches the map. Live and recorded connections come the same way.
#[derive(Clone, Debug, PartialEq)]
pub enum Located {
    /// Shared: the table of what is open, the map and the history hold the same one while nothing of it changes.
    Opened(Arc<LocatedConnection>),
    Updated {
        key: ConnectionKey,
        traffic: Option<Traffic>,
        owner: Option<Owner>,
    },
    Closed {
        key: ConnectionKey,
        unix_millis: i64,
        /// The last that is known.
        traffic: Traffic,
    },
    /// All that is open now, and nothing else is: sent when earlier changes had to be dropped or places changed.
    FullSet(Vec<LocatedConnection>),
    Status(AgentStatus),
    /// It is an agent no longer. Its connections have been closed before.
    AgentGone(AgentId),
}

/// How an agent sees its sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectorMethod {
    /// Netlink dumps, and the kernel's destroy events between them (root).
    Events,
    /// Netlink dumps alone.
    Polling,
    /// The text tables under `/proc/net`, where netlink is refused.
    ProcTables,
    /// A synthetic scene.
    Demo,
}

impl CollectorMethod {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Polling => "polling",
            Self::ProcTables => "proc tables",
            Self::Demo => "demo",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgentStatus {
    pub agent: AgentId,
    pub name: Arc<str>,
    pub method: CollectorMethod,
    /// Time between two looks at the socket table.
    pub tick_millis: u32,
    /// Why some programs have no name, or the method is not the best one; one sentence each.
    pub notes: Vec<String>,
    pub link: AgentLink,
    /// Where the machine stands, as its owner said: degrees north and east.
    pub home: Option<[f32; 2]>,
}

/// How what an agent says reaches the display.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum AgentLink {
    /// The display's own machine.
    #[default]
    Local,
    Connected {
        /// From there to here and back, as measured last.
        delay_micros: Option<u32>,
        /// How far the agent's clock is ahead of the display's; its times are corrected by it.
        clock_offset_millis: Option<i64>,
        program_version: Arc<str>,
        /// The agent is of an older version than the display.
        is_outdated: bool,
        /// Events that the agent had to drop while it was cut off, since it started.
        dropped_events: u64,
    },
    /// From the history: what it says has been.
    Recorded,
    /// Nothing has come since then, by the display's clock.
    Lost { since_unix_millis: i64 },
}

/// `::ffff:a.b.c.d` is plain IPv4; scope and flow of IPv6 addresses do not name another peer.
pub fn plain_address(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_addresses_are_ipv4() {
        let mapped: IpAddr = "::ffff:9.9.9.9".parse().unwrap();
        assert_eq!(plain_address(mapped), "9.9.9.9".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn country_codes_take_two_letters() {
        assert_eq!(CountryCode::from_text("de").unwrap().as_str(), "DE");
        assert_eq!(CountryCode::from_text("??"), None);
        assert_eq!(CountryCode::from_text("DEU"), None);
    }
}

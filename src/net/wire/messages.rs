//! The messages, field by field, as protobuf (proto3) has them. Numbers are for ever: a field that goes leaves its
//! number unused, a new one takes the next. A reader skips what it does not know.

use std::fmt;

use prost::{Enumeration, Message, Oneof};

/// One frame of an agent.
#[derive(Clone, PartialEq, Message)]
pub struct AgentFrame {
    #[prost(oneof = "AgentSays", tags = "1, 2, 3, 4, 5")]
    pub says: Option<AgentSays>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum AgentSays {
    /// First of all, and once.
    #[prost(message, tag = "1")]
    Hello(Hello),
    #[prost(message, tag = "2")]
    Snapshot(Snapshot),
    #[prost(message, tag = "3")]
    Events(Events),
    #[prost(message, tag = "4")]
    Heartbeat(Heartbeat),
    #[prost(message, tag = "5")]
    Status(Status),
}

/// One frame of a display.
#[derive(Clone, PartialEq, Message)]
pub struct ServerFrame {
    #[prost(oneof = "ServerSays", tags = "1, 2, 3, 4")]
    pub says: Option<ServerSays>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum ServerSays {
    /// The answer to a Hello that is taken.
    #[prost(message, tag = "1")]
    Welcome(Welcome),
    /// The last word before the display hangs up, at any time.
    #[prost(message, tag = "2")]
    Refused(Refused),
    #[prost(message, tag = "3")]
    Acknowledged(Acknowledged),
    #[prost(message, tag = "4")]
    Heartbeat(Heartbeat),
}

/// Who the agent is.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct Hello {
    #[prost(uint32, tag = "1")]
    pub protocol_version: u32,
    /// As the agent would like to be called.
    #[prost(string, tag = "2")]
    pub agent_name: String,
    /// Sixteen bytes that name the machine, made from its own id but not telling it.
    #[prost(bytes = "vec", tag = "3")]
    pub machine_id: Vec<u8>,
    /// Sixteen bytes that change when the machine starts.
    #[prost(bytes = "vec", tag = "4")]
    pub boot_id: Vec<u8>,
    /// Drawn at random when the agent starts; sequence numbers and connection numbers count within it.
    #[prost(fixed64, tag = "5")]
    pub run_id: u64,
    #[prost(string, tag = "6")]
    pub program_version: String,
    #[prost(enumeration = "Method", tag = "7")]
    pub method: i32,
    /// The agent's token, or the shared password.
    #[prost(string, tag = "8")]
    pub secret: String,
    /// The agent's wall clock.
    #[prost(int64, tag = "9")]
    pub unix_millis: i64,
    #[prost(uint32, tag = "10")]
    pub tick_millis: u32,
}

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hello")
            .field("protocol_version", &self.protocol_version)
            .field("agent_name", &self.agent_name)
            .field("run_id", &self.run_id)
            .field("program_version", &self.program_version)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct Welcome {
    /// The lower of both sides' versions.
    #[prost(uint32, tag = "1")]
    pub protocol_version: u32,
    #[prost(string, tag = "2")]
    pub program_version: String,
    /// What the display calls the agent.
    #[prost(string, tag = "3")]
    pub agent_name: String,
    /// The last sequence number of this run that the display has; 0 for none.
    #[prost(uint64, tag = "4")]
    pub resume_after: u64,
    /// The display does not know what this run had open at that number: a Snapshot must come first.
    #[prost(bool, tag = "5")]
    pub needs_snapshot: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct Refused {
    #[prost(enumeration = "Reason", tag = "1")]
    pub reason: i32,
    /// A sentence for the person at the agent.
    #[prost(string, tag = "2")]
    pub sentence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enumeration)]
#[repr(i32)]
pub enum Reason {
    Unspecified = 0,
    /// No token or password of this display.
    WrongSecret = 1,
    /// The token was taken back.
    Revoked = 2,
    /// One side is too old for the other.
    Version = 3,
    /// Another machine is connected with this token.
    InUse = 4,
    /// Too many agents, or too many failures from this address.
    TooMany = 5,
    /// What came is not this protocol.
    Malformed = 6,
    /// A sequence number is missing; a Snapshot mends it.
    Gap = 7,
    /// The display is closing.
    Closing = 8,
    /// The same agent has connected anew.
    Replaced = 9,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enumeration)]
#[repr(i32)]
pub enum Method {
    Unspecified = 0,
    Events = 1,
    Polling = 2,
    ProcTables = 3,
    Demo = 4,
}

/// All connections that were open after event `base_sequence`; what is not in it is not open.
#[derive(Clone, PartialEq, Message)]
pub struct Snapshot {
    #[prost(uint64, tag = "1")]
    pub base_sequence: u64,
    /// Time of the snapshot, agent's wall clock.
    #[prost(int64, tag = "2")]
    pub unix_millis: i64,
    #[prost(message, repeated, tag = "3")]
    pub programs: Vec<Program>,
    #[prost(message, repeated, tag = "4")]
    pub connections: Vec<Open>,
    /// The next frame is a Snapshot with the same base, with further connections.
    #[prost(bool, tag = "5")]
    pub goes_on: bool,
    /// Events of this run that the agent had to drop since it started.
    #[prost(uint64, tag = "6")]
    pub dropped_events: u64,
}

/// One open connection of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Open {
    #[prost(uint64, tag = "1")]
    pub connection: u64,
    /// Sequence number of the event that opened it.
    #[prost(uint64, tag = "2")]
    pub opened_sequence: u64,
    /// How long before the snapshot's time it opened.
    #[prost(uint64, tag = "3")]
    pub age_millis: u64,
    #[prost(message, optional, tag = "4")]
    pub socket: Option<Socket>,
}

/// What changed in one tick, in order. The first change has number `first_sequence`, each next one more.
#[derive(Clone, PartialEq, Message)]
pub struct Events {
    #[prost(uint64, tag = "1")]
    pub first_sequence: u64,
    /// Agent's wall clock, to which the changes' times are relative.
    #[prost(int64, tag = "2")]
    pub unix_millis: i64,
    #[prost(message, repeated, tag = "3")]
    pub programs: Vec<Program>,
    /// At least one.
    #[prost(message, repeated, tag = "4")]
    pub changes: Vec<Change>,
}

/// Without an Opened, Updated or Closed it is a newer agent's: it counts in the sequence and means nothing.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Change {
    #[prost(uint64, tag = "1")]
    pub connection: u64,
    /// Its time, less the frame's `unix_millis`.
    #[prost(sint64, tag = "2")]
    pub millis: i64,
    #[prost(oneof = "What", tags = "3, 4, 5")]
    pub what: Option<What>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub enum What {
    #[prost(message, tag = "3")]
    Opened(Socket),
    #[prost(message, tag = "4")]
    Updated(Updated),
    #[prost(message, tag = "5")]
    Closed(Closed),
}

/// An address is either `..._v4`, its first octet the most significant, or both halves of `..._v6`, likewise. Numbers
/// of fixed length rather than bytes: as short, and nothing is allocated for them.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Socket {
    #[prost(fixed32, optional, tag = "1")]
    pub local_v4: Option<u32>,
    /// First eight octets; there if and only if the address is IPv6.
    #[prost(fixed64, optional, tag = "2")]
    pub local_v6_high: Option<u64>,
    #[prost(fixed64, tag = "3")]
    pub local_v6_low: u64,
    #[prost(uint32, tag = "4")]
    pub local_port: u32,
    #[prost(fixed32, optional, tag = "5")]
    pub peer_v4: Option<u32>,
    #[prost(fixed64, optional, tag = "6")]
    pub peer_v6_high: Option<u64>,
    #[prost(fixed64, tag = "7")]
    pub peer_v6_low: u64,
    #[prost(uint32, tag = "8")]
    pub peer_port: u32,
    #[prost(bool, tag = "9")]
    pub is_udp: bool,
    #[prost(bool, tag = "10")]
    pub is_inbound: bool,
    #[prost(message, optional, tag = "11")]
    pub owner: Option<Owner>,
    /// User id that owns the socket.
    #[prost(uint32, tag = "12")]
    pub uid: u32,
    #[prost(message, optional, tag = "13")]
    pub traffic: Option<Traffic>,
    /// Interface number of link-local addresses.
    #[prost(uint32, tag = "14")]
    pub scope: u32,
}

/// Without a program: not permitted to see it, or none holds the socket.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Owner {
    /// Number of the name in the dictionary, counted from 1; 0 where there is no name.
    #[prost(uint32, tag = "1")]
    pub program: u32,
    #[prost(uint32, tag = "2")]
    pub pid: u32,
    #[prost(bool, tag = "3")]
    pub not_permitted: bool,
}

/// A name for a number, from here on until the same number comes again.
#[derive(Clone, PartialEq, Message)]
pub struct Program {
    #[prost(uint32, tag = "1")]
    pub number: u32,
    #[prost(string, tag = "2")]
    pub name: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Updated {
    #[prost(message, optional, tag = "1")]
    pub traffic: Option<Traffic>,
    #[prost(message, optional, tag = "2")]
    pub owner: Option<Owner>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Closed {
    #[prost(message, optional, tag = "1")]
    pub traffic: Option<Traffic>,
}

/// Counters since the connection opened. What is not there has not changed, or is not known.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Traffic {
    #[prost(uint64, optional, tag = "1")]
    pub sent_bytes: Option<u64>,
    #[prost(uint64, optional, tag = "2")]
    pub received_bytes: Option<u64>,
    #[prost(uint32, optional, tag = "3")]
    pub rtt_micros: Option<u32>,
}

/// How the agent sees its sockets, after the Hello and whenever it changes.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    #[prost(enumeration = "Method", tag = "1")]
    pub method: i32,
    #[prost(uint32, tag = "2")]
    pub tick_millis: u32,
    #[prost(string, repeated, tag = "3")]
    pub notes: Vec<String>,
}

/// "Everything up to here has reached those who asked for it": the agent may forget it.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Acknowledged {
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
}

/// Says that this side lives, and measures delay and clocks as NTP does (RFC 5905, section 8).
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Heartbeat {
    /// Sender's wall clock, microseconds since the Unix epoch.
    #[prost(int64, tag = "1")]
    pub unix_micros: i64,
    /// `unix_micros` of the last heartbeat that came from the other side; 0 for none yet.
    #[prost(int64, tag = "2")]
    pub echo_unix_micros: i64,
    /// How long ago that one came.
    #[prost(int64, tag = "3")]
    pub held_micros: i64,
}

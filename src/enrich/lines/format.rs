//! The form of a line, written. Flat, so that one tool finds everything; what a line has nothing to say of is left out.
//! How lines are read again is `read`'s business.

use std::{io, net::SocketAddr};

use serde::Serialize;

use crate::model::{
    AgentLink, AgentStatus, Asn, CollectorMethod, CountryCode, Direction, LocatedConnection, NoPlace, Owner,
    Protocol, Traffic,
};

/// How each line begins; what ends in the middle of one is known by it.
pub const LINE_BEGINS: &[u8] = b"{\"event\":\"";
/// How the last line of a checkpoint begins.
pub const CHECKPOINT_BEGINS: &[u8] = b"{\"event\":\"checkpoint\",";

#[derive(Default, Serialize)]
pub struct Line<'a> {
    pub event: &'static str,
    pub agent: &'a str,
    /// What the agent is known by, whatever it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// Display's clock.
    pub unix_millis: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    #[serde(flatten)]
    pub socket: Option<SocketFacts<'a>>,
    #[serde(flatten)]
    pub traffic: Option<TrafficFacts>,
    #[serde(flatten)]
    pub owner: Option<OwnerFacts<'a>>,
    #[serde(flatten)]
    pub status: Option<StatusFacts<'a>>,
    #[serde(flatten)]
    pub known: Option<KnownFacts>,
}

#[derive(Serialize)]
pub struct StatusFacts<'a> {
    method: CollectorMethod,
    tick_millis: u32,
    notes: &'a [String],
    link: &'a AgentLink,
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<[f32; 2]>,
}

#[derive(Serialize)]
pub struct SocketFacts<'a> {
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
pub struct TrafficFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt_micros: Option<u32>,
}

#[derive(Serialize)]
pub struct OwnerFacts<'a> {
    program: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
}

/// What a checkpoint says of an agent.
#[derive(Serialize)]
pub struct KnownFacts {
    /// The newest last.
    pub runs: Vec<RunFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_base: Option<u64>,
    pub gone: bool,
}

#[derive(Serialize)]
pub struct RunFacts {
    pub run: String,
    /// The last event of it that has been written.
    pub sequence: u64,
}

/// The last line of a checkpoint.
#[derive(Serialize)]
pub struct CheckpointLine {
    pub event: &'static str,
    pub unix_millis: i64,
    /// Length of the checkpoint's other lines, which stand before this one.
    pub bytes: u64,
}

/// Writes one line, and gives its length.
pub fn write_line(out: &mut impl io::Write, buffer: &mut Vec<u8>, line: &impl Serialize) -> io::Result<u64> {
    buffer.clear();
    serde_json::to_writer(&mut *buffer, line).map_err(io::Error::from)?;
    buffer.push(b'\n');
    out.write_all(buffer)?;
    Ok(buffer.len() as u64)
}

pub fn run_text(run: u64) -> String {
    format!("{run:016x}")
}

pub fn connection_text(connection: crate::model::ConnectionId) -> String {
    format!("{:x}", connection.0)
}

pub fn boot_text(boot: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(boot))
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

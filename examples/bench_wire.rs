//! What a change costs on the wire, beside JSON lines of the same events and beside sending the whole table each tick.
//!
//! `cargo run --example bench_wire --no-default-features`. Ends with an error where a goal is missed. Bytes are exact
//! and count what TLS adds to each tick's record; times are the minimum of many rounds.

#[path = "support/figures.rs"]
mod figures;

use std::{hint::black_box, net::SocketAddr, process::ExitCode, sync::Arc, time::Instant};

use anyhow::{Context, bail};
use connmapperl::{
    model::{Change, ConnectionId, Direction, Event, Observation, Owner, Protocol, Traffic},
    net::wire::{
        FULL_FRAME_BYTES, Frames, FromWire, MAX_FRAME_BYTES, ProgramNames, ProgramNumbers, change_from_wire,
        encode_frame, event_time,
        messages::{self, AgentFrame, AgentSays, Events, Open, Snapshot},
        wire_from_change, wire_from_observation,
    },
};
use prost::Message;

use figures::{Figure, Figures, Goal};

const SOCKETS: u64 = 1_000;
const TICKS: u64 = 600;
const TICK_MILLIS: i64 = 100;
/// One hundred a second: of ten, four open, four close and two tell new counters.
const CHANGES_PER_TICK: u64 = 10;
/// Header, content type and tag of a TLS 1.3 record (RFC 8446, section 5.2).
const RECORD_BYTES: usize = 5 + 1 + 16;
const RECORD_HOLDS_BYTES: usize = 16 * 1024;
const NOON_UNIX_MILLIS: i64 = 1_765_454_400_000;

const OF_JSON: Goal = Goal::AtMost(1.0 / 5.0);
const OF_TABLE: Goal = Goal::AtMost(1.0 / 30.0);
const NANOS: Goal = Goal::AtMost(1_000.0);

const ROUNDS: usize = 400;
const EVENTS_PER_ROUND: usize = 500;

const PROGRAMS: [&str; 8] =
    ["firefox", "chrome", "ssh", "syncthing", "steam", "thunderbird", "Web Content", "python3"];

fn main() -> ExitCode {
    figures::run("wire", |figures, _| measure(figures))
}

fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    figures.group("a change without TLS");
    for (name, kind) in [("opened", 0), ("updated", 4), ("closed", 6)] {
        let events: Vec<Event> = (0..1_000).map(|sequence| event(sequence, kind)).collect();
        let (mut numbers, mut wire) = (ProgramNumbers::default(), Vec::new());
        // Names cross once a connection, so they are not counted here; the ticks below count them.
        let mut told = frame(&events, &mut numbers);
        told.programs.clear();
        encode(AgentSays::Events(told), &mut wire);
        let (ours, lines) = (wire.len() as f64 / 1e3, json(&events)?.len() as f64 / 1e3);
        figures.add(Figure::new(name, ours, "bytes").beside("JSON", lines).goal(OF_JSON));
    }
    ticks(figures)?;
    times(figures)
}

fn ticks(figures: &mut Figures) -> anyhow::Result<()> {
    let (mut wire, mut lines) = (0, 0);
    let mut numbers = ProgramNumbers::default();
    for tick in 0..TICKS {
        let first = SOCKETS + tick * CHANGES_PER_TICK;
        let events: Vec<Event> = (0..CHANGES_PER_TICK).map(|kind| event(first + kind, kind)).collect();
        let mut out = Vec::new();
        encode(AgentSays::Events(frame(&events, &mut numbers)), &mut out);
        wire += in_records(out.len());
        lines += in_records(json(&events)?.len());
    }
    let (table, table_lines) = (table(&mut numbers), table_in_json()?);
    figures.group(format!("{SOCKETS} sockets, 100 changes/s, a tick of {TICK_MILLIS} ms with TLS"));
    let a_tick = |bytes: usize| bytes as f64 / TICKS as f64;
    for (name, other, goal) in [
        ("JSON", a_tick(lines), OF_JSON),
        ("the table anew, in the same format", in_records(table) as f64, OF_TABLE),
        ("the table anew, in JSON", in_records(table_lines) as f64, OF_TABLE),
    ] {
        figures.add(Figure::new("changes", a_tick(wire), "bytes").beside(name, other).goal(goal));
    }
    Ok(())
}

fn times(figures: &mut Figures) -> anyhow::Result<()> {
    let events: Vec<Event> = (0..EVENTS_PER_ROUND as u64).map(|i| event(SOCKETS + i, i % 10)).collect();
    let (mut numbers, mut names) = (ProgramNumbers::default(), ProgramNames::default());
    let [mut encoding, mut decoding, mut json_encoding, mut json_decoding] = [f64::MAX; 4];
    for _ in 0..ROUNDS {
        let mut out = Vec::new();
        encoding.take_nanos(|| {
            encode(AgentSays::Events(frame(&events, &mut numbers)), &mut out);
            Ok(())
        })?;
        decoding.take_nanos(|| {
            if black_box(decode(&out, &mut names)?) != events {
                bail!("what came out is not what went in");
            }
            Ok(())
        })?;
        let mut lines = Vec::new();
        json_encoding.take_nanos(|| {
            lines = json(&events)?;
            Ok(())
        })?;
        json_decoding.take_nanos(|| {
            let read: Result<Vec<Event>, _> =
                lines.split_inclusive(|byte| *byte == b'\n').map(serde_json::from_slice).collect();
            if black_box(read?) != events {
                bail!("what came out of JSON is not what went in");
            }
            Ok(())
        })?;
    }
    figures.group("time of a change");
    for (name, ours, json) in [("encode", encoding, json_encoding), ("decode", decoding, json_decoding)] {
        figures.add(Figure::new(name, ours, "ns").goal(NANOS));
        figures.add(Figure::new(name, ours, "ns").beside("JSON", json));
    }
    Ok(())
}

trait TakeNanos {
    fn take_nanos(&mut self, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()>;
}

impl TakeNanos for f64 {
    /// Nanoseconds an event, if they are fewer.
    fn take_nanos(&mut self, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let start = Instant::now();
        work()?;
        *self = self.min(start.elapsed().as_nanos() as f64 / EVENTS_PER_ROUND as f64);
        Ok(())
    }
}

/// The address that a machine at home has, or a server, and a peer anywhere; one in four over IPv6.
fn observation(connection: u64) -> Observation {
    let anywhere = connection.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let port = 32_768 + (anywhere % 28_000) as u16;
    let [a, b, c, d, ..] = anywhere.to_be_bytes();
    let (local, peer): (SocketAddr, SocketAddr) = if connection.is_multiple_of(4) {
        let low = u16::from_be_bytes([c, d]);
        (
            ([0x2001, 0xdb8, 0, 0x42, 0x5054, 0xff, 0xfe12, 0x3456], port).into(),
            ([0x2a00, 0x1450, 0x4001, 0x82a, 0, 0, u16::from_be_bytes([a, b]), low], 443).into(),
        )
    } else {
        (([192, 168, 1, 20], port).into(), ([a, b, c, d], 443).into())
    };
    let name = Arc::from(PROGRAMS[(anywhere >> 32) as usize % PROGRAMS.len()]);
    Observation {
        protocol: if connection.is_multiple_of(5) { Protocol::Udp } else { Protocol::Tcp },
        local,
        peer,
        direction: Direction::Outbound,
        owner: Owner::Program { pid: 1_000 + (anywhere >> 40) as u32 % 60_000, name },
        uid: 1_000,
        traffic: Traffic::default(),
    }
}

/// `kind`: of ten, four open, two update, four close.
fn event(sequence: u64, kind: u64) -> Event {
    let traffic = Some(Traffic {
        sent_bytes: Some(sequence * 1_237 % 90_000),
        received_bytes: Some(sequence * 77_777 % 4_000_000),
        rtt_micros: Some(9_000 + (sequence % 50_000) as u32),
    });
    let change = match kind {
        0..4 => Change::Opened(observation(sequence)),
        4..6 => Change::Updated { traffic, owner: None },
        // Half the closings are told by the kernel, with their counters.
        _ => Change::Closed { traffic: traffic.filter(|_| sequence.is_multiple_of(2)) },
    };
    let unix_millis = NOON_UNIX_MILLIS + (sequence / CHANGES_PER_TICK) as i64 * TICK_MILLIS;
    Event { sequence: sequence + 1, unix_millis, connection: ConnectionId(sequence), change }
}

fn frame(events: &[Event], numbers: &mut ProgramNumbers) -> Events {
    let mut programs = Vec::new();
    let [first, ..] = events else { return Events::default() };
    let change = |event: &Event| messages::Change {
        connection: event.connection.0,
        millis: event.unix_millis - first.unix_millis,
        what: Some(wire_from_change(&event.change, numbers, &mut programs)),
    };
    let changes = events.iter().map(change).collect();
    Events { first_sequence: first.sequence, unix_millis: first.unix_millis, programs, changes }
}

fn encode(says: AgentSays, out: &mut Vec<u8>) {
    encode_frame(&AgentFrame { says: Some(says) }, out);
}

fn decode(bytes: &[u8], names: &mut ProgramNames) -> anyhow::Result<Vec<Event>> {
    let mut frames = Frames::new(MAX_FRAME_BYTES);
    frames.push(bytes);
    let frame: AgentFrame = frames.next_message()?.context("no frame")?;
    let Some(AgentSays::Events(events)) = frame.says else { bail!("no events") };
    events.programs.iter().for_each(|program| names.learn(program));
    let event = |(change, sequence): (&messages::Change, u64)| match change_from_wire(change, names)? {
        FromWire::Unknown => bail!("an unknown change"),
        FromWire::Change(known) => Ok(Event {
            sequence,
            unix_millis: event_time(events.unix_millis, change.millis),
            connection: ConnectionId(change.connection),
            change: known,
        }),
    };
    events.changes.iter().zip(events.first_sequence..).map(event).collect()
}

fn json(events: &[Event]) -> serde_json::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for event in events {
        serde_json::to_writer(&mut lines, event)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Bytes of all sockets as snapshot frames. Names count as told before.
fn table(numbers: &mut ProgramNumbers) -> usize {
    let mut out = Vec::new();
    let mut snapshot = Snapshot::default();
    for connection in 0..SOCKETS {
        let socket = Some(wire_from_observation(&observation(connection), numbers, &mut Vec::new()));
        let age_millis = connection * 777;
        snapshot.connections.push(Open { connection, opened_sequence: connection + 1, age_millis, socket });
        if snapshot.encoded_len() > FULL_FRAME_BYTES {
            encode(AgentSays::Snapshot(std::mem::take(&mut snapshot)), &mut out);
        }
    }
    encode(AgentSays::Snapshot(snapshot), &mut out);
    out.len()
}

fn table_in_json() -> anyhow::Result<usize> {
    let observations: Vec<_> = (0..SOCKETS).map(observation).collect();
    Ok(serde_json::to_vec(&observations)?.len())
}

const fn in_records(bytes: usize) -> usize {
    bytes + bytes.div_ceil(RECORD_HOLDS_BYTES) * RECORD_BYTES
}

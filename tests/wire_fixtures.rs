//! Frames as version 1 wrote them, kept for ever: whatever the messages become, these must still be read as what they
//! meant. A file that has once been released is never written again; new ones are added beside it.

#![cfg(test)]

use std::{collections::BTreeSet, fs, path::PathBuf};

use connmapperl::{
    model::{Change, CollectorMethod, Direction, Observation, Owner, Protocol, Traffic},
    net::wire::{
        Frames, FromWire, MAX_FRAME_BYTES, ProgramNames, change_from_wire, encode_frame, event_time,
        messages::{
            self, Acknowledged, AgentFrame, AgentSays, Closed, Events, Heartbeat, Hello, Method, Open,
            Program, Reason, Refused, ServerFrame, ServerSays, Snapshot, Socket, Status, Updated, Welcome,
            What,
        },
        method_from_wire, observation_from_wire, opened_time,
    },
};
use prost::Message;

const MORNING_UNIX_MILLIS: i64 = 1_765_432_100_000;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire_fixtures")
}

fn read<M: Message + Default>(name: &str) -> M {
    let bytes = fs::read(folder().join(format!("v1-{name}.bin"))).unwrap();
    let mut frames = Frames::new(MAX_FRAME_BYTES);
    frames.push(&bytes);
    let message = frames.next_message().unwrap().unwrap();
    assert!(!frames.is_in_the_middle(), "{name} holds one frame");
    message
}

fn agent_frames() -> [(&'static str, AgentSays); 7] {
    let names = |names: &[&str]| {
        let program = |(name, number): (&&str, u32)| Program { number, name: (*name).to_owned() };
        names.iter().zip(1..).map(program).collect::<Vec<_>>()
    };
    let web = Socket {
        local_v4: Some(0xc0a8_0114),
        local_port: 50_123,
        peer_v4: Some(0xcb00_7107),
        peer_port: 443,
        owner: Some(messages::Owner { program: 1, pid: 4_321, not_permitted: false }),
        uid: 1_000,
        ..Socket::default()
    };
    let ssh = Socket {
        local_v6_high: Some(0xfe80_0000_0000_0000),
        local_v6_low: 0x0000_0000_0000_0001,
        local_port: 22,
        peer_v6_high: Some(0xfe80_0000_0000_0000),
        peer_v6_low: 0x0211_22ff_fe33_4455,
        peer_port: 40_000,
        is_inbound: true,
        owner: Some(messages::Owner { not_permitted: true, ..Default::default() }),
        traffic: Some(traffic(1, 2, 3)),
        scope: 2,
        ..Socket::default()
    };
    let quic = Socket { is_udp: true, owner: None, ..web };
    let change = |connection, millis, what| messages::Change { connection, millis, what: Some(what) };
    let events = |first_sequence, programs, changes| {
        AgentSays::Events(Events { first_sequence, unix_millis: MORNING_UNIX_MILLIS, programs, changes })
    };
    [
        (
            "hello",
            AgentSays::Hello(Hello {
                protocol_version: 1,
                agent_name: "web1".to_owned(),
                machine_id: (0..16).collect(),
                boot_id: (16..32).collect(),
                run_id: 0xfeed_f00d_dead_beef,
                program_version: "0.1.0".to_owned(),
                method: Method::Events as i32,
                secret: "cmt_1_0123456789abcdef".to_owned(),
                unix_millis: MORNING_UNIX_MILLIS,
                tick_millis: 100,
            }),
        ),
        (
            "snapshot",
            AgentSays::Snapshot(Snapshot {
                base_sequence: 12,
                unix_millis: MORNING_UNIX_MILLIS,
                programs: names(&["firefox"]),
                connections: vec![
                    Open { connection: 3, opened_sequence: 7, age_millis: 60_000, socket: Some(web) },
                    Open { connection: 9, opened_sequence: 12, age_millis: 5, socket: Some(ssh) },
                ],
                goes_on: true,
                dropped_events: 4,
            }),
        ),
        (
            "opened",
            events(
                13,
                names(&["firefox"]),
                vec![
                    change(10, 0, What::Opened(web)),
                    change(11, -40, What::Opened(ssh)),
                    change(12, 7, What::Opened(quic)),
                ],
            ),
        ),
        (
            "updated",
            events(
                16,
                names(&["firefox", "curl"]),
                vec![
                    change(
                        10,
                        0,
                        What::Updated(Updated { traffic: Some(traffic(1, 1 << 40, 3)), owner: None }),
                    ),
                    change(
                        11,
                        0,
                        What::Updated(Updated {
                            traffic: None,
                            owner: Some(messages::Owner { program: 2, pid: 99, not_permitted: false }),
                        }),
                    ),
                    change(
                        12,
                        0,
                        What::Updated(Updated { traffic: None, owner: Some(messages::Owner::default()) }),
                    ),
                ],
            ),
        ),
        (
            "closed",
            events(
                19,
                Vec::new(),
                vec![
                    change(10, -1, What::Closed(Closed { traffic: None })),
                    change(11, 0, What::Closed(Closed { traffic: Some(traffic(10, 20, 30)) })),
                ],
            ),
        ),
        (
            "heartbeat",
            AgentSays::Heartbeat(Heartbeat {
                unix_micros: MORNING_UNIX_MILLIS * 1_000 + 42,
                echo_unix_micros: MORNING_UNIX_MILLIS * 1_000 - 5_000_000,
                held_micros: 4_999_000,
            }),
        ),
        (
            "status",
            AgentSays::Status(Status {
                method: Method::ProcTables as i32,
                tick_millis: 250,
                notes: vec!["netlink is refused".to_owned(), "other users' programs have no name".to_owned()],
            }),
        ),
    ]
}

fn server_frames() -> [(&'static str, ServerSays); 4] {
    [
        (
            "welcome",
            ServerSays::Welcome(Welcome {
                protocol_version: 1,
                program_version: "0.1.0".to_owned(),
                agent_name: "web1 (2)".to_owned(),
                resume_after: 11,
                needs_snapshot: true,
            }),
        ),
        (
            "refused",
            ServerSays::Refused(Refused {
                reason: Reason::Gap as i32,
                sentence: "event 14 came after event 12".to_owned(),
            }),
        ),
        ("acknowledged", ServerSays::Acknowledged(Acknowledged { sequence: 1 << 33 })),
        (
            "server-heartbeat",
            ServerSays::Heartbeat(Heartbeat { unix_micros: 5, echo_unix_micros: 0, held_micros: 0 }),
        ),
    ]
}

const fn traffic(sent: u64, received: u64, rtt: u32) -> messages::Traffic {
    messages::Traffic { sent_bytes: Some(sent), received_bytes: Some(received), rtt_micros: Some(rtt) }
}

/// Made once. `cargo test --test wire_fixtures -- --ignored` adds what is missing and touches nothing else.
#[test]
#[ignore = "writes files that are then kept"]
fn write_what_is_missing() {
    let write = |name: &str, frame: &dyn Fn(&mut Vec<u8>)| {
        let path = folder().join(format!("v1-{name}.bin"));
        if !path.exists() {
            let mut bytes = Vec::new();
            frame(&mut bytes);
            fs::write(path, bytes).unwrap();
        }
    };
    for (name, says) in agent_frames() {
        write(name, &|out| encode_frame(&AgentFrame { says: Some(says.clone()) }, out));
    }
    for (name, says) in server_frames() {
        write(name, &|out| encode_frame(&ServerFrame { says: Some(says.clone()) }, out));
    }
}

#[test]
fn old_frames_are_read_field_by_field() {
    let mut tested = BTreeSet::new();
    for (name, says) in agent_frames() {
        assert_eq!(read::<AgentFrame>(name).says, Some(says), "{name}");
        tested.insert(format!("v1-{name}.bin"));
    }
    for (name, says) in server_frames() {
        assert_eq!(read::<ServerFrame>(name).says, Some(says), "{name}");
        tested.insert(format!("v1-{name}.bin"));
    }
    let there =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.collect::<BTreeSet<_>>(), tested, "every file is tested");
}

fn events_of(name: &str) -> (Events, Vec<Change>) {
    let Some(AgentSays::Events(events)) = read::<AgentFrame>(name).says else { panic!("{name}") };
    let mut names = ProgramNames::default();
    events.programs.iter().for_each(|program| names.learn(program));
    let change = |change| match change_from_wire(change, &names).unwrap() {
        FromWire::Change(change) => change,
        FromWire::Unknown => panic!("{name} holds what is known"),
    };
    let changes = events.changes.iter().map(change).collect();
    (events, changes)
}

#[test]
fn old_openings_mean_what_they_meant() {
    let (events, changes) = events_of("opened");
    let web = Observation {
        protocol: Protocol::Tcp,
        local: "192.168.1.20:50123".parse().unwrap(),
        peer: "203.0.113.7:443".parse().unwrap(),
        direction: Direction::Outbound,
        owner: Owner::Program { pid: 4_321, name: "firefox".into() },
        uid: 1_000,
        traffic: Traffic::default(),
    };
    let ssh = Observation {
        protocol: Protocol::Tcp,
        local: "[fe80::1%2]:22".parse().unwrap(),
        peer: "[fe80::211:22ff:fe33:4455%2]:40000".parse().unwrap(),
        direction: Direction::Inbound,
        owner: Owner::NotPermitted,
        uid: 0,
        traffic: Traffic { sent_bytes: Some(1), received_bytes: Some(2), rtt_micros: Some(3) },
    };
    let quic = Observation { protocol: Protocol::Udp, owner: Owner::Unknown, ..web.clone() };
    assert_eq!(changes, [web, ssh, quic].map(Change::Opened));
    assert_eq!(event_time(events.unix_millis, events.changes[1].millis), 1_765_432_099_960);
}

#[test]
fn old_updates_and_closings_mean_what_they_meant() {
    let known = |sent, received, rtt| {
        Some(Traffic { sent_bytes: Some(sent), received_bytes: Some(received), rtt_micros: Some(rtt) })
    };
    let curl = Owner::Program { pid: 99, name: "curl".into() };
    assert_eq!(
        events_of("updated").1,
        [
            Change::Updated { traffic: known(1, 1 << 40, 3), owner: None },
            Change::Updated { traffic: None, owner: Some(curl) },
            Change::Updated { traffic: None, owner: Some(Owner::Unknown) },
        ]
    );
    assert_eq!(
        events_of("closed").1,
        [Change::Closed { traffic: None }, Change::Closed { traffic: known(10, 20, 30) }]
    );
}

#[test]
fn an_old_snapshot_means_what_it_meant() {
    let Some(AgentSays::Snapshot(snapshot)) = read::<AgentFrame>("snapshot").says else { panic!() };
    let mut names = ProgramNames::default();
    snapshot.programs.iter().for_each(|program| names.learn(program));
    let web = observation_from_wire(&snapshot.connections[0].socket.unwrap(), &names).unwrap();
    assert_eq!(web.peer, "203.0.113.7:443".parse().unwrap());
    assert_eq!(web.owner.name(), "firefox");
    assert_eq!(opened_time(snapshot.unix_millis, snapshot.connections[0].age_millis), 1_765_432_040_000);
}

#[test]
fn old_words_for_methods_and_reasons_mean_what_they_meant() {
    let Some(AgentSays::Hello(hello)) = read::<AgentFrame>("hello").says else { panic!() };
    assert_eq!(method_from_wire(hello.method), CollectorMethod::Events);
    let Some(AgentSays::Status(status)) = read::<AgentFrame>("status").says else { panic!() };
    assert_eq!(method_from_wire(status.method), CollectorMethod::ProcTables);
    let Some(ServerSays::Refused(refused)) = read::<ServerFrame>("refused").says else { panic!() };
    assert_eq!(refused.reason(), Reason::Gap);
}

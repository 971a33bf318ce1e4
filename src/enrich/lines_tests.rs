use std::collections::HashMap;

use super::*;
use crate::{
    enrich::{EarlierSet, OpenEarlier},
    model::{Direction, Observation, Owner, Protocol},
    net::server::Identity,
};

const AGENT: AgentId = AgentId(1);
const BOOT: [u8; 16] = [0xb0; 16];

impl Sink for &mut Vec<u8> {}

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

fn lines_after(earlier: Vec<(AgentId, EarlierAgent)>, news: Vec<News>) -> Vec<serde_json::Value> {
    let mut out = Vec::new();
    let origin = Some(Arc::new(Origin { identity: Identity::Token(3), boot: BOOT }));
    let news =
        news.into_iter().map(|news| AgentNews { agent: AGENT, origin: origin.clone(), news, delivery: None });
    let nowhere = Geography::default();
    FleetLines::new(&mut out, earlier, &nowhere).write_all(news, &nowhere).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn lines(news: Vec<News>) -> Vec<serde_json::Value> {
    lines_after(Vec::new(), news)
}

fn events_of(lines: &[serde_json::Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

fn open(id: u64) -> OpenSocket {
    OpenSocket {
        connection: ConnectionId(id),
        opened_sequence: id,
        opened_unix_millis: 5,
        observation: seen(id as u16),
    }
}

fn snapshot(run: u64, base: u64, same_boot: bool, connections: Vec<OpenSocket>) -> News {
    News::Snapshot { run, base, same_boot, unix_millis: 90, connections }
}

/// Run 7 was heard up to event 5, with those open.
fn earlier(open: &[u64]) -> Vec<(AgentId, EarlierAgent)> {
    let mut facts = AgentFacts { id: Some("3".into()), ..AgentFacts::new("web1".into()) };
    facts.began(7, Some(BOOT));
    facts.has_snapshot(7, 5);
    let opened = |id: &u64| {
        let opened = OpenEarlier { opened_unix_millis: 5, observation: seen(*id as u16) };
        (connection_of_run(7, ConnectionId(*id)), opened)
    };
    let open = open.iter().map(opened).collect();
    vec![(AGENT, EarlierAgent { facts, last_heard_unix_millis: 60, open })]
}

#[test]
fn an_event_is_a_line_that_names_agent_run_and_sequence() {
    let event = |sequence, change| Event { sequence, unix_millis: 7, connection: ConnectionId(1), change };
    let opened = event(41, Change::Opened(seen(50_000)));
    let traffic = Traffic { sent_bytes: Some(3), ..Traffic::default() };
    let closed = event(42, Change::Closed { traffic: Some(traffic) });
    let lines = lines(vec![News::Events { run: 0xab, events: vec![opened, closed] }]);
    assert_eq!(lines[0]["event"], "opened");
    assert_eq!(lines[0]["id"], "3");
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
    let same_run = lines_after(earlier(&[3, 4]), vec![snapshot(7, 9, true, vec![open(3), open(8)])]);
    assert_eq!(events_of(&same_run), ["closed", "opened", "snapshot"]);
    assert_eq!((&same_run[1]["sequence"], &same_run[2]["sequence"]), (&8.into(), &9.into()));

    let new_run = lines_after(earlier(&[3, 4]), vec![snapshot(8, 2, true, vec![open(3)])]);
    assert_eq!(events_of(&new_run), ["closed", "run", "snapshot"]);
    assert_eq!(
        (&new_run[1]["run"], &new_run[1]["boot"]),
        (&"0000000000000008".into(), &"b0".repeat(16).into())
    );

    let other_boot = lines_after(earlier(&[3]), vec![snapshot(8, 2, false, vec![open(3)])]);
    assert_eq!(events_of(&other_boot), ["closed", "run", "opened", "snapshot"]);
    assert_eq!(other_boot[0]["unix_millis"], 60, "it ended when the machine was last heard");
}

#[test]
fn what_an_agent_that_never_returns_has_open_is_closed_when_it_is_gone() {
    let lines = lines_after(earlier(&[3]), vec![News::Gone { unix_millis: 80 }]);
    assert_eq!(events_of(&lines), ["closed", "gone"]);
    assert!(lines.iter().all(|line| line["agent"] == "web1" && line["id"] == "3"), "{lines:?}");
}

#[test]
fn half_a_snapshot_holds_the_lowest_numbers() {
    let connections = [9, 3, 27, 1, 14, 8].map(open).to_vec();
    let lines = lines(vec![snapshot(7, 30, false, connections)]);
    assert_eq!(lines[0]["event"], "run");
    let numbers: Vec<_> = lines[1..].iter().map(|line| line["sequence"].as_u64()).collect();
    assert_eq!(numbers, [1, 3, 8, 9, 14, 27, 30].map(Some));
}

#[test]
fn a_machine_that_starts_anew_is_told_right_whichever_line_is_the_last() {
    let ports = || vec![open(1), open(2), open(3)];
    let told = lines_after(earlier(&[1, 2, 3]), vec![snapshot(8, 3, false, ports())]);
    assert_eq!(events_of(&told)[2..5], ["closed", "run", "opened"]);
    let before = {
        let mut lines = lines_after(Vec::new(), vec![snapshot(7, 5, false, ports())]);
        lines[0]["boot"] = "0a".into();
        lines
    };
    for cut in 0..=told.len() {
        let mut read = Earlier::default();
        for line in before.iter().chain(&told[..cut]) {
            read.read(line.to_string().as_bytes()).unwrap();
        }
        let (known, agents) = read.into_agents();
        let same_boot = known[0].boot == Some(BOOT);
        let rest = lines_after(agents, vec![snapshot(8, 3, same_boot, ports())]);
        let all: Vec<_> = told[..cut].iter().chain(&rest).collect();
        let numbers = |event: &str| {
            let of_event = all.iter().filter(|line| line["event"] == event);
            let mut numbers: Vec<_> = of_event.map(|line| line["connection"].to_string()).collect();
            numbers.sort();
            numbers
        };
        let of_run = |run| [1, 2, 3].map(|id| format!("\"{run}000000000{id}\""));
        assert_eq!((numbers("closed"), numbers("opened")), (of_run(7).into(), of_run(8).into()), "{cut}");
    }
}

#[test]
fn what_is_read_is_what_was_written() {
    let mut second = open(2);
    second.observation.local = "[fe80::1%3]:99".parse().unwrap();
    second.observation.peer = "[2001:db8::9]:443".parse().unwrap();
    second.observation.owner = Owner::Unknown;
    second.observation.traffic.received_bytes = Some(12);
    let update = |connection, traffic, owner| Event {
        sequence: 31,
        unix_millis: 95,
        connection: ConnectionId(connection),
        change: Change::Updated { traffic, owner },
    };
    let traffic = Traffic { sent_bytes: Some(4), ..Traffic::default() };
    let owner = Owner::Program { pid: 8, name: "a \"b\"\n".into() };
    let news = vec![
        snapshot(7, 30, false, vec![open(1), second.clone(), open(4)]),
        News::Events { run: 7, events: vec![update(2, Some(traffic), Some(owner.clone()))] },
        News::Events {
            run: 7,
            events: vec![Event {
                sequence: 32,
                unix_millis: 99,
                connection: ConnectionId(4),
                change: Change::Closed { traffic: None },
            }],
        },
    ];
    second.observation.owner = owner;
    second.observation.traffic.sent_bytes = Some(4);
    let mut read = Earlier::default();
    for line in lines(news) {
        read.read(line.to_string().as_bytes()).unwrap();
    }
    let (known, mut agents) = read.into_agents();
    let boot = Some(BOOT);
    assert_eq!((known[0].identity.clone(), known[0].boot), (Identity::Token(3), boot));
    assert_eq!(known[0].runs, [(7, 32)]);
    let (facts, set) = agents.remove(0).1.into_set();
    assert_eq!((&*facts.name, facts.first_base), ("1", Some(30)));
    let expected = |socket: OpenSocket| {
        let OpenSocket { connection, opened_unix_millis, observation, .. } = socket;
        (connection_of_run(7, connection), OpenEarlier { opened_unix_millis, observation })
    };
    let expected = EarlierSet {
        run: 7,
        first_base: Some(30),
        last_heard_unix_millis: 99,
        open: HashMap::from([open(1), second].map(expected)),
    };
    assert_eq!(set, Some(expected));
}

#[test]
fn those_that_went_first_are_forgotten_first() {
    let mut out = Vec::new();
    let nowhere = Geography::default();
    let mut lines = FleetLines::new(&mut out, Vec::new(), &nowhere);
    for number in 0..=MOST_GONE as u32 + 10 {
        let origin = Some(Arc::new(Origin { identity: Identity::Token(number), boot: BOOT }));
        let news = [snapshot(7, 30, false, Vec::new()), News::Gone { unix_millis: 1 }];
        let agent = AgentId(number);
        let news = news.map(|news| AgentNews { agent, origin: origin.clone(), news, delivery: None });
        lines.write_all(news, &nowhere).unwrap();
    }
    assert_eq!(lines.agents.len(), MOST_GONE);
    assert!(!lines.agents.contains_key(&AgentId(0)));
}

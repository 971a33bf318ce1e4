//! The collector as a whole, over a source that the test scripts.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use proptest::prelude::*;

use super::*;
use crate::model::{Change, Direction, Traffic};

/// What the scripted kernel answers next.
#[derive(Default)]
struct Script {
    scans: VecDeque<(Vec<SeenSocket>, Coverage)>,
    destroyed: Vec<SeenSocket>,
    listening: Vec<(Protocol, u16)>,
    listening_asked: usize,
}

#[derive(Clone, Default)]
struct Scripted {
    script: Arc<Mutex<Script>>,
    polling: bool,
}

impl SocketSource for Scripted {
    fn method(&self) -> CollectorMethod {
        if self.polling { CollectorMethod::Polling } else { CollectorMethod::Events }
    }

    fn scan(&mut self, _traffic: bool, seen: &mut Vec<SeenSocket>) -> Result<Coverage, ScanError> {
        let mut script = self.script.lock().unwrap();
        // The last answer stands until another one is scripted.
        let (sockets, coverage) = if script.scans.len() > 1 {
            script.scans.pop_front().unwrap()
        } else {
            script.scans.front().cloned().unwrap_or((Vec::new(), Coverage::Whole))
        };
        seen.extend(sockets);
        Ok(coverage)
    }

    fn listening_ports(&mut self, ports: &mut Vec<(Protocol, u16)>) -> Result<(), ScanError> {
        let mut script = self.script.lock().unwrap();
        script.listening_asked += 1;
        ports.extend_from_slice(&script.listening);
        Ok(())
    }

    fn destroyed(&mut self, destroyed: &mut Vec<SeenSocket>) -> Result<(), ScanError> {
        destroyed.append(&mut self.script.lock().unwrap().destroyed);
        Ok(())
    }
}

impl Scripted {
    fn collector(&self) -> Collector {
        Collector::from_source(Box::new(self.clone()))
    }

    fn will_scan(&self, scans: impl IntoIterator<Item = (Vec<SeenSocket>, Coverage)>) {
        self.script.lock().unwrap().scans = scans.into_iter().collect();
    }
}

fn socket(identity: u64) -> SeenSocket {
    SeenSocket {
        identity,
        inode: 0,
        uid: 0,
        protocol: Protocol::Tcp,
        local: ([192, 0, 2, 10], 40_000).into(),
        peer: SocketAddr::from(([1, 1, 1, 1], identity as u16)),
        traffic: Traffic::default(),
        direction: None,
        owner: None,
    }
}

fn closed(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event.change, Change::Closed { .. })).count()
}

#[test]
fn a_living_socket_that_a_divided_scan_stepped_over_is_not_closed() {
    let source = Scripted::default();
    let mut collector = source.collector();
    let mut events = Vec::new();
    source.will_scan([(vec![socket(1), socket(2)], Coverage::InParts)]);
    collector.tick(0, &mut events).unwrap();

    events.clear();
    source.will_scan([(vec![socket(1)], Coverage::InParts), (vec![socket(1), socket(2)], Coverage::InParts)]);
    assert_eq!(collector.tick(100, &mut events).unwrap().open, 2);
    assert!(events.is_empty(), "{events:?}");

    source.will_scan([(vec![socket(1)], Coverage::InParts)]);
    assert_eq!(collector.tick(200, &mut events).unwrap().open, 1);
    assert_eq!(closed(&events), 1);
}

#[test]
fn an_incomplete_scan_opens_but_closes_nothing() {
    let source = Scripted::default();
    let mut collector = source.collector();
    let mut events = Vec::new();
    source.will_scan([(vec![socket(1), socket(2)], Coverage::Whole)]);
    collector.tick(0, &mut events).unwrap();

    source.will_scan([(vec![socket(3)], Coverage::Incomplete)]);
    let report = collector.tick(100, &mut events).unwrap();
    assert_eq!((report.open, report.coverage), (3, Coverage::Incomplete));
    assert_eq!(closed(&events), 0);

    source.will_scan([(vec![socket(3)], Coverage::Whole)]);
    assert_eq!(collector.tick(200, &mut events).unwrap().open, 1);
    assert_eq!(closed(&events), 2);
}

#[test]
fn a_connection_between_two_looks_opens_and_closes() {
    let source = Scripted::default();
    let mut collector = source.collector();
    let mut events = Vec::new();
    collector.tick(0, &mut events).unwrap();
    source.script.lock().unwrap().listening = vec![(Protocol::Tcp, 40_000)];
    source.script.lock().unwrap().destroyed = vec![SeenSocket { uid: UID_NOT_TOLD, ..socket(7) }];
    collector.read_close_events(50, &mut events).unwrap();
    let [Event { change: Change::Opened(opened), .. }, Event { change: Change::Closed { .. }, .. }] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(opened.direction, Direction::Inbound);
    assert_eq!(collector.connections().count(), 0);
}

#[test]
fn a_source_that_knows_direction_and_owner_is_believed() {
    let source = Scripted { polling: true, ..Scripted::default() };
    let mut collector = source.collector();
    let owner = Owner::Program { pid: 7, name: "demo".into() };
    let known = SeenSocket {
        inode: 99,
        direction: Some(Direction::Inbound),
        owner: Some(owner.clone()),
        ..socket(1)
    };
    source.will_scan([(vec![], Coverage::Whole), (vec![known], Coverage::Whole)]);
    let mut events = Vec::new();
    collector.tick(0, &mut events).unwrap();
    let asked = source.script.lock().unwrap().listening_asked;
    collector.tick(100, &mut events).unwrap();
    assert_eq!(source.script.lock().unwrap().listening_asked, asked);
    assert_eq!(collector.owner_calls(), 0);
    let (_, open) = collector.connections().next().unwrap();
    assert_eq!((open.direction, &open.owner), (Direction::Inbound, &owner));
}

#[test]
fn listening_ports_are_asked_for_when_something_new_comes_and_once_a_second() {
    let source = Scripted::default();
    let mut collector = source.collector();
    let asked = |source: &Scripted| source.script.lock().unwrap().listening_asked;
    source.will_scan([(vec![socket(1)], Coverage::Whole)]);
    collector.tick(0, &mut Vec::new()).unwrap();
    let after_first = asked(&source);
    for tick in 1..10 {
        collector.tick(tick * 100, &mut Vec::new()).unwrap();
    }
    assert_eq!(asked(&source), after_first);
    source.will_scan([(vec![socket(1), socket(2)], Coverage::Whole)]);
    collector.tick(990, &mut Vec::new()).unwrap();
    assert_eq!(asked(&source), after_first + 1);
}

/// What a display knows from the events alone.
#[derive(Default)]
struct Replay {
    open: BTreeMap<ConnectionId, Observation>,
    opened: BTreeSet<ConnectionId>,
    closed: BTreeSet<ConnectionId>,
    last_sequence: u64,
}

impl Replay {
    fn take(&mut self, event: Event) {
        assert_eq!(event.sequence, self.last_sequence + 1);
        self.last_sequence = event.sequence;
        match event.change {
            Change::Opened(observation) => {
                assert!(self.opened.insert(event.connection), "opened twice: {:?}", event.connection);
                self.open.insert(event.connection, observation);
            }
            Change::Updated { traffic, owner } => {
                assert!(traffic.is_some() || owner.is_some());
                let open = self.open.get_mut(&event.connection).expect("updated while closed");
                open.traffic = traffic.unwrap_or(open.traffic);
                open.owner = owner.unwrap_or_else(|| open.owner.clone());
            }
            Change::Closed { .. } => {
                assert!(self.closed.insert(event.connection), "closed twice: {:?}", event.connection);
                assert!(self.open.remove(&event.connection).is_some(), "closed unopened");
            }
        }
    }
}

/// One tick of a random history: which sockets are established, how the scan went, and which ended for good.
#[derive(Clone, Debug)]
struct Step {
    established: BTreeSet<u64>,
    reconnected: bool,
    sent: u64,
    coverage: Coverage,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let coverage = prop_oneof![Just(Coverage::Whole), Just(Coverage::InParts), Just(Coverage::Incomplete)];
    let step = (prop::collection::btree_set(1_u64..12, 0..10), any::<bool>(), 0_u64..3, coverage).prop_map(
        |(established, reconnected, sent, coverage)| Step { established, reconnected, sent, coverage },
    );
    prop::collection::vec(step, 1..30)
}

proptest! {
    #[test]
    fn replaying_the_events_gives_the_last_scan(steps in steps(), polling in any::<bool>()) {
        let source = Scripted { polling, ..Scripted::default() };
        let mut collector = source.collector();
        let mut replay = Replay::default();
        let mut before = BTreeSet::new();
        for (tick, step) in steps.iter().enumerate() {
            let sockets: Vec<_> = step.established.iter().map(|&identity| {
                let mut socket = socket(identity);
                socket.traffic.sent_bytes = Some(step.sent);
                if step.reconnected && identity % 3 == 0 {
                    socket.peer.set_port(9_999);
                }
                socket
            }).collect();
            source.will_scan([(sockets.clone(), step.coverage)]);
            if !polling {
                // Every other one that ended is destroyed before the look; the others linger half closed.
                let ended = before.difference(&step.established).filter(|&identity| identity % 2 == 0);
                source.script.lock().unwrap().destroyed = ended.map(|&identity| socket(identity)).collect();
            }
            let mut events = Vec::new();
            collector.tick(tick as i64 * 700, &mut events).unwrap();
            events.into_iter().for_each(|event| replay.take(event));

            let shown: BTreeSet<_> = replay.open.values().map(|seen| seen.peer).collect();
            let real: BTreeSet<_> = sockets.iter().map(|seen| seen.peer).collect();
            prop_assert!(real.len() <= sockets.len() && real.is_subset(&shown));
            let table: BTreeMap<_, _> =
                collector.connections().map(|(connection, seen)| (connection, seen.clone())).collect();
            prop_assert_eq!(&table, &replay.open);
            if step.coverage != Coverage::Incomplete {
                prop_assert_eq!(replay.open.len(), sockets.len());
                prop_assert_eq!(shown, real);
            }
            before.clone_from(&step.established);
        }
    }
}

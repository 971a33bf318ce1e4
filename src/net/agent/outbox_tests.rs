//! Outbox and progress against a display that is made of nothing but the protocol's rules: whatever is cut, dropped,
//! acknowledged or forgotten, it ends with what is true, and with each event once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use proptest::prelude::*;

use super::*;
use crate::{
    model::{Direction, Protocol},
    net::{
        agent::progress::Progress,
        wire::{
            Frames, FromWire, MAX_FRAME_BYTES, ProgramNames, change_from_wire,
            messages::{AgentFrame, AgentSays, Snapshot},
            observation_from_wire,
        },
    },
};

const LARGE: Bounds = Bounds { events: 100_000, bytes: 100_000_000 };

/// What one link brings to a display.
#[derive(Default)]
struct Incoming {
    names: ProgramNames,
    snapshot: Option<HashMap<u64, Observation>>,
}

/// A display that follows the protocol to the letter.
#[derive(Default)]
struct Display {
    open: HashMap<u64, Observation>,
    /// Last event that came, in this life of the display.
    position: u64,
    /// A snapshot or an unbroken row of events stands behind `open`.
    knows: bool,
    /// What it has written down: connection, time and whether it opened or closed.
    log: BTreeMap<u64, (u64, i64, &'static str)>,
    acknowledged: u64,
    frames_of_snapshots: usize,
}

impl Display {
    /// Killed and started anew: only what it has acknowledged is sure to have been written down.
    fn forget(&mut self) {
        self.log.retain(|&sequence, _| sequence <= self.acknowledged);
        self.open.clear();
        self.position = 0;
        self.knows = false;
    }

    fn hear(&mut self, says: &AgentSays, incoming: &mut Incoming) {
        match says {
            AgentSays::Snapshot(snapshot) => self.hear_snapshot(snapshot, incoming),
            AgentSays::Events(events) => {
                assert!(self.knows, "events without a snapshot before them");
                assert!(!events.changes.is_empty());
                events.programs.iter().for_each(|program| incoming.names.learn(program));
                for (sequence, change) in (events.first_sequence..).zip(&events.changes) {
                    let FromWire::Change(what) = change_from_wire(change, &incoming.names).unwrap() else {
                        panic!("unknown change");
                    };
                    if sequence <= self.position {
                        continue;
                    }
                    assert_eq!(sequence, self.position + 1, "an event is missing");
                    self.position = sequence;
                    self.change(sequence, change.connection, events.unix_millis + change.millis, what);
                }
            }
            other => panic!("{other:?}"),
        }
    }

    fn hear_snapshot(&mut self, snapshot: &Snapshot, incoming: &mut Incoming) {
        self.frames_of_snapshots += 1;
        snapshot.programs.iter().for_each(|program| incoming.names.learn(program));
        let set = incoming.snapshot.get_or_insert_default();
        for open in &snapshot.connections {
            assert!(open.opened_sequence <= snapshot.base_sequence);
            let socket = observation_from_wire(open.socket.as_ref().unwrap(), &incoming.names).unwrap();
            assert!(set.insert(open.connection, socket).is_none(), "twice in one snapshot");
        }
        if !snapshot.goes_on {
            self.open = incoming.snapshot.take().unwrap();
            self.position = snapshot.base_sequence;
            self.knows = true;
        }
    }

    fn change(&mut self, sequence: u64, connection: u64, unix_millis: i64, change: Change) {
        let kind = match change {
            Change::Opened(observation) => {
                assert!(self.open.insert(connection, observation).is_none(), "opened twice");
                "opened"
            }
            Change::Updated { traffic, owner } => {
                let open = self.open.get_mut(&connection).expect("updated, but not open");
                open.traffic.update(traffic.unwrap_or_default());
                if let Some(owner) = owner {
                    open.owner = owner;
                }
                "updated"
            }
            Change::Closed { .. } => {
                assert!(self.open.remove(&connection).is_some(), "closed, but not open");
                "closed"
            }
        };
        assert!(self.log.insert(sequence, (connection, unix_millis, kind)).is_none(), "told twice");
    }
}

/// An agent and its display.
struct Pair {
    outbox: Outbox,
    display: Display,
    link: Option<(Progress, Frames, Incoming)>,
    now: Duration,
    truth: HashMap<u64, Observation>,
    /// Openings and closings, each with its time.
    history: Vec<(u64, i64, &'static str)>,
    connections: u64,
}

impl Pair {
    fn new(bounds: Bounds) -> Self {
        Self {
            outbox: Outbox::new(bounds),
            display: Display::default(),
            link: None,
            now: Duration::ZERO,
            truth: HashMap::new(),
            history: Vec::new(),
            connections: 0,
        }
    }

    fn millis(&self) -> i64 {
        1_000_000 + i64::try_from(self.now.as_millis()).unwrap()
    }

    fn connect(&mut self) {
        let progress = Progress::new(&self.outbox, self.display.position, !self.display.knows);
        self.link = Some((progress, Frames::new(MAX_FRAME_BYTES), Incoming::default()));
    }

    fn see(&mut self, connection: u64, change: Change) {
        let unix_millis = self.millis();
        self.outbox
            .take(Event { sequence: 0, unix_millis, connection: ConnectionId(connection), change }, self.now);
    }

    fn open(&mut self, owner: Owner) {
        self.connections += 1;
        let observation = observation(self.connections, owner);
        self.truth.insert(self.connections, observation.clone());
        self.history.push((self.connections, self.millis(), "opened"));
        self.see(self.connections, Change::Opened(observation));
    }

    /// One of those that are open.
    fn pick(&self, which: usize) -> Option<u64> {
        let mut open: Vec<_> = self.truth.keys().copied().collect();
        open.sort_unstable();
        (!open.is_empty()).then(|| open[which % open.len()])
    }

    fn update(&mut self, which: usize, traffic: Option<Traffic>, owner: Option<Owner>) {
        let Some(connection) = self.pick(which) else { return };
        let seen = self.truth.get_mut(&connection).unwrap();
        seen.traffic.update(traffic.unwrap_or_default());
        seen.owner = owner.clone().unwrap_or(seen.owner.clone());
        self.see(connection, Change::Updated { traffic, owner });
    }

    fn close(&mut self, which: usize, traffic: Option<Traffic>) {
        let Some(connection) = self.pick(which) else { return };
        self.truth.remove(&connection);
        self.history.push((connection, self.millis(), "closed"));
        self.see(connection, Change::Closed { traffic });
    }

    /// What a link does whenever it may write; only so many of the bytes arrive.
    fn tick(&mut self, most_bytes: usize) {
        let unix_millis = self.millis();
        let Some((progress, frames, incoming)) = &mut self.link else { return };
        let mut out = Vec::new();
        if progress.is_up_to_date(&self.outbox) {
            self.outbox.tell_counters(self.now);
        }
        if !progress.is_up_to_date(&self.outbox) {
            progress.encode(&self.outbox, unix_millis, &mut out);
        }
        frames.push(&out[..out.len().min(most_bytes)]);
        while let Some(frame) = frames.next_message::<AgentFrame>().unwrap() {
            self.display.hear(&frame.says.unwrap(), incoming);
        }
        if out.len() > most_bytes {
            self.link = None;
        }
    }

    fn acknowledge(&mut self, back: u64) {
        let Some((progress, ..)) = &self.link else { return };
        let sequence = self.display.position.saturating_sub(back).min(progress.sent());
        self.display.acknowledged = self.display.acknowledged.max(sequence);
        self.outbox.acknowledge(sequence);
    }

    /// Gives both all the time they need.
    fn settle(&mut self) {
        if self.link.is_none() {
            self.connect();
        }
        for _ in 0..2 {
            self.now += BETWEEN_COUNTERS;
            for _ in 0..100 {
                self.tick(usize::MAX);
            }
        }
    }

    fn assert_display_knows_the_truth(&self) {
        assert_eq!(self.display.open, self.truth);
    }

    /// Each event that was not dropped has been written down once, with its own time.
    fn assert_log_is_whole(&self) {
        let missing = self.outbox.last_sequence() - self.display.log.len() as u64;
        assert!(missing <= self.outbox.dropped(), "{missing} missing, {} dropped", self.outbox.dropped());
        let told = self.display.log.values().filter(|(.., kind)| *kind != "updated");
        if missing == 0 {
            assert!(told.eq(&self.history), "{:?}\n{:?}", self.display.log, self.history);
        } else {
            assert!(told.clone().all(|told| self.history.contains(told)));
        }
    }
}

fn observation(number: u64, owner: Owner) -> Observation {
    Observation {
        protocol: Protocol::Tcp,
        local: ([10, 0, 0, 1], 40_000).into(),
        peer: ([192, 0, 2, number as u8], number as u16).into(),
        direction: Direction::Outbound,
        owner,
        uid: 0,
        traffic: Traffic::default(),
    }
}

fn program(name: &str) -> Owner {
    Owner::Program { pid: 7, name: name.into() }
}

fn traffic(sent: u64) -> Traffic {
    Traffic { sent_bytes: Some(sent), received_bytes: None, rtt_micros: None }
}

#[derive(Clone, Debug)]
enum Step {
    Open(u8),
    Counters(usize, Traffic),
    Owner(usize, u8),
    Close(usize, Option<u64>),
    Wait(u64),
    Tick,
    /// Only so many bytes of a tick arrive, and the link is gone.
    CutAfter(usize),
    Cut,
    Connect,
    /// All but so many of the events that came.
    Acknowledge(u64),
    DisplayForgets,
}

fn step() -> impl Strategy<Value = Step> {
    let counters = (any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<u32>>()).prop_map(
        |(sent, received, rtt)| Traffic {
            sent_bytes: sent,
            received_bytes: received,
            rtt_micros: rtt.map(|rtt| rtt % 3),
        },
    );
    prop_oneof![
        6 => (0..4_u8).prop_map(Step::Open),
        4 => (any::<usize>(), counters).prop_map(|(which, traffic)| Step::Counters(which, traffic)),
        2 => (any::<usize>(), 0..4_u8).prop_map(|(which, owner)| Step::Owner(which, owner)),
        4 => (any::<usize>(), any::<Option<u64>>()).prop_map(|(which, sent)| Step::Close(which, sent)),
        3 => (0..7_000_u64).prop_map(Step::Wait),
        6 => Just(Step::Tick),
        2 => (0..300_usize).prop_map(Step::CutAfter),
        1 => Just(Step::Cut),
        3 => Just(Step::Connect),
        3 => (0..4_u64).prop_map(Step::Acknowledge),
        1 => Just(Step::DisplayForgets),
    ]
}

fn owner(which: u8) -> Owner {
    match which {
        0 => Owner::Unknown,
        1 => Owner::NotPermitted,
        _ => program(&format!("program{which}")),
    }
}

fn play(bounds: Bounds, steps: Vec<Step>) -> Pair {
    let mut pair = Pair::new(bounds);
    for step in steps {
        match step {
            Step::Open(which) => pair.open(owner(which)),
            Step::Counters(which, traffic) => pair.update(which, Some(traffic), None),
            Step::Owner(which, of) => pair.update(which, None, Some(owner(of))),
            Step::Close(which, sent) => pair.close(which, sent.map(traffic)),
            Step::Wait(millis) => pair.now += Duration::from_millis(millis),
            Step::Tick => pair.tick(usize::MAX),
            Step::CutAfter(bytes) => pair.tick(bytes),
            Step::Cut => pair.link = None,
            Step::Connect => pair.connect(),
            Step::Acknowledge(back) => pair.acknowledge(back),
            Step::DisplayForgets => {
                pair.display.forget();
                pair.link = None;
            }
        }
        assert!(pair.outbox.last_sequence() - pair.outbox.before_first() <= bounds.events as u64);
        assert!(pair.outbox.bytes <= bounds.bytes);
    }
    pair.settle();
    pair
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_doubled(steps in proptest::collection::vec(step(), 0..150)) {
        let pair = play(LARGE, steps);
        prop_assert_eq!(pair.outbox.dropped(), 0);
        pair.assert_display_knows_the_truth();
        pair.assert_log_is_whole();
    }

    #[test]
    fn what_is_dropped_is_counted_and_the_truth_arrives_all_the_same(
        events in 1..12_usize,
        bytes in 400..4_000_usize,
        steps in proptest::collection::vec(step(), 0..150),
    ) {
        let pair = play(Bounds { events, bytes }, steps);
        pair.assert_display_knows_the_truth();
        pair.assert_log_is_whole();
    }
}

#[test]
fn counters_are_told_every_five_seconds_and_only_those_that_changed() {
    let mut pair = Pair::new(LARGE);
    pair.connect();
    pair.open(Owner::Unknown);
    pair.tick(usize::MAX);
    pair.update(0, Some(Traffic { rtt_micros: Some(9), ..traffic(1) }), None);
    pair.now += BETWEEN_COUNTERS - Duration::from_millis(1);
    pair.tick(usize::MAX);
    assert_eq!(pair.outbox.last_sequence(), 1, "too early");
    pair.update(0, Some(Traffic { rtt_micros: Some(9), ..traffic(2) }), None);
    pair.now += Duration::from_millis(1);
    pair.tick(usize::MAX);
    pair.update(0, Some(Traffic { rtt_micros: Some(9), ..traffic(3) }), None);
    pair.now += BETWEEN_COUNTERS;
    pair.tick(usize::MAX);
    let told: Vec<_> = pair.outbox.events_after(1).map(|event| event.change).collect();
    let updated = |traffic| Change::Updated { traffic: Some(traffic), owner: None };
    assert_eq!(told, [updated(Traffic { rtt_micros: Some(9), ..traffic(2) }), updated(traffic(3))]);
    assert!(pair.outbox.due.is_empty());
}

#[test]
fn no_counters_are_kept_while_cut_off() {
    let mut pair = Pair::new(LARGE);
    pair.open(Owner::Unknown);
    for sent in 0..1_000 {
        pair.now += BETWEEN_COUNTERS;
        pair.update(0, Some(traffic(sent)), None);
    }
    assert_eq!(pair.outbox.last_sequence(), 1);
    pair.settle();
    pair.assert_display_knows_the_truth();
    assert_eq!(pair.outbox.last_sequence(), 2);
}

#[test]
fn what_closed_while_cut_off_is_due_no_more() {
    let mut pair = Pair::new(Bounds { events: 10, ..LARGE });
    for sent in 1..1_000 {
        pair.open(Owner::Unknown);
        pair.update(0, Some(traffic(sent)), None);
        pair.close(0, None);
    }
    pair.open(Owner::Unknown);
    pair.update(0, Some(traffic(1)), None);
    assert_eq!(pair.outbox.due.len(), 1, "no memory but for what is open");
    pair.settle();
    pair.assert_display_knows_the_truth();
}

#[test]
fn a_large_table_travels_in_several_frames() {
    let mut pair = Pair::new(Bounds { events: 10, ..LARGE });
    for number in 0..5_000 {
        pair.open(program(&format!("program{}", number % 50)));
    }
    pair.settle();
    pair.assert_display_knows_the_truth();
    assert!(pair.display.frames_of_snapshots > 2);
    assert_eq!(pair.outbox.dropped(), 4_990);
}

#[test]
fn a_long_queue_travels_in_several_frames() {
    let mut pair = Pair::new(LARGE);
    for number in 0..5_000 {
        pair.open(program(&format!("program{}", number % 50)));
    }
    pair.settle();
    pair.assert_display_knows_the_truth();
    pair.assert_log_is_whole();
    assert_eq!(pair.display.frames_of_snapshots, 1);
}

#[test]
fn more_names_than_numbers_are_not_mixed_up() {
    for events in [10, 100_000] {
        let mut pair = Pair::new(Bounds { events, ..LARGE });
        for number in 0..3 * crate::net::wire::DICTIONARY_ENTRIES {
            pair.open(program(&format!("{number:x}")));
        }
        pair.settle();
        pair.assert_display_knows_the_truth();
    }
}

#[test]
fn acknowledged_events_take_no_room() {
    let mut pair = Pair::new(LARGE);
    for _ in 0..2_000 {
        pair.open(Owner::Program { pid: 1, name: Arc::from("x") });
        pair.close(0, Some(traffic(5)));
    }
    assert!(pair.outbox.bytes > 0);
    pair.settle();
    pair.acknowledge(0);
    assert_eq!(pair.outbox.bytes, 0);
    assert!(pair.outbox.table.is_empty());
    assert!(pair.outbox.queue.capacity() <= KEPT_QUEUE);
}

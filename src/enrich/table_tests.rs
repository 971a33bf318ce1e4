use proptest::prelude::*;

use super::*;
use crate::model::Direction;

const AGENT: AgentId = AgentId(3);

fn seen(port: u16, sent_bytes: u64) -> Observation {
    Observation {
        protocol: Protocol::Tcp,
        local: ([10, 0, 0, 1], port).into(),
        peer: ([127, 0, 0, 1], 443).into(),
        direction: Direction::Outbound,
        owner: Owner::Unknown,
        uid: 0,
        traffic: Traffic { sent_bytes: Some(sent_bytes), ..Traffic::default() },
    }
}

fn open(id: u64, port: u16, sent_bytes: u64) -> OpenSocket {
    OpenSocket {
        connection: ConnectionId(id),
        opened_sequence: id,
        opened_unix_millis: 500 + id as i64,
        observation: seen(port, sent_bytes),
    }
}

fn snapshot(run: u64, same_boot: bool, unix_millis: i64, connections: Vec<OpenSocket>) -> Snapshot {
    Snapshot { run, same_boot, unix_millis, connections }
}

fn event(id: u64, unix_millis: i64, change: Change) -> Event {
    Event { sequence: 0, unix_millis, connection: ConnectionId(id), change }
}

/// Counts openings and closings, and when the closings were.
fn counts(located: &[Located]) -> (usize, Vec<i64>) {
    let opened = located.iter().filter(|change| matches!(change, Located::Opened(_))).count();
    let closed = located.iter().filter_map(|change| match change {
        Located::Closed { unix_millis, .. } => Some(*unix_millis),
        _ => None,
    });
    (opened, closed.collect())
}

#[test]
fn a_link_that_comes_back_opens_nothing_twice() {
    let (mut table, nowhere) = (OpenTable::default(), Geography::default());
    let first =
        table.take_snapshot(AGENT, snapshot(7, false, 1_000, vec![open(1, 1, 0), open(2, 2, 0)]), &nowhere);
    assert_eq!(counts(&first), (2, vec![]));
    let again = vec![open(2, 2, 0), open(3, 3, 0)];
    let second = table.take_snapshot(AGENT, snapshot(7, true, 2_000, again), &nowhere);
    assert_eq!(counts(&second), (1, vec![2_000]));
    assert_eq!(table.all().len(), 2);
}

#[test]
fn an_agent_that_starts_anew_keeps_its_connections() {
    let (mut table, nowhere) = (OpenTable::default(), Geography::default());
    table.take_snapshot(AGENT, snapshot(7, false, 1_000, vec![open(1, 1, 10), open(2, 2, 10)]), &nowhere);
    let keys: Vec<_> = table.all().iter().map(|connection| connection.key).collect();
    // The new run numbers them in another order, and one of them has gone on talking.
    let again = snapshot(8, true, 2_000, vec![open(1, 2, 10), open(2, 1, 20), open(3, 3, 0)]);
    let changes = table.take_snapshot(AGENT, again, &nowhere);
    assert_eq!(counts(&changes), (1, vec![]));
    assert!(keys.iter().all(|key| table.get(*key).is_some()), "they are the same connections as before");
    // Its number in the new run means the connection that is known from the old one.
    let closed = table.take_remote(AGENT, 8, event(2, 3_000, Change::Closed { traffic: None }), &nowhere);
    let traffic = Traffic { sent_bytes: Some(20), ..Traffic::default() };
    assert_eq!(closed, Some(Located::Closed { key: keys[0], unix_millis: 3_000, traffic }));
    // And what was opened in the new run is found by it.
    assert!(
        table.take_remote(AGENT, 8, event(3, 3_000, Change::Closed { traffic: None }), &nowhere).is_some()
    );
}

#[test]
fn a_machine_that_started_anew_has_new_connections() {
    let (mut table, nowhere) = (OpenTable::default(), Geography::default());
    table.take_snapshot(AGENT, snapshot(7, false, 1_000, vec![open(1, 1, 0)]), &nowhere);
    table.take_remote(AGENT, 7, event(2, 1_500, Change::Opened(seen(2, 0))), &nowhere);
    let changes = table.take_snapshot(AGENT, snapshot(8, false, 9_000, vec![open(1, 1, 0)]), &nowhere);
    assert_eq!(counts(&changes), (1, vec![1_500, 1_500]), "they ended when the machine was last heard");
}

#[test]
fn a_socket_whose_counters_fell_is_another_one() {
    let (mut table, nowhere) = (OpenTable::default(), Geography::default());
    table.take_snapshot(AGENT, snapshot(7, false, 1_000, vec![open(1, 1, 100)]), &nowhere);
    let changes = table.take_snapshot(AGENT, snapshot(8, true, 2_000, vec![open(1, 1, 5)]), &nowhere);
    assert_eq!(counts(&changes), (1, vec![2_000]));
    assert_eq!(table.all().len(), 1);
}

#[test]
fn agents_do_not_touch_each_other() {
    let (mut table, nowhere) = (OpenTable::default(), Geography::default());
    for agent in [AGENT, AgentId(4)] {
        table.take_snapshot(agent, snapshot(7, false, 1_000, vec![open(1, 1, 0)]), &nowhere);
    }
    table.take(AgentId::THIS_MACHINE, event(1, 1, Change::Opened(seen(1, 0))), &nowhere);
    assert_eq!(counts(&table.forget(AGENT, 5_000)), (0, vec![5_000]));
    assert_eq!(table.all().len(), 2);
    assert_eq!(table.senseless_events, 0);
    assert!(table.take_remote(AGENT, 7, event(9, 1, Change::Closed { traffic: None }), &nowhere).is_none());
    assert_eq!(table.senseless_events, 1);
}

#[derive(Clone, Debug)]
enum Step {
    Open(u16),
    Close(usize),
    /// The link comes back, with the same run or the next one.
    Return {
        new_run: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_u16).prop_map(Step::Open),
        3 => any::<prop::sample::Index>().prop_map(|index| Step::Close(index.index(64))),
        1 => any::<bool>().prop_map(|new_run| Step::Return { new_run }),
    ]
}

proptest! {
    /// Whatever happens, the map's own set, kept from what it is told, is what the agent has open, and nothing is opened
    /// twice.
    #[test]
    fn the_map_has_what_the_agent_has(steps in proptest::collection::vec(step(), 0..80)) {
        let (mut table, nowhere) = (OpenTable::default(), Geography::default());
        let (mut truth, mut run, mut next) = (Vec::<(u64, u16)>::new(), 1_u64, 1_u64);
        let mut shown = HashMap::new();
        let mut openings = 0_usize;
        for (time, step) in steps.iter().enumerate() {
            let changes = match step {
                Step::Open(port) => {
                    openings += 1;
                    truth.push((next, *port));
                    next += 1;
                    let opened = event(next - 1, time as i64, Change::Opened(seen(*port, 0)));
                    table.take_remote(AGENT, run, opened, &nowhere).into_iter().collect()
                }
                Step::Close(index) if !truth.is_empty() => {
                    let (id, _) = truth.remove(index % truth.len());
                    let closed = event(id, time as i64, Change::Closed { traffic: None });
                    table.take_remote(AGENT, run, closed, &nowhere).into_iter().collect()
                }
                Step::Close(_) => Vec::new(),
                Step::Return { new_run } => {
                    if *new_run {
                        run += 1;
                        // A new run counts from the start.
                        next = 1;
                        for (id, _) in &mut truth {
                            *id = next;
                            next += 1;
                        }
                    }
                    let all = truth.iter().map(|(id, port)| open(*id, *port, 0)).collect();
                    table.take_snapshot(AGENT, snapshot(run, true, time as i64, all), &nowhere)
                }
            };
            for change in changes {
                match change {
                    Located::Opened(connection) => {
                        prop_assert!(shown.insert(connection.key, connection.observation.local.port()).is_none());
                        openings -= 1;
                    }
                    Located::Closed { key, .. } => prop_assert!(shown.remove(&key).is_some()),
                    _ => {}
                }
            }
            let mut have: Vec<u16> = shown.values().copied().collect();
            let mut wanted: Vec<u16> = truth.iter().map(|(_, port)| *port).collect();
            have.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(have, wanted);
        }
        prop_assert_eq!(openings, 0, "each was opened once");
        prop_assert_eq!(table.senseless_events, 0);
    }
}

#[test]
fn what_an_earlier_program_knew_is_found_again_by_number_or_by_socket() {
    // Run 8 has opened 5 and 6 itself; the others it knows from run 7, under numbers that were lost.
    let number = |run, id| connection_of_run(run, ConnectionId(id));
    let known = [(8, 5, 50), (8, 6, 60), (7, 1, 10), (7, 2, 20), (7, 3, 30)];
    let earlier = |first_base| EarlierSet {
        run: 8,
        first_base,
        last_heard_unix_millis: 400,
        open: known
            .iter()
            .map(|(run, id, port)| {
                (number(*run, *id), OpenEarlier { opened_unix_millis: 1, observation: seen(*port, 0) })
            })
            .collect(),
    };
    // Meanwhile 6 has closed and another socket has its name; so has the one that run 7 called 2.
    let now = vec![open(5, 50, 0), open(9, 60, 0), open(1, 10, 0), open(7, 20, 0)];
    for (first_base, kept_by_socket) in [(Some(4), vec![1]), (None, vec![1, 2])] {
        let (mut table, nowhere) = (OpenTable::default(), Geography::default());
        table.restore(AGENT, earlier(first_base), &nowhere);
        let changes = table.take_snapshot(AGENT, snapshot(8, false, 900, now.clone()), &nowhere);
        let new = 2 - (kept_by_socket.len() - 1);
        assert_eq!(counts(&changes), (new, vec![900; known.len() - 1 - kept_by_socket.len()]));
        let is_open =
            |run, id| table.get(ConnectionKey { agent: AGENT, connection: number(run, id) }).is_some();
        assert!(is_open(8, 5) && is_open(8, 9) && !is_open(8, 6), "by number");
        assert_eq!((1..=3).filter(|id| is_open(7, *id)).collect::<Vec<_>>(), kept_by_socket);
        let closed = table.take_remote(AGENT, 8, event(1, 950, Change::Closed { traffic: None }), &nowhere);
        assert!(matches!(closed, Some(Located::Closed { key, .. }) if key.connection == number(7, 1)));
    }
}

#[test]
fn nothing_is_opened_twice_within_a_run() {
    let (mut table, nowhere) = (OpenTable::default(), Geography::default());
    assert!(table.take_remote(AGENT, 7, event(1, 1, Change::Opened(seen(1, 9))), &nowhere).is_some());
    assert!(table.take_remote(AGENT, 7, event(1, 2, Change::Opened(seen(2, 0))), &nowhere).is_none());
    assert_eq!(table.senseless_events, 1);
    // Not even where its counters fall.
    table.take_snapshot(AGENT, snapshot(7, true, 3, vec![open(1, 1, 9)]), &nowhere);
    let fallen = table.take_snapshot(AGENT, snapshot(7, true, 4, vec![open(1, 1, 0)]), &nowhere);
    assert_eq!(counts(&fallen), (0, vec![]));
}

use proptest::prelude::*;

use super::*;
use crate::net::wire::messages::{Change as WireChange, Closed, Events, Open, Snapshot, Socket, What};

const TERMS: Terms = Terms { offset_millis: 0, now_unix_millis: 1_000_000, most_connections: 1_000 };

fn socket() -> Socket {
    Socket { local_v4: Some(0xc000_0201), peer_v4: Some(0x0909_0909), ..Socket::default() }
}

fn opened(connection: u64) -> WireChange {
    WireChange { connection, millis: 0, what: Some(What::Opened(socket())) }
}

fn closed(connection: u64) -> WireChange {
    WireChange { connection, millis: 0, what: Some(What::Closed(Closed::default())) }
}

fn events(first_sequence: u64, changes: Vec<WireChange>) -> Events {
    Events { first_sequence, unix_millis: 500_000, programs: Vec::new(), changes }
}

fn snapshot(base_sequence: u64, connections: &[u64], goes_on: bool) -> Snapshot {
    let open = |connection: &u64| Open {
        connection: *connection,
        opened_sequence: 0,
        age_millis: 1_000,
        socket: Some(socket()),
    };
    let connections = connections.iter().map(open).collect();
    Snapshot { base_sequence, unix_millis: 500_000, connections, goes_on, ..Snapshot::default() }
}

/// What an agent's word comes to when it is handed on at once.
#[derive(Default)]
struct Taken {
    incoming: Incoming,
    reader: Reader,
    counting: Counting,
    sequences: Vec<u64>,
}

impl Taken {
    fn with_snapshot() -> Self {
        let mut taken = Self::default();
        taken.incoming.handed_on(0, true);
        taken
    }

    fn events(&mut self, frame: &Events, terms: Terms) -> Result<(), Fault> {
        if let Some(Ready { news, sequence, .. }) =
            self.reader.events(&mut self.incoming, frame, terms, &self.counting)?
        {
            let News::Events { events, .. } = news else { panic!("events") };
            self.sequences.extend(events.iter().map(|event| event.sequence));
            self.incoming.handed_on(sequence, false);
        }
        Ok(())
    }
}

proptest! {
    /// An agent sends what it has in any pieces, goes back as far as it likes, but never leaves anything out.
    #[test]
    fn nothing_is_lost_and_nothing_doubled(pieces in prop::collection::vec((0_u64..20, 1_usize..20), 1..50)) {
        let (mut taken, mut last) = (Taken::with_snapshot(), 0);
        for (back, length) in pieces {
            let first = (last + 1_u64).saturating_sub(back).max(1);
            let changes = (first..).take(length).map(opened).collect();
            taken.events(&events(first, changes), TERMS).unwrap();
            last = last.max(first + length as u64 - 1);
        }
        prop_assert_eq!(taken.sequences, (1..=last).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_missing_is_noticed(had in 1_u64..100, missing in 1_u64..100) {
        let mut taken = Taken::with_snapshot();
        taken.events(&events(1, (1..=had).map(opened).collect()), TERMS).unwrap();
        let result = taken.events(&events(had + 1 + missing, vec![opened(1)]), TERMS);
        prop_assert_eq!(result, Err(Fault::Gap(had + 1)));
        prop_assert_eq!(taken.incoming.had, had);
    }

    #[test]
    fn no_frame_breaks_it(
        first: u64, unix_millis: i64, millis: i64, connection: u64, base: u64, age_millis: u64,
        v4: Option<u32>, v6: Option<u64>, port: u32, program: u32, had: u64, offset_millis: i64,
    ) {
        let socket = Socket {
            local_v4: v4,
            local_v6_high: v6,
            local_port: port,
            peer_v4: v4,
            peer_v6_low: v6.unwrap_or(0),
            owner: Some(messages::Owner { program, pid: 1, not_permitted: false }),
            ..Socket::default()
        };
        let change = WireChange { connection, millis, what: Some(What::Opened(socket)) };
        let mut taken = Taken::with_snapshot();
        taken.incoming.had = had;
        let terms = Terms { offset_millis, ..TERMS };
        for changes in [vec![], vec![change], vec![change; 3]] {
            let frame = Events { first_sequence: first, unix_millis, programs: Vec::new(), changes };
            let _ = taken.events(&frame, terms);
        }
        let connections = vec![Open { connection, opened_sequence: first, age_millis, socket: Some(socket) }];
        let frame = Snapshot { base_sequence: base, unix_millis, connections, ..Snapshot::default() };
        let _ = taken.reader.snapshot(&mut taken.incoming, &frame, terms, &taken.counting);
    }
}

#[test]
fn what_was_not_handed_on_is_expected_again() {
    let mut taken = Taken::with_snapshot();
    let frame = events(1, vec![opened(1), opened(2)]);
    let lost = taken.reader.events(&mut taken.incoming, &frame, TERMS, &taken.counting);
    assert_eq!(lost.unwrap().unwrap().sequence, 2);
    taken.events(&frame, TERMS).unwrap();
    assert_eq!(taken.sequences, [1, 2]);
}

#[test]
fn snapshots_come_whole_or_not_at_all() {
    let mut taken = Taken { incoming: Incoming::new(7, 7, 0, true), ..Taken::default() };
    let mut take =
        |frame: Snapshot| taken.reader.snapshot(&mut taken.incoming, &frame, TERMS, &taken.counting);
    assert!(take(snapshot(5, &[1, 2], true)).unwrap().is_none());
    let ready = take(snapshot(5, &[3], false)).unwrap().unwrap();
    assert_eq!(ready.sequence, 5);
    let News::Snapshot { run: 7, same_boot: true, unix_millis: 500_000, connections } = ready.news else {
        panic!("{:?}", ready.news)
    };
    let seen: Vec<_> = connections.iter().map(|open| (open.connection.0, open.opened_unix_millis)).collect();
    assert_eq!(seen, [(1, 499_000), (2, 499_000), (3, 499_000)]);
    // Handed on, the next one may not be older.
    taken.incoming.handed_on(5, true);
    let older = taken.reader.snapshot(&mut taken.incoming, &snapshot(4, &[], false), TERMS, &taken.counting);
    assert!(matches!(older, Err(Fault::Malformed(_))), "{older:?}");
}

#[test]
fn a_first_snapshot_is_believed_though_more_was_known() {
    let mut taken = Taken { incoming: Incoming::new(7, 7, 100, true), ..Taken::default() };
    let mut take =
        |frame: Snapshot| taken.reader.snapshot(&mut taken.incoming, &frame, TERMS, &taken.counting);
    assert!(take(snapshot(60, &[1], true)).unwrap().is_none());
    let ready = take(snapshot(60, &[2], false)).unwrap().unwrap();
    assert_eq!((ready.sequence, ready.knew_more), (60, Some(100)));
    let News::Snapshot { run, same_boot: true, connections, .. } = ready.news else { panic!() };
    assert_eq!((run, connections.len()), (run_anew(7), 2), "to the taker it is another run");
    // Should the link end before it is handed on, the next one begins with a snapshot.
    assert_eq!((taken.incoming.had, taken.incoming.has_snapshot), (60, false));
    taken.incoming.handed_on(60, true);
    taken.events(&events(61, vec![opened(3)]), TERMS).unwrap();
    assert_eq!((taken.incoming.run, taken.incoming.had), (7, 61));
    let later = taken.reader.snapshot(&mut taken.incoming, &snapshot(60, &[], false), TERMS, &taken.counting);
    assert!(matches!(later, Err(Fault::Malformed(_))), "only the first one of a link: {later:?}");
}

#[test]
fn without_a_snapshot_events_mean_nothing() {
    assert_eq!(Taken::default().events(&events(1, vec![opened(1)]), TERMS), Err(Fault::Gap(1)));
}

#[test]
fn times_become_ours_and_are_never_to_come() {
    let mut taken = Taken::with_snapshot();
    let frame = Events {
        changes: vec![
            WireChange { millis: -5, ..opened(1) },
            WireChange { millis: i64::MAX, ..opened(2) },
            WireChange { millis: i64::MIN, ..opened(3) },
        ],
        ..events(1, vec![])
    };
    let terms = Terms { offset_millis: 100, ..TERMS };
    let ready = taken.reader.events(&mut taken.incoming, &frame, terms, &taken.counting).unwrap().unwrap();
    let News::Events { events, .. } = ready.news else { panic!("events") };
    let times: Vec<_> = events.iter().map(|event| event.unix_millis).collect();
    assert_eq!(times, [499_895, 1_000_000, 0]);
}

#[test]
fn only_so_many_connections_are_open_at_a_time() {
    let terms = Terms { most_connections: 2, ..TERMS };
    let mut taken = Taken::with_snapshot();
    let changes =
        vec![opened(1), opened(2), opened(3), opened(2), closed(1), opened(4), closed(3), opened(5)];
    taken.events(&events(1, changes), terms).unwrap();
    assert_eq!(taken.sequences, [1, 2, 4, 5, 6, 7]);
    assert_eq!(taken.counting.now().surplus_connections, 2);
    assert_eq!(taken.incoming.had, 8);
}

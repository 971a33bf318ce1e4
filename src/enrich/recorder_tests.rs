use crossbeam_channel::{Receiver, bounded};

use super::*;
use crate::{
    geo::Geography,
    model::{Change, ConnectionId, Direction, Event, Observation, Owner, Protocol, Traffic},
};

const HERE: AgentId = AgentId::THIS_MACHINE;

/// A history that holds one batch, and reads when the test does.
fn outlets() -> (Outlets, Receiver<Vec<Record>>) {
    let (to_history, history) = bounded(1);
    let outlets = Outlets {
        to_map: bounded(1).0,
        to_history: Some(to_history),
        reports: bounded(1).0,
        wake: Box::new(|| {}),
    };
    (outlets, history)
}

fn open(recorder: &mut Recorder, table: &mut OpenTable, outlets: &Outlets, id: u64) -> Option<Report> {
    let seen = Observation {
        protocol: Protocol::Tcp,
        local: ([10, 0, 0, 1], 50_000).into(),
        peer: ([127, 0, 0, 1], 443).into(),
        direction: Direction::Outbound,
        owner: Owner::Unknown,
        uid: 0,
        traffic: Traffic::default(),
    };
    let event =
        Event { sequence: 0, unix_millis: 1, connection: ConnectionId(id), change: Change::Opened(seen) };
    let located = table.take(HERE, event, &Geography::new(Vec::new()));
    recorder.told(&located?, outlets);
    recorder.flush(table, outlets)
}

#[test]
fn what_finds_no_room_is_counted_and_made_up_for_with_all_that_is_open() {
    let (outlets, history) = outlets();
    let (mut recorder, mut table) = (Recorder::default(), OpenTable::default());
    recorder.looked(HERE, &table);
    assert_eq!(open(&mut recorder, &mut table, &outlets, 1), None);
    assert!(!recorder.owes_all());
    assert_eq!(open(&mut recorder, &mut table, &outlets, 2), Some(Report::HistoryLost(1)));
    assert_eq!(open(&mut recorder, &mut table, &outlets, 3), Some(Report::HistoryLost(2)));
    assert!(recorder.owes_all());
    assert_eq!(history.recv().unwrap().len(), 2, "that nothing was open before, and the first");

    assert_eq!(recorder.flush(&table, &outlets), None);
    let told = history.recv().unwrap();
    assert_eq!(told.len(), 4);
    assert!(matches!(&told[3], Record::Looked { agent: HERE, open } if open.len() == 3));
    assert!(!recorder.owes_all());
}

#[test]
fn where_nothing_is_remembered_nothing_is_gathered() {
    let (mut outlets, history) = outlets();
    outlets.to_history = None;
    let (mut recorder, mut table) = (Recorder::default(), OpenTable::default());
    recorder.looked(HERE, &table);
    for id in 0..10 {
        assert_eq!(open(&mut recorder, &mut table, &outlets, id), None);
    }
    assert!(recorder.batch.is_empty() && history.is_empty());
}

use super::*;
use crate::model::{Direction, Protocol};

fn seen(identity: u64, inode: u64, peer_port: u16, sent: Option<u64>) -> SeenSocket {
    SeenSocket {
        identity,
        inode,
        uid: 0,
        protocol: Protocol::Tcp,
        local: ([192, 0, 2, 10], 40_000).into(),
        peer: ([1, 1, 1, 1], peer_port).into(),
        traffic: Traffic { sent_bytes: sent, ..Traffic::default() },
        direction: None,
        owner: None,
    }
}

fn observation(seen: &SeenSocket, owner: Owner) -> Observation {
    Observation {
        protocol: seen.protocol,
        local: seen.local,
        peer: seen.peer,
        direction: Direction::Outbound,
        owner,
        uid: seen.uid,
        traffic: seen.traffic,
    }
}

/// One complete scan.
fn scan(table: &mut Table, sockets: &[SeenSocket], unix_millis: i64) -> Vec<Event> {
    let (mut events, mut released) = (Vec::new(), Vec::new());
    table.begin_scan();
    let fresh: Vec<_> = sockets
        .iter()
        .filter(|socket| table.sight(socket, unix_millis, &mut events, &mut released) == Sighting::New)
        .collect();
    table.close_missing(unix_millis, &mut events, &mut released);
    for socket in fresh {
        table.open(
            socket.identity,
            socket.inode,
            observation(socket, Owner::Unknown),
            unix_millis,
            &mut events,
        );
    }
    events
}

fn changes(events: &[Event]) -> Vec<&'static str> {
    let name = |event: &Event| match event.change {
        Change::Opened(_) => "opened",
        Change::Updated { .. } => "updated",
        Change::Closed { .. } => "closed",
    };
    events.iter().map(name).collect()
}

#[test]
fn one_connection_is_one_however_often_it_is_seen() {
    let mut table = Table::new(false);
    let socket = seen(1, 10, 443, None);
    assert_eq!(changes(&scan(&mut table, &[socket.clone(), socket.clone()], 0)), ["opened"]);
    for tick in 1..50 {
        assert!(scan(&mut table, &[socket.clone(), socket.clone()], tick * 100).is_empty());
    }
    assert_eq!(changes(&scan(&mut table, &[], 5_000)), ["closed"]);
    assert!(scan(&mut table, &[], 5_100).is_empty());
}

#[test]
fn counters_are_told_once_a_second() {
    let mut table = Table::new(false);
    let told: usize =
        (0..=20).map(|tick| scan(&mut table, &[seen(1, 10, 443, Some(tick))], tick as i64 * 100).len()).sum();
    assert_eq!(told, 1 + 2);
    // A scan that did not ask for counters does not take them back.
    assert!(scan(&mut table, &[seen(1, 10, 443, None)], 9_000).is_empty());
}

#[test]
fn a_socket_connected_anew_is_another_connection() {
    let mut table = Table::new(false);
    scan(&mut table, &[seen(1, 10, 443, None)], 0);
    let events = scan(&mut table, &[seen(1, 10, 53, None)], 100);
    assert_eq!(changes(&events), ["closed", "opened"]);
    assert_ne!(events[0].connection, events[1].connection);
    assert_eq!(table.open_count(), 1);
}

#[test]
fn an_accepted_socket_stays_the_same_connection() {
    let mut table = Table::new(false);
    scan(&mut table, &[seen(1, 0, 443, None)], 0);
    table.begin_scan();
    let sighting = table.sight(&seen(1, 10, 443, None), 100, &mut Vec::new(), &mut Vec::new());
    assert_eq!(sighting, Sighting::Accepted);
    assert_eq!(table.missing(), 0);
}

#[test]
fn the_close_event_of_a_socket_seen_closing_tells_nothing_new() {
    let mut table = Table::new(true);
    let (mut events, mut released) = (Vec::new(), Vec::new());
    let socket = seen(1, 10, 443, Some(5));
    scan(&mut table, std::slice::from_ref(&socket), 0);
    scan(&mut table, &[], 100);
    assert!(!table.destroyed(&socket, 200, &mut events, &mut released));
    table.expect_destroyed(&[2]);
    assert!(!table.destroyed(&seen(2, 0, 443, None), 200, &mut events, &mut released));
    assert!(events.is_empty());
}

#[test]
fn the_close_event_of_an_open_connection_brings_its_last_counters() {
    let mut table = Table::new(true);
    let (mut events, mut released) = (Vec::new(), Vec::new());
    scan(&mut table, &[seen(1, 10, 443, Some(5))], 0);
    assert!(!table.destroyed(&seen(1, 0, 443, Some(77)), 50, &mut events, &mut released));
    let [Event { change: Change::Closed { traffic: Some(traffic) }, unix_millis: 50, .. }] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(traffic.sent_bytes, Some(77));
    assert_eq!(released, [10]);
    assert!(table.destroyed(&seen(9, 0, 443, Some(1)), 50, &mut events, &mut released));
}

#[test]
fn an_owner_found_later_is_told_at_once_and_counted() {
    let mut table = Table::new(false);
    scan(&mut table, &[seen(1, 10, 443, None)], 0);
    let mut events = Vec::new();
    table.set_owner(1, Owner::NotPermitted, 1, &mut events);
    table.set_owner(1, Owner::NotPermitted, 2, &mut events);
    assert_eq!(changes(&events), ["updated"]);
    assert_eq!(table.not_permitted_count(), 1);
    scan(&mut table, &[], 100);
    assert_eq!(table.not_permitted_count(), 0);
}

#[test]
fn sixty_thousand_sockets_are_told_once_each() {
    let sockets: Vec<_> = (1..=60_000).map(|identity| seen(identity, identity + 1, 443, None)).collect();
    let mut table = Table::new(true);
    assert_eq!(scan(&mut table, &sockets, 0).len(), 60_000);
    assert!(scan(&mut table, &sockets, 100).is_empty());
    assert_eq!(scan(&mut table, &sockets[1..], 200).len(), 1);
    assert_eq!(scan(&mut table, &[], 300).len(), 59_999);
}

//! Peers are those that SQL finds, whether all are asked for or some.

use std::collections::BTreeMap;

use super::super::testing::*;
use super::*;
use crate::{
    enrich::Record,
    hilbert::{Prefix, ipv6_key},
    model::Located,
};

fn with_peer(id: u64, at_ms: i64, peer: &str) -> Record {
    let mut connection = connection(HERE, id, at_ms);
    connection.observation.peer = (peer.parse::<IpAddr>().unwrap(), 443).into();
    Record::Told(Located::Opened(connection.into()))
}

/// Of four peers a connection each minute for five hours, each open for ten minutes.
fn folder() -> Folder {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    let peers = ["9.9.9.9", "203.0.113.7", "2a00:1450::1", "fe80::1"];
    for minute in 0..300_u64 {
        let at_ms = START_MS + minute as i64 * 60_000;
        store.write(&[with_peer(minute + 1, at_ms, peers[minute as usize % 4])], &rules(), at_ms).unwrap();
        if minute >= 10 {
            store.write(&[closed(HERE, minute - 9, at_ms)], &rules(), at_ms).unwrap();
        }
    }
    folder
}

fn ipv4(peers: &Peers) -> BTreeMap<u32, u32> {
    peers.ipv4.heat.counts(Prefix::ALL).collect()
}

/// Of each network, when its newest opened and under which label.
fn newest(peers: &Peers) -> BTreeMap<u32, (u32, Option<Arc<str>>)> {
    let last = peers.ipv4.newest.iter();
    last.map(|(key, last)| (key, (last.opened_secs, peers.labels[usize::from(last.label)].clone()))).collect()
}

fn in_sql(folder: &Folder, from_ms: i64, to_ms: i64) -> BTreeMap<u32, u32> {
    let rows: Vec<u32> = folder.ask(&format!(
        "SELECT peer FROM connection WHERE typeof(peer) = 'integer' AND opened_ms <= {to_ms} \
         AND (opened_ms > {from_ms} OR lasted_ms IS NULL OR opened_ms + lasted_ms > {from_ms})"
    ));
    let mut counts = BTreeMap::new();
    rows.into_iter().for_each(|peer| *counts.entry(peer).or_default() += 1);
    counts
}

#[test]
fn all_that_were_open_within_a_stretch_are_counted() {
    let folder = folder();
    let mut player = folder.player();
    for (from, to) in [(-10, 400), (0, 0), (95, 100), (100, 250), (290, 290), (500, 600)] {
        let (from_ms, to_ms) = (START_MS + from * 60_000, START_MS + to * 60_000);
        let peers = player.peers(from_ms, to_ms, || true).unwrap().unwrap();
        assert_eq!(ipv4(&peers), in_sql(&folder, from_ms, to_ms), "{from} to {to}");
        let chosen = player.chosen_peers(from_ms, to_ms, &mut |_| Some(true)).unwrap().unwrap();
        assert_eq!(ipv4(&chosen), ipv4(&peers), "{from} to {to}");
        assert_eq!(newest(&chosen), newest(&peers), "{from} to {to}");
    }
    let first = newest(&player.peers(START_MS - 1, START_MS, || true).unwrap().unwrap());
    assert_eq!(first.keys().copied().collect::<Vec<_>>(), [0x0909_0900]);
    let (opened_secs, label) = first.into_values().next().unwrap();
    assert!(i64::from(opened_secs) == START_MS / 1_000 && label.is_some(), "port 443 has a rule");
    let all = player.peers(START_MS - 1, START_MS + 300 * 60_000, || true).unwrap().unwrap();
    let key = ipv6_key("2a00:1450::1".parse().unwrap()).unwrap();
    assert_eq!(
        (all.ipv6.heat.count(key), all.ipv6.heat.seen(Prefix::ALL).count, all.without_key),
        (75, 75, 75)
    );
}

#[test]
fn some_are_counted_alone_and_the_work_is_given_up_when_asked() {
    let folder = folder();
    let mut player = folder.player();
    let (from_ms, to_ms) = (START_MS - 1, START_MS + 300 * 60_000);
    let nine = IpAddr::from([9, 9, 9, 9]);
    let mut choice = |it: &crate::history::Recorded| Some(it.connection.observation.peer.ip() == nine);
    let some = player.chosen_peers(from_ms, to_ms, &mut choice).unwrap().unwrap();
    assert_eq!(ipv4(&some), BTreeMap::from([(0x0909_0909, 75)]));
    assert_eq!(some.ipv6.heat.seen(Prefix::ALL).count + some.without_key, 0);
    assert!(player.chosen_peers(from_ms, to_ms, &mut |_| None).unwrap().is_none());
    // And the player goes on.
    assert!(player.peers(from_ms, to_ms, || false).unwrap().is_some(), "too few rows to be asked");
}

#[test]
fn the_newest_of_an_address_are_found_and_no_more_than_are_wanted() {
    let folder = folder();
    let mut player = folder.player();
    let nine = IpAddr::from([9, 9, 9, 9]);
    let mut everything = |_: &Recorded| Some(true);
    let found = player.newest_with_peer(|peer| peer == nine, 3, &mut everything).unwrap().unwrap();
    let opened: Vec<i64> =
        found.iter().map(|it| (it.connection.opened_unix_millis - START_MS) / 60_000).collect();
    // The last ten minutes' are still open.
    assert_eq!(opened, [288, 284, 280]);
    let nobody = |_: IpAddr| false;
    assert!(player.newest_with_peer(nobody, 3, &mut everything).unwrap().unwrap().is_empty());
    assert!(player.newest_with_peer(|_| true, 3, &mut |_| None).unwrap().is_none());
}

use super::super::{query::Limits, testing::*, *};
use crate::{enrich::Record, geo::Geography};

const MINUTE: i64 = 60_000;

/// Two good connections, a minute apart, each open for an hour, and the rows of somebody else between them.
fn with_rows_of_others(rows: &[&str]) -> Folder {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    for (id, at_ms) in [(1, START_MS), (2, START_MS + MINUTE)] {
        let story: [Record; 2] = [opened(HERE, id, at_ms), closed(HERE, id, at_ms + 60 * MINUTE)];
        store.write(&story, &rules(), START_MS + 61 * MINUTE).unwrap();
    }
    store.mark(START_MS + 100 * MINUTE).unwrap();
    drop(store);
    let database = rusqlite::Connection::open(folder.path()).unwrap();
    for (n, row) in rows.iter().enumerate() {
        let insert = format!(
            "INSERT INTO connection (opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, peer_port, \
             place) VALUES ({}, {n}, 3600000, 1, 0, 0, 167772161, 50000, 151587081, 443, -6)",
            START_MS + 10
        );
        database.execute(&insert, []).unwrap();
        let change = format!("UPDATE connection SET {row} WHERE (opened_ms, n) = (?1, ?2)");
        assert_eq!(database.execute(&change, [START_MS + 10, n as i64]), Ok(1), "{row}");
    }
    folder
}

/// What is odd, and what a reader says of it.
const ODD: [(&str, &str); 18] = [
    ("peer_port = 65536", "peer's port out of range"),
    ("local_port = -1", "local port out of range"),
    ("asn = -1", "AS number out of range"),
    ("asn = 4294967296", "AS number out of range"),
    ("rtt_us = -1", "round-trip time out of range"),
    ("sent = -1", "bytes sent out of range"),
    ("received = -9223372036854775808", "bytes received out of range"),
    ("peer = '9.9.9.9'", "peer's address is none"),
    ("peer = x'0a0b0c'", "peer's address is none"),
    ("local = -1", "local address is none"),
    ("local = 1.5", "local address is none"),
    ("lasted_ms = -1", "duration out of range"),
    ("agent = -1", "agent out of range"),
    ("protocol = 2", "protocol out of range"),
    ("inbound = -1", "direction out of range"),
    ("n = -1", "number within its millisecond out of range"),
    ("n = 4294967296", "number within its millisecond out of range"),
    ("opened_ms = -9223372036854775807", "time of opening out of range"),
];

/// Openings and ends that a player tells after the first moment.
fn played(player: &mut Player) -> (usize, usize) {
    let mut told = Vec::new();
    player.seek(START_MS - 1).unwrap();
    while !player.advance(START_MS + 90 * MINUTE, 3, &mut told).unwrap() {}
    let openings = told.iter().filter(|it| matches!(it, crate::model::Located::Opened(_))).count();
    (openings, told.len() - openings)
}

#[test]
fn a_row_that_cannot_be_read_is_passed_over_and_told_and_the_others_play() {
    for (row, said) in ODD {
        let folder = with_rows_of_others(&[row]);
        let mut player = folder.player();
        assert_eq!(played(&mut player), (2, 2), "{row}");
        assert_eq!(player.seek(START_MS + 2 * MINUTE).unwrap().len(), 2, "{row}");
        let (from_ms, to_ms) = (START_MS - MINUTE, START_MS + 90 * MINUTE);
        for most in [1, 2, 100] {
            let set = player.span_set(from_ms, to_ms, most).unwrap();
            assert_eq!(set.newest.len(), most.min(2), "{row}");
        }
        assert!(player.density(from_ms, to_ms, 10).is_ok(), "{row}");
        let all = player.span(START_MS + 200 * MINUTE).unwrap().unwrap();
        assert_eq!(all, (START_MS, START_MS + 100 * MINUTE), "{row}");
        assert_eq!(player.previous_ms(START_MS).unwrap(), None, "{row}");
        if !row.starts_with("opened_ms") {
            assert_eq!(player.passed_over().to_string(), format!("1 row passed over: {said}"));
        }
        let sql = "SELECT * FROM connections ORDER BY opened_ms";
        let geography = std::sync::Arc::new(Geography::default());
        let table = query::ask(&folder.path(), geography, sql, Limits::default(), &Default::default());
        assert_eq!(table.unwrap().len(), 3, "who asks in SQL sees it: {row}");
    }
}

#[test]
fn all_that_was_passed_over_is_one_line_however_often_it_is_met() {
    let rows = ["peer_port = 70000", "peer_port = 70001", "asn = -1", "rtt_us = 5"];
    let mut player = with_rows_of_others(&rows).player();
    assert!(player.passed_over().is_empty());
    for _ in 0..3 {
        assert_eq!(played(&mut player), (3, 3));
    }
    let said = player.passed_over().to_string();
    assert_eq!(said, "3 rows passed over: AS number out of range (1), peer's port out of range (2)");
}

#[test]
fn what_a_row_names_and_nobody_knows_leaves_a_gap_in_it_alone() {
    let rows = ["place = 4711", "program = 4711, rule = 4711, agent = 4711", "asn = 4711"];
    let mut player = with_rows_of_others(&rows).player();
    let shown = player.seek(START_MS + MINUTE).unwrap();
    assert_eq!(shown.len(), 5);
    assert_eq!(shown[1].place, Err(crate::model::NoPlace::NoEntry));
    assert!(player.passed_over().is_empty());
}

#[test]
fn texts_in_any_encoding_and_places_off_the_earth_hide_nobody() {
    let folder = with_rows_of_others(&["place = 4711, program = 4711"]);
    rusqlite::Connection::open(folder.path())
        .unwrap()
        .execute_batch(
            "INSERT INTO place VALUES (4711, 1e300, 0, '', '', '');
             INSERT INTO program VALUES (4711, CAST(x'6361ff' AS TEXT));
             UPDATE agent SET name = CAST(x'ff' AS TEXT);",
        )
        .unwrap();
    let mut player = folder.player();
    let shown = player.seek(START_MS + MINUTE).unwrap();
    assert!(shown[1].place.is_err());
    assert!(format!("{:?}", shown[1].observation.owner).contains("ca\u{fffd}"));
    assert_eq!(player.agents().unwrap().len(), 1);
}

/// STRICT refuses it, but a copy that somebody made need not be.
#[test]
fn text_where_a_number_belongs_is_passed_over_too() {
    let folder = with_rows_of_others(&["rtt_us = 5"]);
    let plain = "PRAGMA legacy_alter_table = ON; CREATE TABLE copy AS SELECT * FROM connection; DROP TABLE connection; \
                 ALTER TABLE copy RENAME TO connection; \
                 UPDATE connection SET rule = 'none', peer_port = 'https' WHERE rtt_us = 5;";
    rusqlite::Connection::open(folder.path()).unwrap().execute_batch(plain).unwrap();
    let mut player = folder.player();
    assert_eq!(played(&mut player), (2, 2));
    assert_eq!(player.passed_over().to_string(), "1 row passed over: peer's port out of range");
    let opened = player.density(START_MS, START_MS + MINUTE, 10).unwrap();
    assert_eq!(opened.iter().map(|it| it.count).sum::<u64>(), 2);
    assert_eq!(player.span_set(START_MS, START_MS + MINUTE, 1).unwrap().newest.len(), 1);
}

#[test]
fn a_program_that_starts_closes_what_others_left_open_and_prunes_it() {
    let rows = ["lasted_ms = NULL, local_port = -1", "lasted_ms = NULL, n = 4294967296"];
    let folder = with_rows_of_others(&rows);
    let mut store = folder.store(START_MS + 101 * MINUTE);
    assert_eq!(folder.ask::<i64>("SELECT count(*) FROM connection WHERE lasted_ms IS NULL"), [0]);
    let mut pruner = prune::Pruner::default();
    pruner.forget_all();
    store.prune(&mut pruner, START_MS + 102 * MINUTE).unwrap();
    assert_eq!(folder.ask::<i64>("SELECT count(*) FROM connection"), [0]);
}

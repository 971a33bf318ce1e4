use super::{super::testing::*, *};
use crate::model::AgentId;

const ELSEWHERE: AgentId = AgentId(7);

fn write(store: &mut Store, records: &[Record], now_ms: i64) {
    store.write(records, &rules(), START_MS + now_ms).unwrap();
}

/// `opened lasted agent local_port sent`, times from the start.
fn rows(folder: &Folder) -> Vec<String> {
    let sql = "SELECT (opened_ms - 1764000000000) || ' ' || coalesce(closed_ms - opened_ms, 'open') || ' ' || agent || ' ' \
               || local_port || ' ' || coalesce(sent, '-') FROM connections ORDER BY opened_ms, local_port";
    folder.ask(sql)
}

fn open_at(agent: AgentId, id: u64, at_ms: i64) -> Record {
    opened(agent, id, START_MS + at_ms)
}

fn closed_at(agent: AgentId, id: u64, at_ms: i64) -> Record {
    closed(agent, id, START_MS + at_ms)
}

#[test]
fn a_connection_is_one_row_however_its_story_is_cut_into_batches() {
    let story = [
        called(HERE, "here"),
        open_at(HERE, 1, 10),
        named(HERE, 1, "ssh"),
        counters(HERE, 1, 7),
        open_at(HERE, 2, 10),
        closed_at(HERE, 1, 25),
        open_at(HERE, 1, 30),
        closed_at(HERE, 2, 40),
    ];
    for cuts in 0..1 << (story.len() - 1) {
        let folder = Folder::new();
        let mut store = folder.store(START_MS);
        let mut batch = Vec::new();
        for (index, record) in story.iter().enumerate() {
            batch.push(record.clone());
            if cuts >> index & 1 == 1 || index == story.len() - 1 {
                write(&mut store, &batch, 50);
                batch.clear();
            }
        }
        assert_eq!(
            rows(&folder),
            ["10 15 here 1025 1", "10 30 here 1026 2", "30 open here 1025 -"],
            "{cuts:b}"
        );
        let programs =
            "SELECT coalesce(program, '-') || ' ' || rule FROM connections ORDER BY opened_ms, local_port";
        assert_eq!(folder.ask::<String>(programs)[0], "ssh SSH Out");
    }
}

#[test]
fn the_end_closes_what_is_open_with_what_it_had_carried() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    write(&mut store, &[called(HERE, "here"), open_at(HERE, 1, 10)], 20);
    write(&mut store, &[counters(HERE, 1, 70)], 30);
    store.end(START_MS + 100).unwrap();
    drop(store);
    assert_eq!(rows(&folder), ["10 90 here 1025 70"]);
    assert_eq!(folder.ask::<i64>("SELECT ended FROM recording"), [1]);
}

#[test]
fn what_a_killed_run_left_open_was_closed_when_all_was_last_seen() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    write(&mut store, &[called(HERE, "here"), open_at(HERE, 1, 10), open_at(HERE, 2, 11)], 20);
    write(&mut store, &[closed_at(HERE, 2, 30)], 40);
    store.mark(START_MS + 55).unwrap();
    drop(store);
    drop(folder.store(START_MS + 1_000_000));
    assert_eq!(rows(&folder), ["10 45 here 1025 -", "11 19 here 1026 2"]);
    assert_eq!(folder.ask::<i64>("SELECT ended FROM recording"), [0, 0]);
}

const YEAR_MS: i64 = 365 * 86_400_000;

#[test]
fn a_clock_that_was_ahead_closes_nothing_in_the_future() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    write(&mut store, &[called(HERE, "here"), open_at(HERE, 1, 10)], 20);
    store.mark(START_MS + YEAR_MS).unwrap();
    drop(store);
    let mut store = folder.store(START_MS + 60_000);
    assert_eq!(rows(&folder), ["10 59990 here 1025 -"]);
    let last = |store: &Store, now_ms| store.span(START_MS + now_ms).unwrap().unwrap().1 - START_MS;
    assert_eq!(last(&store, 61_000), 60_000, "this run's, and not that of the other");
    // The same sockets are still there.
    write(&mut store, &[called(HERE, "here"), open_at(HERE, 1, 60_001), looked(HERE, &[1])], 60_010);
    assert_eq!(rows(&folder), ["10 open here 1025 -"]);
    // It is put right while the program runs.
    store.mark(START_MS + YEAR_MS).unwrap();
    assert_eq!(last(&store, 90_000), 90_000);
    store.end(START_MS + 100_000).unwrap();
    drop(store);
    drop(folder.store(START_MS + 110_000));
    assert_eq!(rows(&folder), ["10 109990 here 1025 -"]);
}

#[test]
fn a_machine_that_does_not_know_the_year_cuts_nothing_short() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    write(&mut store, &[called(HERE, "here"), open_at(HERE, 1, 10)], 20);
    drop(store);
    let store = folder.store(5_000);
    assert_eq!(rows(&folder), ["10 10 here 1025 -"]);
    assert_eq!(store.span(6_000).unwrap(), Some((START_MS + 10, START_MS + 20)));
}

#[test]
fn who_thinks_that_it_is_1970_opened_it_now() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    let told = [
        called(HERE, "here"),
        opened(HERE, 1, 5_000),
        opened(HERE, 2, 1_577_836_799_999),
        opened(HERE, 3, 1_577_836_800_000),
    ];
    write(&mut store, &told, 20);
    let opened: Vec<i64> = folder.ask("SELECT opened_ms FROM connection ORDER BY local_port");
    assert_eq!(opened, [START_MS + 20, START_MS + 20, 1_577_836_800_000]);
}

#[test]
fn what_is_still_there_after_a_restart_goes_on_in_its_row_and_the_rest_stays_closed() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    write(&mut store, &[called(HERE, "here"), open_at(HERE, 1, 10), open_at(HERE, 2, 11)], 20);
    drop(store);
    let mut store = folder.store(START_MS + 60_000);
    // Another number, another time: the same socket of the same agent.
    let mut again = connection(HERE, 1, START_MS + 60_001);
    again.key = key(HERE, 500);
    let again = Record::Told(Located::Opened(again.into()));
    write(&mut store, &[called(HERE, "here"), again, looked(HERE, &[500])], 60_010);
    // After that, the same ports are another connection's.
    write(&mut store, &[open_at(HERE, 2, 60_020), closed_at(HERE, 500, 60_030)], 60_040);
    assert_eq!(rows(&folder), ["10 60020 here 1025 500", "11 9 here 1026 -", "60020 open here 1026 -"]);
}

#[test]
fn after_a_long_break_nothing_goes_on() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    write(&mut store, &[called(HERE, "here"), open_at(HERE, 1, 10)], 20);
    drop(store);
    let mut store = folder.store(START_MS + 700_000);
    write(&mut store, &[called(HERE, "here"), open_at(HERE, 1, 700_001)], 700_010);
    assert_eq!(rows(&folder), ["10 10 here 1025 -", "700001 open here 1025 -"]);
}

#[test]
fn what_got_lost_on_the_way_ends_when_all_is_told_again() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    let first =
        [called(HERE, "here"), called(ELSEWHERE, "there"), open_at(HERE, 1, 10), open_at(HERE, 2, 10)];
    write(&mut store, &first, 20);
    write(&mut store, &[open_at(ELSEWHERE, 1, 12), counters(HERE, 2, 5)], 20);
    write(&mut store, &[open_at(HERE, 1, 10), open_at(HERE, 3, 30), looked(HERE, &[1, 3])], 50);
    assert_eq!(
        rows(&folder),
        ["10 open here 1025 -", "10 40 here 1026 5", "12 open there 1025 -", "30 open here 1027 -"]
    );
}

#[test]
fn a_batch_that_failed_can_be_tried_again_and_nothing_is_doubled() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    write(&mut store, &[called(HERE, "here"), open_at(HERE, 1, 10)], 20);
    let batch = [
        called(ELSEWHERE, "there"),
        open_at(ELSEWHERE, 1, 30),
        open_at(HERE, 2, 30),
        closed_at(HERE, 1, 31),
        looked(HERE, &[2]),
    ];
    // Fails at the last step, when all else has been done.
    store
        .database()
        .execute_batch(
            "CREATE TRIGGER full BEFORE UPDATE ON recording BEGIN SELECT RAISE(ABORT, 'full'); END",
        )
        .unwrap();
    assert!(store.write(&batch, &rules(), START_MS + 40).is_err());
    assert_eq!(rows(&folder), ["10 open here 1025 -"]);
    store.database().execute_batch("DROP TRIGGER full").unwrap();
    write(&mut store, &batch, 50);
    assert_eq!(rows(&folder), ["10 21 here 1025 1", "30 open there 1025 -", "30 open here 1026 -"]);
}

#[test]
fn an_agent_may_get_its_name_late_and_another_one_later() {
    let folder = Folder::new();
    let mut store = folder.store(START_MS);
    write(&mut store, &[open_at(ELSEWHERE, 1, 10)], 20);
    write(&mut store, &[called(ELSEWHERE, "there")], 30);
    assert_eq!(rows(&folder), ["10 open there 1025 -"]);
    write(&mut store, &[called(ELSEWHERE, "yonder")], 30);
    assert_eq!(rows(&folder), ["10 open yonder 1025 -"]);
    // A name that somebody has: from now on its rows are that one's.
    write(
        &mut store,
        &[called(HERE, "here"), open_at(HERE, 1, 40), called(HERE, "yonder"), open_at(HERE, 2, 50)],
        60,
    );
    assert_eq!(rows(&folder), ["10 open yonder 1025 -", "40 open here 1025 -", "50 open yonder 1026 -"]);
}

#[test]
fn nobody_else_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let _store = folder.store(START_MS);
    for path in [folder.path(), super::super::aside::beside(&folder.path(), "-wal")] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

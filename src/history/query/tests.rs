use std::{sync::Arc, time::Duration};

use super::*;
use crate::history::schema::create_or_migrate;

struct Asked {
    folder: tempfile::TempDir,
}

impl Asked {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut database = Connection::open(folder.path().join("h")).unwrap();
        create_or_migrate(&mut database).unwrap();
        database
            .execute_batch(
                "INSERT INTO agent VALUES (1, 'here');
                 INSERT INTO place VALUES (1, 52.5, 13.4, 'Berlin', '', 'DE');
                 INSERT INTO connection (opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, peer_port, place)
                 VALUES (1764000000000, 0, 10, 1, 0, 0, 1, 1, 16843009, 443, 1),
                        (1764000001000, 0, NULL, 1, 0, 0, 1, 2, 134744072, 443, -6);",
            )
            .unwrap();
        Self { folder }
    }

    fn ask_within(&self, sql: &str, limits: Limits) -> Result<Table, QueryError> {
        let nowhere = Arc::new(Geography::new(Vec::new()));
        ask(&self.folder.path().join("h"), nowhere, sql, limits, &Arc::default())
    }

    fn ask(&self, sql: &str) -> Result<Table, QueryError> {
        self.ask_within(sql, Limits::default())
    }
}

fn texts(table: &Table) -> Vec<Vec<String>> {
    (0..table.len()).map(|row| table.row(row).map(|cell| table::shown(cell).into_owned()).collect()).collect()
}

#[test]
fn answers_are_what_stands_there() {
    let asked = Asked::new();
    let table =
        asked.ask("SELECT peer, city, lat, closed IS NULL AS open FROM connections ORDER BY opened").unwrap();
    assert_eq!(table.columns(), ["peer", "city", "lat", "open"]);
    assert_eq!(texts(&table), [["1.1.1.1", "Berlin", "52.5", "0"], ["8.8.8.8", "", "", "1"]]);
}

#[test]
fn what_could_hurt_is_refused() {
    let asked = Asked::new();
    for sql in [
        "DELETE FROM connection",
        "UPDATE connection SET sent = 1",
        "INSERT INTO agent VALUES (9, 'x')",
        "DROP TABLE connection",
        "CREATE TABLE t (x)",
        "CREATE TEMP TABLE t (x)",
        "CREATE VIEW v AS SELECT 1",
        "ATTACH '/tmp/connmapperl-other' AS other",
        "DETACH main",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = ON",
        "PRAGMA query_only = OFF",
        "PRAGMA user_version = 7",
        "VACUUM INTO '/tmp/connmapperl-copy'",
        "REINDEX",
        "ANALYZE",
        "BEGIN",
        "SAVEPOINT s",
        "SELECT load_extension('x')",
        "WITH x AS (SELECT 1) DELETE FROM connection",
        "ALTER TABLE agent RENAME TO a",
        "CREATE TRIGGER t AFTER INSERT ON agent BEGIN SELECT 1; END",
        "SELECT 1; DELETE FROM connection",
    ] {
        let refused = asked.ask(sql);
        assert!(refused.is_err(), "{sql}: {:?}", refused.map(|table| texts(&table)));
    }
    assert_eq!(asked.ask("SELECT count(*) FROM connection").unwrap().cell(0, 0), Cell::Integer(2));
}

#[test]
fn an_endless_question_ends_by_its_time_or_when_it_is_cancelled() {
    let asked = Asked::new();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let short = Limits { time: Duration::from_millis(50), ..Limits::default() };
    assert!(matches!(asked.ask_within(endless, short), Err(QueryError::TooLong(_))));

    let progress = Arc::new(Progress::default());
    let (its, path) = (Arc::clone(&progress), asked.folder.path().join("h"));
    let cancelled = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let forever = Limits { time: Duration::from_secs(3_600), ..Limits::default() };
            ask(&path, Arc::new(Geography::new(Vec::new())), endless, forever, &its)
        });
        progress.cancelled.store(true, Ordering::Relaxed);
        asking.join().unwrap()
    });
    assert!(matches!(cancelled, Err(QueryError::Cancelled)));
}

#[test]
fn an_answer_that_is_too_long_is_cut_and_says_so() {
    let asked = Asked::new();
    let many =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) SELECT i, 'text' FROM n";
    let table = asked.ask_within(many, Limits { rows: 100, ..Limits::default() }).unwrap();
    assert!(table.is_cut);
    assert_eq!(table.len(), 100);
    let table = asked.ask_within(many, Limits { bytes: 1_000, ..Limits::default() }).unwrap();
    assert!(table.is_cut && table.len() < 100);
    assert!(!asked.ask(many).unwrap().is_cut);
}

#[test]
fn what_is_wrong_in_the_text_is_shown_at_its_place() {
    let asked = Asked::new();
    match asked.ask("SELECT peer,\n  nonsense\nFROM connections") {
        Err(QueryError::Text { line: 2, column: 3, message }) => {
            assert!(message.contains("nonsense"), "{message}")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_shipped_questions_can_be_asked() {
    let asked = Asked::new();
    for query in &SHIPPED {
        let answer = asked.ask(query.sql);
        assert!(answer.is_ok(), "{}: {:?}", query.name, answer.err());
    }
}

#[test]
fn functions_read_addresses_and_times() {
    let asked = Asked::new();
    let table = asked
        .ask(
            "SELECT in_net('10.1.2.3', '10.0.0.0/8'), in_net('2001:db8::1', '10.0.0.0/8'), in_net('x', '10.0.0.0/8'), \
             ip_to_int('1.1.1.1'), int_to_ip(16843009), ago('1h') < ago('1m'), country('1.1.1.1')",
        )
        .unwrap();
    assert_eq!(texts(&table), [["1", "0", "", "16843009", "1.1.1.1", "1", ""]]);
}

#[test]
fn rows_lie_where_they_say_or_where_their_address_lies() {
    let asked = Asked::new();
    let nowhere = Geography::new(Vec::new());
    let table = asked.ask("SELECT lat, lon, peer FROM connections ORDER BY opened").unwrap();
    let plotted = points(&table, &nowhere).unwrap();
    assert_eq!((plotted.points, plotted.without_place), (vec![(0, 52.5, 13.4)], 1));
    assert_eq!(points(&asked.ask("SELECT 1 AS x").unwrap(), &nowhere), None);
}

#[test]
fn tables_sort_as_sqlite_does_and_are_written_for_others() {
    let asked = Asked::new();
    let table = asked.ask("SELECT column1 AS \"a,b\" FROM (VALUES (10), (NULL), ('x'), (2.5), (9))").unwrap();
    assert_eq!(table.sorted_by(0, false), [1, 3, 4, 0, 2]);
    let mut csv = Vec::new();
    table.write_csv(&mut csv).unwrap();
    assert_eq!(String::from_utf8(csv).unwrap(), "\"a,b\"\n10\n\"\"\nx\n2.5\n9\n");
    let mut json = Vec::new();
    table.write_json(&mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json[3]["a,b"], 2.5);
}

#[test]
fn json_keeps_every_column_in_its_order() {
    let table = Asked::new().ask("SELECT 2 AS b, 1 AS a, 3 AS b, 'x' AS b_2").unwrap();
    let mut json = Vec::new();
    table.write_json(&mut json).unwrap();
    let text = String::from_utf8(json).unwrap();
    assert_eq!(text, "[\n{\"b\":2,\"a\":1,\"b_2\":3,\"b_2_2\":\"x\"}\n]\n");
}

#[test]
fn integers_and_reals_are_in_one_order() {
    let cells = [
        Cell::Real(-1e300),
        Cell::Integer(i64::MIN + 1),
        Cell::Real(-2.5),
        Cell::Integer(-2),
        Cell::Real(9_007_199_254_740_992.0),
        Cell::Integer(9_007_199_254_740_993),
        Cell::Real(9_007_199_254_740_994.0),
        Cell::Integer(i64::MAX - 1),
        Cell::Real(1e300),
    ];
    for (at, a) in cells.iter().enumerate() {
        for (other, b) in cells.iter().enumerate() {
            assert_eq!(a.compare(b), at.cmp(&other), "{a} {b}");
        }
    }
}

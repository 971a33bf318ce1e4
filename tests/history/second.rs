//! Two programs with one history.

use connmapperl::history::Said;
use rusqlite::{Connection, types::FromSql};

use crate::feed::{Feed, PATIENCE, called, closed, opened};

fn ask<T: FromSql>(path: &std::path::Path, sql: &str) -> Vec<T> {
    let database = Connection::open(path).unwrap();
    let Ok(mut statement) = database.prepare(sql) else {
        return Vec::new();
    };
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn one_records_and_the_other_takes_over_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let peers = |path: &std::path::Path| ask::<i64>(path, "SELECT peer FROM connection ORDER BY 1");
    let first = Feed::start(&path);
    first.tell(vec![opened(1)]);
    while !path.exists() || peers(&path) != [1] {
        std::thread::yield_now();
    }
    let second = Feed::start(&path);
    let problem = second.problem();
    assert!(problem.contains("another connmapperl (process") && !problem.contains('\n'), "{problem}");
    second.tell(vec![opened(1), opened(2)]);
    first.tell(vec![closed(1), opened(3), closed(3), opened(4)]);
    while peers(&path) != [1, 3, 4] {
        std::thread::yield_now();
    }
    assert_eq!(ask::<i64>(&path, "SELECT ended FROM recording"), [0]);
    assert_eq!(ask::<i64>(&path, "SELECT peer FROM connection WHERE lasted_ms IS NULL"), [4]);
    first.end();
    let mut tells_again = false;
    loop {
        match second.said.recv_timeout(PATIENCE).unwrap() {
            Said::TellAgain => tells_again = true,
            Said::Problem(lines) => {
                assert!(lines.is_empty() && tells_again);
                break;
            }
            Said::Facts(_) => {}
        }
    }
    second.tell(vec![called(), opened(4), closed(4)]);
    second.end();
    // The socket that both saw is one row.
    assert_eq!(ask::<i64>(&path, "SELECT count(*) FROM connection WHERE peer = 4"), [1]);
    assert_eq!(ask::<i64>(&path, "SELECT ended FROM recording"), [1, 1]);
}

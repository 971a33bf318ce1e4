//! Killed a hundred times at moments of chance, going on with the same file each time; four files at once.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use connmapperl::history::{LockError, Store, StoreError};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use rusqlite::{Connection, types::FromSql};

use crate::feed::{Feed, closed, opened, unix_millis};

const FILES: u32 = 4;
const KILLS_A_FILE: u32 = 25;
/// Connections of one life have numbers of their own.
const NUMBERS_A_LIFE: u32 = 1_000_000;
/// The thread gathers for a quarter of it.
const MOST_LOST_MS: i64 = 1_000;
const FILE: &str = "CONNMAPPERL_TEST_HISTORY";
const LIFE: &str = "CONNMAPPERL_TEST_LIFE";

/// Not a test, but what is killed: opens ten connections every few milliseconds, closes most of them, and says each time
/// how far it is.
#[test]
#[ignore = "it is started by the test beside it"]
fn writes_until_it_is_killed() {
    let (Ok(path), Ok(life)) = (env::var(FILE), env::var(LIFE)) else {
        return;
    };
    let feed = Feed::start(Path::new(&path));
    let mut id = life.parse::<u32>().unwrap() * NUMBERS_A_LIFE;
    loop {
        let batch = (id + 1..=id + 10).flat_map(|id| {
            let end = (id % 10 != 0).then(|| closed(id));
            std::iter::once(opened(id)).chain(end)
        });
        let now_ms = unix_millis();
        feed.tell(batch.collect());
        id += 10;
        // Past the harness, which holds back what tests print.
        let mut out = fs::OpenOptions::new().append(true).open("/proc/self/fd/1").unwrap();
        writeln!(out, "told {id} {now_ms}").unwrap();
        thread::sleep(Duration::from_millis(3));
    }
}

fn ask<T: FromSql>(database: &Connection, sql: &str) -> Vec<T> {
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Its output is what it told so far.
fn start(path: &Path, life: u32) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FILE, path)
        .env(LIFE, life.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

/// Lets it live so long. Returns what it said last but had to be in the file: number and time.
fn live_and_die(path: &Path, life: u32, lifetime: Duration) -> Vec<(u32, i64)> {
    let (mut child, out) = start(path, life);
    let reading = thread::Builder::new().name("reading".to_owned()).spawn(move || {
        let told = |line: String| {
            let mut words = line.strip_prefix("told ")?.split(' ');
            Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        };
        out.lines().map_while(Result::ok).filter_map(told).collect::<Vec<(u32, i64)>>()
    });
    thread::sleep(lifetime);
    child.kill().unwrap();
    child.wait().unwrap();
    reading.unwrap().join().unwrap()
}

#[test]
fn whoever_is_killed_loses_a_second_at_most_and_nothing_is_damaged_or_doubled() {
    thread::scope(|scope| {
        for file in 0..FILES {
            let name = format!("killer {file}");
            thread::Builder::new().name(name).spawn_scoped(scope, move || kill_and_look(file)).unwrap();
        }
    });
}

#[test]
fn the_right_to_write_goes_with_who_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let (mut child, out) = start(&path, 1);
    let mut lines = out.lines().map_while(Result::ok);
    // It takes the lock before it writes, and goes on telling until somebody reads no more.
    let rows = || {
        let database = path.exists().then(|| Connection::open(&path).ok()).flatten()?;
        database.query_row("SELECT count(*) FROM connection", [], |row| row.get::<_, i64>(0)).ok()
    };
    while rows().unwrap_or(0) == 0 {
        assert!(lines.any(|line| line.starts_with("told ")));
    }
    match Store::open(&path, unix_millis()) {
        Err(StoreError::Lock(LockError::Taken(process))) => assert_eq!(process, Some(child.id())),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two write at once"),
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(Store::open(&path, unix_millis()).is_ok());
}

fn kill_and_look(file: u32) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let mut chance = TestRunner::new_with_rng(
        ProptestConfig::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &[file as u8 + 1; 32]),
    );
    let mut rows = 0;
    // Lives that were long enough for something to have to be there.
    let mut proofs = 0;
    for life in 1..=KILLS_A_FILE {
        let longest = if life % 3 == 0 { 3_000_u64 } else { 700 };
        let lifetime = (20..longest).new_tree(&mut chance).unwrap().current();
        let told = live_and_die(&path, life, Duration::from_millis(lifetime));
        if !path.exists() {
            continue;
        }
        // A copy of what lies there is looked at first: opening it would mend it.
        let database = Connection::open(&path).unwrap();
        if ask::<i64>(&database, "SELECT count(*) FROM sqlite_schema") == [0] {
            continue;
        }
        assert_eq!(ask::<String>(&database, "PRAGMA integrity_check"), ["ok"], "life {life}");
        assert!(
            ask::<i64>(&database, "SELECT peer FROM connection GROUP BY peer HAVING count(*) > 1").is_empty()
        );
        let now: i64 = ask(&database, "SELECT count(*) FROM connection")[0];
        assert!(now >= rows, "what was there once is there still");
        rows = now;
        let newest: i64 = ask(&database, "SELECT coalesce(max(peer), 0) FROM connection")[0];
        if let Some((_, died_ms)) = told.last() {
            let safe = told.iter().rev().find(|(_, at_ms)| *at_ms < died_ms - MOST_LOST_MS);
            let safe = safe.map_or(0, |(id, _)| i64::from(*id));
            proofs += u32::from(safe > 0);
            assert!(newest >= safe, "life {life}: {newest} is the newest of {safe} that should be there");
        }
        let open = "SELECT count(*) FROM connection WHERE lasted_ms IS NULL";
        let was_open: i64 = ask(&database, open)[0];
        let seen_ms: i64 = ask(&database, "SELECT coalesce(max(seen_ms), 0) FROM recording")[0];
        drop(database);
        let store = Store::open(&path, unix_millis()).unwrap();
        assert_eq!(ask::<i64>(store.database(), open), [0]);
        let at_the_mark = format!(
            "SELECT count(*) FROM connection WHERE opened_ms + lasted_ms = {seen_ms} AND peer % 10 = 0"
        );
        assert!(ask::<i64>(store.database(), &at_the_mark)[0] >= was_open);
    }
    assert!(
        rows > 1_000 && proofs > 0,
        "{rows} rows, {proofs} lives: most were killed before they did anything"
    );
}

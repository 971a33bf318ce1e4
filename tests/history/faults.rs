//! Disks and files that fail.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use connmapperl::history::{Keep, Order, Said, create_or_migrate};
use rusqlite::{Connection, types::FromSql};

use crate::feed::{Feed, PATIENCE, closed, opened};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("history.sqlite")
    }

    fn asides(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut asides: Vec<_> = entries
            .filter(|path| path.to_string_lossy().contains("sqlite.damaged-") && !is_journal(path))
            .collect();
        asides.sort();
        asides
    }
}

fn is_journal(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with("-wal") || name.ends_with("-shm")
}

fn ask<T: FromSql>(path: &Path, sql: &str) -> Vec<T> {
    let database = Connection::open(path).unwrap();
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn count(path: &Path) -> i64 {
    ask(path, "SELECT count(*) FROM connection")[0]
}

/// A file system of so many kilobytes; `None`, and says so, where this user may not make one.
struct SmallDisk(Folder);

impl SmallDisk {
    fn new(kilobytes: u32) -> Option<Self> {
        let folder = Folder::new();
        let size = format!("size={kilobytes}k");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.0.path()).status();
        if !mounted.is_ok_and(|status| status.success()) {
            println!("skipped: making a small file system needs root");
            return None;
        }
        Some(Self(folder))
    }

    fn remount(&self, how: &str) {
        let how = format!("remount,{how}");
        assert!(Command::new("mount").args(["-o", &how]).arg(self.0.0.path()).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.0.path()).status();
    }
}

/// A history with some hundred rows, ended as it should be.
fn written(path: &Path, rows: u32) {
    let feed = Feed::start(path);
    feed.tell((1..=rows).flat_map(|id| [opened(id), closed(id)]).collect());
    feed.end();
    assert_eq!(count(path), i64::from(rows));
}

#[test]
fn a_full_disk_is_told_and_what_was_held_is_written_when_there_is_room() {
    let Some(disk) = SmallDisk::new(2_000) else {
        return;
    };
    let ballast = disk.0.0.path().join("ballast");
    fs::write(&ballast, vec![1; 1_500_000]).unwrap();
    let path = disk.0.file();
    let feed = Feed::start(&path);
    let rows = 10_000;
    for first in (1..=rows).step_by(500) {
        feed.tell((first..first + 500).flat_map(|id| [opened(id), closed(id)]).collect());
    }
    let problem = feed.problem();
    assert!(problem.contains("full") && problem.contains("held in memory"), "{problem}");
    fs::remove_file(ballast).unwrap();
    assert_eq!(feed.recovery(), [""; 0]);
    feed.end();
    assert_eq!(count(&path), i64::from(rows));
    assert_eq!(ask::<String>(&path, "PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn what_does_not_fit_into_memory_is_counted() {
    let folder = Folder::new();
    written(&folder.file(), 10);
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let feed = Feed::start(&folder.file());
    assert!(feed.problem().contains("locked"));
    // Twice as many as are held, and they are told while it cannot write.
    for first in (100..131_100).step_by(1_000) {
        feed.tell((first..first + 1_000).map(opened).collect());
    }
    let lost = loop {
        if let Said::Facts(facts) = feed.said.recv_timeout(PATIENCE).unwrap()
            && facts.lost > 0
        {
            break facts.lost;
        }
    };
    other.execute_batch("COMMIT").unwrap();
    let said = feed.recovery();
    feed.end();
    let lost_in_all: u64 = said[0].split(' ').next().unwrap().parse().unwrap();
    assert!(lost_in_all >= lost);
    assert_eq!(count(&folder.file()), 10 + 131_000 - lost_in_all as i64);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_and_tried_again() {
    let Some(disk) = SmallDisk::new(4_000) else {
        return;
    };
    disk.remount("ro");
    let feed = Feed::start(&disk.0.file());
    feed.tell(vec![opened(1)]);
    let problem = feed.problem();
    assert!(problem.contains("history.sqlite") && problem.contains("Read-only"), "{problem}");
    disk.remount("rw");
    feed.recovery();
    feed.end();
    assert_eq!(count(&disk.0.file()), 1);
}

#[test]
fn while_another_program_holds_the_file_nothing_is_lost() {
    let folder = Folder::new();
    let feed = Feed::start(&folder.file());
    feed.tell(vec![opened(1)]);
    while !folder.file().exists() || ask::<i64>(&folder.file(), "SELECT count(*) FROM sqlite_schema") == [0] {
        std::thread::yield_now();
    }
    let other = Connection::open(folder.file()).unwrap();
    other.busy_timeout(PATIENCE).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    feed.tell(vec![opened(2), closed(1)]);
    let problem = feed.problem();
    assert!(problem.contains("locked"), "{problem}");
    feed.tell(vec![opened(3), closed(2)]);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(feed.recovery(), [""; 0]);
    feed.end();
    assert_eq!(ask::<i64>(&folder.file(), "SELECT peer FROM connection ORDER BY peer"), [1, 2, 3]);
}

#[test]
fn a_damaged_file_is_set_aside_whole_and_a_new_one_begun() {
    let garbage: fn(&Path) =
        |path| fs::write(path, "not a database at all, but long enough to be one. ".repeat(400)).unwrap();
    let truncated: fn(&Path) = |path| {
        written(path, 3_000);
        let length = fs::metadata(path).unwrap().len();
        fs::OpenOptions::new().write(true).open(path).unwrap().set_len(length / 3).unwrap();
    };
    let scribbled: fn(&Path) = |path| {
        written(path, 3_000);
        let mut bytes = fs::read(path).unwrap();
        bytes[4_096..].fill(0xa5);
        fs::write(path, bytes).unwrap();
    };
    for spoil in [garbage, truncated, scribbled] {
        let folder = Folder::new();
        spoil(&folder.file());
        let before = fs::read(folder.file()).unwrap();
        let feed = Feed::start(&folder.file());
        feed.tell((5_001..=5_100).map(opened).collect());
        let problem = feed.problem();
        assert!(problem.contains("was damaged") && problem.contains("a new one was begun"), "{problem}");
        feed.tell(vec![opened(5_200)]);
        feed.end();
        let asides = folder.asides();
        assert_eq!(asides.len(), 1, "{asides:?}");
        // SQLite may have noted in it that it was open; the rest is untouched.
        let after = fs::read(&asides[0]).unwrap();
        assert_eq!(after.len(), before.len());
        assert!(problem.contains(&asides[0].display().to_string()), "{problem}");
        let new: Vec<i64> = ask(&folder.file(), "SELECT peer FROM connection ORDER BY peer");
        assert_eq!(new, (5_001..=5_100).chain([5_200]).collect::<Vec<_>>());
    }
}

#[test]
fn what_others_and_later_versions_wrote_is_left_alone() {
    let foreign: fn(&Path) =
        |path| Connection::open(path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let newer: fn(&Path) = |path| {
        let mut database = Connection::open(path).unwrap();
        create_or_migrate(&mut database).unwrap();
        database.pragma_update(None, "user_version", 1_000).unwrap();
    };
    for (make, word) in [(foreign, "another program"), (newer, "newer connmapperl")] {
        let folder = Folder::new();
        make(&folder.file());
        let before = fs::read(folder.file()).unwrap();
        let feed = Feed::start(&folder.file());
        feed.tell(vec![opened(1)]);
        let problem = feed.problem();
        assert!(problem.contains(word), "{problem}");
        feed.end();
        assert_eq!(fs::read(folder.file()).unwrap(), before);
        assert!(folder.asides().is_empty());
    }
}

#[test]
fn a_pause_is_a_gap_and_what_is_open_after_it_is_asked_for() {
    let folder = Folder::new();
    let feed = Feed::start(&folder.file());
    feed.tell(vec![opened(1)]);
    let keep = |records| Order::Keep(Keep { records, ..Keep::default() });
    let records = |wanted| loop {
        if let Said::Facts(facts) = feed.said.recv_timeout(PATIENCE).unwrap()
            && facts.keep.records == wanted
            && facts.first_ms.is_some()
        {
            break;
        }
    };
    records(true);
    feed.orders.send(keep(false)).unwrap();
    records(false);
    assert_eq!(ask::<i64>(&folder.file(), "SELECT count(*) FROM connection WHERE lasted_ms IS NULL"), [0]);
    feed.tell(vec![opened(2)]);
    std::thread::sleep(Duration::from_millis(1));
    feed.orders.send(keep(true)).unwrap();
    while feed.said.recv_timeout(PATIENCE).unwrap() != Said::TellAgain {}
    feed.tell(vec![opened(3)]);
    feed.end();
    let recordings: Vec<i64> = ask(&folder.file(), "SELECT ended FROM recording");
    assert_eq!(recordings, [1, 1]);
    assert!(ask::<i64>(&folder.file(), "SELECT peer FROM connection").contains(&3));
}

#[test]
fn one_program_records_at_a_time_and_the_next_goes_on() {
    let folder = Folder::new();
    let first = Feed::start(&folder.file());
    first.tell(vec![opened(1), opened(2)]);
    // The first has the file as soon as it says how large that is.
    while !matches!(first.said.recv_timeout(PATIENCE).unwrap(), Said::Facts(_)) {}
    let second = Feed::start(&folder.file());
    let said = second.problem();
    assert!(said.contains("history.sqlite: another connmapperl (process "), "{said}");
    second.tell(vec![opened(1), opened(2), opened(3)]);
    second.orders.send(Order::Reset).unwrap();
    assert!(second.problem().contains("nothing was forgotten"));
    first.end();
    assert_eq!(count(&folder.file()), 2, "the second wrote nothing, and closed nothing of the first");
    // All that is open is wanted once more: what was told before went to the first.
    while !matches!(second.said.recv_timeout(PATIENCE).expect("it takes over"), Said::TellAgain) {}
    second.tell(vec![opened(3)]);
    second.end();
    assert_eq!(count(&folder.file()), 3);
    assert_eq!(ask::<i64>(&folder.file(), "SELECT sum(ended) FROM recording"), [2]);
}

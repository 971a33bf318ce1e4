//! Lines of a log and of the files it was rotated to: which, in what order, how many, and how they are shown.

use std::{
    fs,
    io::Write,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use connmapperl::lookup::weblog::{End, Found, LONGEST_LINE_BYTES, MOST_LINES, Progress, search};
use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

pub const ADDRESS: &str = "192.0.2.7";

pub struct Logs {
    folder: TempDir,
}

impl Logs {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn write_packed(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), packed(text.as_ref())).unwrap();
    }

    pub fn search(&self, limit: usize) -> Found {
        search_in(&self.path("access.log"), limit)
    }
}

pub fn packed(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

fn search_in(log: &Path, limit: usize) -> Found {
    search(log, address(), limit, &AtomicBool::new(false), &Progress::default())
}

pub fn address() -> IpAddr {
    ADDRESS.parse().unwrap()
}

pub fn texts(found: &Found) -> Vec<&str> {
    found.lines.iter().map(|line| line.text.as_str()).collect()
}

/// A log's lines, the address in each.
pub fn lines(names: &[&str]) -> String {
    names.iter().map(|name| format!("{ADDRESS} {name}\n192.0.2.70 other\n1{ADDRESS} other\n")).collect()
}

#[test]
fn rotated_files_follow_newest_first() {
    let logs = Logs::new();
    logs.write("access.log", lines(&["g", "h"]));
    logs.write("access.log.1", lines(&["e", "f"]));
    logs.write_packed("access.log.2.gz", lines(&["c", "d"]));
    logs.write_packed("access.log.10.gz", lines(&["a", "b"]));
    logs.write("access.log.bak", lines(&["x"]));
    logs.write("other-access.log.1", lines(&["x"]));
    let found = logs.search(100);
    let expected = ["h", "g", "f", "e", "d", "c", "b", "a"].map(|name| format!("{ADDRESS} {name}"));
    assert_eq!(texts(&found), expected);
    assert_eq!(found.end, End::Searched);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    assert_eq!(*found.lines[5].file, logs.path("access.log.2.gz"));

    let found = logs.search(5);
    assert_eq!(texts(&found), expected[..5], "the newest of a packed file are its last");
    assert_eq!(found.end, End::Enough);
}

#[test]
fn dated_files_follow_newest_first() {
    let logs = Logs::new();
    logs.write("access.log", lines(&["c"]));
    logs.write_packed("access.log-20231231.gz", lines(&["a"]));
    logs.write("access.log-20240101", lines(&["b"]));
    assert_eq!(texts(&logs.search(9)), ["c", "b", "a"].map(|name| format!("{ADDRESS} {name}")));
}

#[test]
fn what_is_being_packed_counts_once() {
    let logs = Logs::new();
    logs.write("access.log", "");
    logs.write("access.log.1", lines(&["a", "b"]));
    logs.write("access.log.1.gz", &packed(lines(&["a", "b"]).as_bytes())[..12]);
    let found = logs.search(9);
    assert_eq!(found.lines.len(), 2);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

#[test]
fn a_file_of_two_names_counts_once() {
    let logs = Logs::new();
    logs.write("access.log", lines(&["a"]));
    fs::hard_link(logs.path("access.log"), logs.path("access.log.1")).unwrap();
    assert_eq!(logs.search(9).lines.len(), 1);
}

#[test]
fn ipv6_is_found_in_other_notation() {
    let logs = Logs::new();
    logs.write("access.log", "2001:DB8:0:0::1 a\n2001:db8::12 b\n10.0.0.1 c \"2001:db8::1, 10.0.0.2\"\n");
    let wanted = "2001:db8::1".parse().unwrap();
    let found = search(&logs.path("access.log"), wanted, 9, &AtomicBool::new(false), &Progress::default());
    assert_eq!(texts(&found), ["10.0.0.1 c \"2001:db8::1, 10.0.0.2\"", "2001:DB8:0:0::1 a"]);
}

#[test]
fn over_long_lines_are_cut_and_said() {
    let logs = Logs::new();
    let long = |bytes: usize| format!("{ADDRESS} {}", "x".repeat(bytes - ADDRESS.len() - 1));
    let text = [LONGEST_LINE_BYTES, LONGEST_LINE_BYTES + 3, 5 << 20].map(long).join("\n");
    logs.write("access.log", &text);
    logs.write_packed("access.log.1.gz", &text);
    let found = logs.search(9);
    let cut: Vec<_> = found.lines.iter().map(|line| line.cut_bytes).collect();
    let most = (5 << 20) - LONGEST_LINE_BYTES as u64;
    assert_eq!(cut, [most, 3, 0, most, 3, 0]);
    assert!(found.lines.iter().all(|line| line.text.len() == LONGEST_LINE_BYTES));
}

#[test]
fn control_characters_are_not_shown() {
    let logs = Logs::new();
    logs.write("access.log", format!("{ADDRESS} \x1b[2J\u{202e}a\tb\r\n").as_bytes());
    assert_eq!(texts(&logs.search(9)), [format!("{ADDRESS} \u{fffd}[2J\u{fffd}a b")]);
}

#[test]
fn nobody_gets_more_than_the_most() {
    let logs = Logs::new();
    logs.write("access.log", format!("{ADDRESS} -\n").repeat(MOST_LINES + 1));
    let found = logs.search(usize::MAX);
    assert_eq!((found.lines.len(), found.end), (MOST_LINES, End::Enough));
    assert!(logs.search(0).lines.is_empty());
}

#[test]
fn progress_counts_bytes_on_disk() {
    let logs = Logs::new();
    let plain = "x\n".repeat(3 << 20);
    logs.write("access.log", &plain);
    logs.write_packed("access.log.1.gz", &plain);
    let on_disk = fs::metadata(logs.path("access.log.1.gz")).unwrap().len() + plain.len() as u64;
    let progress = Progress::default();
    search(&logs.path("access.log"), address(), 9, &AtomicBool::new(false), &progress);
    assert_eq!((progress.done_bytes(), progress.total_bytes()), (on_disk, on_disk));
}

/// The flag is set once the search has begun its work, which a file that never ends shows: it must end all the same.
#[test]
fn a_search_is_cancelled_between_blocks() {
    let logs = Logs::new();
    // 64 GB without a block on the disk.
    fs::File::create(logs.path("access.log")).unwrap().set_len(64 << 30).unwrap();
    let (cancelled, progress) = (AtomicBool::new(false), Progress::default());
    let log = logs.path("access.log");
    std::thread::scope(|scope| {
        let search = scope.spawn(|| search(&log, address(), 9, &cancelled, &progress));
        while progress.total_bytes() == 0 {
            std::thread::yield_now();
        }
        cancelled.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(search.join().unwrap().end, End::Cancelled);
    });
    assert!(progress.done_bytes() < progress.total_bytes());
}

//! Files that cannot be read: each is named with what is wrong, and the others are searched.

use std::{fs, os::unix::fs::PermissionsExt};

use connmapperl::lookup::weblog::{End, Found, Problem};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::logs::{Logs, lines, packed, texts};

/// The one problem there is, as the user reads it.
fn only_problem(found: &Found) -> String {
    assert_eq!(found.problems.len(), 1, "{:?}", found.problems);
    assert_eq!(found.end, End::Searched);
    found.problems[0].to_string()
}

#[test]
fn a_missing_log_does_not_hide_older_ones() {
    let logs = Logs::new();
    logs.write("access.log.1", lines(&["a"]));
    let found = logs.search(9);
    let expected = format!("{}: there is no such file", logs.path("access.log").display());
    assert_eq!(only_problem(&found), expected);
    assert_eq!(found.lines.len(), 1);
}

#[test]
fn without_a_folder_one_thing_is_wrong() {
    let logs = Logs::new();
    let gone = logs.path("gone");
    let found = connmapperl::lookup::weblog::search(
        &gone.join("access.log"),
        super::logs::address(),
        9,
        &false.into(),
        &Default::default(),
    );
    assert!(only_problem(&found).ends_with("there is no such file"));
}

#[test]
fn a_directory_and_a_pipe_are_no_logs() {
    let logs = Logs::new();
    fs::create_dir(logs.path("access.log")).unwrap();
    logs.write("access.log.1", lines(&["a"]));
    let found = logs.search(9);
    assert!(only_problem(&found).ends_with("access.log: a directory, not a log"));
    assert_eq!(found.lines.len(), 1);

    fs::remove_dir(logs.path("access.log")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, logs.path("access.log"), rustix::fs::Mode::RWXU).unwrap();
    assert!(only_problem(&logs.search(9)).ends_with("access.log: not a file"));
}

#[test]
fn what_may_not_be_read_is_said() {
    let logs = Logs::new();
    logs.write("access.log", lines(&["b"]));
    logs.write("access.log.1", lines(&["a"]));
    fs::set_permissions(logs.path("access.log"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read everything, until its thread gives that up.
    let found = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let mut set = capabilities(None).unwrap();
                set.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
                set_capabilities(None, set).unwrap();
                logs.search(9)
            })
            .join()
            .unwrap()
    });
    assert!(only_problem(&found).contains("access.log: permission denied"), "{found:?}");
    assert!(matches!(&found.problems[0], Problem::NotPermitted(path) if *path == logs.path("access.log")));
    assert_eq!(found.lines.len(), 1);
}

#[test]
fn a_damaged_gzip_gives_what_it_has() {
    let logs = Logs::new();
    logs.write("access.log", "");
    let many: Vec<_> = (0..20_000_u32).map(|n| format!("{:x}", n.wrapping_mul(2_654_435_761))).collect();
    let whole = packed(lines(&many.iter().map(String::as_str).collect::<Vec<_>>()).as_bytes());
    logs.write("access.log.1.gz", &whole[..whole.len() / 2]);
    logs.write("access.log.2.gz", "no gzip at all");
    logs.write("access.log.3.gz", "");
    logs.write_packed("access.log.4.gz", lines(&["last"]));
    logs.write("access.log.5.xz", "");
    let found = logs.search(2_000);
    assert_eq!(found.lines.len(), 2_000, "half of a file is more than enough");
    let all = logs.search(usize::MAX);
    assert_eq!(all.end, End::Enough);

    fs::write(logs.path("access.log.1.gz"), &whole[..whole.len() / 40]).unwrap();
    let found = logs.search(2_000);
    let problems: Vec<_> = found.problems.iter().map(ToString::to_string).collect();
    for (number, what) in [
        ("5.xz", "another way"),
        ("1.gz", "damaged gzip"),
        ("2.gz", "damaged gzip"),
        ("3.gz", "damaged gzip"),
    ] {
        let is_said =
            |problem: &String| problem.contains(&format!("access.log.{number}: ")) && problem.contains(what);
        assert!(problems.iter().any(is_said), "{number}: {problems:?}");
    }
    assert_eq!(problems.len(), 4);
    assert!((2..2_000).contains(&found.lines.len()), "{}", found.lines.len());
    assert!(texts(&found).last().unwrap().ends_with(" last"));
}

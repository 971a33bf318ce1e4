//! Whoever reads what the program says may have enough of it: the work goes on, and its exit code stays what it is.

use std::{fs, io::Write, process::Stdio};

use crate::{
    fixture,
    ip2asn::{command, ip2asn, text},
    program::imported,
    update::{has_apnic, server_of_apnic},
};

/// Runs the program with an output that nobody reads, and tells its exit code and what it complains of.
fn unheard(folder: &tempfile::TempDir, arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let (gone, pipe) = std::io::pipe().unwrap();
    drop(gone);
    let mut command = command(folder.path());
    command.args(arguments).stdin(Stdio::piped()).stdout(pipe).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end before it has read all of it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), text(&output.stderr).to_owned())
}

#[test]
fn the_exit_code_is_that_of_the_work() {
    let folder = imported(&["ripe.db"]);
    let many = [&["193.0.0.1"; 200] as &[&str], &["nonsense"]].concat();
    for (arguments, input, code) in [
        (&["8.8.8.8"] as &[&str], "", 0),
        (&["AS4200000000"], "", 1),
        (&["--json", "AS4200000000"], "", 1),
        (&["8.8.8.8", "nonsense"], "", 2),
        // More than waits to be written.
        (&many, "", 2),
        (&[], "AS4200000000\n", 1),
        (&[], "8.8.8.8\n", 0),
        (&["--org", "nosuchname"], "", 1),
        (&["--object", "AS-RIPENCC"], "", 0),
        (&["status"], "", 0),
        (&["--help"], "", 0),
        (&["import", "/nonexistent"], "", 1),
        (&["update", "--only", "apnic"], "", 1),
    ] {
        let (found, told) = unheard(&folder, arguments, input);
        assert_eq!(found, Some(code), "{arguments:?}: {told}");
        assert!(!told.contains("standard output"), "{told}");
    }
    fs::write(folder.path().join("connmapperl/whois/x.whois"), "damaged").unwrap();
    assert_eq!(unheard(&folder, &["status"], "").0, Some(1));
    assert_eq!(unheard(&folder, &["status", "--json"], "").0, Some(1));
}

#[test]
fn an_update_and_an_import_go_on_though_nobody_listens() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    let update = ["update", "--yes", "--only", "delegated-apnic", "--from-base", &server.base];
    assert_eq!(unheard(&folder, &update, ""), (Some(0), String::new()));
    assert!(has_apnic(folder.path(), "2026-09-28"));
    let files = ["ripe.db", "as-org2info"].map(|name| fixture(name).display().to_string());
    assert_eq!(unheard(&folder, &["import", &files[0], &files[1]], ""), (Some(0), String::new()));
    for arguments in [["--object", "AS-RIPENCC"], ["--org", "huawei"]] {
        assert!(ip2asn(folder.path(), &arguments, "").status.success(), "{arguments:?}");
    }
}

#[test]
fn what_is_asked_when_nobody_reads_any_more_is_not_answered() {
    let folder = tempfile::tempdir().unwrap();
    // Standard input may never end: it is left where the first answer could not be told.
    let input = "8.8.8.8\n".repeat(1_000) + "nonsense\n";
    let (code, told) = unheard(&folder, &[], &input);
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("nonsense"), "{told}");
}

#[test]
fn an_update_that_nobody_can_hear_of_is_made_where_nobody_is_asked() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    let run = |more: &[&str]| {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = command(folder.path());
        command.args(["update", "--only", "delegated-apnic", "--from-base", &server.base]).args(more);
        let output = command.stdin(Stdio::null()).stdout(full).output().unwrap();
        (output.status.code(), text(&output.stderr).matches("standard output: No space left").count())
    };
    // Nobody agrees to what they could not read.
    assert_eq!(run(&[]), (Some(3), 1));
    assert!(!has_apnic(folder.path(), "2026-09-28"));
    assert_eq!(run(&["--yes"]), (Some(3), 1));
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

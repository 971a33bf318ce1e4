//! The program `ip2asn` with something imported.

use std::{
    fs,
    io::{Read, Write},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use serde_json::Value;

use crate::{
    ALL, fixture,
    ip2asn::{command, ip2asn, text},
    signals::is_ignored,
};

/// A data folder into which the program has imported these fixtures.
pub fn imported(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = names.iter().map(|name| fixture(name).display().to_string()).collect();
    let arguments: Vec<_> = ["import"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let output = ip2asn(folder.path(), &arguments, "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    folder
}

/// Each line without its blanks at the ends, and those inside as one: a web page shows text so.
fn squeezed(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_originals_example_is_answered_as_the_original_does() {
    let folder = imported(&["delegated-apnic-extended", "as-org2info", "apnic.db.aut-num"]);
    let output = ip2asn(folder.path(), &["94.74.97.164"], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let golden = fs::read_to_string(fixture("golden.txt")).unwrap();
    assert_eq!(text(&output.stdout), golden);
    // All lines of the original's are there, in its order; ours has some more.
    let mut lines = squeezed(&golden).into_iter();
    for line in squeezed(&fs::read_to_string(fixture("original.txt")).unwrap()) {
        assert!(lines.any(|ours| ours == line), "{line}");
    }
}

#[test]
fn every_kind_of_query_has_its_exit_code() {
    let folder = imported(&ALL);
    let code = |arguments: &[&str]| ip2asn(folder.path(), arguments, "").status.code();
    for (arguments, expected) in [
        (&["AS9070"] as &[&str], 0),
        (&["87.116.83.0-87.116.84.0", "2001:67c:2e8::/48", "10.0.0.1"], 0),
        (&["--org", "huawei"], 0),
        (&["--object", "AS-RIPENCC"], 0),
        (&["AS4200000000"], 1),
        (&["--org", "nosuchname"], 1),
        (&["--object", "AS-NOSUCH"], 1),
        (&["AS4200000000", "nonsense", "8.8.8.8"], 2),
        (&["1.2.3.4-1.2.3.3"], 2),
        (&["--no-such-option"], 2),
    ] {
        assert_eq!(code(arguments), Some(expected), "{arguments:?}");
    }
}

#[test]
fn json_names_the_source_of_each_part() {
    let folder = imported(&ALL);
    let output = ip2asn(folder.path(), &["--json", "193.0.0.1"], "");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["address"], "193.0.0.1");
    let whois = &answer["whois"];
    assert_eq!(whois["delegations"][0]["source"]["name"], "delegated-ripencc");
    assert_eq!(whois["delegations"][0]["source"]["date"], "2026-09-28");
    assert_eq!(whois["holder_asns"][0]["start"], "3333");
    assert_eq!(whois["networks"][0]["title"], "inetnum: 193.0.0.0-193.0.0.255");
    assert_eq!(whois["aut_nums"][0]["peers"][0]["name"], "AS1103");
    let output = ip2asn(folder.path(), &["--json", "--org", "ripe ncc"], "");
    let first: Value = serde_json::from_str(text(&output.stdout).lines().next().unwrap()).unwrap();
    assert_eq!((&first["asns"][0], &first["country_code"]), (&Value::from(3_333), &Value::from("NL")));
}

#[test]
fn explain_says_which_source_of_which_date() {
    let folder = imported(&ALL);
    let output = ip2asn(folder.path(), &["--explain", "193.0.0.1"], "");
    let answer = text(&output.stdout);
    for line in [
        "registry and holder: delegated-ripencc of 2026-09-28, ",
        "names: as-org2info of ",
        "aut-num: as03333: rpsl-ripe.db of ",
        "place: DB-IP City Lite",
    ] {
        assert!(answer.contains(line), "{line} in {answer}");
    }
}

#[test]
fn peers_stand_in_place_of_the_policy() {
    let folder = imported(&ALL);
    let output = ip2asn(folder.path(), &["--peers", "AS3333"], "");
    let answer = text(&output.stdout);
    assert!(answer.contains("10 Peers of aut-num: as03333"), "{answer}");
    assert!(
        answer.contains("\nAS1103: import export\n") && answer.contains("\nPRNG-IX: import\n"),
        "{answer}"
    );
    assert!(!answer.contains("accept ANY"), "{answer}");
}

#[test]
fn standard_input_gets_a_few_lines_each_and_bad_ones_are_named() {
    let folder = imported(&ALL);
    let output = ip2asn(folder.path(), &[], "94.74.97.164\nnonsense\n\n196.10.52.1\nAS9070\n");
    let answer = text(&output.stdout);
    assert!(answer.contains("  apnic SG 94.74.64.0-94.74.127.255 allocated A917E678\n"), "{answer}");
    assert!(answer.contains("  afrinic ZA 196.10.51.0-196.10.53.255 assigned F36B9F4B\n"), "{answer}");
    assert!(!answer.contains("remarks:"), "{answer}");
    assert!(text(&output.stderr).contains("line 2: \"nonsense\""), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_brief_answer_has_a_line_of_what_a_routing_registry_says_of_the_system() {
    let folder = imported(&["arin.db", "lacnic.db"]);
    let lines = |query: &str| {
        let output = ip2asn(folder.path(), &["--brief", query], "");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let of_arin = "  aut-num: AS14773, LANLEB-IU13, Lancaster-Lebanon IU13 WAN Consortium";
    for (query, line) in [("AS14773", of_arin), ("AS278", "  aut-num: 278, Description")] {
        let answer = lines(query);
        assert_eq!(answer.iter().filter(|told| *told == line).count(), 1, "{answer:#?}");
    }
    // One of an address that it announces, too; of a number that no table knows it is all there is.
    let dump = folder.path().join("x.db");
    fs::write(&dump, "aut-num: AS4199999999\nas-name: OWN\ndescr: Ours\n\naut-num: AS3333\nas-name: NCC\n")
        .unwrap();
    assert!(ip2asn(folder.path(), &["import", dump.to_str().unwrap()], "").status.success());
    assert_eq!(lines("AS4199999999")[1..], ["  aut-num: AS4199999999, OWN, Ours"]);
    assert!(
        lines("193.0.6.139").contains(&"  aut-num: AS3333, NCC".to_owned()),
        "{:#?}",
        lines("193.0.6.139")
    );
}

#[test]
fn a_folder_is_imported_and_what_is_no_source_passed_over() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::copy(fixture("ripe.db"), files.path().join("ripe.db")).unwrap();
    fs::write(files.path().join("README"), "Nothing to import.\n").unwrap();
    fs::write(
        files.path().join("bad.db"),
        "aut-num: AS1\nsource: X\n\naut-num: AS2\nsource: X\n\naut-num: bad\n",
    )
    .unwrap();
    let data = folder.path().join("elsewhere");
    let (data, from) = (data.to_str().unwrap(), files.path().to_str().unwrap());
    let output = ip2asn(folder.path(), &["import", "--data", data, from], "");
    let (told, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{errors}");
    assert!(
        told.contains("rpsl-bad.db: 2 records, 1 rejected of ") && told.contains("line 7: no AS number"),
        "{told}"
    );
    assert!(errors.contains("README: passed over"), "{errors}");
    assert!(ip2asn(folder.path(), &["--data", data, "AS3333", "--brief"], "").status.success());
    // Named itself, it is a mistake.
    let readme = files.path().join("README");
    let output = ip2asn(folder.path(), &["import", readme.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn status_lists_what_is_loaded_and_where_the_rest_is() {
    let folder = imported(&["delegated-apnic-extended", "as-org2info", "delegated-plain"]);
    let output = ip2asn(folder.path(), &["status"], "");
    let told = text(&output.stdout);
    for line in [
        "loaded: delegated-apnic (delegated) of 2026-09-28",
        "loaded: as-org2info",
        "the plain form without opaque ids",
        "missing: delegated of ripencc\n  https://ftp.ripe.net/",
        "missing: RPSL of lacnic\n  https://",
        "ip2asn update fetches",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    assert!(!told.contains("missing: delegated of apnic"), "{told}");
    let output = ip2asn(folder.path(), &["status", "--json"], "");
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (status["loaded"].as_array().unwrap().len(), status["missing"].as_array().unwrap().len()),
        (3, 9)
    );
}

#[test]
fn status_tells_a_registrys_dumps_apart() {
    let folder = imported(&["lacnic.db", "ripe.db"]);
    let output = ip2asn(folder.path(), &["status"], "");
    let told = text(&output.stdout);
    assert!(
        told.contains("missing: RPSL of lacnic\n  https://ftp.lacnic.net/lacnic/irr/lacnic.db.gz"),
        "{told}"
    );
    assert!(!told.contains("https://ftp.lacnic.net/lacnic/dbase/lacnic.db.gz"), "{told}");
    assert!(!told.contains("missing: RPSL of ripe\n"), "all of RIPE's has its aut-nums: {told}");
}

/// What is in a folder of indexes.
fn names_in(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path().join("connmapperl/whois")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A dump that takes a while to import.
fn large_dump(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("ripe.db");
    let mut file = fs::File::create(&path).unwrap();
    for i in 0..400_000 {
        write!(file, "aut-num: AS{i}\nas-name: N{i}\ndescr: a network of somebody\nsource: RIPE\n\n")
            .unwrap();
    }
    write!(file, "aut-num: AS4199999999\nas-name: LAST\nsource: RIPE\n").unwrap();
    path.to_str().unwrap().to_owned()
}

/// An import is at work as soon as its file is there.
fn wait_until_it_writes(folder: &tempfile::TempDir, child: &mut Child) {
    while !names_in(folder).iter().any(|name| name.starts_with(".importing-")) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was seen");
    }
}

/// Begins an import that takes a while, ends it by a signal as soon as it writes, and tells how it ended and its folder. What
/// was there before is.
fn import_until(signal: Signal) -> (ExitStatus, tempfile::TempDir) {
    let folder = imported(&["ripe.db"]);
    let mut child = command(folder.path())
        .args(["import", &large_dump(&folder)])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until_it_writes(&folder, &mut child);
    kill_process(Pid::from_child(&child), signal).unwrap();
    let status = child.wait().unwrap();
    let mut told = String::new();
    child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(told, "");
    let output = ip2asn(folder.path(), &["AS3333"], "");
    assert!(text(&output.stdout).contains("RIPE-NCC-AS"), "{}", text(&output.stdout));
    (status, folder)
}

#[test]
fn a_killed_import_leaves_what_was_there() {
    let (status, folder) = import_until(Signal::KILL);
    assert_eq!(status.signal(), Some(9));
    // What it left half written goes with the next import.
    assert!(names_in(&folder).iter().any(|name| name.starts_with(".importing-")), "{:?}", names_in(&folder));
    let file = fixture("as-org2info").display().to_string();
    assert!(ip2asn(folder.path(), &["import", &file], "").status.success());
    assert_eq!(names_in(&folder), [".import.lock", "as-org2info.whois", "rpsl-ripe.db.whois"]);
}

#[test]
fn an_interrupted_import_leaves_what_was_there_and_nothing_else() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        if is_ignored(signal) {
            continue;
        }
        let (status, folder) = import_until(signal);
        assert_eq!(status.code(), Some(code));
        assert_eq!(names_in(&folder), [".import.lock", "rpsl-ripe.db.whois"]);
    }
}

#[test]
fn an_import_that_was_started_to_ignore_signals_does() {
    let folder = imported(&["ripe.db"]);
    let path = large_dump(&folder);
    let mut shell = Command::new("sh");
    let script = "trap '' HUP INT TERM; exec \"$0\" import \"$1\"";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_ip2asn"), &path]);
    let mut child = shell.env("XDG_DATA_HOME", folder.path()).stdout(Stdio::null()).spawn().unwrap();
    wait_until_it_writes(&folder, &mut child);
    for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
        kill_process(Pid::from_child(&child), signal).unwrap();
    }
    assert!(child.wait().unwrap().success());
    assert!(ip2asn(folder.path(), &["AS4199999999"], "").status.success());
}

#[test]
fn with_too_few_files_to_open_it_says_so_and_does_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (mut refused, path) = (0, fixture("ripe.db").display().to_string());
    for files in 4..40 {
        let mut shell = Command::new("sh");
        let script = format!("ulimit -n {files}; exec \"$0\" import \"$1\"");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_ip2asn"), &path]);
        let output = shell.env("XDG_DATA_HOME", folder.path()).output().unwrap();
        let told = text(&output.stderr);
        match output.status.code() {
            Some(0) => {}
            // Of the system's loader, which the program's messages are not.
            Some(127) => {}
            code => {
                assert_eq!(code, Some(1), "{files} files: {told}");
                assert!(
                    told.contains("Too many open files") && !told.contains("panicked"),
                    "{files} files: {told}"
                );
                refused += 1;
            }
        }
    }
    assert!((1..36).contains(&refused), "{refused}");
}

#[test]
fn a_dump_of_many_blocks_is_found_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.db");
    // Objects of all sizes, so that blocks end at all places.
    let object = |i: usize| format!("aut-num: AS{i}\nas-name: N{i}\nremarks: {}\n\n", "x y ".repeat(i % 97));
    fs::write(&path, (0..60_000).map(object).collect::<String>()).unwrap();
    assert!(ip2asn(folder.path(), &["import", path.to_str().unwrap()], "").status.success());
    let asked: Vec<_> = (0..60_000).step_by(119).collect();
    let input: String = asked.iter().map(|i| format!("AS{i}\n")).collect();
    let output = ip2asn(folder.path(), &["--json", "--full"], &input);
    assert!(output.status.success());
    for (i, line) in asked.iter().zip(text(&output.stdout).lines()) {
        let answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["whois"]["aut_nums"][0]["text"], object(*i).replace("\n\n", "\n"));
    }
}

#[test]
fn what_is_not_found_is_said_and_not_left_to_silence() {
    let folder = imported(&["ripe.db"]);
    for (arguments, problem) in [
        (&["--object", "AS-NOSUCH"] as &[&str], "the key \"AS-NOSUCH\""),
        (&["--org", "nosuchname"], "\"nosuchname\""),
        (&["AS4294967296"], "no AS number: they go up to 4294967295"),
    ] {
        let output = ip2asn(folder.path(), arguments, "");
        assert!(text(&output.stderr).contains(problem), "{problem} in {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
    let empty = tempfile::tempdir().unwrap();
    let output = ip2asn(folder.path(), &["import", empty.path().to_str().unwrap()], "");
    assert!(text(&output.stderr).contains("there are no files in it"), "{}", text(&output.stderr));
}

#[test]
fn what_is_told_of_imports_and_updates_fits_into_a_terminal() {
    let folder = imported(&["delegated-apnic-extended", "as-org2info", "delegated-plain", "ripe.db"]);
    for arguments in
        [&["status", "--rejected"] as &[&str], &["update"], &["update", "--help"], &["import", "--help"]]
    {
        let output = ip2asn(folder.path(), arguments, "");
        let is_long = |line: &&str| line.chars().count() > 80 && !line.contains('/');
        let long: Vec<_> = text(&output.stdout).lines().filter(is_long).collect();
        assert!(long.is_empty(), "{arguments:?}: {long:#?}");
    }
}

#[test]
fn a_name_of_which_nothing_is_left_is_refused_before_anything_is_replaced() {
    let folder = imported(&["ripe.db"]);
    let dump = fixture("ripe.db").display().to_string();
    for name in ["", ".", "..", "--"] {
        let output = ip2asn(folder.path(), &["import", &format!("--as={name}"), &dump], "");
        let told = text(&output.stderr);
        assert!(!output.status.success() && told.contains("is no name"), "{name:?}: {told}");
    }
    assert!(ip2asn(folder.path(), &["--object", "AS-RIPENCC"], "").status.success(), "what was there is");
}

#[test]
fn what_somebody_wrote_into_a_registry_reaches_the_terminal_as_text_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("x.db");
    fs::write(
        &dump,
        "aut-num: AS64501\nas-name: ESC\x1b]0;pwn\x07\nimport: from \x1b[31mAS1 accept ANY\nsource: TEST\n",
    )
    .unwrap();
    let output = ip2asn(folder.path(), &["import", dump.to_str().unwrap()], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = ip2asn(folder.path(), &["AS64501"], "");
    let is_plain = |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\n' | b'\t');
    assert!(output.stdout.iter().all(is_plain), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("ESC?]0;pwn?"), "{}", text(&output.stdout));
}

#[test]
fn a_line_that_is_no_query_is_not_kept_and_the_next_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let input = format!("{}\n8.8.8.8\n", "x".repeat(3_000_000));
    let output = ip2asn(folder.path(), &[], &input);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("8.8.8.8"), "{}", text(&output.stdout));
    let told = text(&output.stderr);
    assert!(told.contains("line 1: longer than 4096 bytes") && told.len() < 2_000, "{}", told.len());
}

/// Runs the program with an output that takes nothing.
fn into_nowhere(folder: &tempfile::TempDir, arguments: &[&str]) -> (Option<i32>, String) {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command(folder.path()).args(arguments).stdin(Stdio::null()).stdout(full).output().unwrap();
    (output.status.code(), text(&output.stderr).to_owned())
}

#[test]
fn an_import_goes_on_though_nobody_can_hear_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["ripe.db", "as-org2info"].map(|name| fixture(name).display().to_string());
    let (code, told) = into_nowhere(&folder, &["import", &paths[0], &paths[1]]);
    assert_eq!(code, Some(3));
    assert_eq!(told.matches("standard output: No space left").count(), 1, "{told}");
    assert!(ip2asn(folder.path(), &["--object", "AS-RIPENCC"], "").status.success());
    assert!(ip2asn(folder.path(), &["--org", "huawei"], "").status.success());
}

#[test]
fn an_answer_that_cannot_be_written_has_an_exit_code_of_its_own() {
    let folder = imported(&["ripe.db"]);
    for arguments in [
        &["8.8.8.8"] as &[&str],
        &["--json", "8.8.8.8"],
        &["--object", "AS-RIPENCC"],
        &["--org", "ripe"],
        &["status"],
        &["status", "--json"],
        &["update"],
    ] {
        let (code, told) = into_nowhere(&folder, arguments);
        assert_eq!(code, Some(3), "{arguments:?}: {told}");
        assert_eq!(told.matches("standard output: No space left").count(), 1, "{arguments:?}: {told}");
    }
    // Whoever stops reading has enough.
    let (gone, pipe) = std::io::pipe().unwrap();
    drop(gone);
    let output = command(folder.path()).arg("8.8.8.8").stdout(pipe).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn json_leaves_nothing_out_wherever_the_query_comes_from() {
    let folder = imported(&ALL);
    let asked = |arguments: &[&str], input: &str| {
        let output = ip2asn(folder.path(), arguments, input);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    let named = asked(&["--json", "193.0.0.1", "AS3333"], "");
    assert!(named.contains("inetnum: 193.0.0.0-193.0.0.255") && named.contains("ORG-RIEN1-RIPE"), "{named}");
    assert_eq!(asked(&["--json"], "193.0.0.1\nAS3333\n"), named);
    // What is short has left out some.
    let output = ip2asn(folder.path(), &["--json", "--brief", "193.0.0.1"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("cannot be used with"), "{}", text(&output.stderr));
}

#[test]
fn names_are_found_though_nothing_that_was_imported_has_any() {
    let folder = imported(&["delegated-ripencc-extended"]);
    let output = ip2asn(folder.path(), &["--org", "cloudflare"], "");
    assert!(output.status.success() && text(&output.stdout).contains("AS13335"), "{}", text(&output.stdout));
}

#[test]
fn a_name_is_found_by_all_of_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let dump = "aut-num: AS64500\nas-name: WORKS\ndescr:\n+ Nameless\n  Wireworks\ndescr: Street 7\nsource: RIPE\n\n";
    let (code, told) = crate::kept::import(&folder, "ripe.db", dump, &["--force"]);
    assert_eq!(code, Some(0), "{told}");
    let found = |name: &str| ip2asn(folder.path(), &["--org", name], "").status.success();
    assert!(found("nameless wireworks") && found("works"));
    let street = ip2asn(folder.path(), &["--org", "street"], "");
    assert!(!text(&street.stdout).contains("AS64500"), "an address is no name");
}

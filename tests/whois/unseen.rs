//! Names of files and arguments that would begin a line of their own, move the cursor or turn text around: they are told as
//! what they are, and say nothing for the program. And names that look alike are kept apart.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::OsStringExt,
    path::Path,
    process::Stdio,
};

use connmapperl::lookup::show::is_unseen;

use crate::{
    fixture,
    ip2asn::{command, ip2asn, text},
};

const FAKED: &str = "ip2asn: all is well";
/// What a query of two lines would begin a line with.
const FAKED_QUERY: &str = "193.0.0.2";

fn told(folder: &Path, arguments: &[&OsStr]) -> String {
    let output = command(folder).args(arguments).stdin(Stdio::null()).output().unwrap();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// That no line is another's, and nothing in one turns or hides it.
fn assert_plain(told: &str, what: &[&OsStr]) {
    let is_faked = |line: &str| [FAKED, FAKED_QUERY].iter().any(|faked| line.trim_start().starts_with(faked));
    assert!(!told.lines().any(is_faked), "{what:?}: {told:?}");
    assert!(!told.contains(|c: char| is_unseen(c) && !matches!(c, '\n' | '\t')), "{what:?}: {told:?}");
}

#[test]
fn a_files_name_begins_no_line_of_its_own_and_turns_none() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let evil = |name: &str| files.path().join(format!("x\n{FAKED}\u{202e}\x1b[2J{name}"));
    let [dump, other, older, missing, data, folders] =
        ["ripe.db", "none", "b.jsonl", "missing", "data", "folders"].map(evil);
    fs::copy(fixture("ripe.db"), &dump).unwrap();
    fs::copy(fixture("as-org2info"), evil("a")).unwrap();
    fs::copy(fixture("as-org2info.jsonl"), &older).unwrap();
    fs::write(&other, "Nothing.\n").unwrap();
    fs::create_dir(&folders).unwrap();
    let word: fn(&str) -> &OsStr = OsStr::new;
    for arguments in [
        &[word("import"), dump.as_os_str(), other.as_os_str()] as &[&OsStr],
        &[word("import"), older.as_os_str()],
        &[word("import"), files.path().as_os_str()],
        &[word("import"), missing.as_os_str()],
        &[word("import"), folders.as_os_str()],
        &[word("import"), word("--as"), missing.file_name().unwrap(), dump.as_os_str()],
        &[word("import"), word("--as"), word("\n"), dump.as_os_str()],
        &[word("status"), word("--rejected")],
        &[word("--explain"), word("AS3333")],
        &[word("--explain"), word("--org"), word("huawei")],
        &[word("--explain"), word("--object"), word("AS-RIPENCC")],
        &[word("status"), word("--data"), data.as_os_str()],
        &[word("status"), word("--data"), other.as_os_str()],
        &[word("update"), word("--data"), data.as_os_str()],
        &[word("update"), word("--only"), missing.file_name().unwrap()],
        &[word("update"), word("--from-base"), missing.file_name().unwrap()],
        &[missing.file_name().unwrap()],
        &[word("--org"), word("-\n-")],
        &[word("--brief"), word("193.0.0.1 -\n193.0.0.2")],
        &[word("193.0.0.1 -\n193.0.0.2")],
    ] {
        let told = told(folder.path(), arguments);
        assert!(!told.is_empty());
        assert_plain(&told, arguments);
    }
    // Where the name is told it is whole.
    let said = told(folder.path(), &[word("--explain"), word("AS3333")]);
    assert!(said.contains("x?ip2asn: all is well??[2Jripe.db"), "{said}");
}

#[test]
fn an_argument_that_is_wrong_begins_no_line_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let evil = format!("--x\n{FAKED}\u{202e}\x1b[2J");
    let value = format!("--timeout=1\n{FAKED}\u{202e}");
    let latin = OsString::from_vec(b"--x\xe9\n".to_vec());
    let word: fn(&str) -> &OsStr = OsStr::new;
    for arguments in [
        &[word(&evil)] as &[&OsStr],
        &[word("update"), word(&value)],
        &[word("import"), word(&evil)],
        &[word("--peers"), word(&evil), word("--help")],
        &[latin.as_os_str()],
    ] {
        let output = command(folder.path()).args(arguments).stdin(Stdio::null()).output().unwrap();
        let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_plain(&told, arguments);
        assert!(told.contains("error: ") && output.status.code() == Some(2), "{arguments:?}: {told}");
    }
    let said = told(folder.path(), &[word(&evil)]);
    assert!(said.contains("'--x?ip2asn: all is well??[2J'"), "{said}");
    // Help goes where it is asked for.
    let output = ip2asn(folder.path(), &["update", "--help"], "");
    assert!(output.status.success() && text(&output.stdout).contains("--from-base <URL>"));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn names_that_differ_in_letters_of_any_language_alone_have_places_of_their_own() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let names = [
        OsString::from("données.db"),
        OsString::from("donnèes.db"),
        // The same two, as some systems write them.
        OsString::from("donne\u{301}es.db"),
        OsString::from("donne\u{300}es.db"),
        // And as old ones did, where no letter before is the same.
        OsString::from_vec(b"m\xe9.db".to_vec()),
        OsString::from_vec(b"m\xe8.db".to_vec()),
        OsString::from("データ.db"),
        OsString::from("ほ".repeat(80) + ".db"),
    ];
    for (number, name) in names.iter().enumerate() {
        let dump = format!("aut-num: AS{}\nas-name: N\nsource: OWN\n", 4_199_999_000 + number);
        fs::write(files.path().join(name), dump).unwrap();
    }
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    for number in 0..names.len() {
        let query = format!("AS{}", 4_199_999_000 + number);
        assert!(ip2asn(folder.path(), &[&query], "").status.success(), "{query}");
    }
    assert!(text(&ip2asn(folder.path(), &["status"], "").stdout).contains("loaded: rpsl-données.db (RPSL)"));
    // Long ones that differ at their ends, and short ones that differ in what no file's name may have.
    let (folder, dump) = (tempfile::tempdir().unwrap(), files.path().join("own.db"));
    let long = "n".repeat(300);
    let names = [&format!("{long}a"), &format!("{long}b"), "a b", "a_b", "a/b", ".a_b", "a%20b"];
    for (number, name) in names.iter().enumerate() {
        fs::write(&dump, format!("aut-num: AS{number}\nas-name: N\nsource: OWN\n")).unwrap();
        let output = ip2asn(folder.path(), &["import", "--as", name, dump.to_str().unwrap()], "");
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        assert!(!text(&output.stdout).contains("replaces"), "{name}: {}", text(&output.stdout));
    }
    for number in 0..names.len() {
        let answer = ip2asn(folder.path(), &[&format!("AS{number}")], "");
        assert!(text(&answer.stdout).contains("as-name: N"), "{number}: {}", text(&answer.stdout));
    }
    // As a name of one's own, too.
    let dump = fixture("ripe.db").display().to_string();
    for name in ["été", "日本"] {
        assert!(ip2asn(folder.path(), &["import", "--as", name, &dump], "").status.success(), "{name}");
    }
}

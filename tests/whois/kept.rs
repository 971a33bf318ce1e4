//! What may take the place of what is kept: nothing that has lost some of its records, unless somebody says that it is
//! meant.

use std::{
    fs,
    os::unix::fs::symlink,
    time::{Duration, SystemTime},
};

use crate::{
    fixture, gzip,
    ip2asn::{ip2asn, text},
    program::imported,
    update::{server_of_apnic, update},
};

/// Imports a file of this content, and tells exit code and messages.
pub fn import(folder: &tempfile::TempDir, name: &str, content: &str, more: &[&str]) -> (Option<i32>, String) {
    let file = folder.path().join(name);
    fs::write(&file, content).unwrap();
    let arguments = [&["import", file.to_str().unwrap()], more].concat();
    let output = ip2asn(folder.path(), &arguments, "");
    (output.status.code(), text(&output.stderr).replace(&file.display().to_string(), name))
}

/// What `status` says that there is.
pub fn status(folder: &tempfile::TempDir) -> String {
    text(&ip2asn(folder.path(), &["status"], "").stdout).to_owned()
}

pub fn content(name: &str) -> String {
    fs::read_to_string(fixture(name)).unwrap()
}

#[test]
fn a_delegated_file_that_is_cut_off_replaces_no_whole_one() {
    let folder = imported(&["delegated-apnic-extended"]);
    let file = folder.path().join("apnic");
    let whole = fs::read_to_string(fixture("delegated-apnic-extended")).unwrap();
    let lines: Vec<_> = whole.lines().collect();
    fs::write(&file, lines[..lines.len() - 5].join("\n")).unwrap();
    let import = ["import", file.to_str().unwrap()];
    let output = ip2asn(folder.path(), &import, "");
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    let expected = format!("{}: cut off: it has 9 records, and says that there are 14", file.display());
    assert!(told.contains(&expected), "{told}");
    let status = ip2asn(folder.path(), &["status"], "");
    assert!(text(&status.stdout).contains("14 records"), "{}", text(&status.stdout));
}

#[test]
fn where_header_and_summaries_disagree_as_many_records_as_one_of_them_says_are_all() {
    let whole = content("delegated-apnic-extended");
    let of_header = |count: u32| whole.replacen("|14||", &format!("|{count}||"), 1);
    let folder = imported(&["delegated-apnic-extended"]);
    for count in [13, 14, 18] {
        assert_eq!(import(&folder, "new", &of_header(count), &[]), (Some(0), String::new()), "{count}");
        let told = status(&folder).split_whitespace().collect::<Vec<_>>().join(" ");
        let doubt =
            format!("its header says that there are {count} records, and its summaries 14: it has 14");
        assert_eq!(told.contains(&doubt), count != 14, "{told}");
    }
    // Neither as many as the one says nor as the other.
    let more = of_header(18) + "apnic|AU|asn|64500|1|20110811|allocated|A9199999\n";
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    let fewer = of_header(13)[..last].to_owned();
    let fewer = fewer.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
    for (content, found, told) in [(more, 15, 18), (fewer, 12, 14)] {
        let (code, said) = import(&folder, "new", &content, &[]);
        let expected = format!("new: cut off: it has {found} records, and says that there are {told};");
        assert!(code == Some(1) && said.contains(&expected), "{said}");
    }
}

#[test]
fn what_is_kept_and_cannot_be_read_is_not_replaced() {
    let folder = imported(&["ripe.db"]);
    let (dump, server) = (fixture("ripe.db"), server_of_apnic());
    let indexes = folder.path().join("connmapperl/whois");
    // A link that leads to itself can be read by nobody, whatever rights they have.
    for name in ["rpsl-ripe.db.whois", "delegated-apnic.whois"] {
        let _ = fs::remove_file(indexes.join(name));
        symlink(name, indexes.join(name)).unwrap();
    }
    let kept = indexes.join("rpsl-ripe.db.whois").display().to_string();
    let output = ip2asn(folder.path(), &["import", dump.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let expected = format!(
        "{}: nothing is replaced, as what is kept cannot be read: {kept}: Too many levels of symbolic links",
        dump.display()
    );
    assert!(text(&output.stderr).contains(&expected), "{}", text(&output.stderr));
    assert!(fs::symlink_metadata(&kept).unwrap().is_symlink());
    let output = update(folder.path(), &server, "delegated-apnic");
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains("delegated-apnic: what is kept cannot be read, and stays: "), "{told}");
    assert!(told.contains("/delegated-apnic.whois: Too many levels"), "{told}");
    assert!(!text(&output.stdout).contains("MB fetched"), "{}", text(&output.stdout));
    // Who wants it replaced whatever it is says so.
    let output = ip2asn(folder.path(), &["import", "--force", dump.to_str().unwrap()], "");
    let told = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(output.status.success() && told.contains("worth more: it cannot be read"), "{told}");
    assert!(!fs::symlink_metadata(&kept).unwrap().is_symlink());
}

#[test]
fn broken_lines_are_no_records_that_a_file_announces() {
    let folder = imported(&["delegated-apnic-extended"]);
    let whole = content("delegated-apnic-extended");
    let broken = whole.replace("|allocated|", "|4llocated|");
    let (code, told) = import(&folder, "apnic", &broken, &[]);
    assert_eq!(code, Some(1));
    let expected =
        "apnic: only 5 of its 14 records can be used, and 14 are kept (line 8: the status is no word";
    assert!(told.contains(expected) && told.contains("--force"), "{told}");
    assert!(status(&folder).contains("  14 records\n"), "{}", status(&folder));
    assert_eq!(import(&folder, "apnic", &broken, &["--force"]).0, Some(0));
    assert!(status(&folder).contains("  5 records, 9 rejected\n"), "{}", status(&folder));
    // What is there now is no better, and where nothing is there a part is better than that.
    assert_eq!(import(&folder, "apnic", &broken, &[]).0, Some(0));
    assert_eq!(import(&tempfile::tempdir().unwrap(), "apnic", &broken, &[]).0, Some(0));
}

#[test]
fn one_broken_line_of_hundreds_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = |broken: usize| {
        let mut text = "2|apnic|20260928|300||20260928|+1000\n".to_owned();
        for i in 0..300 {
            let status = if i < broken { "4llocated" } else { "allocated" };
            text += &format!("apnic|AU|asn|{}|1|20110811|{status}|A\n", 1_000 + i);
        }
        text
    };
    assert_eq!(import(&folder, "apnic", &file(0), &[]).0, Some(0));
    assert_eq!(import(&folder, "apnic", &file(3), &[]).0, Some(0));
    assert!(status(&folder).contains("  297 records, 3 rejected\n"), "{}", status(&folder));
    assert_eq!(import(&folder, "apnic", &file(4), &[]).0, Some(1));
}

#[test]
fn an_as_org2info_that_is_cut_off_replaces_no_whole_one() {
    let folder = imported(&["as-org2info"]);
    let (tables, json) = (content("as-org2info"), content("as-org2info.jsonl"));
    let second = tables.find("# format:aut").unwrap();
    let first_system = json.find("{\"asn\"").unwrap();
    for (cut, problem) in [
        (&tables[..second], "it has organisations, and no autonomous system"),
        (&tables[..tables.find("1|20120224").unwrap()], "it has organisations, and no autonomous system"),
        (&tables[second..], "it has autonomous systems, and no organisation"),
        (&json[..first_system], "it has organisations, and no autonomous system"),
        // In the last field, where no field is missing, and in the one before.
        (&tables[..tables.len() - 2], "its last line has no end"),
        (&tables[..tables.len() - 6], "its last line has no end"),
        (&json[..json.len() - 9], "its last line has no end"),
    ] {
        let (code, told) = import(&folder, "new", cut, &[]);
        assert_eq!(code, Some(1), "{problem}");
        assert!(told.contains(&format!("new: cut off: {problem}; nothing is replaced")), "{problem}: {told}");
        assert!(status(&folder).contains("  12 records\n"), "{problem}: {}", status(&folder));
    }
    // A line of JSON is whole with its brace.
    assert_eq!(import(&folder, "new", json.trim_end(), &[]).0, Some(0));
    assert_eq!(import(&folder, "new", &tables[..second], &["--force"]).0, Some(0));
    assert!(status(&folder).contains("  4 records\n"), "{}", status(&folder));
}

#[test]
fn what_has_less_than_half_of_the_records_is_refused_with_both_numbers() {
    let folder = imported(&["as-org2info"]);
    let tables = content("as-org2info");
    let of = |records: usize| {
        let system = |i| format!("{}|20120224|N|O|o|ARIN\n", 1_000 + i);
        tables.clone() + &(12..records).map(system).collect::<String>()
    };
    assert_eq!(import(&folder, "new", &of(200), &[]).0, Some(0));
    let (code, told) = import(&folder, "new", &of(99), &[]);
    assert_eq!(code, Some(1));
    let expected = "new: it has 99 records, less than half of the 200 that are kept as \"as-org2info\"";
    assert!(told.contains(expected) && told.contains("--force"), "{told}");
    assert!(status(&folder).contains("  200 records\n"), "{}", status(&folder));
    assert_eq!(import(&folder, "new", &of(100), &[]).0, Some(0));
    assert_eq!(import(&folder, "new", &of(200), &[]).0, Some(0));
    assert_eq!(import(&folder, "new", &of(99), &["--force"]).0, Some(0));
}

#[test]
fn a_dump_is_that_of_the_source_that_most_of_its_objects_name() {
    let folder = tempfile::tempdir().unwrap();
    let object = |number: u32, source: &str| format!("aut-num: AS{number}\nas-name: X\nsource: {source}\n\n");
    let own: String = (1..5).map(|number| object(number, "APNIC")).collect();
    let others = object(9, "JPNIC");
    let import = |content: &str| import(&folder, "apnic.db", content, &[]);
    assert_eq!(import(&(others.clone() + &own)).0, Some(0));
    assert_eq!(import(&(own.clone() + &others)).0, Some(0));
    assert_eq!(import(&own).0, Some(0));
    let (code, told) = import(&(own + &others.repeat(5)));
    assert_eq!(code, Some(1));
    assert!(told.contains("it is RPSL of jpnic, and what is kept"), "{told}");
}

#[test]
fn of_several_files_for_one_place_the_latest_is_imported_whatever_its_name() {
    let apnic = content("delegated-apnic-extended");
    let of_day = |day: &str| apnic.replacen("|20260928|", &format!("|{day}|"), 1).into_bytes();
    let (older, newer) = (of_day("20260901"), of_day("20261001"));
    for (plain, packed) in [(&older, &newer), (&newer, &older)] {
        let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(files.path().join("delegated-latest"), plain).unwrap();
        fs::write(files.path().join("delegated-latest.gz"), gzip(packed)).unwrap();
        let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
        let (done, told) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{told}");
        assert!(done.starts_with("delegated-apnic: 14 records of 2026-10-01\n"), "{done}");
        assert!(!done.contains("replaces"), "{done}");
        assert!(
            told.contains(" of 2026-09-01: passed over: ") && told.contains(" of 2026-10-01 is"),
            "{told}"
        );
        // Where both were named, one of them is missing.
        let paths = ["delegated-latest.gz", "delegated-latest"].map(|name| files.path().join(name));
        let [first, second] = paths.each_ref().map(|path| path.to_str().unwrap());
        assert_eq!(ip2asn(folder.path(), &["import", first, second], "").status.code(), Some(1));
        assert!(status(&folder).contains("of 2026-10-01"), "{}", status(&folder));
    }
}

#[test]
fn where_the_latest_is_of_no_use_the_one_before_it_is_imported() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let apnic = content("delegated-apnic-extended");
    let newer = apnic.replacen("|20260928|", "|20261001|", 1);
    fs::write(files.path().join("a"), &newer[..newer.len() - 300]).unwrap();
    fs::write(files.path().join("b"), apnic).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("/a: cut off: "), "{}", text(&output.stderr));
    assert!(
        status(&folder).contains("loaded: delegated-apnic (delegated) of 2026-09-28"),
        "{}",
        status(&folder)
    );
}

#[test]
fn in_place_of_a_file_of_no_use_none_that_is_older_replaces_what_is_kept() {
    let (folder, files) = (imported(&["delegated-apnic-extended"]), tempfile::tempdir().unwrap());
    let apnic = content("delegated-apnic-extended");
    let of_day = |day: &str| apnic.replacen("|20260928|", &format!("|{day}|"), 1);
    let newest = of_day("20261001");
    fs::write(files.path().join("a"), &newest[..newest.len() - 300]).unwrap();
    fs::write(files.path().join("b"), of_day("20260901")).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    let expected = "/b: of 2026-09-01, and what is kept as \"delegated-apnic\" is of 2026-09-28";
    assert!(told.contains("/a: cut off: ") && told.contains(expected), "{told}");
    assert!(status(&folder).contains("of 2026-09-28"), "{}", status(&folder));
    // One between them is better than what is kept.
    fs::write(files.path().join("c"), of_day("20260930")).unwrap();
    ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    assert!(status(&folder).contains("of 2026-09-30"), "{}", status(&folder));
    // Alone, an older one is meant.
    let alone = files.path().join("b");
    assert!(ip2asn(folder.path(), &["import", alone.to_str().unwrap()], "").status.success());
    assert!(status(&folder).contains("of 2026-09-01"), "{}", status(&folder));
}

#[test]
fn a_day_that_the_data_tells_counts_more_than_that_of_a_copy() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Their files are of today. The first says its day in its third line, the second in its name alone.
    fs::write(files.path().join("x.txt"), content("as-org2info")).unwrap();
    fs::write(files.path().join("20260601.jsonl"), content("as-org2info.jsonl")).unwrap();
    fs::write(files.path().join("y.jsonl"), content("as-org2info.jsonl")).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    assert!(
        text(&output.stdout).contains("as-org2info: 12 records of 2026-07-01\n"),
        "{}",
        text(&output.stdout)
    );
    let told = text(&output.stderr);
    assert_eq!(told.matches("passed over: ").count(), 2, "{told}");
    // What tells no day, and was written later, may be the later one: that is said, and somebody has to decide.
    let of = |name: &str| told.lines().find(|line| line.contains(&format!("/{name}"))).unwrap();
    let doubt = "which of them is later nobody can say, as a copy is written later than its data: import this one alone";
    assert!(of("y.jsonl (written on 2").contains(doubt), "{told}");
    assert!(of("20260601.jsonl of 2026-06-01: ").contains("/x.txt of 2026-07-01 is imported"), "{told}");
    assert!(!of("20260601.jsonl of").contains(doubt), "{told}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_file_that_was_written_before_the_day_of_another_is_the_older_one() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(files.path().join("x.txt"), content("as-org2info")).unwrap();
    let path = files.path().join("y.jsonl");
    fs::write(&path, content("as-org2info.jsonl")).unwrap();
    // 2026-05-31
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_185_600 + 3_600);
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    let told = text(&output.stderr);
    assert!(output.status.success(), "{told}");
    let expected = "/y.jsonl (written on 2026-05-31): passed over: ";
    assert!(told.contains(expected) && !told.contains("nobody can say"), "{told}");
}

#[test]
fn what_is_not_believed_of_a_file_that_is_passed_over_is_said() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(files.path().join("20260901.jsonl"), content("as-org2info.jsonl")).unwrap();
    fs::write(files.path().join("20991231.jsonl"), content("as-org2info.jsonl")).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    let told = text(&output.stderr);
    let doubt = "; its name says that it is of 2099-12-31, a day to come, which is not believed";
    assert!(told.contains("20991231.jsonl (written on ") && told.contains(doubt), "{told}");
}

#[test]
fn beside_a_file_that_cannot_be_read_none_that_is_older_replaces_what_is_kept() {
    let (folder, files) = (imported(&["delegated-apnic-extended"]), tempfile::tempdir().unwrap());
    let of_day = |day: &str| {
        content("delegated-apnic-extended").replacen("|20260928|", &format!("|{day}|"), 1).into_bytes()
    };
    fs::write(files.path().join("new.gz"), &gzip(&of_day("20261001"))[..200]).unwrap();
    fs::write(files.path().join("old"), of_day("20260901")).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let expected = "/old: of 2026-09-01, and what is kept as \"delegated-apnic\" is of 2026-09-28";
    assert!(told.contains("new.gz") && told.contains(expected), "{told}");
    assert!(status(&folder).contains("of 2026-09-28"), "{}", status(&folder));
}

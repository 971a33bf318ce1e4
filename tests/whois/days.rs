//! Of which day data is: whom that is believed of, and whom it is not.

use std::fs;

use connmapperl::{
    geo::date::Date,
    whois::{
        import::{Day, Folder, Head, Order},
        index::BlockPacker,
        input::Piece,
    },
};

use crate::{
    TODAY,
    ip2asn::{ip2asn, text},
    kept::{content, status},
    update::{APNIC, THEN, has_apnic, indexes, server_of_apnic, update},
};

#[test]
fn a_day_is_believed_of_the_data_then_of_a_name_then_of_a_file_and_never_one_to_come() {
    let day = |inside: Option<&str>, name: &str, modified: &str| {
        let head = Head { date: inside.map(str::to_owned), ..Head::default() };
        let day = Day::of(&head, name, Some(modified.to_owned()), TODAY);
        (day.date.unwrap_or_default(), day.is_own, day.doubts.len())
    };
    let is = |date: &str, is_own: bool, doubts: usize| (date.to_owned(), is_own, doubts);
    let inside = Some("2026-07-01");
    assert_eq!(day(inside, "20260901.txt", "2026-11-01"), is("2026-07-01", true, 0));
    assert_eq!(day(None, "20260901.txt", "2026-11-01"), is("2026-09-01", true, 0));
    assert_eq!(day(None, "x", "2026-11-01"), is("2026-11-01", false, 0));
    // In the east of the world tomorrow has begun.
    assert_eq!(day(Some("2026-11-27"), "x", "2026-11-01"), is("2026-11-27", true, 0));
    assert_eq!(day(Some("2026-11-28"), "x", "2026-11-01"), is("2026-11-01", false, 1));
    assert_eq!(day(Some("2099-01-01"), "20260901.txt", "2026-11-01"), is("2026-09-01", true, 1));
    assert_eq!(day(None, "20990101.txt", "2026-11-01"), is("2026-11-01", false, 1));
    assert_eq!(day(Some("2099-01-01"), "20990101.txt", "2099-01-01"), is("", false, 3));
}

#[test]
fn a_file_of_a_day_to_come_gives_way_to_one_of_a_day_that_has_been_and_is_told() {
    let apnic = content("delegated-apnic-extended");
    let to_come = apnic.replacen("|20260928|", "|20991231|", 1);
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (files.path().join("a"), files.path().join("b"));
    fs::write(&a, &to_come).unwrap();
    let output = ip2asn(folder.path(), &["import", a.to_str().unwrap()], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    for told in [text(&output.stdout), &status(&folder)] {
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = "its first lines say that it is of 2099-12-31, a day to come, which is not believed";
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("records of 2099") && !told.contains("(delegated) of 2099"), "{told}");
    }
    fs::write(&b, &apnic).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    assert!(text(&output.stdout).contains("14 records of 2026-09-28"), "{}", text(&output.stdout));
    // In a name it is no better.
    let (old, new) = (content("as-org2info.jsonl"), content("as-org2info"));
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("20991231.jsonl"), old).unwrap();
    fs::write(files.path().join("z.txt"), new).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    assert!(
        text(&output.stdout).contains("as-org2info: 12 records of 2026-07-01\n"),
        "{}",
        text(&output.stdout)
    );
    assert!(!text(&output.stderr).contains("2099-12-31: passed over"), "{}", text(&output.stderr));
}

#[test]
fn the_day_in_a_name_is_worth_no_more_than_that_in_the_data() {
    for (name, date) in [("20260701.jsonl", "2026-07-01"), ("20260630.jsonl", "2026-07-01")] {
        let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(files.path().join(name), content("as-org2info.jsonl")).unwrap();
        // It says its day itself, and its name would be of a later one.
        fs::write(files.path().join("20261001.txt"), content("as-org2info")).unwrap();
        let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
        let told = text(&output.stderr);
        assert!(text(&output.stdout).starts_with(&format!("as-org2info: 12 records of {date}\n")), "{told}");
        assert!(told.contains(&format!("{name} of ")) && told.contains("passed over"), "{told}");
    }
}

#[test]
fn a_server_whose_clock_was_wrong_keeps_no_update_away() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    server.change(APNIC, |served| served.last_modified = Some("Thu, 01 Jan 2099 00:00:00 GMT"));
    assert!(update(folder.path(), &server, "delegated-apnic").status.success());
    server.change(APNIC, |served| (served.etag, served.last_modified) = (Some("\"2\""), Some(THEN)));
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("14 records of 2026-09-28"), "{}", text(&output.stdout));
}

#[test]
fn what_is_kept_of_a_day_to_come_keeps_no_update_away() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    let file = folder.path().join("apnic");
    fs::write(&file, content("delegated-apnic-extended").replacen("|20260928|", "|20991231|", 1)).unwrap();
    // As a machine has imported it whose clock was wrong.
    let order = Order::new(Date { year: 2100, ..TODAY });
    let target = Folder::open(&indexes(folder.path())).unwrap();
    target.import(&Piece::file(&file), order, &mut BlockPacker::default(), &mut |_| true).unwrap();
    drop(target);
    assert!(has_apnic(folder.path(), "2099-12-31"));
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

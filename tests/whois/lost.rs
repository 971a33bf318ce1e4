//! What has lost some of its text, or is not what it says: noticed wherever it is cut, and told.

use std::fs;

use connmapperl::whois::{Whois, error::WhoisError, import::Imported};

use crate::{
    fixture, gzip, import_text,
    ip2asn::{ip2asn, text},
    kept::{content, import, status},
    program::imported,
    zip_bytes::{Form, archive},
};

const REGISTRIES: [&str; 5] = ["afrinic", "apnic", "arin", "lacnic", "ripencc"];

/// Imports text into a folder of its own.
fn import_alone(content: &[u8]) -> Result<Imported, WhoisError> {
    import_text("new", content, tempfile::tempdir().unwrap().path())
}

#[test]
fn a_delegated_file_without_its_beginning_replaces_none_that_has_it() {
    let folder = imported(&["delegated-apnic-extended"]);
    let whole = content("delegated-apnic-extended");
    let records = whole.find("apnic|AU|ipv4").unwrap();
    for cut in
        [&whole[records..], &whole[whole.find("apnic|*").unwrap()..], &whole[whole.find("0929|").unwrap()..]]
    {
        let (code, told) = import(&folder, "new", cut, &[]);
        assert_eq!(code, Some(1), "{told}");
        let expected = "new: cut off: it has no header, and what is kept has one; nothing is replaced";
        assert!(told.contains(expected) && told.contains("--force"), "{told}");
        assert!(status(&folder).contains("of 2026-09-28, "), "{}", status(&folder));
    }
    // By force, and then one without a header replaces another, as it does where nothing is.
    assert_eq!(import(&folder, "new", &whole[records..], &["--force"]).0, Some(0));
    assert_eq!(import(&folder, "new", &whole[records..], &[]).0, Some(0));
    assert_eq!(import(&tempfile::tempdir().unwrap(), "new", &whole[records..], &[]).0, Some(0));
}

#[test]
fn a_delegated_file_is_whole_without_its_last_lines_end_and_cut_anywhere_before() {
    let names = REGISTRIES.map(|registry| format!("delegated-{registry}-extended"));
    for name in names.iter().map(String::as_str).chain(["delegated-plain"]) {
        let whole = fs::read(fixture(name)).unwrap();
        let lines = whole.split(|&byte| byte == b'\n').count();
        let last =
            whole.len() - 1 - whole[..whole.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap();
        let meta = import_alone(&whole[..whole.len() - 1]).unwrap().meta;
        let comments = whole.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"#")).count();
        // Header, three summaries, and what stands behind the last end of a line.
        assert_eq!(meta.records as usize, lines - comments - 5, "{name}");
        for count in 2..=last {
            let cut = &whole[..whole.len() - count];
            let error = import_alone(cut).expect_err("cut");
            let is_told = matches!(error, WhoisError::Cut { .. } | WhoisError::Incomplete { .. });
            assert!(is_told, "{name} without {count} bytes: {error}");
        }
    }
    // A comment is no record.
    let whole = content("delegated-apnic-extended");
    assert!(import_alone(format!("{whole}# That is a").as_bytes()).is_ok());
}

#[test]
fn an_as_org2info_without_its_last_lines_end_is_whole_where_it_was_packed_so() {
    let tables = fs::read(fixture("as-org2info")).unwrap();
    let open = tables.trim_ascii_end();
    let error = import_alone(open).unwrap_err().to_string();
    assert!(error.contains("its last line has no end"), "{error}");
    let records = |content: &[u8]| import_alone(content).unwrap().meta.records;
    assert_eq!(records(&gzip(open)), 12);
    assert_eq!(records(&archive(&[("as-org2info", open)], Form::default())), 12);
    for behind in ["# That is a", "  ", "\r\n \r\n\t"] {
        assert_eq!(records(&[tables.as_slice(), behind.as_bytes()].concat()), 12, "{behind:?}");
    }
    // Cut off while it came, it is not packed whole.
    let packed = gzip(open);
    for length in [packed.len() - 1, packed.len() - 8, packed.len() - 9, packed.len() / 2] {
        assert!(import_alone(&packed[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_dump_of_a_few_records_may_become_what_its_maker_makes_of_it() {
    let object = |number| format!("aut-num: AS{number}\nsource: OWN\n\n");
    let objects = |count: u32| (1..=count).map(object).collect::<String>();
    let folder = tempfile::tempdir().unwrap();
    let import = |count| import(&folder, "own.db", &objects(count), &[]);
    assert_eq!((import(99).0, import(1).0), (Some(0), Some(0)));
    assert_eq!(import(100).0, Some(0));
    let (code, told) = import(49);
    assert_eq!(code, Some(1));
    assert!(told.contains("it has 49 records, less than half of the 100 that are kept"), "{told}");
    assert_eq!(import(50).0, Some(0));
}

#[test]
fn of_every_kind_more_than_a_hundredth_of_broken_records_replaces_nothing() {
    let rpsl = |broken: usize| -> String {
        let object = |i| format!("aut-num: AS{}{i}\nsource: X\n\n", if i < broken { "X" } else { "" });
        (0..300).map(object).collect()
    };
    let tables = |broken: usize| -> String {
        let system = |i: usize| {
            format!("{}|20120224|N|O|o|ARIN\n", if i < broken { format!("x{i}") } else { i.to_string() })
        };
        "# format:org_id|changed|org_name|country|source\nO|20120224|N|US|ARIN\n\
         # format:aut|changed|aut_name|org_id|opaque_id|source\n"
            .to_owned()
            + &(0..299).map(system).collect::<String>()
    };
    let json = |broken: usize| -> String {
        let system =
            |i| format!("{{\"asn\":\"{}{i}\",\"type\":\"ASN\"}}\n", if i < broken { "x" } else { "" });
        "{\"organizationId\":\"O\",\"type\":\"Organization\"}\n".to_owned()
            + &(0..299).map(system).collect::<String>()
    };
    let kinds: [&dyn Fn(usize) -> String; 3] = [&rpsl, &tables, &json];
    for content in kinds {
        let folder = tempfile::tempdir().unwrap();
        let import = |broken| import(&folder, "new.db", &content(broken), &[]);
        assert_eq!(import(0).0, Some(0));
        assert_eq!(import(3).0, Some(0));
        let (code, told) = import(4);
        assert_eq!(code, Some(1), "{told}");
        let expected = "new.db: only 296 of its 300 records can be used, and 297 are kept (line ";
        assert!(
            told.contains(expected) && told.contains("no AS number") && told.contains("--force"),
            "{told}"
        );
        assert!(status(&folder).contains("  297 records, 3 rejected\n"), "{}", status(&folder));
    }
}

#[test]
fn files_of_several_registries_in_one_are_refused_and_named() {
    let all: String = REGISTRIES.iter().map(|name| content(&format!("delegated-{name}-extended"))).collect();
    for more in [&[] as &[&str], &["--force"]] {
        let folder = imported(&["delegated-afrinic-extended"]);
        let (code, told) = import(&folder, "all", &all, more);
        assert_eq!(code, Some(1), "{told}");
        let expected =
            "all: several files in one, of afrinic, apnic, arin, lacnic, ripencc: each is to be imported";
        let headers = all.lines().enumerate().filter(|(_, line)| line.starts_with('2'));
        let line = headers.map(|(i, _)| i + 1).nth(1).unwrap();
        let behind = format!("by itself, and the second begins in line {line}\n");
        assert!(told.contains(expected) && told.contains(&behind), "{told}");
        assert_eq!(status(&folder).matches("loaded: ").count(), 1, "{}", status(&folder));
        assert!(status(&folder).contains("  3 records\n"), "{}", status(&folder));
    }
    // One registry's twice, of two days or of one.
    let apnic = content("delegated-apnic-extended");
    let folder = imported(&["delegated-apnic-extended"]);
    for second in [&apnic, &apnic.replacen("|20260928|", "|20260927|", 1)] {
        let (code, told) = import(&folder, "twice", &format!("{apnic}{second}"), &["--force"]);
        let line =
            apnic.lines().take_while(|line| !line.starts_with('2')).count() + apnic.lines().count() + 1;
        let expected = format!(
            "twice: several files in one, of apnic: each is to be imported by itself, and the second begins in line {line}"
        );
        assert!(code == Some(1) && told.contains(&expected), "{told}");
        assert!(status(&folder).contains("  14 records\n"), "{}", status(&folder));
    }
    // One whose maker has put all of them together says so.
    let records: String = all
        .lines()
        .filter(|line| !line.contains("summary") && !line.starts_with(['2', '#']))
        .map(|line| line.to_owned() + "\n")
        .collect();
    let one = format!("2|nro|20260928|{}||20260928|+0000\n{records}", records.lines().count());
    assert_eq!(import(&tempfile::tempdir().unwrap(), "nro", &one, &[]), (Some(0), String::new()));
}

#[test]
fn records_of_another_registry_than_the_header_says_are_told() {
    let folder = imported(&["delegated-apnic-extended"]);
    let ripe = content("delegated-ripencc-extended");
    let (header, records) = ripe.split_once('\n').unwrap();
    let wrong = format!("{}\n{records}", header.replace("ripencc", "apnic"));
    let (code, told) = import(&folder, "new", &wrong, &[]);
    assert_eq!(code, Some(1));
    let expected =
        "new: its first lines say that it is of apnic, and 8 of its 8 records are of ripencc; nothing is";
    assert!(told.contains(expected) && told.contains("--force"), "{told}");
    assert!(status(&folder).contains("  14 records\n"), "{}", status(&folder));
    assert_eq!(
        import(&tempfile::tempdir().unwrap(), "new", &wrong, &[]).0,
        Some(1),
        "where nothing is kept, too"
    );
    // A few of others are imported with the rest.
    let apnic = content("delegated-apnic-extended");
    let some = apnic.replacen("|14||", "|15||", 1).replacen("|8|summary", "|9|summary", 1)
        + "ripencc|NL|asn|3333|1|19931112|allocated|A9999999\n";
    assert_eq!(import(&folder, "new", &some, &[]).0, Some(0));
    let told = status(&folder).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("say that it is of apnic, and 1 of its 15 records are not"), "{told}");
}

#[test]
fn that_what_is_replaced_is_damaged_is_said() {
    let folder = imported(&["as-org2info"]);
    let path = folder.path().join("connmapperl/whois/as-org2info.whois");
    let whole = fs::read(&path).unwrap();
    let (mut header, cut) = (whole.clone(), whole[..whole.len() / 2].to_vec());
    header[40] ^= 1;
    for (damaged, problem) in [(header, "the header is damaged"), (cut, "the file is cut off")] {
        fs::write(&path, damaged).unwrap();
        let new = fixture("as-org2info.jsonl").display().to_string();
        let output = ip2asn(folder.path(), &["import", &new], "");
        assert!(output.status.success(), "{}", text(&output.stderr));
        let told = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = format!(
            "what it replaces cannot be compared with it, so that nobody can say whether that was worth more: {problem}"
        );
        assert!(told.contains(&expected), "{told}");
        assert!(Whois::open(path.parent().unwrap()).problems().is_empty());
    }
}

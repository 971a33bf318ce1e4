//! Each format, and what is odd about each registry's file.

use std::fs;

use connmapperl::whois::{
    as_org::JsonLine,
    detect::{Kind, detect},
    error::WhoisError,
    keys::{Range, parse_asn, parse_range},
    rpsl::{attributes, decode},
};

use crate::{ALL, fixture, gzip, import, import_text, range, whois};
use connmapperl::whois::lookup::Depth;

#[test]
fn each_kind_is_told_by_its_content() {
    for name in ALL.iter().chain(&["delegated-plain", "as-org2info-5", "as-org2info.jsonl", "arin.db"]) {
        let kind = match name {
            name if name.starts_with("delegated") => Kind::Delegated,
            name if name.starts_with("as-org") => Kind::AsOrg,
            _ => Kind::Rpsl,
        };
        assert_eq!(detect(&fs::read(fixture(name)).unwrap()), Ok(kind), "{name}");
    }
    for text in ["", "network,geoname_id\n1.0.0.0/24,1\n", "{\"type\":\"x\"}", "\0\x01", "Hello: world\n"] {
        assert!(detect(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn every_fixture_is_read_without_a_rejected_record() {
    for name in ALL.iter().chain(&["as-org2info-5", "as-org2info.jsonl", "arin.db"]) {
        let folder = tempfile::tempdir().unwrap();
        let imported = import(&fixture(name), folder.path()).unwrap();
        assert_eq!(imported.meta.rejects.told, [], "{name}");
    }
}

#[test]
fn headers_tell_registry_and_date_in_every_registrys_way() {
    let folder = tempfile::tempdir().unwrap();
    for (registry, date, records) in [
        ("apnic", "2026-09-28", 14),
        ("ripencc", "2026-09-28", 8),
        ("arin", "2026-09-28", 6),
        ("lacnic", "2026-09-26", 6),
        ("afrinic", "2026-09-28", 3),
    ] {
        let name = format!("delegated-{registry}-extended");
        let meta = import(&fixture(&name), folder.path()).unwrap().meta;
        assert_eq!((meta.name, meta.registry), (format!("delegated-{registry}"), registry.to_owned()));
        assert_eq!((meta.date.as_deref(), meta.records), (Some(date), records), "{registry}");
    }
}

#[test]
fn as_org2info_tells_its_day_in_a_comment_or_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let tables = fs::read_to_string(fixture("as-org2info")).unwrap();
    let date = |name: &str, text: &str| {
        let meta = import_text(name, text.as_bytes(), folder.path()).unwrap().meta;
        meta.is_own_date.then(|| meta.date.unwrap())
    };
    let without = tables.replacen("program start time", "somebody's notes of", 1);
    assert_eq!(date("20260630.as-org2info.txt", &tables).as_deref(), Some("2026-07-01"));
    assert_eq!(date("20260630.as-org2info.txt", &without).as_deref(), Some("2026-06-30"));
    assert_eq!(date("as-org2info.txt", &without), None);
    assert_eq!(date("as-org2info.txt", &tables.replacen("2026-07-01", "Wed Jul  1", 1)), None);
}

#[test]
fn ranges_that_are_no_cidr_have_both_ends() {
    let (_folder, whois) = whois(&ALL);
    for (address, start, end) in [
        ("87.116.83.0", "87.116.83.0", "87.116.91.255"),
        ("87.116.91.255", "87.116.83.0", "87.116.91.255"),
        ("185.0.0.7", "185.0.0.4", "185.0.0.7"),
        ("203.0.2.255", "203.0.0.0", "203.0.2.255"),
        ("23.128.3.255", "23.128.1.0", "23.128.3.255"),
        ("8.127.255.255", "8.0.0.0", "8.127.255.255"),
        ("2001:1201:3f:ffff::", "2001:1201:20::", "2001:1201:3f:ffff:ffff:ffff:ffff:ffff"),
    ] {
        let answer = whois.addresses(range(address), None, Depth::Full);
        let delegation = &answer.delegations[0];
        assert_eq!((delegation.start.as_str(), delegation.end.as_str()), (start, end), "{address}");
    }
    for address in ["87.116.92.0", "185.0.0.3", "185.0.0.8", "203.0.3.0"] {
        assert_eq!(whois.addresses(range(address), None, Depth::Full).delegations, [], "{address}");
    }
    let inside = whois.system(143_674 + 3_071, Depth::Full);
    assert_eq!((inside.delegations[0].start.as_str(), inside.delegations[0].size), ("143674", 3_072));
    assert!(whois.system(143_674 + 3_072, Depth::Full).is_empty());
}

#[test]
fn empty_dates_countries_and_ids_are_none() {
    let (_folder, whois) = whois(&ALL);
    let first = |text: &str| whois.addresses(range(text), None, Depth::Full).delegations.remove(0);
    let available = first("185.1.0.1");
    assert_eq!(
        (available.status.as_str(), available.opaque_id, available.country_code),
        ("available", None, None)
    );
    let without_country = first("203.0.0.1");
    assert_eq!(
        (without_country.country_code, without_country.opaque_id.as_deref()),
        (None, Some("A9100000"))
    );
    assert_eq!(whois.system(7, Depth::Full).delegations[0].date, None);
    assert_eq!(whois.system(8_770, Depth::Full).delegations[0].country_code.as_deref(), Some("ZZ"));
}

#[test]
fn the_plain_form_is_taken_and_said_to_lack_holders() {
    let folder = tempfile::tempdir().unwrap();
    let meta = import(&fixture("delegated-plain"), folder.path()).unwrap().meta;
    assert_eq!(meta.records, 2);
    assert!(meta.notes[0].contains("opaque"), "{:?}", meta.notes);
}

#[test]
fn packed_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read(fixture("ripe.db")).unwrap();
    // Some registries append one gzip stream to another.
    let (a, b) = text.split_at(700);
    let packed = [gzip(a), gzip(b)].concat();
    let meta = import_text("any.name", &packed, folder.path()).unwrap().meta;
    assert_eq!((meta.kind, meta.text_bytes), (Kind::Rpsl, text.len() as u64));
    let error = import_text("x.gz", &packed[..packed.len() - 20], folder.path()).unwrap_err();
    assert!(matches!(error, WhoisError::CutOff { .. } | WhoisError::Io { .. }), "{error}");
}

#[test]
fn all_shapes_of_as_org2info_say_the_same() {
    for name in ["as-org2info", "as-org2info-5", "as-org2info.jsonl"] {
        let (_folder, whois) = whois(&[name]);
        let answer = whois.system(1, Depth::Full);
        assert_eq!(answer.organisations[0].name, "Level 3 Communications, Inc.", "{name}");
        assert_eq!(answer.systems[0].name, "LVLT-1", "{name}");
    }
}

#[test]
fn organisations_that_are_not_there_are_counted_and_hide_no_system() {
    for name in ["as-org2info", "as-org2info.jsonl"] {
        let (_folder, whois) = whois(&[name]);
        assert!(whois.indexes()[0].meta().notes[0].starts_with("1 autonomous system"));
        let answer = whois.system(11_472, Depth::Full);
        assert_eq!((answer.systems[0].name.as_str(), answer.organisations.len()), ("DANGLING", 0));
    }
}

#[test]
fn json_lines_are_found_by_name_and_member_as_the_tables_are() {
    let found = |name, text| {
        let (_folder, whois) = whois(&[name]);
        let found = whois.by_name(text, 10).0;
        found.into_iter().map(|found| (found.name, found.id, found.country_code)).collect::<Vec<_>>()
    };
    for text in ["árvíztűrő", "level 3", "ripe ncc"] {
        assert_eq!(found("as-org2info.jsonl", text), found("as-org2info", text), "{text}");
        assert!(!found("as-org2info.jsonl", text).is_empty(), "{text}");
    }
}

#[test]
fn both_types_of_json_lines_are_read_with_what_they_leave_out() {
    let said = |line| JsonLine::parse(line).and_then(|line| line.record().map(|record| record.to_text()));
    for (line, text) in [
        (
            r#"{"changed":"20121010","country":"US","name":"Nine","organizationId":"9-ARIN","source":"ARIN","type":"Organization"}"#,
            "o|9-ARIN|20121010|Nine|US|ARIN",
        ),
        (
            r#"{"country":"JP","name":"Ten","organizationId":"@aut-10-JPNIC","source":"JPNIC","type":"Organization"}"#,
            "o|@aut-10-JPNIC||Ten|JP|JPNIC",
        ),
        (
            r#"{"asn":"11","changed":"20220418","name":"ELEVEN","opaqueId":"0b_ARIN","organizationId":"9-ARIN","source":"ARIN","type":"ASN"}"#,
            "a|11|20220418|ELEVEN|9-ARIN|ARIN",
        ),
        (
            r#"{"asn":"12","organizationId":"@aut-10-JPNIC","source":"JPNIC","type":"ASN"}"#,
            "a|12|||@aut-10-JPNIC|JPNIC",
        ),
    ] {
        assert_eq!(said(line).as_deref(), Ok(text), "{line}");
    }
    for (line, reason) in [
        (r#"{"asn":"AS13","organizationId":"O","type":"ASN"}"#, "no AS number"),
        (r#"{"name":"None","type":"Organization"}"#, "no organisation id"),
        (r#"{"asn":"14","type":"ASNOrg"}"#, "the type is none of ASN, Organization"),
    ] {
        assert_eq!(said(line), Err(reason), "{line}");
    }
}

#[test]
fn a_bar_or_a_line_end_in_a_json_name_moves_no_field() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{"type":"Organization","organizationId":"O","name":"A|B\nC","country":"DE"}
{"type":"ASN","asn":"5","organizationId":"O","name":"N|M"}"#;
    let meta = import_text("x.jsonl", text.as_bytes(), folder.path()).unwrap().meta;
    assert_eq!((meta.records, meta.rejects.count), (2, 0));
    let answer = connmapperl::whois::Whois::open(folder.path()).system(5, Depth::Full);
    assert_eq!((answer.systems[0].name.as_str(), answer.organisations[0].name.as_str()), ("N M", "A B C"));
    assert_eq!(answer.organisations[0].country_code.as_deref(), Some("DE"));
}

#[test]
fn as_numbers_and_ranges_are_read_in_all_their_forms() {
    for (text, number) in [
        ("AS3333", Some(3_333)),
        ("as065537", Some(65_537)),
        (" 278 ", Some(278)),
        ("AS", None),
        ("AS+1", None),
    ] {
        assert_eq!(parse_asn(text), number, "{text:?}");
    }
    for (text, range) in [
        ("24.232.16/24", Some((0x18e8_1000, 0x18e8_10ff))),
        ("10/8", Some((0x0a00_0000, 0x0aff_ffff))),
        ("1.2.3.4 - 1.2.3.9", Some((0x0102_0304, 0x0102_0309))),
        ("1.2.3.9-1.2.3.4", None),
        ("1.2.3.4-::1", None),
        ("0.0.0.0/0", Some((0, u32::MAX))),
        ("1.2.3.4/33", None),
        ("1.2.3.4.5/8", None),
    ] {
        let found = parse_range(text).ok();
        assert_eq!(found, range.map(|(start, end)| Range::V4(start, end)), "{text}");
    }
}

#[test]
fn values_go_on_over_lines_and_comments_are_left_out() {
    let text = "descr:  One # not this\n\tTwo\n+\n+Three\nnothing\n  Four\nsource:X\n";
    assert_eq!(attributes(text), [("descr", "One Two Three Four".to_owned()), ("source", "X".to_owned())]);
}

#[test]
fn each_object_is_decoded_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut dump = b"organisation: ORG-A\norg-name: M\xfcller GmbH\n\n".to_vec();
    dump.extend("organisation: ORG-B\norg-name: Müller & Söhne\n".as_bytes());
    import_text("latin.db", &dump, folder.path()).unwrap();
    let whois = connmapperl::whois::Whois::open(folder.path());
    let (found, _) = whois.by_name("müller", 10);
    let names: Vec<_> = found.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["Müller GmbH", "Müller & Söhne"]);
    assert_eq!(decode(b"M\xfcller"), "Müller");
}

#[test]
fn what_an_editor_writes_before_a_text_costs_no_line() {
    for name in ["delegated-apnic-extended", "as-org2info", "as-org2info.jsonl", "ripe.db"] {
        let folder = tempfile::tempdir().unwrap();
        let text = fs::read(fixture(name)).unwrap();
        let plain = import(&fixture(name), folder.path()).unwrap().meta;
        let marked = [b"\xef\xbb\xbf", text.as_slice()].concat();
        for bytes in [gzip(&marked), marked] {
            let meta = import_text(name, &bytes, folder.path()).unwrap().meta;
            assert_eq!(meta.rejects.told, [], "{name}");
            assert_eq!((meta.records, meta.registry), (plain.records, plain.registry.clone()), "{name}");
        }
    }
    // The header is the very first line.
    let folder = tempfile::tempdir().unwrap();
    let text = b"\xef\xbb\xbf2|apnic|20260928|1||20260928|+1000\napnic|AU|asn|7|1|20110811|allocated|A\n";
    let meta = import_text("delegated", text, folder.path()).unwrap().meta;
    assert_eq!(meta.date.as_deref(), Some("2026-09-28"));
}

//! A fifth of the records damaged: each is told by its line, and every other is there.

use std::fmt::Write;

use connmapperl::whois::{Whois, lookup::Depth, rejects::Rejected};

use crate::{import_text, range};

/// Which of the records are damaged, each in another way.
fn is_damaged(i: usize) -> bool {
    i % 5 == 2
}

fn lines(rejected: &[Rejected]) -> Vec<u64> {
    rejected.iter().map(|rejected| rejected.line).collect()
}

#[test]
fn delegated() {
    let folder = tempfile::tempdir().unwrap();
    let damages = [
        "apnic|AU|ipv4|10.0.X.0|256|20110811|assigned|A",
        "apnic|AU|ipv4|255.255.255.0|257|20110811|assigned|A",
        "apnic|AU|ipv4|10.0.0.0|0|20110811|assigned|A",
        "apnic|AU|ipv4",
        "apnic|AU|ipv9|10.0.0.0|256|20110811|assigned|A",
        "apnic|AU|ipv6|2001::|129|20110811|assigned|A",
        "apnic|AU|asn|4294967295|2|20110811|assigned|A",
        "apnic|AUS|ipv4|10.0.0.0|256|20110811|assigned|A",
        "apnic|AU|ipv4|10.0.0.0|256|2011081|assigned|A",
        "apnic|AU|ipv4|10.0.0.0|256|20110811||A",
        "\u{fffd}\u{0}\u{1}",
        "12 monkeys",
    ];
    let (mut text, mut expected) = ("2|apnic|1|60||20260928|+1\n".to_owned(), Vec::new());
    for i in 0..60 {
        if is_damaged(i) {
            expected.push(i as u64 + 2);
            writeln!(text, "{}", damages[i / 5]).unwrap();
        } else {
            writeln!(text, "apnic|AU|ipv4|20.0.{i}.0|256|20110811|assigned|H{i}").unwrap();
        }
    }
    let meta = import_text("damaged", text.as_bytes(), folder.path()).unwrap().meta;
    assert_eq!((meta.records, lines(&meta.rejects.told)), (48, expected));
    let whois = Whois::open(folder.path());
    for i in 0..60 {
        let answer = whois.addresses(range(&format!("20.0.{i}.7")), None, Depth::Full);
        assert_eq!(answer.delegations.is_empty(), is_damaged(i), "{i}");
    }
}

#[test]
fn as_org2info() {
    let folder = tempfile::tempdir().unwrap();
    let damages = ["1|2|3", "x|20120224|N|O|o|ARIN", "4294967296|20120224|N|O|o|ARIN", "||||||||", "1"];
    let mut text =
        "1|20120224|BEFORE|O|o|ARIN\n# format:aut|changed|aut_name|org_id|opaque_id|source\n".to_owned();
    let mut expected = vec![1];
    for i in 0..25 {
        if is_damaged(i) {
            expected.push(i as u64 + 3);
            writeln!(text, "{}", damages[i / 5]).unwrap();
        } else {
            writeln!(text, "{}|20120224|NAME{i}|ORG|o|ARIN", i + 100).unwrap();
        }
    }
    text += "# format:org_id|changed|org_name|country|source\nORG|20120224|Name|US|ARIN\n";
    let meta = import_text("damaged", text.as_bytes(), folder.path()).unwrap().meta;
    assert_eq!((meta.records, lines(&meta.rejects.told)), (21, expected));
    let whois = Whois::open(folder.path());
    for i in 0..25 {
        assert_eq!(whois.system(i + 100, Depth::Full).is_empty(), is_damaged(i as usize), "{i}");
    }
}

#[test]
fn as_org2info_as_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let damages = [
        r#"{"asn":"x","type":"ASN","organizationId":"O"}"#,
        r#"{"asn":"4294967296","type":"ASN"}"#,
        r#"{"type":"Organization","name":"N"}"#,
        r#"{"asn":"102","type":"Else"}"#,
        r#"{"asn":"102","type":"ASN""#,
    ];
    let (mut text, mut expected) = (String::new(), Vec::new());
    for i in 0..25 {
        if is_damaged(i) {
            expected.push(i as u64 + 1);
            writeln!(text, "{}", damages[i / 5]).unwrap();
        } else {
            writeln!(text, r#"{{"asn":"{}","type":"ASN","name":"N","unknown":[{{}}]}}"#, i + 100).unwrap();
        }
    }
    text += "{\"organizationId\":\"O\",\"type\":\"Organization\"}\n";
    let meta = import_text("damaged", text.as_bytes(), folder.path()).unwrap().meta;
    assert_eq!((meta.records, lines(&meta.rejects.told)), (21, expected));
    let whois = Whois::open(folder.path());
    for i in 0..25 {
        assert_eq!(whois.system(i + 100, Depth::Full).is_empty(), is_damaged(i as usize), "{i}");
    }
}

#[test]
fn rpsl() {
    let folder = tempfile::tempdir().unwrap();
    let long = "aut-num: ".to_owned() + &"9".repeat(2 << 20);
    // Each is rejected at its first line.
    let damages = [
        "aut-num: ASX",
        "inetnum: 1.2.3.4 - 1.2.3",
        "no attribute here",
        "  goes on with nothing",
        &long,
        "aut-num:",
    ];
    let (mut text, mut expected, mut line) = (String::new(), Vec::new(), 1);
    for i in 0..30 {
        if is_damaged(i) {
            expected.push(line);
            writeln!(text, "{}\n", damages[i / 5]).unwrap();
            line += 2;
        } else {
            writeln!(text, "aut-num: AS{}\nas-name: N{i}\n\n", i + 100).unwrap();
            line += 4;
        }
    }
    let meta = import_text("damaged.db", text.as_bytes(), folder.path()).unwrap().meta;
    assert_eq!((meta.records, lines(&meta.rejects.told)), (24, expected));
    let whois = Whois::open(folder.path());
    for i in 0..30 {
        assert_eq!(whois.system(i + 100, Depth::Full).is_empty(), is_damaged(i as usize), "{i}");
    }
}

#[test]
fn a_bad_line_in_an_object_hides_neither_it_nor_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let text = "aut-num: AS5\n!!!\nas-name: FIVE\n% a remark of the server\nsource: X\n";
    let meta = import_text("x.db", text.as_bytes(), folder.path()).unwrap().meta;
    assert_eq!((meta.records, lines(&meta.rejects.told)), (1, vec![2]));
    let answer = Whois::open(folder.path()).system(5, Depth::Full);
    assert_eq!(answer.aut_nums[0].text, "aut-num: AS5\nas-name: FIVE\nsource: X\n");
}

#[test]
fn an_object_without_end_is_rejected_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("as-set: AS-HUGE\n{}\naut-num: AS5\n", "members: AS1, AS2, AS3\n".repeat(200_000));
    let meta = import_text("x.db", text.as_bytes(), folder.path()).unwrap().meta;
    assert_eq!((meta.records, lines(&meta.rejects.told)), (1, vec![1]));
}

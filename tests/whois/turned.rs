//! Indexes in which a disk has turned a bit: whoever needs what is damaged is told, and nobody else.

use std::{fs, path::Path};

use connmapperl::whois::{Whois, error::WhoisError, lookup::Depth};
use serde_json::Value;

use crate::{
    fixture, import_text,
    ip2asn::{ip2asn, text},
    program::imported,
    range,
    server::Served,
    update::{APNIC, apnic, md5, served, server_of_apnic, update},
};

/// Answers to questions of all kinds.
fn asked(whois: &Whois) -> Vec<String> {
    let addresses =
        ["20.0.7.1", "20.0.200.0/22"].map(|text| whois.addresses(range(text), Some(7), Depth::Full));
    let addresses = addresses.map(|answer| format!("{answer:?}"));
    let systems = [7, 399, 4_000].map(|number| format!("{:?}", whois.system(number, Depth::Full)));
    let names = ["company 12", "holder"].map(|name| format!("{:?}", whois.by_name(name, 3)));
    let objects = format!("{:?}", whois.objects("ORG-7"));
    [&addresses[..], &systems, &names, &[objects]].concat()
}

/// Files of each kind, whose indexes have some pages.
fn files() -> [(&'static str, String); 3] {
    let delegated =
        |i| format!("apnic|AU|ipv4|20.{}.{}.0|256|20110811|assigned|A{}\n", i / 256, i % 256, i % 40);
    let organisation = |i| format!("O{i}|20260101|Holder {i} Inc|US|ARIN\n");
    let system = |i| format!("{i}|20260101|N{i}|O{}|x|ARIN\n", i % 300);
    let object = |i| {
        format!(
            "aut-num: AS{i}\nas-name: N{i}\ndescr: company {} ltd\norg: ORG-{i}\nsource: X\n\n\
             organisation: ORG-{i}\norg-name: Holder {i}\nsource: X\n\n\
             route: 20.0.{}.0/24\norigin: AS{i}\nsource: X\n\n",
            i * 7_919 % 401,
            i % 256
        )
    };
    [
        (
            "delegated-apnic",
            "2|apnic|1|1||20260928|+1\n".to_owned() + &(0..600).map(delegated).collect::<String>(),
        ),
        (
            "as-org2info",
            "# format:org_id|changed|org_name|country|source\n".to_owned()
                + &(0..300).map(organisation).collect::<String>()
                + "# format:aut|changed|aut_name|org_id|opaque_id|source\n"
                + &(0..500).map(system).collect::<String>(),
        ),
        ("rpsl-x.db", (0..400).map(object).collect()),
    ]
}

#[test]
fn no_bit_that_is_turned_in_an_index_loses_a_record_without_a_word() {
    let mut not_met = 0;
    for (name, content) in files() {
        let folder = tempfile::tempdir().unwrap();
        import_text("x.db", content.as_bytes(), folder.path()).unwrap();
        let path = folder.path().join(format!("{name}.whois"));
        let whole = fs::read(&path).unwrap();
        let answers = asked(&Whois::open(folder.path()));
        let mut met = 0;
        // Of each page some, and of the header all.
        for at in (0..180).chain((180..whole.len()).step_by(53)) {
            let mut turned = whole.clone();
            turned[at] ^= 1 << (at % 8);
            fs::write(&path, turned).unwrap();
            let whois = Whois::open(folder.path());
            if let [problem] = whois.problems() {
                let is_told = matches!(problem, WhoisError::Damaged { .. } | WhoisError::OtherVersion { .. });
                assert!(is_told, "{name}, byte {at}: {problem}");
                continue;
            }
            let again = asked(&whois);
            if whois.damage().next().is_some() {
                met += 1;
            } else {
                not_met += 1;
                assert_eq!(again, answers, "{name}, byte {at}");
            }
            assert!(whois.indexes()[0].check().is_some(), "{name}, byte {at}");
        }
        assert!(met > 0, "{name}");
    }
    assert!(not_met > 0, "of what no answer needs nothing is said");
}

/// A dump whose index has many pages.
fn large(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("large.db");
    let object =
        |i: u32| format!("aut-num: AS{i}\nas-name: N{i}\nremarks: {}\n\n", i.wrapping_mul(2_654_435_761));
    fs::write(&path, (0..20_000).map(object).collect::<String>()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn turn_a_bit(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn whoever_meets_the_damage_is_told_the_file_and_an_import_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let dump = large(&folder);
    let ip2asn = |arguments: &[&str]| {
        let output = ip2asn(folder.path(), arguments, "");
        (output.status.code(), text(&output.stdout).to_owned(), text(&output.stderr).to_owned())
    };
    assert_eq!(ip2asn(&["import", &dump]).0, Some(0));
    let index = folder.path().join("connmapperl/whois/rpsl-large.db.whois");
    // The first texts, which the last number has nothing to do with.
    turn_a_bit(&index, 300);
    let damaged = format!(
        "{}: it is damaged, and answers may lack some of it; import its source again",
        index.display()
    );

    let (code, answer, told) = ip2asn(&["AS19999"]);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    assert!(answer.contains("as-name: N19999"), "{answer}");
    let (code, _, told) = ip2asn(&["AS7", "AS8"]);
    assert_eq!(code, Some(1));
    assert_eq!(told.matches(&damaged).count(), 1, "{told}");
    let (code, answer, told) = ip2asn(&["--json", "AS7"]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((code, &answer["whois"]["damaged"]), (Some(1), &Value::from(vec!["rpsl-large.db"])));
    assert!(told.contains(&damaged), "{told}");
    assert!(ip2asn(&["--org", "n7"]).2.contains(&damaged));

    assert_eq!(ip2asn(&["status"]).0, Some(0), "it has not read it");
    let (code, answer, _) = ip2asn(&["status", "--check"]);
    assert_eq!(code, Some(1));
    assert!(answer.contains(&format!("broken: {damaged}")), "{answer}");
    let (_, answer, _) = ip2asn(&["status", "--check", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["problems"][0], damaged);

    assert_eq!(ip2asn(&["import", &dump]).0, Some(0));
    assert_eq!(ip2asn(&["AS7", "AS8"]).0, Some(0));
    assert_eq!(ip2asn(&["status", "--check"]).0, Some(0));
}

#[test]
fn an_update_mends_a_damaged_index_though_nothing_newer_is_there() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    // Of many records, so that what the index is made from lies in another page than the first texts.
    let record = |i| format!("apnic|AU|asn|{}|1|20110811|allocated|A{}\n", 4_199_000_000_u32 + i, i % 700);
    let more: String = (0..3_000).map(record).collect();
    let body = (text(&apnic()).replacen("|14||", "|3014||", 1) + &more).into_bytes();
    server.put(&format!("{APNIC}.md5"), Served { body: md5(&body).into(), ..Served::default() });
    server.put(APNIC, served(body));
    assert!(update(folder.path(), &server, "delegated-apnic").status.success());
    assert!(
        text(&update(folder.path(), &server, "delegated-apnic").stdout).contains("nothing newer is there")
    );
    turn_a_bit(&folder.path().join("connmapperl/whois/delegated-apnic.whois"), 300);
    assert_eq!(ip2asn(folder.path(), &["status"], "").status.code(), Some(0), "it opens");
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("3014 records"), "{}", text(&output.stdout));
    assert_eq!(ip2asn(folder.path(), &["status", "--check"], "").status.code(), Some(0));
}

#[test]
fn an_index_of_another_version_is_told_and_imported_anew() {
    let folder = imported(&["ripe.db"]);
    let path = folder.path().join("connmapperl/whois/rpsl-ripe.db.whois");
    let mut bytes = fs::read(&path).unwrap();
    bytes[11] = 1;
    fs::write(&path, bytes).unwrap();
    let told =
        format!("{}: made by another version of this program; import its source again", path.display());
    let output = ip2asn(folder.path(), &["193.0.0.1"], "");
    assert!(text(&output.stderr).contains(&told), "{}", text(&output.stderr));
    let output = ip2asn(folder.path(), &["status"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains(&format!("broken: {told}")), "{}", text(&output.stdout));
    let output = ip2asn(folder.path(), &["import", fixture("ripe.db").to_str().unwrap()], "");
    let told = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(output.status.success() && told.contains("worth more: it is of another version"), "{told}");
    assert_eq!(ip2asn(folder.path(), &["193.0.0.1"], "").status.code(), Some(0));
}

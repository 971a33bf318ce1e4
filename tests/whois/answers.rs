//! What the imported sources say together.

use std::fs;

use connmapperl::whois::{
    answer::{Found, Object},
    import::Order,
    index::BlockPacker,
    input::Piece,
    lookup::Depth,
};

use serde_json::Value;

use crate::{
    ALL, import_text,
    ip2asn::{ip2asn, text},
    range, whois,
};

fn titles(objects: &[Object]) -> Vec<&str> {
    objects.iter().map(|object| object.title.as_str()).collect()
}

#[test]
fn an_address_has_its_holder_and_the_holders_as_numbers() {
    let (_folder, whois) = whois(&ALL);
    for address in ["94.74.97.164", "2407:c080::1"] {
        let answer = whois.addresses(range(address), None, Depth::Full);
        assert_eq!(answer.delegations[0].opaque_id.as_deref(), Some("A917E678"));
        let asns: Vec<_> = answer.holder_asns.iter().map(|asn| asn.start.as_str()).collect();
        assert_eq!(asns, ["131444", "136907", "141180", "149167", "151610"]);
        assert_eq!(answer.organisations.len(), 1, "each name once");
        assert_eq!(
            titles(&answer.aut_nums),
            ["aut-num: AS131444"],
            "the first of the holder's that a dump has"
        );
    }
}

#[test]
fn networks_stand_innermost_first_and_without_the_root() {
    let (_folder, whois) = whois(&ALL);
    let answer = whois.addresses(range("193.0.0.1"), Some(3_333), Depth::Full);
    assert_eq!(
        titles(&answer.networks),
        ["inetnum: 193.0.0.0-193.0.0.255", "inetnum: 193.0.0.0 - 193.0.7.255"]
    );
    assert_eq!(titles(&answer.routes), ["route: 193.0.0.0/21"]);
    assert_eq!(titles(&answer.organisation_objects), ["organisation: ORG-RIEN1-RIPE"]);
    let ipv6 = whois.addresses(range("2001:67c:2e8::1"), None, Depth::Full);
    assert_eq!(titles(&ipv6.networks), ["inet6num: 2001:67c:2e8::/48"]);
    assert_eq!(titles(&ipv6.routes), ["route6: 2001:67c:2e8::/48"]);
}

#[test]
fn lacnics_short_networks_and_ipv6_under_inetnum_are_found() {
    let (_folder, whois) = whois(&ALL);
    for (address, title) in
        [("24.232.16.200", "inetnum: 24.232.16/24"), ("2001:1200::5", "inetnum: 2001:1200::/32")]
    {
        let answer = whois.addresses(range(address), None, Depth::Full);
        assert_eq!(titles(&answer.networks), [title]);
    }
    let answer = whois.system(278, Depth::Full);
    assert!(answer.aut_nums[0].text.contains("owner:   Description"));
}

#[test]
fn a_range_has_all_that_lies_in_it() {
    let (_folder, whois) = whois(&ALL);
    let starts = |text: &str| {
        let answer = whois.addresses(range(text), None, Depth::Brief);
        answer.delegations.into_iter().map(|delegation| delegation.start).collect::<Vec<_>>()
    };
    assert_eq!(starts("185.0.0.0/15"), ["185.0.0.4", "185.1.0.0"], "what is held before what is free");
    assert_eq!(starts("185.0.0.5 - 185.0.0.6"), ["185.0.0.4"]);
    assert!(starts("186.0.0.0/8").is_empty());
}

#[test]
fn holders_of_two_files_are_never_joined() {
    let folder = tempfile::tempdir().unwrap();
    let apnic = "2|apnic|1|1||20260928|+1\napnic|AU|ipv4|1.0.0.0|256|20110811|assigned|77\n";
    let other = "2|lacnic|1|1||20260928|+1\nlacnic|BR|asn|5|1|20110811|assigned|77\n";
    let same = "2|apnic|1|1||20260927|+1\napnic|AU|asn|6|1|20110811|assigned|77\n";
    import_text("a", apnic.as_bytes(), folder.path()).unwrap();
    import_text("b", other.as_bytes(), folder.path()).unwrap();
    let target = connmapperl::whois::import::Folder::open(folder.path()).unwrap();
    let path = folder.path().join("yesterday.txt");
    fs::write(&path, same).unwrap();
    let order = Order { name: Some("yesterday"), ..Order::new(crate::TODAY) };
    target.import(&Piece::file(&path), order, &mut BlockPacker::default(), &mut |_| true).unwrap();
    let whois = connmapperl::whois::Whois::open(folder.path());
    assert_eq!(whois.indexes().len(), 3);
    assert_eq!(whois.addresses(range("1.0.0.1"), None, Depth::Full).holder_asns, []);
}

#[test]
fn an_as_number_has_what_its_holder_has() {
    let (_folder, whois) = whois(&ALL);
    let answer = whois.system(9_070, Depth::Full);
    assert_eq!(answer.holder_ranges[0].start, "87.116.83.0");
    assert_eq!(answer.delegations[0].date.as_deref(), Some("19981125"));
    assert!(whois.system(4_200_000_000, Depth::Full).is_empty());
}

#[test]
fn names_are_found_by_beginnings_of_their_words() {
    let (_folder, whois) = whois(&ALL);
    let find = |text: &str| whois.by_name(text, 100).0;
    let huawei = find("huawei");
    let organisation: Vec<&Found> = huawei.iter().filter(|found| found.asns.len() == 5).collect();
    assert_eq!(organisation[0].name, "HUAWEI INTERNATIONAL PTE. LTD.");
    assert!(huawei.iter().any(|found| found.id == "AS131444"), "the name in the aut-num: {huawei:?}");
    assert_eq!(find("inter HUAW pte")[0].id, "ORG-HIPL2-AP-APNIC");
    assert!(find("awei").is_empty() && find("huawei nobody").is_empty() && find("--").is_empty());
    assert_eq!(find("árvíztűrő")[0].country_code.as_deref(), Some("HU"));
    let (one, more) = whois.by_name("r", 1);
    assert!(one.len() == 1 && more);
}

#[test]
fn objects_are_found_by_their_keys_in_any_case() {
    let (_folder, whois) = whois(&ALL);
    for key in ["as-ripencc", "OPS4-RIPE", "dumy-ripe", "ORG-RIEN1-RIPE", "SO1-AFRINIC"] {
        assert_eq!(whois.objects(key).len(), 1, "{key}");
    }
    assert!(whois.objects("RIPE-NCC-MNT").is_empty(), "kinds that are not kept");
}

#[test]
fn where_there_is_more_the_text_says_what_json_has_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..1_100)
        .map(|i| format!("apnic|AU|ipv4|1.0.{}.{}|1|20110811|assigned|A\n", i / 256, i % 256))
        .collect();
    let routes: String =
        (1..=9).map(|i| format!("route: 1.0.0.0/{}\norigin: AS{i}\nsource: X\n\n", 8 + i)).collect();
    for (name, content) in [("delegated", format!("2|apnic|1|1100||20260928|+1\n{lines}")), ("x.db", routes)]
    {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let output = ip2asn(folder.path(), &["import", path.to_str().unwrap()], "");
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    for (query, delegations, routes, left_out) in [
        (
            "1.0.0.0/16",
            1_000,
            8,
            "--- Left out: 900 of the registries' records, 1 of routing registries' objects;",
        ),
        ("1.0.0.0", 1, 8, "--- Left out: 1 of routing registries' objects; ip2asn --all has them ---"),
    ] {
        let output = ip2asn(folder.path(), &[query], "");
        let told = text(&output.stdout);
        assert!(told.contains(left_out), "{query}: {told}");
        let output = ip2asn(folder.path(), &["--json", query], "");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let whois = &answer["whois"];
        let count = |list: &str| whois[list].as_array().unwrap().len();
        assert_eq!((count("delegations"), count("routes")), (delegations, routes), "{query}");
        assert_eq!(whois["cut"], true);
    }
}

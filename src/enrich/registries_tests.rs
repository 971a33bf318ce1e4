use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use super::Registries;
use crate::{
    enrich::{DataFolders, Report, Sources},
    geo::{Geography, date::Date},
    model::{Asn, NoPlace},
    whois::{
        Whois,
        import::{Folder, Order},
        index::BlockPacker,
        input::Piece,
    },
};

/// In the embedded tables: AS15169, whose data is of 2026.
const NAMED: &str = "8.8.8.8";

/// Imports text under a file's name, of which digits are the day of the data.
fn import(name: &str, text: &str, registries: &Path) {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join(name);
    fs::write(&path, text).unwrap();
    let pieces = Piece::all(&path).unwrap();
    let today = Date { year: 2026, month: 11, day: 26 };
    let folder = Folder::open(registries).unwrap();
    folder.import(&pieces[0], Order::new(today), &mut BlockPacker::default(), &mut |_| true).unwrap();
}

fn import_organisation(day: &str, name: &str, registries: &Path) {
    let text = format!(
        "# format:org_id|changed|org_name|country|source\nG|20120101|{name}|US|ARIN\n\
         # format:aut|changed|aut_name|org_id|opaque_id|source\n15169|20120101|SYSTEM|G|x|ARIN\n"
    );
    import(&format!("{day}.as-org2info.txt"), &text, registries);
}

fn open(cache: &Path, registries: &Path) -> Sources {
    let (cache, registries) = (Some(cache.to_owned()), Some(registries.to_owned()));
    Sources::open(&DataFolders { data: None, cache, registries })
}

/// As the map asks; the other questions say the same.
fn asn(sources: &Sources, address: &str) -> Option<Asn> {
    let address: IpAddr = address.parse().unwrap();
    let (_, asn) = sources.geography().locate_with_asn(address);
    assert_eq!(asn, sources.geography().asn(address));
    asn
}

fn name(sources: &Sources, address: &str) -> String {
    asn(sources, address).unwrap().organisation.to_string()
}

/// As names of files have it.
fn today() -> String {
    Date::from_system_time(SystemTime::now()).to_string().replace('-', "")
}

/// Names of the sources in use as they were last told, and all problems.
fn reports(sources: &mut Sources) -> (Vec<String>, Vec<String>) {
    let (mut names, mut problems) = (Vec::new(), Vec::new());
    for report in sources.take_reports() {
        match report {
            Report::Sources(infos) => names = infos.into_iter().map(|info| info.name).collect(),
            Report::Problem { lines, .. } => problems.extend(lines),
            other => panic!("{other:?}"),
        }
    }
    (names, problems)
}

#[test]
fn a_later_organisation_is_shown_and_an_older_one_is_not() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let built_in = name(&open(cache.path(), &folder.path().join("none")), NAMED);
    assert!(!built_in.is_empty() && built_in != "Imported Inc.");

    import_organisation("20200101", "Imported Inc.", folder.path());
    assert_eq!(name(&open(cache.path(), folder.path()), NAMED), built_in);

    // A later day than this is not believed.
    import_organisation(&today(), "Imported Inc.", folder.path());
    let mut sources = open(cache.path(), folder.path());
    assert_eq!(asn(&sources, NAMED), Some(Asn { number: 15_169, organisation: "Imported Inc.".into() }));
    let (names, problems) = reports(&mut sources);
    assert!(
        names
            .iter()
            .any(|name| name
                .contains(&format!("as-org2info of {}", Date::from_system_time(SystemTime::now())))),
        "{names:?}"
    );
    assert_eq!(problems, [""; 0]);
}

#[test]
fn an_import_while_the_program_runs_is_seen_and_so_is_its_end() {
    let (cache, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Not there yet when the program starts.
    let folder = data.path().join("whois");
    let mut sources = open(cache.path(), &folder);
    let built_in = name(&sources, NAMED);
    assert!(!sources.poll());
    reports(&mut sources);
    for imported in ["First Inc.", "Other Inc."] {
        import_organisation(&today(), imported, &folder);
        assert!(sources.poll());
        assert_eq!(name(&sources, NAMED), imported);
        assert!(reports(&mut sources).0.iter().any(|name| name.contains("as-org2info")));
        assert!(!sources.poll(), "nothing new");
    }
    fs::remove_file(folder.join("as-org2info.whois")).unwrap();
    assert!(sources.poll());
    assert_eq!(name(&sources, NAMED), built_in);
}

#[test]
fn a_damaged_index_is_told_once_and_the_tables_go_on() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    import_organisation(&today(), "Imported Inc.", folder.path());
    let path = folder.path().join("as-org2info.whois");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let mut sources = open(cache.path(), folder.path());
    let (_, problems) = reports(&mut sources);
    assert!(
        matches!(&*problems, [line] if line.contains("as-org2info.whois: the file is cut off")),
        "{problems:?}"
    );
    assert_ne!(name(&sources, NAMED), "Imported Inc.");
    assert!(!sources.poll());
    assert_eq!(reports(&mut sources).1, [""; 0], "said already");

    import_organisation(&today(), "Imported Inc.", folder.path());
    assert!(sources.poll());
    assert_eq!(name(&sources, NAMED), "Imported Inc.");
    let cleared = |report: &Report| matches!(report, Report::Problem { lines, .. } if lines.is_empty());
    assert!(sources.take_reports().iter().any(cleared), "all is well again");
}

#[test]
fn damage_within_an_index_is_told_when_it_is_met() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // So many others that what the file was made from, at its end, is on another page.
    let others: String = (0..5_000).map(|n| format!("H{n}|20120101|Other {}|US|ARIN\n", n * 7_919)).collect();
    import_organisation(&today(), &format!("Imported Inc.|US|ARIN\n{others}Z|20120101|Last"), folder.path());
    let path = folder.path().join("as-org2info.whois");
    let mut bytes = fs::read(&path).unwrap();
    // The texts come first, behind the header.
    bytes[200..260].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let mut sources = open(cache.path(), folder.path());
    assert_eq!(reports(&mut sources).1, [""; 0]);
    assert_ne!(name(&sources, NAMED), "Imported Inc.");
    assert!(!sources.poll(), "the answers are the same");
    let (_, problems) = reports(&mut sources);
    assert!(
        matches!(&*problems, [line] if line.contains("as-org2info.whois: it is damaged")),
        "{problems:?}"
    );
    assert!(!sources.poll());
    assert_eq!(reports(&mut sources).1, [""; 0], "said already");
}

#[test]
fn a_registered_route_fills_a_gap_and_the_innermost_counts() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let without = open(cache.path(), &folder.path().join("none"));
    let no_holder = |address: &Ipv4Addr| {
        let (place, asn) = without.geography().locate_with_asn((*address).into());
        asn.is_none() && (place.is_ok() || place == Err(NoPlace::NoEntry))
    };
    let [first, ..] = (1..224).map(|first| Ipv4Addr::new(first, 1, 2, 3)).find(no_holder).unwrap().octets();
    let text = format!(
        "route: {first}.1.0.0/16\norigin: AS64500\n\nroute: {first}.1.2.0/24\norigin: AS64501\n\n\
         inetnum: {first}.1.2.0 - {first}.1.2.127\nnetname: INNER\n\nroute: {first}.1.2.0/26\norigin: AS0\n\n\
         aut-num: AS64501\nas-name: GAP-AS\ndescr: Gap Ltd.\n\nroute: 8.8.8.0/24\norigin: AS64502\n"
    );
    import("ripe.db.route", &text, folder.path());
    let gap = format!("{first}.1.2.3");
    let sources = open(cache.path(), folder.path());
    assert_eq!(asn(&sources, &gap), Some(Asn { number: 64_501, organisation: "Gap Ltd.".into() }));
    assert_eq!(asn(&sources, NAMED).map(|asn| asn.number), Some(15_169), "the tables know it");
    assert_eq!(asn(&sources, "10.0.0.1"), None);

    let registries = Registries::new(Whois::open(folder.path())).unwrap();
    let alone = Geography::new(Vec::new()).with_registry(Arc::new(registries));
    let asn = |address: String| alone.asn(address.parse().unwrap());
    let unnamed = Asn { number: 64_500, organisation: "".into() };
    assert_eq!(asn(format!("{first}.1.9.1")), Some(unnamed), "a route, and nobody's name");
    assert_eq!(asn(format!("{first}.2.0.1")), None);
}

#[test]
fn an_aut_num_is_named_by_its_organisation_and_as_org2info_goes_before() {
    let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let aut_num = "aut-num: AS15169\nas-name: SHORT\ndescr: A description\norg: ORG-G\n";
    import("ripe.db.aut-num", aut_num, folder.path());
    assert_eq!(name(&open(cache.path(), folder.path()), NAMED), "A description");
    import("ripe.db.organisation", "organisation: ORG-G\norg-name: Of the object\n", folder.path());
    assert_eq!(name(&open(cache.path(), folder.path()), NAMED), "Of the object");
    import_organisation(&today(), "Of CAIDA", folder.path());
    assert_eq!(name(&open(cache.path(), folder.path()), NAMED), "Of CAIDA");
}

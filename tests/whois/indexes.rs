//! Indexes on disk: replaced as a whole or not at all, and refused where they are damaged.

use std::fs;

use connmapperl::whois::{
    Whois,
    error::WhoisError,
    import::{Folder, Order},
    index::BlockPacker,
    input::Piece,
    keys::Range,
    lookup::Depth,
};

use crate::{TODAY, fixture, import, import_text, range};

fn files(folder: &std::path::Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != ".import.lock").collect();
    names.sort();
    names
}

#[test]
fn an_import_takes_the_place_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let text = |number| format!("aut-num: AS{number}\nsource: X\n");
    import_text("x.db", text(1).as_bytes(), folder.path()).unwrap();
    // Whoever has it open goes on with what was there.
    let before = Whois::open(folder.path());
    let imported = import_text("x.db", text(2).as_bytes(), folder.path()).unwrap();
    assert!(imported.replaced.is_some());
    assert_eq!(files(folder.path()), ["rpsl-x.db.whois"]);
    let after = Whois::open(folder.path());
    let knows = |whois: &Whois| [1, 2].map(|number| !whois.system(number, Depth::Full).is_empty());
    assert_eq!((knows(&before), knows(&after)), ([true, false], [false, true]));
}

#[test]
fn what_fails_or_is_interrupted_leaves_the_old_index() {
    let folder = tempfile::tempdir().unwrap();
    import_text("x.db", b"aut-num: AS1\n", folder.path()).unwrap();
    let many = "aut-num: AS2\n\n".repeat(10_000);
    let path = folder.path().join("x.db");
    fs::write(&path, many).unwrap();
    let cancelled = Folder::open(folder.path()).unwrap().import(
        &Piece::file(&path),
        Order::new(TODAY),
        &mut BlockPacker::default(),
        &mut |_| false,
    );
    assert!(matches!(cancelled, Err(WhoisError::Cancelled { .. })));
    assert!(matches!(import_text("x.db", b"aut-num: x\n", folder.path()), Err(WhoisError::NoRecords { .. })));
    assert!(matches!(import_text("x.db", b"nothing", folder.path()), Err(WhoisError::NotKnown { .. })));
    fs::remove_file(path).unwrap();
    assert_eq!(files(folder.path()), ["rpsl-x.db.whois"], "and nothing is left over");
    assert!(!Whois::open(folder.path()).system(1, Depth::Full).is_empty());
}

#[test]
fn without_names_all_but_names_is_found_and_status_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let order = Order { with_names: false, ..Order::new(TODAY) };
    let target = Folder::open(folder.path()).unwrap();
    let piece = Piece::file(&fixture("ripe.db"));
    let meta = target.import(&piece, order, &mut BlockPacker::default(), &mut |_| true).unwrap().meta;
    assert!(meta.notes[0].contains("without names"), "{:?}", meta.notes);
    let whois = Whois::open(folder.path());
    assert_eq!(whois.by_name("ripe", 10).0, []);
    assert!(!whois.addresses(range("193.0.0.1"), Some(3_333), Depth::Full).networks.is_empty());
    assert!(!whois.objects("ORG-RIEN1-RIPE").is_empty());
}

#[test]
fn leftovers_of_a_killed_import_are_cleared_away_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".importing-abc"), "half").unwrap();
    import_text("x.db", b"aut-num: AS1\n", folder.path()).unwrap();
    assert_eq!(files(folder.path()), ["rpsl-x.db.whois"]);
}

#[test]
fn one_import_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = Folder::open(folder.path()).unwrap();
    assert!(matches!(Folder::open(folder.path()), Err(WhoisError::Busy { .. })));
    drop(first);
    assert!(Folder::open(folder.path()).is_ok());
}

#[test]
fn a_damaged_index_is_named_and_the_others_answer() {
    let folder = tempfile::tempdir().unwrap();
    import(&fixture("delegated-apnic-extended"), folder.path()).unwrap();
    import(&fixture("ripe.db"), folder.path()).unwrap();
    let path = folder.path().join("rpsl-ripe.db.whois");
    let whole = fs::read(&path).unwrap();
    let mut header = whole.clone();
    header[40] ^= 1;
    for damaged in [&whole[..whole.len() - 1], &whole[..100], &[], &header, b"something else"] {
        fs::write(&path, damaged).unwrap();
        let whois = Whois::open(folder.path());
        assert!(matches!(whois.problems(), [WhoisError::Damaged { .. }]), "{:?}", whois.problems());
        assert!(!whois.addresses(range("94.74.97.164"), None, Depth::Full).is_empty());
    }
}

#[test]
fn damaged_bytes_behind_the_header_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    import(&fixture("ripe.db"), folder.path()).unwrap();
    let path = folder.path().join("rpsl-ripe.db.whois");
    let whole = fs::read(&path).unwrap();
    for at in (170..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[at] = damaged[at].wrapping_add(0x55);
        fs::write(&path, damaged).unwrap();
        let whois = Whois::open(folder.path());
        whois.addresses(range("193.0.0.1"), Some(3_333), Depth::Full);
        whois.addresses(Range::V6(0, u128::MAX), None, Depth::Full);
        whois.by_name("ripe", 100);
        whois.objects("AS-RIPENCC");
    }
}

#[test]
fn more_than_fits_into_memory_at_once_is_found_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    // More rows than a table sorts at a time, so that runs are merged.
    let count = 1_500_000_u32;
    let mut text = String::from("2|apnic|1|1||20260928|+1\n");
    for i in (0..count).rev() {
        use std::fmt::Write;
        writeln!(text, "apnic|AU|ipv4|{}|256|20110811|assigned|A{}", std::net::Ipv4Addr::from(i << 8), i / 3)
            .unwrap();
    }
    let imported = import_text("big", text.as_bytes(), folder.path()).unwrap();
    assert_eq!(imported.meta.records, u64::from(count));
    let whois = Whois::open(folder.path());
    for i in [0, 1, 700_000, 1_400_000, count - 1] {
        let address = (i << 8) + 200;
        let answer = whois.addresses(Range::V4(address, address), None, Depth::Full);
        assert_eq!(answer.delegations[0].opaque_id, Some(format!("A{}", i / 3)));
    }
}

#[test]
fn indexes_in_the_users_data_folder_are_no_tables_of_places() {
    let folder = tempfile::tempdir().unwrap();
    import(&fixture("ripe.db"), &folder.path().join("whois")).unwrap();
    assert!(!connmapperl::geo::import::holds_data(folder.path()));
    let (tables, errors) = connmapperl::geo::import::open_folder(folder.path());
    assert!(tables.is_empty() && errors.is_empty(), "{errors:?}");
}

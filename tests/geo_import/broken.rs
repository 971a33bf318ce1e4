//! Broken files: one error, which names the file, the place in it and what was expected.

use std::{fs, path::Path};

use connmapperl::geo::import::open;

use super::{fixture, gzip, refusal, with_content};

/// What is said of a file of this content, behind its name.
fn said_of(content: &[u8]) -> String {
    with_content(content, |path| refusal(open(path), path))
}

#[test]
fn a_bad_row_is_named_by_its_line() {
    let good = "1.0.0.0,1.0.0.255,OC,AU,Queensland,Gum Tree,-27.4,153.0\n".repeat(3);
    for (row, expected) in [
        ("1.0.1.0,1.0.1.255,AS,CN", ", line 4: expected 8 columns, found 4"),
        ("1.0.1.0,1.0.1.255,AS,CN,,,91,0.5", ", line 4: expected a latitude from -90 to 90, found \"91\""),
        ("1.0.1.0,1.0.1.255,AS,CN,,,9,nan", ", line 4: expected a longitude from -180 to 180, found \"nan\""),
        (
            "1.0.1.9,1.0.1.0,AS,CN,,,9,9",
            ", line 4: expected a range of addresses, found \"1.0.1.9,1.0.1.0,AS,CN,,,9,9\"",
        ),
        (
            "1.0.1.0,::1,AS,CN,,,9,9",
            ", line 4: expected a range of addresses, found \"1.0.1.0,::1,AS,CN,,,9,9\"",
        ),
        ("1.0.1.0,1.0.1.255,AS,CN,\",,9,9", ", line 4: expected 8 columns, found 5"),
    ] {
        assert_eq!(said_of(format!("{good}{row}\n{good}").as_bytes()), expected);
    }
    let asns =
        "1.0.0.0,1.0.0.255,64500,Name\n1.0.1.0,1.0.1.255,64500,Name\n1.0.2.0,1.0.2.255,AS4294967296,Big\n";
    assert_eq!(said_of(asns.as_bytes()), ", line 3: expected an AS number, found \"AS4294967296\"");
}

#[test]
fn a_cut_gzip_stream_is_refused() {
    let rows: String = (0..30_000)
        .map(|n| format!("{},{},{},Name {}\n", n * 8, n * 8 + 7, n * 7919 % 65_000 + 1, n * 31))
        .collect();
    let packed = gzip(rows.as_bytes());
    let said = said_of(&packed[..packed.len() / 2]);
    assert!(said.starts_with(", after line "), "{said}");
    let said = said_of(&packed[..20]);
    assert!(said.starts_with(": "), "{said}");
}

#[test]
fn what_is_no_table_is_told_apart() {
    let expected = ": expected a geography or ASN table (MMDB, or a list of a known form), found ";
    for (content, found) in [
        (&b""[..], "text that begins with nothing"),
        (b"# only a comment\n", "text that begins with nothing"),
        (b"hello, world\n", "text that begins with \"hello, world\""),
        (b"\x00\x01\x02", "binary data without MMDB metadata"),
        (b"0.0.0.0,0.255.255.255,ZZ,ZZ,,,0,0\n", "no row that tells a place or an ASN"),
    ] {
        assert_eq!(said_of(content), format!("{expected}{found}"));
    }
    let mut tar = vec![0; 512];
    tar[..9].copy_from_slice(b"table.csv");
    tar[257..262].copy_from_slice(b"ustar");
    assert!(said_of(&gzip(&tar)).ends_with("a tar archive: unpack it first"));
    let locations = fixture("geolite2/GeoLite2-City-Locations-en.csv");
    assert!(refusal(open(&locations), &locations).contains("read together with its Blocks file"));
}

#[test]
fn blocks_without_their_locations_are_refused() {
    let blocks = fs::read(fixture("geolite2/GeoLite2-City-Blocks-IPv4.csv")).unwrap();
    let said = said_of(&blocks);
    assert!(said.contains("Locations file") && said.ends_with("found none"), "{said}");
}

#[test]
fn a_broken_locations_file_is_the_one_named() {
    let folder = tempfile::tempdir().unwrap();
    let blocks = folder.path().join("Blocks.csv");
    fs::copy(fixture("geolite2/GeoLite2-City-Blocks-IPv4.csv"), &blocks).unwrap();
    let locations = folder.path().join("names.csv");
    let text = fs::read_to_string(fixture("geolite2/GeoLite2-City-Locations-en.csv")).unwrap();
    fs::write(&locations, format!("{text}9200,en\n")).unwrap();
    assert_eq!(refusal(open(&blocks), &locations), ", line 6: expected 14 columns, found 2");
}

#[test]
fn folders_and_missing_files_are_errors_not_panics() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(refusal(open(folder.path()), folder.path()), ": not a file");
    let missing = Path::new("/nonexistent/table.csv");
    assert!(refusal(open(missing), missing).contains("No such file"));
}

//! Zip files in a data folder, as vendors hand them over.

use std::{fs, path::Path};

use connmapperl::geo::import::{Kind, open, open_folder_imports};

use super::{
    asn, fixture, gzip, place, refusal, with_content,
    zip_bytes::{Form, archive},
};

fn read(name: &str) -> Vec<u8> {
    fs::read(fixture(name)).unwrap()
}

/// What a folder with this one file gives: names of the tables by kind, and the errors behind the folder's name.
fn found_in(name: &str, content: &[u8]) -> (Vec<(Kind, String)>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    let (imports, errors) = open_folder_imports(folder.path());
    let names = imports.iter().map(|import| (import.kind, import.source.info().name.clone())).collect();
    let folder = format!("{}/", folder.path().display());
    (names, errors.iter().map(|error| error.to_string().replace(&folder, "")).collect())
}

#[test]
fn geolite_is_taken_as_it_is_downloaded() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["City-Blocks-IPv4", "City-Blocks-IPv6", "City-Locations-de", "City-Locations-en"];
    let names = names.map(|name| format!("GeoLite2-{name}.csv"));
    let contents = names.each_ref().map(|name| read(&format!("geolite2/{name}")));
    let inside = names.each_ref().map(|name| format!("GeoLite2-City-CSV_20261101/{name}"));
    let mut files: Vec<(&str, &[u8])> = vec![("GeoLite2-City-CSV_20261101/", b"")];
    files.extend(inside.iter().zip(&contents).map(|(name, content)| (name.as_str(), content.as_slice())));
    files.push(("GeoLite2-City-CSV_20261101/LICENSE.txt", b"Terms, in words."));
    let path = folder.path().join("GeoLite2-City-CSV_20261101.zip");
    fs::write(&path, archive(&files, Form::default())).unwrap();

    let (imports, errors) = open_folder_imports(folder.path());
    assert!(errors.is_empty(), "{errors:?}");
    let told: Vec<_> = imports.iter().map(|import| import.source.info().name.as_str()).collect();
    assert_eq!(
        told,
        [
            "MaxMind GeoLite2/GeoIP2 (GeoLite2-City-Blocks-IPv4.csv)",
            "MaxMind GeoLite2/GeoIP2 (GeoLite2-City-Blocks-IPv6.csv)",
        ]
    );
    // The English names, though the German file comes first.
    assert_eq!(place(imports[0].source.as_ref(), "1.0.1.1"), "Riverton/England/GB 51.50 -0.12");
    assert!(imports.iter().all(|import| import.source.info().date.is_some()));
}

#[test]
fn every_form_of_a_zip_file_and_of_what_is_in_it_is_read() {
    let table = read("iptoasn-v4.tsv");
    let expected = with_content(&table, |path| asn(open(path).unwrap().as_ref(), "1.0.0.1"));
    assert!(expected.starts_with("AS"), "{expected}");
    for content in [table.clone(), gzip(&table)] {
        for form in [
            Form::default(),
            Form { stored: true, ..Form::default() },
            Form { long: true, ..Form::default() },
        ] {
            let bytes = archive(&[("table", &content)], form);
            with_content(&bytes, |path| assert_eq!(asn(open(path).unwrap().as_ref(), "1.0.0.1"), expected));
        }
    }
}

#[test]
fn tables_in_zip_files_stand_among_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    put("b.csv", &read("dbip-city-lite.csv"));
    let (asns, cities) = (read("iptoasn-v4.tsv"), read("ip2location-db11.csv"));
    put(
        "a.zip",
        &archive(&[("z.csv", &cities), ("asns.tsv", &asns), ("README", b"Hello.")], Form::default()),
    );
    let (imports, errors) = open_folder_imports(folder.path());
    assert!(errors.is_empty(), "{errors:?}");
    let told: Vec<_> = imports.iter().map(|import| import.source.info().name.as_str()).collect();
    assert_eq!(told, ["IP2Location LITE (z.csv)", "DB-IP (b.csv)", "iptoasn (asns.tsv)"]);
}

#[test]
fn what_is_wrong_in_a_zip_file_is_named_and_the_rest_is_read() {
    let cities = read("dbip-city-lite.csv");
    let zip_in_zip = archive(&[("cities.csv", &cities)], Form::default());
    let files: [(&str, &[u8]); 4] = [
        ("bad.csv", b"network,latitude,longitude\n1.2.3.0/24,1\n"),
        ("good.csv", &cities),
        ("inner.zip", &zip_in_zip),
        ("up/../Blocks.csv", &read("geolite2/GeoLite2-City-Blocks-IPv4.csv")),
    ];
    let (names, errors) = found_in("mixed.zip", &archive(&files, Form::default()));
    assert_eq!(names, [(Kind::Places, "DB-IP (good.csv)".to_owned())]);
    assert_eq!(errors.len(), 3, "{errors:#?}");
    assert_eq!(errors[0], "mixed.zip/bad.csv, line 2: expected 3 columns, found 2");
    assert!(
        errors[1].starts_with("mixed.zip/inner.zip: ") && errors[1].ends_with("unpack it first"),
        "{}",
        errors[1]
    );
    assert!(
        errors[2].starts_with("mixed.zip/up/../Blocks.csv: expected its Locations file"),
        "{}",
        errors[2]
    );
}

#[test]
fn a_zip_file_that_cannot_be_used_is_named_with_what_to_do() {
    let cities = read("dbip-city-lite.csv");
    let whole = archive(&[("cities.csv", &cities)], Form::default());
    let list_at = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let changed = |at: usize, values: &[u8]| {
        let mut bytes = whole.clone();
        bytes[list_at + at..][..values.len()].copy_from_slice(values);
        bytes
    };
    let names: Vec<_> = (0..101).map(|number| format!("{number}.csv")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    for (bytes, problem) in [
        (
            archive(&[("LICENSE.txt", b"Terms.")], Form::default()),
            ": expected a geography or ASN table (MMDB, or a list of a known form), found a zip file without one",
        ),
        (archive(&[], Form::default()), "binary data without MMDB metadata"),
        (
            archive(&many, Form::default()),
            ": expected a zip file of tables, found one with 101 files: unpack what you need of it",
        ),
        (changed(24, &[0xfe, 0xff, 0xff, 0xff]), "/cities.csv: a file in the zip file is cut off"),
        (changed(8, &[1]), "/cities.csv: cities.csv is encrypted"),
        (changed(10, &[14]), "method 14, which is neither stored nor deflated; unpack it first"),
        (changed(16, &[0, 0, 0, 0]), "checksum differs"),
        (whole[..whole.len() / 2].to_vec(), ": the zip file is damaged: it is cut off"),
    ] {
        let (names, errors) = found_in("x.zip", &bytes);
        assert_eq!((names, errors.len()), (Vec::new(), 1), "{errors:?} for {problem}");
        assert!(errors[0].starts_with("x.zip") && errors[0].contains(problem), "{} for {problem}", errors[0]);
    }
    // More than 4 GiB in all, by what the list says.
    let long = archive(&[("cities.csv", &cities)], Form { long: true, ..Form::default() });
    let sizes_at = long.windows(4).position(|four| four == [1, 0, 24, 0]).unwrap() + 4;
    let mut long = long;
    long[sizes_at..][..8].copy_from_slice(&(5_u64 << 30).to_le_bytes());
    assert!(found_in("x.zip", &long).1[0].contains("more than 4 GiB when unpacked: unpack what you need"));
}

#[test]
fn documents_that_are_zip_files_are_passed_over() {
    let whole = archive(&[("xl/sheet1.xml", b"<x/>"), ("xl/printer.bin", b"\0\x01")], Form::default());
    for content in [whole.as_slice(), &whole[..20]] {
        assert_eq!(found_in("sheet.xlsx", content), (Vec::new(), Vec::new()));
    }
}

#[test]
fn one_zip_file_opened_by_itself_has_one_table() {
    let table = read("iptoasn-v4.tsv");
    let two = archive(&[("a.tsv", &table), ("b.tsv", &table)], Form::default());
    with_content(&two, |path: &Path| {
        assert!(refusal(open(path), path).ends_with("found a zip file of 2 files: unpack it first"));
    });
}

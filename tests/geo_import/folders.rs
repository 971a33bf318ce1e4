//! Data folders with a mix of files.

use std::fs;

use connmapperl::geo::import::{Kind, open_folder, open_folder_imports};

use super::{fixture, gzip, place};

#[test]
fn a_folder_gives_its_tables_by_kind_then_name() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    let read = |name: &str| fs::read(fixture(name)).unwrap();
    put("a-countries.csv", &read("dbip-country-lite.csv"));
    put("b-asns.tsv.gz", &gzip(&read("iptoasn-v4.tsv")));
    put("z-cities.csv", &read("dbip-city-lite.csv"));
    put("c-cities", &read("ip2location-db11.csv"));
    put("README.md", b"# Data\n");
    put("notes.txt", b"1,2,3\n");
    put("connmapperlrc", b"SSH In,local,22,1.0,0.2,0.2,0.8,1\n");
    put("places.csv", b"this is no table");
    put(".hidden.csv", b"nor is this");
    put("history-places.csv", b"nor what the program itself remembers");
    put("history.sqlite", b"of either kind");
    fs::create_dir(folder.path().join("GeoLite2-City-CSV_20261101")).unwrap();
    for name in ["City-Blocks-IPv4", "City-Blocks-IPv6", "City-Locations-de", "City-Locations-en"] {
        let name = format!("GeoLite2-{name}.csv");
        put(&format!("GeoLite2-City-CSV_20261101/{name}"), &read(&format!("geolite2/{name}")));
    }
    put("broken.csv", b"network,latitude,longitude\n1.2.3.0/24,1\n");
    put("unknown.csv", b"hello\n");
    put("download.zip", b"PK\x03\x04");

    let (imports, errors) = open_folder_imports(folder.path());
    let names: Vec<_> =
        imports.iter().map(|import| (import.kind, import.source.info().name.clone())).collect();
    let expected = [
        (Kind::Places, "MaxMind GeoLite2/GeoIP2 (GeoLite2-City-Blocks-IPv4.csv)"),
        (Kind::Places, "MaxMind GeoLite2/GeoIP2 (GeoLite2-City-Blocks-IPv6.csv)"),
        (Kind::Places, "IP2Location LITE (c-cities)"),
        (Kind::Places, "DB-IP (z-cities.csv)"),
        (Kind::Asns, "iptoasn (b-asns.tsv.gz)"),
        (Kind::Countries, "DB-IP (a-countries.csv)"),
    ];
    assert_eq!(names, expected.map(|(kind, name)| (kind, name.to_owned())));
    // The English names, though the German file comes first.
    assert_eq!(place(imports[0].source.as_ref(), "1.0.1.1"), "Riverton/England/GB 51.50 -0.12");

    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 3, "{errors:#?}");
    assert!(errors[0].contains("broken.csv, line 2: expected 3 columns, found 2"), "{}", errors[0]);
    assert!(
        errors[1].contains("download.zip: ") && errors[1].contains("zip file is damaged"),
        "{}",
        errors[1]
    );
    assert!(errors[2].contains("unknown.csv: "), "{}", errors[2]);

    let (sources, _) = open_folder(folder.path());
    assert_eq!(sources.len(), imports.len());
}

#[test]
fn a_folder_that_is_not_there_is_one_error() {
    let (imports, errors) = open_folder_imports("/nonexistent/data".as_ref());
    assert!(imports.is_empty());
    assert_eq!(errors.len(), 1);
}

//! MMDB files of all producers, made here.

use std::net::{IpAddr, Ipv4Addr};

use connmapperl::geo::import::{Import, Kind, open, open_import};
use proptest::prelude::*;

use super::{
    asn, gzip,
    mmdb_encoder::{Encoder, Value},
    place, refusal, with_content,
};

pub fn names(english: &'static str) -> Value {
    Value::Map(vec![("names", Value::Map(vec![("de", Value::Text("falsch")), ("en", Value::Text(english))]))])
}

/// A record as MaxMind nests it.
pub fn nested_city(city: &'static str, lat: f64, lon: f64) -> Value {
    Value::Map(vec![
        ("city", names(city)),
        ("continent", Value::Map(vec![("code", Value::Text("EU"))])),
        (
            "country",
            Value::Map(vec![("is_in_european_union", Value::Bool(true)), ("iso_code", Value::Text("DE"))]),
        ),
        (
            "location",
            Value::Map(vec![
                ("accuracy_radius", Value::U16(20)),
                ("latitude", Value::Double(lat)),
                ("longitude", Value::Double(lon)),
                ("time_zone", Value::Text("Europe/Berlin")),
            ]),
        ),
        ("subdivisions", Value::List(vec![names("Nordland"), names("Not this")])),
    ])
}

pub fn city_file(record_size: u16) -> Vec<u8> {
    let mut encoder = Encoder::new(6, record_size, "GeoLite2-City");
    encoder.ipv4_aliases = true;
    encoder.insert("1.2.3.0/24", nested_city("Hafen", 53.5, 10.0));
    encoder.insert("1.2.4.0/23", nested_city("Berg", 47.5, 11.0));
    encoder.insert("2a00:1450::/32", nested_city("Tal", 48.0, 12.0));
    encoder.encode()
}

fn opened(content: &[u8]) -> Import {
    with_content(content, |path| open_import(path).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn nested_cities_in_every_record_size_plain_and_packed() {
    for record_size in [24, 28, 32] {
        let file = city_file(record_size);
        for content in [gzip(&file), file] {
            let import = opened(&content);
            let source = import.source.as_ref();
            assert_eq!(import.kind, Kind::Places);
            assert_eq!(place(source, "1.2.3.255"), "Hafen/Nordland/DE 53.50 10.00");
            assert_eq!(place(source, "1.2.5.0"), "Berg/Nordland/DE 47.50 11.00");
            assert_eq!(place(source, "1.2.6.0"), "-");
            assert_eq!(place(source, "::ffff:1.2.3.4"), "Hafen/Nordland/DE 53.50 10.00");
            assert_eq!(place(source, "2a00:1450:ffff::"), "Tal/Nordland/DE 48.00 12.00");
            // The alias of 6to4 is not loaded a second time.
            assert_eq!(place(source, "2002:102:304::"), "-");
            assert_eq!(source.info().date.as_deref(), Some("2026-06-05"));
            assert!(source.info().attribution.contains("MaxMind"));
        }
    }
}

#[test]
fn asns_of_maxmind_and_flat_records_of_ipinfo() {
    let mut encoder = Encoder::new(4, 24, "GeoLite2-ASN");
    encoder.insert(
        "1.2.3.0/24",
        Value::Map(vec![
            ("autonomous_system_number", Value::U32(64500)),
            ("autonomous_system_organization", Value::Text("Example, Inc.")),
        ]),
    );
    let import = opened(&encoder.encode());
    assert_eq!(import.kind, Kind::Asns);
    assert_eq!(asn(import.source.as_ref(), "1.2.3.4"), "AS64500 Example, Inc.");

    let mut encoder = Encoder::new(6, 32, "ipinfo generic_lite.mmdb");
    let text = Value::Text;
    encoder.insert(
        "1.2.3.0/24",
        Value::Map(vec![
            ("as_domain", text("example.com")),
            ("as_name", text("Example, Inc.")),
            ("asn", text("AS64500")),
            ("country", text("Australia")),
            ("country_code", text("AU")),
        ]),
    );
    encoder.insert("1.2.4.0/24", Value::Map(vec![("asn", text("")), ("country_code", text("AU"))]));
    let import = opened(&encoder.encode());
    assert_eq!(import.kind, Kind::Asns);
    assert_eq!(asn(import.source.as_ref(), "1.2.3.4"), "AS64500 Example, Inc.");
    assert_eq!(asn(import.source.as_ref(), "1.2.4.4"), "-");
    assert_eq!(place(import.source.as_ref(), "1.2.3.4"), "-");
    assert!(import.source.info().attribution.contains("IPinfo"));
}

#[test]
fn flat_cities_with_coordinates_as_floats_or_text() {
    let mut encoder = Encoder::new(4, 28, "city ipv4");
    encoder.insert(
        "1.2.3.0/24",
        Value::Map(vec![
            ("city", Value::Text("Gum Tree")),
            ("country_code", Value::Text("AU")),
            ("latitude", Value::Float(-33.8688)),
            ("longitude", Value::Float(151.209)),
            ("state1", Value::Text("New South Wales")),
        ]),
    );
    encoder.insert(
        "1.2.4.0/24",
        Value::Map(vec![
            ("city", Value::Text("Gum Tree")),
            ("country", Value::Text("AU")),
            ("lat", Value::Text("-33.8688")),
            ("lng", Value::Text("151.209")),
            ("region", Value::Text("New South Wales")),
        ]),
    );
    encoder.insert(
        "1.2.5.0/24",
        Value::Map(vec![("latitude", Value::Text("")), ("longitude", Value::Text(""))]),
    );
    let import = opened(&encoder.encode());
    for address in ["1.2.3.4", "1.2.4.4"] {
        assert_eq!(place(import.source.as_ref(), address), "Gum Tree/New South Wales/AU -33.87 151.21");
    }
    assert_eq!(place(import.source.as_ref(), "1.2.5.4"), "-");
}

#[test]
fn countries_alone_and_a_record_for_everything() {
    let mut encoder = Encoder::new(6, 24, "DBIP-Country-Lite");
    let country = Value::Map(vec![("iso_code", Value::Text("AU"))]);
    encoder.insert("::/1", Value::Map(vec![("country", country)]));
    let import = opened(&encoder.encode());
    assert_eq!(import.kind, Kind::Countries);
    for address in ["1.2.3.4", "255.255.255.255", "2a00::1"] {
        assert_eq!(place(import.source.as_ref(), address), "//AU -33.90 151.20");
    }
    assert_eq!(place(import.source.as_ref(), "8000::"), "-");
}

#[test]
fn broken_files_are_refused_with_an_offset() {
    let mut encoder = Encoder::new(4, 24, "GeoLite2-City");
    encoder.insert("1.2.3.0/24", nested_city("Hafen", 95.0, 10.0));
    with_content(&encoder.encode(), |path| {
        // 24 nodes of 6 bytes and the separator stand before the record.
        let said = refusal(open(path), path);
        assert!(said.starts_with(", byte 160: location.latitude: expected degrees from -90 to 90"), "{said}");
    });
    let file = city_file(24);
    for length in 0..file.len() {
        with_content(&file[..length], |path| assert!(open(path).is_err(), "cut to {length} bytes"));
    }
    // A record that points out of the data.
    let mut wild = file.clone();
    wild[3..6].copy_from_slice(&[0xff, 0xff, 0xff]);
    with_content(&wild, |path| {
        let said = refusal(open(path), path);
        assert!(said.starts_with(", byte "), "{said}");
    });
}

#[test]
fn a_tree_that_runs_in_circles_ends() {
    let file = city_file(24);
    let nodes = file.windows(16).position(|window| window == [0; 16]).unwrap() / 6;
    let mut circle = file;
    for record in 0..nodes * 2 {
        // Every record leads to the root, but for the depth of the last node.
        circle[record * 3..record * 3 + 3].copy_from_slice(&[0, 0, 0]);
    }
    with_content(&circle, |path| assert!(open(path).is_err()));
    // Two ways from each node to the next, and nothing at the end: 2^32 leaves.
    let mut encoder = Encoder::new(4, 24, "GeoLite2-City");
    encoder.insert("0.0.0.0/32", nested_city("Hafen", 53.5, 10.0));
    let mut doubled = encoder.encode();
    for node in 0..31 {
        let next = [0, 0, node as u8 + 1];
        doubled[node * 6..node * 6 + 6].copy_from_slice(&[next, next].concat());
    }
    doubled[31 * 6..32 * 6].copy_from_slice(&[0, 0, 32, 0, 0, 32]);
    with_content(&doubled, |path| assert!(refusal(open(path), path).contains("circle")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_address_of_a_tree_is_found(
        blocks in prop::collection::btree_map(any::<u16>(), 0usize..4, 1..20),
        record_size in prop::sample::select(vec![24u16, 28, 32]),
        ip_version in prop::sample::select(vec![4u16, 6]),
    ) {
        const CITIES: [&str; 4] = ["Eins", "Zwei", "Drei", "Vier"];
        let mut encoder = Encoder::new(ip_version, record_size, "GeoLite2-City");
        encoder.ipv4_aliases = ip_version == 6;
        for (&block, &city) in &blocks {
            let first = Ipv4Addr::from(u32::from(block) << 16);
            encoder.insert(&format!("{first}/16"), nested_city(CITIES[city], 50.0, city as f64));
        }
        let import = opened(&encoder.encode());
        for block in blocks.keys().flat_map(|&block| [block.wrapping_sub(1), block, block.wrapping_add(1)]) {
            for low in [0, 0xffff] {
                let address = IpAddr::from(Ipv4Addr::from(u32::from(block) << 16 | low));
                let found = import.source.place(address).map(|place| place.city.to_string());
                let expected = blocks.get(&block).map(|&city| CITIES[city].to_owned());
                prop_assert_eq!(found, expected, "{}", address);
            }
        }
    }
}

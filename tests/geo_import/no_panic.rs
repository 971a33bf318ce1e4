//! No bytes make a reader panic: random ones, and every fixture with damage.

use std::fs;

use connmapperl::geo::{GeoSource, import::open, user_places::UserPlaces};
use proptest::prelude::*;

use super::{
    fixture, gzip,
    mmdb::city_file,
    with_content,
    zip_bytes::{Form, archive},
};

const TEXTS: [&str; 12] = [
    "geolite2/GeoLite2-ASN-Blocks-IPv4.csv",
    "dbip-city-lite.csv",
    "dbip-country-lite.csv",
    "dbip-asn-lite.csv",
    "ip-location-db-city.csv",
    "ip2location-db1.csv",
    "ip2location-db11-ipv6.csv",
    "ip2location-asn.csv",
    "ipinfo-lite.csv",
    "iptoasn-v4.tsv",
    "connmap-ipv4.csv",
    "geoip",
];

fn valid_file(which: usize) -> Vec<u8> {
    match which.checked_sub(TEXTS.len()) {
        None => fs::read(fixture(TEXTS[which])).unwrap(),
        Some(0) => city_file(24),
        Some(1) => city_file(28),
        Some(2) => gzip(&fs::read(fixture("dbip-city-lite.csv")).unwrap()),
        Some(_) => {
            let table = fs::read(fixture("dbip-city-lite.csv")).unwrap();
            archive(&[("cities.csv", &table)], Form { long: true, ..Form::default() })
        }
    }
}

/// Opens it and, where that works, asks it.
fn try_out(content: &[u8]) {
    with_content(content, |path| {
        if let Ok(source) = open(path) {
            for address in ["0.0.0.0", "1.0.0.1", "255.255.255.255", "::", "2001:200::1", "ffff::"] {
                let address = address.parse().unwrap();
                if let Some(place) = source.place(address) {
                    assert!(place.lat.abs() <= 90.0 && place.lon.abs() <= 180.0);
                }
                source.asn(address);
            }
        }
    });
    let (places, errors) = UserPlaces::parse(content);
    assert!(errors.iter().all(|error| error.line > 0));
    places.place("1.0.0.1".parse().unwrap());
}

#[derive(Clone, Debug)]
enum Damage {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<prop::sample::Index>;
    let telling = prop::sample::select(b"\"\n\r,\t#-./:0129aZ\0\xff\x1f\x8b".to_vec());
    prop_oneof![
        4 => (index(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        4 => (index(), telling).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => index().prop_map(Damage::Cut),
        2 => (index(), 1usize..40).prop_map(|(at, count)| Damage::Remove(at, count)),
        2 => (index(), 1usize..40).prop_map(|(at, count)| Damage::Repeat(at, count)),
        1 => (index(), any::<Vec<u8>>()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

fn apply(content: &mut Vec<u8>, damage: &Damage) {
    if content.is_empty() {
        return;
    }
    let length = content.len();
    match damage {
        Damage::Set(at, byte) => content[at.index(length)] = *byte,
        Damage::Cut(at) => content.truncate(at.index(length)),
        Damage::Remove(at, count) => {
            let at = at.index(length);
            content.drain(at..length.min(at + count));
        }
        Damage::Repeat(at, count) => {
            let at = at.index(length);
            let piece = content[at..length.min(at + count)].to_vec();
            content.splice(at..at, piece);
        }
        Damage::Insert(at, bytes) => {
            let at = at.index(length);
            content.splice(at..at, bytes.iter().copied());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn random_bytes(content in prop::collection::vec(any::<u8>(), 0..600)) {
        try_out(&content);
    }

    #[test]
    fn random_lines_of_telling_bytes(content in "([0-9a-zA-Z.:/,\t\"#-]{0,30}\n){0,8}") {
        try_out(content.as_bytes());
    }

    #[test]
    fn random_bytes_with_mmdb_metadata(tree in prop::collection::vec(any::<u8>(), 0..300)) {
        let file = city_file(24);
        let metadata = file.windows(3).rposition(|window| window == b"\xab\xcd\xef").unwrap();
        try_out(&[&tree, &file[metadata..]].concat());
    }

    #[test]
    fn damaged_files(which in 0..TEXTS.len() + 4, damages in prop::collection::vec(damage(), 1..5)) {
        let mut content = valid_file(which);
        damages.iter().for_each(|damage| apply(&mut content, damage));
        try_out(&content);
    }
}

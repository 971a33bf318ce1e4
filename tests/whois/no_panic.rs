//! Whatever the bytes are, reading them ends, and without a panic. The fuzz targets run the same functions.

#[path = "../support/whois_bytes.rs"]
mod whois_bytes;

use std::fs;

use connmapperl::whois::rpsl::peers::peers;
use proptest::{prelude::*, sample::Index};

use self::whois_bytes::{read_anything, read_as_org, read_delegated, read_packed, read_rpsl};
use crate::{
    fixture, gzip,
    zip_bytes::{Form, archive},
};

/// Bytes that look like records in parts.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        "(apnic|arin|2|asn|ipv4|ipv6|1\\.0\\.0\\.0|::|256|\\||summary|\\*|# ?format:)"
            .prop_map(String::into_bytes),
        "(aut-num:|inetnum:|route6:|import:|from|to|AS1|AS-|\\(|\\{|\\}|;|/|-| |\t|\\+|\n|\r\n|#|%|nic-hdl:)"
            .prop_map(String::into_bytes),
        "(\\{\"|\"type\":\"ASN\"|\"asn\":|\"organizationId\":\"|\"name\":\"|null|,|\"|\\}|\\\\n|\\\\u0000)"
            .prop_map(String::into_bytes),
        "(org_id|aut|aut_name|org_name|changed|country|source|format:)".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn read_all(bytes: &[u8]) {
    read_anything(bytes);
    read_rpsl(bytes);
    read_delegated(bytes);
    read_as_org(bytes);
    read_packed(bytes);
}

/// Replaces, removes and repeats bytes here and there.
fn damage(bytes: &mut Vec<u8>, damages: &[(Index, u8, u8)]) {
    for &(at, kind, byte) in damages {
        if bytes.is_empty() {
            return;
        }
        let at = at.index(bytes.len());
        match kind % 4 {
            0 => bytes[at] = byte,
            1 => drop(bytes.drain(at..bytes.len().min(at + usize::from(byte)))),
            2 => bytes.insert(at, byte),
            _ => bytes.truncate(at),
        }
    }
}

fn damages() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    proptest::collection::vec((any::<Index>(), any::<u8>(), any::<u8>()), 1..8)
}

proptest! {
    #[test]
    fn parsers_take_any_bytes(bytes in bytes()) {
        read_all(&bytes);
    }

    #[test]
    fn damaged_files_of_every_kind_are_read(which in any::<Index>(), damages in damages()) {
        let mut paths: Vec<_> = fs::read_dir(fixture("")).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let mut bytes = fs::read(&paths[which.index(paths.len())]).unwrap();
        damage(&mut bytes, &damages);
        read_all(&bytes);
    }

    #[test]
    fn damaged_archives_are_read(stored: bool, long: bool, zipped: bool, damages in damages()) {
        let text = fs::read(fixture("arin.db")).unwrap();
        let form = Form { stored, long, comment: "so" };
        let mut bytes = if zipped { archive(&[("a/b", &text), ("c", b"")], form) } else { gzip(&text) };
        read_packed(&bytes);
        damage(&mut bytes, &damages);
        read_packed(&bytes);
    }

    #[test]
    fn policies_of_any_text_are_read(policy in "(from|to|AS[0-9A-Z:-]{0,4}|[(){};,é ]|\\PC){0,30}") {
        peers(&[("import", policy)]);
    }
}

//! Whatever the bytes are, reading them ends, and without a panic.

use std::io::Cursor;

use connmapperl::whois::{
    as_org::{Record, Table},
    delegated,
    detect::detect,
    input::Lines,
    keys::{parse_asn, parse_range, words},
    rejects::Rejects,
    rpsl::{self, Class, objects::Objects, peers::peers},
};
use proptest::prelude::*;

/// Bytes that look like records in parts.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        "(apnic|arin|2|asn|ipv4|ipv6|1\\.0\\.0\\.0|::|256|\\||summary|\\*|# ?format:)"
            .prop_map(String::into_bytes),
        "(aut-num:|inetnum:|route6:|import:|from|to|AS1|AS-|\\(|\\{|\\}|;|/|-| |\t|\\+|\n|\r\n|#|%|nic-hdl:)"
            .prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn parsers_take_any_bytes(bytes in bytes()) {
        let _ = detect(&bytes);
        for line in bytes.split(|&byte| byte == b'\n') {
            let _ = delegated::parse(line);
            let text = rpsl::decode(line);
            let _ = (parse_asn(&text), parse_range(&text), words(&text).count(), Record::from_text(&text));
            if let Some(table) = Table::from_format_line(line) {
                let _ = table.parse(&text);
            }
        }
        let (mut objects, mut rejects) = (Objects::new(Lines::new(Cursor::new(&bytes))), Rejects::default());
        while objects.read_next(&mut rejects).unwrap() {
            let text = rpsl::decode(&objects.object);
            let _ = peers(&rpsl::attributes(&text));
            for class in [Class::AutNum, Class::Inetnum, Class::Organisation, Class::Role] {
                let _ = rpsl::keys::keys(class, &objects.object, |_| {});
            }
        }
    }

    #[test]
    fn policies_of_any_text_are_read(policy in "(from|to|AS[0-9A-Z:-]{0,4}|[(){};,é ]|\\PC){0,30}") {
        peers(&[("import", policy)]);
    }
}

//! What holds for every text and every filter.

use std::{net::IpAddr, sync::Arc};

use proptest::{prelude::*, string::string_regex};

use super::{tests::Sample, *};
use crate::model::{Asn, Owner};

/// Pieces that mean something, put together at random, reach further into the grammar than letters do.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        string_regex("(asn|org|prog|cc|city|port|lport|net|client|rule|dir|proto|is|x)(:|=|==|!=)").unwrap(),
        string_regex("[ (),|!&\"\\\\:=/.<>-]").unwrap(),
        string_regex("and|or|not|lan|noplace|443|1000-2000|AS1|DE|in|tcp|10\\.0\\.0\\.0/8|2001:db8::1")
            .unwrap(),
        string_regex("[a-fA-F0-9]{1,4}|é|İ|ς|\u{a0}|\\PC").unwrap(),
    ];
    prop_oneof![".{0,40}", prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat())]
}

/// Filters of every shape, as texts.
fn any_filter() -> impl Strategy<Value = String> {
    let named = ("(org|prog|cc|city|client|rule)(:|=|!=)", prop::collection::vec(".{1,8}", 1..3)).prop_map(
        |(head, values)| {
            let quoted = |value: &String| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
            format!("{head}{}", values.iter().map(quoted).collect::<Vec<_>>().join(","))
        },
    );
    let address =
        any::<(IpAddr, u8)>().prop_map(|(address, prefix)| format!("net:{address}/{}", prefix % 33));
    let ports = any::<(u16, u16)>().prop_map(|(one, two)| format!("port:{}-{}", one.min(two), one.max(two)));
    let fixed = "(l|r)port:[1-9][0-9]{0,3}(,[0-9]{3})?|asn:[0-9]{1,9}|dir:in|proto:tcp,udp|is:lan,noplace|lan|noentry";
    let text = ".{1,8}".prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    let condition = prop_oneof![named, address, ports, fixed, text, "[0-9][a-z0-9:.]{0,5}[g-z]"];
    condition.prop_recursive(5, 24, 4, |inner| {
        let parts = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts.clone().prop_map(|parts| format!("({})", parts.join(" "))),
            parts.prop_map(|parts| format!("({})", parts.join(" or "))),
            inner.prop_map(|part| format!("!{part}")),
        ]
    })
}

fn sample(program: &str, rule: &'static str) -> Sample {
    let mut sample = Sample::new();
    sample.connection.observation.owner = Owner::Program { pid: 1, name: Arc::from(program) };
    Sample { rule, ..sample }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_text_makes_it_panic(text in any_text()) {
        let sample = Sample::new();
        match Filter::parse(&text) {
            Ok(filter) => {
                filter.matches(&sample.subject());
                let print = filter.to_string();
                let again = Filter::parse(&print);
                prop_assert_eq!(again.as_ref(), Ok(&filter), "printed as {}", print);
                prop_assert_eq!(again.unwrap().to_string(), print);
            }
            Err(error) => {
                // Slicing checks that it lies between characters.
                let at = &text[error.range.clone()];
                prop_assert!(!error.to_string().is_empty() && at.len() <= text.len());
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back(text in any_filter()) {
        let filter = Filter::parse(&text).unwrap();
        let print = filter.to_string();
        prop_assert_eq!(Filter::parse(&print), Ok(filter), "printed as {}", print);
    }

    #[test]
    fn a_name_is_found_by_itself_and_its_parts(name in "[^?]{1,12}", start in 0usize..12, len in 1usize..12) {
        let sample = sample(&name, "");
        let subject = sample.subject();
        let is_found = |text: &str| Filter::parse(text).unwrap().matches(&subject);
        prop_assert!(is_found(&condition(Field::Program, &name)));
        let not_it = condition(Field::Program, &name).replacen('=', "!=", 1);
        prop_assert!(!is_found(&not_it));
        let longer = condition(Field::Program, &(name.clone() + "x"));
        prop_assert!(!is_found(&longer));
        let part: String = name.chars().skip(start).take(len).collect();
        if !part.is_empty() {
            let quoted = spell::value(&part);
            prop_assert!(is_found(&format!("prog:{quoted}")), "{}", quoted);
            prop_assert!(is_found(&spell::text(&part)), "{}", part);
            prop_assert!(is_found(&spell::text(&part.to_uppercase().to_lowercase())) || !part.is_ascii());
        }
    }

    #[test]
    fn joints_do_what_they_say(a in any_filter(), b in any_filter()) {
        let (left, right) = (Filter::parse(&a).unwrap(), Filter::parse(&b).unwrap());
        let sample = sample("firefox", "Web Surfing");
        let subject = sample.subject();
        let (left, right) = (left.matches(&subject), right.matches(&subject));
        let joined = |text: String| Filter::parse(&text).unwrap().matches(&subject);
        prop_assert_eq!(joined(format!("({a}) ({b})")), left && right);
        prop_assert_eq!(joined(format!("({a})or({b})")), left || right);
        prop_assert_eq!(joined(format!("!({a})")), !left);
    }

    #[test]
    fn numbers_find_their_own(peer in any::<IpAddr>(), port: u16, number: u32) {
        let mut sample = Sample::new();
        sample.connection.observation.peer = (peer.to_canonical(), port).into();
        sample.connection.asn = Some(Asn { number, organisation: "".into() });
        let subject = sample.subject();
        let text = format!("net:{peer} {peer} rport:{port} asn:{number} AS{number} \"{}\"", sample.connection.observation.peer);
        prop_assert!(Filter::parse(&text).unwrap().matches(&subject), "{}", text);
    }
}

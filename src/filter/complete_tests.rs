use proptest::prelude::*;

use super::*;
use crate::model::CountryCode;

fn known() -> Known<'static> {
    Known {
        programs: vec!["firefox", "Web Content", "sshd", "ssh", ""],
        organisations: vec!["Cloudflare, Inc.", "Google LLC"],
        systems: vec![(13335, "Cloudflare, Inc."), (15169, "Google LLC")],
        countries: [("DE", "Germany"), ("CH", "Switzerland"), ("AD", "Andorra")]
            .map(|(code, name)| (CountryCode::from_text(code).unwrap(), name))
            .into(),
        cities: vec!["Zürich", "San José"],
        agents: vec!["web1", "web2"],
        rules: vec!["Web Surfing", "SSH In"],
        ports: vec![(443, "Web Surfing"), (22, "SSH In")],
    }
}

/// Texts that are offered where `¦` stands.
fn offered(marked: &str) -> Vec<String> {
    let cursor = marked.find('¦').unwrap();
    let text = marked.replace('¦', "");
    completions(&text, cursor, &known()).into_iter().map(|completion| completion.text).collect()
}

/// The text after the first offer is taken.
fn taken(marked: &str) -> String {
    let cursor = marked.find('¦').unwrap();
    let mut text = marked.replace('¦', "");
    let first = completions(&text, cursor, &known()).remove(0);
    text.replace_range(first.range, &first.text);
    text
}

#[test]
fn fields_are_offered_where_a_condition_begins() {
    for empty in ["¦", "fox ¦", "fox or ¦", "(¦", "-¦", "port:80 ¦ fox"] {
        assert_eq!(offered(empty).len(), MAX_COMPLETIONS, "{empty}");
        assert_eq!(offered(empty)[0], "asn:");
    }
    assert_eq!(offered("po¦"), ["port:"]);
    assert_eq!(offered("L¦"), ["lport:", "rule:", "lan", "loopback"]);
    assert_eq!(offered("!no¦"), ["noentry", "noplace"]);
    assert_eq!(offered("organ¦"), ["org:"]);
    assert_eq!(offered("fox or¦")[0], "org:");
    assert_eq!(taken("(fox !po¦ x)"), "(fox !port: x)");
    assert_eq!(taken("pro¦gram"), "prog:");
}

#[test]
fn values_are_offered_behind_their_field() {
    assert_eq!(offered("prog:¦"), ["firefox", "\"Web Content\"", "sshd", "ssh"]);
    assert_eq!(offered("prog:FI¦"), ["firefox"]);
    assert_eq!(offered("prog=s¦"), ["sshd", "ssh"]);
    assert_eq!(offered("prog:\"web c¦"), ["\"Web Content\""]);
    assert_eq!(offered("city:zÜ¦"), ["Zürich"]);
    assert_eq!(offered("cc:d¦"), ["DE", "CH", "AD"]);
    assert_eq!(offered("cc:swi¦"), ["CH"]);
    assert_eq!(offered("asn:as13¦"), ["13335"]);
    assert_eq!(offered("asn:goo¦"), ["15169"]);
    assert_eq!(offered("rport:4¦"), ["443"]);
    assert_eq!(offered("dir:¦"), ["in", "out"]);
    assert_eq!(offered("proto:u¦"), ["udp"]);
    assert_eq!(offered("is:lo¦"), ["loopback"]);
    assert_eq!(offered("client:x¦"), [""; 0]);
    assert_eq!(taken("a rule:w¦ b"), "a rule:\"Web Surfing\" b");
    assert_eq!(taken("rule:IRC,\"ssh¦ in\" b"), "rule:IRC,\"SSH In\" b");
    assert_eq!(taken("port:80, ¦"), "port:80, 443");
    assert_eq!(taken("prog:\"fi¦ port:80"), "prog:firefox port:80");
}

#[test]
fn a_word_finds_values_of_all_fields() {
    assert_eq!(offered("fire¦"), ["prog:firefox"]);
    assert_eq!(
        offered("web¦"),
        ["prog:\"Web Content\"", "client:web1", "client:web2", "rule:\"Web Surfing\""]
    );
    assert_eq!(offered("cloudf¦"), ["asn:13335", "org:\"Cloudflare, Inc.\""]);
    assert_eq!(offered("germ¦"), ["cc:DE"]);
}

#[test]
fn nothing_is_offered_where_nothing_fits() {
    for text in ["\"fire¦", "\"fire¦fox\"", "nofield:fi¦", "pr¦og:fire", "net:10¦"] {
        assert_eq!(offered(text), [""; 0], "{text}");
    }
    assert_eq!(completions("prog:fi", 99, &known()).len(), 1);
    assert_eq!(completions("prog:é", 6, &known())[0].range, 5..7);
}

proptest! {
    #[test]
    fn offers_can_be_put_in_anywhere(text in "(prog|cc|[a-z é\"\\\\:=!|(),&-]){0,12}", cursor in 0usize..40) {
        for offer in completions(&text, cursor, &known()) {
            let mut text = text.clone();
            text.replace_range(offer.range, &offer.text);
        }
    }

    #[test]
    fn an_offered_value_reads_as_itself(name in ".{1,12}") {
        let known = Known { programs: vec![&name], ..Known::default() };
        let offers = completions("prog=", 5, &known);
        prop_assert_eq!(offers.len(), 1);
        let text = format!("prog={}", offers[0].text);
        prop_assert_eq!(Filter::parse(&text).unwrap(), Filter::parse(&condition(Field::Program, &name)).unwrap());
    }
}

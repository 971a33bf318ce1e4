use std::{net::SocketAddr, sync::Arc};

use super::*;
use crate::model::*;

/// One connection that tests look at from all sides.
pub(super) struct Sample {
    pub connection: LocatedConnection,
    pub country_name: &'static str,
    pub rule: &'static str,
    pub agent: &'static str,
}

impl Sample {
    pub fn new() -> Self {
        let place = Place {
            lat: 47.37,
            lon: 8.54,
            city: "Zürich".into(),
            region: "Canton Zurich".into(),
            country: CountryCode::from_text("CH"),
        };
        let observation = Observation {
            protocol: Protocol::Tcp,
            local: "192.168.1.7:51234".parse().unwrap(),
            peer: "203.0.113.9:443".parse().unwrap(),
            direction: Direction::Outbound,
            owner: Owner::Program { pid: 7, name: "firefox".into() },
            uid: 1000,
            traffic: Traffic::default(),
        };
        let connection = LocatedConnection {
            key: ConnectionKey { agent: AgentId::THIS_MACHINE, connection: ConnectionId(1) },
            observation,
            opened_unix_millis: 0,
            place: Ok(place),
            asn: Some(Asn { number: 13335, organisation: "Cloudflare, Inc.".into() }),
        };
        Self { connection, country_name: "Switzerland", rule: "Web Surfing", agent: "web1" }
    }

    fn with_peer(peer: &str) -> Self {
        let mut sample = Self::new();
        sample.connection.observation.peer = peer.parse().unwrap();
        sample
    }

    fn without_place(reason: NoPlace) -> Self {
        let mut sample = Self { country_name: "", rule: "", ..Self::new() };
        sample.connection.place = Err(reason);
        sample.connection.asn = None;
        sample.connection.observation.owner = Owner::Unknown;
        sample
    }

    pub fn subject(&self) -> Subject<'_> {
        Subject::new(&self.connection, self.country_name, self.rule, self.agent)
    }

    fn is_found_by(&self, text: &str) -> bool {
        Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).matches(&self.subject())
    }
}

#[track_caller]
fn found(sample: &Sample, texts: &[&str]) {
    for text in texts {
        assert!(sample.is_found_by(text), "not found by {text}");
    }
}

#[track_caller]
fn left_out(sample: &Sample, texts: &[&str]) {
    for text in texts {
        assert!(!sample.is_found_by(text), "found by {text}");
    }
}

fn printed(text: &str) -> String {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

/// What the range points at, and the message.
fn complaint(text: &str) -> (&str, String) {
    let error = Filter::parse(text).unwrap_err();
    (&text[error.range.clone()], error.to_string())
}

#[test]
fn each_field_asks_for_its_own() {
    let sample = Sample::new();
    found(
        &sample,
        &["asn:13335", "asn:AS13335", "as:1,as13335", "org:cloud", "org:\"flare, inc\"", "prog:FIRE"],
    );
    left_out(&sample, &["asn:1333", "org:google", "org:flare,xinc prog:chrome", "prog:cloudflare"]);
    found(&sample, &["cc:ch", "cc:CH,DE", "cc:switz", "country=switzerland", "city:züRICH", "city=zürich"]);
    left_out(&sample, &["cc:de", "cc=switz", "city=züri", "city:zurich"]);
    found(&sample, &["port:443", "port:51234", "rport:443", "lport:51234", "port:80, 443", "port:400-500"]);
    found(&sample, &["port:>442", "port:>=443 rport:<=443", "rport:<444", "port:51000..52000", "port=443"]);
    left_out(&sample, &["port:80", "lport:443", "rport:51234", "port:444-500", "rport:<443", "rport:>443"]);
    found(
        &sample,
        &["net:203.0.113.0/24", "net:203.0.113.9", "203.0.113.0/25", "net:10.0.0.0/8,203.0.0.0/8"],
    );
    left_out(&sample, &["net:192.168.1.7", "net:203.0.113.8", "net:::/0", "203.0.113.128/25"]);
    found(&sample, &["client:WEB", "agent=web1", "rule:\"web surfing\"", "rule:web", "rule:x,surf"]);
    left_out(&sample, &["client:web2", "rule=web", "rule=\"\"", "city=\"\""]);
    found(&sample, &["dir:out", "dir:in,outbound", "proto:TCP"]);
    left_out(&sample, &["dir:in", "proto:udp", "is:noplace", "lan"]);
}

#[test]
fn reasons_stand_alone_or_behind_is() {
    for reason in NoPlace::ALL {
        let sample = Sample::without_place(reason);
        found(&sample, &["noplace", "is:noplace", "rule=\"\"", "city=\"\"", "org=\"\"", "prog:?"]);
        for word in ["lan", "loopback", "cgnat", "multicast", "reserved", "noentry"] {
            let is_meant = reason.label().to_lowercase().replace(' ', "") == word;
            assert_eq!(sample.is_found_by(word), is_meant, "{word} for {reason:?}");
            assert_eq!(sample.is_found_by(&format!("is:{word}")), is_meant, "is:{word} for {reason:?}");
        }
    }
    found(&Sample::without_place(NoPlace::Lan), &["LAN", "is:loopback,lan", "!is:loopback"]);
    // In quotes it is a text.
    left_out(&Sample::without_place(NoPlace::Lan), &["\"lan\""]);
    let mut finnish = Sample::new();
    finnish.country_name = "Finland";
    found(&finnish, &["\"lan\""]);
}

#[test]
fn free_text_is_found_in_all_that_is_shown() {
    let sample = Sample::new();
    found(&sample, &["fox", "CLOUD", "ZÜR", "canton", "CH", "Switz", "surfing", "web1", "203.0.113", ":443"]);
    found(&sample, &["203.0.113.9:443", "AS13335", "as133", "13335", "\"web surfing\"", "fire switz"]);
    left_out(&sample, &["chrome", "\"firefox cloud\"", "192.168", "as1333x", "AS443", "zurichx"]);
    let sample = Sample::with_peer("[2001:db8::1]:443");
    found(
        &sample,
        &["2001:DB8:0::0001", "2001:db8", "2001:", "[2001:db8::1]:443", "db8::1", "net:2001:db8::/32"],
    );
    left_out(&sample, &["\"2001:db8:0::1\"", "2001:db9::"]);
    // Of a code no part is found.
    let mut sample = Sample::new();
    sample.connection.observation.owner = Owner::Unknown;
    if let Ok(place) = &mut sample.connection.place {
        place.country = CountryCode::from_text("XK");
    }
    found(&sample, &["xk"]);
    left_out(&sample, &["x", "k"]);
}

#[test]
fn joints_bind_as_they_are_read() {
    let sample = Sample::new();
    found(
        &sample,
        &[
            "",
            "  ",
            "fox cloud",
            "fox and cloud",
            "fox && cloud",
            "fox & cloud",
            "zz or fox",
            "zz|fox",
            "zz || fox",
        ],
    );
    found(
        &sample,
        &[
            "zz fox or fox",
            "fox or fox zz",
            "!zz",
            "not zz",
            "-zz",
            "! zz",
            "!!fox",
            "!(zz or y)",
            "not(zz) (fox)",
        ],
    );
    found(&sample, &["prog!=chrome", "NOT prog:chrome AND fox", "(zz or fox)(cloud or zz)"]);
    left_out(
        &sample,
        &["zz fox or zz", "(fox or zz) zz", "!fox", "-fox", "!(fox cloud)", "prog!=firefox", "fox -cloud"],
    );
    assert!(Filter::parse(" \t").unwrap().is_everything() && Filter::default().is_everything());
    assert!(!Filter::parse("fox").unwrap().is_everything());
}

#[test]
fn a_filter_prints_in_one_way() {
    for (text, print) in [
        ("  ", ""),
        ("a AND b OR c", "a b or c"),
        ("((a)(b|c))", "a (b or c)"),
        ("a or (b or c) or d e", "a or b or c or d e"),
        ("not -(a b) !(c)", "!!(a b) !c"),
        ("AS:AS1,2 process==\"x\" Prog!=y", "asn:1,2 prog=x !prog=y"),
        ("port:>1023,80,5-5 ip:10.1.2.3/8", "port:1024-65535,80,5 net:10.0.0.0/8"),
        ("cc:de,uk,Ger is:LAN is:lan,noplace", "cc:DE,GB,Ger lan is:lan,noplace"),
        ("rule:\"Web Surfing\",\"IRC\" \"plain\"", "rule:\"Web Surfing\",IRC plain"),
        ("\"lan\" \"or\" \"-x\" \"x:b\" \"10.0.0.0/8\"", "\"lan\" \"or\" \"-x\" \"x:b\" \"10.0.0.0/8\""),
        (r#""say \"hi\"" "back \\ slash" b\ck"#, r#""say \"hi\"" "back \\ slash" b\ck"#),
        ("cc:\"1:2:3:4:5:6:7\" AT&T Yahoo! a-b", "cc:\"1:2:3:4:5:6:7\" AT&T Yahoo! a-b"),
        ("dir:incoming proto:TCP,udp", "dir:in proto:tcp,udp"),
    ] {
        assert_eq!(printed(text), print, "{text}");
        assert_eq!(printed(print), print);
    }
}

#[test]
fn what_is_wrong_is_named_where_it_stands() {
    let found = |text| complaint(text).0;
    let said = |text| complaint(text).1;
    assert_eq!(found("fox prgo:x"), "prgo");
    assert!(said("prgo:x").starts_with("there is no field `prgo`, did you mean prog?"), "{}", said("prgo:x"));
    assert!(said("xyzzyx=1").starts_with("there is no field `xyzzyx`; put"), "{}", said("xyzzyx=1"));
    for (slip, meant) in
        [("contry", "cc"), ("prot", "proto"), ("posrt", "port"), ("organ", "org"), ("ci", "city")]
    {
        let message = complaint(&format!("{slip}:1")).1;
        assert!(message.contains(&format!("did you mean {meant}?")), "{slip}: {message}");
    }
    assert_eq!(found("a port:80,https b"), "https");
    assert!(said("port:https").starts_with("port wants a port of either end, from 0 to 65535"));
    assert!(said("port:https").ends_with("; found `https`"));
    for text in ["port:65536", "port:9-1", "port:+1", "port:1-", "port:>65535", "port:<0", "asn:x", "asn:as"]
    {
        assert_eq!(found(text), text.split_once(':').unwrap().1, "{text}");
    }
    for text in ["net:x", "net:10.0.0.0/33", "dir:up", "proto:icmp", "is:far", "asn:4294967296", "port:\"\""]
    {
        assert_eq!(found(text), text.split_once(':').unwrap().1, "{text}");
    }
    assert_eq!(said("dir:up"), "dir wants in or out; found `up`");
    assert_eq!((found("prog: x"), said("prog: x").ends_with("; found nothing")), ("", true));
    assert_eq!(Filter::parse("port:80,").unwrap_err().range, 8..8);
    assert_eq!(found("prog:\"\""), "\"\"");
    assert_eq!(found("a \"\""), "\"\"");
    assert_eq!(found("a \"b c"), "\"b c");
    assert_eq!((found("a (b"), found("a) b"), found("()")), ("(", ")", ")"));
    for (text, stands) in
        [("a or", ""), ("or a", "or"), ("a and or b", "or"), ("a | | b", "|"), ("!", ""), ("(&& b)", "&&")]
    {
        assert_eq!(found(text), stands, "{text}");
        assert!(said(text).starts_with("expected a condition"), "{text}");
    }
    assert_eq!(said("a or"), "expected a condition, such as port:443, or a text; found nothing");
}

#[test]
fn depth_and_number_are_bounded() {
    for nested in [
        "(".repeat(100_000),
        "!".repeat(100_000),
        format!("{}prog!=x", "!".repeat(MAX_DEPTH as usize)),
        "not ".repeat(50_000),
    ] {
        assert_eq!(Filter::parse(&nested).unwrap_err().problem, Problem::TooDeep);
    }
    let (most, more) = (MAX_TERMS as usize, MAX_TERMS as usize + 1);
    for one in ["a ", "(a)", "a|"] {
        assert!(Filter::parse(one.repeat(most).trim_end_matches('|')).is_ok());
        assert_eq!(Filter::parse(&one.repeat(more)).unwrap_err().problem, Problem::TooMany);
    }
    assert_eq!(Filter::parse(&format!("port:1{}", ",1".repeat(most))).unwrap_err().problem, Problem::TooMany);
}

#[test]
fn a_condition_from_a_list_is_exact() {
    assert_eq!(condition(Field::Program, "ssh"), "prog=ssh");
    assert_eq!(condition(Field::Rule, "Web \"S\""), r#"rule="Web \"S\"""#);
    assert_eq!(condition(Field::Port, "443"), "port:443");
    assert_eq!(condition(Field::Network, "2001:db8::1"), "net:2001:db8::1");
    assert_eq!(condition(Field::Organisation, ""), "org=\"\"");
    assert_eq!(condition(Field::Is, "lan"), "is:lan");
}

#[test]
fn the_page_for_users_names_every_field() {
    let page = include_str!("../../docs/filter.md");
    for field in Field::ALL {
        assert!(page.contains(&format!("| `{field}:")), "no row for {field}");
        for other in &field.names()[1..] {
            assert!(page.contains(&format!("`{other}`")), "nothing of {other}");
        }
    }
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    for (example, _) in rows.clone() {
        assert!(Filter::parse(example).is_ok(), "{example}");
    }
    assert_eq!(rows.count(), Field::ALL.len() + 1);
    for example in page.lines().filter_map(|line| line.strip_prefix("    ")) {
        assert!(Filter::parse(example).is_ok(), "{example}");
    }
}

#[test]
fn addresses_fit_their_line() {
    let longest: SocketAddr = "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535".parse().unwrap();
    let mut sample = Sample::new();
    sample.connection.observation.peer = longest;
    sample.connection.asn = Some(Asn { number: u32::MAX, organisation: Arc::from("") });
    found(&sample, &["7777%4294967295]:65535", "as4294967295"]);
}

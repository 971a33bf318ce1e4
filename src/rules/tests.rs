use proptest::prelude::*;

use super::*;

/// The rules that the original program ships: label, side, port, colour, and whether text is shown.
const ORIGINAL: [(&str, Side, u16, [f32; 4], bool); 21] = [
    ("Webserver", Side::Local, 80, [0.2, 0.5, 1.0, 0.8], true),
    ("Webserver", Side::Local, 443, [0.2, 0.5, 1.0, 0.8], true),
    ("Web Surfing", Side::Peer, 80, [0.68, 0.85, 1.0, 0.8], false),
    ("Web Surfing", Side::Peer, 443, [0.68, 0.85, 1.0, 0.8], false),
    ("IRC", Side::Peer, 6667, [1.0, 1.0, 0.2, 0.8], false),
    ("IRC", Side::Peer, 6669, [1.0, 1.0, 0.2, 0.8], false),
    ("IRC", Side::Peer, 6660, [1.0, 1.0, 0.2, 0.8], false),
    ("IRC", Side::Peer, 5555, [1.0, 1.0, 0.2, 0.8], false),
    ("SSH Out", Side::Peer, 22, [0.6, 0.2, 0.8, 0.8], false),
    ("SSH In", Side::Local, 22, [0.7, 0.2, 0.6, 0.8], false),
    ("IMAP/S", Side::Peer, 993, [0.1, 0.9, 0.2, 0.8], false),
    ("IMAP/S", Side::Local, 993, [0.1, 0.9, 0.2, 0.8], false),
    ("smtpd", Side::Local, 587, [0.3, 0.6, 0.3, 0.8], false),
    ("Torrents", Side::Local, 12000, [1.0, 0.4, 0.7, 0.8], false),
    ("Torrents", Side::Peer, 12000, [1.0, 0.4, 0.7, 0.8], false),
    ("Shadowsocks", Side::Peer, 31415, [0.5, 0.5, 0.5, 0.8], false),
    ("Shadowsocks", Side::Local, 31415, [0.5, 0.5, 0.5, 0.8], false),
    ("Shadowsocks", Side::Peer, 31416, [0.5, 0.5, 0.5, 0.8], false),
    ("Shadowsocks", Side::Local, 31416, [0.5, 0.5, 0.5, 0.8], false),
    ("connmap", Side::Local, 6789, [0.5, 0.5, 0.1, 0.8], false),
    ("connmap", Side::Peer, 6789, [0.5, 0.5, 0.1, 0.8], false),
];

/// Messages of a file's errors, one a line.
fn complaints(bytes: &[u8]) -> Vec<String> {
    Rules::parse(bytes).1.iter().map(ToString::to_string).collect()
}

fn complaint(line: &str) -> String {
    complaints(line.as_bytes()).join("\n")
}

#[test]
fn the_shipped_file_holds_the_originals_rules() {
    let (rules, errors) = Rules::parse(BUILT_IN.as_bytes());
    assert_eq!(errors, []);
    let read: Vec<_> = rules
        .rules()
        .iter()
        .map(|rule| (&*rule.label, rule.side, rule.port, rule.color.to_array(), rule.show_text))
        .collect();
    assert_eq!(read, ORIGINAL);
    let key: Vec<_> = rules.labels().iter().map(|label| &*label.text).collect();
    assert_eq!(
        key,
        [
            "Webserver",
            "Web Surfing",
            "IRC",
            "SSH Out",
            "SSH In",
            "IMAP/S",
            "smtpd",
            "Torrents",
            "Shadowsocks",
            "connmap"
        ]
    );
}

#[test]
fn the_first_line_that_matches_wins() {
    let rules = Rules::built_in();
    let label = |local, peer| rules.matching(local, peer).map(|rule| &*rules.rules()[rule].label);
    assert_eq!(label(443, 51_000), Some("Webserver"));
    assert_eq!(label(51_000, 443), Some("Web Surfing"));
    // Both sides match; the web server stands first, and torrents before connmap.
    assert_eq!(label(443, 443), Some("Webserver"));
    assert_eq!(label(6789, 12_000), Some("Torrents"));
    assert_eq!(label(51_000, 51_001), None);
    assert_eq!(Rules::default().matching(443, 443), None);

    let (twice, _) = Rules::parse(b"Mine,peer,443,1,0,0,1,1\nTheirs,peer,443,0,1,0,1,1\n");
    assert_eq!(twice.matching(1, 443), Some(0));
}

#[test]
fn lines_of_one_label_share_a_row_of_the_key() {
    let (rules, _) =
        Rules::parse(b"Web,local,80,1,0,0,1,0\nSSH,peer,22,0,1,0,1,0\nWeb,local,443,0,0,1,1,1\n");
    let [web, ssh] = rules.labels() else { panic!("two rows, not {:?}", rules.labels()) };
    assert_eq!((&*web.text, web.color.red, web.show_text), ("Web", 1.0, true));
    assert_eq!(web.rules, [0, 2]);
    assert_eq!((&*ssh.text, ssh.show_text), ("SSH", false));
    assert_eq!([0, 1, 2, 3].map(|rule| rules.label_of(rule)), [Some(0), Some(1), Some(0), None]);
}

#[test]
fn quoting_blanks_and_line_ends_do_not_matter() {
    let odd = "\u{feff}\"Mail, all of it\" , peer ,\t993 , .1,0.9,1.,1e-1 , 1  \r\n\r\n   \n  # note\r\nplain \
               label,local,22,0,0,0,0,0 \t\r\n\"a \"\"quoted\"\" word\",peer,1,0,0,0,0,0";
    let (rules, errors) = Rules::parse(odd.as_bytes());
    assert_eq!(errors, []);
    let [mail, plain, quoted] = rules.rules() else { panic!("three rules, not {:?}", rules.rules()) };
    assert_eq!((&*mail.label, mail.side, mail.port, mail.line), ("Mail, all of it", Side::Peer, 993, 1));
    assert_eq!(mail.color.to_array(), [0.1, 0.9, 1.0, 0.1]);
    assert!(mail.show_text);
    assert_eq!((&*plain.label, plain.side, plain.port, plain.line), ("plain label", Side::Local, 22, 5));
    assert_eq!((&*quoted.label, quoted.line), ("a \"quoted\" word", 6));
}

#[test]
fn each_complaint_says_what_was_found() {
    assert_eq!(complaint("Web,local,80,0,0,0,1"), format!("line 1: needs 8 fields ({WANTED}), found 7"));
    assert_eq!(complaint("Web,local,80,0,0,0,1,1,1"), format!("line 1: needs 8 fields ({WANTED}), found 9"));
    assert_eq!(complaint("nonsense"), format!("line 1: needs 8 fields ({WANTED}), found 1"));
    for port in ["70000", "0", "-1", "80.5", "http", "1e3"] {
        let line = format!("Web,local,{port},0,0,0,1,1");
        assert_eq!(
            complaint(&line),
            format!("line 1: Port is a whole number from 1 to 65535, found `{port}`")
        );
    }
    assert_eq!(complaint("Web,local,80,0,0,0,7,1"), "line 1: Alpha is a number from 0 to 1, found `7`");
    assert_eq!(complaint("Web,local,80,0,NaN,0,1,1"), "line 1: Green is a number from 0 to 1, found `NaN`");
    assert_eq!(complaint("Web,local,80,0,0,,1,1"), "line 1: Blue is a number from 0 to 1, found nothing");
    assert_eq!(complaint("Web,remote,80,0,0,0,1,1"), "line 1: Type is `local` or `peer`, found `remote`");
    assert_eq!(complaint("Web,local,80,0,0,0,1,yes"), "line 1: ShowText is 0 or 1, found `yes`");
    assert_eq!(complaint("\"\",local,80,0,0,0,1,1"), "line 1: KeyLabel is empty");
    assert_eq!(complaint("\"Web,local,80,0,0,0,1,1"), "line 1: a quoted field does not end");
    assert_eq!(
        complaint("\"Web\"x,local,80,0,0,0,1,1"),
        "line 1: after a closing quote comes a comma, found `x,local,80,0,0,0,1,1`"
    );
    assert_eq!(
        complaint("a\x1b[2Jb,local,80,0,0,0,1,1"),
        "line 1: KeyLabel holds a control character: `a\\u{1b}[2Jb`"
    );
    assert_eq!(
        complaint(&format!("Web,local,80,0,0,0,1,{}", "1".repeat(500))),
        format!("line 1: ShowText is 0 or 1, found `{}…`", "1".repeat(32))
    );
}

const WANTED: &str = "KeyLabel,Type,Port,Red,Green,Blue,Alpha,ShowText";

#[test]
fn good_lines_work_beside_bad_ones() {
    let file = include_bytes!("../../tests/fixtures/rules/half-broken.connmapperlrc");
    let (rules, errors) = Rules::parse(file);
    let read: Vec<_> = rules.rules().iter().map(|rule| (rule.line, &*rule.label)).collect();
    assert_eq!(read, [(2, "Webserver"), (6, "Späti, café"), (13, "Last")]);
    let lines: Vec<_> = errors.iter().filter_map(|error| error.line).collect();
    assert_eq!(lines, [3, 4, 5, 7, 8, 9, 10]);
    assert_eq!(complaints(file)[3], "line 7: not UTF-8 text: byte 0xe9 in column 5");
}

#[test]
fn a_huge_file_is_refused_as_a_whole() {
    let line = b"Web,local,80,0,0,0,1,1\n";
    let huge: Vec<u8> = line.iter().copied().cycle().take(MAX_FILE_BYTES + 1).collect();
    let (rules, errors) = Rules::parse(&huge);
    assert_eq!(rules, Rules::default());
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].to_string(), "the file has 1048577 bytes, and more than 1048576 are not read");
    assert!(Rules::parse(&huge[..MAX_FILE_BYTES]).0.rules().len() > 40_000);
}

/// What a person or a broken editor might leave in a file: real lines, pieces of lines, and any bytes.
fn file_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\"Web, surf\",peer,443,0.68,0.85,1.0,0.8,0".to_vec()),
        Just(b"Web,local,80,0,0,0,1".to_vec()),
        Just(b"# note".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\"".to_vec()),
        Just(b",".to_vec()),
        Just(b"\xef\xbb\xbf".to_vec()),
        "[a-z0-9., \"#]{0,12}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

prop_compose! {
    fn any_rule()(
        label in "[^\\p{Cc}]{0,8}[^\\p{Cc}\\s#]", local in any::<bool>(), port in 1u16..,
        [red, green, blue, alpha] in [0.0f32..=1.0, 0.0f32..=1.0, 0.0f32..=1.0, 0.0f32..=1.0], show_text in any::<bool>(),
    ) -> Rule {
        let side = if local { Side::Local } else { Side::Peer };
        let label = label.trim().into();
        Rule { label, side, port, color: Rgba { red, green, blue, alpha }, show_text, line: 0 }
    }
}

proptest! {
    #[test]
    fn every_line_is_a_rule_an_error_or_nothing(bytes in file_bytes()) {
        let (rules, errors) = Rules::parse(&bytes);
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let lines: Vec<_> = text.split(|&byte| byte == b'\n').collect();
        let silent = lines.iter().filter(|line| {
            let line = String::from_utf8_lossy(line);
            line.trim().is_empty() || line.trim_ascii_start().starts_with('#')
        });
        prop_assert_eq!(rules.rules().len() + errors.len() + silent.count(), lines.len());
        // Each names a line of its own.
        let mut named: Vec<_> = rules.rules().iter().map(|rule| rule.line).collect();
        named.extend(errors.iter().filter_map(|error| error.line));
        named.sort_unstable();
        named.dedup();
        prop_assert_eq!(named.len(), rules.rules().len() + errors.len());
        prop_assert!(errors.iter().all(|error| error.to_string().lines().count() == 1));
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let (rules, errors) = Rules::parse(&bytes);
        prop_assert!(rules.rules().len() + errors.len() <= bytes.len() + 1);
    }

    #[test]
    fn written_rules_are_read_back(mut written in proptest::collection::vec(any_rule(), 0..30)) {
        for (line, rule) in (1..).zip(&mut written) {
            rule.line = line;
        }
        let file: String = written.iter().map(|rule| format!("{rule}\n")).collect();
        let (rules, errors) = Rules::parse(file.as_bytes());
        prop_assert_eq!(errors, []);
        prop_assert_eq!(rules.rules(), &written[..]);
    }

    /// The index answers as walking the list would.
    #[test]
    fn matching_is_the_first_of_the_list(
        ports in proptest::collection::vec((any::<bool>(), 1u16..8), 0..20), local in 1u16..9, peer in 1u16..9,
    ) {
        let line = |(local, port): &(bool, u16)| {
            format!("x,{},{port},0,0,0,1,0\n", if *local { "local" } else { "peer" })
        };
        let (rules, _) = Rules::parse(ports.iter().map(line).collect::<String>().as_bytes());
        let walked = ports.iter().position(|&(is_local, port)| port == if is_local { local } else { peer });
        prop_assert_eq!(rules.matching(local, peer), walked);
    }
}

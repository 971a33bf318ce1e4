//! Whatever a log holds and however large a block is: what is found is what a plain look at one line after the other finds.

use std::{
    fs::File,
    io::Write,
    net::{IpAddr, SocketAddr},
    sync::atomic::AtomicBool,
};

use flate2::{Compression, write::GzEncoder};
use proptest::{collection::vec, prelude::*, sample::select};

use super::{Bounds, End, Progress, search_within};

/// The address looked for first, then the same or near misses.
const IPV4: &[&str] =
    &["1.2.3.4", "1.2.3.4", "::ffff:1.2.3.4", "1.2.3.4:80", "11.2.3.45", "1.2.3.45", "21.2.3.4"];
const IPV6: &[&str] =
    &["2001:db8::1", "2001:DB8:0::0:1", "[2001:db8::1]:80", "2001:db8::11", "2001:db8::", "1.2.3.4"];

fn line(addresses: &'static [&'static str]) -> impl Strategy<Value = String> {
    let address = || select(addresses);
    prop_oneof![
        (address(), "[ -~]{0,40}").prop_map(|(first, rest)| format!("{first} {rest}")),
        (address(), address()).prop_map(|(first, second)| format!("{first}, {second} - -")),
        (address(), "[ -~]{0,20}")
            .prop_map(|(list, rest)| format!("10.0.0.1 - \"{rest}\" \"8.8.8.8,{list}\" 5")),
        (address(), select(&["unknown", "-", " ", "x", "::1"][..]))
            .prop_map(|(list, other)| format!("- \"{other}, {list}\" \"{list},{other}\"")),
        (address(), "[a-z\"]{0,9}")
            .prop_map(|(agent, rest)| format!("10.0.0.1 \"curl {agent}\" {rest} {agent}")),
        "[ -~\r]{0,30}".prop_map(|text| text),
        (address(), 0..300_usize).prop_map(|(first, long)| format!("{first} {}", "x".repeat(long))),
        Just(String::new()),
    ]
}

fn naive_address(text: &str) -> Option<IpAddr> {
    let bare = if text.starts_with('[') && text.ends_with(']') { &text[1..text.len() - 1] } else { text };
    let parsed = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    parsed.ok().map(|address| address.to_canonical())
}

fn naive_is_in(list: &str, wanted: IpAddr) -> bool {
    let parts: Vec<_> = list.split(',').map(|part| part.trim_ascii()).collect();
    !list.starts_with(|c: char| c.is_ascii_whitespace())
        && parts.iter().any(|part| naive_address(part) == Some(wanted))
        && parts.iter().all(|part| ["", "-", "unknown"].contains(part) || naive_address(part).is_some())
}

fn naive_matches(line: &str, wanted: IpAddr) -> bool {
    let fields: Vec<_> = line.split([' ', '\t']).collect();
    let last = fields.iter().position(|field| !field.ends_with(',')).unwrap_or(fields.len() - 1);
    let first = fields[..=last].join(" ");
    let quoted: Vec<_> = line.split('"').collect();
    let between = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    [first.as_str()].iter().chain(between).any(|list| naive_is_in(list, wanted))
}

/// Newest first, with the bytes cut off.
fn naive(text: &str, wanted: IpAddr, longest: usize) -> Vec<(String, u64)> {
    let mut lines: Vec<_> = text.split('\n').collect();
    lines.pop_if(|line| line.is_empty());
    let found = lines.into_iter().rev().filter_map(|line| {
        let kept = &line[..line.len().min(longest)];
        let cut = line.len() - kept.len();
        let shown = if cut == 0 { kept.strip_suffix('\r').unwrap_or(kept) } else { kept };
        naive_matches(kept, wanted).then(|| (shown.replace('\r', "\u{fffd}"), cut as u64))
    });
    found.collect()
}

fn check(addresses: &[&str], files: &[(String, bool)], bounds: Bounds, limit: usize) {
    let wanted: IpAddr = addresses[0].parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    for (number, (text, packed)) in files.iter().enumerate() {
        let path = if number == 0 { log.clone() } else { folder.path().join(format!("access.log.{number}")) };
        let mut file = File::create(path).unwrap();
        if *packed {
            let mut packer = GzEncoder::new(file, Compression::fast());
            packer.write_all(text.as_bytes()).unwrap();
            packer.finish().unwrap();
        } else {
            file.write_all(text.as_bytes()).unwrap();
        }
    }
    let progress = Progress::default();
    let found = search_within(bounds, &log, wanted, limit, &AtomicBool::new(false), &progress);
    let lines: Vec<_> = found.lines.into_iter().map(|line| (line.text, line.cut_bytes)).collect();
    let mut expected: Vec<_> =
        files.iter().flat_map(|(text, _)| naive(text, wanted, bounds.longest_line_bytes)).collect();
    expected.truncate(limit);
    assert_eq!(lines, expected, "{files:?}");
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    if lines.len() < limit {
        assert_eq!((found.end, progress.done_bytes()), (End::Searched, progress.total_bytes()));
    } else {
        assert_eq!(found.end, End::Enough);
    }
}

fn files(addresses: &'static [&'static str]) -> impl Strategy<Value = Vec<(String, bool)>> {
    let text = (vec(line(addresses), 0..25), any::<bool>())
        .prop_map(|(lines, has_end)| lines.join("\n") + if has_end { "\n" } else { "" });
    vec((text, any::<bool>()), 1..4)
}

fn bounds() -> impl Strategy<Value = Bounds> {
    (1..400_usize, 1..200_usize)
        .prop_map(|(block_bytes, longest_line_bytes)| Bounds { block_bytes, longest_line_bytes })
}

proptest! {
    #[test]
    fn ipv4_is_found_as_by_a_plain_look(files in files(IPV4), bounds in bounds(), limit in 1..60_usize) {
        check(IPV4, &files, bounds, limit);
    }

    #[test]
    fn ipv6_is_found_as_by_a_plain_look(files in files(IPV6), bounds in bounds(), limit in 1..60_usize) {
        check(IPV6, &files, bounds, limit);
    }
}

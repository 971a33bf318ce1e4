//! `connmapperl hilbert`: the space as a picture, out of the history or of a list, with names of blocks or plain.

#![cfg(test)]

mod support;

use std::{
    io::Write,
    process::{Output, Stdio},
};

use connmapperl::{
    hilbert::{Orientation, Prefix},
    history::create_or_migrate,
};
use image::RgbImage;
use rusqlite::Connection;

use crate::support::{Home, complaint};

const SIDE: u32 = 1_024;

/// Two rules: of 9.9.9.9 the newest is the second's, an hour before the end; 203.0.113.7 was there two days before.
fn recorded(home: &Home) {
    let mut database = Connection::open(home.path("history")).unwrap();
    create_or_migrate(&mut database).unwrap();
    database
        .execute_batch(
            "INSERT INTO agent VALUES (1, 'here');
             INSERT INTO rule VALUES (1, 'old'), (2, 'new');
             INSERT INTO place VALUES (1, 52.5, 13.4, 'Berlin', '', 'DE');
             INSERT INTO connection (opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, peer_port, rule, place)
             VALUES (1764000000000, 0, 10, 1, 0, 0, 1, 1, 3405803783, 443, 1, 1),
                    (1764000000000, 1, 10, 1, 0, 0, 1, 1, 151587081, 443, 1, 1),
                    (1764172800000, 0, 10, 1, 0, 0, 1, 1, 151587081, 22, 2, 1),
                    (1764172801000, 0, 10, 1, 0, 0, 1, 1, X'20010db8000000000000000000000001', 22, 2, 1);
             INSERT INTO recording VALUES (1, 1764000000000, 1764172805000, 1);",
        )
        .unwrap();
}

fn painted(home: &Home, args: &[&str]) -> (RgbImage, String) {
    let side = SIDE.to_string();
    let all = [&["hilbert", "--history", "history", "-o", "space.png", "--size", &side], args].concat();
    let output = home.connmapperl(&all).output().unwrap();
    assert!(output.status.success(), "{}", complaint(&output));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (image::open(home.path("space.png")).unwrap().to_rgb8(), said)
}

fn at(picture: &RgbImage, address: &str) -> [u8; 3] {
    let key = address.parse::<Prefix>().unwrap().first();
    let [x, y] = Orientation::Usual.cell(key).map(|at| (u32::from(at) * SIDE) >> 16);
    picture.get_pixel(x, y).0
}

fn brightness(picture: &RgbImage, address: &str) -> u32 {
    at(picture, address).into_iter().map(u32::from).sum()
}

#[test]
fn the_history_lights_its_addresses_and_says_what_is_not_on_the_picture() {
    let home = Home::new();
    recorded(&home);
    let (picture, said) = painted(&home, &["--plain"]);
    for address in ["9.9.9.9", "203.0.113.7"] {
        assert!(brightness(&picture, address) > 2 * brightness(&picture, "8.8.8.8"), "{address}");
    }
    assert!(said.contains("2 addresses in 2 /24 of 0.0.0.0/0, 3 in all"), "{said}");
    assert!(said.contains("1 connections over IPv6"), "{said}");
    let (some, _) = painted(&home, &["--plain", "--filter", "port:22"]);
    assert!(brightness(&some, "9.9.9.9") > 2 * brightness(&some, "203.0.113.7"));
    let (_, said) = painted(&home, &["--plain", "--to", "2025-11-24 20:00"]);
    assert!(said.contains("2 addresses in 2 /24 of 0.0.0.0/0, 2 in all"), "{said}");
}

#[test]
fn colours_tell_the_rule_of_the_newest_and_how_old_it_is() {
    let home = Home::new();
    recorded(&home);
    home.write("rc", "\"old\",peer,443,1,0,0,1,0\n\"new\",peer,22,0,1,0,1,0\n");
    let (by_rule, _) = painted(&home, &["--plain", "--color", "rule", "--config", "rc"]);
    let [r, g, _] = at(&by_rule, "9.9.9.9");
    assert!(g > 4 * r, "the newest was the second rule's: {:?}", at(&by_rule, "9.9.9.9"));
    let [r, g, _] = at(&by_rule, "203.0.113.7");
    assert!(r > 4 * g, "{:?}", at(&by_rule, "203.0.113.7"));
    let (by_age, _) = painted(&home, &["--plain", "--color", "age"]);
    assert_ne!(at(&by_age, "9.9.9.9"), at(&by_age, "203.0.113.7"));
}

#[test]
fn what_was_heard_once_is_seen_as_heat() {
    let home = Home::new();
    recorded(&home);
    let (picture, _) = painted(&home, &["--color", "heat", "--plain"]);
    assert!(brightness(&picture, "203.0.113.7") > 4 * brightness(&picture, "77.0.0.0"));
}

#[test]
fn names_stand_on_the_picture_unless_it_is_plain() {
    let home = Home::new();
    recorded(&home);
    let args = ["--size", "2048", "--color", "heat"];
    let of = |args: &[&str]| {
        let all = [&["hilbert", "--history", "history", "-o", "space.png"], args].concat();
        let output = home.connmapperl(&all).output().unwrap();
        assert!(output.status.success(), "{}", complaint(&output));
        image::open(home.path("space.png")).unwrap().to_rgb8()
    };
    let (plain, named) = (of(&[&args[..], &["--plain"]].concat()), of(&args));
    let bright = |picture: &RgbImage| picture.pixels().filter(|pixel| pixel.0[0] > 90).count();
    assert!(bright(&named) > bright(&plain) + 3_000, "{} and {}", bright(&named), bright(&plain));
}

#[test]
fn a_list_is_painted_and_what_it_cannot_tell_is_refused() {
    let home = Home::new();
    let run = |args: &[&str], list: &str| -> Output {
        let all = [&["hilbert", "--stdin", "-o", "space.png", "--size", "1024", "--plain"], args].concat();
        let mut child = home
            .connmapperl(&all)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Whoever refuses reads nothing.
        let _ = child.stdin.take().unwrap().write_all(list.as_bytes());
        child.wait_with_output().unwrap()
    };
    let output = run(&[], "9.9.9.9 1000\n203.0.113.7\n");
    assert!(output.status.success(), "{}", complaint(&output));
    let picture = image::open(home.path("space.png")).unwrap().to_rgb8();
    let lit = ["9.9.9.9", "203.0.113.7", "8.8.8.8"].map(|address| brightness(&picture, address));
    assert!(lit[0] > lit[1] && lit[1] > lit[2], "{lit:?}");
    let refused = run(&["--color", "age"], "9.9.9.9\n");
    assert!(!refused.status.success() && complaint(&refused).contains("neither rules nor times"));
    let wild = run(&[], "\u{1b}[31mred\n");
    assert!(complaint(&wild).contains("`\\u{1b}[31mred`"), "it moves no terminal: {}", complaint(&wild));
    let bad = run(&[], "9.9.9.9\nnine\n");
    assert!(!bad.status.success() && complaint(&bad).contains("line 2"), "{}", complaint(&bad));
}

//! `connmapperl query`: the history answers while somebody records, prints what others can read, and says where a
//! question is wrong.

#![cfg(test)]

mod support;

use std::{
    io::Write,
    process::{Output, Stdio},
};

use connmapperl::history::create_or_migrate;
use rusqlite::Connection;

use crate::support::{Home, complaint, picture::Picture, skipped_for_want_of_an_adapter};

/// A history that somebody is writing to, where the program looks for it.
fn recorded(home: &Home) -> Connection {
    let path = home.path("history");
    let mut database = Connection::open(&path).unwrap();
    create_or_migrate(&mut database).unwrap();
    database
        .execute_batch(
            "INSERT INTO agent VALUES (1, 'here');
             INSERT INTO place VALUES (1, 52.5, 13.4, 'Berlin', '', 'DE');
             INSERT INTO connection (opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, peer_port, place)
             VALUES (1764000000000, 0, 10, 1, 0, 0, 1, 1, 16843009, 443, 1),
                    (1764000001000, 0, NULL, 1, 0, 0, 1, 2, 134744072, 443, -6);
             BEGIN IMMEDIATE",
        )
        .unwrap();
    database
}

fn query(home: &Home, args: &[&str]) -> Output {
    home.connmapperl(&[&["query", "--history", "history"], args].concat()).output().unwrap()
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", complaint(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

const SQL: &str = "SELECT opened, peer, city, lat FROM connections ORDER BY opened_ms";

#[test]
fn it_answers_in_three_formats_while_somebody_records() {
    let home = Home::new();
    let _writes = recorded(&home);
    let text = printed(&query(&home, &[SQL]));
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    assert_eq!(lines[0][..2], ["opened", ""]);
    assert!(text.contains("2025-11-24 16:00:00.000  1.1.1.1  Berlin  52.5\n"), "{text}");
    let csv = printed(&query(&home, &[SQL, "--csv"]));
    assert_eq!(
        csv,
        "opened,peer,city,lat\n2025-11-24 16:00:00.000,1.1.1.1,Berlin,52.5\n2025-11-24 16:00:01.000,8.8.8.8,,\n"
    );
    let json: serde_json::Value = serde_json::from_str(&printed(&query(&home, &[SQL, "--json"]))).unwrap();
    assert_eq!(json[0]["city"], "Berlin");
    assert_eq!(json[1]["city"], serde_json::Value::Null);
}

#[test]
fn a_question_comes_from_a_pipe_or_by_its_name() {
    let home = Home::new();
    let _writes = recorded(&home);
    let mut piped = home.connmapperl(&["query", "--history", "history", "-", "--csv"]);
    let mut child = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"SELECT count(*) AS n FROM connections").unwrap();
    assert_eq!(printed(&child.wait_with_output().unwrap()), "n\n2\n");
    let list = printed(&query(&home, &["--list"]));
    assert!(list.contains("Longest connections\n    SELECT"), "{list}");
    let longest = printed(&query(&home, &["--name", "longest connections", "--csv"]));
    assert!(longest.lines().nth(1).unwrap().contains("1.1.1.1"), "{longest}");
}

#[test]
fn what_is_wrong_is_shown_where_it_stands_and_what_could_hurt_is_refused() {
    let home = Home::new();
    let _writes = recorded(&home);
    let output = query(&home, &["SELECT peer,\n  nonsense\nFROM connections"]);
    assert_eq!(output.status.code(), Some(1));
    let said = complaint(&output);
    assert!(said.starts_with("connmapperl: line 2, column 3: "), "{said}");
    assert!(said.ends_with("\n  nonsense\n  ^\n"), "{said}");

    let output = query(&home, &["DELETE FROM connection"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("changes nothing"), "{}", complaint(&output));
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let output = query(&home, &[endless, "--time-limit", "1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("longer than 1 s"), "{}", complaint(&output));
}

#[test]
fn without_a_history_one_line_says_so() {
    let home = Home::new();
    let output = query(&home, &["SELECT 1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("there is no history yet"), "{}", complaint(&output));
    assert!(!home.path("history").exists());
}

#[test]
fn an_answer_is_drawn_onto_a_map() {
    let home = Home::new();
    let _writes = recorded(&home);
    let output =
        query(&home, &["SELECT lat, lon FROM connections", "--plot", "map.png", "--size", "1280x720"]);
    if skipped_for_want_of_an_adapter(&output) {
        return;
    }
    assert_eq!(printed(&output), "", "drawn in place of printed");
    assert!(complaint(&output).contains("map.png: 1 of 2 rows, at 1 place"), "{}", complaint(&output));
    let picture = Picture::read(&home.path("map.png"));
    let berlin = picture.view().px_from_lon_lat(13.4, 52.5).px;
    let is_orange = |rgb: [u8; 3]| rgb[0] > 200 && (120..190).contains(&rgb[1]) && rgb[2] < 60;
    assert!(picture.within(berlin, 0.0..4.0).any(|(_, rgb)| is_orange(rgb)));
    let nowhere = query(&home, &["SELECT 1", "--plot", "map.png"]);
    assert!(!nowhere.status.success() && complaint(&nowhere).contains("none of the 1 rows has a place"));
}

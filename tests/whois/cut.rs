//! Answers that would be longer than anybody reads: how much is left out is said, and how to have it.

use std::{fmt::Write, fs};

use serde_json::{Value, json};

use crate::ip2asn::{ip2asn, text};

/// What the program says, with a file imported that has this content.
fn asked(content: &str, arguments: &[&str], input: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    fs::write(&file, content).unwrap();
    let output = ip2asn(folder.path(), &["import", file.to_str().unwrap()], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = ip2asn(folder.path(), arguments, input);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// Networks of one holder, of 256 addresses each, from 20.0.0.0 on.
fn networks(count: u32) -> String {
    (0..count).fold("2|apnic|1|1||20260928|+1\n".to_owned(), |mut text, i| {
        writeln!(text, "apnic|AU|ipv4|20.{}.{}.0|256|20110811|assigned|A", i / 256, i % 256).unwrap();
        text
    })
}

const RECORDS: &str = "200 of the registries' records";

#[test]
fn a_short_answer_says_how_many_lines_are_left_out() {
    let lines = |arguments: &[&str], input: &str| {
        let answer = asked(&networks(1_200), arguments, input);
        let count = answer.lines().filter(|line| line.starts_with("  apnic AU 20.")).count();
        (count, answer.lines().find(|line| line.contains("Left out")).map(|line| line.trim().to_owned()))
    };
    let told = Some(format!("--- Left out: {RECORDS}; ip2asn --all has them ---"));
    assert_eq!(lines(&["--brief", "20.0.0.0/8"], ""), (1_000, told.clone()));
    assert_eq!(lines(&[], "20.0.0.0/8\n"), (1_000, told));
    assert_eq!(lines(&["--brief", "--all", "20.0.0.0/8"], ""), (1_200, None));
    assert_eq!(lines(&["--brief", "20.0.0.0/16"], ""), (256, None));
}

#[test]
fn a_long_answer_and_json_say_it_too() {
    let file = networks(1_200);
    let full = |arguments: &[&str]| asked(&file, &[arguments, &["20.0.0.0/8"]].concat(), "");
    let answer = full(&[]);
    assert_eq!(answer.matches("Start IP: ").count(), 200);
    assert!(
        answer.contains("--- Left out: 1000 of the registries' records; ip2asn --all has them ---"),
        "{answer}"
    );
    let answer = full(&["--all"]);
    assert_eq!(answer.matches("Start IP: ").count(), 1_200);
    assert!(!answer.contains("Left out"), "{answer}");
    let json = |arguments: &[&str]| -> Value { serde_json::from_str(&full(arguments)).unwrap() };
    let answer = &json(&["--json"])["whois"];
    assert_eq!(answer["delegations"].as_array().unwrap().len(), 1_000);
    assert_eq!(answer["cut"], true);
    assert_eq!(answer["left_out"], json!({ "delegations": 200, "of_holder": 0, "systems": 0, "objects": 0 }));
    let answer = &json(&["--json", "--all"])["whois"];
    assert_eq!(answer["delegations"].as_array().unwrap().len(), 1_200);
    assert_eq!((&answer["cut"], &answer["left_out"]["delegations"]), (&json!(false), &json!(0)));
}

#[test]
fn what_a_holder_has_is_counted_too() {
    let file = networks(5_600) + "apnic|AU|asn|64500|1|20110811|assigned|A\n";
    let answer: Value = serde_json::from_str(&asked(&file, &["--json", "AS64500"], "")).unwrap();
    assert_eq!(answer["whois"]["left_out"]["of_holder"], 601);
    let answer: Value = serde_json::from_str(&asked(&file, &["--json", "--all", "AS64500"], "")).unwrap();
    assert_eq!(answer["whois"]["holder_ranges"].as_array().unwrap().len(), 5_600);
}

#[test]
fn objects_that_are_left_out_are_counted() {
    let routes: String =
        (0..12).map(|i| format!("route: 20.0.0.0/{}\norigin: AS{i}\nsource: X\n\n", 8 + i)).collect();
    let answer = asked(&routes, &["20.0.0.1"], "");
    assert_eq!(answer.matches("route: ").count(), 8);
    assert!(
        answer.contains("--- Left out: 4 of routing registries' objects; ip2asn --all has them ---"),
        "{answer}"
    );
    assert_eq!(asked(&routes, &["--all", "20.0.0.1"], "").matches("route: ").count(), 12);
}

#[test]
fn all_objects_of_a_key_are_told() {
    let roles: String = (0..12).map(|i| format!("role: R{i}\nnic-hdl: SAME-X\nsource: X\n\n")).collect();
    let answer = asked(&roles, &["--object", "SAME-X"], "");
    assert_eq!(answer.matches("role: R").count(), 12, "{answer}");
}

#[test]
fn all_names_are_told_where_all_are_asked_for() {
    let systems: String =
        (0..1_100).map(|i| format!("aut-num: AS{i}\nas-name: SAME-{i}\nsource: X\n\n")).collect();
    let names =
        |arguments: &[&str]| asked(&systems, &[arguments, &["--org", "same"]].concat(), "").lines().count();
    assert_eq!((names(&[]), names(&["--all"])), (1_000, 1_100));
}

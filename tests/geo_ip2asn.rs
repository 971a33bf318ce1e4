//! The program `ip2asn` as a person runs it.

#![cfg(test)]

#[path = "support/ip2asn.rs"]
mod support;

use std::{
    io::Read,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::support::text;

/// Nothing is imported there.
const DATA: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/nothing-imported");

fn command() -> Command {
    support::command(Path::new(DATA))
}

fn ip2asn(arguments: &[&str], input: &str) -> Output {
    support::ip2asn(Path::new(DATA), arguments, input)
}

#[test]
fn the_version_says_what_the_data_is_and_whose() {
    for flag in ["--version", "-V"] {
        let output = ip2asn(&[flag], "");
        let told = text(&output.stdout);
        assert!(told.starts_with(concat!("ip2asn ", env!("CARGO_PKG_VERSION"))), "{told}");
        for word in ["data of 2026-06-05\n", "https://db-ip.com", "CC BY 4.0"] {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
}

#[test]
fn an_address_is_answered_in_words() {
    let output = ip2asn(&["193.0.6.139", "10.0.0.1"], "");
    let answer = text(&output.stdout);
    for word in [
        "193.0.6.139",
        "AS3333",
        "Amsterdam, North Holland, NL",
        "52.3",
        "DB-IP",
        "2026-06-05",
        "no place: LAN",
    ] {
        assert!(answer.contains(word), "{word} in {answer}");
    }
    assert!(output.status.success());
}

#[test]
fn json_has_one_object_a_line() {
    let output = ip2asn(&["--json"], "8.8.8.8\n\n2001:4860:4860::8888\r\n192.168.1.1");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let answers: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["asn"]["number"], 15_169);
    assert_eq!(answers[0]["place"]["country"], "US");
    assert_eq!(answers[0]["place_source"]["date"], "2026-06-05");
    assert_eq!(answers[1]["address"], "2001:4860:4860::8888");
    assert_eq!((&answers[2]["no_place"], &answers[2]["place"]), (&Value::from("lan"), &Value::Null));
}

#[test]
fn what_is_no_address_is_named_and_the_others_are_answered() {
    let output = ip2asn(&[], "8.8.8.8\nexample.org\n1.1.1.1\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("line 2") && text(&output.stderr).contains("example.org"));
    assert!(text(&output.stdout).contains("AS15169") && text(&output.stdout).contains("AS13335"));
    let output = ip2asn(&["1.1.1.1/33"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("\"1.1.1.1/33\" is no IP address"), "{}", text(&output.stderr));
}

#[test]
fn networks_and_as_numbers_are_answered_from_the_built_in_tables() {
    let output = ip2asn(&["193.0.0.0/21", "193.0.0.0 - 193.0.7.255", "as3333"], "");
    assert_eq!(text(&output.stdout).matches("AS3333 ").count(), 3, "{}", text(&output.stdout));
    assert!(output.status.success());
    let output = ip2asn(&["AS4200000000", "8.8.8.8"], "");
    assert_eq!(output.status.code(), Some(1), "not found");
}

#[test]
fn names_are_found_in_the_built_in_tables_and_an_import_is_offered() {
    let output = ip2asn(&["--org", "ripe NETWORK coord"], "");
    assert!(text(&output.stdout).contains("AS3333"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("An import adds"), "{}", text(&output.stderr));
    assert_eq!(ip2asn(&["--org", "nobody-has-such-a-name"], "").status.code(), Some(1));
    assert_eq!(ip2asn(&["--org", "--json"], "").status.code(), Some(2));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let mut child = command()
        .args(std::iter::repeat_n("8.8.8.8", 5_000))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(child.wait().unwrap().success(), "{errors}");
    assert!(!errors.contains("panic"), "{errors}");
}

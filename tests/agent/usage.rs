//! Options and files: what the agent takes, and what it says where something is missing or wrong.

use std::os::unix::fs::PermissionsExt;

use crate::{
    display::{Display, certificate},
    program::{Home, TOKEN},
    wait_for,
};

const WRONG_USAGE: Option<i32> = Some(2);
const FAILED: Option<i32> = Some(1);

fn home() -> Home {
    let home = Home::empty();
    let (_, _, certificate, _) = certificate();
    home.write("server-cert.pem", &certificate, 0o644);
    home.write("token", TOKEN, 0o600);
    home.write("server", "127.0.0.1:1\n", 0o644);
    home
}

#[test]
fn with_no_options_everything_is_found_in_its_files() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        home.write("server", &format!("{}\n", display.address()), 0o644);
        let _agent = home.start(&[]);
        let (_, hello) = display.greet().await;
        assert_eq!(hello.secret, TOKEN);
    });
}

#[test]
fn the_environment_comes_before_the_files() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        home.write("server", "127.0.0.1:1\n", 0o644);
        let mut command = home.command(&[]);
        command
            .env("CONNMAPPERL_SERVER", display.address().to_string())
            .env("CONNMAPPERL_TOKEN", "cmt_2_other");
        let _agent = crate::program::Agent::start(&mut command);
        let (_, hello) = display.greet().await;
        assert_eq!(hello.secret, "cmt_2_other");
    });
}

#[test]
fn what_is_missing_is_told_with_every_place_that_was_looked_at() {
    let home = Home::empty();
    let (code, printed, told) = home.outcome(&[]);
    assert_eq!((code, printed.as_str()), (FAILED, ""));
    let beside = std::path::Path::new(env!("CARGO_BIN_EXE_connmapperl-client")).parent().unwrap();
    for name in ["server", "server-cert.pem", "token"] {
        assert!(told.contains(&home.path(name).display().to_string()), "{told}");
        assert!(told.contains(&beside.join(name).display().to_string()), "{told}");
    }
    for option in [
        "--server",
        "--cert",
        "--fingerprint",
        "--token-file",
        "CONNMAPPERL_SERVER",
        "CONNMAPPERL_TOKEN",
        "--print",
    ] {
        assert!(told.contains(option), "{told}");
    }
}

#[test]
fn a_password_among_the_arguments_is_answered_and_not_used() {
    for arguments in [&["--password", "passwordhere"][..], &["--password=passwordhere"], &["--password"]] {
        let (code, printed, told) = home().outcome(arguments);
        assert_eq!((code, printed.as_str()), (WRONG_USAGE, ""));
        assert!(told.contains("--token-file") && told.lines().count() == 1, "{told}");
        assert!(!told.contains("passwordhere"), "{told}");
    }
}

#[test]
fn a_token_that_others_may_read_is_refused_with_the_remedy() {
    let home = home();
    std::fs::set_permissions(home.path("token"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, told) = home.outcome(&[]);
    assert_eq!(code, FAILED);
    assert!(told.contains(&format!("chmod 600 {}", home.path("token").display())), "{told}");
    assert!(!told.contains(TOKEN), "{told}");
}

#[test]
fn a_file_that_cannot_be_a_certificate_is_named() {
    for contents in ["", "hello\n", "-----BEGIN CERTIFICATE-----\n"] {
        let home = home();
        home.write("server-cert.pem", contents, 0o644);
        let (code, _, told) = home.outcome(&[]);
        assert_eq!(code, FAILED, "{contents:?}");
        assert!(told.contains(&home.path("server-cert.pem").display().to_string()), "{told}");
        assert!(told.contains("certificate"), "{told}");
    }
}

#[test]
fn files_that_are_named_must_be_there() {
    for option in ["--cert", "--token-file"] {
        let (code, _, told) = home().outcome(&[option, "/nonexistent/file"]);
        assert_eq!(code, FAILED);
        assert!(told.contains("cannot read /nonexistent/file"), "{told}");
    }
}

#[test]
fn wrong_options_are_told() {
    for (arguments, part) in [
        (&["--server", "https://map"][..], "HOST:PORT"),
        (&["--interval", "5"], "10..=60000"),
        (&["--json"], "--once"),
        (&["--once", "--print"], "--print"),
        (&["--cert", "a", "--fingerprint", "b"], "--fingerprint"),
    ] {
        let (code, _, told) = home().outcome(arguments);
        assert_eq!(code, WRONG_USAGE, "{arguments:?}");
        assert!(told.contains(part), "{arguments:?}: {told}");
    }
    let (code, _, told) = home().outcome(&["--fingerprint", "ab"]);
    assert_eq!(code, FAILED);
    assert!(told.contains("64 hexadecimal digits"), "{told}");
}

#[test]
fn once_needs_no_display() {
    let (code, printed, told) = Home::empty().outcome(&["--once", "--json"]);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    assert!(printed.starts_with('['), "{printed}");
}

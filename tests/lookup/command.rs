//! Programs that are run for an address: what they are given, what is kept of their output, and how they end.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use connmapperl::lookup::command::{Answer, Command, CommandError, End, KEPT_BYTES, Subject};

/// Nothing here takes so long unless it hangs.
const LONG: Duration = Duration::from_secs(300);

fn command(program: &str, arguments: &[&str]) -> Command {
    Command { program: program.to_owned(), arguments: arguments.iter().map(|&a| a.to_owned()).collect() }
}

fn subject() -> Subject {
    Subject { ip: "2001:db8::7".parse().unwrap(), port: Some(443), asn: None }
}

fn run(program: &str, arguments: &[&str]) -> Result<Answer, CommandError> {
    command(program, arguments).run(&subject(), LONG, &AtomicBool::new(false))
}

fn sh(script: &str) -> Answer {
    run("sh", &["-c", script]).unwrap()
}

#[test]
fn placeholders_are_replaced_within_arguments() {
    let answer =
        run("printf", &["%s|", "{ip}", "https://x/{ip}:{port}?{{ip}", "{host}", "{", "$(id) ; `id` *"])
            .unwrap();
    assert_eq!(answer.text, "2001:db8::7|https://x/2001:db8::7:443?{2001:db8::7|{host}|{|$(id) ; `id` *|");
    assert_eq!((answer.end, answer.left_out_bytes), (End::Exited(0), 0));
    assert_eq!(answer.end.to_string(), "ended without an error");
}

#[test]
fn what_is_not_known_is_not_run() {
    let error = run("printf", &["AS{asn}"]).unwrap_err();
    assert_eq!(error.to_string(), "printf wants {asn}, which is not known of 2001:db8::7");
    let known = Subject { asn: Some(64496), ..subject() };
    let answer = command("printf", &["AS{asn}"]).run(&known, LONG, &AtomicBool::new(false)).unwrap();
    assert_eq!(answer.text, "AS64496");
}

#[test]
fn a_program_that_is_missing_is_named() {
    let error = run("no-such-program-here", &[]).unwrap_err();
    assert_eq!(error.to_string(), "no-such-program-here is not installed");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(run(path, &[]).unwrap_err().to_string(), format!("{path} may not be run: permission denied"));
}

#[test]
fn whois_asks_the_client_about_the_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whois");
    fs::write(&path, "#!/bin/sh\nprintf 'route:\\t%s\\r\\n' \"$@\"\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let whois = Command { program: path.to_str().unwrap().to_owned(), ..Command::whois() };
    let answer = whois.run(&subject(), LONG, &AtomicBool::new(false)).unwrap();
    assert_eq!(answer.text, "route:\t2001:db8::7\n");
    assert_eq!(Command::whois().program, "whois");
}

#[test]
fn output_and_errors_stand_as_they_came() {
    let answer = sh("echo a; echo b >&2; printf 'c\\377\\033[1m'; exit 3");
    assert_eq!(answer.text, "a\nb\nc\u{fffd}\u{fffd}[1m");
    assert_eq!(answer.end, End::Exited(3));
    assert_eq!(answer.end.to_string(), "ended with error code 3");
}

#[test]
fn input_is_at_its_end() {
    assert_eq!(sh("cat; echo read").text, "read\n");
}

#[test]
fn what_is_too_much_is_counted() {
    let answer = sh(&format!("head -c {} /dev/zero | tr '\\0' x; echo end", KEPT_BYTES + 5_000_000));
    assert_eq!((answer.text.len(), answer.left_out_bytes), (KEPT_BYTES, 5_000_004));
    assert_eq!(answer.end, End::Exited(0));
}

#[test]
fn a_signal_is_told_in_words() {
    let answer = sh("kill -SEGV $$");
    assert_eq!(answer.end, End::Killed(11));
    assert!(answer.end.to_string().starts_with("was ended by signal 11"), "{}", answer.end);
}

#[test]
fn it_leads_a_group_of_its_own() {
    let own = rustix::process::getpgrp().as_raw_nonzero().to_string();
    let answer = sh("echo $$; cut -d' ' -f5 /proc/$$/stat");
    let (pid, group) = answer.text.trim().split_once('\n').unwrap();
    assert_eq!(pid, group);
    assert_ne!(group, own);
}

#[test]
fn a_time_limit_ends_it() {
    let limit = Duration::from_millis(100);
    // Says much all the time.
    let answer = command("yes", &[]).run(&subject(), limit, &AtomicBool::new(false)).unwrap();
    assert_eq!(answer.end, End::TimedOut(limit));
    assert_eq!(answer.end.to_string(), "was ended because it took longer than 0.1 s");
    // Says nothing, and has closed its output.
    let silent = command("sh", &["-c", "exec sleep 1000 >&- 2>&-"]);
    let answer = silent.run(&subject(), limit, &AtomicBool::new(false)).unwrap();
    assert_eq!(answer.end, End::TimedOut(limit));
}

#[test]
fn what_stays_behind_does_not_hold_it_up() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = fifo(folder.path());
    // The one behind holds the output and waits until the pipe is opened, which is after the end of the first.
    let answer = sh(&format!("cat {fifo} & echo gone"));
    assert_eq!((answer.text.as_str(), answer.end), ("gone\n", End::Exited(0)));
    File::options().write(true).open(fifo).unwrap().write_all(b"x").unwrap();
}

fn fifo(folder: &Path) -> String {
    let path = folder.join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn cancelling_ends_it_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = fifo(folder.path());
    let cancelled = AtomicBool::new(false);
    let program = command("sh", &["-c", &format!("echo $$; sleep 1000 > {fifo} & wait")]);
    let answer = thread::scope(|scope| {
        let run = scope.spawn(|| program.run(&subject(), LONG, &cancelled).unwrap());
        // Opens when the child has opened it too; ends when no process has it open any more.
        let mut held_by_the_child = File::open(&fifo).unwrap();
        cancelled.store(true, Ordering::Relaxed);
        assert_eq!(held_by_the_child.read_to_end(&mut Vec::new()).unwrap(), 0);
        run.join().unwrap()
    });
    assert_eq!(answer.end, End::Cancelled);
    assert_eq!(answer.end.to_string(), "was cancelled");
    let pid = answer.text.trim();
    assert!(!pid.is_empty());
    assert!(!Path::new("/proc").join(pid).exists(), "it was waited for, and is no zombie");
}

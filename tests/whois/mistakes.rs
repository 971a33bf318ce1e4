//! What goes wrong around the program `ip2asn`: files that are not what they should be, and a machine that does not let it
//! do what it wants. Nothing that was there may be lost, and what is wrong is said once.

use std::{fs, process::Stdio};

use crate::{
    fixture,
    ip2asn::{command, ip2asn, text},
    program::imported,
};

#[test]
fn nobody_who_reads_what_is_wrong_is_no_panic() {
    let folder = imported(&["ripe.db"]);
    let (missing, dump) = (folder.path().join("missing"), fixture("as-org2info"));
    for (arguments, code) in [
        (&["nonsense", "AS3333"] as &[&str], 2),
        (&["--org", "nosuchname"], 1),
        (&["import", missing.to_str().unwrap(), dump.to_str().unwrap()], 1),
        (&["update", "--only", "nonsense"], 2),
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let (gone, pipe) = std::io::pipe().unwrap();
        drop(gone);
        for nobody in [Stdio::from(full), Stdio::from(pipe)] {
            let output = command(folder.path())
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(nobody)
                .spawn()
                .unwrap()
                .wait_with_output()
                .unwrap();
            assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        }
    }
    // The rest was done.
    assert!(ip2asn(folder.path(), &["--org", "huawei"], "").status.success());
}

#[test]
fn each_thing_that_is_wrong_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("whois");
    let below = below.to_str().unwrap();
    // Nobody listens there.
    let update = ["update", "--yes", "--only", "delegated-apnic", "--from-base", "http://127.0.0.1:1"];
    for (arguments, problem) in [
        (&["import", "--data", below, "x"] as &[&str], "Not a directory"),
        (&["--data", below, "8.8.8.8"], "Not a directory"),
        (&["import", below], "Not a directory"),
        (&update, "refused"),
    ] {
        let output = ip2asn(folder.path(), arguments, "");
        let told = text(&output.stderr);
        assert_eq!(told.matches(problem).count(), 1, "{arguments:?}: {told}");
        assert!(told.starts_with("ip2asn: ") && !told.contains("Caused by"), "{told}");
    }
}

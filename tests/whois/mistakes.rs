//! What goes wrong around the program `ip2asn`: files that are not what they should be, and a machine that does not let it
//! do what it wants. Nothing that was there may be lost, and what is wrong is said once.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Read, Write},
    os::{fd::FromRawFd, unix::fs::PermissionsExt},
    path::Path,
    process::{Command, Stdio},
};

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
        let (gone, pipe) = io::pipe().unwrap();
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

#[test]
fn without_a_home_the_built_in_tables_answer() {
    let folder = tempfile::tempdir().unwrap();
    let homeless = |arguments: &[&str]| {
        let mut command = command(folder.path());
        command.env_remove("HOME").env_remove("XDG_DATA_HOME").env_remove("XDG_CACHE_HOME");
        command.args(arguments).stdin(Stdio::null()).output().unwrap()
    };
    let output = homeless(&["193.0.6.139"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("AS3333"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("name a folder with --data DIR"), "{}", text(&output.stderr));
    // What needs a folder says so.
    assert_eq!(homeless(&["status"]).status.code(), Some(1));
}

#[test]
fn at_a_terminal_it_says_what_it_waits_for() {
    let folder = tempfile::tempdir().unwrap();
    let (mut screen, terminal) = terminal();
    let mut child = command(folder.path());
    child.stdin(terminal).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().unwrap();
    // Somebody types, and then Ctrl+D.
    screen.write_all(b"193.0.6.139\n\x04").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(text(&output.stderr).contains("one a line; Ctrl+D ends"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("AS3333"), "{}", text(&output.stdout));
    // Whoever pipes addresses knows what they do.
    let output = ip2asn(folder.path(), &[], "193.0.6.139\n");
    assert!(!text(&output.stderr).contains("Ctrl+D"), "{}", text(&output.stderr));
}

#[test]
fn the_umask_says_who_may_read_what_is_imported() {
    for (umask, mode) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        let folder = tempfile::tempdir().unwrap();
        let import = format!("umask {umask}; exec \"$0\" import \"$1\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &import, env!("CARGO_BIN_EXE_ip2asn")]).arg(fixture("ripe.db"));
        assert!(shell.env("XDG_DATA_HOME", folder.path()).output().unwrap().status.success());
        let index = folder.path().join("connmapperl/whois/rpsl-ripe.db.whois");
        assert_eq!(fs::metadata(index).unwrap().permissions().mode() & 0o777, mode, "{umask}");
    }
}

#[test]
fn what_cannot_be_opened_is_not_called_missing() {
    let folder = imported(&["ripe.db"]);
    let index = folder.path().join("connmapperl/whois/rpsl-ripe.db.whois");
    // Not even root may read what is no file.
    fs::remove_file(&index).unwrap();
    fs::create_dir(&index).unwrap();
    let output = ip2asn(folder.path(), &["8.8.8.8"], "");
    let told = text(&output.stderr);
    assert!(told.contains("rpsl-ripe.db.whois: "), "{told}");
    assert!(!told.contains("nothing is imported"), "{told}");
}

#[test]
fn networks_of_ipv4_in_the_form_of_ipv6_have_their_registry() {
    let folder = imported(&["delegated-ripencc-extended"]);
    let output = ip2asn(folder.path(), &["::ffff:193.0.0.0/117", "--brief"], "");
    assert!(text(&output.stdout).contains("ripencc EU 193.0.0.0-193.0.7.255"), "{}", text(&output.stdout));
}

#[test]
fn what_an_editor_writes_before_the_first_query_costs_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let output = ip2asn(folder.path(), &[], "\u{feff}193.0.6.139\r\n8.8.8.8\r\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("193.0.6.139\n"), "{}", text(&output.stdout));
}

#[test]
fn a_name_of_ones_own_takes_nobody_elses_place() {
    let folder = imported(&["as-org2info", "delegated-apnic-extended"]);
    let import = |name: &str, file: &str| {
        let file = fixture(file).display().to_string();
        let output = ip2asn(folder.path(), &["import", "--as", name, &file], "");
        (output.status.code(), text(&output.stderr).to_owned())
    };
    for (name, file) in [("mine", "ripe.db"), ("delegated-apnic-2025", "delegated-apnic-extended")] {
        assert_eq!(import(name, file).0, Some(0), "a name beside another's is free");
    }
    for (name, file, problem) in [
        ("as-org2info", "ripe.db", "the name \"as-org2info\" is for as-org2info, and this is RPSL"),
        ("rpsl-ripe.db", "as-org2info", "the name \"rpsl-ripe.db\" is for RPSL, and this is as-org2info"),
        (
            "delegated-apnic",
            "delegated-arin-extended",
            "is for delegated of apnic, and this is delegated of arin",
        ),
        ("mine", "as-org2info", "\"mine\" is for RPSL"),
        ("mine", "apnic.db.aut-num", "it is RPSL of apnic, and what is kept as \"mine\" is RPSL of ripe"),
        (
            "delegated-apnic-2025",
            "delegated-ripencc-extended",
            "it is delegated of ripencc, and what is kept as \"delegated-apnic-2025\" is delegated of apnic",
        ),
    ] {
        let (code, told) = import(name, file);
        assert_eq!(code, Some(1), "{name}");
        assert!(
            told.contains(problem) && (told.contains("--as") || told.contains("--force")),
            "{name}: {told}"
        );
    }
    // All of it is still there.
    assert!(ip2asn(folder.path(), &["--org", "huawei"], "").status.success());
    assert!(ip2asn(folder.path(), &["--object", "AS-RIPENCC"], "").status.success());
    let status = ip2asn(folder.path(), &["status"], "");
    assert_eq!(
        text(&status.stdout).matches("loaded: delegated-apnic").count(),
        2,
        "{}",
        text(&status.stdout)
    );
    assert_eq!(import("mine", "ripe.db").0, Some(0));
}

#[test]
fn that_an_older_file_takes_the_place_of_a_newer_one_is_said() {
    let folder = imported(&["delegated-apnic-extended"]);
    let (newer, older) = (folder.path().join("newer"), fixture("delegated-apnic-extended"));
    fs::write(&newer, fs::read_to_string(&older).unwrap().replacen("|20260928|", "|20261001|", 1)).unwrap();
    let import = |file: &Path| {
        let output = ip2asn(folder.path(), &["import", file.to_str().unwrap()], "");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).to_owned()
    };
    assert!(!import(&newer).contains("older"));
    let told = import(&older);
    assert!(told.contains("replaces one of 2026-10-01 by an older one of 2026-09-28"), "{told}");
}

#[test]
fn what_only_mentions_records_is_no_source_of_them() {
    let folder = imported(&["delegated-apnic-extended", "as-org2info", "ripe.db"]);
    let files = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("mail", "Person: Somebody\nRole: admin\n\nOrganisation: ACME\nroute: 10.0.0.0/8 is ours\n\nBye.\n"),
        (
            "settings.yml",
            "role: web\nname: one\n\norganisation: acme\ncountry: de\n\nany: thing\nand: more\n",
        ),
        ("RPSL.txt", "What an object is:\n\naut-num: AS1\nsource: X\n\nAnd then:\n\nMore of them.\n"),
        (
            "FORMAT",
            "A record is\napnic|AU|ipv4|1.0.0.0|256|20110811|assigned|A\nas in this line, and\nso on.\n",
        ),
        (
            "README",
            "The columns:\n# format:aut|changed|aut_name|org_id|source\n1|2012|A|B|ARIN\nand so on.\n",
        ),
    ] {
        fs::write(files.path().join(name), content).unwrap();
    }
    fs::copy(fixture("arin.db"), files.path().join("arin.db")).unwrap();
    // What this program has said.
    fs::copy(fixture("golden.txt"), files.path().join("golden.txt")).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    let told = text(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(told.matches("passed over: it has lines as").count(), 6, "{told}");
    assert_eq!(text(&output.stdout).matches(" record").count(), 1, "{}", text(&output.stdout));
    // None has taken a real one's place.
    let status = ip2asn(folder.path(), &["status"], "");
    assert_eq!(text(&status.stdout).matches("loaded: ").count(), 4, "{}", text(&status.stdout));
    assert!(text(&status.stdout).contains("14 records"), "{}", text(&status.stdout));
}

#[test]
fn a_file_that_is_named_twice_is_imported_once() {
    let folder = tempfile::tempdir().unwrap();
    let (files, dump) = (folder.path().join("files"), folder.path().join("files/ripe.db"));
    fs::create_dir(&files).unwrap();
    fs::copy(fixture("ripe.db"), &dump).unwrap();
    std::os::unix::fs::symlink(&dump, files.join("the-same.db")).unwrap();
    let (files, dump) = (files.to_str().unwrap(), dump.to_str().unwrap());
    let output =
        ip2asn(folder.path(), &["import", dump, files, dump, &format!("{files}/../files/ripe.db")], "");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).matches(" records").count(), 1, "{}", text(&output.stdout));
}

#[test]
fn what_somebody_made_a_files_name_of_reaches_the_terminal_as_text_alone() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let named = |name: &str, content: &[u8]| {
        let path = files.path().join(format!("\x1b]0;pwn\x07\u{9b}31m{name}"));
        fs::write(&path, content).unwrap();
        path
    };
    let (dump, other) = (named(".db", &fs::read(fixture("ripe.db")).unwrap()), named("none", b"Nothing.\n"));
    let is_plain = |told: &str| !told.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t'));
    for arguments in [
        &["import".as_ref(), dump.as_os_str(), other.as_os_str()] as &[&OsStr],
        &["import".as_ref(), files.path().as_os_str()],
        &["import".as_ref(), files.path().join("\x1b[31mmissing").as_os_str()],
        &["status".as_ref()],
        &["status".as_ref(), "--json".as_ref()],
        &["8.8.8.8".as_ref(), "--data".as_ref(), other.as_os_str()],
        &["--explain".as_ref(), "AS3333".as_ref()],
        &["update".as_ref(), "--data".as_ref(), other.as_os_str()],
    ] {
        let output = command(folder.path()).args(arguments).stdin(Stdio::null()).output().unwrap();
        let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(told.contains('?') && is_plain(&told), "{arguments:?}: {told:?}");
    }
    // The bar of an import has a name in it, and moves the cursor itself.
    let (mut screen, terminal) = terminal();
    let mut child = command(folder.path());
    let status = child.arg("import").arg(&dump).stdout(Stdio::null()).stderr(terminal).status().unwrap();
    assert!(status.success());
    drop(child);
    let mut shown = vec![0; 4_096];
    let count = screen.read(&mut shown).unwrap();
    let shown = String::from_utf8_lossy(&shown[..count]);
    assert!(shown.contains("?]0;pwn??31m.db [") && !shown.contains("\x1b]"), "{shown:?}");
}

#[test]
fn what_is_no_file_holds_nothing_up_and_is_named() {
    let (folder, files) = (imported(&["ripe.db"]), tempfile::tempdir().unwrap());
    let pipe = |path: &Path| {
        let made = Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    };
    // Among what was imported, and among what is to be.
    pipe(&folder.path().join("connmapperl/whois/rpsl-pipe.whois"));
    let output = ip2asn(folder.path(), &["--object", "AS-RIPENCC"], "");
    assert_eq!(output.status.code(), Some(1), "it may be what is missing");
    assert!(text(&output.stdout).contains("AS-RIPENCC"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("rpsl-pipe.whois: not a file"), "{}", text(&output.stderr));
    pipe(&files.path().join("pipe.db"));
    std::os::unix::fs::symlink("nowhere", files.path().join("link.db")).unwrap();
    fs::copy(fixture("as-org2info"), files.path().join("as-org2info")).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    let told = text(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("pipe.db: passed over: not a file"), "{told}");
    assert!(told.contains("link.db: passed over: No such file"), "{told}");
    let named = files.path().join("pipe.db");
    let output = ip2asn(folder.path(), &["import", named.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("pipe.db: not a file"), "{}", text(&output.stderr));
}

#[test]
fn folders_in_a_folder_are_named_and_not_imported() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in ["2025", "2026", ".git"] {
        fs::create_dir(files.path().join(name)).unwrap();
        fs::copy(fixture("ripe.db"), files.path().join(name).join("ripe.db")).unwrap();
    }
    fs::copy(fixture("as-org2info"), files.path().join("as-org2info")).unwrap();
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told = format!(
        "ip2asn: {}: not looked into the folders in it, which have to be named: 2025, 2026\n",
        files.path().display()
    );
    assert_eq!(text(&output.stderr), told);
    assert!(!text(&output.stdout).contains("rpsl"), "{}", text(&output.stdout));
    for i in 0..20 {
        fs::create_dir(files.path().join(format!("x{i:02}"))).unwrap();
    }
    let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
    assert!(text(&output.stderr).contains(", x07 and 12 more\n"), "{}", text(&output.stderr));
}

/// A terminal of the test's own: what a person has of it, and what a program has.
fn terminal() -> (fs::File, fs::File) {
    let (mut screen, mut terminal) = (-1, -1);
    let nothing = std::ptr::null_mut();
    // SAFETY: both numbers are there to be written to, and name, settings and size may be null.
    let made =
        unsafe { libc::openpty(&raw mut screen, &raw mut terminal, nothing, nothing.cast(), nothing.cast()) };
    assert_eq!(made, 0, "{}", io::Error::last_os_error());
    // SAFETY: both were just opened, and nobody else has them.
    unsafe { (fs::File::from_raw_fd(screen), fs::File::from_raw_fd(terminal)) }
}

#[test]
fn of_an_address_that_nobody_announces_what_was_imported_is_told_as_of_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("own.db");
    fs::write(
        &dump,
        "inetnum: 10.0.0.0 - 10.255.255.255\nsource: OWN\n\ninetnum: 100.64.0.0/10\nsource: OWN\n\n\
         inetnum: 192.0.2.0/24\nsource: OWN\n\ninet6num: 2001:db8::/32\nsource: OWN\n",
    )
    .unwrap();
    assert!(ip2asn(folder.path(), &["import", dump.to_str().unwrap()], "").status.success());
    for (address, network, title) in [
        ("10.0.0.1", "10.0.0.1/32", "inetnum: 10.0.0.0 - 10.255.255.255"),
        ("100.64.0.1", "100.64.0.1/32", "inetnum: 100.64.0.0/10"),
        ("192.0.2.1", "192.0.2.1/32", "inetnum: 192.0.2.0/24"),
        ("2001:db8::1", "2001:db8::1/128", "inet6num: 2001:db8::/32"),
        ("::ffff:10.0.0.1", "10.0.0.1/32", "inetnum: 10.0.0.0 - 10.255.255.255"),
    ] {
        let whois = |query: &str| {
            let output = ip2asn(folder.path(), &["--json", query], "");
            let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            answer["whois"].clone()
        };
        assert_eq!(whois(address)["networks"][0]["title"], title);
        assert_eq!(whois(address), whois(network), "{address}");
    }
    // What it is stands there too.
    let output = ip2asn(folder.path(), &["10.0.0.1"], "");
    assert!(text(&output.stdout).contains("no place: "), "{}", text(&output.stdout));
}

//! `ip2asn update` against a server on this machine. No other is ever asked.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use connmapperl::whois::{Whois, sources::SOURCES};

use crate::{
    fixture, gzip,
    ip2asn::{command, ip2asn, text},
    program::imported,
    server::{How, Served, Server},
};

pub const APNIC: &str = "ftp.apnic.net/stats/apnic/delegated-apnic-extended-latest";
const RIPE: &str = "ftp.ripe.net/ripe/dbase/split/ripe.db.aut-num.gz";
const AS_ORG: &str = "publicdata.caida.org/datasets/as-organizations/latest.as-org2info.txt.gz";
pub const THEN: &str = "Mon, 28 Sep 2026 22:00:00 GMT";
pub const LATER: &str = "Tue, 29 Sep 2026 22:00:00 GMT";

pub fn update(folder: &Path, server: &Server, only: &str) -> Output {
    ip2asn(folder, &["update", "--yes", "--from-base", &server.base, "--only", only], "")
}

pub fn errors(output: &Output) -> &str {
    text(&output.stderr)
}

pub fn indexes(folder: &Path) -> PathBuf {
    folder.join("connmapperl/whois")
}

pub fn downloads(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(indexes(folder).join("downloads")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub fn served(body: Vec<u8>) -> Served {
    Served { body, etag: Some("\"1\""), last_modified: Some(THEN), how: How::Well }
}

pub fn apnic() -> Vec<u8> {
    fs::read(fixture("delegated-apnic-extended")).unwrap()
}

/// The sum as coreutils has it.
pub fn md5(body: &[u8]) -> String {
    let mut child =
        Command::new("md5sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("md5sum is there");
    child.stdin.take().unwrap().write_all(body).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// A server that has APNIC's file, with its sum.
pub fn server_of_apnic() -> Server {
    let server = Server::http();
    server.put(APNIC, served(apnic()));
    server.put(&format!("{APNIC}.md5"), Served { body: md5(&apnic()).into(), ..Served::default() });
    server
}

/// Whether APNIC's data is there, of this day.
pub fn has_apnic(folder: &Path, date: &str) -> bool {
    let whois = Whois::open(&indexes(folder));
    whois
        .indexes()
        .iter()
        .any(|index| index.meta().name == "delegated-apnic" && index.meta().date.as_deref() == Some(date))
}

#[test]
fn all_sources_are_fetched_checked_and_imported_and_then_not_fetched_again() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::http());
    for source in SOURCES {
        let fixture_name = match source.name {
            name if name.starts_with("delegated") => format!("{name}-extended"),
            "rpsl-ripe.db.aut-num" => "ripe.db".to_owned(),
            "rpsl-lacnic.irr.db" => "lacnic.db".to_owned(),
            name => name.trim_start_matches("rpsl-").to_owned(),
        };
        let body = fs::read(fixture(&fixture_name)).unwrap();
        let body = if source.url.ends_with(".gz") { gzip(&body) } else { body };
        let address = source.url.trim_start_matches("https://");
        if source.has_md5 {
            let sum = format!("MD5 ({fixture_name}) = {}", md5(&body).split(' ').next().unwrap());
            server.put(&format!("{address}.md5"), Served { body: sum.into(), ..Served::default() });
        }
        server.put(address, served(body));
    }
    let arguments = ["update", "--yes", "--from-base", &server.base];
    let output = ip2asn(folder.path(), &arguments, "");
    let told = text(&output.stdout);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(told.matches("MD5 agrees").count(), 5, "{told}");
    let whois = Whois::open(&indexes(folder.path()));
    let mut names: Vec<_> = whois.indexes().iter().map(|index| index.meta().name.as_str()).collect();
    let mut expected: Vec<_> = SOURCES.iter().map(|source| source.name).collect();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
    // Where it came from is told, and the day on which the server says it changed.
    let ripe = whois.indexes().iter().find(|index| index.meta().name == "rpsl-ripe.db.aut-num").unwrap();
    assert_eq!(ripe.meta().file, format!("{}/{RIPE}", server.base));
    assert_eq!(ripe.meta().date.as_deref(), Some("2026-09-28"));
    assert!(
        downloads(folder.path()).iter().all(|name| name.ends_with(".json")),
        "{:?}",
        downloads(folder.path())
    );

    server.requests();
    server.body_bytes();
    let output = ip2asn(folder.path(), &arguments, "");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(text(&output.stdout).matches("nothing newer is there").count(), SOURCES.len());
    assert_eq!((server.requests().len(), server.body_bytes()), (SOURCES.len(), 0));
    // What is newer is.
    server.change(APNIC, |served| (served.etag, served.last_modified) = (Some("\"2\""), Some(LATER)));
    let output = ip2asn(folder.path(), &arguments, "");
    assert_eq!(text(&output.stdout).matches("nothing newer is there").count(), SOURCES.len() - 1);
}

#[test]
fn what_took_the_place_of_an_update_is_no_reason_to_fetch_nothing() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    assert!(update(folder.path(), &server, "delegated-apnic").status.success());
    let plain = fixture("delegated-apnic-extended");
    let by_hand = ["import", "--as", "delegated-apnic", plain.to_str().unwrap()];
    assert!(ip2asn(folder.path(), &by_hand, "").status.success());
    let came_from = || {
        let whois = Whois::open(&indexes(folder.path()));
        whois.indexes()[0].meta().file.clone()
    };
    assert!(!came_from().contains(APNIC), "{}", came_from());
    server.requests();
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(server.requests()[0].header("if-none-match"), None);
    assert_eq!(came_from(), format!("{}/{APNIC}", server.base));
}

#[test]
fn by_force_it_is_fetched_all_the_same_and_an_older_one_too() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    assert!(update(folder.path(), &server, "delegated-apnic").status.success());
    let older = text(&apnic()).replacen("20260928", "20250101", 1).into_bytes();
    server.put(&format!("{APNIC}.md5"), Served { body: md5(&older).into(), ..Served::default() });
    server.change(APNIC, |served| served.body = older);
    let force =
        ["update", "--yes", "--force", "--only", "delegated-apnic", "--from-base", server.base.as_str()];
    let output = ip2asn(folder.path(), &force, "");
    assert!(output.status.success(), "{}", errors(&output));
    assert!(has_apnic(folder.path(), "2025-01-01"));
}

#[test]
fn without_a_word_nobody_is_asked_for_anything() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    let output = ip2asn(folder.path(), &["update", "--from-base", &server.base], "");
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    for source in SOURCES {
        let address = format!("{}/{}", server.base, source.url.trim_start_matches("https://"));
        assert!(told.contains(&address) && told.contains(source.terms), "{} in {told}", source.name);
    }
    assert!(told.contains("about 18 MB") && told.contains("GeoLite2") && told.contains("account"), "{told}");
    assert!(errors(&output).contains("nothing was fetched"), "{}", errors(&output));
    assert_eq!(server.requests().len(), 0);
    assert!(!indexes(folder.path()).exists(), "nothing is made either");
}

#[test]
fn what_cannot_be_meant_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| ip2asn(folder.path(), arguments, "");
    let output = run(&["update", "--yes", "--only", "delegated,nonsense"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("\"nonsense\"") && errors(&output).contains("rpsl-arin.db"));
    let output = run(&["update", "--yes", "--from-base", "http://mirror.invalid/"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("https"), "{}", errors(&output));
}

#[test]
fn past_a_proxy_that_cannot_be_asked_nothing_goes() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    let through = |arguments: &[&str], proxy: &str| {
        command(folder.path()).args(arguments).env("ALL_PROXY", proxy).stdin(Stdio::null()).output().unwrap()
    };
    // Without --yes: no server would be asked either way.
    for proxy in ["socks5://127.0.0.1:1", "SOCKS5h://127.0.0.1:1", "socks4://name:word@127.0.0.1:1"] {
        let output = through(&["update"], proxy);
        assert_eq!(output.status.code(), Some(1), "{proxy}");
        assert!(errors(&output).contains("a SOCKS proxy (127.0.0.1)"), "{}", errors(&output));
        assert!(!errors(&output).contains("nothing was fetched"), "{}", errors(&output));
    }
    let output = through(&["update"], "http://127.0.0.1:1");
    assert!(errors(&output).contains("nothing was fetched"), "{}", errors(&output));
    // What is asked of this machine goes through no proxy anyway.
    let local = ["update", "--yes", "--only", "delegated-apnic", "--from-base", &server.base];
    assert!(through(&local, "socks5://127.0.0.1:1").status.success());
}

#[test]
fn over_plain_http_no_redirect_is_followed() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    for status in [301, 302, 307, 308] {
        for place in ["https://127.0.0.1:1/x", "/elsewhere"] {
            server.change(APNIC, |served| served.how = How::Moved(status, place));
            server.requests();
            let output = update(folder.path(), &server, "delegated-apnic");
            assert_eq!(output.status.code(), Some(1), "{status} to {place}");
            let expected = format!("{APNIC}: the server answers {status} (it is elsewhere");
            assert!(errors(&output).contains(&expected), "{}", errors(&output));
            assert_eq!(server.requests().len(), 1);
        }
    }
}

#[test]
fn a_file_that_is_missing_hides_no_other_and_its_address_is_told() {
    let (folder, server) = (imported(&["apnic.db.aut-num"]), server_of_apnic());
    server.put(
        "ftp.arin.net/pub/stats/arin/delegated-arin-extended-latest",
        Served { how: How::Status(503), ..Served::default() },
    );
    let output = update(folder.path(), &server, "apnic,delegated-arin");
    assert_eq!(output.status.code(), Some(1));
    for problem in [
        "ftp.apnic.net/apnic/whois/apnic.db.aut-num.gz: the server answers 404 (no such file)",
        "answers 503",
        "2 of 3",
    ] {
        assert!(errors(&output).contains(problem), "{problem} in {}", errors(&output));
    }
    assert!(has_apnic(folder.path(), "2026-09-28"));
    let whois = Whois::open(&indexes(folder.path()));
    assert!(whois.indexes().iter().any(|index| index.meta().name == "rpsl-apnic.db.aut-num"), "it stays");
}

#[test]
fn a_wrong_sum_replaces_nothing_and_a_missing_one_is_told() {
    let (folder, server) = (imported(&["delegated-apnic-extended"]), server_of_apnic());
    let sum = format!("{APNIC}.md5");
    server.change(APNIC, |served| served.body.extend(b"apnic|AU|asn|4200000001|1|20110811|allocated|NEW\n"));
    let output = update(folder.path(), &server, "delegated-apnic");
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains(APNIC) && errors(&output).contains("MD5"), "{}", errors(&output));
    assert_eq!(ip2asn(folder.path(), &["--json", "AS4200000001"], "").status.code(), Some(1));
    assert_eq!(downloads(folder.path()), [""; 0], "nothing of it is gone on with");
    server.change(&sum, |served| served.body = b"<html>".to_vec());
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(errors(&output).contains("no MD5 sum"), "{}", errors(&output));
    server.change(&sum, |served| served.how = How::Status(404));
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(text(&output.stdout).contains("no MD5 is there to compare"), "{}", errors(&output));
    assert_eq!(ip2asn(folder.path(), &["--json", "AS4200000001"], "").status.code(), Some(0));
}

#[test]
fn what_is_no_such_file_replaces_nothing() {
    let folder = imported(&["delegated-apnic-extended", "ripe.db"]);
    let server = Server::http();
    let arin = fs::read(fixture("delegated-arin-extended")).unwrap();
    let older = text(&apnic()).replacen("20260928", "20250101", 1).into_bytes();
    for (body, problem) in [
        (b"<html>Maintenance</html>".to_vec(), "begins with \"<html>Maintenance</html>\""),
        (Vec::new(), "it is empty"),
        (fs::read(fixture("ripe.db")).unwrap(), "not delegated, but RPSL"),
        (arin, "of \"arin\", not apnic"),
        (gzip(&apnic())[..300].to_vec(), "delegated-apnic-extended-latest"),
        (older, "older than that of 2026-09-28"),
    ] {
        server.put(APNIC, served(body));
        let output = update(folder.path(), &server, "delegated-apnic");
        assert_eq!(output.status.code(), Some(1), "{problem}");
        assert!(
            errors(&output).contains(problem) && errors(&output).contains(APNIC),
            "{problem} in {}",
            errors(&output)
        );
        assert!(has_apnic(folder.path(), "2026-09-28"), "{problem}");
        assert_eq!(downloads(folder.path()), [""; 0], "{problem}");
    }
}

#[test]
fn a_server_that_has_gone_back_in_time_is_told() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    server.change(APNIC, |served| served.last_modified = Some(LATER));
    assert!(update(folder.path(), &server, "delegated-apnic").status.success());
    server.change(APNIC, |served| (served.etag, served.last_modified) = (Some("\"0\""), Some(THEN)));
    let output = update(folder.path(), &server, "delegated-apnic");
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains(&format!("a file of {THEN}")), "{}", errors(&output));
}

#[test]
fn dumps_have_dates_too_and_an_older_one_replaces_nothing() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::http());
    let dump = gzip(&fs::read(fixture("ripe.db")).unwrap());
    server.put(RIPE, Served { last_modified: Some(LATER), ..served(dump.clone()) });
    let only = "rpsl-ripe.db.aut-num";
    assert!(update(folder.path(), &server, only).status.success());
    // What was known of the file that came has been lost.
    fs::remove_dir_all(indexes(folder.path()).join("downloads")).unwrap();
    server.put(RIPE, served(dump));
    let output = update(folder.path(), &server, only);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("older than that of 2026-09-29"), "{}", errors(&output));
    let force = ["update", "--yes", "--force", "--only", only, "--from-base", server.base.as_str()];
    assert!(ip2asn(folder.path(), &force, "").status.success());
}

#[test]
fn an_older_as_org2info_replaces_nothing_however_new_its_file_is() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::http());
    let tables = fs::read_to_string(fixture("as-org2info")).unwrap();
    let of = |day: &str| gzip(tables.replacen("2026-07-01", day, 1).as_bytes());
    let update = |more: &[&str]| {
        let arguments = ["update", "--yes", "--only", "as-org2info", "--from-base", server.base.as_str()];
        ip2asn(folder.path(), &[&arguments, more].concat(), "")
    };
    let day = || Whois::open(&indexes(folder.path())).indexes()[0].meta().date.clone().unwrap();
    // By hand, out of a file of today.
    let by_hand = folder.path().join("as-org2info");
    fs::write(&by_hand, of("2026-07-01")).unwrap();
    assert!(ip2asn(folder.path(), &["import", by_hand.to_str().unwrap()], "").status.success());
    server.put(AS_ORG, Served { last_modified: Some(LATER), ..served(of("2026-04-01")) });
    let output = update(&[]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "its data is of 2026-04-01, older than that of 2026-07-01, which is imported";
    assert!(errors(&output).contains(expected), "{}", errors(&output));
    assert_eq!(day(), "2026-07-01");
    // A newer one is taken though its file was written before.
    server.put(AS_ORG, Served { last_modified: Some(THEN), ..served(of("2026-08-01")) });
    assert!(update(&[]).status.success());
    assert_eq!(day(), "2026-08-01");
    server
        .put(AS_ORG, Served { etag: Some("\"2\""), last_modified: Some(LATER), ..served(of("2026-04-01")) });
    assert_eq!(update(&[]).status.code(), Some(1));
    assert_eq!(day(), "2026-08-01");
    assert!(update(&["--force"]).status.success());
    assert_eq!(day(), "2026-04-01");
}

#[test]
fn another_registrys_dump_is_refused_and_removed_and_the_right_one_comes_after_it() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::http());
    let only = "rpsl-ripe.db.aut-num";
    let ripe = gzip(&fs::read(fixture("ripe.db")).unwrap());
    let wrong = gzip(&fs::read(fixture("apnic.db.aut-num")).unwrap());
    server.put(RIPE, served(ripe.clone()));
    assert!(update(folder.path(), &server, only).status.success());
    server.put(RIPE, Served { etag: Some("\"2\""), last_modified: Some(LATER), ..served(wrong) });
    let output = update(folder.path(), &server, only);
    assert_eq!(output.status.code(), Some(1));
    let told = errors(&output);
    assert!(
        told.contains("it is RPSL of apnic, and what is kept as") && told.contains("RPSL of ripe"),
        "{told}"
    );
    assert!(told.contains("--force") && !told.contains("--as"), "{told}");
    assert_eq!(downloads(folder.path()), [format!("{only}.json")]);
    // The right one, as old as it was.
    server.put(RIPE, served(ripe));
    let force = ["update", "--yes", "--force", "--only", only, "--from-base", server.base.as_str()];
    let output = ip2asn(folder.path(), &force, "");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(Whois::open(&indexes(folder.path())).indexes()[0].meta().registry, "ripe");
}

#[test]
fn servers_are_known_by_the_systems_authorities() {
    let folder = tempfile::tempdir().unwrap();
    let ((server, certificate), (_, other)) = (Server::https(), Server::https());
    server.put(RIPE, served(gzip(&fs::read(fixture("ripe.db")).unwrap())));
    let with = |roots: &str| {
        let path = folder.path().join("roots.pem");
        fs::write(&path, roots).unwrap();
        let arguments = ["update", "--yes", "--only", "rpsl-ripe.db.aut-num", "--from-base", &server.base];
        command(folder.path()).args(arguments).env("SSL_CERT_FILE", path).output().unwrap()
    };
    let output = with(&other);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains(RIPE) && errors(&output).contains("certificate"), "{}", errors(&output));
    let output = with("nothing");
    assert!(errors(&output).contains("no certificate in it"), "{}", errors(&output));
    let output = with(&format!("{other}{certificate}"));
    assert!(output.status.success(), "{}", errors(&output));
    assert!(ip2asn(folder.path(), &["AS3333"], "").status.success());
}

#[test]
fn a_server_that_says_nothing_is_given_up_and_named_and_the_next_is_asked() {
    let (folder, server) = (imported(&["delegated-ripencc-extended"]), server_of_apnic());
    // It is found and connected to, and that is all. APNIC's comes after it.
    server.put(
        "ftp.ripe.net/pub/stats/ripencc/delegated-ripencc-extended-latest",
        Served { how: How::IsSilent, ..Served::default() },
    );
    let output = ip2asn(
        folder.path(),
        &[
            "update",
            "--yes",
            "--timeout=2",
            "--only=delegated-ripencc,delegated-apnic",
            "--from-base",
            &server.base,
        ],
        "",
    );
    assert_eq!(output.status.code(), Some(1));
    let told = errors(&output);
    assert!(told.contains("delegated-ripencc-extended-latest: no answer within 2 s"), "{told}");
    assert!(told.trim_end().ends_with("1 of 2 were not updated, and stay as they were: delegated-ripencc"));
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

#[test]
fn a_password_goes_to_the_server_and_stands_nowhere() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    let base = server.base.replace("://", "://martin:secret@");
    let arguments = ["update", "--yes", "--only", "delegated-apnic", "--from-base", &base];
    let output = ip2asn(folder.path(), &arguments, "");
    assert!(output.status.success(), "{}", errors(&output));
    let mut told = format!("{}{}", text(&output.stdout), errors(&output));
    assert!(told.contains(&format!("{}/{APNIC}", server.base)), "{told}");
    let requests = server.requests();
    assert!(requests.len() == 2, "the file and its sum: {requests:?}");
    for request in requests {
        assert_eq!(request.header("authorization"), Some("Basic bWFydGluOnNlY3JldA=="));
    }
    // What is asked again, what fails and what is refused.
    server.change(APNIC, |served| served.how = How::Status(401));
    let refused = ["update", "--from-base", "http://martin:secret@mirror.invalid/"];
    for arguments in
        [&arguments as &[&str], &refused, &["status"], &["status", "--json"], &["--json", "1.0.0.1"]]
    {
        let output = ip2asn(folder.path(), arguments, "");
        told += &format!("{}{}", text(&output.stdout), errors(&output));
    }
    assert!(told.contains("answers 401") && told.contains("use https"), "{told}");
    assert!(!told.contains("secret"), "{told}");
    for folder in [indexes(folder.path()), indexes(folder.path()).join("downloads")] {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file())
        {
            let bytes = fs::read(entry.path()).unwrap();
            assert!(!bytes.windows(6).any(|part| part == b"secret"), "{:?}", entry.path());
        }
    }
}

#[test]
fn a_password_may_have_any_character_and_one_that_is_not_written_so_is_refused_unseen() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    let update = |login: &str| {
        let base = server.base.replace("://", &format!("://{login}@"));
        ip2asn(folder.path(), &["update", "--yes", "--only", "delegated-apnic", "--from-base", &base], "")
    };
    let output = update("martin:s%2Fe%40%3A%c3%bc");
    assert!(output.status.success(), "{}", errors(&output));
    // `martin:s/e@:ü`
    assert_eq!(server.requests()[0].header("authorization"), Some("Basic bWFydGluOnMvZUA6w7w="));
    for login in ["martin:sec/ret", "sec/", "sec/:ret", "martin:sec?ret", "martin:sec#ret"] {
        let output = update(login);
        assert_eq!(output.status.code(), Some(2), "{login}");
        let told = format!("{}{}", text(&output.stdout), errors(&output));
        assert!(
            told.contains("@ is written %40") && !told.contains("sec") && !told.contains("ret"),
            "{told}"
        );
    }
    assert_eq!(server.requests().len(), 0);
}

//! What `ip2asn update` does with what is half there, or whole and not imported, against a server on this machine.

use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
};

use crate::{
    ip2asn::{command, ip2asn, text},
    program::imported,
    server::{How, Served, Server},
    update::{
        APNIC, LATER, apnic, downloads, errors, has_apnic, indexes, md5, served, server_of_apnic, update,
    },
};

#[test]
fn what_was_cut_off_is_gone_on_with() {
    let (folder, server) = (imported(&["delegated-plain"]), server_of_apnic());
    server.change(APNIC, |served| served.how = How::CutAt(700));
    let output = update(folder.path(), &server, "delegated-apnic");
    assert_eq!(output.status.code(), Some(1));
    let expected = format!("{}/{APNIC}: cut off after 700 of {} bytes", server.base, apnic().len());
    assert!(errors(&output).contains(&expected), "{}", errors(&output));
    assert!(!has_apnic(folder.path(), "2026-09-28"));
    server.change(APNIC, |served| served.how = How::Well);
    server.requests();
    server.body_bytes();
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(output.status.success(), "{}", errors(&output));
    let request = server.requests().remove(0);
    assert_eq!((request.header("range"), request.header("if-range")), (Some("bytes=700-"), Some("\"1\"")));
    assert_eq!(server.body_bytes(), (apnic().len() - 700 + md5(&apnic()).len()) as u64);
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

#[test]
fn what_has_changed_since_or_cannot_be_gone_on_with_comes_whole() {
    let changes: [fn(&mut Served); 4] = [
        |served| served.etag = Some("\"2\""),
        |served| served.how = How::IgnoresRange,
        // What is there is longer than the file now is, and so is of another.
        |served| served.etag = Some("\"other\""),
        |served| served.how = How::Chunked,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
        server.change(APNIC, |served| {
            served.how = How::CutAt(700);
            // Whatever was there must not stay at the front of the new one.
            served.body[..700].fill(b'#');
        });
        assert_eq!(update(folder.path(), &server, "delegated-apnic").status.code(), Some(1));
        server.change(APNIC, |served| {
            *served = self::served(apnic());
            change(served);
        });
        let output = update(folder.path(), &server, "delegated-apnic");
        // The last one went on where it was, and the sum has noticed.
        let is_resumed = i == 3;
        assert_eq!(output.status.success(), !is_resumed, "{i}: {}", errors(&output));
        if is_resumed {
            assert!(errors(&output).contains("MD5"), "{}", errors(&output));
            assert!(
                update(folder.path(), &server, "delegated-apnic").status.success(),
                "from the start again"
            );
        }
        assert!(has_apnic(folder.path(), "2026-09-28"), "{i}");
    }
}

#[test]
fn a_server_that_sends_another_part_is_not_believed() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    server.change(APNIC, |served| served.how = How::CutAt(700));
    update(folder.path(), &server, "delegated-apnic");
    server.change(APNIC, |served| served.how = How::WrongRange);
    let output = update(folder.path(), &server, "delegated-apnic");
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("another part"), "{}", errors(&output));
}

#[test]
fn a_part_that_ends_before_the_file_does_is_not_the_rest() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    // No sum would notice.
    server.change(&format!("{APNIC}.md5"), |served| served.how = How::Status(404));
    server.change(APNIC, |served| served.how = How::CutAt(700));
    update(folder.path(), &server, "delegated-apnic");
    server.change(APNIC, |served| served.how = How::ShortPart(100));
    let output = update(folder.path(), &server, "delegated-apnic");
    assert_eq!(output.status.code(), Some(1));
    let expected = format!("cut off after 800 of {} bytes", apnic().len());
    assert!(errors(&output).contains(&expected), "{}", errors(&output));
    server.change(APNIC, |served| served.how = How::Well);
    server.requests();
    assert!(update(folder.path(), &server, "delegated-apnic").status.success());
    assert_eq!(server.requests()[0].header("range"), Some("bytes=800-"));
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

#[test]
fn a_part_of_another_version_is_not_joined_to_this_one() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    server.change(APNIC, |served| served.how = How::CutAt(700));
    update(folder.path(), &server, "delegated-apnic");
    server.change(APNIC, |served| served.how = How::OtherPart);
    server.requests();
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(output.status.success(), "{}", errors(&output));
    let mut requests = server.requests();
    requests.retain(|request| !request.path.ends_with(".md5"));
    let ranges: Vec<_> = requests.iter().map(|request| request.header("range")).collect();
    assert_eq!(ranges, [Some("bytes=700-"), None]);
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

#[test]
fn a_file_that_is_too_long_fills_no_disk() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    server.change(APNIC, |served| served.how = How::Claims((16 << 30) + 1));
    let output = update(folder.path(), &server, "delegated-apnic");
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains(&format!("{APNIC}: longer than 16 GiB")), "{}", errors(&output));
    assert_eq!(downloads(folder.path()), [""; 0]);
}

#[test]
fn without_anything_to_tell_versions_apart_a_file_is_fetched_whole_again() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    server.change(APNIC, |served| {
        (served.etag, served.last_modified, served.how) = (None, None, How::CutAt(700))
    });
    update(folder.path(), &server, "delegated-apnic");
    server.change(APNIC, |served| served.how = How::Well);
    server.requests();
    assert!(update(folder.path(), &server, "delegated-apnic").status.success());
    assert_eq!(server.requests()[0].header("range"), None);
}

#[test]
fn a_kill_leaves_what_can_be_gone_on_with() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    server.change(APNIC, |served| served.how = How::StallsAt(600));
    let arguments = ["update", "--yes", "--only", "delegated-apnic", "--from-base", &server.base];
    let mut child =
        command(folder.path()).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let part = indexes(folder.path()).join("downloads/delegated-apnic.part");
    while fs::metadata(&part).map_or(0, |metadata| metadata.len()) < 600 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was seen");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    server.change(APNIC, |served| served.how = How::Well);
    server.requests();
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(server.requests()[0].header("range"), Some("bytes=600-"));
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

#[test]
fn what_was_whole_when_it_was_killed_is_not_fetched_again() {
    // Whole, and not renamed yet: the server has nothing behind it.
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    server.change(APNIC, |served| served.how = How::CutAt(apnic().len() - 1));
    update(folder.path(), &server, "delegated-apnic");
    let within = indexes(folder.path()).join("downloads");
    fs::write(within.join("delegated-apnic.part"), apnic()).unwrap();
    server.change(APNIC, |served| served.how = How::Well);
    server.body_bytes();
    assert!(update(folder.path(), &server, "delegated-apnic").status.success());
    assert_eq!(server.body_bytes(), md5(&apnic()).len() as u64);
    // Renamed, and not imported yet: it is only asked whether that is still the newest.
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    server.change(APNIC, |served| served.how = How::CutAt(10));
    update(folder.path(), &server, "delegated-apnic");
    let within = indexes(folder.path()).join("downloads");
    fs::remove_file(within.join("delegated-apnic.part")).unwrap();
    fs::write(within.join("delegated-apnic"), apnic()).unwrap();
    server.change(APNIC, |served| served.how = How::Well);
    server.requests();
    server.body_bytes();
    assert!(update(folder.path(), &server, "delegated-apnic").status.success());
    let requests = server.requests();
    assert_eq!((requests.len(), requests[0].header("if-none-match")), (1, Some("\"1\"")));
    assert_eq!(server.body_bytes(), 0);
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

#[test]
fn what_was_left_for_long_gives_way_to_what_is_newer() {
    for (etag, last_modified, there, date) in [
        ("\"2\"", LATER, "20260929", "2026-09-29"),
        ("\"0\"", "Sun, 27 Sep 2026 22:00:00 GMT", "20260927", "2026-09-28"),
    ] {
        let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
        server.change(APNIC, |served| served.how = How::CutAt(10));
        update(folder.path(), &server, "delegated-apnic");
        let within = indexes(folder.path()).join("downloads");
        fs::remove_file(within.join("delegated-apnic.part")).unwrap();
        fs::write(within.join("delegated-apnic"), apnic()).unwrap();
        let other = text(&apnic()).replacen("20260928", there, 1).into_bytes();
        server.put(&format!("{APNIC}.md5"), Served { body: md5(&other).into(), ..Served::default() });
        server.put(APNIC, Served { etag: Some(etag), last_modified: Some(last_modified), ..served(other) });
        let output = update(folder.path(), &server, "delegated-apnic");
        assert!(output.status.success(), "{date}: {}", errors(&output));
        assert!(has_apnic(folder.path(), date), "{date}");
        assert!(downloads(folder.path()).iter().all(|name| name.ends_with(".json")));
    }
}

fn update_by_force(folder: &Path, server: &Server) -> Output {
    let force = ["update", "--yes", "--force", "--only", "delegated-apnic", "--from-base", &server.base];
    ip2asn(folder, &force, "")
}

#[test]
fn what_this_machine_cannot_write_is_kept_until_it_can() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    // A folder stands where the index would; without force that would be found out before anything is fetched.
    let in_the_way = indexes(folder.path()).join("delegated-apnic.whois");
    fs::create_dir_all(in_the_way.join("x")).unwrap();
    let output = update_by_force(folder.path(), &server);
    assert_eq!(output.status.code(), Some(1));
    assert!(downloads(folder.path()).contains(&"delegated-apnic".to_owned()), "{}", errors(&output));
    fs::remove_dir_all(in_the_way).unwrap();
    server.body_bytes();
    let output = update(folder.path(), &server, "delegated-apnic");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(server.body_bytes(), 0, "it is there");
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

#[test]
fn by_force_what_was_kept_is_fetched_again() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server_of_apnic());
    let in_the_way = indexes(folder.path()).join("delegated-apnic.whois");
    fs::create_dir_all(in_the_way.join("x")).unwrap();
    update_by_force(folder.path(), &server);
    assert!(downloads(folder.path()).contains(&"delegated-apnic".to_owned()));
    fs::remove_dir_all(in_the_way).unwrap();
    let older = text(&apnic()).replacen("20260928", "20260927", 1).into_bytes();
    let before = Some("Sun, 27 Sep 2026 22:00:00 GMT");
    server.put(&format!("{APNIC}.md5"), Served { body: md5(&older).into(), ..Served::default() });
    server.put(APNIC, Served { etag: Some("\"0\""), last_modified: before, ..served(older) });
    let output = update_by_force(folder.path(), &server);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(has_apnic(folder.path(), "2026-09-27"));
}

//! Name and password of a mirror: who hears them behind a redirect, and how an address may be written.

use std::process::Output;

use crate::{
    ip2asn::{command, ip2asn, text},
    server::{How, Served, Server},
    update::{APNIC, apnic, has_apnic, md5, served, server_of_apnic},
};

const LOGIN: Option<&str> = Some("Basic bWFydGluOnNlY3JldA==");

/// Where a file is instead.
fn moved(place: String) -> Served {
    Served { how: How::Moved(302, place.leak()), ..Served::default() }
}

#[test]
fn behind_a_redirect_only_the_same_server_hears_name_and_password() {
    let ((server, own), (stranger, other)) = (Server::https(), Server::https());
    let files = tempfile::tempdir().unwrap();
    let roots = files.path().join("roots.pem");
    std::fs::write(&roots, own + &other).unwrap();
    let base = server.base.replace("://", "://martin:secret@");
    let update = |folder: &std::path::Path| -> Output {
        let arguments = ["update", "--yes", "--only", "delegated-apnic", "--from-base", &base];
        command(folder).args(arguments).env("SSL_CERT_FILE", &roots).output().unwrap()
    };
    let sum = format!("{APNIC}.md5");
    // To another port of the same host.
    let folder = tempfile::tempdir().unwrap();
    server.put(APNIC, moved(format!("{}/elsewhere", stranger.base)));
    server.put(&sum, Served { body: md5(&apnic()).into(), ..Served::default() });
    stranger.put("elsewhere", served(apnic()));
    let output = update(folder.path());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(server.requests().iter().all(|request| request.header("authorization") == LOGIN));
    let heard = stranger.requests();
    assert!(heard.len() == 1 && heard[0].header("authorization").is_none(), "{heard:?}");
    // Nor does it where it says that it wants them.
    let folder = tempfile::tempdir().unwrap();
    stranger.put("elsewhere", Served { how: How::Status(401), ..Served::default() });
    let output = update(folder.path());
    assert!(text(&output.stderr).contains("answers 401"), "{}", text(&output.stderr));
    let heard = stranger.requests();
    assert!(heard.len() == 1 && heard[0].header("authorization").is_none(), "{heard:?}");
    // To another place of the same server, which wants them there too.
    server.put(APNIC, moved("/there".to_owned()));
    server.put("there", Served { how: How::WantsLogin, ..served(apnic()) });
    let output = update(folder.path());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(has_apnic(folder.path(), "2026-09-28"));
}

#[test]
fn an_address_may_begin_with_capitals() {
    let server = server_of_apnic();
    for base in [server.base.replace("http", "HTTP"), server.base.replace("http", "Http")] {
        let folder = tempfile::tempdir().unwrap();
        let update = ["update", "--yes", "--only", "delegated-apnic", "--from-base", &base];
        let output = ip2asn(folder.path(), &update, "");
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(has_apnic(folder.path(), "2026-09-28"));
        assert!(
            text(&output.stdout).contains(&format!("{}/{APNIC}", server.base)),
            "{}",
            text(&output.stdout)
        );
    }
    let folder = tempfile::tempdir().unwrap();
    for base in ["HTTP://mirror.invalid/", "FTP://127.0.0.1/"] {
        let output = ip2asn(folder.path(), &["update", "--yes", "--from-base", base], "");
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    }
}

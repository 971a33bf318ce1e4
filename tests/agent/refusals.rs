//! What the person at the agent reads when there is no link: why, where, and how to mend it.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    process::{Command, Stdio},
    thread,
};

use connmapperl::net::wire::messages::Reason;

use crate::{
    display::{Display, certificate},
    program::Home,
    wait_for,
};

/// Takes a single line as an agent's first complaint at what it finds at `address`.
fn complaint_about(home: &Home, address: SocketAddr) -> String {
    let mut agent = home.start(&["--server", &address.to_string()]);
    let line = agent.line_with("trying again");
    assert!(line.contains(&address.to_string()), "{line}");
    line
}

#[test]
fn refusals_are_told_in_the_displays_words() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        for (reason, sentence) in [
            (Reason::WrongSecret, "Make a token with: connmapperl agents add."),
            (Reason::Revoked, "The token was taken back."),
            (Reason::Version, "Too old."),
            (Reason::InUse, "In use."),
        ] {
            let mut agent = home.report_to(display.address());
            let (peer, _) = display.greet().await;
            peer.refuse(reason, sentence).await;
            let line = agent.line_with("refuses this agent");
            assert!(line.contains(sentence) && line.contains(&display.address().to_string()), "{line}");
            // It goes on trying, and is let in once somebody has mended it; see `silence` for the time between.
            assert!(line.contains("trying again"), "{line}");
        }
    });
}

#[test]
fn an_agent_that_was_replaced_ends_and_does_not_say_that_it_tries_again() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let mut agent = home.report_to(display.address());
        let (peer, _) = display.greet().await;
        peer.refuse(Reason::Replaced, "It has connected anew.").await;
        let lines = agent.lines_to("is it running twice?");
        assert!(!lines.iter().any(|line| line.contains("trying again")), "{lines:?}");
        assert!(!agent.wait_for_end().success());
    });
}

#[test]
fn a_refusal_cannot_command_the_terminal() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let mut agent = home.report_to(display.address());
        let (peer, _) = display.greet().await;
        peer.refuse(Reason::WrongSecret, &format!("\u{1b}]0;x\u{7}\u{202e}{}", "y".repeat(3_000))).await;
        let line = agent.line_with("refuses this agent");
        assert!(!line.contains(['\u{1b}', '\u{7}', '\u{202e}']) && line.len() < 600, "{line}");
    });
}

#[test]
fn another_certificate_is_told_with_both_fingerprints() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let (_, _, other, _) = certificate();
        home.write("server-cert.pem", &other, 0o644);
        let mut agent = home.start(&["--server", &display.address().to_string()]);
        let stream = display.accept_tcp().await;
        let served = async {
            // The agent hangs up in the midst of it.
            assert!(display.finish(stream).await.is_err());
        };
        served.await;
        let line = agent.line_with("trying again");
        assert!(line.contains(&display.fingerprint.to_string()), "{line}");
        let pinned = connmapperl::net::tls::Fingerprint::of_pem(other.as_bytes()).unwrap();
        assert!(line.contains(&pinned.to_string()), "{line}");
        assert!(line.contains("server-cert.pem") && line.contains("--fingerprint"), "{line}");
    });
}

#[test]
fn a_fingerprint_does_instead_of_the_file() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        std::fs::remove_file(home.path("server-cert.pem")).unwrap();
        let fingerprint = display.fingerprint.to_string().to_uppercase();
        let _agent = home.start(&["--server", &display.address().to_string(), "--fingerprint", &fingerprint]);
        display.greet().await;
    });
}

#[test]
fn nobody_there_is_told_once() {
    let home = wait_for(async { Home::for_display(&Display::new().await) });
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let line = complaint_about(&home, address);
    assert!(line.contains("cannot connect") && line.contains("refused"), "{line}");
}

#[test]
fn what_is_no_display_is_told() {
    let home = wait_for(async { Home::for_display(&Display::new().await) });
    for (answer, part) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "does not speak TLS"),
        (&b"SSH-2.0-OpenSSH_9.9\r\n"[..], "does not speak TLS"),
        (&b""[..], "hung up"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serving = thread::Builder::new()
            .spawn(move || {
                use std::io::{Read, Write};
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 1_024]);
                stream.write_all(answer).unwrap();
                // Until the agent has had enough.
                let _ = if answer.is_empty() { Ok(0) } else { stream.read(&mut [0; 1_024]) };
            })
            .unwrap();
        let line = complaint_about(&home, address);
        assert!(line.contains(part), "{line}");
        serving.join().unwrap();
    }
}

#[test]
fn nothing_older_than_tls_1_3_is_spoken() {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: needs openssl");
        return;
    }
    let home = Home::empty();
    let (_, _, certificate, key) = certificate();
    home.write("token", "cmt_1_x", 0o600);
    let certificate = home.write("server-cert.pem", &certificate, 0o644);
    let key = home.write("key.pem", &key, 0o600);
    // Nobody else gets a port that was given just now.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new("openssl")
        .args(["s_server", "-tls1_2", "-naccept", "1", "-accept", &format!("127.0.0.1:{port}"), "-cert"])
        .arg(certificate)
        .arg("-key")
        .arg(key)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.starts_with("ACCEPT")));
    let line = complaint_about(&home, SocketAddr::from(([127, 0, 0, 1], port)));
    let _ = server.kill();
    server.wait().unwrap();
    assert!(line.contains("TLS 1.3"), "{line}");
}

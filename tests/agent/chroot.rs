//! The static agent in a folder that holds nothing else: it needs no library, finds a name by DNS and reports.

use std::{
    fs,
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tokio::net::UdpSocket;

use crate::{
    display::Display,
    namespace::Namespace,
    program::{Agent, TOKEN},
    wait_for,
};

const NAME: &str = "map.example";

/// What `make agent` builds, beside what the tests are built of.
fn static_agent() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_connmapperl-client")).ancestors().nth(2).unwrap();
    target.join(format!("{}-unknown-linux-gnu/agent/connmapperl-client", std::env::consts::ARCH))
}

#[test]
fn it_finds_a_name_and_reports_from_an_empty_folder() {
    let program = static_agent();
    if !program.exists() {
        println!("skipped: needs the static agent; make agent builds it");
        return;
    }
    let Ok(namespace) = Namespace::new() else {
        println!("skipped: needs root");
        return;
    };
    namespace.ip("link set lo up");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::copy(program, path("connmapperl-client")).unwrap();
    fs::create_dir(path("etc")).unwrap();
    fs::write(path("etc/resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
    fs::write(path("token"), TOKEN).unwrap();
    fs::set_permissions(path("token"), fs::Permissions::from_mode(0o600)).unwrap();
    namespace.run(|| {
        wait_for(async {
            let display = Display::new().await;
            fs::write(path("server-cert.pem"), &display.certificate).unwrap();
            let resolver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).await.unwrap();
            let server = format!("{NAME}:{}", display.address().port());
            let mut command = Command::new("chroot");
            command.arg(folder.path()).args([
                "/connmapperl-client",
                "--server",
                &server,
                "--cert",
                "/server-cert.pem",
            ]);
            command
                .args(["--token-file", "/token", "--name", "empty"])
                .env_clear()
                .env("PATH", "/usr/sbin:/usr/bin");
            let _agent = Agent::start(&mut command);
            let hello = tokio::select! {
                (_, hello) = display.greet() => hello,
                never = answer(&resolver) => never,
            };
            assert_eq!((hello.agent_name.as_str(), hello.secret.as_str()), ("empty", TOKEN));
        });
    });
}

/// Says that [`NAME`] is this machine, and that it has no IPv6 address.
async fn answer<T>(resolver: &UdpSocket) -> T {
    const HEADER_BYTES: usize = 12;
    const TYPE_A: [u8; 2] = [0, 1];
    loop {
        let mut query = [0; 512];
        let (count, from) = resolver.recv_from(&mut query).await.unwrap();
        let question = &query[HEADER_BYTES..count];
        let name: Vec<u8> = NAME
            .split('.')
            .flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat())
            .chain([0])
            .collect();
        assert!(question.starts_with(&name), "{:?}", String::from_utf8_lossy(question));
        let question = &question[..name.len() + 4];
        let is_ipv4 = question[name.len()..name.len() + 2] == TYPE_A;
        // The same number; an answer, final, recursion available; one question, and one answer or none.
        let mut reply = [&query[..2], &[0x85, 0x80, 0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0]].concat();
        reply.extend_from_slice(question);
        if is_ipv4 {
            // The name of the question; A, IN, valid for a minute, four bytes.
            reply.extend_from_slice(&[0xc0, HEADER_BYTES as u8, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
            reply.extend_from_slice(&Ipv4Addr::LOCALHOST.octets());
        }
        resolver.send_to(&reply, from).await.unwrap();
    }
}

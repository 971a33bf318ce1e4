//! The small agent in `docs/example-client.py` does what `docs/protocol.md` says and shares no code with the program. Here it
//! talks to a display made of the program's own codec, which shows that page and program agree. Loopback only; skipped where there is no Python.

#![cfg(test)]

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use connmapperl::{
    model::{Change, CollectorMethod, Direction, Observation, Owner, Protocol, Traffic},
    net::{
        tls::provider,
        wire::{
            Frames, FromWire, MAX_FIRST_FRAME_BYTES, MAX_FRAME_BYTES, PROTOCOL_VERSION, ProgramNames,
            change_from_wire, clock_sample, encode_frame, event_time,
            messages::{
                Acknowledged, AgentFrame, AgentSays, Events, Heartbeat, Hello, Reason, Refused, ServerFrame,
                ServerSays, Snapshot, Welcome,
            },
            method_from_wire, observation_from_wire, opened_time,
        },
    },
};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Far more than anything takes here; reached only by a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A display's listener with a certificate of its own, and files for one agent.
struct Display {
    listener: TcpListener,
    config: Arc<ServerConfig>,
    folder: tempfile::TempDir,
}

/// The display's end of one link.
struct Link {
    stream: StreamOwned<ServerConnection, TcpStream>,
    frames: Frames,
}

fn certificate() -> (CertificateDer<'static>, PrivateKeyDer<'static>, String) {
    let made = rcgen::generate_simple_self_signed(["any name".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    (made.cert.der().clone(), key.into(), made.cert.pem())
}

impl Display {
    fn new() -> Self {
        let (der, key, pem) = certificate();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cert.pem"), pem).unwrap();
        fs::write(folder.path().join("token"), "cmt_1_secret\n").unwrap();
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { listener, config: Arc::new(config), folder }
    }

    /// `None` where there is no Python 3 with TLS 1.3.
    fn start_client(&self, what: &[&str]) -> Option<Child> {
        let python = Command::new("python3")
            .args(["-c", "import ssl, sys; sys.exit(not ssl.HAS_TLSv1_3 or sys.version_info < (3, 10))"])
            .stderr(Stdio::null())
            .status();
        if !python.is_ok_and(|status| status.success()) {
            println!("skipped: there is no python3 (3.10 or newer, with TLS 1.3)");
            return None;
        }
        let client = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/example-client.py"))
            .args(["--server", &self.listener.local_addr().unwrap().to_string(), "--name", "web1"])
            .args(["--cert", "cert.pem", "--token-file", "token"])
            .args(what)
            .current_dir(self.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Some(client.unwrap())
    }

    /// Takes the next link, Hello included.
    fn accept(&self) -> (Link, Hello) {
        let (tcp, _) = self.listener.accept().unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        let stream = StreamOwned::new(ServerConnection::new(Arc::clone(&self.config)).unwrap(), tcp);
        let mut link = Link { stream, frames: Frames::new(MAX_FIRST_FRAME_BYTES) };
        let AgentSays::Hello(hello) = link.hear() else { panic!("Hello comes first") };
        link.frames.allow(MAX_FRAME_BYTES);
        (link, hello)
    }
}

impl Link {
    fn hear(&mut self) -> AgentSays {
        loop {
            if let Some(frame) = self.frames.next_message::<AgentFrame>().unwrap() {
                return frame.says.unwrap();
            }
            let mut read = [0; 4_096];
            let count = self.stream.read(&mut read).unwrap();
            assert_ne!(count, 0, "the client hung up");
            self.frames.push(&read[..count]);
        }
    }

    fn say(&mut self, says: ServerSays) {
        let mut out = Vec::new();
        encode_frame(&ServerFrame { says: Some(says) }, &mut out);
        self.stream.write_all(&out).unwrap();
        self.stream.flush().unwrap();
    }

    fn welcome(&mut self) {
        self.say(ServerSays::Welcome(Welcome {
            protocol_version: PROTOCOL_VERSION,
            program_version: "9.9".to_owned(),
            agent_name: "web1 (2)".to_owned(),
            resume_after: 0,
            needs_snapshot: true,
        }));
    }
}

fn observation(local: &str, peer: &str, pid: u32, name: &str) -> Observation {
    Observation {
        protocol: Protocol::Tcp,
        local: local.parse().unwrap(),
        peer: peer.parse().unwrap(),
        direction: Direction::Outbound,
        owner: Owner::Program { pid, name: name.into() },
        uid: rustix::process::getuid().as_raw(),
        traffic: Traffic::default(),
    }
}

fn changes(events: &Events, names: &mut ProgramNames) -> Vec<Change> {
    events.programs.iter().for_each(|program| names.learn(program));
    let change = |change| match change_from_wire(change, names).unwrap() {
        FromWire::Change(change) => change,
        FromWire::Unknown => panic!("{change:?}"),
    };
    events.changes.iter().map(change).collect()
}

fn printed(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

#[test]
fn a_client_written_from_the_description_is_understood() {
    let display = Display::new();
    let Some(client) = display.start_client(&[
        "snapshot=192.0.2.1:40000,198.51.100.7:443,firefox",
        "snapshot=[2001:db8::1]:40001,[2001:db8:0:9::2]:22,ssh",
        "open=192.0.2.1:40002,198.51.100.8:443,firefox",
        "open=[::ffff:192.0.2.1]:65535,[fe80::1]:1,Größe",
        "update=3,0,5000000000",
        "close=1",
    ]) else {
        return;
    };
    let pid = client.id();
    let (mut link, hello) = display.accept();
    assert_eq!((hello.protocol_version, hello.agent_name.as_str()), (PROTOCOL_VERSION, "web1"));
    assert_eq!(hello.secret, "cmt_1_secret");
    assert_eq!((hello.machine_id.len(), hello.boot_id.len()), (16, 16));
    assert_ne!(hello.run_id, 0);
    assert_eq!(method_from_wire(hello.method), CollectorMethod::Polling);
    link.welcome();

    let AgentSays::Status(status) = link.hear() else { panic!("the status comes after Welcome") };
    assert_eq!(status.notes, ["what it says was typed by somebody"]);

    let AgentSays::Snapshot(snapshot) = link.hear() else { panic!("then the snapshot") };
    let Snapshot { base_sequence, programs, connections, goes_on, .. } = &snapshot;
    assert_eq!((*base_sequence, *goes_on), (2, false));
    let mut names = ProgramNames::default();
    programs.iter().for_each(|program| names.learn(program));
    let open: Vec<_> = connections
        .iter()
        .map(|open| {
            assert_eq!(opened_time(snapshot.unix_millis, open.age_millis), snapshot.unix_millis - 60_000);
            let seen = observation_from_wire(&open.socket.unwrap(), &names).unwrap();
            (open.connection, open.opened_sequence, seen)
        })
        .collect();
    assert_eq!(
        open,
        [
            (1, 1, observation("192.0.2.1:40000", "198.51.100.7:443", pid, "firefox")),
            (2, 2, observation("[2001:db8::1]:40001", "[2001:db8:0:9::2]:22", pid, "ssh")),
        ]
    );

    let AgentSays::Events(events) = link.hear() else { panic!("then events") };
    assert_eq!(events.first_sequence, 3);
    assert_eq!(events.programs.len(), 1, "firefox has been told");
    let traffic = Traffic { sent_bytes: Some(0), received_bytes: Some(5_000_000_000), ..Traffic::default() };
    assert_eq!(
        changes(&events, &mut names),
        [
            Change::Opened(observation("192.0.2.1:40002", "198.51.100.8:443", pid, "firefox")),
            Change::Opened(observation("192.0.2.1:65535", "[fe80::1]:1", pid, "Größe")),
            Change::Updated { traffic: Some(traffic), owner: None },
            Change::Closed { traffic: None },
        ]
    );
    assert_eq!(events.changes.iter().map(|change| change.connection).collect::<Vec<_>>(), [3, 4, 3, 1]);
    assert_eq!(event_time(events.unix_millis, events.changes[0].millis), events.unix_millis - 5);

    let AgentSays::Heartbeat(first) = link.hear() else { panic!("then a heartbeat") };
    assert_eq!(first.echo_unix_micros, 0);
    // A clock an hour ahead.
    let sent = first.unix_micros + 3_600_000_000;
    let answer = Heartbeat { unix_micros: sent, echo_unix_micros: first.unix_micros, held_micros: 0 };
    link.say(ServerSays::Heartbeat(answer));
    let AgentSays::Heartbeat(second) = link.hear() else { panic!("the first heartbeat is answered") };
    assert_eq!(second.echo_unix_micros, sent);
    let sample = clock_sample(&second, sent + 20_000_000).unwrap();
    assert!(sample.delay_micros <= 20_000_000);
    assert!((-3_610_000_001..=-3_590_000_000).contains(&sample.offset_micros), "{sample:?}");

    link.say(ServerSays::Acknowledged(Acknowledged { sequence: 4 }));
    link.say(ServerSays::Acknowledged(Acknowledged { sequence: 6 }));
    let Output { status, stdout, stderr } = client.wait_with_output().unwrap();
    assert!(status.success(), "{}", printed(&stderr));
    let stdout = printed(&stdout);
    assert!(
        stdout.starts_with(
            "welcome version=1 display=9.9 name=web1 (2) resume_after=0 needs_snapshot=True\nheartbeat delay="
        ),
        "{stdout}"
    );
    assert!(stdout.ends_with("acknowledged 4 of 6\nacknowledged 6 of 6\n"), "{stdout}");
}

#[test]
fn a_refusal_reaches_the_person_at_the_client() {
    let display = Display::new();
    let Some(client) = display.start_client(&[]) else { return };
    let (mut link, _) = display.accept();
    let sentence = "this token was taken back".to_owned();
    link.say(ServerSays::Refused(Refused { reason: Reason::Revoked as i32, sentence }));
    let Output { status, stderr, .. } = client.wait_with_output().unwrap();
    assert!(!status.success());
    assert_eq!(printed(&stderr), "refused REVOKED: this token was taken back\n");
}

#[test]
fn the_secret_is_not_told_to_a_display_with_another_certificate() {
    let display = Display::new();
    fs::write(display.folder.path().join("cert.pem"), certificate().2).unwrap();
    let Some(client) = display.start_client(&[]) else { return };
    let (tcp, _) = display.listener.accept().unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&display.config)).unwrap(), tcp);
    let mut heard = Vec::new();
    // Hangs up with or without saying so; what counts is that nothing comes.
    let _ = stream.read_to_end(&mut heard);
    assert_eq!(heard, b"");
    let Output { status, stderr, .. } = client.wait_with_output().unwrap();
    assert!(!status.success());
    assert_eq!(printed(&stderr), "the display shows another certificate\n");
}

//! The collector where programs have connections to the whole world: every one is shown, with its program, direction
//! and plain address, and no other. Needs root; see `lab`.

#![cfg(test)]

mod lab;

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use connmapperl::{
    model::{Change, Direction, Event, Observation, Protocol},
    net::collector::{Collector, NetlinkSource, ProcSource, SocketSource},
};
use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType},
};

use crate::lab::{Expected, How, Lab, Target, target};

lab::entry!();

const PATIENCE: Duration = Duration::from_secs(30);

fn targets() -> Vec<Target> {
    vec![
        target(How::Out, "1.1.1.1", 443, "firefox", 3),
        target(How::Out, "2606:4700:4700::1111", 443, "firefox", 2),
        target(How::Out, "193.0.6.139", 80, "curl", 1),
        target(How::In, "8.8.8.8", 22, "sshd", 2),
        target(How::In, "2001:4860:4860::8888", 25, "smtpd", 1),
        target(How::Udp, "1.0.0.1", 443, "chrome", 2),
        target(How::Udp, "2620:fe::fe", 443, "chrome", 1),
        target(How::Mapped, "9.9.9.9", 853, "stubby", 1),
    ]
}

/// A connection as the lab expects it. Its program is looked at by name.
fn seen(observation: &Observation) -> Expected {
    let inbound = observation.direction == Direction::Inbound;
    Expected {
        protocol: observation.protocol,
        direction: observation.direction,
        program: observation.owner.name().to_owned(),
        peer_address: observation.peer.ip(),
        service_port: if inbound { observation.local.port() } else { observation.peer.port() },
    }
}

fn open(collector: &Collector) -> Vec<Expected> {
    let mut open: Vec<_> = collector.connections().map(|(_, observation)| seen(observation)).collect();
    open.sort();
    open
}

fn tick_until(
    collector: &mut Collector,
    events: &mut Vec<Event>,
    mut done: impl FnMut(&Collector, &[Event]) -> bool,
) {
    let began = Instant::now();
    loop {
        collector.tick(collector.now_unix_millis(), events).unwrap();
        if done(collector, events) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{:#?}", open(collector));
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn sources() -> [Box<dyn SocketSource>; 3] {
    [
        Box::new(NetlinkSource::open(true).unwrap()),
        Box::new(NetlinkSource::open(false).unwrap()),
        Box::new(ProcSource::new("for a test".into())),
    ]
}

#[test]
fn every_connection_of_the_house_is_shown_and_no_other() {
    let Some(mut lab) = Lab::with_targets(&targets()) else { return };
    let expected = lab.expected();
    assert_eq!(expected.len(), 13);
    lab.home.run(|| {
        for source in sources() {
            let mut collector = Collector::from_source(source);
            collector.tick(0, &mut Vec::new()).unwrap();
            assert_eq!(open(&collector), expected, "{:?}", collector.method());
        }
    });

    lab.end_program("firefox");
    let expected = lab.expected();
    assert_eq!(expected.len(), 8);
    lab.home.run(|| {
        for source in sources() {
            let mut collector = Collector::from_source(source);
            tick_until(&mut collector, &mut Vec::new(), |collector, _| open(collector) == expected);
        }
    });
}

#[test]
fn connections_of_a_few_milliseconds_are_all_seen() {
    const SHORT_CONNECTIONS: usize = 50;
    let Some(mut lab) = Lab::new() else { return };
    lab.answer_on(443);
    let mut collector = lab.home.run(|| Collector::from_source(Box::new(NetlinkSource::open(true).unwrap())));
    let mut events = Vec::new();
    collector.tick(0, &mut events).unwrap();
    lab.program("curl").ask(&format!("short 1.1.1.1:443 {SHORT_CONNECTIONS} 2"));

    let count = |events: &[Event], wanted: fn(&Change) -> bool| {
        events.iter().filter(|event| wanted(&event.change)).count()
    };
    tick_until(&mut collector, &mut events, |_, events| {
        count(events, |change| matches!(change, Change::Closed { .. })) == SHORT_CONNECTIONS
    });
    let opened = count(
        &events,
        |change| matches!(change, Change::Opened(seen) if seen.protocol == Protocol::Tcp && seen.peer.port() == 443),
    );
    assert_eq!(opened, SHORT_CONNECTIONS);
}

#[test]
fn an_attempt_that_nobody_answers_is_no_connection() {
    let Some(lab) = Lab::new() else { return };
    lab.home.run(|| {
        let mut collector = Collector::from_source(Box::new(NetlinkSource::open(true).unwrap()));
        let mut events = Vec::new();
        collector.tick(0, &mut events).unwrap();
        // No such neighbour: the socket waits for an answer until it is closed.
        let socket = rustix::net::socket_with(
            AddressFamily::INET,
            SocketType::STREAM,
            SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        let nobody = SocketAddr::from(([192, 0, 2, 99], 443));
        assert_eq!(rustix::net::connect(&socket, &nobody), Err(Errno::INPROGRESS));
        collector.tick(100, &mut events).unwrap();
        drop(socket);
        // The close event of a real connection made after it comes after it.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        drop(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        drop(listener);
        tick_until(&mut collector, &mut events, |_, events| !events.is_empty());
        let peers = events.iter().filter_map(|event| match &event.change {
            Change::Opened(seen) => Some(seen.peer),
            Change::Updated { .. } | Change::Closed { .. } => None,
        });
        assert!(peers.into_iter().all(|peer| peer != nobody), "{events:?}");
    });
}

#[test]
fn the_client_prints_what_there_is() {
    let Some(lab) = Lab::with_targets(&targets()) else { return };
    let client = env!("CARGO_BIN_EXE_connmapperl-client");
    let output =
        lab.home.run(|| std::process::Command::new(client).args(["--once", "--json"]).output()).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed: Vec<Observation> = serde_json::from_slice(&output.stdout).unwrap();
    let mut printed: Vec<_> = printed.iter().map(seen).collect();
    printed.sort();
    assert_eq!(printed, lab.expected());
}

#[test]
fn the_client_follows_until_nobody_reads() {
    use std::io::BufRead;
    let Some(mut lab) = Lab::new() else { return };
    let client = env!("CARGO_BIN_EXE_connmapperl-client");
    let mut child = lab
        .home
        .run(|| {
            std::process::Command::new(client)
                .args(["--print", "--json", "--interval", "20"])
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
        })
        .unwrap();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    lab.connect(&target(How::Out, "1.1.1.1", 443, "curl", 1));
    let event: Event = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert!(matches!(event.change, Change::Opened(seen) if seen.peer.port() == 443));
    lab.program("curl").ask("close");
    loop {
        let event: Event = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        if matches!(event.change, Change::Closed { .. }) {
            break;
        }
    }
    drop(lines);
    // The next thing it prints finds nobody.
    lab.connect(&target(How::Out, "1.0.0.1", 443, "curl", 1));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

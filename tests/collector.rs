//! The collector over this machine's real sockets, on loopback.

#![cfg(test)]

use std::{
    collections::BTreeMap,
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use connmapperl::{
    model::{Change, CollectorMethod, ConnectionId, Direction, Event, Observation, Owner, Protocol},
    net::collector::{
        Collector, CollectorMessage, NetlinkSource, ProcSource, Settings, SocketSource, TickReport, spawn,
    },
};

/// Far more than any answer takes; reached only by a failure.
const PATIENCE: Duration = Duration::from_secs(20);

/// A collector with its events, and a clock of the test's own.
struct Watched {
    collector: Collector,
    now_unix_millis: i64,
    events: Vec<Event>,
}

impl Watched {
    fn new(source: impl SocketSource + 'static) -> Self {
        Self { collector: Collector::from_source(Box::new(source)), now_unix_millis: 0, events: Vec::new() }
    }

    fn tick(&mut self) -> TickReport {
        self.now_unix_millis += 100;
        self.collector.tick(self.now_unix_millis, &mut self.events).unwrap()
    }

    /// Ticks until the open connections between `endpoints` are as wanted.
    fn tick_until(
        &mut self,
        endpoints: &[SocketAddr],
        done: impl Fn(&[Observation]) -> bool,
    ) -> Vec<Observation> {
        let began = Instant::now();
        loop {
            self.tick();
            let open = self.open(endpoints);
            if done(&open) {
                return open;
            }
            assert!(began.elapsed() < PATIENCE, "still {open:#?}");
        }
    }

    /// Other tests and programs have sockets too: ours have one of `endpoints` at either end.
    fn open(&self, endpoints: &[SocketAddr]) -> Vec<Observation> {
        let ours = |seen: &&Observation| endpoints.contains(&seen.local) || endpoints.contains(&seen.peer);
        let mut open: Vec<_> =
            self.collector.connections().map(|(_, seen)| seen).filter(ours).cloned().collect();
        open.sort_by_key(|seen| (seen.protocol, seen.local));
        open
    }

    /// How often each of our connections opened and closed.
    fn openings_and_closings(&self, endpoints: &[SocketAddr]) -> BTreeMap<ConnectionId, (usize, usize)> {
        let mut counts = BTreeMap::<_, (usize, usize)>::new();
        for event in &self.events {
            match &event.change {
                Change::Opened(seen) if endpoints.contains(&seen.local) || endpoints.contains(&seen.peer) => {
                    counts.entry(event.connection).or_default().0 += 1;
                }
                Change::Closed { .. } => {
                    if let Some(count) = counts.get_mut(&event.connection) {
                        count.1 += 1;
                    }
                }
                Change::Opened(_) | Change::Updated { .. } => {}
            }
        }
        counts
    }
}

fn own_name() -> String {
    std::fs::read_to_string("/proc/self/comm").unwrap().trim_end().to_owned()
}

fn connected(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (client, server)
}

/// A source and everything a user would notice of it: program, direction, no doubled connection, closings.
fn shows_exactly_these_sockets(source: impl SocketSource + 'static) {
    let mut watched = Watched::new(source);
    let v4 = TcpListener::bind("127.0.0.1:0").unwrap();
    let v6 = TcpListener::bind("[::1]:0").unwrap();
    let udp_peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let endpoints = [&v4, &v6].map(|listener| listener.local_addr().unwrap());
    let endpoints = [endpoints[0], endpoints[1], udp_peer.local_addr().unwrap()];

    let streams = [connected(&v4), connected(&v4), connected(&v6)];
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.connect(endpoints[2]).unwrap();

    let open = watched.tick_until(&endpoints, |open| open.len() == 7);
    for seen in &open {
        let Owner::Program { pid, name } = &seen.owner else { panic!("no program: {seen:?}") };
        assert_eq!((*pid, &**name), (std::process::id(), own_name().as_str()));
        let inbound = seen.protocol == Protocol::Tcp && endpoints.contains(&seen.local);
        assert_eq!(seen.direction == Direction::Inbound, inbound, "{seen:?}");
    }
    let mut pairs: Vec<_> = open.iter().map(|seen| (seen.protocol, seen.local, seen.peer)).collect();
    let mut real: Vec<_> = streams
        .iter()
        .flat_map(|(client, server)| [client, server])
        .map(|stream| (Protocol::Tcp, stream.local_addr().unwrap(), stream.peer_addr().unwrap()))
        .chain([(Protocol::Udp, udp.local_addr().unwrap(), endpoints[2])])
        .collect();
    pairs.sort();
    real.sort();
    assert_eq!(pairs, real);

    (0..30).for_each(|_| assert!(watched.tick().open >= 7));
    drop((streams, udp));
    watched.tick_until(&endpoints, <[_]>::is_empty);
    let counts = watched.openings_and_closings(&endpoints);
    assert_eq!(counts.len(), 7);
    assert!(counts.values().all(|&count| count == (1, 1)), "{counts:?}");
}

#[test]
fn netlink_with_close_events_shows_exactly_these_sockets() {
    let source = NetlinkSource::open(true).unwrap();
    if source.method() != CollectorMethod::Events {
        println!("skipped: close events need root");
        return;
    }
    shows_exactly_these_sockets(source);
}

#[test]
fn netlink_alone_shows_exactly_these_sockets() {
    shows_exactly_these_sockets(NetlinkSource::open(false).unwrap());
}

#[test]
fn proc_tables_show_exactly_these_sockets() {
    shows_exactly_these_sockets(ProcSource::new("for a test".into()));
}

#[test]
fn bytes_and_round_trip_are_told() {
    let mut watched = Watched::new(NetlinkSource::open(false).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = [listener.local_addr().unwrap()];
    let (mut client, _server) = connected(&listener);
    client.write_all(&[7; 1234]).unwrap();
    let sent = |seen: &Observation| seen.peer == endpoint[0] && seen.traffic.sent_bytes == Some(1234);
    let open = watched.tick_until(&endpoint, |open| open.iter().any(sent));
    assert!(open.iter().any(|seen| seen.traffic.received_bytes == Some(1234)), "{open:?}");
    assert!(open.iter().all(|seen| seen.traffic.rtt_micros.is_some()), "{open:?}");
}

#[test]
fn an_unaccepted_connection_gets_its_owner_when_it_is_accepted() {
    let mut watched = Watched::new(NetlinkSource::open(false).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = [listener.local_addr().unwrap()];
    let _client = TcpStream::connect(endpoint[0]).unwrap();
    let open = watched.tick_until(&endpoint, |open| open.len() == 2);
    let server = |open: &[Observation]| open.iter().find(|seen| seen.local == endpoint[0]).unwrap().clone();
    assert_eq!(server(&open).owner, Owner::Unknown);
    let _accepted = listener.accept().unwrap();
    let open = watched.tick_until(&endpoint, |open| server(open).owner != Owner::Unknown);
    assert_eq!(server(&open).owner.name(), own_name());
    assert_eq!(watched.openings_and_closings(&endpoint).len(), 2);
}

#[test]
fn a_connection_shorter_than_a_tick_is_seen_as_root_and_a_refused_one_is_not() {
    let source = NetlinkSource::open(true).unwrap();
    if source.method() != CollectorMethod::Events {
        println!("skipped: close events need root");
        return;
    }
    let mut watched = Watched::new(source);
    watched.tick();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = [listener.local_addr().unwrap()];
    drop(connected(&listener));
    // Nobody listens on a port that was just given back.
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(TcpStream::connect(refusing).is_err());

    let began = Instant::now();
    while watched.openings_and_closings(&endpoint).values().filter(|&&count| count == (1, 1)).count() < 2 {
        watched.tick();
        assert!(began.elapsed() < PATIENCE);
    }
    assert_eq!(watched.openings_and_closings(&endpoint).len(), 2);
    assert!(watched.openings_and_closings(&[refusing]).is_empty());
}

#[test]
fn a_steady_tick_reads_no_process() {
    let mut watched = Watched::new(NetlinkSource::open(false).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _streams: Vec<_> = (0..20).map(|_| connected(&listener)).collect();
    watched.tick_until(&[listener.local_addr().unwrap()], |open| open.len() == 40);
    // Other tests open sockets meanwhile: a tick without a new one must come, and must cost nothing.
    let began = Instant::now();
    loop {
        let (events, calls) = (watched.events.len(), watched.collector.owner_calls());
        watched.now_unix_millis += 5_000;
        watched.tick();
        let opened = watched.events[events..]
            .iter()
            .any(|event| matches!(event.change, Change::Opened(_) | Change::Updated { owner: Some(_), .. }));
        if !opened && watched.collector.owner_calls() == calls {
            return;
        }
        assert!(opened, "a tick without a new socket made system calls for owners");
        assert!(began.elapsed() < PATIENCE);
    }
}

#[test]
fn the_thread_says_how_it_is_doing_and_ends_at_once() {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let collector = Collector::from_source(Box::new(NetlinkSource::open(false).unwrap()));
    let settings = Settings { shortest_tick: Duration::from_secs(50), ..Settings::default() };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _streams = connected(&listener);
    let thread = spawn(collector, settings, sender).unwrap();

    let CollectorMessage::Status(status) = receiver.recv_timeout(PATIENCE).unwrap() else {
        panic!("the status comes first")
    };
    assert_eq!((status.method, status.tick_millis), (CollectorMethod::Polling, 50_000));
    assert!(status.notes.iter().any(|note| note.contains("root")), "{:?}", status.notes);
    let CollectorMessage::Events(events) = receiver.recv_timeout(PATIENCE).unwrap() else {
        panic!("then the connections")
    };
    let endpoint = listener.local_addr().unwrap();
    let ours = |event: &&Event| matches!(&event.change, Change::Opened(seen) if seen.peer == endpoint);
    assert_eq!(events.iter().filter(ours).count(), 1);

    let began = Instant::now();
    drop(thread);
    assert!(began.elapsed() < Duration::from_secs(10), "it waited for its tick");
}

#[test]
fn the_thread_ends_while_nobody_takes_its_messages() {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let collector = Collector::from_source(Box::new(NetlinkSource::open(false).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _streams = connected(&listener);
    let thread = spawn(collector, Settings::default(), sender).unwrap();
    drop(thread);
    drop(receiver);
}

//! From the Hello to the last word: events arrive, once each, though the link is cut again and again.

use std::{
    collections::{HashMap, HashSet},
    fs,
    net::{TcpListener, TcpStream},
};

use connmapperl::net::wire::{
    PROTOCOL_VERSION,
    messages::{AgentSays, Events, Open, Snapshot, Socket, What},
};
use rustix::process::Signal;

use crate::{
    display::{Display, Peer},
    program::{Home, TOKEN},
    wait_for,
};

/// A connection of the test's own, known by its ports among all others of this machine.
pub struct Pair {
    ours: TcpStream,
    _theirs: TcpStream,
}

impl Pair {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        Self { ours, _theirs: listener.accept().unwrap().0 }
    }

    pub fn ports(&self) -> [u32; 2] {
        [self.ours.local_addr().unwrap().port().into(), self.ours.peer_addr().unwrap().port().into()]
    }
}

/// Whether it is either end of the connection between those ports.
fn is(socket: &Socket, ports: [u32; 2]) -> bool {
    let [a, b] = ports;
    [[a, b], [b, a]].contains(&[socket.local_port, socket.peer_port])
}

/// What a display knows of one run of an agent, by the protocol's rules.
#[derive(Default)]
pub struct Known {
    /// What the last snapshot stood for.
    pub base: u64,
    pub position: u64,
    open: HashMap<u64, Socket>,
    pub told: HashSet<u64>,
    /// The last frame was a snapshot's, and not its last.
    goes_on: bool,
}

impl Known {
    pub fn snapshot(&mut self, snapshot: &Snapshot) {
        self.base = snapshot.base_sequence;
        self.position = snapshot.base_sequence;
        let with_socket = |open: &Open| (open.connection, open.socket.unwrap());
        if !std::mem::replace(&mut self.goes_on, snapshot.goes_on) {
            self.open.clear();
        }
        self.open.extend(snapshot.connections.iter().map(with_socket));
    }

    fn events(&mut self, events: &Events) {
        for (sequence, change) in (events.first_sequence..).zip(&events.changes) {
            if sequence <= self.position {
                continue;
            }
            assert_eq!(sequence, self.position + 1, "an event is missing");
            assert!(self.told.insert(sequence), "told twice");
            self.position = sequence;
            match change.what.as_ref().unwrap() {
                What::Opened(socket) => {
                    assert!(self.open.insert(change.connection, *socket).is_none());
                }
                What::Updated(_) => assert!(self.open.contains_key(&change.connection)),
                What::Closed(_) => assert!(self.open.remove(&change.connection).is_some()),
            }
        }
    }

    /// Ends of it that are open: two, as both are on this machine.
    pub fn count(&self, ports: [u32; 2]) -> usize {
        self.open.values().filter(|socket| is(socket, ports)).count()
    }

    pub async fn hear_until(&mut self, peer: &mut Peer, done: impl Fn(&Self) -> bool) {
        while self.goes_on || !done(self) {
            match peer.next().await.expect("the agent hung up") {
                AgentSays::Snapshot(snapshot) => self.snapshot(&snapshot),
                AgentSays::Events(events) => self.events(&events),
                _ => {}
            }
        }
    }
}

#[test]
fn an_agent_says_who_it_is_and_what_it_sees() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let pair = Pair::new();
        let mut agent =
            home.start(&["--server", &display.address().to_string(), "--name", "router", "--interval", "50"]);
        let (peer, hello) = display.greet().await;
        assert_eq!(hello.protocol_version, PROTOCOL_VERSION);
        assert_eq!(hello.agent_name, "router");
        assert_eq!(hello.secret, TOKEN);
        assert_eq!((hello.machine_id.len(), hello.boot_id.len()), (16, 16));
        assert_eq!(hello.tick_millis, 50);
        assert_eq!(hello.program_version, env!("CARGO_PKG_VERSION"));
        drop(peer);

        let mut peer = display.welcome(0, true).await;
        assert_eq!(
            agent.line_with("reporting to"),
            format!("connmapperl-client: reporting to {} as router", display.address())
        );
        let mut known = Known::default();
        known.hear_until(&mut peer, |known| known.count(pair.ports()) == 2).await;
        let ports = pair.ports();
        drop(pair);
        known.hear_until(&mut peer, |known| known.count(ports) == 0).await;
    });
}

#[test]
fn a_link_that_is_cut_goes_on_where_it_ended() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let _agent = home.report_to(display.address());
        let mut known = Known::default();
        let mut peer = display.welcome(0, true).await;
        let mut pairs = Vec::new();
        for round in 0..6 {
            pairs.push(Pair::new());
            let newest = pairs.last().unwrap();
            known.hear_until(&mut peer, |known| known.count(newest.ports()) == 2).await;
            if round % 2 == 0 {
                peer.acknowledge(known.position).await;
            }
            // This one is opened and closed while nobody listens; the display hears of it all the same.
            let unseen = Pair::new();
            peer.read_raw(7 + round).await;
            peer.cut();
            drop(unseen);
            peer = display.welcome(known.position, false).await;
        }
        let all = &pairs;
        known.hear_until(&mut peer, |known| all.iter().all(|pair| known.count(pair.ports()) == 2)).await;
        assert_eq!(known.told.len() as u64, known.position - known.base);
    });
}

#[test]
fn a_display_that_forgot_everything_is_told_what_is_open() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let _agent = home.report_to(display.address());
        let pair = Pair::new();
        let mut known = Known::default();
        let mut peer = display.welcome(0, true).await;
        known.hear_until(&mut peer, |known| known.count(pair.ports()) == 2).await;
        let acknowledged = known.position;
        peer.acknowledge(acknowledged).await;
        // An answer to what was said after the acknowledgement: it has been read.
        let later = Pair::new();
        known.hear_until(&mut peer, |known| known.count(later.ports()) == 2).await;
        peer.cut();

        let mut peer = display.welcome(0, true).await;
        let snapshot = peer.next_snapshot().await;
        assert!(snapshot.base_sequence <= acknowledged);
        let mut fresh = Known::default();
        fresh.snapshot(&Snapshot { goes_on: false, ..snapshot });
        fresh
            .hear_until(&mut peer, |known| known.count(pair.ports()) == 2 && known.count(later.ports()) == 2)
            .await;
    });
}

#[test]
fn a_gap_is_mended_by_a_snapshot() {
    use connmapperl::net::wire::messages::Reason;
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let _agent = home.report_to(display.address());
        let mut peer = display.welcome(0, true).await;
        let mut known = Known::default();
        known.hear_until(&mut peer, |known| known.position > 0).await;
        peer.refuse(Reason::Gap, "Something is missing.").await;
        // Even where the display does not ask for it.
        let mut peer = display.welcome(known.position, false).await;
        assert_eq!(peer.next_snapshot().await.base_sequence, known.position);
    });
}

#[test]
fn an_agent_that_is_told_to_end_says_what_is_due_first() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        for signal in [Signal::TERM, Signal::INT] {
            let mut agent = home.report_to(display.address());
            let mut peer = display.welcome(0, true).await;
            let mut known = Known::default();
            known.hear_until(&mut peer, |known| known.position > 0).await;
            agent.signal(signal);
            while peer.next().await.is_some() {}
            drop(peer);
            assert!(agent.wait_for_end().success());
        }
    });
}

#[test]
fn the_secret_is_no_argument_and_is_never_printed() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let mut agent = home.report_to(display.address());
        let peer = display.welcome(0, true).await;
        for file in ["cmdline", "comm", "status"] {
            let shown = fs::read(format!("/proc/{}/{file}", agent.pid())).unwrap();
            assert!(!String::from_utf8_lossy(&shown).contains(TOKEN), "{file}");
        }
        let line = agent.line_with("reporting to");
        assert!(!line.contains(TOKEN));
        drop(peer);
        assert!(!agent.line_with("trying again").contains(TOKEN));
    });
}

#[test]
fn a_whole_tick_goes_out_in_one_record() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let _agent = home.start(&["--server", &display.address().to_string(), "--interval", "500"]);
        let mut peer = display.welcome(0, true).await;
        peer.next_snapshot().await;
        // Between two looks, so that the next one sees them all together.
        let pairs: Vec<_> = (0..20).map(|_| Pair::new()).collect();
        let mut frames = Vec::new();
        let mut seen = 0;
        while seen < 40 {
            let events = peer.next_events().await;
            let opened = events.changes.iter().filter(|change| {
                matches!(&change.what, Some(What::Opened(socket)) if pairs.iter().any(|pair| is(socket, pair.ports())))
            });
            let count = opened.count();
            if count > 0 {
                frames.push(count);
            }
            seen += count;
        }
        assert!(frames.len() <= 2, "{frames:?}");
    });
}

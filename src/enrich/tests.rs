use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::bounded;

use super::*;
use crate::{
    geo::GeoSource,
    model::{
        AgentLink, AgentStatus, Asn, Change, CollectorMethod, ConnectionId, ConnectionKey, Direction,
        NoPlace, Observation, Owner, Place, Protocol, Traffic,
    },
    net::server::{Arrived, Delivery, OpenSocket},
};

/// Far more than any answer takes; reached only by a failure.
const PATIENCE: Duration = Duration::from_secs(30);

fn observation(peer: &str) -> Observation {
    Observation {
        protocol: Protocol::Tcp,
        local: ([10, 0, 0, 1], 50_000).into(),
        peer: peer.parse().unwrap(),
        direction: Direction::Outbound,
        owner: Owner::Unknown,
        uid: 0,
        traffic: Traffic::default(),
    }
}

fn event(id: u64, change: Change) -> Event {
    Event { sequence: 0, unix_millis: 1_000 + id as i64, connection: ConnectionId(id), change }
}

fn opened(id: u64) -> Event {
    event(id, Change::Opened(observation("127.0.0.1:443")))
}

fn closed(id: u64) -> Event {
    event(id, Change::Closed { traffic: None })
}

fn counters(id: u64, sent_bytes: u64) -> Event {
    let traffic = Traffic { sent_bytes: Some(sent_bytes), ..Traffic::default() };
    event(id, Change::Updated { traffic: Some(traffic), owner: None })
}

fn key(id: u64) -> ConnectionKey {
    ConnectionKey { agent: AgentId::THIS_MACHINE, connection: ConnectionId(id) }
}

/// Knows one place, and every address lies there.
struct Everywhere(SourceInfo, f32);

impl GeoSource for Everywhere {
    fn place(&self, _address: IpAddr) -> Option<Place> {
        Some(Place { lat: self.1, lon: 0.0, city: "".into(), region: "".into(), country: None })
    }

    fn asn(&self, _address: IpAddr) -> Option<Asn> {
        Some(Asn { number: 64_500, organisation: "Example".into() })
    }

    fn info(&self) -> &SourceInfo {
        &self.0
    }
}

fn geography(lat: f32) -> Geography {
    let info = SourceInfo {
        name: "a test".to_owned(),
        date: None,
        attribution: String::new(),
        has_places: true,
        has_asns: true,
    };
    Geography::new(vec![Arc::new(Everywhere(info, lat))])
}

mod table {
    use super::*;

    fn take(table: &mut OpenTable, event: Event) -> Option<Located> {
        table.take(AgentId::THIS_MACHINE, event, &geography(50.0))
    }

    #[test]
    fn an_opened_connection_gets_place_and_asn_or_the_reason() {
        let mut table = OpenTable::default();
        let public = event(1, Change::Opened(observation("9.9.9.9:443")));
        let Some(Located::Opened(located)) = take(&mut table, public) else {
            panic!("not opened");
        };
        assert_eq!((located.key, located.opened_unix_millis), (key(1), 1_001));
        assert_eq!(located.place.as_ref().unwrap().lat, 50.0);
        assert_eq!(located.asn.as_ref().unwrap().number, 64_500);
        let Some(Located::Opened(located)) = take(&mut table, opened(2)) else {
            panic!("not opened");
        };
        assert_eq!(located.place, Err(NoPlace::Loopback));
        assert_eq!(table.all().len(), 2);
    }

    #[test]
    fn updates_are_kept_and_told() {
        let mut table = OpenTable::default();
        take(&mut table, opened(1));
        let owner = Owner::Program { pid: 3, name: "ssh".into() };
        let traffic = Traffic { rtt_micros: Some(9), ..Traffic::default() };
        assert_eq!(
            take(&mut table, event(1, Change::Updated { traffic: None, owner: Some(owner.clone()) })),
            Some(Located::Updated { key: key(1), traffic: None, owner: Some(owner.clone()) })
        );
        take(&mut table, event(1, Change::Updated { traffic: Some(traffic), owner: None }));
        let kept = &table.all()[0].observation;
        assert_eq!((&kept.owner, kept.traffic), (&owner, traffic));
    }

    #[test]
    fn what_is_closed_is_gone_and_the_unknown_is_nothing() {
        let mut table = OpenTable::default();
        take(&mut table, opened(1));
        assert_eq!(
            take(&mut table, closed(1)),
            Some(Located::Closed { key: key(1), unix_millis: 1_001, traffic: Traffic::default() })
        );
        assert!(table.all().is_empty());
        assert_eq!(take(&mut table, closed(1)), None);
        assert_eq!(take(&mut table, counters(1, 5)), None);
    }

    #[test]
    fn all_come_oldest_first() {
        let mut table = OpenTable::default();
        for id in [5, 1, 3] {
            take(&mut table, opened(id));
        }
        assert_eq!(table.all().iter().map(|it| it.key.connection.0).collect::<Vec<_>>(), [1, 3, 5]);
    }

    #[test]
    fn other_tables_move_what_is_open_and_change_nothing_else() {
        let mut table = OpenTable::default();
        take(&mut table, event(1, Change::Opened(observation("9.9.9.9:443"))));
        take(&mut table, counters(1, 7));
        let mut before = table.all();
        table.relocate(&geography(-10.0));
        before[0].place.as_mut().unwrap().lat = -10.0;
        assert_eq!(table.all(), before);
    }
}

mod thread_of_its_own {
    use super::*;

    /// The thread as it runs in the program, with a map that reads only when the test does.
    struct Running {
        events: Sender<CollectorMessage>,
        fleet: Sender<FleetMessage>,
        requests: Sender<Request>,
        map: Receiver<Located>,
        history: Receiver<Vec<Record>>,
        reports: Receiver<Report>,
        woken: Arc<AtomicUsize>,
        thread: JoinHandle<()>,
    }

    impl Running {
        fn start(map_capacity: usize) -> Self {
            // Nothing waits in the channel of events: what was sent has been taken up.
            let (events, from_collector) = bounded(0);
            let (fleet, from_fleet) = bounded(0);
            let (requests, from_display) = bounded(0);
            let (to_map, map) = bounded(map_capacity);
            let (to_history, history) = bounded(64);
            let (to_display, reports) = bounded(SIDE_CAPACITY);
            let woken = Arc::new(AtomicUsize::new(0));
            let wakes = Arc::clone(&woken);
            let wake = Box::new(move || {
                wakes.fetch_add(1, Ordering::SeqCst);
            });
            let inlets = Inlets { collector: from_collector, fleet: from_fleet, requests: from_display };
            let to_history = Some(to_history);
            let outlets = Outlets { to_map, to_history, reports: to_display, wake };
            let thread = thread::Builder::new()
                .name("enrich".to_owned())
                .spawn(move || run(&DataFolders::default(), &inlets, &outlets))
                .unwrap();
            Self { events, fleet, requests, map, history, reports, woken, thread }
        }

        fn events(&self, events: Vec<Event>) {
            self.events.send_timeout(CollectorMessage::Events(events), PATIENCE).unwrap();
        }

        fn status(&self, name: &str) {
            let status = AgentStatus {
                agent: AgentId::THIS_MACHINE,
                name: name.into(),
                method: CollectorMethod::Polling,
                tick_millis: 100,
                notes: Vec::new(),
                link: Default::default(),
                home: None,
            };
            self.events.send_timeout(CollectorMessage::Status(status), PATIENCE).unwrap();
        }

        fn ask(&self, request: Request) {
            self.requests.send_timeout(request, PATIENCE).unwrap();
        }

        /// Returns once all that was sent before is done. The request is one that changes nothing.
        fn settle(&self) {
            self.ask(Request::WatchTraffic(false));
            self.ask(Request::WatchTraffic(false));
        }

        fn hear(&self) -> Located {
            self.map.recv_timeout(PATIENCE).unwrap()
        }

        fn hear_full_set(&self) -> Vec<u64> {
            match self.hear() {
                Located::FullSet(all) => all.iter().map(|it| it.key.connection.0).collect(),
                other => panic!("no full set but {other:?}"),
            }
        }

        fn dropped(&self) -> u64 {
            let counts = self.reports.try_iter().filter_map(|report| match report {
                Report::Dropped(count) => Some(count),
                _ => None,
            });
            counts.max().unwrap_or(0)
        }
    }

    const AGENT: AgentId = AgentId(1);

    pub(super) fn from_agent(news: News, delivery: Option<Delivery>) -> FleetMessage {
        FleetMessage::Agent(AgentNews { agent: AGENT, origin: None, news, delivery })
    }

    fn remote_status() -> AgentStatus {
        AgentStatus {
            agent: AGENT,
            name: "web1".into(),
            method: CollectorMethod::Polling,
            tick_millis: 100,
            notes: Vec::new(),
            link: AgentLink::Lost { since_unix_millis: 1 },
            home: None,
        }
    }

    #[test]
    fn what_agents_say_reaches_the_map_and_is_acknowledged_after_that() {
        let running = Running::start(64);
        let arrived = Arc::new(Arrived::default());
        let opening = News::Events { run: 7, events: vec![opened(1)] };
        let delivery = Delivery::new(41, Arc::clone(&arrived));
        running.fleet.send_timeout(from_agent(opening, Some(delivery)), PATIENCE).unwrap();
        let Located::Opened(connection) = running.hear() else { panic!("not opened") };
        assert_eq!(connection.key.agent, AGENT);
        running.settle();
        assert_eq!(arrived.sequence(), 41);

        running
            .fleet
            .send_timeout(from_agent(News::Status(Box::new(remote_status())), None), PATIENCE)
            .unwrap();
        assert_eq!(running.hear(), Located::Status(remote_status()));
        running.fleet.send_timeout(from_agent(News::Gone { unix_millis: 9 }, None), PATIENCE).unwrap();
        assert_eq!(
            running.hear(),
            Located::Closed { key: connection.key, unix_millis: 9, traffic: Traffic::default() }
        );
        assert_eq!(running.hear(), Located::AgentGone(AGENT));
    }

    #[test]
    fn without_a_listener_the_thread_goes_on() {
        let mut running = Running::start(64);
        running.fleet = bounded(0).0;
        running.events(vec![opened(5)]);
        assert_eq!(running.hear_full_set(), vec![5]);
    }

    #[test]
    fn what_is_open_at_the_start_comes_as_a_full_set_and_later_changes_one_by_one() {
        let running = Running::start(8);
        running.status("here");
        running.events(vec![opened(1), opened(2)]);
        assert!(matches!(running.hear(), Located::Status(_)));
        assert_eq!(running.hear_full_set(), [1, 2], "they did not all open this moment");
        running.events(vec![opened(3), closed(1)]);
        assert!(matches!(running.hear(), Located::Opened(it) if it.key == key(3)));
        assert_eq!(
            running.hear(),
            Located::Closed { key: key(1), unix_millis: 1_001, traffic: Traffic::default() }
        );
        running.settle();
        assert!(running.map.is_empty());
    }

    #[test]
    fn a_map_that_does_not_read_loses_changes_but_never_ends_with_a_ghost() {
        let running = Running::start(4);
        running.events(vec![opened(0)]);
        assert_eq!(running.hear_full_set(), [0]);
        running.settle();
        // Nobody reads: of the first ten four fit, and then nothing more.
        running.events((1..=10).map(opened).collect());
        running.settle();
        running.events((0..=8).map(closed).collect());
        running.events(vec![opened(11), counters(11, 5)]);
        running.settle();
        assert_eq!(running.map.len(), 4);
        assert_eq!(
            running.dropped(),
            6 + 9 + 1,
            "each change that was not told one by one; counters are none"
        );

        for id in 1..=4 {
            assert!(matches!(running.hear(), Located::Opened(it) if it.key == key(id)));
        }
        running.settle();
        assert_eq!(running.hear_full_set(), [9, 10, 11]);
        running.events(vec![closed(9)]);
        assert_eq!(
            running.hear(),
            Located::Closed { key: key(9), unix_millis: 1_009, traffic: Traffic::default() }
        );
        running.settle();
        assert!(running.map.is_empty());
        assert_eq!(running.dropped(), 0, "nothing new was dropped");
    }

    #[test]
    fn the_history_hears_of_everything_though_the_map_has_no_room() {
        let running = Running::start(1);
        running.status("here");
        running.events(vec![opened(1), opened(2)]);
        running.status("here");
        running.events(vec![opened(3), counters(3, 5), closed(1), closed(3)]);
        let socket = OpenSocket {
            connection: ConnectionId(1),
            opened_sequence: 1,
            opened_unix_millis: 7,
            observation: observation("127.0.0.1:22"),
        };
        let snapshot =
            News::Snapshot { run: 7, base: 0, same_boot: true, unix_millis: 500, connections: vec![socket] };
        running
            .fleet
            .send_timeout(from_agent(News::Status(Box::new(remote_status())), None), PATIENCE)
            .unwrap();
        running.fleet.send_timeout(from_agent(snapshot, None), PATIENCE).unwrap();
        let short = |record: Record| match record {
            Record::Told(Located::Opened(it)) => format!("{} opened", it.key.agent.0),
            Record::Told(Located::Updated { .. }) => "counted".to_owned(),
            Record::Told(Located::Closed { key, .. }) => format!("{} closed", key.connection.0),
            Record::Told(Located::Status(status)) => status.name.to_string(),
            Record::Told(other) => panic!("{other:?}"),
            Record::Looked { agent, open } => format!("{} has {}", agent.0, open.len()),
        };
        let hear = |records: usize| {
            let mut heard = Vec::new();
            while heard.len() < records {
                heard.extend(running.history.recv_timeout(PATIENCE).unwrap().into_iter().map(short));
            }
            heard
        };
        let here = ["here", "0 opened", "0 opened", "0 has 2", "0 opened", "counted", "1 closed", "3 closed"];
        assert_eq!(hear(11), [&here[..], &["web1", "1 opened", "1 has 1"]].concat());

        running.ask(Request::TellHistoryAgain);
        assert_eq!(hear(6), ["here", "web1", "0 opened", "0 has 1", "1 opened", "1 has 1"]);
    }

    #[test]
    fn the_history_hears_at_the_end_what_was_gathered() {
        let running = Running::start(16);
        running.events((1..=3).map(opened).collect());
        running.events((1..=3).map(closed).collect());
        let Running { events, history, .. } = running;
        drop(events);
        let told = history.iter().flatten().filter(|record| matches!(record, Record::Told(_))).count();
        assert_eq!(told, 6);
    }

    #[test]
    fn a_status_that_found_no_room_is_told_later() {
        let running = Running::start(1);
        running.events(vec![opened(1)]);
        running.settle();
        running.status("here");
        running.settle();
        assert_eq!(running.hear_full_set(), [1]);
        running.settle();
        assert!(matches!(running.hear(), Located::Status(status) if &*status.name == "here"));
    }

    #[test]
    fn counters_are_told_only_while_somebody_watches() {
        let running = Running::start(8);
        running.events(vec![opened(1)]);
        assert_eq!(running.hear_full_set(), [1]);
        running.settle();
        let woken = running.woken.load(Ordering::SeqCst);
        running.events(vec![counters(1, 5)]);
        running.settle();
        assert!(running.map.is_empty());
        assert_eq!(running.woken.load(Ordering::SeqCst), woken, "and nobody is woken for them");

        running.ask(Request::WatchTraffic(true));
        let Located::FullSet(all) = running.hear() else {
            panic!("no full set");
        };
        assert_eq!(all[0].observation.traffic.sent_bytes, Some(5), "what was not told is made up for");
        running.events(vec![counters(1, 6)]);
        let traffic = Some(Traffic { sent_bytes: Some(6), ..Traffic::default() });
        assert_eq!(running.hear(), Located::Updated { key: key(1), traffic, owner: None });

        running.ask(Request::WatchTraffic(false));
        running.events(vec![counters(1, 7)]);
        running.settle();
        assert!(running.map.is_empty());
    }

    #[test]
    fn a_program_found_later_is_told_without_watching() {
        let running = Running::start(8);
        running.events(vec![opened(1)]);
        running.hear_full_set();
        running.events(vec![event(1, Change::Updated { traffic: None, owner: Some(Owner::NotPermitted) })]);
        assert_eq!(
            running.hear(),
            Located::Updated { key: key(1), traffic: None, owner: Some(Owner::NotPermitted) }
        );
    }

    #[test]
    fn the_map_is_woken_after_it_was_told() {
        let running = Running::start(8);
        let before = running.woken.load(Ordering::SeqCst);
        running.events(vec![opened(1)]);
        running.settle();
        assert!(running.woken.load(Ordering::SeqCst) > before);
    }

    #[test]
    fn the_tables_in_use_are_reported_at_the_start() {
        let running = Running::start(8);
        assert!(matches!(running.reports.recv_timeout(PATIENCE), Ok(Report::Sources(_))));
    }

    #[test]
    fn it_ends_with_any_of_its_channels() {
        let Running { events, thread, requests: _requests, map: _map, .. } = Running::start(8);
        drop(events);
        thread.join().unwrap();

        let Running { requests, thread, events: _events, map: _map, .. } = Running::start(8);
        drop(requests);
        thread.join().unwrap();

        let Running { map, thread, events, requests: _requests, .. } = Running::start(8);
        drop(map);
        // It notices when it next has something to tell.
        let _ = events.send_timeout(CollectorMessage::Events(vec![opened(1)]), PATIENCE);
        thread.join().unwrap();
    }
}

#[path = "pace_tests.rs"]
mod pace;

//! The writing thread as the program runs it, fed by hand.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use connmapperl::{
    enrich::Record,
    history::{HistoryThread, Order, Said, spawn},
    model::{
        AgentId, AgentLink, AgentStatus, CollectorMethod, ConnectionId, ConnectionKey, Direction, Located,
        LocatedConnection, NoPlace, Observation, Owner, Protocol, Traffic,
    },
    rules::Rules,
};
use crossbeam_channel::{Receiver, Sender, bounded};

/// Far more than any answer takes; reached only by a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);
const HERE: AgentId = AgentId::THIS_MACHINE;

pub struct Feed {
    records: Sender<Vec<Record>>,
    pub orders: Sender<Order>,
    pub said: Receiver<Said>,
    thread: HistoryThread,
}

impl Feed {
    pub fn start(path: &Path) -> Self {
        let (records, to_thread) = bounded(1_024);
        let (orders, from_window) = bounded(16);
        let (to_window, said) = bounded(1_024);
        let say = Box::new(move |said| drop(to_window.try_send(said)));
        let rules = Arc::new(Rules::built_in());
        let thread = spawn(path.to_owned(), rules, to_thread, from_window, say).unwrap();
        let feed = Self { records, orders, said, thread };
        feed.tell(vec![called(), Record::Looked { agent: HERE, open: Vec::new() }]);
        feed
    }

    /// Whoever tells is not held up, whatever is wrong with the file.
    pub fn tell(&self, records: Vec<Record>) {
        self.records.send_timeout(records, PATIENCE).unwrap();
    }

    /// What is wrong, as soon as it is said.
    pub fn problem(&self) -> String {
        loop {
            match self.said.recv_timeout(PATIENCE).expect("nothing is said of it") {
                Said::Problem(lines) if !lines.is_empty() => return lines.join("\n"),
                _ => {}
            }
        }
    }

    /// Until all is well again. Returns what is said of it.
    pub fn recovery(&self) -> Vec<String> {
        loop {
            match self.said.recv_timeout(PATIENCE).expect("it never got well") {
                Said::Problem(lines) if !lines.iter().any(|line| line.contains(": ")) => return lines,
                _ => {}
            }
        }
    }

    pub fn end(self) {
        drop(self.records);
        assert!(self.thread.finish(PATIENCE), "the thread did not end");
    }
}

pub fn unix_millis() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// What this machine's agent says first.
pub fn called() -> Record {
    Record::Told(Located::Status(AgentStatus {
        agent: HERE,
        name: "here".into(),
        method: CollectorMethod::Events,
        tick_millis: 100,
        notes: Vec::new(),
        link: AgentLink::Local,
        home: None,
    }))
}

const fn key(id: u32) -> ConnectionKey {
    ConnectionKey { agent: HERE, connection: ConnectionId(id as u64) }
}

/// Its peer's address is its number.
pub fn opened(id: u32) -> Record {
    Record::Told(Located::Opened(Arc::new(LocatedConnection {
        key: key(id),
        observation: Observation {
            protocol: Protocol::Tcp,
            local: ([10, 0, 0, 1], (id % 60_000) as u16).into(),
            peer: (std::net::Ipv4Addr::from(id), 443).into(),
            direction: Direction::Outbound,
            owner: Owner::Unknown,
            uid: 0,
            traffic: Traffic::default(),
        },
        opened_unix_millis: unix_millis(),
        place: Err(NoPlace::NoEntry),
        asn: None,
    })))
}

pub fn closed(id: u32) -> Record {
    let (unix_millis, traffic) = (unix_millis(), Traffic::default());
    Record::Told(Located::Closed { key: key(id), unix_millis, traffic })
}

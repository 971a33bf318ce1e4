//! Records and questions for the tests of this module.

use std::sync::Arc;

use rusqlite::{Connection, types::FromSql};

use super::*;
use crate::{
    enrich::Record,
    model::{
        AgentId, AgentLink, AgentStatus, Asn, CollectorMethod, ConnectionId, ConnectionKey, CountryCode,
        Direction, Located, LocatedConnection, NoPlace, Observation, Owner, Place, Protocol, Traffic,
    },
    rules::Rules,
};

pub const HERE: AgentId = AgentId::THIS_MACHINE;
/// Where the tests' time begins.
pub const START_MS: i64 = 1_764_000_000_000;

pub const fn key(agent: AgentId, id: u64) -> ConnectionKey {
    ConnectionKey { agent, connection: ConnectionId(id) }
}

/// The connection of that number has that local port, and lies in one of two places or in none.
pub fn connection(agent: AgentId, id: u64, at_ms: i64) -> LocatedConnection {
    let port = (id % 60_000) as u16 + 1_024;
    let place = Place {
        lat: 52.5,
        lon: 13.4,
        city: "Berlin".into(),
        region: "".into(),
        country: CountryCode::from_text("DE"),
    };
    LocatedConnection {
        key: key(agent, id),
        observation: Observation {
            protocol: if id % 5 == 4 { Protocol::Udp } else { Protocol::Tcp },
            local: ([10, 0, 0, 1], port).into(),
            peer: ([9, 9, 9, (id % 7) as u8], if id.is_multiple_of(2) { 443 } else { 22 }).into(),
            direction: Direction::Outbound,
            owner: Owner::Unknown,
            uid: 0,
            traffic: Traffic::default(),
        },
        opened_unix_millis: at_ms,
        place: if id.is_multiple_of(3) { Err(NoPlace::NoEntry) } else { Ok(place) },
        asn: Some(Asn { number: 64_500, organisation: "Example".into() }),
    }
}

pub fn opened(agent: AgentId, id: u64, at_ms: i64) -> Record {
    Record::Told(Located::Opened(connection(agent, id, at_ms).into()))
}

pub fn closed(agent: AgentId, id: u64, at_ms: i64) -> Record {
    let traffic = Traffic { sent_bytes: Some(id), ..Traffic::default() };
    Record::Told(Located::Closed { key: key(agent, id), unix_millis: at_ms, traffic })
}

pub fn counters(agent: AgentId, id: u64, sent_bytes: u64) -> Record {
    let traffic = Traffic { sent_bytes: Some(sent_bytes), ..Traffic::default() };
    Record::Told(Located::Updated { key: key(agent, id), traffic: Some(traffic), owner: None })
}

pub fn named(agent: AgentId, id: u64, name: &str) -> Record {
    let owner = Owner::Program { pid: 1, name: name.into() };
    Record::Told(Located::Updated { key: key(agent, id), traffic: None, owner: Some(owner) })
}

pub fn called(agent: AgentId, name: &str) -> Record {
    Record::Told(Located::Status(AgentStatus {
        agent,
        name: name.into(),
        method: CollectorMethod::Events,
        tick_millis: 1_000,
        notes: Vec::new(),
        link: AgentLink::Local,
        home: None,
    }))
}

pub fn looked(agent: AgentId, open: &[u64]) -> Record {
    Record::Looked { agent, open: open.iter().copied().map(ConnectionId).collect() }
}

/// A folder with a history in it.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.0.path().join(HISTORY_FILE)
    }

    /// A recording that begins now.
    pub fn store(&self, now_ms: i64) -> Store {
        let mut store = Store::open(&self.path(), now_ms).unwrap();
        store.begin(now_ms).unwrap();
        store
    }

    pub fn player(&self) -> Player {
        Player::open(&self.path()).unwrap()
    }

    /// The rows of an answer, told from each other by what other programs would see.
    pub fn ask<T: FromSql>(&self, sql: &str) -> Vec<T> {
        ask(&Connection::open(self.path()).unwrap(), sql)
    }
}

pub fn ask<T: FromSql>(database: &Connection, sql: &str) -> Vec<T> {
    let mut statement = database.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

pub fn rules() -> Arc<Rules> {
    Arc::new(Rules::built_in())
}

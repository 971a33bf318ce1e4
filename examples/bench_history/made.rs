//! Connections as a busy server has them: a thousand a second, most of them short, to addresses all over the world.

use std::sync::Arc;

use connmapperl::{
    enrich::Record,
    model::{
        AgentId, Asn, ConnectionId, ConnectionKey, CountryCode, Direction, Located, LocatedConnection,
        NoPlace, Observation, Owner, Place, Protocol, Traffic,
    },
};

pub const START_MS: i64 = 1_764_000_000_000;
const A_SECOND: u32 = 1_000;
/// The writer gathers for so long.
const BATCH_MS: i64 = 250;
const HERE: AgentId = AgentId::THIS_MACHINE;

pub struct Made {
    pub connections: Vec<LocatedConnection>,
    pub lasted_ms: Vec<i64>,
}

pub struct Batch {
    pub now_ms: i64,
    pub records: Vec<Record>,
}

/// SplitMix64.
pub fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

pub fn key(id: u32) -> ConnectionKey {
    ConnectionKey { agent: HERE, connection: ConnectionId(u64::from(id) + 1) }
}

/// Degrees north of a city.
pub fn city_lat(city: usize) -> f32 {
    city as f32 / 250.0 - 40.0
}

/// What connections are made of.
pub struct Parts {
    names: Vec<Arc<str>>,
    organisations: Vec<Arc<str>>,
    cities: Vec<Arc<str>>,
    region: Arc<str>,
}

impl Parts {
    pub fn new() -> Self {
        Self {
            names: (0..40).map(|n| format!("program {n}").into()).collect(),
            organisations: (0..3_000).map(|n| format!("Organisation {n}").into()).collect(),
            cities: (0..20_000).map(|n| format!("City {n}").into()).collect(),
            region: "Region".into(),
        }
    }

    /// Each city as likely as another.
    pub fn connection(&self, id: u32) -> LocatedConnection {
        self.connection_to(id, (mixed(u64::from(id)) >> 8) as usize % self.cities.len())
    }

    /// Most of them to a few cities, as people have them.
    pub fn usual_connection(&self, id: u32) -> LocatedConnection {
        let share = (mixed(u64::from(id)) >> 11) as f64 / (1_u64 << 53) as f64;
        self.connection_to(id, (share.powi(4) * self.cities.len() as f64) as usize)
    }

    fn connection_to(&self, id: u32, city: usize) -> LocatedConnection {
        let chance = mixed(u64::from(id));
        let asn = (chance >> 16) as usize % self.organisations.len();
        let place = Place {
            lat: city_lat(city),
            lon: city as f32 / 80.0 - 100.0,
            city: self.cities[city].clone(),
            region: self.region.clone(),
            country: CountryCode::from_text("DE"),
        };
        let (local, peer) = match chance % 5 {
            0 => (
                std::net::Ipv6Addr::from(0x2001_0db8_u128 << 96 | 7).into(),
                std::net::Ipv6Addr::from(0x2600_u128 << 112 | u128::from(chance)).into(),
            ),
            _ => ([10, 0, 0, 1].into(), std::net::Ipv4Addr::from((chance >> 20) as u32).into()),
        };
        LocatedConnection {
            key: key(id),
            observation: Observation {
                protocol: Protocol::Tcp,
                local: std::net::SocketAddr::new(local, 32_768 + (chance >> 40) as u16 % 28_000),
                peer: std::net::SocketAddr::new(peer, if chance >> 50 & 3 == 0 { 22 } else { 443 }),
                direction: Direction::Outbound,
                owner: Owner::Program {
                    pid: 1,
                    name: self.names[(chance >> 30) as usize % self.names.len()].clone(),
                },
                uid: 0,
                traffic: Traffic::default(),
            },
            opened_unix_millis: START_MS + i64::from(id) * 1_000 / i64::from(A_SECOND),
            place: if chance.is_multiple_of(7) { Err(NoPlace::NoEntry) } else { Ok(place) },
            asn: Some(Asn { number: asn as u32 + 1, organisation: self.organisations[asn].clone() }),
        }
    }
}

impl Made {
    pub fn new(rows: u32) -> Self {
        let parts = Parts::new();
        let connections = (0..rows).map(|id| parts.connection(id));
        // Half of them end within the time for which the writer gathers, the others within ten seconds.
        let lasted = |id| match mixed(id) >> 60 & 1 {
            0 => mixed(id) as i64 & 63,
            _ => mixed(id) as i64 & 8_191,
        };
        Self { connections: connections.collect(), lasted_ms: (0..u64::from(rows)).map(lasted).collect() }
    }

    pub fn end_ms(&self) -> i64 {
        START_MS + self.connections.len() as i64 * 1_000 / i64::from(A_SECOND) + 10_000
    }

    pub fn traffic(id: usize) -> Traffic {
        let chance = mixed(id as u64 + 7);
        Traffic {
            sent_bytes: Some(chance & 0xffff),
            received_bytes: Some(chance >> 16 & 0xf_ffff),
            rtt_micros: Some((chance >> 40) as u32 & 0x3_ffff),
        }
    }

    /// What happens, in the order of time: which connection, and whether it opens.
    pub fn story(&self) -> Vec<(i64, usize, bool)> {
        let mut story = Vec::with_capacity(self.connections.len() * 2);
        for (id, connection) in self.connections.iter().enumerate() {
            story.push((connection.opened_unix_millis, id, true));
            story.push((connection.opened_unix_millis + self.lasted_ms[id], id, false));
        }
        // Of one moment, the opening comes first.
        story.sort_by_key(|(at_ms, id, opens)| (*at_ms, !*opens, *id));
        story
    }

    /// What the writer gathers each time.
    pub fn batches(&self) -> impl Iterator<Item = Batch> {
        let mut story = self.story().into_iter().peekable();
        std::iter::from_fn(move || {
            let now_ms = story.peek()?.0 + BATCH_MS;
            let mut records = Vec::new();
            while let Some((at_ms, id, opens)) = story.next_if(|(at_ms, ..)| *at_ms < now_ms) {
                records.push(Record::Told(match opens {
                    true => Located::Opened(self.connections[id].clone().into()),
                    false => Located::Closed {
                        key: self.connections[id].key,
                        unix_millis: at_ms,
                        traffic: Self::traffic(id),
                    },
                }));
            }
            Some(Batch { now_ms, records })
        })
    }

    pub fn openings(&self) -> Vec<Record> {
        let opened = |connection: &LocatedConnection| {
            let opened_unix_millis = connection.opened_unix_millis.min(START_MS);
            Record::Told(Located::Opened(Arc::new(LocatedConnection {
                opened_unix_millis,
                ..connection.clone()
            })))
        };
        self.connections.iter().map(opened).collect()
    }

    pub fn counters(&self) -> Vec<Record> {
        let counted = |connection: &LocatedConnection| {
            let traffic = Some(Self::traffic(3));
            Record::Told(Located::Updated { key: connection.key, traffic, owner: None })
        };
        self.connections.iter().map(counted).collect()
    }
}

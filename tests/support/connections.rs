//! Connections for tests of the map: all alike but for number, peer's port and place.

use std::sync::Arc;

use connmapperl::model::{
    AgentId, ConnectionId, ConnectionKey, Direction, LocatedConnection, NoPlace, Observation, Owner, Place,
    Protocol, Traffic,
};

/// 12:00 UTC on 22 November 2026, when they opened.
pub const NOON: i64 = 1_795_348_800_000;

pub fn key(id: u64) -> ConnectionKey {
    ConnectionKey { agent: AgentId::THIS_MACHINE, connection: ConnectionId(id) }
}

pub fn place(lon: f32, lat: f32) -> Result<Place, NoPlace> {
    Ok(Place { lat, lon, city: "".into(), region: "".into(), country: None })
}

pub fn connection(id: u64, peer_port: u16, place: Result<Place, NoPlace>) -> LocatedConnection {
    LocatedConnection {
        key: key(id),
        observation: Observation {
            protocol: Protocol::Tcp,
            local: ([10, 0, 0, 1], 50_000).into(),
            peer: ([9, 9, 9, 9], peer_port).into(),
            direction: Direction::Outbound,
            owner: Owner::Program { pid: 1, name: Arc::from("curl") },
            uid: 1_000,
            traffic: Traffic::default(),
        },
        opened_unix_millis: NOON,
        place,
        asn: None,
    }
}

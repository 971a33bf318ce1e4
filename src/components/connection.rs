//! The connection entity: what was observed, where it is, which rule it falls under and how old it is.

use std::sync::Arc;

use bevy::{
    platform::collections::HashMap,
    prelude::{Component, Entity, Resource},
};

use super::filtering::Passes;
use crate::{
    hilbert::Family,
    model::{AgentStatus, ConnectionKey, LocatedConnection},
    projection::map_from_lon_lat,
};

/// All that is known of one connection. Changes only through ingest.
#[derive(Component, Debug)]
#[require(Passes)]
pub struct Connection(pub Arc<LocatedConnection>);

/// Where a connection is drawn; connections without a place have none.
#[derive(Component, Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Degrees north.
    pub lat: f32,
    /// Degrees east.
    pub lon: f32,
    /// The same in map units, worked out once.
    pub map: [f32; 2],
}

impl Position {
    pub fn new(lat: f32, lon: f32) -> Self {
        Self { lat, lon, map: map_from_lon_lat(lon, lat) }
    }
}

/// Which cell of the Hilbert curve the peer's address has; addresses without one have none.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceKey {
    pub family: Family,
    pub key: u32,
}

/// Index into the rule book's rules, or `None` where no rule matches.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchedRule(pub Option<usize>);

/// Birth on the wall clock; the picture derives the age from it and from the map clock.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// When it opened, or long ago where it was open already when the map learned of it.
    pub born_unix_millis: i64,
}

/// What a closed connection leaves on the map until it has faded.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trail {
    pub ended_unix_millis: i64,
}

/// Finds the entity of a connection that is open.
#[derive(Resource, Debug, Default)]
pub struct OpenConnections(pub HashMap<ConnectionKey, Entity>);

/// What agents say of themselves, in order of their ids.
#[derive(Resource, Debug, Default)]
pub struct Agents(pub Vec<AgentStatus>);

//! What is known of an address, a range, an AS number or a name, as plain data with the source of each part. How it is
//! found stands in `lookup`.

use std::sync::Arc;

use serde::Serialize;

use super::{index::Meta, rpsl::peers::Peer};

/// Where a part of an answer comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    pub name: String,
    /// Day of the data, `YYYY-MM-DD`.
    pub date: Option<String>,
    /// The file that was imported.
    pub file: String,
}

impl From<&Meta> for Source {
    fn from(meta: &Meta) -> Self {
        Self { name: meta.name.clone(), date: meta.date.clone(), file: meta.file.clone() }
    }
}

/// What a registry gave to a holder, or has not given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delegation {
    pub registry: String,
    /// Two letters; `None` where the file tells none.
    pub country_code: Option<String>,
    /// Address or AS number.
    pub start: String,
    pub end: String,
    /// As the file counts: addresses or AS numbers, for IPv6 the length of the prefix.
    pub size: u64,
    pub status: String,
    /// As the file writes it, `YYYYMMDD`.
    pub date: Option<String>,
    pub opaque_id: Option<String>,
    pub source: Arc<Source>,
}

/// A name of an organisation or an autonomous system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Name {
    pub name: String,
    /// AS number or organisation's id, as far as the source has one.
    pub of: String,
    pub country_code: Option<String>,
    pub source: Arc<Source>,
}

/// An object of a routing registry, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Object {
    /// First attribute and its value, as in `aut-num: AS3333`.
    pub title: String,
    pub text: String,
    /// Neighbours, of an aut-num.
    pub peers: Vec<Peer>,
    pub source: Arc<Source>,
}

/// What the imported sources say of addresses or AS numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Those of one address from the innermost outwards, those of a range in order.
    pub delegations: Vec<Delegation>,
    /// AS numbers of the holder of the first delegation, from the same file.
    pub holder_asns: Vec<Delegation>,
    /// Addresses of that holder, for an AS number.
    pub holder_ranges: Vec<Delegation>,
    /// Names of the organisations behind these AS numbers, each once.
    pub organisations: Vec<Name>,
    /// Name of the autonomous system that was asked for, or that announces the address.
    pub systems: Vec<Name>,
    /// inetnum and inet6num, innermost first.
    pub networks: Vec<Object>,
    pub routes: Vec<Object>,
    /// The aut-num of the autonomous system, or of the first of the holder's that has one.
    pub aut_nums: Vec<Object>,
    /// What aut-nums and networks name as `org:`.
    pub organisation_objects: Vec<Object>,
    /// There is more than is told.
    pub cut: bool,
    pub left_out: LeftOut,
    /// Sources of which some may be missing: they could not be opened, or turned out to be damaged.
    pub damaged: Vec<String>,
}

/// How much there is beside what is told, of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// What registries gave.
    pub delegations: u64,
    /// What the holder has beside.
    pub of_holder: u64,
    /// Autonomous systems of the holder whose organisations were not looked for.
    pub systems: u64,
    /// Of routing registries.
    pub objects: u64,
}

impl Answer {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.delegations.is_empty()
            && self.systems.is_empty()
            && self.organisations.is_empty()
            && self.networks.is_empty()
            && self.routes.is_empty()
            && self.aut_nums.is_empty()
    }

    /// Neighbours out of all aut-nums.
    pub fn peers(&self) -> impl Iterator<Item = &Peer> {
        self.aut_nums.iter().flat_map(|object| &object.peers)
    }
}

/// An organisation or autonomous system that a name found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    pub name: String,
    /// Organisation's id, or the object's key.
    pub id: String,
    pub country_code: Option<String>,
    pub asns: Vec<u32>,
    pub source: Arc<Source>,
}

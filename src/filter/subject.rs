//! What a filter is asked about: a connection with the names that stand beside it. Borrows all of it.

use crate::model::{Asn, LocatedConnection, NoPlace, Observation, Place};

/// A connection as a filter sees it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub observation: &'a Observation,
    pub place: Result<&'a Place, NoPlace>,
    pub asn: Option<&'a Asn>,
    /// English short name of the place's country, as the table of the world has it; empty where there is none.
    pub country_name: &'a str,
    /// Label of the rule that it matched; empty for no rule.
    pub rule: &'a str,
    /// Name of the agent that reports it; empty where names of agents are not shown, so that no text finds them.
    pub agent: &'a str,
}

impl<'a> Subject<'a> {
    /// Takes what the connection itself says from it. The other names are as the fields of the same name have them.
    pub fn new(
        connection: &'a LocatedConnection,
        country_name: &'a str,
        rule: &'a str,
        agent: &'a str,
    ) -> Self {
        Self {
            observation: &connection.observation,
            place: connection.place.as_ref().map_err(|reason| *reason),
            asn: connection.asn.as_ref(),
            country_name,
            rule,
            agent,
        }
    }

    /// `?` where it is not known, as lists show it.
    pub(super) fn program(&self) -> &'a str {
        self.observation.owner.name()
    }

    pub(super) fn organisation(&self) -> &'a str {
        self.asn.map_or("", |asn| &asn.organisation)
    }

    pub(super) fn city(&self) -> &'a str {
        self.place.map_or("", |place| &place.city)
    }

    pub(super) fn region(&self) -> &'a str {
        self.place.map_or("", |place| &place.region)
    }
}

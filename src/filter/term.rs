//! One condition: what it asks of a connection, whether the connection meets it, and how it is printed.

use std::fmt::{self, Display};

use super::{field::Field, free_text::FreeText, needle::Needle, network::Network, spell, subject::Subject};
use crate::model::{CountryCode, Direction, NoPlace, Protocol};

/// Lists are never empty; one of their values has to match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Text(FreeText),
    Name { name: Name, exact: bool, values: Vec<Needle> },
    Country { exact: bool, values: Vec<Country> },
    Asn(Vec<u32>),
    Port { side: Side, ranges: Vec<PortRange> },
    Network(Vec<Network>),
    Direction(Vec<Direction>),
    Protocol(Vec<Protocol>),
    Is(Vec<Reason>),
}

/// A field whose value is a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Program,
    Organisation,
    City,
    Agent,
    Rule,
}

impl Name {
    const fn field(self) -> Field {
        match self {
            Self::Program => Field::Program,
            Self::Organisation => Field::Organisation,
            Self::City => Field::City,
            Self::Agent => Field::Agent,
            Self::Rule => Field::Rule,
        }
    }

    fn of<'a>(self, subject: &Subject<'a>) -> &'a str {
        match self {
            Self::Program => subject.program(),
            Self::Organisation => subject.organisation(),
            Self::City => subject.city(),
            Self::Agent => subject.agent,
            Self::Rule => subject.rule,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Country {
    Code(CountryCode),
    Name(Needle),
}

impl Country {
    fn matches(&self, subject: &Subject<'_>, exact: bool) -> bool {
        match self {
            Self::Code(code) => subject.place.is_ok_and(|place| place.country == Some(*code)),
            Self::Name(name) => name.meets(subject.country_name, exact),
        }
    }
}

impl Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => code.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// Whose port is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Either,
    Local,
    Peer,
}

/// Both ends included, the lower one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PortRange {
    pub first: u16,
    pub last: u16,
}

impl Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        if first == last { write!(f, "{first}") } else { write!(f, "{first}-{last}") }
    }
}

/// Why a connection has no place; `None` for any reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason(pub Option<NoPlace>);

impl Reason {
    pub const ALL: [Self; 7] = [
        Self(Some(NoPlace::Lan)),
        Self(Some(NoPlace::Loopback)),
        Self(Some(NoPlace::Cgnat)),
        Self(Some(NoPlace::Multicast)),
        Self(Some(NoPlace::Reserved)),
        Self(Some(NoPlace::NoEntry)),
        Self(None),
    ];

    /// As it is written, with `is:` or alone.
    pub const fn word(self) -> &'static str {
        match self.0 {
            Some(NoPlace::Lan) => "lan",
            Some(NoPlace::Loopback) => "loopback",
            Some(NoPlace::Cgnat) => "cgnat",
            Some(NoPlace::Multicast) => "multicast",
            Some(NoPlace::Reserved) => "reserved",
            Some(NoPlace::NoEntry) => "noentry",
            None => "noplace",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word().eq_ignore_ascii_case(word))
    }
}

impl Term {
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let seen = subject.observation;
        match self {
            Self::Text(text) => text.matches(subject),
            Self::Name { name, exact, values } => {
                let text = name.of(subject);
                values.iter().any(|value| value.meets(text, *exact))
            }
            Self::Country { exact, values } => values.iter().any(|value| value.matches(subject, *exact)),
            Self::Asn(numbers) => subject.asn.is_some_and(|asn| numbers.contains(&asn.number)),
            Self::Port { side, ranges } => {
                let (local, peer) = (seen.local.port(), seen.peer.port());
                let holds = |port| ranges.iter().any(|range| (range.first..=range.last).contains(&port));
                (*side != Side::Peer && holds(local)) || (*side != Side::Local && holds(peer))
            }
            Self::Network(networks) => networks.iter().any(|network| network.contains(seen.peer.ip())),
            Self::Direction(directions) => directions.contains(&seen.direction),
            Self::Protocol(protocols) => protocols.contains(&seen.protocol),
            Self::Is(reasons) => subject.place.is_err_and(|found| {
                reasons.iter().any(|reason| reason.0.is_none_or(|wanted| wanted == found))
            }),
        }
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&spell::text(text.typed())),
            Self::Name { name, exact, values } => list(f, name.field(), *exact, values),
            Self::Country { exact, values } => list(f, Field::Country, *exact, values),
            Self::Asn(numbers) => list(f, Field::Asn, false, numbers),
            Self::Port { side: Side::Either, ranges } => list(f, Field::Port, false, ranges),
            Self::Port { side: Side::Local, ranges } => list(f, Field::LocalPort, false, ranges),
            Self::Port { side: Side::Peer, ranges } => list(f, Field::PeerPort, false, ranges),
            Self::Network(networks) => list(f, Field::Network, false, networks),
            Self::Direction(directions) => {
                list(f, Field::Direction, false, directions.iter().copied().map(direction_word))
            }
            Self::Protocol(protocols) => {
                list(f, Field::Protocol, false, protocols.iter().copied().map(protocol_word))
            }
            Self::Is(reasons) => match reasons.as_slice() {
                [reason] => f.write_str(reason.word()),
                reasons => list(f, Field::Is, false, reasons.iter().map(|reason| reason.word())),
            },
        }
    }
}

fn list(
    f: &mut fmt::Formatter<'_>,
    field: Field,
    exact: bool,
    values: impl IntoIterator<Item: Display>,
) -> fmt::Result {
    write!(f, "{field}{}", if exact { '=' } else { ':' })?;
    for (index, value) in values.into_iter().enumerate() {
        write!(f, "{}{value}", if index == 0 { "" } else { "," })?;
    }
    Ok(())
}

pub(super) const fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "in",
        Direction::Outbound => "out",
    }
}

pub(super) const fn protocol_word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

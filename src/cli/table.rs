//! A row of `connmapperl list`: every field of a connection, under the same names in JSON and CSV.

use std::net::IpAddr;

use serde::Serialize;

use crate::{
    model::{CountryCode, Direction, LocatedConnection, Owner, Protocol},
    net::collector::UID_NOT_TOLD,
    rules::Rules,
};

#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    /// With --watch: open, opened or closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<&'static str>,
    protocol: Protocol,
    direction: Direction,
    program: &'a str,
    pid: Option<u32>,
    /// Why the program is not known.
    unknown_program: Option<&'static str>,
    uid: Option<u32>,
    local_address: IpAddr,
    local_port: u16,
    peer_address: IpAddr,
    peer_port: u16,
    rule: Option<&'a str>,
    country: Option<CountryCode>,
    region: Option<&'a str>,
    city: Option<&'a str>,
    lat: Option<f32>,
    lon: Option<f32>,
    /// Why it is not on the map.
    without_place: Option<&'static str>,
    asn: Option<u32>,
    organisation: Option<&'a str>,
    opened_unix_millis: i64,
    sent_bytes: Option<u64>,
    received_bytes: Option<u64>,
    rtt_micros: Option<u32>,
}

impl<'a> Row<'a> {
    pub(super) fn new(connection: &'a LocatedConnection, rules: &'a Rules) -> Self {
        let observation = &connection.observation;
        let place = connection.place.as_ref().ok();
        let asn = connection.asn.as_ref();
        let rule = rules.matching(observation.local.port(), observation.peer.port());
        Self {
            event: None,
            protocol: observation.protocol,
            direction: observation.direction,
            program: observation.owner.name(),
            pid: match observation.owner {
                Owner::Program { pid, .. } => Some(pid),
                Owner::NotPermitted | Owner::Unknown => None,
            },
            unknown_program: match observation.owner {
                Owner::Program { .. } => None,
                Owner::NotPermitted => Some("not permitted"),
                Owner::Unknown => Some("no process"),
            },
            uid: (observation.uid != UID_NOT_TOLD).then_some(observation.uid),
            local_address: observation.local.ip(),
            local_port: observation.local.port(),
            peer_address: observation.peer.ip(),
            peer_port: observation.peer.port(),
            rule: rule.map(|rule| &*rules.rules()[rule].label),
            country: place.and_then(|place| place.country),
            region: place.map(|place| &*place.region),
            city: place.map(|place| &*place.city),
            lat: place.map(|place| place.lat),
            lon: place.map(|place| place.lon),
            without_place: connection.place.as_ref().err().map(|reason| reason.label()),
            asn: asn.map(|asn| asn.number),
            organisation: asn.map(|asn| &*asn.organisation),
            opened_unix_millis: connection.opened_unix_millis,
            sent_bytes: observation.traffic.sent_bytes,
            received_bytes: observation.traffic.received_bytes,
            rtt_micros: observation.traffic.rtt_micros,
        }
    }

    /// The same row, saying why it is printed.
    pub(super) const fn because(mut self, event: &'static str) -> Self {
        self.event = Some(event);
        self
    }

    /// The cells that fit a terminal's line.
    pub(super) fn text_cells(&self) -> [String; TEXT_COLUMNS.len()] {
        let arrow = match self.direction {
            Direction::Inbound => "in",
            Direction::Outbound => "out",
        };
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        let socket = |address: IpAddr, port: u16| std::net::SocketAddr::new(address, port).to_string();
        let city = self.city.filter(|city| !city.is_empty());
        [
            protocol.to_owned(),
            arrow.to_owned(),
            printable(self.program),
            socket(self.local_address, self.local_port),
            socket(self.peer_address, self.peer_port),
            printable(self.rule.unwrap_or("-")),
            self.country.map_or_else(|| "-".to_owned(), |country| country.to_string()),
            printable(city.or(self.without_place).unwrap_or("-")),
            self.asn.map_or_else(|| "-".to_owned(), |asn| format!("AS{asn}")),
            printable(self.organisation.unwrap_or("-")),
        ]
    }
}

/// Longer cells are cut in the table; JSON and CSV have them whole.
const LONGEST_CELL: usize = 60;

/// A program chooses its own name: what would steer the terminal is shown, not obeyed.
fn printable(text: &str) -> String {
    let text: String = text.chars().take(LONGEST_CELL).collect();
    if text.chars().any(char::is_control) { text.escape_debug().to_string() } else { text }
}

pub(super) const TEXT_COLUMNS: [&str; 10] =
    ["proto", "dir", "program", "local", "peer", "rule", "cc", "city", "asn", "organisation"];

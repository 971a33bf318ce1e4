//! From the words of `model` to messages and back. What comes from afar is checked here once: behind this, addresses
//! are addresses, ports are ports and text can be shown.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use super::{
    dictionary::{ProgramNames, ProgramNumbers},
    messages::{self, Method, Program, What},
};
use crate::model::{
    Change, CollectorMethod, Direction, Observation, Owner, Protocol, Traffic, plain_address,
};

/// Why a change cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("an address of {0} bytes, which is neither IPv4 nor IPv6")]
    Address(usize),
    #[error("port {0} does not exist")]
    Port(u32),
    #[error("program number {0} was never given a name")]
    Program(u32),
}

/// What a change turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum FromWire {
    Change(Change),
    /// A newer agent's; it counts in the sequence and means nothing here.
    Unknown,
}

pub fn wire_from_observation(
    seen: &Observation,
    numbers: &mut ProgramNumbers,
    news: &mut Vec<Program>,
) -> messages::Socket {
    let (local_address, scope) = bytes_from_address(seen.local);
    let (peer_address, peer_scope) = bytes_from_address(seen.peer);
    messages::Socket {
        local_address,
        local_port: seen.local.port().into(),
        peer_address,
        peer_port: seen.peer.port().into(),
        is_udp: seen.protocol == Protocol::Udp,
        is_inbound: seen.direction == Direction::Inbound,
        owner: wire_from_owner(&seen.owner, numbers, news),
        uid: seen.uid,
        traffic: (seen.traffic != Traffic::default()).then(|| wire_from_traffic(seen.traffic)),
        scope: scope.max(peer_scope),
    }
}

pub fn wire_from_change(change: &Change, numbers: &mut ProgramNumbers, news: &mut Vec<Program>) -> What {
    match change {
        Change::Opened(seen) => What::Opened(wire_from_observation(seen, numbers, news)),
        Change::Updated { traffic, owner } => What::Updated(messages::Updated {
            traffic: traffic.map(wire_from_traffic),
            // An owner that became unknown is told as an empty one, not left out.
            owner: owner.as_ref().map(|owner| wire_from_owner(owner, numbers, news).unwrap_or_default()),
        }),
        Change::Closed { traffic } => {
            What::Closed(messages::Closed { traffic: traffic.map(wire_from_traffic) })
        }
    }
}

pub fn observation_from_wire(
    socket: &messages::Socket,
    names: &ProgramNames,
) -> Result<Observation, WireError> {
    Ok(Observation {
        protocol: if socket.is_udp { Protocol::Udp } else { Protocol::Tcp },
        local: address_from_bytes(&socket.local_address, socket.local_port, socket.scope)?,
        peer: address_from_bytes(&socket.peer_address, socket.peer_port, socket.scope)?,
        direction: if socket.is_inbound { Direction::Inbound } else { Direction::Outbound },
        owner: owner_from_wire(&socket.owner.unwrap_or_default(), names)?,
        uid: socket.uid,
        traffic: socket.traffic.map(traffic_from_wire).unwrap_or_default(),
    })
}

pub fn change_from_wire(change: &messages::Change, names: &ProgramNames) -> Result<FromWire, WireError> {
    Ok(FromWire::Change(match &change.what {
        None => return Ok(FromWire::Unknown),
        Some(What::Opened(socket)) => Change::Opened(observation_from_wire(socket, names)?),
        Some(What::Updated(updated)) => Change::Updated {
            traffic: updated.traffic.map(traffic_from_wire),
            owner: updated.owner.as_ref().map(|owner| owner_from_wire(owner, names)).transpose()?,
        },
        Some(What::Closed(closed)) => Change::Closed { traffic: closed.traffic.map(traffic_from_wire) },
    }))
}

pub const fn wire_from_method(method: CollectorMethod) -> Method {
    match method {
        CollectorMethod::Events => Method::Events,
        CollectorMethod::Polling => Method::Polling,
        CollectorMethod::ProcTables => Method::ProcTables,
        CollectorMethod::Demo => Method::Demo,
    }
}

/// A method of a newer agent counts as polling, which promises least of those that need no excuse.
pub fn method_from_wire(method: i32) -> CollectorMethod {
    match Method::try_from(method) {
        Ok(Method::Events) => CollectorMethod::Events,
        Ok(Method::ProcTables) => CollectorMethod::ProcTables,
        Ok(Method::Demo) => CollectorMethod::Demo,
        Ok(Method::Polling | Method::Unspecified) | Err(_) => CollectorMethod::Polling,
    }
}

/// Text from afar, fit to be shown: control characters and those that turn text around or hide become `?`, and no more
/// than `most_bytes` are kept.
pub fn clean(text: &str, most_bytes: usize) -> String {
    let mut cleaned = String::new();
    for character in text.chars() {
        let shown = if is_treacherous(character) { '?' } else { character };
        if cleaned.len() + shown.len_utf8() > most_bytes {
            break;
        }
        cleaned.push(shown);
    }
    cleaned
}

/// Controls, bidirectional overrides and isolates (UAX 9), zero-width and other invisible format characters.
fn is_treacherous(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn wire_from_owner(
    owner: &Owner,
    numbers: &mut ProgramNumbers,
    news: &mut Vec<Program>,
) -> Option<messages::Owner> {
    match owner {
        Owner::Program { pid, name } => {
            Some(messages::Owner { program: numbers.number(name, news), pid: *pid, not_permitted: false })
        }
        Owner::NotPermitted => Some(messages::Owner { not_permitted: true, ..Default::default() }),
        Owner::Unknown => None,
    }
}

fn owner_from_wire(owner: &messages::Owner, names: &ProgramNames) -> Result<Owner, WireError> {
    match owner {
        messages::Owner { not_permitted: true, .. } => Ok(Owner::NotPermitted),
        messages::Owner { program: 0, .. } => Ok(Owner::Unknown),
        messages::Owner { program, pid, .. } => {
            let name = names.name(*program).ok_or(WireError::Program(*program))?;
            Ok(Owner::Program { pid: *pid, name: name.clone() })
        }
    }
}

const fn wire_from_traffic(traffic: Traffic) -> messages::Traffic {
    let Traffic { sent_bytes, received_bytes, rtt_micros } = traffic;
    messages::Traffic { sent_bytes, received_bytes, rtt_micros }
}

const fn traffic_from_wire(traffic: messages::Traffic) -> Traffic {
    let messages::Traffic { sent_bytes, received_bytes, rtt_micros } = traffic;
    Traffic { sent_bytes, received_bytes, rtt_micros }
}

fn bytes_from_address(address: SocketAddr) -> (Vec<u8>, u32) {
    match address {
        SocketAddr::V4(address) => (address.ip().octets().to_vec(), 0),
        SocketAddr::V6(address) => (address.ip().octets().to_vec(), address.scope_id()),
    }
}

fn address_from_bytes(bytes: &[u8], port: u32, scope: u32) -> Result<SocketAddr, WireError> {
    let port = u16::try_from(port).map_err(|_| WireError::Port(port))?;
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Ok(SocketAddr::new(Ipv4Addr::from(octets).into(), port));
    }
    let octets = <[u8; 16]>::try_from(bytes).map_err(|_| WireError::Address(bytes.len()))?;
    Ok(match plain_address(Ipv6Addr::from(octets).into()) {
        IpAddr::V4(address) => SocketAddr::new(address.into(), port),
        IpAddr::V6(address) => {
            let scope = if address.is_unicast_link_local() { scope } else { 0 };
            SocketAddrV6::new(address, port, 0, scope).into()
        }
    })
}

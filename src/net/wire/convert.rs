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
    #[error("an address is missing")]
    Address,
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
    let (local, peer) = (WireAddress::from(seen.local), WireAddress::from(seen.peer));
    messages::Socket {
        local_v4: local.v4,
        local_v6_high: local.v6_high,
        local_v6_low: local.v6_low,
        local_port: seen.local.port().into(),
        peer_v4: peer.v4,
        peer_v6_high: peer.v6_high,
        peer_v6_low: peer.v6_low,
        peer_port: seen.peer.port().into(),
        is_udp: seen.protocol == Protocol::Udp,
        is_inbound: seen.direction == Direction::Inbound,
        owner: wire_from_owner(&seen.owner, numbers, news),
        uid: seen.uid,
        traffic: (seen.traffic != Traffic::default()).then(|| wire_from_traffic(seen.traffic)),
        scope: local.scope.max(peer.scope),
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
    let local = WireAddress {
        v4: socket.local_v4,
        v6_high: socket.local_v6_high,
        v6_low: socket.local_v6_low,
        scope: socket.scope,
    };
    let peer = WireAddress {
        v4: socket.peer_v4,
        v6_high: socket.peer_v6_high,
        v6_low: socket.peer_v6_low,
        scope: socket.scope,
    };
    Ok(Observation {
        protocol: if socket.is_udp { Protocol::Udp } else { Protocol::Tcp },
        local: local.with_port(socket.local_port)?,
        peer: peer.with_port(socket.peer_port)?,
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

/// An address as a Socket carries it, once for each end.
#[derive(Clone, Copy, Default)]
struct WireAddress {
    v4: Option<u32>,
    v6_high: Option<u64>,
    v6_low: u64,
    scope: u32,
}

impl From<SocketAddr> for WireAddress {
    fn from(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(address) => Self { v4: Some(address.ip().to_bits()), ..Self::default() },
            SocketAddr::V6(address) => {
                let bits = address.ip().to_bits();
                Self {
                    v4: None,
                    v6_high: Some((bits >> 64) as u64),
                    v6_low: bits as u64,
                    scope: address.scope_id(),
                }
            }
        }
    }
}

impl WireAddress {
    fn with_port(self, port: u32) -> Result<SocketAddr, WireError> {
        let port = u16::try_from(port).map_err(|_| WireError::Port(port))?;
        if let Some(bits) = self.v4 {
            return Ok(SocketAddr::new(Ipv4Addr::from_bits(bits).into(), port));
        }
        let high = self.v6_high.ok_or(WireError::Address)?;
        let address = Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(self.v6_low));
        Ok(match plain_address(address.into()) {
            IpAddr::V4(address) => SocketAddr::new(address.into(), port),
            IpAddr::V6(address) => {
                let scope = if address.is_unicast_link_local() { self.scope } else { 0 };
                SocketAddrV6::new(address, port, 0, scope).into()
            }
        })
    }
}

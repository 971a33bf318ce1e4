//! What the agents said, so that it can be looked for in the history: each connection has an end of its own at the agent,
//! and is known again by that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ports that one address of an agent has; then it goes on with the next address.
const PORTS: u32 = 60_000;
const FIRST_PORT: u32 = 1_024;
/// Unique local addresses (RFC 4193): this network, and the agent's number in the last half.
const V6_NETWORK: u128 = 0xfd50_a000_0000_0000 << 64;

/// A connection, counted within its agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial {
    pub agent: u8,
    pub number: u32,
}

impl Serial {
    pub fn port(self) -> u16 {
        u16::try_from(FIRST_PORT + self.number % PORTS).unwrap_or(u16::MAX)
    }

    pub fn v4(self) -> Ipv4Addr {
        let [_, _, high, low] = (self.number / PORTS).to_be_bytes();
        Ipv4Addr::new(10, self.agent, high, low)
    }

    pub fn v6(self) -> Ipv6Addr {
        let host = u128::from(self.agent) << 32 | u128::from(self.number / PORTS);
        Ipv6Addr::from_bits(V6_NETWORK | host)
    }

    /// Whose end that is; nothing where it is none of an agent's.
    pub fn of_end(address: IpAddr, port: u16) -> Option<Self> {
        let (agent, lap) = match address {
            IpAddr::V4(address) => match address.octets() {
                [10, agent, high, low] => (agent, u32::from(u16::from_be_bytes([high, low]))),
                _ => return None,
            },
            IpAddr::V6(address) => {
                let host = address.to_bits().checked_sub(V6_NETWORK)?;
                (u8::try_from(host >> 32).ok()?, (host & 0xffff_ffff) as u32)
            }
        };
        Some(Self { agent, number: lap * PORTS + u32::from(port).checked_sub(FIRST_PORT)? })
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub serial: Serial,
    pub opened_ms: i64,
    /// The display need not have it: it opened and closed, and the agent's process was gone before that was acknowledged.
    pub may_be_missing: bool,
}

/// All that one agent said.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub entries: Vec<Entry>,
    pub open: Vec<Serial>,
}

//! Blocks of IPv4 whose addresses are no public ones.

use std::net::Ipv4Addr;

use super::super::Prefix;

/// A block that is set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Special {
    pub block: Prefix,
    /// A word or two, in small letters, as it stands on the map.
    pub label: &'static str,
}

const fn net(a: u8, b: u8, c: u8, d: u8, length: u8, label: &'static str) -> Special {
    Special { block: Prefix::of(Ipv4Addr::new(a, b, c, d).to_bits(), length), label }
}

/// All of them, in the order of their addresses.
pub const SPECIAL: [Special; 16] = [
    net(0, 0, 0, 0, 8, "this network"),
    net(10, 0, 0, 0, 8, "private"),
    // Between a provider's translator and its customers, RFC 6598.
    net(100, 64, 0, 0, 10, "carrier NAT"),
    net(127, 0, 0, 0, 8, "loopback"),
    net(169, 254, 0, 0, 16, "link local"),
    net(172, 16, 0, 0, 12, "private"),
    net(192, 0, 0, 0, 24, "protocols"),
    net(192, 0, 2, 0, 24, "documentation"),
    // Given up by RFC 7526.
    net(192, 88, 99, 0, 24, "6to4 relays"),
    net(192, 168, 0, 0, 16, "private"),
    net(198, 18, 0, 0, 15, "benchmarks"),
    net(198, 51, 100, 0, 24, "documentation"),
    net(203, 0, 113, 0, 24, "documentation"),
    net(224, 0, 0, 0, 4, "multicast"),
    net(240, 0, 0, 0, 4, "reserved"),
    net(255, 255, 255, 255, 32, "broadcast"),
];

/// The smallest of them that has an address.
pub fn special(key: u32) -> Option<&'static Special> {
    const ALL: &[Special] = &SPECIAL;
    // What lies within another stands behind it.
    ALL.iter().rfind(|special| special.block.contains(key))
}

//! Blocks of IPv6 that registries were given, by key.

use std::net::Ipv6Addr;

use super::{
    super::{Prefix, ipv6_key},
    Registry,
};

/// A block that was given to a registry, or set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ipv6Block {
    /// Of keys: three bits shorter than the network.
    pub block: Prefix,
    /// `None` for what is set apart.
    pub registry: Option<Registry>,
    /// A word or two, as it stands on the map.
    pub label: &'static str,
}

/// Before the bits of the key.
const BITS_BEFORE: u8 = 3;

const fn block(a: u16, b: u16, length: u8) -> Prefix {
    // All that stand below have one: a test looks.
    let key = match ipv6_key(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)) {
        Some(key) => key,
        None => 0,
    };
    Prefix::of(key, length - BITS_BEFORE)
}

const fn of(registry: Registry, a: u16, b: u16, length: u8) -> Ipv6Block {
    Ipv6Block { block: block(a, b, length), registry: Some(registry), label: registry.name() }
}

const fn apart(label: &'static str, a: u16, b: u16, length: u8) -> Ipv6Block {
    Ipv6Block { block: block(a, b, length), registry: None, label }
}

use Registry::{Afrinic, Apnic, Arin, Lacnic, RipeNcc};

/// In the order of their addresses; what lies within another stands behind it.
const BLOCKS: [Ipv6Block; 39] = [
    apart("protocols", 0x2001, 0, 23),
    apart("Teredo", 0x2001, 0, 32),
    of(Apnic, 0x2001, 0x0200, 23),
    of(Arin, 0x2001, 0x0400, 23),
    of(RipeNcc, 0x2001, 0x0600, 23),
    of(RipeNcc, 0x2001, 0x0800, 22),
    of(Apnic, 0x2001, 0x0c00, 23),
    apart("documentation", 0x2001, 0x0db8, 32),
    of(Apnic, 0x2001, 0x0e00, 23),
    of(Lacnic, 0x2001, 0x1200, 23),
    of(RipeNcc, 0x2001, 0x1400, 22),
    of(Arin, 0x2001, 0x1800, 23),
    of(RipeNcc, 0x2001, 0x1a00, 23),
    of(RipeNcc, 0x2001, 0x1c00, 22),
    of(RipeNcc, 0x2001, 0x2000, 19),
    of(RipeNcc, 0x2001, 0x4000, 23),
    of(Afrinic, 0x2001, 0x4200, 23),
    of(Apnic, 0x2001, 0x4400, 23),
    of(RipeNcc, 0x2001, 0x4600, 23),
    of(Arin, 0x2001, 0x4800, 23),
    of(RipeNcc, 0x2001, 0x4a00, 23),
    of(RipeNcc, 0x2001, 0x4c00, 23),
    of(RipeNcc, 0x2001, 0x5000, 20),
    of(Apnic, 0x2001, 0x8000, 19),
    of(Apnic, 0x2001, 0xa000, 20),
    of(Apnic, 0x2001, 0xb000, 20),
    // The IPv4 address is in the next 32 bits, RFC 3056.
    apart("6to4", 0x2002, 0, 16),
    of(RipeNcc, 0x2003, 0, 18),
    of(Apnic, 0x2400, 0, 12),
    of(Arin, 0x2600, 0, 12),
    of(Arin, 0x2610, 0, 23),
    of(Arin, 0x2620, 0, 23),
    of(Arin, 0x2630, 0, 12),
    of(Lacnic, 0x2800, 0, 12),
    of(RipeNcc, 0x2a00, 0, 12),
    of(RipeNcc, 0x2a10, 0, 12),
    of(Afrinic, 0x2c00, 0, 12),
    apart("6bone, given back", 0x3ffe, 0, 16),
    apart("documentation", 0x3fff, 0, 20),
];

/// All of them.
pub fn ipv6_blocks() -> &'static [Ipv6Block] {
    static ALL: [Ipv6Block; BLOCKS.len()] = BLOCKS;
    &ALL
}

/// The smallest of them that has a key; `None` where nothing was given out.
pub fn ipv6_block(key: u32) -> Option<&'static Ipv6Block> {
    // They stand in order of their first keys, a smaller one behind that which holds it.
    let begun = ipv6_blocks().partition_point(|block| block.block.first() <= key);
    ipv6_blocks()[..begun].iter().rfind(|block| block.block.contains(key))
}

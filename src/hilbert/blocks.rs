//! What the space is made of: who looks after which /8 of IPv4, which blocks are no public addresses, and the same of
//! IPv6. Who has which smaller block is the tables' of `geo` and `whois`.
//!
//! Facts of IANA's registries: IPv4 Address Space (as of 2021-04; `ipv4-address-space`), IPv4 Special-Purpose Address
//! Registry (RFC 6890; with multicast, RFC 5771), and IPv6 Global Unicast Address Assignments (as of 2024-04;
//! `ipv6-unicast-address-assignments`), with the documentation block of RFC 9637.

mod ipv6;
mod special;

use std::fmt;

use super::Prefix;

pub use ipv6::{Ipv6Block, ipv6_block, ipv6_blocks};
pub use special::{SPECIAL, Special, special};

/// Regional Internet registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Registry {
    Afrinic,
    Apnic,
    Arin,
    Lacnic,
    RipeNcc,
}

/// What a /8 of IPv4 is, as IANA tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Given to a registry, which gives it out.
    Allocated(Registry),
    /// Given out before there were registries; one looks after it now.
    Legacy(Registry),
    /// For all networks alike, or for nobody.
    Reserved,
}

/// By first octet: the initial of the registry (`p` for APNIC, `f` for AFRINIC), a capital where it is legacy.
const STATUS: &[u8; 256] = b"\
    .prAArAAAA.AAApA\
    AAAAAAAaaRApAAAr\
    AAAAprApAfpPAArA\
    ApaRARAAARppppra\
    aaaaaaaaaaaaarrr\
    rrrrrrrrrrrrrrrr\
    aaaaapfpafpaarpp\
    ppppppppppppppp.\
    AAAAAPAAAAAAARAA\
    ARAAAAPRAPFAAAAA\
    AAAPAAAAAAAPAaap\
    rlrlplpparllRllL\
    ArrrFfAallppaaaa\
    aapprrAAarpppppp\
    ................\
    ................";

/// Who was given a whole /8, as the registry names them.
const HOLDERS: [(u8, &str); 19] = [
    (6, "Army Information Systems Center"),
    (11, "DoD Intel Information Systems"),
    (12, "AT&T Bell Laboratories"),
    (17, "Apple Computer Inc."),
    (19, "Ford Motor Company"),
    (21, "DDN-RVN"),
    (22, "Defense Information Systems Agency"),
    (26, "Defense Information Systems Agency"),
    (28, "DSI-North"),
    (29, "Defense Information Systems Agency"),
    (30, "Defense Information Systems Agency"),
    (33, "DLA Systems Automation Center"),
    (38, "PSINet, Inc."),
    (48, "Prudential Securities Inc."),
    (53, "Daimler AG"),
    (55, "DoD Network Information Center"),
    (56, "US Postal Service"),
    (214, "US-DOD"),
    (215, "US-DOD"),
];

impl Registry {
    pub const ALL: [Self; 5] = [Self::Afrinic, Self::Apnic, Self::Arin, Self::Lacnic, Self::RipeNcc];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Afrinic => "AFRINIC",
            Self::Apnic => "APNIC",
            Self::Arin => "ARIN",
            Self::Lacnic => "LACNIC",
            Self::RipeNcc => "RIPE NCC",
        }
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Status {
    /// The registry that looks after it.
    pub const fn registry(self) -> Option<Registry> {
        match self {
            Self::Allocated(registry) | Self::Legacy(registry) => Some(registry),
            Self::Reserved => None,
        }
    }
}

/// As `APNIC (legacy)`.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allocated(registry) => registry.fmt(f),
            Self::Legacy(registry) => write!(f, "{registry} (legacy)"),
            Self::Reserved => f.pad("reserved"),
        }
    }
}

/// What the /8 of IPv4 with this first octet is.
pub const fn ipv4_status(first_octet: u8) -> Status {
    let letter = STATUS[first_octet as usize];
    let registry = match letter.to_ascii_lowercase() {
        b'f' => Registry::Afrinic,
        b'p' => Registry::Apnic,
        b'a' => Registry::Arin,
        b'l' => Registry::Lacnic,
        b'r' => Registry::RipeNcc,
        _ => return Status::Reserved,
    };
    if letter.is_ascii_uppercase() { Status::Legacy(registry) } else { Status::Allocated(registry) }
}

/// Who was given all of the /8 of IPv4 with this first octet, if one was.
pub fn ipv4_holder(first_octet: u8) -> Option<&'static str> {
    HOLDERS.iter().find(|(octet, _)| *octet == first_octet).map(|(_, holder)| *holder)
}

/// What the /8 of IPv4 with this first octet is, in a word or two: what it is set apart for, who was given all of it, or who
/// gives it out.
pub fn octet_label(first_octet: u8) -> String {
    let block = Prefix::of(u32::from(first_octet) << 24, 8);
    let apart = SPECIAL.iter().find(|special| special.block.holds(block)).map(|special| special.label);
    let word = apart.or_else(|| ipv4_holder(first_octet));
    word.map_or_else(|| ipv4_status(first_octet).to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;

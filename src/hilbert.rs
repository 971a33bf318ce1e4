//! All of IPv4 on one square: which cell of the Hilbert curve an address has, what the blocks of the space are, which
//! addresses were heard of, and a picture of that. Sums alone: where addresses come from, windows and files are not known here.
//!
//! A key is the place on the curve: of IPv4 the address itself, of IPv6 the 32 bits after the first three
//! ([`ipv6_key`]), so that both lie on the same square of 65,536 by 65,536 cells.

use std::net::{IpAddr, Ipv4Addr};

pub mod blocks;
mod curve;
pub mod ground;
mod heard;
pub mod heat;
mod newest;
pub mod paint;
mod prefix;

pub use curve::{ORDER, Orientation, SIDE, walk};
pub use heard::{Heard, Peers};
pub use newest::{Last, Newest};
pub use prefix::{Area, BadPrefix, Prefix, ipv6_key, ipv6_net};

/// Which addresses the square shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    #[default]
    V4,
    /// 2000::/3, by the 32 bits after the first three.
    V6,
}

impl Family {
    pub const fn other(self) -> Self {
        match self {
            Self::V4 => Self::V6,
            Self::V6 => Self::V4,
        }
    }

    /// Family and key of an address. One of IPv4 written as one of IPv6 is one of IPv4; outside of 2000::/3 no address of
    /// IPv6 has a key.
    pub fn key_of(address: IpAddr) -> Option<(Self, u32)> {
        match address.to_canonical() {
            IpAddr::V4(v4) => Some((Self::V4, v4.to_bits())),
            IpAddr::V6(v6) => ipv6_key(v6).map(|key| (Self::V6, key)),
        }
    }

    /// The first address of a key.
    pub const fn address(self, key: u32) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::from_bits(key)),
            Self::V6 => IpAddr::V6(ipv6_net(Prefix::of(key, 32)).0),
        }
    }
}

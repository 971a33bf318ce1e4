//! All of IPv4 on one square: which cell of the Hilbert curve an address has, what the blocks of the space are, which
//! addresses were heard of, and a picture of that. Sums alone: where addresses come from, windows and files are not known here.
//!
//! A key is the place on the curve: of IPv4 the address itself, of IPv6 the 32 bits after the first three
//! ([`ipv6_key`]), so that both lie on the same square of 65,536 by 65,536 cells.

pub mod blocks;
mod curve;
pub mod heat;
pub mod paint;
mod prefix;

pub use curve::{ORDER, Orientation, SIDE, walk};
pub use prefix::{Area, BadPrefix, Prefix, ipv6_key, ipv6_net};

//! Blocks of keys: networks, and the squares and rectangles that they are on the curve.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use super::curve::{ORDER, Orientation};

/// Of a key.
const BITS: u8 = 32;
/// Before the bits of an IPv6 address that are its key: 2000::/3, all that is given out of IPv6.
const IPV6_BITS_BEFORE: u8 = 3;
/// And what they say.
const IPV6_BEFORE: u128 = 1;

/// All keys that begin with the same bits. Of IPv4 a network: `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    first: u32,
    length: u8,
}

/// A text that is no network of IPv4.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no IPv4 network such as 10.0.0.0/8")]
pub struct BadPrefix(String);

/// A rectangle of cells at order 16: column and row of its top left, and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Area {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl Prefix {
    pub const ALL: Self = Self { first: 0, length: 0 };

    /// The block of that many bits, at most 32, that a key is in.
    pub const fn of(key: u32, length: u8) -> Self {
        let length = if length > BITS { BITS } else { length };
        Self { first: key & mask(length), length }
    }

    /// The block of that many bits that a cell is in, as the square is held.
    pub fn at(cell: [u16; 2], length: u8, orientation: Orientation) -> Self {
        Self::of(orientation.key(cell), length)
    }

    pub const fn first(self) -> u32 {
        self.first
    }

    pub const fn last(self) -> u32 {
        self.first | !mask(self.length)
    }

    /// How many bits all its keys begin with.
    pub const fn length(self) -> u8 {
        self.length
    }

    /// How many keys it has.
    pub const fn keys(self) -> u64 {
        1 << (BITS - self.length)
    }

    pub const fn contains(self, key: u32) -> bool {
        key & mask(self.length) == self.first
    }

    /// Whether another block is it or lies in it.
    pub const fn holds(self, other: Self) -> bool {
        self.length <= other.length && self.contains(other.first)
    }

    /// Where it lies: a square where its length is even, else two squares side by side, or one above the other.
    pub fn area(self, orientation: Orientation) -> Area {
        // The halves of a block of odd length are squares.
        let halves = [self.first, self.last()]
            .map(|key| square(Self::of(key, self.length.next_multiple_of(2)), orientation));
        let [x, y] = [0, 1].map(|axis| halves[0].0[axis].min(halves[1].0[axis]));
        let [right, bottom] = [0, 1].map(|axis| halves[0].0[axis].max(halves[1].0[axis]) + halves[0].1);
        Area { x, y, width: right - x, height: bottom - y }
    }

    /// What is left of a block whose keys are IPv4 addresses.
    pub const fn ipv4(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.first)
    }
}

/// Column and row of a block of even length, and its side.
fn square(block: Prefix, orientation: Orientation) -> ([u32; 2], u32) {
    let side = 1 << (ORDER - u32::from(block.length) / 2);
    (orientation.cell(block.first).map(|at| u32::from(at) & !(side - 1)), side)
}

const fn mask(length: u8) -> u32 {
    !(u32::MAX as u64 >> length) as u32
}

impl Area {
    pub const fn contains(self, [x, y]: [u32; 2]) -> bool {
        x.wrapping_sub(self.x) < self.width && y.wrapping_sub(self.y) < self.height
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ipv4(), self.length)
    }
}

/// As `10.0.0.0/8`, or an address alone, which is a block of one. Bits beyond the length are not looked at.
impl FromStr for Prefix {
    type Err = BadPrefix;

    fn from_str(text: &str) -> Result<Self, BadPrefix> {
        let (address, length) = text.split_once('/').unwrap_or((text, "32"));
        let digits_alone = length.bytes().all(|byte| byte.is_ascii_digit());
        match (address.parse::<Ipv4Addr>(), length.parse()) {
            (Ok(address), Ok(length)) if length <= BITS && digits_alone => {
                Ok(Self::of(address.to_bits(), length))
            }
            _ => Err(BadPrefix(text.to_owned())),
        }
    }
}

/// The key of an IPv6 address: the 32 bits after the first three, or `None` outside of 2000::/3.
pub const fn ipv6_key(address: Ipv6Addr) -> Option<u32> {
    let bits = address.to_bits();
    if bits >> (128 - IPV6_BITS_BEFORE) != IPV6_BEFORE {
        return None;
    }
    Some((bits >> (128 - BITS - IPV6_BITS_BEFORE)) as u32)
}

/// The network of all IPv6 addresses whose keys are in a block: its first address and its length, from /3 to /35.
pub const fn ipv6_net(block: Prefix) -> (Ipv6Addr, u8) {
    let bits =
        IPV6_BEFORE << (128 - IPV6_BITS_BEFORE) | (block.first as u128) << (128 - BITS - IPV6_BITS_BEFORE);
    (Ipv6Addr::from_bits(bits), block.length + IPV6_BITS_BEFORE)
}

#[cfg(test)]
mod tests;

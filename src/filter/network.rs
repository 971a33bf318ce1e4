//! A network as a filter names it: an address and how many of its leading bits count.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// An address alone is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    /// Bits after the prefix are 0.
    first: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads `10.0.0.0/8`, `2001:db8::/32`, `9.9.9.9`, or `[::1]`. Bits after the prefix may be anything; mapped IPv4
    /// is IPv4, because peers are.
    pub fn from_text(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix_from_text(prefix)?)),
            None => (text, None),
        };
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
        let address: IpAddr = bare.parse().ok()?;
        let bits = bits_of(address);
        let prefix = prefix.unwrap_or(bits);
        if prefix > bits {
            return None;
        }
        let plain = address.to_canonical();
        let mapped_bits = bits - bits_of(plain);
        // A network of mapped addresses that is wider than all of IPv4 is one of IPv6.
        let (address, prefix) =
            if prefix >= mapped_bits { (plain, prefix - mapped_bits) } else { (address, prefix) };
        let first = match address {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & v4_mask(prefix))),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & v6_mask(prefix))),
        };
        Some(Self { first, prefix })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                address.to_bits() & v4_mask(self.prefix) == first.to_bits()
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                address.to_bits() & v6_mask(self.prefix) == first.to_bits()
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.prefix == bits_of(self.first) { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

fn prefix_from_text(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

const fn bits_of(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => u32::BITS,
        IpAddr::V6(_) => u128::BITS,
    }
}

fn v4_mask(prefix: u32) -> u32 {
    u32::MAX.checked_shl(u32::BITS.saturating_sub(prefix)).unwrap_or(0)
}

fn v6_mask(prefix: u32) -> u128 {
    u128::MAX.checked_shl(u128::BITS.saturating_sub(prefix)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        Network::from_text(text).map(|network| network.to_string())
    }

    #[test]
    fn networks_are_read_and_printed() {
        for (text, printed) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("9.9.9.9", "9.9.9.9"),
            ("9.9.9.9/32", "9.9.9.9"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("[::1]", "::1"),
            ("::/0", "::/0"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3/64", "::/64"),
        ] {
            assert_eq!(read(text).as_deref(), Some(printed), "{text}");
        }
        for text in
            ["", "/8", "10/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "x"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_network_holds_what_begins_like_it() {
        let holds = |network: &str, address: &str| {
            Network::from_text(network).unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("0.0.0.0/0", "255.1.1.1") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/33", "2001:db8:7fff::1") && !holds("2001:db8::/33", "2001:db8:8000::1"));
        assert!(holds("::/0", "fe80::1") && holds("9.9.9.9", "9.9.9.9") && !holds("9.9.9.9", "9.9.9.8"));
    }
}

//! Addresses as foreign files write them: text or decimal numbers, as ranges or as CIDR networks.

use std::net::IpAddr;

use ipnet::IpNet;

/// First 96 bits of `::ffff:0:0/96`, where IPv4 lives inside IPv6 addresses.
const MAPPED_PREFIX: u128 = 0xffff;

/// A range of addresses of one family, both ends included. What lies in `::ffff:0:0/96` is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRange {
    V4(u32, u32),
    V6(u128, u128),
}

impl AddressRange {
    /// Two fields, each an address as text or a decimal number. A pair of numbers is IPv4 where both fit 32
    /// bits.
    pub fn from_bounds(start: &[u8], end: &[u8]) -> Option<Self> {
        match (Bound::from_bytes(start)?, Bound::from_bytes(end)?) {
            (Bound::Number(start), Bound::Number(end)) => match u32::try_from(end) {
                Ok(end) => Self::v4(u32::try_from(start).ok()?, end),
                Err(_) => Self::v6(start, end),
            },
            (Bound::Text(IpAddr::V4(start)), Bound::Text(IpAddr::V4(end))) => {
                Self::v4(start.into(), end.into())
            }
            (Bound::Text(IpAddr::V6(start)), Bound::Text(IpAddr::V6(end))) => {
                Self::v6(start.into(), end.into())
            }
            _ => None,
        }
    }

    /// A CIDR network, or a bare address, which is a network of one.
    pub fn from_network(text: &str) -> Option<Self> {
        if !text.contains('/') {
            return Self::from_bounds(text.as_bytes(), text.as_bytes()).filter(|_| text.contains(['.', ':']));
        }
        match text.parse::<IpNet>().ok()? {
            IpNet::V4(net) => Self::v4(net.network().into(), net.broadcast().into()),
            IpNet::V6(net) => Self::v6(net.network().into(), net.broadcast().into()),
        }
    }

    fn v4(start: u32, end: u32) -> Option<Self> {
        (start <= end).then_some(Self::V4(start, end))
    }

    fn v6(start: u128, end: u128) -> Option<Self> {
        let mapped = |address: u128| address >> 32 == MAPPED_PREFIX;
        if mapped(start) && mapped(end) {
            // Cutting off the prefix is the point.
            return Self::v4(start as u32, end as u32);
        }
        (start <= end).then_some(Self::V6(start, end))
    }

    /// connmap's generator wrote the first and last *host* of a network, so the two addresses at the ends of
    /// every network larger than /31 belonged to no range. Where a range is exactly the hosts of a network,
    /// this is the network.
    pub fn with_network_and_broadcast(self) -> Self {
        match self {
            Self::V4(start, end) => {
                let size = u64::from(end - start) + 3;
                let first = u64::from(start).wrapping_sub(1);
                if size.is_power_of_two() && first.is_multiple_of(size) {
                    Self::V4(start - 1, end + 1)
                } else {
                    self
                }
            }
            Self::V6(..) => self,
        }
    }
}

enum Bound {
    Text(IpAddr),
    Number(u128),
}

impl Bound {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes.trim_ascii()).ok()?;
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse().ok().map(Self::Number)
        } else {
            text.parse().ok().map(Self::Text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(start: &str, end: &str) -> Option<AddressRange> {
        AddressRange::from_bounds(start.as_bytes(), end.as_bytes())
    }

    #[test]
    fn text_and_decimals_mean_the_same() {
        assert_eq!(bounds("1.0.0.0", "1.0.0.255"), bounds("16777216", "16777471"));
        assert_eq!(
            bounds("2001:200::", "2001:200::ffff"),
            bounds("42540528726795050063891204319802818560", "42540528726795050063891204319802884095")
        );
    }

    #[test]
    fn mapped_ranges_are_ipv4() {
        assert_eq!(bounds("281470698520576", "281470698520831"), bounds("1.0.0.0", "1.0.0.255"));
        assert_eq!(bounds("::ffff:1.0.0.0", "::ffff:1.0.0.255"), bounds("1.0.0.0", "1.0.0.255"));
        assert_eq!(AddressRange::from_network("::ffff:1.0.0.0/120"), bounds("1.0.0.0", "1.0.0.255"));
    }

    #[test]
    fn nonsense_is_refused() {
        for (start, end) in
            [("1.0.0.9", "1.0.0.1"), ("1.0.0.0", "::1"), ("", ""), ("1.0.0.0", "9"), ("x", "y")]
        {
            assert_eq!(bounds(start, end), None, "{start}-{end}");
        }
        for text in ["1.2.3.4/33", "1234", "", "/8", "1.2.3/24"] {
            assert_eq!(AddressRange::from_network(text), None, "{text}");
        }
    }

    #[test]
    fn a_bare_address_and_host_bits_are_networks() {
        assert_eq!(AddressRange::from_network("9.9.9.9"), Some(AddressRange::V4(0x0909_0909, 0x0909_0909)));
        assert_eq!(AddressRange::from_network("10.1.2.3/8"), bounds("10.0.0.0", "10.255.255.255"));
    }

    #[test]
    fn hosts_of_a_network_become_the_network() {
        let whole = |start, end| bounds(start, end).unwrap().with_network_and_broadcast();
        assert_eq!(Some(whole("1.0.0.1", "1.0.0.254")), bounds("1.0.0.0", "1.0.0.255"));
        assert_eq!(Some(whole("1.0.2.1", "1.0.3.254")), bounds("1.0.2.0", "1.0.3.255"));
        assert_eq!(Some(whole("128.0.0.1", "255.255.255.254")), bounds("128.0.0.0", "255.255.255.255"));
        for (start, end) in [
            ("1.0.0.0", "1.0.0.1"),
            ("1.0.0.7", "1.0.0.7"),
            ("1.0.1.1", "1.0.2.254"),
            ("0.0.0.13", "0.0.0.16"),
        ] {
            assert_eq!(Some(whole(start, end)), bounds(start, end));
        }
        assert_eq!(whole("0.0.0.1", "255.255.255.254"), AddressRange::V4(0, u32::MAX));
    }
}

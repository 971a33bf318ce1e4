//! Addresses that no table locates, and why; and addresses that carry the one to be looked up inside them.
//! Sources: the special-purpose address registries of IANA (RFC 6890 and its successors).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::model::NoPlace;

const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// Asked from top to bottom.
const IPV4: [(Ipv4Net, NoPlace); 16] = [
    (v4(127, 0, 0, 8), NoPlace::Loopback),
    (v4(10, 0, 0, 8), NoPlace::Lan),
    (v4(172, 16, 0, 12), NoPlace::Lan),
    (v4(192, 168, 0, 16), NoPlace::Lan),
    (v4(169, 254, 0, 16), NoPlace::Lan),
    (v4(100, 64, 0, 10), NoPlace::Cgnat),
    (v4(224, 0, 0, 4), NoPlace::Multicast),
    // "This network", RFC 791.
    (v4(0, 0, 0, 8), NoPlace::Reserved),
    // Protocol assignments, RFC 6890.
    (v4(192, 0, 0, 24), NoPlace::Reserved),
    // Documentation, RFC 5737.
    (v4(192, 0, 2, 24), NoPlace::Reserved),
    (v4(198, 51, 100, 24), NoPlace::Reserved),
    (v4(203, 0, 113, 24), NoPlace::Reserved),
    // Relays of 6to4, given up by RFC 7526.
    (v4(192, 88, 99, 24), NoPlace::Reserved),
    // Benchmarks, RFC 2544.
    (v4(198, 18, 0, 15), NoPlace::Reserved),
    // Future use and broadcast, RFC 1112 and 919.
    (v4(240, 0, 0, 4), NoPlace::Reserved),
    (v4(255, 255, 255, 32), NoPlace::Reserved),
];

/// By first octet, whether any of them begins so: most addresses need not be held against each.
const IPV4_BEGINS: [bool; 256] = {
    let mut begins = [false; 256];
    let mut i = 0;
    while i < IPV4.len() {
        let net = IPV4[i].0;
        let first = net.addr().octets()[0] as usize;
        // A prefix of fewer bits than the octet has leaves the others free.
        let octets = if net.prefix_len() < 8 { 1 << (8 - net.prefix_len()) } else { 1 };
        let mut octet = first;
        while octet < first + octets {
            begins[octet] = true;
            octet += 1;
        }
        i += 1;
    }
    begins
};

/// Asked from top to bottom; what is in none of them and outside of 2000::/3 is reserved.
const IPV6: [(Ipv6Net, NoPlace); 9] = [
    (v6(0xff00, 0, 8), NoPlace::Multicast),
    // Unique local, RFC 4193, and link-local.
    (v6(0xfc00, 0, 7), NoPlace::Lan),
    (v6(0xfe80, 0, 10), NoPlace::Lan),
    // Site-local: the own network too, given up by RFC 3879 but still in use here and there.
    (v6(0xfec0, 0, 10), NoPlace::Lan),
    // Documentation, RFC 3849 and 9637.
    (v6(0x2001, 0x0db8, 32), NoPlace::Reserved),
    (v6(0x3fff, 0, 20), NoPlace::Reserved),
    // Benchmarks, RFC 5180.
    (v6(0x2001, 0x0002, 48), NoPlace::Reserved),
    // Cryptographic identifiers, RFC 4843 and 7343.
    (v6(0x2001, 0x0010, 28), NoPlace::Reserved),
    (v6(0x2001, 0x0020, 28), NoPlace::Reserved),
];

const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 3);
/// 6to4, 2002::/16, RFC 3056: the IPv4 address follows the first 16 bits.
const SIX_TO_FOUR: u128 = 0x2002;
/// IPv4-mapped, ::ffff:0:0/96, RFC 4291.
const MAPPED: u128 = 0xffff;
/// NAT64, 64:ff9b::/96, RFC 6052: the IPv4 address is in the last 32 bits.
const NAT64: u128 = 0x0064_ff9b << 64;

/// Why an address is on nobody's map, or `None` for a public one. Looks at the [`effective_address`].
pub fn special(address: IpAddr) -> Option<NoPlace> {
    match effective_address(address) {
        IpAddr::V4(v4) if !IPV4_BEGINS[usize::from(v4.octets()[0])] => None,
        IpAddr::V4(v4) => IPV4.iter().find(|(net, _)| net.contains(&v4)).map(|&(_, reason)| reason),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => Some(NoPlace::Loopback),
        IpAddr::V6(v6) => {
            let listed = IPV6.iter().find(|(net, _)| net.contains(&v6)).map(|&(_, reason)| reason);
            listed.or_else(|| (!GLOBAL_UNICAST.contains(&v6)).then_some(NoPlace::Reserved))
        }
    }
}

/// The address to look up: IPv4 where the given one is IPv6 only in form (mapped, 6to4, NAT64), else the given one.
#[inline(always)]
pub fn effective_address(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => {
            let bits = u128::from(v6);
            if bits >> 112 == SIX_TO_FOUR {
                Ipv4Addr::from((bits >> 80) as u32).into()
            } else if bits >> 32 == MAPPED || bits >> 32 == NAT64 {
                Ipv4Addr::from(bits as u32).into()
            } else {
                address
            }
        }
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(address: &str) -> Option<NoPlace> {
        special(address.parse().unwrap())
    }

    #[test]
    fn special_addresses_have_their_reason() {
        use NoPlace::{Cgnat, Lan, Loopback, Multicast, Reserved};
        for (address, expected) in [
            ("127.0.0.1", Loopback),
            ("::1", Loopback),
            ("::ffff:127.0.0.1", Loopback),
            ("10.1.2.3", Lan),
            ("172.31.255.255", Lan),
            ("192.168.0.1", Lan),
            ("169.254.7.7", Lan),
            ("fe80::1", Lan),
            ("fd12:3456::1", Lan),
            ("2002:c0a8:1::1", Lan),
            ("100.64.0.1", Cgnat),
            ("100.127.255.255", Cgnat),
            ("239.1.1.1", Multicast),
            ("ff02::1", Multicast),
            ("0.0.0.0", Reserved),
            ("255.255.255.255", Reserved),
            ("192.0.0.8", Reserved),
            ("192.0.2.1", Reserved),
            ("198.19.255.255", Reserved),
            ("198.51.100.7", Reserved),
            ("203.0.113.9", Reserved),
            ("250.0.0.1", Reserved),
            ("::", Reserved),
            ("2001:db8::1", Reserved),
            ("3fff:0fff::1", Reserved),
            ("100::1", Reserved),
            ("4000::1", Reserved),
            ("64:ff9b::a00:1", Lan),
        ] {
            assert_eq!(reason(address), Some(expected), "{address}");
        }
    }

    #[test]
    fn the_first_octet_rules_out_no_address_that_is_special() {
        let listed = |v4: Ipv4Addr| IPV4.iter().find(|(net, _)| net.contains(&v4)).map(|&(_, reason)| reason);
        let edges = IPV4.iter().flat_map(|(net, _)| [net.network(), net.broadcast()]);
        let all_over = (0..1 << 16).map(|high: u32| Ipv4Addr::from(high << 16 | high));
        for v4 in edges.chain(all_over) {
            assert_eq!(special(v4.into()), listed(v4), "{v4}");
        }
    }

    #[test]
    fn public_addresses_have_none_up_to_the_edges() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "128.0.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:db7:ffff::1",
            "2001:db9::1",
            "2606:4700:4700::1111",
            "2002:808:808::1",
            "64:ff9b::808:808",
        ] {
            assert_eq!(reason(address), None, "{address}");
        }
    }

    #[test]
    fn embedded_ipv4_addresses_are_taken_out() {
        let effective = |text: &str| effective_address(text.parse().unwrap()).to_string();
        assert_eq!(effective("::ffff:8.8.4.4"), "8.8.4.4");
        assert_eq!(effective("2002:0808:0404:1::1"), "8.8.4.4");
        assert_eq!(effective("64:ff9b::8.8.4.4"), "8.8.4.4");
        assert_eq!(effective("2001:4860:4860::8888"), "2001:4860:4860::8888");
    }
}

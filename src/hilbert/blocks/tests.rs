//! The tables say what is generally known.

use super::*;
use crate::hilbert::{Prefix, ipv6_key, ipv6_net};

#[test]
fn well_known_networks_are_what_they_are() {
    use Registry::{Afrinic, Apnic, Arin, Lacnic, RipeNcc};
    for (octet, status) in [
        (1, Status::Allocated(Apnic)),
        (8, Status::Legacy(Arin)),
        (17, Status::Legacy(Arin)),
        (25, Status::Legacy(RipeNcc)),
        (41, Status::Allocated(Afrinic)),
        (53, Status::Legacy(RipeNcc)),
        (102, Status::Allocated(Afrinic)),
        (104, Status::Allocated(Arin)),
        (133, Status::Legacy(Apnic)),
        (154, Status::Legacy(Afrinic)),
        (185, Status::Allocated(RipeNcc)),
        (191, Status::Legacy(Lacnic)),
        (196, Status::Legacy(Afrinic)),
        (200, Status::Allocated(Lacnic)),
        (223, Status::Allocated(Apnic)),
        (0, Status::Reserved),
        (10, Status::Reserved),
        (127, Status::Reserved),
        (224, Status::Reserved),
        (255, Status::Reserved),
    ] {
        assert_eq!(ipv4_status(octet), status, "{octet}/8");
    }
    assert_eq!(ipv4_holder(17), Some("Apple Computer Inc."));
    assert_eq!(ipv4_holder(18), None);
    assert_eq!(ipv4_status(133).to_string(), "APNIC (legacy)");
}

/// As the registry counts them.
#[test]
fn each_registry_has_as_many_as_it_was_given() {
    let count = |status: Status| (0..=255).filter(|octet| ipv4_status(*octet) == status).count();
    let both = |registry| (count(Status::Allocated(registry)), count(Status::Legacy(registry)));
    assert_eq!(Registry::ALL.map(both), [(4, 2), (45, 6), (36, 75), (9, 1), (35, 8)]);
    assert_eq!(count(Status::Reserved), 35);
    for (octet, _) in HOLDERS {
        assert!(matches!(ipv4_status(octet), Status::Legacy(_)), "{octet}/8");
    }
}

#[test]
fn special_blocks_are_found_up_to_their_edges() {
    let label = |text: &str| special(text.parse::<Prefix>().unwrap().first()).map(|special| special.label);
    for (text, expected) in [
        ("0.0.0.0", Some("this network")),
        ("9.255.255.255", None),
        ("10.0.0.0", Some("private")),
        ("100.63.255.255", None),
        ("100.127.255.255", Some("carrier NAT")),
        ("127.0.0.53", Some("loopback")),
        ("172.15.255.255", None),
        ("172.31.255.255", Some("private")),
        ("172.32.0.0", None),
        ("192.0.0.255", Some("protocols")),
        ("192.0.1.0", None),
        ("192.0.2.1", Some("documentation")),
        ("198.20.0.0", None),
        ("223.255.255.255", None),
        ("239.255.255.255", Some("multicast")),
        ("255.255.255.254", Some("reserved")),
        ("255.255.255.255", Some("broadcast")),
    ] {
        assert_eq!(label(text), expected, "{text}");
    }
}

/// Both tables were written down by themselves.
#[test]
fn special_blocks_are_the_addresses_that_no_table_locates() {
    let edges = SPECIAL.iter().flat_map(|special| {
        let (first, last) = (special.block.first(), special.block.last());
        [first.wrapping_sub(1), first, last, last.wrapping_add(1)]
    });
    let all_over = (0..1 << 16).map(|network: u32| network << 16 | network);
    for key in edges.chain(all_over) {
        let address = std::net::Ipv4Addr::from_bits(key);
        assert_eq!(
            special(key).is_some(),
            crate::geo::special::special(address.into()).is_some(),
            "{address}"
        );
    }
}

#[test]
fn ipv6_blocks_are_found_and_stand_in_order() {
    let label = |text: &str| ipv6_block(ipv6_key(text.parse().unwrap()).unwrap()).map(|block| block.label);
    for (text, expected) in [
        ("2000::1", None),
        ("2001::1", Some("Teredo")),
        ("2001:1::1", Some("protocols")),
        ("2001:200::1", Some("APNIC")),
        ("2001:db8::1", Some("documentation")),
        ("2001:db9::1", Some("APNIC")),
        ("2001:4860::1", Some("ARIN")),
        ("2002:808:808::1", Some("6to4")),
        ("2400:cb00::1", Some("APNIC")),
        ("2606:4700::1", Some("ARIN")),
        ("2800:3f0::1", Some("LACNIC")),
        ("2a00:1450::1", Some("RIPE NCC")),
        ("2c0f:fb50::1", Some("AFRINIC")),
        ("3000::1", None),
        ("3fff:fff::1", Some("documentation")),
        ("3fff:1000::1", None),
    ] {
        assert_eq!(label(text), expected, "{text}");
    }
    let first = |block: &Ipv6Block| (ipv6_net(block.block).0, block.block.length());
    assert!(ipv6_blocks().windows(2).all(|pair| first(&pair[0]) < first(&pair[1])));
    assert!(ipv6_blocks().iter().all(|block| ipv6_net(block.block).0.segments()[0] > 0x2000));
}

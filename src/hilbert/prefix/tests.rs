//! A block's rectangle holds its cells and no others.

use proptest::prelude::*;

use super::*;

/// Cells of a block that are looked at one by one.
const MOST_KEYS: u64 = 1 << 16;

fn orientation() -> impl Strategy<Value = Orientation> {
    prop_oneof![Just(Orientation::Usual), Just(Orientation::Transposed)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rectangle_is_where_the_keys_are(key: u32, length in 16..=32_u8, orientation in orientation()) {
        let block = Prefix::of(key, length);
        prop_assert!(block.keys() <= MOST_KEYS && block.contains(key));
        let cells: Vec<_> = (block.first()..=block.last()).map(|key| orientation.cell(key).map(u32::from)).collect();
        let [left, top] = [0, 1].map(|axis| cells.iter().map(|cell| cell[axis]).min().unwrap());
        let [right, bottom] = [0, 1].map(|axis| cells.iter().map(|cell| cell[axis]).max().unwrap());
        let area = block.area(orientation);
        prop_assert_eq!([area.x, area.y, area.width, area.height], [left, top, right - left + 1, bottom - top + 1]);
        prop_assert_eq!(u64::from(area.width) * u64::from(area.height), block.keys());
        prop_assert!(cells.iter().all(|cell| area.contains(*cell)));
    }

    #[test]
    fn larger_blocks_have_the_rectangle_of_their_halves(key: u32, length in 0..16_u8, orientation in orientation()) {
        let block = Prefix::of(key, length);
        let halves = [block.first(), block.last()].map(|key| Prefix::of(key, length + 1).area(orientation));
        let area = block.area(orientation);
        prop_assert_eq!(u64::from(area.width) * u64::from(area.height), block.keys());
        for half in halves {
            prop_assert!(area.contains([half.x, half.y]));
            prop_assert!(area.contains([half.x + half.width - 1, half.y + half.height - 1]));
        }
    }

    #[test]
    fn the_block_of_a_cell_has_it(x: u16, y: u16, length in 0..=32_u8, orientation in orientation()) {
        let block = Prefix::at([x, y], length, orientation);
        prop_assert_eq!(block.length(), length);
        prop_assert!(block.area(orientation).contains([x, y].map(u32::from)));
        prop_assert!(Prefix::ALL.holds(block) && block.holds(Prefix::of(block.last(), 32)));
    }

    #[test]
    fn what_is_written_is_read(key: u32, length in 0..=32_u8) {
        let block = Prefix::of(key, length);
        prop_assert_eq!(block.to_string().parse(), Ok(block));
    }

    #[test]
    fn an_ipv6_address_lies_in_the_network_of_its_key(bits: u128, length in 0..=32_u8) {
        let address = Ipv6Addr::from_bits(bits >> 3 | 1 << 125);
        let key = ipv6_key(address).unwrap();
        let (first, length) = ipv6_net(Prefix::of(key, length));
        let net = ipnet::Ipv6Net::new(first, length).unwrap();
        prop_assert!(net.contains(&address) && net.network() == first);
    }
}

#[test]
fn blocks_are_read_and_others_refused() {
    let read = |text: &str| text.parse::<Prefix>().ok().map(|block| block.to_string());
    assert_eq!(read("10.0.0.0/8").as_deref(), Some("10.0.0.0/8"));
    assert_eq!(read("10.1.2.3/8").as_deref(), Some("10.0.0.0/8"));
    assert_eq!(read("10.1.2.3").as_deref(), Some("10.1.2.3/32"));
    assert_eq!(read("0.0.0.0/0").as_deref(), Some("0.0.0.0/0"));
    for bad in
        ["", "/8", "10/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/8/8", "::/3", "10.0.0.0 /8"]
    {
        assert_eq!(read(bad), None, "{bad}");
    }
    assert_eq!(Prefix::of(7, 200), Prefix::of(7, 32));
    assert_eq!((Prefix::ALL.last(), Prefix::ALL.keys()), (u32::MAX, 1 << 32));
}

#[test]
fn of_ipv6_what_is_given_out_has_keys() {
    let key = |text: &str| ipv6_key(text.parse().unwrap());
    assert_eq!(key("2000::"), Some(0));
    assert_eq!(key("3fff:ffff:ffff:ffff::1"), Some(u32::MAX));
    assert_eq!(key("2001:db8::1"), Some(0x2001_0db8_u32 << 3));
    assert_eq!(key("2a00:1450:2000::"), Some((0x2a00_1450_u32 << 3) + 1));
    for outside in ["::1", "fe80::1", "1fff:ffff::", "4000::", "::ffff:8.8.8.8"] {
        assert_eq!(key(outside), None, "{outside}");
    }
    assert_eq!(ipv6_net(Prefix::ALL), ("2000::".parse().unwrap(), 3));
    assert_eq!(ipv6_net(Prefix::of(u32::MAX, 32)), ("3fff:ffff:e000::".parse().unwrap(), 35));
}

//! The curve is what others draw, has no gap, and leads back.

use super::*;

/// The loop of the textbook (Warren, Hacker's Delight, 16-2, and many others), from the key's low end up, for order n:
/// the first key at the origin, the last at the end of the first axis.
fn textbook(mut key: u64, order: u32) -> [u32; 2] {
    let (mut x, mut y) = (0, 0);
    for level in 0..order {
        let side = 1 << level;
        let right = (key >> 1 & 1) as u32;
        let down = (key & 1) as u32 ^ right;
        if down == 0 {
            if right == 1 {
                (x, y) = (side - 1 - x, side - 1 - y);
            }
            (x, y) = (y, x);
        }
        (x, y) = (x + side * right, y + side * down);
        key >>= 2;
    }
    [x, y]
}

fn random_keys(count: usize) -> impl Iterator<Item = u32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..count).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    })
}

#[test]
fn networks_lie_where_ipv4_heatmap_puts_them() {
    let known = [
        (0, [0, 0]),
        (1, [1, 0]),
        (2, [1, 1]),
        (3, [0, 1]),
        (10, [3, 3]),
        (64, [0, 8]),
        (127, [7, 8]),
        (128, [8, 8]),
        (192, [15, 7]),
        (224, [11, 3]),
        (255, [15, 0]),
    ];
    for (octet, expected) in known {
        for host in [0, 0x00ff_ffff, 0x0012_3456] {
            let cell = Orientation::Usual.cell(octet << 24 | host).map(|at| at >> 12);
            assert_eq!(cell, expected, "{octet}/8");
            let [x, y] = Orientation::Transposed.cell(octet << 24 | host).map(|at| at >> 12);
            assert_eq!([y, x], expected, "{octet}/8");
        }
    }
    assert_eq!(Orientation::Usual.cell(0), [0, 0]);
    assert_eq!(Orientation::Usual.cell(u32::MAX), [65_535, 0]);
    assert_eq!(Orientation::Transposed.cell(u32::MAX), [0, 65_535]);
}

#[test]
fn every_network_of_16_bits_and_a_million_others_lead_back() {
    let networks = (0..1 << 16).flat_map(|network: u32| [network << 16, network << 16 | 0xffff]);
    for key in networks.chain(random_keys(1_000_000)) {
        for orientation in [Orientation::Usual, Orientation::Transposed] {
            assert_eq!(orientation.key(orientation.cell(key)), key);
        }
    }
}

#[test]
fn cells_are_those_of_the_textbook() {
    for key in random_keys(100_000) {
        assert_eq!(cell(key).map(u32::from), textbook(key.into(), ORDER), "{key:#x}");
    }
}

#[test]
fn each_cell_lies_beside_the_one_before() {
    let beside = |a: [u16; 2], b: [u16; 2]| a[0].abs_diff(b[0]) + a[1].abs_diff(b[1]) == 1;
    for order in 0..=10 {
        let cells: Vec<_> = walk(0..=u32::MAX, order).collect();
        assert_eq!(cells.len(), 1 << (2 * order));
        assert!(cells.windows(2).all(|pair| beside(pair[0], pair[1])), "order {order}");
        let mut sorted = cells.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), cells.len(), "order {order}: each cell once");
    }
    for key in random_keys(100_000) {
        assert!(beside(cell(key), cell(key.wrapping_add(1))) || key == u32::MAX);
    }
}

#[test]
fn a_walk_visits_the_blocks_that_it_touches() {
    let octets = |keys: RangeInclusive<u32>| walk(keys, 4).collect::<Vec<_>>();
    assert_eq!(octets(0x0100_0000..=0x03ff_ffff), [[1, 0], [1, 1], [0, 1]]);
    assert_eq!(octets(0x01ff_ffff..=0x0200_0000), [[1, 0], [1, 1]]);
    assert_eq!(octets(7..=7), [[0, 0]]);
    #[expect(clippy::reversed_empty_ranges)]
    let none = octets(8..=7);
    assert!(none.is_empty());
    assert_eq!(walk(0..=u32::MAX, 0).collect::<Vec<_>>(), [[0, 0]]);
    let last: Vec<_> = walk(0xffff_fffe..=u32::MAX, ORDER).collect();
    assert_eq!((last.len(), last[1]), (2, [65_535, 0]));
}

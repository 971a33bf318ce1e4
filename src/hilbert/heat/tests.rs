//! Levels, tiles and sums equal those of a map from key to count, and what changed is told.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

type Model = BTreeMap<u32, u32>;

/// Some keys all over, some of one /24, some of one /16, so that all levels have neighbours.
fn key() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        (0..256_u32).prop_map(|low| 0xc000_0200 | low),
        (0..65_536_u32).prop_map(|low| 0x0808_0000 | low)
    ]
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 1..5_u32, 1 => any::<u32>()]
}

fn counts() -> impl Strategy<Value = Vec<(u32, u32)>> {
    proptest::collection::vec((key(), count()), 0..60)
}

fn model(counts: &[(u32, u32)]) -> Model {
    let mut model = Model::new();
    for (key, count) in counts.iter().filter(|(_, count)| *count > 0) {
        let sum = model.entry(*key).or_default();
        *sum = sum.saturating_add(*count);
    }
    model
}

/// The cells of an order by column and row that are not dark.
fn bright_cells(model: &Model, order: u8) -> BTreeMap<[u16; 2], u8> {
    let mut sums: BTreeMap<u32, u64> = BTreeMap::new();
    let length = 2 * order.max(FINEST_KEPT);
    for (key, count) in model {
        *sums.entry(Prefix::of(*key, length).first()).or_default() += u64::from(*count);
    }
    let mut cells = BTreeMap::new();
    for (key, sum) in sums {
        let cell = cells.entry(Orientation::Usual.cell(key).map(|at| at >> (FINEST - order))).or_default();
        *cell = log_level(sum).max(*cell);
    }
    cells
}

fn tile_of(heat: &Heat, tile: Tile) -> BTreeMap<[u16; 2], u8> {
    let mut cells = [7; TILE_SIDE * TILE_SIDE];
    heat.tile(tile, &mut cells);
    let at = |at: usize| [tile.column() * 256 + (at % 256) as u16, tile.row() * 256 + (at / 256) as u16];
    cells
        .iter()
        .enumerate()
        .filter(|(_, level)| **level > 0)
        .map(|(index, level)| (at(index), *level))
        .collect()
}

fn check(heat: &Heat, model: &Model) {
    for order in COARSEST..=FINEST {
        let expected = bright_cells(model, order);
        let tiles: BTreeSet<Tile> = model.keys().map(|key| Tile::of(*key, order)).collect();
        let found: BTreeMap<_, _> = tiles.iter().flat_map(|tile| tile_of(heat, *tile)).collect();
        assert_eq!(found, expected, "order {order}");
        if order <= FINEST_KEPT {
            assert_eq!(heat.level(order).iter().filter(|level| **level > 0).count(), expected.len());
        }
    }
    let counts: Vec<_> = model.iter().map(|(key, count)| (*key, *count)).collect();
    assert_eq!(heat.counts(Prefix::ALL).collect::<Vec<_>>(), counts);
}

fn seen(model: &Model, block: Prefix) -> Seen {
    let within = || model.iter().filter(|(key, _)| block.contains(**key));
    let networks: BTreeSet<u32> = within().map(|(key, _)| key >> 8).collect();
    Seen {
        count: within().map(|(_, count)| u64::from(*count)).sum(),
        addresses: within().count() as u64,
        networks: networks.len() as u64,
    }
}

proptest! {
    // Each makes two times 22 MB.
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_what_a_map_says(counts in counts(), blocks in proptest::collection::vec((key(), 0..=32_u8), 20)) {
        let model = model(&counts);
        let at_once = Heat::from_counts(counts.iter().copied());
        let mut one_by_one = Heat::default();
        one_by_one.extend(counts.iter().copied());
        for heat in [&at_once, &one_by_one] {
            check(heat, &model);
            for (key, length) in blocks.iter().copied().chain([(0, 0)]) {
                let block = Prefix::of(key, length);
                prop_assert_eq!(heat.seen(block), seen(&model, block), "{}", block);
                prop_assert_eq!(heat.count(key), model.get(&key).copied().unwrap_or(0));
            }
        }
    }

    #[test]
    fn a_picture_of_what_changed_is_up_to_date(before in counts(), after in counts()) {
        let mut heat = Heat::from_counts(before);
        let all = |heat: &Heat, order: u8| -> Vec<_> {
            heat.counts(Prefix::ALL).map(|(key, _)| Tile::of(key, order)).map(|tile| (tile, tile_of(heat, tile))).collect()
        };
        let seen = heat.revision();
        for order in COARSEST..=FINEST {
            let mut view: BTreeMap<Tile, _> = all(&heat, order).into_iter().collect();
            let since = heat.revision();
            prop_assert!(order > COARSEST || since == seen);
            heat.extend(after.iter().copied());
            for tile in heat.changed_since(since, order) {
                view.insert(tile, tile_of(&heat, tile));
            }
            for (tile, cells) in all(&heat, order) {
                prop_assert_eq!(view.get(&tile), Some(&cells), "{:?}", tile);
            }
        }
    }
}

#[test]
fn what_is_counted_again_as_bright_as_before_is_no_news_from_afar() {
    let mut heat = Heat::from_counts([(0x0808_0808, 1_000), (0x0101_0101, 1)]);
    let seen = heat.revision();
    assert_eq!(heat.changed_since(seen, FINEST).count(), 0);
    assert_eq!(heat.changed_since(Revision::default(), FINEST).count(), 65_536);
    heat.add(0x0808_0808, 1);
    assert_eq!(heat.changed_since(seen, FINEST_KEPT).count(), 0);
    assert_eq!(heat.changed_since(seen, FINEST).collect::<Vec<_>>(), [Tile::of(0x0808_0808, FINEST)]);
    let seen = heat.revision();
    heat.add(0x0101_0101, 1);
    for order in COARSEST..=FINEST {
        let changed: Vec<_> = heat.changed_since(seen, order).collect();
        assert_eq!(changed, [Tile::of(0x0101_0101, order)], "order {order}");
    }
    heat.add(5, 0);
    assert_eq!((heat.count(5), heat.seen(Prefix::ALL).addresses), (0, 2));
    heat.clear();
    assert_eq!(heat.seen(Prefix::ALL), Seen::default());
    assert_eq!(heat.changed_since(seen, COARSEST).count(), 1);
    assert!((COARSEST..=FINEST_KEPT).all(|order| heat.level(order).iter().all(|level| *level == 0)));
}

/// A /16 that all of speaks: beyond the length of a list.
#[test]
fn a_crowded_network_is_counted_as_any_other() {
    let mut heat = Heat::default();
    let scattered = (0..65_536_u32).map(|at| 0x0a0b_0000 | at.wrapping_mul(40_503) & 0xffff);
    let model: Model = scattered.clone().take(20_000).map(|key| (key, 2)).collect();
    for key in scattered.clone().take(20_000).chain(scattered.take(20_000)) {
        heat.add(key, 1);
    }
    check(&heat, &model);
    for block in ["10.11.0.0/16", "10.11.7.0/24", "10.11.7.128/25", "10.0.0.0/8", "10.12.0.0/16"] {
        let block = block.parse().unwrap();
        assert_eq!(heat.seen(block), seen(&model, block), "{block}");
    }
}

#[test]
fn a_million_random_addresses_fit_into_a_hundred_megabytes() {
    let random = (1..=1_000_000_u64).map(|at| ((at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32, 1));
    let heat = Heat::from_counts(random);
    assert!(heat.seen(Prefix::ALL).addresses > 999_000);
    assert!(heat.heap_bytes() < 100_000_000, "{} bytes", heat.heap_bytes());
}

#[test]
fn brightness_grows_by_eight_steps_an_octave() {
    assert_eq!([0, 1, 2, 3, 4, 1_024, 1_025].map(log_level), [0, 1, 9, 13, 17, 81, 81]);
    assert_eq!([1 << 31, u64::from(u32::MAX), u64::MAX].map(log_level), [249, 255, 255]);
    assert!((1..100_000).all(|count| log_level(count) <= log_level(count + 1)));
}

#[test]
fn tiles_are_where_their_keys_are() {
    assert_eq!(Tile::new(7, 0, 0), None);
    assert_eq!(Tile::new(8, 1, 0), None);
    assert_eq!(Tile::new(17, 0, 0), None);
    for order in COARSEST..=FINEST {
        assert!(Tile::all(order).all(|tile| Tile::new(order, tile.column(), tile.row()) == Some(tile)));
        for key in [0, 1 << 31, 0x0102_0304, u32::MAX] {
            let tile = Tile::of(key, order);
            assert!(tile.block().contains(key));
            assert_eq!(tile.block().length(), 2 * (order - 8));
        }
    }
}

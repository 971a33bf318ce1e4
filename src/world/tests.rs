//! The embedded world is the right one, and no bytes upset the decoder.

use proptest::prelude::*;

use super::*;
use crate::projection::map_from_lon_lat;

fn embedded() -> World {
    World::embedded().expect("the embedded world decodes")
}

fn triangles(level: &Level) -> impl Iterator<Item = [[f32; 2]; 3]> {
    let corner = |&index: &u32| level.land_vertices[index as usize];
    level.land_indices.chunks_exact(3).map(move |triple| [0, 1, 2].map(|i| corner(&triple[i])))
}

/// Twice the signed area in map units, counter-clockwise positive.
fn doubled_area(corners: [[f32; 2]; 3]) -> f64 {
    let [a, b, c] = corners.map(|[lon, lat]| map_from_lon_lat(lon, lat).map(f64::from));
    (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
}

fn is_land(level: &Level, lon: f32, lat: f32) -> bool {
    let point = [lon, lat];
    triangles(level).any(|[a, b, c]| {
        [[a, b, point], [b, c, point], [c, a, point]].iter().all(|&triangle| doubled_area(triangle) >= 0.0)
    })
}

#[test]
fn land_is_land_and_sea_is_sea_at_every_level() {
    #[rustfmt::skip]
    let places = [
        ("Paris", 2.35, 48.86, true), ("Moscow", 37.6, 55.75, true), ("Denver", -105.0, 39.7, true),
        ("Manaus", -60.0, -3.1, true), ("Alice Springs", 133.9, -23.7, true), ("Maseru", 27.5, -29.4, true),
        ("Chukotka, west of 180", 178.0, 67.5, true), ("Chukotka, east of 180", -176.0, 67.0, true),
        ("Wrangel Island, west", 179.5, 71.2, true), ("Vanua Levu, Fiji", 179.3, -16.6, true),
        ("South Pole's plateau", 0.0, -84.0, true), ("Antarctica at the seam", -179.9, -84.8, true),
        ("Mid Atlantic", -30.0, 30.0, false), ("Mid Pacific", -150.0, 0.0, false),
        ("Caspian Sea", 51.0, 41.5, false), ("Black Sea", 34.0, 43.3, false), ("Bering Sea", 179.9, 58.0, false),
        ("Tasman Sea", 160.0, -38.0, false), ("Hudson Bay", -86.0, 60.0, false), ("Arctic", 0.0, 84.5, false),
        ("Southern Ocean", 90.0, -60.0, false), ("North of Fiji", -179.9, -14.0, false),
    ];
    let world = embedded();
    for (number, level) in world.levels().iter().enumerate() {
        for (name, lon, lat, land) in places {
            assert_eq!(is_land(level, lon, lat), land, "{name} at level {number}");
        }
    }
}

#[test]
fn no_triangle_and_no_segment_streaks_across_the_map() {
    for level in embedded().levels() {
        for triangle in triangles(level) {
            assert!(doubled_area(triangle) > 0.0, "{triangle:?} is clockwise or empty");
            // Antarctica is closed by long triangles along the bottom; elsewhere none spans a quarter of the globe.
            let width = |[a, b, c]: [[f32; 2]; 3]| a[0].max(b[0]).max(c[0]) - a[0].min(b[0]).min(c[0]);
            assert!(
                width(triangle) < 90.0 || triangle.iter().all(|corner| corner[1] < -60.0),
                "{triangle:?}"
            );
        }
        for Segment { from, to, .. } in level.coasts.segments().chain(level.borders.segments()) {
            // The longest is the border along 49 north, 27.6 degrees.
            assert!((from[0] - to[0]).abs() < 28.0, "{from:?} to {to:?}");
            assert!(
                !(from[0].abs() == 180.0 && from[0] == to[0]),
                "the seam is no coast: {from:?} to {to:?}"
            );
            assert!(from[1] > -85.05 || to[1] > -85.05, "the bottom edge is no coast: {from:?} to {to:?}");
        }
    }
}

#[test]
fn the_coarse_level_is_light_and_covers_the_same_land() {
    let world = embedded();
    let [coarse, .., full] = world.levels() else { panic!("one level only") };
    assert!(coarse.coasts.segment_count() + coarse.borders.segment_count() < 12_000);
    assert!(coarse.land_indices.len() / 3 < 15_000);
    assert!(full.coasts.segment_count() > 40_000);
    let area = |level| triangles(level).map(doubled_area).sum::<f64>();
    let ratio = area(coarse) / area(full);
    assert!((ratio - 1.0).abs() < 0.005, "coarse to full land {ratio}");
}

#[test]
fn the_level_grows_finer_as_the_world_grows_wider() {
    let world = embedded();
    assert_eq!(world.level_for_width(1280.0), 0);
    assert_eq!(world.level_for_width(1920.0), 0);
    assert_eq!(world.level_for_width(1e9), world.levels().len() - 1);
    let widths = [500.0, 2000.0, 4000.0, 8000.0, 20_000.0, 100_000.0];
    assert!(widths.map(|width| world.level_for_width(width)).is_sorted());
}

#[test]
fn countries_are_found_by_their_code_and_labelled_inside() {
    let world = embedded();
    let find = |text| world.country(CountryCode::from_text(text)?);
    assert_eq!(find("NO").map(|country| country.name.as_str()), Some("Norway"));
    assert_eq!(find("XK").map(|country| country.name.as_str()), Some("Kosovo"));
    assert_eq!(find("CD").map(|country| country.name.as_str()), Some("Democratic Republic of the Congo"));
    assert_eq!(find("ZZ"), None);
    let mut codes: Vec<_> = world.countries.iter().filter_map(|country| country.code).collect();
    let rows = codes.len();
    assert_eq!(rows, 250, "249 of ISO 3166-1 and XK");
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), rows, "a code names two countries");
    let [_, .., full] = world.levels() else { panic!("one level only") };
    for code in ["FR", "US", "RU", "ZA", "FJ", "CL", "NO", "ID", "MT", "NZ"] {
        let [lon, lat] = find(code).expect(code).label_lon_lat();
        assert!(is_land(full, lon, lat), "the label of {code} at {lon} {lat} lies in the sea");
    }
}

#[test]
fn segments_know_their_neighbours() {
    let mut lines = Lines::default();
    lines.push([[0, 0], [1, 0], [1, 1]].map(|point| point.map(|units| units * UNITS_PER_DEGREE)));
    lines.push([[0, 0], [2, 0], [2, 2], [0, 0]].map(|point| point.map(|units| units * UNITS_PER_DEGREE)));
    let segments: Vec<_> = lines.segments().collect();
    assert_eq!((segments.len(), lines.segment_count()), (5, 5));
    let ends = |segment: &Segment| (segment.before, segment.after);
    assert_eq!(ends(&segments[0]), ([0.0, 0.0], [1.0, 1.0]), "an open line starts with itself");
    assert_eq!(ends(&segments[1]), ([0.0, 0.0], [1.0, 1.0]), "and ends with itself");
    assert_eq!(ends(&segments[2]), ([2.0, 2.0], [2.0, 2.0]), "a closed line goes round");
    assert_eq!(ends(&segments[4]), ([2.0, 0.0], [2.0, 0.0]));
}

#[test]
fn damage_is_noticed() {
    let mut bytes = include_bytes!("../../resources/world.bin").to_vec();
    assert_eq!(World::from_bytes(&bytes[..bytes.len() - 1]), Err(WorldError::Checksum));
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert_eq!(World::from_bytes(&bytes), Err(WorldError::Checksum));
    bytes[8] = 9;
    assert_eq!(World::from_bytes(&bytes), Err(WorldError::Version(9)));
    assert_eq!(World::from_bytes(b"PNG"), Err(WorldError::Magic));
}

fn any_line() -> impl Strategy<Value = Vec<GridPoint>> {
    let point = (-1_800_000..=1_800_000, -900_000..=900_000).prop_map(|(lon, lat)| [lon, lat]);
    prop::collection::vec(point, 0..20)
}

prop_compose! {
    fn any_level()(
        max_world_width_px: u32,
        land_rings in prop::collection::vec(any_line(), 0..6),
        picks in prop::collection::vec(any::<[prop::sample::Index; 3]>(), 0..20),
        borders in prop::collection::vec(any_line(), 0..6),
    ) -> BakedLevel {
        let vertices = land_rings.iter().map(Vec::len).sum::<usize>();
        let land_triangles = match vertices {
            0 => Vec::new(),
            _ => picks.iter().map(|triple| triple.map(|pick| pick.index(vertices) as u32)).collect(),
        };
        BakedLevel { max_world_width_px, land_rings, land_triangles, borders }
    }
}

prop_compose! {
    fn any_country()(code in prop::option::of("[A-Z]{2}"), name in ".{0,12}", lon in -9..9, lat in -9..9) -> Country {
        Country::new(code.and_then(|code| CountryCode::from_text(&code)), name, [lon, lat])
    }
}

prop_compose! {
    fn any_baked()(
        levels in prop::collection::vec(any_level(), 1..3),
        countries in prop::collection::vec(any_country(), 0..4),
    ) -> Baked {
        Baked { levels, countries }
    }
}

/// The same bytes with a checksum that fits, so that damage reaches the decoder behind it.
fn with_right_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = codec::checksum(&bytes[20..]).to_le_bytes();
    bytes[12..20].copy_from_slice(&sum);
    bytes
}

proptest! {
    #[test]
    fn what_was_written_is_read(baked in any_baked()) {
        prop_assert_eq!(Baked::decode(&baked.encode()), Ok(baked));
    }

    #[test]
    fn any_bytes_are_safe(baked in any_baked(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = World::from_bytes(&body);
        let head = baked.encode()[..20].to_vec();
        let _ = World::from_bytes(&with_right_checksum([head, body].concat()));
    }

    #[test]
    fn any_flipped_or_missing_byte_is_safe(baked in any_baked(), at: prop::sample::Index, to: u8, cut: prop::sample::Index) {
        let mut bytes = baked.encode();
        let at = 20 + at.index(bytes.len() - 20);
        bytes[at] = to;
        bytes.truncate(20 + cut.index(bytes.len() - 19));
        if let Ok(world) = World::from_bytes(&with_right_checksum(bytes)) {
            for level in world.levels() {
                prop_assert_eq!(level.coasts.segments().count(), level.coasts.segment_count());
                prop_assert!(level.land_indices.iter().all(|&i| (i as usize) < level.land_vertices.len()));
            }
        }
    }
}

//! Pictures equal those of an independent script, and each other.

use super::*;

const ADDRESSES: &str = include_str!("../../../tests/fixtures/hilbert/addresses.txt");
/// Made by `reference.py` beside it.
const EXPECTED: &[u8] = include_bytes!("../../../tests/fixtures/hilbert/octet-256.ppm");

fn heat() -> Heat {
    Heat::from_counts(ADDRESSES.lines().map(|line| {
        let (address, count) = line.split_once(' ').unwrap();
        (address.parse::<Prefix>().unwrap().first(), count.parse().unwrap())
    }))
}

fn view(block: &str, side_px: u32, orientation: Orientation) -> View {
    View::new(block.parse().unwrap(), side_px, orientation).unwrap()
}

fn rgb(rgba: &[u8]) -> Vec<[u8; 3]> {
    let pixels = rgba.as_chunks::<BYTES_A_PIXEL>().0;
    assert!(pixels.iter().all(|pixel| pixel[3] == u8::MAX), "all of it is painted");
    pixels.iter().map(|[r, g, b, _]| [*r, *g, *b]).collect()
}

#[test]
fn a_picture_is_the_reference_pixel_for_pixel() {
    let expected = EXPECTED.strip_prefix(b"P6\n256 256\n255\n").unwrap().as_chunks::<3>().0;
    let usual = view("0.0.0.0/0", 256, Orientation::Usual);
    let painted = rgb(&paint(&heat(), usual, &Colours::Tint(&tint::octet)));
    let wrong = (0..painted.len()).filter(|at| painted[*at] != expected[*at]).count();
    assert_eq!((painted.len(), wrong), (expected.len(), 0));

    let turned = view("0.0.0.0/0", 256, Orientation::Transposed);
    let turned = rgb(&paint(&heat(), turned, &Colours::Tint(&tint::octet)));
    for (at, pixel) in turned.iter().enumerate() {
        assert_eq!(*pixel, expected[at % 256 * 256 + at / 256]);
    }
}

/// One pixel at a time, with no square of 16 by 16 and no table.
fn pixel(heat: &Heat, view: View, x: u32, y: u32) -> [u8; 3] {
    let area = view.block.area(view.orientation);
    let longer = area.width.max(area.height);
    let cell = |first: u32, at: u32| {
        (u64::from(first) + u64::from(at) * u64::from(longer) / u64::from(view.side_px)) as u16
    };
    let key = view.orientation.key([cell(area.x, x), cell(area.y, y)]);
    let (order, _) = view.order();
    let block = Prefix::of(key, 2 * order);
    let brightest = |length: u8| {
        let mut sums = std::collections::BTreeMap::<u32, u64>::new();
        heat.counts(block).for_each(|(key, count)| {
            *sums.entry(Prefix::of(key, length).first()).or_default() += u64::from(count)
        });
        sums.into_values().max().map_or(0, crate::hilbert::heat::log_level)
    };
    let level = brightest((2 * order).max(24));
    if level == 0 && crate::hilbert::blocks::special(block.first()).is_some() {
        APART
    } else {
        shade(tint::octet(block.first()), level)
    }
}

#[test]
fn pictures_of_blocks_are_what_each_pixel_says() {
    let heat = heat();
    for (block, side_px, size) in [
        ("8.0.0.0/8", 256, [256, 256]),
        ("8.0.0.0/6", 512, [512, 512]),
        ("133.0.0.0/10", 512, [512, 512]),
        ("8.8.0.0/15", 512, [256, 512]),
        ("8.8.0.0/17", 256, [128, 256]),
        ("8.8.8.0/24", 256, [256, 256]),
        ("8.8.8.0/25", 256, [256, 128]),
        ("192.0.2.0/23", 256, [128, 256]),
        ("8.8.8.8/32", 256, [256, 256]),
        ("128.0.0.0/1", 256, [128, 256]),
    ] {
        for orientation in [Orientation::Usual, Orientation::Transposed] {
            let view = view(block, side_px, orientation);
            let [width, height] = view.size_px();
            let mut found = [width, height];
            found.sort_unstable();
            let mut expected = size;
            expected.sort_unstable();
            assert_eq!(found, expected, "{block}");
            let painted = rgb(&paint(&heat, view, &Colours::Tint(&tint::octet)));
            for (at, found) in painted.iter().enumerate().step_by(37) {
                let (x, y) = (at as u32 % width, at as u32 / width);
                assert_eq!(*found, pixel(&heat, view, x, y), "{block} {orientation:?} {x},{y}");
            }
        }
    }
}

#[test]
fn sizes_that_cut_cells_are_refused() {
    for bad in [0, 1, 128, 300, 4_095, 32_768] {
        assert_eq!(View::new(Prefix::ALL, bad, Orientation::Usual), Err(BadSize(bad)));
    }
}

#[test]
fn a_block_is_found_on_the_picture() {
    let all = view("0.0.0.0/0", 4_096, Orientation::Usual);
    assert_eq!(all.area_px("255.0.0.0/8".parse().unwrap()), Some([3_840, 0, 256, 256]));
    assert_eq!(all.area_px("0.0.0.0/32".parse().unwrap()), Some([0, 0, 1, 1]));
    let ten = view("10.0.0.0/8", 256, Orientation::Usual);
    assert_eq!(ten.area_px("11.0.0.0/8".parse().unwrap()), None);
    assert_eq!(ten.area_px("10.0.0.0/8".parse().unwrap()), Some([0, 0, 256, 256]));
}

#[test]
fn hues_are_apart_and_heat_grows() {
    assert_eq!((tint::hue(0), tint::hue(128)), ([255, 88, 88], [88, 255, 255]));
    assert_eq!((tint::heat(0), tint::heat(255)), ([10, 13, 20], [255, 255, 235]));
    let light = |level: u8| tint::heat(level).iter().map(|part| u32::from(*part)).sum::<u32>();
    assert!(light(1) > 4 * light(0), "what was heard once is seen");
    assert!(light(100) > light(50) + 100, "and a thousand more than a hundred");
    assert_eq!(tint::registry(133 << 24), [240, 228, 66]);
}

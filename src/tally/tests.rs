use proptest::prelude::*;

use super::*;

fn label(text: &str) -> Label {
    Some(text.into())
}

fn problem(text: &str) -> (usize, Problem) {
    let error = Tally::parse(text.as_bytes()).unwrap_err();
    (error.line, error.problem)
}

const SMALL: &str = "# connmapperl history-places 1\nlat,lon,count,label\n-0.500,13.405,3,\n\
                     52.520,13.405,17,\"The \"\"Web\"\", mostly\"\n# 2 rows\n";

fn small() -> Tally {
    let mut tally = Tally::default();
    tally.add(Spot::new(52.52, 13.405), label("The \"Web\", mostly"), 17);
    tally.add(Spot::new(-0.5, 13.405), None, 3);
    tally
}

#[test]
fn the_text_is_what_is_documented() {
    assert_eq!(small().to_text(), SMALL);
    assert_eq!(Tally::parse(SMALL.as_bytes()), Ok(small()));
    assert_eq!(
        Tally::parse(SMALL.replace('\n', "\r\n").as_bytes()),
        Ok(small()),
        "a spreadsheet's line ends"
    );
    let documented = include_str!("../../docs/history-places.md");
    let example = documented.split("```").nth(1).and_then(|block| block.split_once('\n')).unwrap().1;
    let read = Tally::parse(example.as_bytes()).unwrap();
    assert_eq!(read.to_text(), example);
}

#[test]
fn places_are_told_apart_to_a_thousandth_of_a_degree() {
    let mut tally = Tally::default();
    tally.add(Spot::new(1.0004, 2.0), None, 1);
    tally.add(Spot::new(1.0, 2.0004), None, 1);
    tally.add(Spot::new(1.001, 2.0), None, 1);
    assert_eq!((tally.places(), tally.connections()), (2, 3));
    let spot = Spot::new(-33.868, 151.207);
    assert_eq!((spot.lat(), spot.lon()), (-33.868, 151.207));
}

#[test]
fn a_full_tally_counts_what_it_leaves_out() {
    let mut tally = Tally::default();
    for row in 0..MOST_ROWS {
        tally.add(Spot { lat_millis: (row / 360) as i32, lon_millis: (row % 360) as i32 }, None, 1);
    }
    let known = Spot { lat_millis: 0, lon_millis: 0 };
    tally.add(known, None, 5);
    assert_eq!(tally.left_out(), 0, "there is room for what is known");
    tally.add(known, label("Web"), 2);
    tally.add(Spot::new(-50.0, -50.0), None, 1);
    assert_eq!((tally.places(), tally.left_out()), (MOST_ROWS, 3));
    assert_eq!(tally.connections(), MOST_ROWS as u64 + 5);
    let text = tally.to_text();
    assert_eq!(Tally::parse(text.as_bytes()).unwrap().places(), MOST_ROWS, "the fullest can be read again");
}

#[test]
fn each_damage_is_told_with_its_line() {
    use Problem::*;
    let with = |from: &str, to: &str| problem(&SMALL.replace(from, to));
    assert_eq!(problem(""), (1, NotOurs));
    assert_eq!(problem("lat,lon\n"), (1, NotOurs));
    assert_eq!(with("places 1", "places 2"), (1, Version("2".into())));
    assert_eq!(with("lat,lon,count,label", "lat,lon"), (2, Columns("lat,lon".into())));
    assert_eq!(with("-0.500,13.405,3,", "-0.500,13.405"), (3, Fields(2)));
    assert_eq!(with("-0.500,13.405,3,", ""), (3, Fields(0)));
    assert_eq!(with("-0.500", "-90.5"), (3, Lat("-90.5".into())));
    assert_eq!(with("-0.500", "nan"), (3, Lat("nan".into())));
    assert_eq!(with("52.520,13.405", "52.520,east"), (4, Lon("east".into())));
    assert_eq!(with(",17,", ",0,"), (4, Count("0".into())));
    assert_eq!(with(",17,", ",-1,"), (4, Count("-1".into())));
    assert_eq!(with("\"\"Web\"\"", "\"Web\"").0, 4);
    assert_eq!(with("# 2 rows", "# 3 rows"), (5, OtherCount { said: "3".into(), found: 2 }));
    assert_eq!(with("# 2 rows\n", ""), (5, NoEnd(2)));
    assert_eq!(with("# 2 rows\n", "# 2"), (5, NoEnd(2)), "cut within its last line");
    assert_eq!(with("# 2 rows\n", "# 2 rows\nmore"), (6, AfterEnd("more".into())));
    let bytes = [SMALL.as_bytes(), b"\xff\n"].concat();
    assert_eq!(Tally::parse(&bytes), Err(TallyError { line: 6, problem: NotUtf8 }));
    assert_eq!(Tally::parse(b"\xff").unwrap_err().to_string(), "line 1: a byte here is not UTF-8");
}

fn any_tally() -> impl Strategy<Value = Tally> {
    let row = (-90f32..=90.0, -180f32..=180.0, prop::option::of("[ -~äж\"\n,]{0,12}"), 1u64..1 << 40);
    prop::collection::vec(row, 0..40).prop_map(|rows| {
        let mut tally = Tally::default();
        for (lat, lon, label, count) in rows {
            // Few places, so that many rows share one.
            tally.add(Spot::new((lat / 30.0).round(), (lon / 60.0).round()), label.map(Into::into), count);
        }
        tally
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(tally in any_tally()) {
        let text = tally.to_text();
        let read = Tally::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(&read, &tally);
        prop_assert_eq!(read.to_text(), text);
    }

    #[test]
    fn merging_adds_place_by_place_and_label_by_label(a in any_tally(), b in any_tally()) {
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(b.clone());
        ba.merge(a.clone());
        prop_assert_eq!(&ab, &ba);
        prop_assert_eq!(ab.connections(), a.connections() + b.connections());
        for (spot, counts) in ab.spots() {
            for (label, count) in counts {
                let of = |tally: &Tally| tally.at(spot).iter().find(|it| it.0 == *label).map_or(0, |it| it.1);
                prop_assert_eq!(*count, of(&a) + of(&b));
            }
        }
    }

    #[test]
    fn damage_is_refused_or_harmless_and_never_a_panic(
        tally in any_tally(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut bytes = tally.to_text().into_bytes();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
            // Without its last line break alone it is whole.
            prop_assert_eq!(Tally::parse(&bytes).is_ok(), at + 1 == tally.to_text().len());
        } else {
            bytes[at] = byte;
            if let Err(error) = Tally::parse(&bytes) {
                let lines = bytes.split(|byte| *byte == b'\n').count();
                prop_assert!((1..=lines + 1).contains(&error.line), "{}", error);
            }
        }
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Tally::parse(&bytes).is_err());
        let headed = [b"# connmapperl history-places 1\nlat,lon,count,label\n", &bytes[..]].concat();
        let _ = Tally::parse(&headed);
    }
}

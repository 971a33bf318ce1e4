use bevy_egui::egui::Rangef;
use proptest::prelude::*;

use super::*;
use crate::components::time_travel::Span;

const CHARACTER: f32 = 6.6;

/// Clocks go forward on 29 March 2026 at 2:00 and back on 25 October at 3:00.
fn berlin() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

fn at(text: &str, zone: &TimeZone) -> i64 {
    let local: jiff::civil::DateTime = text.parse().unwrap();
    local.to_zoned(zone.clone()).unwrap().timestamp().as_millisecond()
}

fn laid(from_ms: i64, to_ms: i64, width: f32, zone: &TimeZone) -> Vec<Tick> {
    let line = Rangef::new(250.0, 250.0 + width);
    ticks(&Scale { view: Span { from_ms, to_ms }, line }, zone, CHARACTER)
}

fn labels(from: &str, to: &str, width: f32, zone: &TimeZone) -> Vec<String> {
    laid(at(from, zone), at(to, zone), width, zone).into_iter().map(|tick| tick.label).collect()
}

#[test]
fn labels_suit_the_span() {
    let zone = berlin();
    let read = |from, to| labels(from, to, 600.0, &zone).join(" ");
    assert_eq!(
        read("2026-11-26T14:05:00", "2026-11-26T14:06:00"),
        "14:05:10 14:05:20 14:05:30 14:05:40 14:05:50"
    );
    assert_eq!(read("2026-11-26T14:03:00", "2026-11-26T14:58:00"), "14:10 14:20 14:30 14:40 14:50");
    assert_eq!(read("2026-11-25T21:30:00", "2026-11-26T09:30:00"), "22:00 26 Nov 02:00 04:00 06:00 08:00");
    assert_eq!(
        read("2026-11-23T12:00:00", "2026-11-27T12:00:00"),
        "12:00 24 Nov 12:00 25 Nov 12:00 26 Nov 12:00 27 Nov 12:00"
    );
    assert_eq!(
        read("2026-10-28T00:00:00", "2026-11-26T00:00:00"),
        "2 Nov 9 Nov 16 Nov 23 Nov",
        "weeks begin on Monday"
    );
    assert_eq!(read("2026-07-15T00:00:00", "2027-03-10T00:00:00"), "Aug Sep Oct Nov Dec 2027 Feb Mar");
    assert_eq!(
        read("2017-06-01T00:00:00", "2027-06-01T00:00:00"),
        "2018 2019 2020 2021 2022 2023 2024 2025 2026 2027"
    );
}

#[test]
fn a_new_day_stands_out_among_hours() {
    let zone = berlin();
    let from = at("2026-11-25T21:30:00", &zone);
    let turns: Vec<_> = laid(from, from + 12 * HOUR * 1_000, 600.0, &zone);
    let turns: Vec<_> = turns.iter().filter(|tick| tick.is_turn).map(|tick| &*tick.label).collect();
    assert_eq!(turns, ["26 Nov"]);
}

#[test]
fn when_clocks_change_the_labels_are_what_a_clock_on_the_wall_says() {
    let zone = berlin();
    assert_eq!(
        labels("2026-03-28T23:30:00", "2026-03-29T06:30:00", 600.0, &zone).join(" "),
        "29 Mar 01:00 03:00 04:00 05:00 06:00"
    );
    assert_eq!(
        labels("2026-10-24T23:30:00", "2026-10-25T04:30:00", 600.0, &zone).join(" "),
        "25 Oct 01:00 02:00 02:00 03:00 04:00"
    );
    // Quarters of a day stay quarters of the day, though the one in which the clocks changed is shorter or longer.
    for (from, to, day) in [
        ("2026-03-28T20:00:00", "2026-03-29T20:00:00", "29 Mar"),
        ("2026-10-24T20:00:00", "2026-10-25T20:00:00", "25 Oct"),
    ] {
        let read = labels(from, to, 290.0, &zone).join(" ");
        assert_eq!(read, format!("{day} 06:00 12:00 18:00"));
    }
}

#[test]
fn zones_off_the_hour_have_round_times_too() {
    let nepal = TimeZone::posix("NPT-5:45").unwrap();
    assert_eq!(
        labels("2026-11-26T00:30:00", "2026-11-26T06:30:00", 600.0, &nepal).join(" "),
        "01:00 02:00 03:00 04:00 05:00 06:00"
    );
}

proptest! {
    /// From a minute to ten years, wherever it begins.
    #[test]
    fn labels_never_overlap_and_time_never_runs_back(
        from_ms in 0..2_500_000_000_000i64,
        exponent in 4.778..11.5f64,
        width in 200.0..3_000.0f32,
    ) {
        let zone = berlin();
        let len_ms = 10f64.powf(exponent) as i64;
        let laid = laid(from_ms, from_ms + len_ms, width, &zone);
        let half = |tick: &Tick| tick.label.chars().count() as f32 * CHARACTER * 0.5;
        for pair in laid.windows(2) {
            prop_assert!(pair[0].unix_millis < pair[1].unix_millis);
            prop_assert!(pair[0].x + half(&pair[0]) + 8.0 < pair[1].x - half(&pair[1]), "{:?}", pair);
        }
        for tick in &laid {
            prop_assert!((from_ms..=from_ms + len_ms).contains(&tick.unix_millis));
            prop_assert!(tick.x - half(tick) >= 250.0 - STICKS_OUT);
            prop_assert!(tick.x + half(tick) <= 250.0 + width + STICKS_OUT);
        }
        // A bar without any time says nothing.
        prop_assert!(width < 400.0 || laid.len() >= 2, "{} {} {:?}", len_ms, width, laid);
    }

    #[test]
    fn marks_are_round_times_of_the_local_clock(from_ms in 0..2_500_000_000_000i64, hours in 1..400i64) {
        let zone = berlin();
        for tick in laid(from_ms, from_ms + hours * HOUR * 1_000, 700.0, &zone) {
            let local = zone.to_datetime(Timestamp::from_millisecond(tick.unix_millis).unwrap());
            prop_assert_eq!(local.second(), 0);
            if hours >= 12 {
                prop_assert_eq!(local.minute(), 0, "{:?}", tick);
            }
        }
    }
}

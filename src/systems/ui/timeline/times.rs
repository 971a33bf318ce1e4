//! Moments and stretches of time as the timeline, the bottom line and the caption write them, by the local clock.

use jiff::{Timestamp, Zoned, tz::TimeZone};

use crate::components::time_travel::{Shown, Span, TimeTravel};

/// Played faster than this, seconds only flicker.
const SECONDS_BELOW_SPEED: u32 = 600;

/// Whether a clock that shows the past shows seconds.
pub(in crate::systems::ui) fn has_seconds(travel: &TimeTravel) -> bool {
    !travel.is_now() && (!travel.is_playing || travel.speed < SECONDS_BELOW_SPEED)
}

fn written(unix_millis: i64, format: &str, zone: &TimeZone) -> String {
    zoned(unix_millis, zone).map_or_else(String::new, |at| at.strftime(format).to_string())
}

fn zoned(unix_millis: i64, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(unix_millis).ok()?.to_zoned(zone.clone()))
}

/// `21:48`, or `21:48:07`
pub(in crate::systems::ui) fn time(unix_millis: i64, seconds: bool) -> String {
    written(unix_millis, if seconds { "%H:%M:%S" } else { "%H:%M" }, &TimeZone::system())
}

/// `21:48` of the day that it is, `22 Nov` of another
pub(in crate::systems::ui) fn time_or_day(unix_millis: i64, now_unix_millis: i64) -> String {
    short_moment(unix_millis, now_unix_millis, &TimeZone::system())
}

fn short_moment(unix_millis: i64, now_unix_millis: i64, zone: &TimeZone) -> String {
    let [day, today] = [unix_millis, now_unix_millis].map(|at| zoned(at, zone).map(|at| at.date()));
    written(unix_millis, if day == today { "%H:%M" } else { "%-d %b" }, zone)
}

/// `22 Nov  21:48`, or with seconds
pub(super) fn moment(unix_millis: i64, seconds: bool) -> String {
    let format = if seconds { "%-d %b  %H:%M:%S" } else { "%-d %b  %H:%M" };
    written(unix_millis, format, &TimeZone::system())
}

/// The large words over a replay: `Sun 22 Nov 2026` and `21:48`, or the ends of a stretch.
pub(super) fn caption(travel: &TimeTravel, now_ms: i64) -> (String, String) {
    let zone = TimeZone::system();
    let date = |unix_millis| written(unix_millis, "%a %-d %b %Y", &zone);
    match travel.shown {
        Shown::Span(span) => stretch(span, "%a %-d %b %Y", &zone),
        Shown::Now | Shown::Moment => (date(now_ms), time(now_ms, false)),
    }
}

/// `14:00–18:00` within a day, `22–24 Nov` or `30 Nov–2 Dec` beyond it.
pub(in crate::systems::ui) fn span(span: Span) -> String {
    short_span(span, &TimeZone::system())
}

fn short_span(span: Span, zone: &TimeZone) -> String {
    let (date, time) = stretch(span, "%-d %b", zone);
    if time.is_empty() { date } else { time }
}

/// The day and the times within it, where both ends lie in one day; else the days alone.
fn stretch(span: Span, day: &str, zone: &TimeZone) -> (String, String) {
    let (Some(from), Some(to)) = (zoned(span.from_ms, zone), zoned(span.to_ms, zone)) else {
        return Default::default();
    };
    if from.date() == to.date() {
        let times = format!("{}–{}", from.strftime("%H:%M"), to.strftime("%H:%M"));
        return (from.strftime(day).to_string(), times);
    }
    let first = match (from.year() == to.year(), from.month() == to.month()) {
        (true, true) => from.strftime("%-d").to_string(),
        (true, false) => from.strftime("%-d %b").to_string(),
        (false, _) => from.strftime("%-d %b %Y").to_string(),
    };
    let last = if from.year() == to.year() { day.trim_start_matches("%a ") } else { "%-d %b %Y" };
    (format!("{first}–{}", to.strftime(last)), String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn stretches_read_well() {
        let read = |from, to, day| stretch(Span { from_ms: at(from), to_ms: at(to) }, day, &TimeZone::UTC);
        let long = "%a %-d %b %Y";
        let (from, noon) = ("2026-11-25T14:00:00Z", "2026-11-25T18:00:00Z");
        assert_eq!(read(from, noon, long), ("Wed 25 Nov 2026".to_owned(), "14:00–18:00".to_owned()));
        assert_eq!(read(from, "2026-11-27T01:00:00Z", long).0, "25–27 Nov 2026");
        assert_eq!(read(from, "2026-12-02T01:00:00Z", long).0, "25 Nov–2 Dec 2026");
        assert_eq!(read(from, "2027-01-02T01:00:00Z", long).0, "25 Nov 2026–2 Jan 2027");
        let short = |to| short_span(Span { from_ms: at(from), to_ms: at(to) }, &TimeZone::UTC);
        assert_eq!(short(noon), "14:00–18:00");
        assert_eq!(short("2026-12-02T01:00:00Z"), "25 Nov–2 Dec");
    }

    #[test]
    fn what_was_today_has_its_time_and_what_was_not_its_day() {
        let read = |when| short_moment(at(when), at("2026-11-25T00:30:00Z"), &TimeZone::UTC);
        assert_eq!(
            (read("2026-11-25T00:10:00Z").as_str(), read("2026-11-24T23:50:00Z").as_str()),
            ("00:10", "24 Nov")
        );
    }

    #[test]
    fn seconds_show_while_they_can_be_read() {
        let travel = |speed, is_playing| TimeTravel {
            shown: Shown::Moment,
            speed,
            is_playing,
            ..TimeTravel::default()
        };
        assert!(has_seconds(&travel(300, true)));
        assert!(!has_seconds(&travel(600, true)));
        assert!(has_seconds(&travel(100_000, false)), "at rest");
        assert!(!has_seconds(&TimeTravel::default()), "a still map sleeps until the minute turns");
    }
}

//! Which times are written along the timeline: round ones of the local clock, as many as have room. Pure sums.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::scale::Scale;

/// From one label to the next, in points, at least.
const APART: f32 = 28.0;
/// A label stands in the middle below its mark, and sticks out so far beyond the bar at most.
const STICKS_OUT: f32 = 20.0;
/// No screen is wide enough for more.
const MOST: usize = 200;

/// From one mark to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// A part of a day.
    Secs(i64),
    Days(i64),
    Months(i32),
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const STEPS: [Step; 26] = [
    Step::Secs(5),
    Step::Secs(10),
    Step::Secs(15),
    Step::Secs(30),
    Step::Secs(MINUTE),
    Step::Secs(2 * MINUTE),
    Step::Secs(5 * MINUTE),
    Step::Secs(10 * MINUTE),
    Step::Secs(15 * MINUTE),
    Step::Secs(30 * MINUTE),
    Step::Secs(HOUR),
    Step::Secs(2 * HOUR),
    Step::Secs(3 * HOUR),
    Step::Secs(6 * HOUR),
    Step::Secs(12 * HOUR),
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(24),
    Step::Months(60),
    Step::Months(120),
];

impl Step {
    const fn usual_ms(self) -> f64 {
        (match self {
            Self::Secs(secs) => secs,
            Self::Days(days) => days * DAY,
            // The shortest of its kind counts.
            Self::Months(1) => 28 * DAY,
            Self::Months(months) => months as i64 * 30 * DAY,
        } * 1_000) as f64
    }

    /// Characters of the longest label.
    const fn longest(self) -> usize {
        match self {
            Self::Secs(..MINUTE) => 8,
            Self::Secs(_) | Self::Days(_) => 6,
            Self::Months(_) => 4,
        }
    }
}

/// A mark and what is written below it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) unix_millis: i64,
    pub(super) x: f32,
    pub(super) label: String,
    /// A new day among hours, a new year among months: it stands out.
    pub(super) is_turn: bool,
}

/// Marks of a scale for labels of this many points a character, in the order of time.
pub(super) fn ticks(scale: &Scale, zone: &TimeZone, character: f32) -> Vec<Tick> {
    let has_room = |step: &&Step| {
        let apart = step.usual_ms() / scale.ms_a_point();
        apart >= f64::from(step.longest() as f32 * character + APART)
    };
    let step = *STEPS.iter().find(has_room).unwrap_or(&STEPS[STEPS.len() - 1]);
    let mut out: Vec<Tick> = Vec::new();
    let mut free_from = scale.line.min - STICKS_OUT;
    let mut at = first(scale.view.from_ms, step, zone);
    while let Some(unix_millis) = at.filter(|at| *at <= scale.view.to_ms && out.len() < MOST) {
        at = following(unix_millis, step, zone).filter(|next| *next > unix_millis);
        let Some((label, is_turn)) = label(unix_millis, step, zone) else {
            break;
        };
        let x = scale.x_from_ms(unix_millis);
        let half = label.chars().count() as f32 * character * 0.5;
        if x - half >= free_from && x + half <= scale.line.max + STICKS_OUT {
            free_from = x + half + APART * 0.5;
            out.push(Tick { unix_millis, x, label, is_turn });
        }
    }
    out
}

/// The first mark that is not before a moment.
fn first(from_ms: i64, step: Step, zone: &TimeZone) -> Option<i64> {
    following(from_ms - 1, step, zone)
}

/// The first mark after a moment.
fn following(after_ms: i64, step: Step, zone: &TimeZone) -> Option<i64> {
    match step {
        Step::Secs(secs) => following_secs(after_ms, secs, zone),
        Step::Days(_) | Step::Months(_) => {
            let mut date = date_of(after_ms, step, zone)?;
            // The mark of the day, week or month in which the moment lies is behind it, or is it.
            loop {
                let at_ms = date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
                if at_ms > after_ms {
                    return Some(at_ms);
                }
                date = next_date(date, step)?;
            }
        }
    }
}

/// A local time of day that so many seconds divide. Where clocks are put forward or back the marks go on by the new time.
fn following_secs(after_ms: i64, secs: i64, zone: &TimeZone) -> Option<i64> {
    let offset_ms = |unix_millis: i64| {
        let at = Timestamp::from_millisecond(unix_millis).ok()?;
        Some(i64::from(zone.to_offset(at).seconds()) * 1_000)
    };
    let step_ms = secs * 1_000;
    let before = offset_ms(after_ms)?;
    let next_ms = ((after_ms + before).div_euclid(step_ms) + 1) * step_ms - before;
    let after = offset_ms(next_ms)?;
    if after == before {
        return Some(next_ms);
    }
    let floor_ms = (next_ms + after).div_euclid(step_ms) * step_ms - after;
    let is_behind = floor_ms > after_ms && offset_ms(floor_ms) == Some(after);
    Some(if is_behind {
        floor_ms
    } else if floor_ms == next_ms {
        next_ms
    } else {
        floor_ms + step_ms
    })
}

/// The day whose beginning is the last mark before a moment, or at it.
fn date_of(unix_millis: i64, step: Step, zone: &TimeZone) -> Option<Date> {
    let date = zone.to_datetime(Timestamp::from_millisecond(unix_millis).ok()?).date();
    match step {
        Step::Days(days) => {
            // Weeks begin with a Monday.
            let epoch = Date::constant(1970, 1, if days % 7 == 0 { 5 } else { 1 });
            let since = i64::from(date.since(epoch).ok()?.get_days());
            date.checked_sub(jiff::Span::new().days(since.rem_euclid(days))).ok()
        }
        Step::Months(months) => {
            let month = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
            date_of_month(month - month.rem_euclid(months))
        }
        Step::Secs(_) => Some(date),
    }
}

fn next_date(date: Date, step: Step) -> Option<Date> {
    match step {
        Step::Days(days) => date.checked_add(jiff::Span::new().days(days)).ok(),
        Step::Months(months) => {
            date_of_month(i32::from(date.year()) * 12 + i32::from(date.month()) - 1 + months)
        }
        Step::Secs(_) => None,
    }
}

/// Months are counted from the year 0.
fn date_of_month(month: i32) -> Option<Date> {
    Date::new(i16::try_from(month.div_euclid(12)).ok()?, i8::try_from(month.rem_euclid(12)).ok()? + 1, 1).ok()
}

fn label(unix_millis: i64, step: Step, zone: &TimeZone) -> Option<(String, bool)> {
    let local = zone.to_datetime(Timestamp::from_millisecond(unix_millis).ok()?);
    let is_midnight = local.time() == jiff::civil::Time::midnight();
    let (format, is_turn) = match step {
        Step::Secs(_) if is_midnight => ("%-d %b", true),
        Step::Secs(..MINUTE) => ("%H:%M:%S", false),
        Step::Secs(_) => ("%H:%M", false),
        Step::Days(_) if local.day() == 1 && local.month() == 1 => ("%Y", true),
        Step::Days(_) => ("%-d %b", local.day() == 1),
        Step::Months(..12) if local.month() > 1 => ("%b", false),
        Step::Months(months) => ("%Y", months < 12),
    };
    Some((local.strftime(format).to_string(), is_turn))
}

#[cfg(test)]
#[path = "ticks_tests.rs"]
mod tests;

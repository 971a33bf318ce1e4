//! What connections leave on the map that closed or moved on: in which style, and how long it is seen. The trails
//! themselves are in `trails/table.rs`.

mod table;

use std::time::Duration;

use bevy::prelude::Resource;

pub use table::{MOST_TRAILS, Pace, TRAIL_BYTES, TrailInstance, TrailKey, TrailKind, Trails};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// How long trails may fade.
pub const LENGTHS: [Duration; 7] = [
    Duration::from_secs(10),
    Duration::from_secs(MINUTE),
    Duration::from_secs(10 * MINUTE),
    Duration::from_secs(HOUR),
    Duration::from_secs(6 * HOUR),
    Duration::from_secs(24 * HOUR),
    Duration::from_secs(7 * 24 * HOUR),
];
const FIRST_LENGTH: Duration = LENGTHS[3];
/// From the shortest, in seconds.
const UNITS: [(char, u64); 5] =
    [('s', 1), ('m', MINUTE), ('h', HOUR), ('d', 24 * HOUR), ('w', 7 * 24 * HOUR)];

/// What is left of a connection that closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LapseStyle {
    /// It fades within seconds.
    #[default]
    Dots,
    /// It fades slowly.
    Trails,
    /// It stays, as on a photograph of long exposure.
    Integrating,
}

/// The time-lapse styles of the picture.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLapse {
    pub style: LapseStyle,
    /// How long trails fade, on the map's clock.
    pub length: Duration,
}

impl Default for TimeLapse {
    fn default() -> Self {
        Self { style: LapseStyle::Dots, length: FIRST_LENGTH }
    }
}

impl TimeLapse {
    pub fn next_style(&mut self) {
        self.style = match self.style {
            LapseStyle::Dots => LapseStyle::Trails,
            LapseStyle::Trails => LapseStyle::Integrating,
            LapseStyle::Integrating => LapseStyle::Dots,
        };
    }

    pub const fn leaves_trails(&self) -> bool {
        !matches!(self.style, LapseStyle::Dots)
    }

    /// The next of [`LENGTHS`], after the longest the shortest. Where nothing fades yet, this first shows what does.
    pub fn next_length(&mut self) {
        if self.style != LapseStyle::Trails {
            self.style = LapseStyle::Trails;
            return;
        }
        self.length = LENGTHS.into_iter().find(|length| *length > self.length).unwrap_or(LENGTHS[0]);
    }

    /// As the bottom line has it; nothing where only dots are shown.
    pub fn words(&self) -> Option<String> {
        match self.style {
            LapseStyle::Dots => None,
            LapseStyle::Trails => Some(format!("trails of {}", length_words(self.length.as_secs()))),
            LapseStyle::Integrating => Some("integrating".to_owned()),
        }
    }

    /// Milliseconds after which a trail is gone, if it goes.
    pub fn fades_millis(&self) -> Option<i64> {
        match self.style {
            LapseStyle::Trails => Some(i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX)),
            LapseStyle::Dots | LapseStyle::Integrating => None,
        }
    }
}

/// As people say it.
pub fn length_words(secs: u64) -> String {
    let units =
        [(7 * 24 * HOUR, "week"), (24 * HOUR, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")];
    let (length, unit) =
        units.into_iter().find(|(length, _)| secs.is_multiple_of(*length)).unwrap_or((1, "second"));
    let count = secs / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// As [`length_from_text`] reads it.
pub fn length_text(length: Duration) -> String {
    let secs = length.as_secs();
    let (unit, of) = UNITS.into_iter().rfind(|(_, of)| secs.is_multiple_of(*of)).unwrap_or(('s', 1));
    format!("{}{unit}", secs / of)
}

/// `10m`, `6h` and the like: whole seconds, minutes, hours, days or weeks.
///
/// # Errors
/// When it is none of these, or longer than the longest of [`LENGTHS`].
pub fn length_from_text(text: &str) -> Result<Duration, String> {
    let length = UNITS.iter().find_map(|(unit, secs)| {
        let count: u64 = text.trim().strip_suffix(*unit)?.parse().ok()?;
        count.checked_mul(*secs).map(Duration::from_secs)
    });
    let longest = LENGTHS[LENGTHS.len() - 1];
    match length {
        Some(length) if (Duration::from_secs(1)..=longest).contains(&length) => Ok(length),
        _ => Err(format!("`{text}` is no length of trails: 10s, 5m, 1h, 1d and the like, a week at most")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_bad_ones_refused() {
        assert_eq!(length_from_text("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(length_from_text("1w"), Ok(LENGTHS[6]));
        for length in LENGTHS.into_iter().chain([Duration::from_secs(90), Duration::from_secs(3_660)]) {
            assert_eq!(length_from_text(&length_text(length)), Ok(length));
        }
        for bad in ["", "m", "10", "0s", "8d", "-1h", "1.5h", "99999999999999999999s"] {
            assert!(length_from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_read_well() {
        let words: Vec<_> = LENGTHS.iter().map(|it| length_words(it.as_secs())).collect();
        assert_eq!(words, ["10 seconds", "1 minute", "10 minutes", "1 hour", "6 hours", "1 day", "1 week"]);
    }

    #[test]
    fn styles_and_lengths_go_round() {
        let mut lapse = TimeLapse::default();
        for style in [LapseStyle::Trails, LapseStyle::Integrating, LapseStyle::Dots] {
            lapse.next_style();
            assert_eq!(lapse.style, style);
        }
        lapse.next_length();
        assert_eq!(lapse, TimeLapse { style: LapseStyle::Trails, ..TimeLapse::default() }, "shown first");
        let before = lapse;
        lapse.next_length();
        assert_eq!(lapse.length, LENGTHS[4]);
        (1..LENGTHS.len()).for_each(|_| lapse.next_length());
        assert_eq!(lapse, before);
    }
}

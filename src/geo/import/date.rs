//! Which dates of data files are to be believed; the calendar itself is `geo::date`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::geo::date::Date;

/// Seconds since the Unix epoch at 9999-12-31: later dates are nonsense and would not fit `YYYY-MM-DD`.
const LAST_UNIX_SECS: u64 = 253_402_214_400;

/// Seconds since the Unix epoch at 2000-01-01. Packing programs stamp files with fixed days of 1970, 1980 or
/// 1985, which say nothing of the data.
const FIRST_UNIX_SECS: u64 = 946_684_800;

/// `YYYY-MM-DD` in UTC of a moment, or `None` for years before 2000 and past 9999, which no data has.
pub fn date_from_time(time: SystemTime) -> Option<String> {
    date_from_unix_secs(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

/// The same from seconds since the Unix epoch.
pub fn date_from_unix_secs(unix_secs: u64) -> Option<String> {
    if !(FIRST_UNIX_SECS..=LAST_UNIX_SECS).contains(&unix_secs) {
        return None;
    }
    Some(Date::from_system_time(UNIX_EPOCH + Duration::from_secs(unix_secs)).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        for (secs, date) in [
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_780_617_600, "2026-06-05"),
            (946_684_800, "2000-01-01"),
            (LAST_UNIX_SECS, "9999-12-31"),
        ] {
            assert_eq!(date_from_unix_secs(secs).as_deref(), Some(date));
        }
        // The day that npm gives to every packed file: 1985-10-26.
        assert_eq!(date_from_unix_secs(499_162_500), None);
        assert_eq!(date_from_unix_secs(0), None);
        assert_eq!(date_from_unix_secs(u64::MAX), None);
    }
}

//! Calendar dates of data files.

use std::time::{SystemTime, UNIX_EPOCH};

const SECS_PER_DAY: u64 = 86_400;
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
    // Proleptic Gregorian calendar in eras of 400 years that begin on 1 March, so that the leap day comes
    // last (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let days = unix_secs / SECS_PER_DAY + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{day:02}"))
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

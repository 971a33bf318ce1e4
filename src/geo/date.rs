//! Calendar dates of data files: reading them, and saying when they are old. No clock is asked here.

use std::{fmt, time::SystemTime};

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    pub year: i32,
    /// 1 to 12
    pub month: u32,
    /// 1 to 31
    pub day: u32,
}

/// Addresses move; a table older than this many months misplaces enough of them to be worth a word.
const OLD_AFTER_MONTHS: i32 = 12;
const SECS_PER_DAY: u64 = 86_400;

impl Date {
    /// Reads `YYYY-MM-DD`.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<u32>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let year = i32::try_from(year).ok()?;
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Self { year, month, day })
    }

    /// The day in UTC; days before 1970 count as 1970-01-01.
    pub fn from_system_time(time: SystemTime) -> Self {
        let secs = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self::from_unix_days(i64::try_from(secs / SECS_PER_DAY).unwrap_or(0))
    }

    /// Counts days from 1970-01-01. Years are taken from 1 March on, so that a leap day is the last of its year.
    fn from_unix_days(unix_days: i64) -> Self {
        const DAYS_FROM_YEAR_0_MARCH: i64 = 719_468;
        const DAYS_PER_400_YEARS: i64 = 146_097;
        let days = unix_days + DAYS_FROM_YEAR_0_MARCH;
        let (cycle, day) = (days.div_euclid(DAYS_PER_400_YEARS), days.rem_euclid(DAYS_PER_400_YEARS));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        // Months from March have 31, 30, 31, 30, 31 days in turn: 153 in five months.
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = cycle * 400 + year + i64::from(month <= 2);
        Self { year: year as i32, month: month as u32, day: day as u32 }
    }

    /// The day after this one.
    pub fn next(self) -> Self {
        let days = Self { day: self.day + 1, ..self };
        let first = |year, month| Self { year, month, day: 1 };
        let is_leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let last = match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => 31,
        };
        match (self.day < last, self.month < 12) {
            (true, _) => days,
            (false, true) => first(self.year, self.month + 1),
            (false, false) => first(self.year + 1, 1),
        }
    }

    /// Whole months from `self` to `later`; negative where `later` is earlier.
    pub fn months_until(self, later: Self) -> i32 {
        let months = (later.year - self.year) * 12 + later.month as i32 - self.month as i32;
        months - i32::from(later.day < self.day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A sentence for the user where data of `date` (`YYYY-MM-DD`) is older than 12 months on the day `today`.
pub fn age_notice(date: &str, today: Date) -> Option<String> {
    let months = Date::from_text(date)?.months_until(today);
    (months >= OLD_AFTER_MONTHS).then(|| {
        format!("The geographic data is of {date}, {months} months old: some addresses have moved since.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn date(text: &str) -> Date {
        Date::from_text(text).unwrap()
    }

    #[test]
    fn days_are_counted_over_leap_years() {
        for (days, text) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (20_453, "2025-12-31"),
            (20_609, "2026-06-05"),
            (47_541, "2100-03-01"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(days * SECS_PER_DAY + 80_000);
            assert_eq!(Date::from_system_time(time).to_string(), text);
        }
    }

    #[test]
    fn after_the_last_day_of_a_month_comes_the_first() {
        let mut day = date("1970-01-01");
        for days in 1..60_000 {
            day = day.next();
            assert_eq!(day, Date::from_unix_days(days));
        }
    }

    #[test]
    fn text_that_is_no_date_is_none() {
        for text in ["", "2026", "2026-13-01", "2026-06-00", "yesterday", "2026-06-05-01"] {
            assert_eq!(Date::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn data_older_than_twelve_months_gets_a_notice() {
        assert_eq!(age_notice("2026-06-05", date("2027-06-04")), None);
        let notice = age_notice("2026-06-05", date("2027-06-05")).unwrap();
        assert!(notice.contains("2026-06-05") && notice.contains("12 months"), "{notice}");
        assert_eq!(age_notice("2026-06-05", date("2020-01-01")), None, "a clock set wrong");
        assert_eq!(age_notice("unknown", date("2027-06-05")), None);
    }
}

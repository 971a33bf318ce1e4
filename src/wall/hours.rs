//! A part of each day, from one time of day to another, past midnight if need be.

use std::str::FromStr;

use serde::Deserialize;

pub const MINUTES_A_DAY: u16 = 24 * 60;

/// Of the day, from 0.
pub type Minute = u16;

/// From its first minute up to its last, which is not in it. With both the same it is the whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Hours {
    from: Minute,
    to: Minute,
}

impl Hours {
    pub const fn contains(self, minute: Minute) -> bool {
        if self.from < self.to {
            self.from <= minute && minute < self.to
        } else {
            // Past midnight.
            self.from <= minute || minute < self.to
        }
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no part of a day, such as \"22:00-07:00\"");
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let minute = |text: &str| minute(text.trim()).ok_or_else(wrong);
        Ok(Self { from: minute(from)?, to: minute(to)? })
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Of `7:30`, or of `24:00`, which is where a day ends and the next begins.
fn minute(text: &str) -> Option<Minute> {
    let (hour, minute) = text.split_once(':')?;
    let is_plain = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_plain(hour, 2) || !is_plain(minute, 2) || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (Minute, Minute) = (hour.parse().ok()?, minute.parse().ok()?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= MINUTES_A_DAY).then_some(at % MINUTES_A_DAY)
}

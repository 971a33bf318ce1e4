//! How many connections opened when: a timeline's figures, by rule.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use super::{
    super::sums::{HOUR_MS, HOURS_A_DAY, MINUTE_MS, rolled_up_until_day, summed_until_ms},
    Player, count_of, numbers,
};

/// Stretches of at least so many minutes are told from the sums by minute; of shorter ones all rows are read.
const MINUTES_IN_A_STRETCH: i64 = 2;
/// The same of hours.
const HOURS_IN_A_STRETCH: i64 = 2;
const MINUTES_AN_HOUR: i64 = HOUR_MS / MINUTE_MS;

const BY_MINUTE: &str = "SELECT minute, rule, opened FROM minutely WHERE minute >= ?1 AND minute < ?2";
const BY_HOUR: &str = "SELECT hour, rule, opened FROM hourly_by_rule WHERE hour >= ?1 AND hour < ?2";

/// How many connections of a rule opened within a stretch. `rule` is the label that matched then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub stretch: u32,
    pub rule: Option<Arc<str>>,
    pub count: u64,
}

/// Openings by stretch and rule. They come in the order of time, so that those of one stretch are added up at hand.
#[derive(Default)]
struct Counts {
    done: BTreeMap<(u32, i64), u64>,
    stretch: u32,
    rules: Vec<(i64, u64)>,
}

impl Counts {
    fn add(&mut self, stretch: u32, rule: i64, count: u64) {
        if stretch != self.stretch {
            self.put_away();
            self.stretch = stretch;
        }
        match self.rules.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, sum)) => *sum = sum.saturating_add(count),
            None => self.rules.push((rule, count)),
        }
    }

    fn put_away(&mut self) {
        for (rule, count) in self.rules.drain(..) {
            let sum = self.done.entry((self.stretch, rule)).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    fn all(mut self) -> BTreeMap<(u32, i64), u64> {
        self.put_away();
        self.done
    }
}

impl Player {
    /// How many connections opened from one moment up to another, in so many equal stretches, by rule. Where a stretch is
    /// some minutes or hours long, a minute or an hour counts where it begins.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn density(&mut self, from_ms: i64, to_ms: i64, stretches: u32) -> rusqlite::Result<Vec<Opened>> {
        self.at_one_moment(|player| player.counts(from_ms, to_ms, stretches))
    }

    fn counts(&mut self, from_ms: i64, to_ms: i64, stretches: u32) -> rusqlite::Result<Vec<Opened>> {
        let stretch_ms = stretch_ms(from_ms, to_ms, stretches);
        let stretch_of = |at_ms: i64| stretch_of(at_ms, from_ms, stretch_ms, stretches);
        let mut counts = Counts::default();
        let mut rows_from_ms = from_ms;
        if stretch_ms >= MINUTES_IN_A_STRETCH * MINUTE_MS {
            let minutes = from_ms.div_euclid(MINUTE_MS)..to_ms.div_euclid(MINUTE_MS) + 1;
            let is_long = stretch_ms >= HOURS_IN_A_STRETCH * HOUR_MS;
            let hours_end = rolled_up_until_day(&self.database)? * HOURS_A_DAY;
            let first_hour = (minutes.start - 1).div_euclid(MINUTES_AN_HOUR) + 1;
            let hours = first_hour..minutes.end.div_euclid(MINUTES_AN_HOUR).min(hours_end);
            // In the order of time.
            let mut add = |statement: &str, periods: Range<i64>, period_ms: i64| -> rusqlite::Result<()> {
                let mut statement = self.database.prepare_cached(statement)?;
                let mut rows = statement.query([periods.start, periods.end])?;
                while let Some(row) = rows.next()? {
                    if let Some([period, rule, opened]) = numbers(row)? {
                        counts.add(stretch_of(period * period_ms), rule, count_of(opened));
                    }
                }
                Ok(())
            };
            if is_long && !hours.is_empty() {
                add(BY_MINUTE, minutes.start..hours.start * MINUTES_AN_HOUR, MINUTE_MS)?;
                add(BY_HOUR, hours.clone(), HOUR_MS)?;
                add(BY_MINUTE, hours.end * MINUTES_AN_HOUR..minutes.end, MINUTE_MS)?;
            } else {
                add(BY_MINUTE, minutes, MINUTE_MS)?;
            }
            rows_from_ms = from_ms.max(summed_until_ms(&self.database)?);
        }
        let opened =
            "SELECT opened_ms, coalesce(rule, 0) FROM connection WHERE opened_ms >= ?1 AND opened_ms <= ?2";
        {
            let mut opened = self.database.prepare_cached(opened)?;
            let mut rows = opened.query([rows_from_ms, to_ms])?;
            while let Some(row) = rows.next()? {
                if let Some([opened_ms, rule]) = numbers(row)? {
                    counts.add(stretch_of(opened_ms), rule, 1);
                }
            }
        }
        counts
            .all()
            .into_iter()
            .map(|((stretch, rule), count)| Ok(Opened { stretch, rule: self.label(rule)?, count }))
            .collect()
    }
}

/// In which of so many stretches of one length a moment lies.
pub(super) fn stretch_of(at_ms: i64, from_ms: i64, stretch_ms: i64, stretches: u32) -> u32 {
    let last = i64::from(stretches.max(1)) - 1;
    ((at_ms - from_ms).max(0) / stretch_ms).min(last) as u32
}

/// Length of each of so many equal stretches, at least a millisecond.
pub(super) fn stretch_ms(from_ms: i64, to_ms: i64, stretches: u32) -> i64 {
    ((to_ms - from_ms + 1).max(1) as u64).div_ceil(u64::from(stretches.max(1))) as i64
}

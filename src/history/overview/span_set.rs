//! What a stretch of time holds: connection by connection, or as sums where there are too many.

use std::{
    ops::{Range, RangeInclusive},
    sync::Arc,
};

use rusqlite::params;

use super::{
    super::{
        reader::{COLUMNS, Recorded},
        row::RowId,
        sums::{HOUR_MS, HOURS_A_DAY, HOURS_A_MONTH, rolled_up_until_day, summed_until_ms},
    },
    Player, count_of, numbers, recorded_agent,
};
use crate::{id_map::ForeignMap, model::AgentId};

/// A table of sums by place, rule and agent. Of the hours in one of its periods it tells one sum.
struct Level {
    hours: i64,
    statement: &'static str,
}

/// The longest first.
const LEVELS: [Level; 3] = [
    Level {
        hours: HOURS_A_MONTH,
        statement: "SELECT place, rule, agent, opened FROM monthly WHERE month >= ?1 AND month < ?2",
    },
    Level {
        hours: HOURS_A_DAY,
        statement: "SELECT place, rule, agent, opened FROM daily WHERE day >= ?1 AND day < ?2",
    },
    Level {
        hours: 1,
        statement: "SELECT place, rule, agent, opened FROM hourly WHERE hour >= ?1 AND hour < ?2",
    },
];

/// Connections summed by place, rule and agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Degrees north and east; `None` for those without a place.
    pub lat_lon: Option<[f32; 2]>,
    pub rule: Option<Arc<str>>,
    pub agent: AgentId,
    pub count: u64,
}

/// All that was open at any time of a stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanSet {
    /// The newest of them, oldest first.
    pub newest: Vec<Recorded>,
    /// How many there are.
    pub total: u64,
    /// All of them, where `newest` is not all.
    pub sums: Vec<Counted>,
}

/// Place, rule and agent as the tables number them; 0 for none.
type Group = (i64, i64, i64);

impl Player {
    /// All that was open at any time from one moment to another, both included: one by one up to `most`, and summed where
    /// there are more. The player has moved afterwards, and is to seek before it plays.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn span_set(&mut self, from_ms: i64, to_ms: i64, most: usize) -> rusqlite::Result<SpanSet> {
        self.at_one_moment(|player| player.all_within(from_ms, to_ms, most))
    }

    fn all_within(&mut self, from_ms: i64, to_ms: i64, most: usize) -> rusqlite::Result<SpanSet> {
        let open = self.seek_rows(from_ms)?;
        let mut newest = self.newest(from_ms, to_ms, most.saturating_add(1))?;
        if open.len() + newest.len() <= most {
            let total = (open.len() + newest.len()) as u64;
            newest.extend(open.into_iter().rev());
            newest.reverse();
            return Ok(SpanSet { newest, total, sums: Vec::new() });
        }
        let mut groups: ForeignMap<Group, u64> = ForeignMap::default();
        for recorded in &open {
            *groups.entry(self.group_of(recorded.id)?).or_default() += 1;
        }
        self.sum_opened(from_ms + 1, to_ms, &mut groups)?;
        newest.truncate(most);
        newest.extend(open.into_iter().rev().take(most - newest.len()));
        newest.reverse();
        let total = groups.values().fold(0, |total: u64, count| total.saturating_add(*count));
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_unstable();
        let sums = groups.into_iter().map(|(group, count)| self.counted(group, count));
        Ok(SpanSet { newest, total, sums: sums.collect::<Result<_, _>>()? })
    }

    /// Opened after one moment and up to another, newest first.
    fn newest(&mut self, after_ms: i64, to_ms: i64, most: usize) -> rusqlite::Result<Vec<Recorded>> {
        let statement = format!(
            "SELECT {COLUMNS} FROM connection WHERE opened_ms > ?1 AND opened_ms <= ?2 \
             ORDER BY opened_ms DESC, n DESC"
        );
        let mut statement = self.database.prepare_cached(&statement)?;
        let mut rows = statement.query([after_ms, to_ms])?;
        let mut found = Vec::new();
        // Those that are passed over take the place of no other.
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            found.extend(self.texts.read(&self.database, row)?);
        }
        Ok(found)
    }

    /// Hours from the longest periods that lie among them, and what is left at both ends from the shorter ones.
    fn sum_hours(
        &self,
        levels: &[Level],
        hours: Range<i64>,
        rolled_up_until: i64,
        groups: &mut ForeignMap<Group, u64>,
    ) -> rusqlite::Result<()> {
        let [level, shorter @ ..] = levels else {
            return Ok(());
        };
        let known_until = if shorter.is_empty() { hours.end } else { hours.end.min(rolled_up_until) };
        let first = (hours.start - 1).div_euclid(level.hours) + 1;
        let end = known_until.div_euclid(level.hours);
        if first >= end {
            return self.sum_hours(shorter, hours, rolled_up_until, groups);
        }
        // Added up here: SQLite would sort them first.
        self.add_groups(level.statement, [first, end], groups)?;
        self.sum_hours(shorter, hours.start..first * level.hours, rolled_up_until, groups)?;
        self.sum_hours(shorter, end * level.hours..hours.end, rolled_up_until, groups)
    }

    /// Whole hours from the sums, and what is left at both ends row by row.
    fn sum_opened(
        &self,
        from_ms: i64,
        to_ms: i64,
        groups: &mut ForeignMap<Group, u64>,
    ) -> rusqlite::Result<()> {
        let summed_ms = summed_until_ms(&self.database)?;
        let first_hour = from_ms.div_euclid(HOUR_MS) + i64::from(from_ms.rem_euclid(HOUR_MS) != 0);
        let end_hour = to_ms.saturating_add(1).min(summed_ms).div_euclid(HOUR_MS);
        if first_hour >= end_hour {
            return self.sum_rows(from_ms..=to_ms, groups);
        }
        let rolled_up_until = rolled_up_until_day(&self.database)? * HOURS_A_DAY;
        self.sum_hours(&LEVELS, first_hour..end_hour, rolled_up_until, groups)?;
        self.sum_rows(from_ms..=first_hour * HOUR_MS - 1, groups)?;
        self.sum_rows(end_hour * HOUR_MS..=to_ms, groups)
    }

    fn sum_rows(
        &self,
        opened_ms: RangeInclusive<i64>,
        groups: &mut ForeignMap<Group, u64>,
    ) -> rusqlite::Result<()> {
        let rows = "SELECT max(place, 0), coalesce(rule, 0), agent, 1 FROM connection \
                    WHERE opened_ms >= ?1 AND opened_ms <= ?2";
        self.add_groups(rows, [*opened_ms.start(), *opened_ms.end()], groups)
    }

    fn add_groups(
        &self,
        statement: &str,
        range: [i64; 2],
        groups: &mut ForeignMap<Group, u64>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.database.prepare_cached(statement)?;
        let mut rows = statement.query(range)?;
        while let Some(row) = rows.next()? {
            if let Some([place, rule, agent, opened]) = numbers(row)? {
                let sum = groups.entry((place, rule, agent)).or_default();
                *sum = sum.saturating_add(count_of(opened));
            }
        }
        Ok(())
    }

    fn group_of(&self, id: RowId) -> rusqlite::Result<Group> {
        let group =
            "SELECT max(place, 0), coalesce(rule, 0), agent FROM connection WHERE (opened_ms, n) = (?1, ?2)";
        self.database
            .prepare_cached(group)?
            .query_row(params![id.opened_ms, id.n], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }

    fn counted(&mut self, (place, rule, agent): Group, count: u64) -> rusqlite::Result<Counted> {
        let place = if place == 0 { None } else { self.texts.place(&self.database, place)?.ok() };
        let lat_lon = place.map(|place| [place.lat, place.lon]);
        Ok(Counted { lat_lon, rule: self.label(rule)?, agent: recorded_agent(agent), count })
    }
}

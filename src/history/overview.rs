//! The past from afar: who was there, when something was recorded, how many connections opened when, and what a stretch
//! of time holds. Adds to the [`Player`]'s connection what it knows from the sums, so that years take no longer than they
//! must; what is not summed up yet is read row by row.

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use rusqlite::{OptionalExtension, params};

use super::{
    Player,
    reader::{COLUMNS, Recorded},
    row::RowId,
    sums::{HOUR_MS, MINUTE_MS, summed_until_ms},
};
use crate::{id_map::ForeignMap, model::AgentId};

/// Stretches of at least so many minutes are told from the sums by minute; of shorter ones all rows are read.
const MINUTES_IN_A_STRETCH: i64 = 2;

/// How many connections of a rule opened within a stretch. `rule` is the label that matched then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub stretch: u32,
    pub rule: Option<Arc<str>>,
    pub count: u64,
}

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
            Some((_, sum)) => *sum += count,
            None => self.rules.push((rule, count)),
        }
    }

    fn put_away(&mut self) {
        for (rule, count) in self.rules.drain(..) {
            *self.done.entry((self.stretch, rule)).or_default() += count;
        }
    }

    fn all(mut self) -> BTreeMap<(u32, i64), u64> {
        self.put_away();
        self.done
    }
}

/// Place, rule and agent as the tables number them; 0 for none.
type Group = (i64, i64, i64);

impl Player {
    /// Agents by the number that their connections bear, with their names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn agents(&self) -> rusqlite::Result<Vec<(AgentId, Arc<str>)>> {
        let mut agents = self.database.prepare_cached("SELECT id, name FROM agent ORDER BY id")?;
        let agents = agents.query_map([], |row| Ok((recorded_agent(row.get(0)?), row.get(1)?)))?;
        agents.collect()
    }

    /// The last moment before another at which something opened.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn previous_ms(&self, before_ms: i64) -> rusqlite::Result<Option<i64>> {
        let last = "SELECT opened_ms FROM connection WHERE opened_ms < ?1 ORDER BY opened_ms DESC LIMIT 1";
        self.database.prepare_cached(last)?.query_row([before_ms], |row| row.get(0)).optional()
    }

    /// When something was recorded between two moments, as `(from_ms, to_ms)`, in order and apart.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn recordings(&self, from_ms: i64, to_ms: i64) -> rusqlite::Result<Vec<(i64, i64)>> {
        let statement = "SELECT started_ms, seen_ms FROM recording WHERE started_ms <= ?2 AND seen_ms >= ?1 \
                         ORDER BY started_ms";
        let mut statement = self.database.prepare_cached(statement)?;
        let mut rows = statement.query([from_ms, to_ms])?;
        let mut found: Vec<(i64, i64)> = Vec::new();
        while let Some(row) = rows.next()? {
            let (from, to) = (i64::max(row.get(0)?, from_ms), i64::min(row.get(1)?, to_ms));
            match found.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => found.push((from, to)),
            }
        }
        Ok(found)
    }

    /// How many connections opened from one moment up to another, in so many equal stretches, by rule. Where a stretch is
    /// some minutes long, a minute counts where it begins.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn density(&mut self, from_ms: i64, to_ms: i64, stretches: u32) -> rusqlite::Result<Vec<Opened>> {
        let stretch_ms = stretch_ms(from_ms, to_ms, stretches);
        let last = i64::from(stretches.max(1)) - 1;
        let stretch_of = |at_ms: i64| ((at_ms - from_ms).max(0) / stretch_ms).min(last) as u32;
        let mut counts = Counts::default();
        let mut rows_from_ms = from_ms;
        if stretch_ms >= MINUTES_IN_A_STRETCH * MINUTE_MS {
            let summed_ms = summed_until_ms(&self.database)?;
            let minutes = "SELECT minute, rule, opened FROM minutely WHERE minute >= ?1 AND minute <= ?2";
            let mut minutes = self.database.prepare_cached(minutes)?;
            let mut rows = minutes.query([from_ms.div_euclid(MINUTE_MS), to_ms.div_euclid(MINUTE_MS)])?;
            while let Some(row) = rows.next()? {
                let at_ms = row.get::<_, i64>(0)? * MINUTE_MS;
                counts.add(stretch_of(at_ms), row.get(1)?, row.get::<_, i64>(2)?.unsigned_abs());
            }
            rows_from_ms = from_ms.max(summed_ms);
        }
        let opened =
            "SELECT opened_ms, coalesce(rule, 0) FROM connection WHERE opened_ms >= ?1 AND opened_ms <= ?2";
        {
            let mut opened = self.database.prepare_cached(opened)?;
            let mut rows = opened.query([rows_from_ms, to_ms])?;
            while let Some(row) = rows.next()? {
                counts.add(stretch_of(row.get(0)?), row.get(1)?, 1);
            }
        }
        counts
            .all()
            .into_iter()
            .map(|((stretch, rule), count)| Ok(Opened { stretch, rule: self.label(rule)?, count }))
            .collect()
    }

    /// All that was open at any time from one moment to another, both included: one by one up to `most`, and summed where
    /// there are more. The player has moved afterwards, and is to seek before it plays.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn span_set(&mut self, from_ms: i64, to_ms: i64, most: usize) -> rusqlite::Result<SpanSet> {
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
        let total = groups.values().sum();
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_unstable();
        let sums = groups.into_iter().map(|(group, count)| self.counted(group, count));
        Ok(SpanSet { newest, total, sums: sums.collect::<Result<_, _>>()? })
    }

    /// Opened after one moment and up to another, newest first.
    fn newest(&mut self, after_ms: i64, to_ms: i64, most: usize) -> rusqlite::Result<Vec<Recorded>> {
        let statement = format!(
            "SELECT {COLUMNS} FROM connection WHERE opened_ms > ?1 AND opened_ms <= ?2 \
             ORDER BY opened_ms DESC, n DESC LIMIT ?3"
        );
        let mut statement = self.database.prepare_cached(&statement)?;
        let mut rows = statement.query(params![after_ms, to_ms, i64::try_from(most).unwrap_or(i64::MAX)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.extend(self.texts.read(&self.database, row)?);
        }
        Ok(found)
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
        // Added up here: SQLite would sort them first.
        let hours = "SELECT place, rule, agent, opened FROM hourly WHERE hour >= ?1 AND hour < ?2";
        self.add_groups(hours, [first_hour, end_hour], groups)?;
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
            let group = (row.get(0)?, row.get(1)?, row.get(2)?);
            *groups.entry(group).or_default() += row.get::<_, i64>(3)?.unsigned_abs();
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

    fn label(&mut self, rule: i64) -> rusqlite::Result<Option<Arc<str>>> {
        if rule == 0 {
            return Ok(None);
        }
        self.texts.rule(&self.database, rule).map(Some)
    }
}

/// Length of each of so many equal stretches, at least a millisecond.
fn stretch_ms(from_ms: i64, to_ms: i64, stretches: u32) -> i64 {
    ((to_ms - from_ms + 1).max(1) as u64).div_ceil(u64::from(stretches.max(1))) as i64
}

fn recorded_agent(id: i64) -> AgentId {
    AgentId(u32::try_from(id).unwrap_or(0) | AgentId::RECORDED)
}

#[cfg(test)]
#[path = "overview_tests.rs"]
mod tests;

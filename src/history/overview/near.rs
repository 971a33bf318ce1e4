//! What was recorded at some places, the newest first. Rows lie in the order of time alone, so the sums tell in which
//! hours something opened there, and only those hours are read.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{params, types::Value};

use super::{
    super::{
        reader::{COLUMNS, Recorded},
        sums::{HOUR_MS, HOURS_A_DAY, HOURS_A_MONTH, rolled_up_until_day, summed_until_ms},
    },
    Player,
    chosen::Choice,
};

const DAYS_A_MONTH: i64 = HOURS_A_MONTH / HOURS_A_DAY;
const BY_HOUR: &str = "SELECT hour, place FROM hourly WHERE hour >= ?1 AND hour < ?2";
const BY_DAY: &str = "SELECT day, place FROM daily WHERE day >= ?1 AND day < ?2";
const BY_MONTH: &str = "SELECT month, place FROM monthly WHERE month >= ?1 AND month < ?2";

/// The same of one hour and place, and of one day and place.
const IN_HOUR: &str = "SELECT 1 FROM hourly WHERE hour = ?1 AND place = ?2 LIMIT 1";
const IN_DAY: &str = "SELECT 1 FROM daily WHERE day = ?1 AND place = ?2 LIMIT 1";
/// So few places are looked up one by one: in each period that is less work than to read the sums of all places in it.
const FEW_PLACES: usize = 64;
/// In so many periods at most, a month of hours: in a file that has no sums of days yet there are many more without any.
const FEW_PERIODS: i64 = HOURS_A_MONTH;

/// Most rows are of other places: no more of them is read than that.
const PLACES_OF_ROWS: &str = "SELECT opened_ms, n, place FROM connection WHERE opened_ms >= ?1 AND opened_ms < ?2 \
                              AND lasted_ms IS NOT NULL ORDER BY opened_ms DESC, n DESC";

/// Looks for rows until there are enough.
struct Search<'a, 'b> {
    places: HashSet<i64>,
    most: usize,
    choice: Choice<'b>,
    found: &'a mut Vec<Recorded>,
}

impl Search<'_, '_> {
    fn is_done(&self) -> bool {
        self.found.len() >= self.most
    }
}

impl Player {
    /// The newest connections that have ended at the places of which it is true, given as degrees north and east: at most
    /// so many, newest first. `None` when nobody waits for them any more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_at(
        &mut self,
        is_there: impl Fn(f32, f32) -> bool,
        most: usize,
        choice: Choice<'_>,
    ) -> rusqlite::Result<Option<Vec<Recorded>>> {
        self.at_one_moment(|player| {
            let places = player.places_where(&is_there)?;
            let mut found = Vec::new();
            if places.is_empty() {
                return Ok(Some(found));
            }
            let mut search = Search { places, most, choice, found: &mut found };
            Ok(player.search(&mut search)?.then_some(found))
        })
    }

    fn places_where(&self, is_there: &impl Fn(f32, f32) -> bool) -> rusqlite::Result<HashSet<i64>> {
        let mut places = self.database.prepare_cached("SELECT id, lat, lon FROM place")?;
        let mut rows = places.query([])?;
        let mut found = HashSet::new();
        while let Some(row) = rows.next()? {
            // What others wrote there is passed over.
            if let (Ok(id), Ok(lat), Ok(lon)) = (row.get(0), row.get(1), row.get(2))
                && is_there(lat, lon)
            {
                found.insert(id);
            }
        }
        Ok(found)
    }

    /// From now on backwards. Returns whether it came to its end.
    fn search(&mut self, search: &mut Search<'_, '_>) -> rusqlite::Result<bool> {
        let summed_ms = summed_until_ms(&self.database)?;
        if !self.rows_of(summed_ms, i64::MAX, search)? {
            return Ok(false);
        }
        let until_day = rolled_up_until_day(&self.database)?;
        let end_hour = summed_ms.div_euclid(HOUR_MS) + i64::from(summed_ms.rem_euclid(HOUR_MS) != 0);
        if !self.hours_of(until_day * HOURS_A_DAY, end_hour, search)? {
            return Ok(false);
        }
        // A month is summed up when it is over.
        let until_month = until_day.div_euclid(DAYS_A_MONTH);
        if !self.days_of(until_month * DAYS_A_MONTH, until_day, search)? {
            return Ok(false);
        }
        for month in self.periods_of_all(BY_MONTH, 0, until_month, search)? {
            if !self.days_of(month * DAYS_A_MONTH, (month + 1) * DAYS_A_MONTH, search)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn days_of(&mut self, from: i64, end: i64, search: &mut Search<'_, '_>) -> rusqlite::Result<bool> {
        for day in self.periods(BY_DAY, IN_DAY, from, end, search)? {
            if !self.hours_of(day * HOURS_A_DAY, (day + 1) * HOURS_A_DAY, search)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn hours_of(&mut self, from: i64, end: i64, search: &mut Search<'_, '_>) -> rusqlite::Result<bool> {
        for hour in self.periods(BY_HOUR, IN_HOUR, from, end, search)? {
            if !self.rows_of(hour * HOUR_MS, (hour + 1) * HOUR_MS, search)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Those in which something opened there, the last first; none once enough was found.
    fn periods(
        &self,
        of_all: &str,
        of_one: &str,
        from: i64,
        end: i64,
        search: &Search<'_, '_>,
    ) -> rusqlite::Result<Vec<i64>> {
        if search.places.len() > FEW_PLACES || end.saturating_sub(from) > FEW_PERIODS {
            return self.periods_of_all(of_all, from, end, search);
        }
        if search.is_done() {
            return Ok(Vec::new());
        }
        let mut statement = self.database.prepare_cached(of_one)?;
        let mut found = Vec::new();
        for period in (from..end).rev() {
            for place in &search.places {
                if statement.exists(params![period, place])? {
                    found.push(period);
                    break;
                }
            }
        }
        Ok(found)
    }

    fn periods_of_all(
        &self,
        statement: &str,
        from: i64,
        end: i64,
        search: &Search<'_, '_>,
    ) -> rusqlite::Result<Vec<i64>> {
        if from >= end || search.is_done() {
            return Ok(Vec::new());
        }
        let mut statement = self.database.prepare_cached(statement)?;
        let mut rows = statement.query(params![from, end])?;
        let mut found = BTreeSet::new();
        while let Some(row) = rows.next()? {
            if search.places.contains(&row.get(1)?) {
                found.insert(row.get(0)?);
            }
        }
        Ok(found.into_iter().rev().collect())
    }

    fn rows_of(&mut self, from_ms: i64, end_ms: i64, search: &mut Search<'_, '_>) -> rusqlite::Result<bool> {
        if search.is_done() {
            return Ok(true);
        }
        let mut places = self.database.prepare_cached(PLACES_OF_ROWS)?;
        let mut whole = self
            .database
            .prepare_cached(&format!("SELECT {COLUMNS} FROM connection WHERE opened_ms = ?1 AND n = ?2"))?;
        let mut rows = places.query(params![from_ms, end_ms])?;
        while !search.is_done() {
            let Some(row) = rows.next()? else {
                return Ok(true);
            };
            // What others wrote there is passed over.
            if !row.get_ref(2)?.as_i64().is_ok_and(|place| search.places.contains(&place)) {
                continue;
            }
            let mut one = whole.query([row.get::<_, Value>(0)?, row.get::<_, Value>(1)?])?;
            let Some(row) = one.next()? else {
                continue;
            };
            let Some(recorded) = self.texts.read(&self.database, row)? else {
                continue;
            };
            match (search.choice)(&recorded) {
                Some(true) => search.found.push(recorded),
                Some(false) => {}
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

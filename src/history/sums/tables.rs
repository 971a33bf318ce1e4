//! The tables of sums, and how rows get into them and out again. Hours and minutes hold for all that was summed up; days
//! and months of thirty days, which tell a stretch of years from few rows, for whole days before that: they are added up
//! from the hours once a day is over, and kept true afterwards.

use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

pub const HOUR_MS: i64 = 3_600_000;
pub const MINUTE_MS: i64 = 60_000;
pub const HOURS_A_DAY: i64 = 24;
const DAYS_A_MONTH: i64 = 30;
pub const HOURS_A_MONTH: i64 = HOURS_A_DAY * DAYS_A_MONTH;
/// Days before are in the tables of days.
const ROLLED_UP_UNTIL: &str = "rolled_up_until_day";

/// When a row was opened, and what it is summed up by.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    pub(super) opened_ms: i64,
    place: i64,
    rule: i64,
    agent: i64,
}

impl Sum {
    pub fn of(opened_ms: i64, place: i64, rule: Option<i64>, agent: i64) -> Self {
        Self { opened_ms, place: place.max(0), rule: rule.unwrap_or(0), agent }
    }

    const fn hour(&self) -> i64 {
        self.opened_ms.div_euclid(HOUR_MS)
    }

    const fn day(&self) -> i64 {
        self.hour().div_euclid(HOURS_A_DAY)
    }

    const fn month(&self) -> i64 {
        self.day().div_euclid(DAYS_A_MONTH)
    }

    const fn by_place(&self, period: i64) -> [i64; 4] {
        [period, self.place, self.rule, self.agent]
    }

    const fn by_rule(&self, period: i64) -> [i64; 2] {
        [period, self.rule]
    }
}

/// A table of sums: the columns of its key, the period first, and then `opened`.
struct SumTable<const N: usize> {
    name: &'static str,
    key: [&'static str; N],
}

const HOURLY: SumTable<4> = SumTable { name: "hourly", key: ["hour", "place", "rule", "agent"] };
const DAILY: SumTable<4> = SumTable { name: "daily", key: ["day", "place", "rule", "agent"] };
const MONTHLY: SumTable<4> = SumTable { name: "monthly", key: ["month", "place", "rule", "agent"] };
const MINUTELY: SumTable<2> = SumTable { name: "minutely", key: ["minute", "rule"] };
const HOURLY_BY_RULE: SumTable<2> = SumTable { name: "hourly_by_rule", key: ["hour", "rule"] };

impl<const N: usize> SumTable<N> {
    fn add(&self, database: &Connection, keys: impl Iterator<Item = [i64; N]>) -> rusqlite::Result<()> {
        let mut add = database.prepare_cached(&self.to_add())?;
        for (key, rows) in counted(keys) {
            add.execute(params_from_iter(key.iter().chain([&rows])))?;
        }
        Ok(())
    }

    /// What has become none goes.
    fn take_out(&self, database: &Connection, keys: impl Iterator<Item = [i64; N]>) -> rusqlite::Result<()> {
        let mut add = database.prepare_cached(&self.to_add())?;
        let forget = format!(
            "DELETE FROM {} WHERE ({}) = ({}) AND opened <= 0",
            self.name,
            self.key.join(", "),
            marks(N)
        );
        let mut forget = database.prepare_cached(&forget)?;
        for (key, rows) in counted(keys) {
            add.execute(params_from_iter(key.iter().chain([&-rows])))?;
            forget.execute(params_from_iter(&key))?;
        }
        Ok(())
    }

    fn to_add(&self) -> String {
        let (name, opened) = (self.name, N + 1);
        let values = marks(opened);
        format!("INSERT INTO {name} VALUES ({values}) ON CONFLICT DO UPDATE SET opened = opened + ?{opened}")
    }
}

/// `?1, ?2, ?3`
fn marks(count: usize) -> String {
    (1..=count).map(|mark| format!("?{mark}")).collect::<Vec<_>>().join(", ")
}

/// How many there are of each, in order.
fn counted<T: Ord + Copy>(keys: impl Iterator<Item = T>) -> Vec<(T, i64)> {
    let mut keys: Vec<T> = keys.collect();
    keys.sort_unstable();
    keys.chunk_by(T::eq).map(|same| (same[0], same.len() as i64)).collect()
}

/// Adds rows to the sums.
pub fn add_all<'a>(
    database: &Connection,
    rows: impl Iterator<Item = &'a Sum> + Clone,
) -> rusqlite::Result<()> {
    HOURLY.add(database, rows.clone().map(|row| row.by_place(row.hour())))?;
    MINUTELY.add(database, rows.clone().map(|row| row.by_rule(row.opened_ms.div_euclid(MINUTE_MS))))?;
    let until_day = rolled_up_until_day(database)?;
    let rolled_up = rows.filter(|row| row.day() < until_day);
    if rolled_up.clone().next().is_none() {
        return Ok(());
    }
    let months = rolled_up.clone().filter(|row| row.month() < until_day.div_euclid(DAYS_A_MONTH));
    DAILY.add(database, rolled_up.clone().map(|row| row.by_place(row.day())))?;
    HOURLY_BY_RULE.add(database, rolled_up.map(|row| row.by_rule(row.hour())))?;
    MONTHLY.add(database, months.map(|row| row.by_place(row.month())))
}

/// Takes rows out of the sums.
pub fn take_out(database: &Connection, rows: &[Sum]) -> rusqlite::Result<()> {
    HOURLY.take_out(database, rows.iter().map(|row| row.by_place(row.hour())))?;
    MINUTELY.take_out(database, rows.iter().map(|row| row.by_rule(row.opened_ms.div_euclid(MINUTE_MS))))?;
    let until_day = rolled_up_until_day(database)?;
    let rolled_up = rows.iter().filter(|row| row.day() < until_day);
    let months = rolled_up.clone().filter(|row| row.month() < until_day.div_euclid(DAYS_A_MONTH));
    DAILY.take_out(database, rolled_up.clone().map(|row| row.by_place(row.day())))?;
    HOURLY_BY_RULE.take_out(database, rolled_up.map(|row| row.by_rule(row.hour())))?;
    MONTHLY.take_out(database, months.map(|row| row.by_place(row.month())))
}

/// Adds up the days that are over, and the months, from the hours that are summed up until then. A month at a time, so
/// that a file of years needs no memory for it.
pub fn roll_up(database: &Connection, summed_until_ms: i64) -> rusqlite::Result<()> {
    let (from_day, until_day) =
        (rolled_up_until_day(database)?, summed_until_ms.div_euclid(HOUR_MS * HOURS_A_DAY));
    if until_day <= from_day {
        return Ok(());
    }
    let first_day = "SELECT min(hour) / 24 FROM hourly WHERE hour >= 24 * ?1 AND hour < 24 * ?2";
    by_month(database, first_day, from_day, until_day, |day, end| {
        let days = "INSERT INTO daily SELECT hour / 24, place, rule, agent, sum(opened) FROM hourly \
                    WHERE hour >= 24 * ?1 AND hour < 24 * ?2 GROUP BY 1, 2, 3, 4";
        database.prepare_cached(days)?.execute([day, end])?;
        let hours = "INSERT INTO hourly_by_rule SELECT minute / 60, rule, sum(opened) FROM minutely \
                     WHERE minute >= 1440 * ?1 AND minute < 1440 * ?2 GROUP BY 1, 2";
        database.prepare_cached(hours)?.execute([day, end]).map(drop)
    })?;
    let whole_months = |day: i64| day.div_euclid(DAYS_A_MONTH) * DAYS_A_MONTH;
    let first_day = "SELECT min(day) FROM daily WHERE day >= ?1 AND day < ?2";
    by_month(database, first_day, whole_months(from_day), whole_months(until_day), |day, end| {
        let months = "INSERT INTO monthly SELECT day / 30, place, rule, agent, sum(opened) FROM daily \
                      WHERE day >= ?1 AND day < ?2 GROUP BY 1, 2, 3, 4";
        database.prepare_cached(months)?.execute([day, end]).map(drop)
    })?;
    database
        .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")?
        .execute(params![ROLLED_UP_UNTIL, until_day])?;
    Ok(())
}

/// Goes through the months in which there is something: from one day, or the first that has something, up to another.
fn by_month(
    database: &Connection,
    first_day: &str,
    from_day: i64,
    until_day: i64,
    mut take: impl FnMut(i64, i64) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut first_day = database.prepare_cached(first_day)?;
    let mut day = from_day;
    while day < until_day {
        let Some(first) = first_day.query_row([day, until_day], |row| row.get::<_, Option<i64>>(0))? else {
            break;
        };
        let end = ((first.div_euclid(DAYS_A_MONTH) + 1) * DAYS_A_MONTH).min(until_day);
        take(first, end)?;
        day = end;
    }
    Ok(())
}

/// Days before are in the tables of days; none where nothing was rolled up yet, as in a file of version 1.
pub fn rolled_up_until_day(database: &Connection) -> rusqlite::Result<i64> {
    let mut until = database.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
    Ok(until.query_row([ROLLED_UP_UNTIL], |row| row.get(0)).optional()?.unwrap_or(0))
}

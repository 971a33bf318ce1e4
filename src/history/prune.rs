//! How much of the past is kept, and how the rest goes: a few rows at a time, so that nothing waits for it, and the room
//! they took goes back to the disk.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

/// Rows taken away in one step: some milliseconds.
const ROWS_A_STEP: u32 = 2_000;
/// Pages given back in one step.
const PAGES_A_STEP: u32 = 256;
/// What is too old is looked for this often.
const BETWEEN_LOOKS_MS: i64 = 60_000;
/// A size is kept below by this share, or every new row would take an old one away.
const SHRINK_TO: f64 = 0.95;

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Closed connections are kept this long; for ever, if not said.
    pub age_secs: Option<u64>,
    /// The file stays about this small.
    pub bytes: Option<u64>,
    /// Whether anything is recorded at all.
    pub records: bool,
}

impl Default for Keep {
    fn default() -> Self {
        Self { age_secs: None, bytes: None, records: true }
    }
}

impl Keep {
    /// As it was left.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(database: &Connection) -> rusqlite::Result<Self> {
        let setting = |name: &str| {
            let statement = "SELECT value FROM setting WHERE name = ?1";
            let value: Option<i64> = database.query_row(statement, [name], |row| row.get(0)).optional()?;
            rusqlite::Result::Ok(value)
        };
        let unsigned = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        Ok(Self {
            age_secs: unsigned(setting("keep_secs")?),
            bytes: unsigned(setting("keep_bytes")?),
            records: setting("records")? != Some(0),
        })
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, database: &Connection) -> rusqlite::Result<()> {
        let signed = |value: Option<u64>| value.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
        for (name, value) in [
            ("keep_secs", signed(self.age_secs)),
            ("keep_bytes", signed(self.bytes)),
            ("records", Some(i64::from(self.records))),
        ] {
            match value {
                Some(value) => database
                    .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")?
                    .execute(params![name, value])?,
                None => database.prepare_cached("DELETE FROM setting WHERE name = ?1")?.execute([name])?,
            };
        }
        Ok(())
    }
}

/// Takes away what is not to be kept.
#[derive(Debug, Default)]
pub struct Pruner {
    keep: Keep,
    look_at_ms: i64,
    /// All closed rows are to go.
    forgets_all: bool,
    is_busy: bool,
}

impl Pruner {
    /// Between two steps, for others who write.
    pub const PAUSE: Duration = Duration::from_millis(20);

    pub const fn keep(&self) -> Keep {
        self.keep
    }

    pub const fn set(&mut self, keep: Keep) {
        self.keep = keep;
        self.look_at_ms = 0;
    }

    pub const fn forget_all(&mut self) {
        self.forgets_all = true;
        self.look_at_ms = 0;
    }

    /// Whether there is more to do soon.
    pub const fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Does a little of what is to be done.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn step(&mut self, database: &Connection, now_ms: i64) -> rusqlite::Result<()> {
        if !self.is_busy && (now_ms - self.look_at_ms).abs() < BETWEEN_LOOKS_MS {
            return Ok(());
        }
        self.look_at_ms = now_ms;
        let until_ms = self.until_ms(database, now_ms)?;
        let took_rows = match until_ms {
            Some(until_ms) => take_rows(database, until_ms)? > 0,
            None => false,
        };
        if !took_rows && self.forgets_all {
            take_the_rest(database)?;
            self.forgets_all = false;
        }
        self.is_busy = took_rows || give_back(database)?;
        Ok(())
    }

    /// What was opened before goes, once it is closed.
    fn until_ms(&self, database: &Connection, now_ms: i64) -> rusqlite::Result<Option<i64>> {
        if self.forgets_all {
            return Ok(Some(i64::MAX));
        }
        let by_age = self.keep.age_secs.map(|secs| now_ms.saturating_sub(i64::try_from(secs * 1_000).unwrap_or(i64::MAX)));
        let by_size = match self.keep.bytes {
            Some(most) if used_bytes(database)? > most => {
                // As many of the oldest as are too much, a step at a time.
                let statement = "SELECT opened_ms FROM connection ORDER BY opened_ms, n LIMIT 1 OFFSET ?1";
                database.prepare_cached(statement)?.query_row([ROWS_A_STEP], |row| row.get(0)).optional()?
            }
            _ => None,
        };
        Ok(by_age.max(by_size))
    }
}

/// Bytes in use, what is free within the file not counted.
fn used_bytes(database: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name| database.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let pages = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok((pages as f64 * pragma("page_size")? as f64 / SHRINK_TO) as u64)
}

fn take_rows(database: &Connection, until_ms: i64) -> rusqlite::Result<usize> {
    // The key is a pair, and the rows are its first ones: found without going through the others.
    let statement = "DELETE FROM connection WHERE (opened_ms, n) IN (SELECT opened_ms, n FROM connection \
                     WHERE opened_ms < ?1 ORDER BY opened_ms, n LIMIT ?2) AND lasted_ms IS NOT NULL";
    let rows = database.prepare_cached(statement)?.execute(params![until_ms, ROWS_A_STEP])?;
    let statement = "SELECT opened_ms FROM connection ORDER BY opened_ms LIMIT 1";
    let first: Option<i64> = database.prepare_cached(statement)?.query_row([], |row| row.get(0)).optional()?;
    let first = first.unwrap_or(until_ms).min(until_ms);
    database.prepare_cached("DELETE FROM checkpoint WHERE at_ms < ?1")?.execute([first])?;
    database.prepare_cached("DELETE FROM hourly WHERE hour < ?1 / 3600000")?.execute([first])?;
    database.prepare_cached("DELETE FROM minutely WHERE minute < ?1 / 60000")?.execute([first])?;
    database
        .prepare_cached("DELETE FROM recording WHERE seen_ms < ?1 AND id < (SELECT max(id) FROM recording)")?
        .execute([first])?;
    Ok(rows)
}

/// Sums and texts that no row needs.
fn take_the_rest(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch(
        "DELETE FROM checkpoint; DELETE FROM hourly; DELETE FROM minutely;
         DELETE FROM recording WHERE id < (SELECT max(id) FROM recording);",
    )
}

/// Gives free pages back to the disk. Returns whether there are more.
fn give_back(database: &Connection) -> rusqlite::Result<bool> {
    let free: u32 = database.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    if free == 0 {
        return Ok(false);
    }
    let mut statement = database.prepare(&format!("PRAGMA incremental_vacuum({PAGES_A_STEP})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(free > PAGES_A_STEP)
}

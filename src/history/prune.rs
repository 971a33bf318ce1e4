//! How much of the past is kept, and how the rest goes: a few rows at a time, so that nothing waits for it, and the room
//! they took goes back to the disk.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{row::RowId, sums};

/// Rows taken away in one step: some milliseconds.
const ROWS_A_STEP: u32 = 2_000;
/// Pages given back in one step.
const PAGES_A_STEP: u32 = 256;
/// What is too old is looked for this often.
const BETWEEN_LOOKS_MS: i64 = 60_000;

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
        let setting = |name: &str| -> rusqlite::Result<Option<i64>> {
            let statement = "SELECT value FROM setting WHERE name = ?1";
            database.query_row(statement, [name], |row| row.get(0)).optional()
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

/// What was taken away that the writer rests on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// Nobody may rest on the numbers of texts any more.
    pub texts: bool,
    /// Rows that were not summed up yet.
    pub unsummed: bool,
}

/// Rows were taken away.
#[derive(Clone, Copy, Debug)]
struct TookRows {
    unsummed: bool,
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

    /// Whether closed rows are on their way out since [`Self::forget_all`].
    pub const fn is_forgetting(&self) -> bool {
        self.forgets_all
    }

    /// Whether there is more to do soon.
    pub const fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Does a little of what is to be done, and says in `taken` what it took, even where it fails afterwards.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn step(&mut self, database: &Connection, now_ms: i64, taken: &mut Taken) -> rusqlite::Result<()> {
        if !self.is_busy && (now_ms - self.look_at_ms).abs() < BETWEEN_LOOKS_MS {
            return Ok(());
        }
        self.look_at_ms = now_ms;
        let took_rows = match self.until_ms(database, now_ms)? {
            Some(until_ms) => take_rows(database, until_ms)?,
            None => None,
        };
        taken.unsummed |= took_rows.is_some_and(|took| took.unsummed);
        let took_texts = took_rows.is_none() && std::mem::take(&mut self.forgets_all);
        if took_texts {
            taken.texts = true;
            if let Err(error) = take_the_rest(database) {
                self.forgets_all = true;
                return Err(error);
            }
        }
        let was_busy = std::mem::replace(&mut self.is_busy, took_rows.is_some() || give_back(database)?);
        if (was_busy || took_texts) && !self.is_busy {
            // The file shrinks when its journal is taken over.
            database.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// What was closed before goes.
    fn until_ms(&self, database: &Connection, now_ms: i64) -> rusqlite::Result<Option<i64>> {
        let is_too_big = match self.keep.bytes {
            Some(most) => used_bytes(database)? > most,
            None => false,
        };
        // As many of the oldest as are too much, a step at a time.
        if self.forgets_all || is_too_big {
            return Ok(Some(i64::MAX));
        }
        let age_ms =
            self.keep.age_secs.map(|secs| i64::try_from(secs.saturating_mul(1_000)).unwrap_or(i64::MAX));
        Ok(age_ms.map(|age_ms| now_ms.saturating_sub(age_ms)))
    }
}

/// Bytes in use, what is free within the file not counted.
fn used_bytes(database: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok((pages * pragma("page_size")?).unsigned_abs())
}

/// Takes the oldest of what was closed before then, in one step. Returns nothing where there were none.
fn take_rows(database: &Connection, until_ms: i64) -> rusqlite::Result<Option<TookRows>> {
    let transaction = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
    let summed_until_ms = sums::summed_until_ms(&transaction)?;
    let statement = "SELECT opened_ms, n, place, rule, agent FROM connection WHERE opened_ms < ?1 \
                     AND opened_ms + lasted_ms < ?1 ORDER BY opened_ms, n LIMIT ?2";
    let rows: Vec<(RowId, sums::Sum)> = transaction
        .prepare_cached(statement)?
        .query_map(params![until_ms, ROWS_A_STEP], |row| {
            let id = RowId::read(row)?;
            Ok((id, sums::Sum::of(id.opened_ms, row.get(2)?, row.get(3)?, row.get(4)?)))
        })?
        .collect::<Result<_, _>>()?;
    let mut summed = Vec::new();
    {
        let mut delete =
            transaction.prepare_cached("DELETE FROM connection WHERE (opened_ms, n) = (?1, ?2)")?;
        for (id, sum) in &rows {
            delete.execute(params![id.opened_ms, id.n])?;
            if id.opened_ms < summed_until_ms {
                summed.push(*sum);
            }
        }
    }
    sums::take_out(&transaction, &summed)?;
    // Of the time before, nothing is left but what lasted longer: readers find that without help.
    let is_all = rows.len() < ROWS_A_STEP as usize && until_ms < i64::MAX;
    if let Some(before_ms) = is_all.then_some(until_ms).or(rows.last().map(|(id, _)| id.opened_ms)) {
        transaction.prepare_cached("DELETE FROM checkpoint WHERE at_ms < ?1")?.execute([before_ms])?;
        let statement = "DELETE FROM recording WHERE seen_ms < ?1 AND id < (SELECT max(id) FROM recording)";
        transaction.prepare_cached(statement)?.execute([before_ms])?;
    }
    transaction.commit()?;
    Ok((!rows.is_empty()).then_some(TookRows { unsummed: summed.len() < rows.len() }))
}

/// What no row needs any more.
fn take_the_rest(database: &Connection) -> rusqlite::Result<()> {
    let transaction = Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "DELETE FROM checkpoint;
         DELETE FROM recording WHERE id < (SELECT max(id) FROM recording);
         DELETE FROM agent WHERE id NOT IN (SELECT agent FROM connection);
         DELETE FROM program WHERE id NOT IN (SELECT program FROM connection WHERE program IS NOT NULL);
         DELETE FROM rule WHERE id NOT IN (SELECT rule FROM connection WHERE rule IS NOT NULL);
         DELETE FROM place WHERE id NOT IN (SELECT place FROM connection);
         DELETE FROM asn WHERE number NOT IN (SELECT asn FROM connection WHERE asn IS NOT NULL);",
    )?;
    transaction.commit()
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

#[cfg(test)]
#[path = "prune_tests.rs"]
mod tests;

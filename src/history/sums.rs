//! What spares readers from going through all rows: sums by time, and, now and then, what was open at a moment. They hold
//! for all that was opened before the last time they were brought up to date; what comes in later and belongs before that
//! is added at once.

mod tables;

use rusqlite::{Connection, OptionalExtension, params};

use super::row::{NewRow, RowId};
use tables::add_all;
pub use tables::{
    HOUR_MS, HOURS_A_DAY, HOURS_A_MONTH, MINUTE_MS, Sum, roll_up, rolled_up_until_day, take_out,
};

/// Whichever comes first: after this long, or so many rows, what is open is noted. It bounds what a reader goes through
/// to know what was open at any moment.
const BETWEEN_CHECKPOINTS_MS: i64 = 3_600_000;
const ROWS_BETWEEN_CHECKPOINTS: usize = 65_536;
/// Rows that sums may lack: readers go through them in some tens of milliseconds. On a busy machine most of an hour's
/// rows have sums of their own, so that fewer would write each sum many times. Until then they are 4 MB of memory.
const ROWS_BETWEEN_SUMS: u64 = 131_072;
/// Bytes of checkpoints that one batch may write anew, because rows in it were open then. Earlier checkpoints go, and
/// readers go further back: some hundred milliseconds, and years of a usual history.
const MOST_AMENDED_BYTES: usize = 32 << 20;
/// Bytes of a row's name in a checkpoint.
const OPEN_BYTES: usize = 9;

pub const LAST_CHECKPOINT: &str = "SELECT at_ms, open FROM checkpoint ORDER BY at_ms DESC LIMIT 1";
const SUMMED_UNTIL: &str = "summed_until_ms";

/// Up to when sums and checkpoints hold.
#[derive(Debug)]
pub struct Settled {
    /// Rows opened before are in the sums.
    summed_until_ms: i64,
    /// Rows opened since, in no order. `None` where they are not all known: then the table is asked for them.
    unsummed: Option<Vec<Sum>>,
    /// Rows written since, at most, known or not.
    unsummed_rows: u64,
    /// Of the last checkpoint.
    checkpoint_ms: i64,
    /// Rows since.
    rows: usize,
    /// Nothing in the file is of later. While the clock stands before, because it was put back, no checkpoint is made:
    /// what has ended may be open at such a time.
    latest_ms: i64,
}

/// What is true of the file when a transaction that settles is through.
#[derive(Debug)]
pub struct Settling {
    summed_until_ms: Option<i64>,
    checkpoint_ms: Option<i64>,
}

/// A row that earlier checkpoints lack, and the time in which it was open.
#[derive(Clone, Copy, Debug)]
pub struct Missing {
    pub id: RowId,
    pub from_ms: i64,
    pub until_ms: i64,
}

impl Settled {
    pub fn read(database: &Connection) -> rusqlite::Result<Self> {
        let last = database.query_row(LAST_CHECKPOINT, [], |row| row.get(0)).optional()?;
        let latest: Option<i64> =
            database.query_row("SELECT max(seen_ms) FROM recording", [], |row| row.get(0))?;
        let mut settled = Self {
            summed_until_ms: summed_until_ms(database)?,
            unsummed: None,
            unsummed_rows: 0,
            checkpoint_ms: last.unwrap_or(i64::MIN),
            rows: 0,
            latest_ms: latest.unwrap_or(i64::MIN),
        };
        settled.know_unsummed(database)?;
        Ok(settled)
    }

    /// From here on they are known, if there are none.
    fn know_unsummed(&mut self, database: &Connection) -> rusqlite::Result<()> {
        let count = "SELECT count(*) FROM connection WHERE opened_ms >= ?1";
        self.unsummed_rows = database
            .prepare_cached(count)?
            .query_row([self.summed_until_ms], |row| row.get::<_, i64>(0))?
            .unsigned_abs();
        self.unsummed = (self.unsummed_rows == 0).then(Vec::new);
        Ok(())
    }

    /// Rows are in the file that were not before, and all was well until now.
    pub fn wrote<'a>(&mut self, rows: impl ExactSizeIterator<Item = &'a NewRow>, now_ms: i64) {
        self.rows += rows.len();
        self.seen(now_ms);
        for row in rows.filter(|row| row.id.opened_ms >= self.summed_until_ms) {
            self.unsummed_rows += 1;
            if let Some(unsummed) = &mut self.unsummed {
                unsummed.push(Sum::of(row.id.opened_ms, row.place, row.rule, row.agent));
            }
        }
    }

    pub fn seen(&mut self, now_ms: i64) {
        self.latest_ms = self.latest_ms.max(now_ms);
    }

    /// Somebody took rows away that were not summed up.
    pub fn lost_sight(&mut self) {
        self.unsummed = None;
    }

    /// An hour has ended, or what readers have to go through row by row becomes too much.
    pub fn are_sums_due(&self, now_ms: i64) -> bool {
        self.unsummed_rows >= ROWS_BETWEEN_SUMS
            || now_ms.div_euclid(HOUR_MS) > self.summed_until_ms.div_euclid(HOUR_MS)
    }

    pub const fn is_checkpoint_due(&self, now_ms: i64) -> bool {
        self.rows >= ROWS_BETWEEN_CHECKPOINTS
            || now_ms.saturating_sub(self.checkpoint_ms) >= BETWEEN_CHECKPOINTS_MS
    }

    /// Brings sums up to now, where asked for, and notes what is open. The answer is to be given back when it is in the
    /// file.
    pub fn settle<'a>(
        &self,
        database: &Connection,
        now_ms: i64,
        sums: bool,
        open: impl Iterator<Item = &'a RowId>,
    ) -> rusqlite::Result<Settling> {
        let summed_until_ms = sums.then(|| self.sum_up(database, now_ms)).transpose()?;
        if now_ms < self.latest_ms {
            return Ok(Settling { summed_until_ms, checkpoint_ms: None });
        }
        let open: Vec<u8> = open.flat_map(open_to_bytes).collect();
        database
            .prepare_cached("INSERT OR REPLACE INTO checkpoint (at_ms, open) VALUES (?1, ?2)")?
            .execute(params![now_ms, open])?;
        Ok(Settling { summed_until_ms, checkpoint_ms: Some(now_ms) })
    }

    /// Returns up to when.
    fn sum_up(&self, database: &Connection, now_ms: i64) -> rusqlite::Result<i64> {
        // A clock that was put back sums nothing twice.
        let until_ms = now_ms.max(self.summed_until_ms);
        match &self.unsummed {
            Some(unsummed) => add_all(database, unsummed.iter().filter(|sum| sum.opened_ms < until_ms))?,
            None => {
                let rows = "SELECT opened_ms, place, rule, agent FROM connection \
                            WHERE opened_ms >= ?1 AND opened_ms < ?2";
                let mut rows = database.prepare_cached(rows)?;
                let sums = rows.query_map([self.summed_until_ms, until_ms], |row| {
                    Ok(Sum::of(row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?;
                add_all(database, sums.collect::<Result<Vec<_>, _>>()?.iter())?;
            }
        }
        database
            .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")?
            .execute(params![SUMMED_UNTIL, until_ms])?;
        roll_up(database, until_ms)?;
        Ok(until_ms)
    }

    /// It is in the file.
    pub fn take_over(&mut self, database: &Connection, settling: Settling) -> rusqlite::Result<()> {
        self.rows = 0;
        if let Some(at_ms) = settling.checkpoint_ms {
            self.checkpoint_ms = at_ms;
            self.seen(at_ms);
        }
        if let Some(until_ms) = settling.summed_until_ms {
            self.summed_until_ms = until_ms;
            match &mut self.unsummed {
                Some(unsummed) => unsummed.retain(|sum| sum.opened_ms >= until_ms),
                None => self.know_unsummed(database)?,
            }
            // Those that a clock that was put back left beyond it are no reason to begin anew at once.
            self.unsummed_rows = 0;
        }
        Ok(())
    }

    /// Puts rows that belong before now where they belong. The others are summed up when it is time.
    pub fn add_late<'a>(
        &self,
        database: &Connection,
        rows: impl Iterator<Item = &'a NewRow>,
    ) -> rusqlite::Result<()> {
        let (mut missing, mut late) = (Vec::new(), Vec::new());
        for row in rows.take_while(|row| row.id.opened_ms <= self.summed_until_ms.max(self.checkpoint_ms)) {
            let opened_ms = row.id.opened_ms;
            if opened_ms < self.summed_until_ms {
                late.push(Sum::of(opened_ms, row.place, row.rule, row.agent));
            }
            let until_ms = row.lasted_ms.map_or(i64::MAX, |lasted| opened_ms + lasted);
            missing.push(Missing { id: row.id, from_ms: opened_ms, until_ms });
        }
        if !late.is_empty() {
            add_all(database, late.iter())?;
        }
        amend_checkpoints(database, &missing)
    }
}

/// Rows opened before are in the sums.
pub fn summed_until_ms(database: &Connection) -> rusqlite::Result<i64> {
    let mut until = database.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
    Ok(until.query_row([SUMMED_UNTIL], |row| row.get(0)).optional()?.unwrap_or(i64::MIN))
}

/// Notes rows in the checkpoints that were made while they were open.
pub fn amend_checkpoints(database: &Connection, missing: &[Missing]) -> rusqlite::Result<()> {
    let Some(from_ms) = missing.iter().map(|row| row.from_ms).min() else {
        return Ok(());
    };
    let find = "SELECT at_ms, length(open) FROM checkpoint WHERE at_ms >= ?1 ORDER BY at_ms DESC";
    let found: Vec<(i64, i64)> = database
        .prepare_cached(find)?
        .query_map([from_ms], |found| Ok((found.get(0)?, found.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut written = 0;
    for (at_ms, bytes) in found {
        let then_open = || missing.iter().filter(|row| row.from_ms <= at_ms && at_ms < row.until_ms);
        if then_open().next().is_none() {
            continue;
        }
        written += usize::try_from(bytes).unwrap_or(0);
        if written > MOST_AMENDED_BYTES {
            let statement = "DELETE FROM checkpoint WHERE at_ms >= ?1 AND at_ms <= ?2";
            database.prepare_cached(statement)?.execute([from_ms, at_ms])?;
            return Ok(());
        }
        let statement = "SELECT open FROM checkpoint WHERE at_ms = ?1";
        let mut open: Vec<u8> = database.prepare_cached(statement)?.query_row([at_ms], |row| row.get(0))?;
        open.extend(then_open().flat_map(|row| open_to_bytes(&row.id)));
        let statement = "UPDATE checkpoint SET open = ?2 WHERE at_ms = ?1";
        database.prepare_cached(statement)?.execute(params![at_ms, open])?;
    }
    Ok(())
}

fn open_to_bytes(id: &RowId) -> [u8; OPEN_BYTES] {
    let mut bytes = [0; OPEN_BYTES];
    bytes[..6].copy_from_slice(&id.opened_ms.to_le_bytes()[..6]);
    bytes[6..].copy_from_slice(&id.n.to_le_bytes()[..3]);
    bytes
}

/// The rows that a checkpoint names.
pub fn open_from_blob(blob: &[u8]) -> impl Iterator<Item = RowId> {
    blob.chunks_exact(OPEN_BYTES).map(|bytes| {
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        RowId { opened_ms: number(0..6) as i64, n: number(6..9) as i64 }
    })
}

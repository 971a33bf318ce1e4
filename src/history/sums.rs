//! What spares readers from going through all rows: sums by hour and minute, and, now and then, what was open at a moment.
//! They hold for all that was opened before the last time they were brought up to date; what comes in later and belongs
//! before that is added at once.

use rusqlite::{Connection, OptionalExtension, params};

use super::row::{NewRow, RowId};

/// Whichever comes first: after this long, or so many rows, what is open is noted. It bounds what a reader goes through
/// to know what was open at any moment.
const BETWEEN_CHECKPOINTS_MS: i64 = 3_600_000;
pub const ROWS_BETWEEN_CHECKPOINTS: usize = 65_536;
pub const HOUR_MS: i64 = 3_600_000;
pub const MINUTE_MS: i64 = 60_000;
/// Bytes of checkpoints that one batch may write anew, because rows in it were open then. Earlier checkpoints go, and
/// readers go further back: some hundred milliseconds, and years of a usual history.
const MOST_AMENDED_BYTES: usize = 32 << 20;
/// Bytes of a row's name in a checkpoint.
const OPEN_BYTES: usize = 9;

pub const LAST_CHECKPOINT: &str = "SELECT at_ms, open FROM checkpoint ORDER BY at_ms DESC LIMIT 1";
const SUMMED_UNTIL: &str = "summed_until_ms";

/// Up to when sums and checkpoints hold.
#[derive(Clone, Copy, Debug)]
pub struct Settled {
    /// Rows opened before are in the sums.
    pub summed_until_ms: i64,
    /// Of the last checkpoint.
    pub checkpoint_ms: i64,
    /// Rows since.
    pub rows: usize,
    /// Nothing in the file is of later. While the clock stands before, because it was put back, no checkpoint is made:
    /// what has ended may be open at such a time.
    pub latest_ms: i64,
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
        Ok(Self {
            summed_until_ms: summed_until_ms(database)?,
            checkpoint_ms: last.unwrap_or(i64::MIN),
            rows: 0,
            latest_ms: latest.unwrap_or(i64::MIN),
        })
    }

    pub const fn is_due(&self, now_ms: i64) -> bool {
        self.rows >= ROWS_BETWEEN_CHECKPOINTS
            || now_ms.saturating_sub(self.checkpoint_ms) >= BETWEEN_CHECKPOINTS_MS
    }

    /// Brings sums up to now and notes what is open. The caller takes the answer over when it is in the file.
    pub fn settle<'a>(
        self,
        database: &Connection,
        now_ms: i64,
        open: impl Iterator<Item = &'a RowId>,
    ) -> rusqlite::Result<Self> {
        // A clock that was put back sums nothing twice.
        let until_ms = now_ms.max(self.summed_until_ms);
        for (table, columns, groups, unit_ms) in [
            ("hourly", "max(place, 0), coalesce(rule, 0), agent", "1, 2, 3, 4", HOUR_MS),
            ("minutely", "coalesce(rule, 0)", "1, 2", MINUTE_MS),
        ] {
            let statement = format!(
                "INSERT INTO {table} SELECT opened_ms / {unit_ms}, {columns}, count(*) FROM connection \
                 WHERE opened_ms >= ?1 AND opened_ms < ?2 GROUP BY {groups} \
                 ON CONFLICT DO UPDATE SET opened = opened + excluded.opened"
            );
            database.prepare_cached(&statement)?.execute([self.summed_until_ms, until_ms])?;
        }
        database
            .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")?
            .execute(params![SUMMED_UNTIL, until_ms])?;
        let settled = Self { summed_until_ms: until_ms, rows: 0, ..self };
        if now_ms < self.latest_ms {
            return Ok(settled);
        }
        let open: Vec<u8> = open.flat_map(open_to_bytes).collect();
        database
            .prepare_cached("INSERT OR REPLACE INTO checkpoint (at_ms, open) VALUES (?1, ?2)")?
            .execute(params![now_ms, open])?;
        Ok(Self { checkpoint_ms: now_ms, latest_ms: now_ms, ..settled })
    }

    /// Puts rows that belong before now where they belong. The others are summed up when it is time.
    pub fn add_late<'a>(
        &self,
        database: &Connection,
        rows: impl Iterator<Item = &'a NewRow>,
    ) -> rusqlite::Result<()> {
        let mut missing = Vec::new();
        for row in rows.take_while(|row| row.id.opened_ms <= self.summed_until_ms.max(self.checkpoint_ms)) {
            let opened_ms = row.id.opened_ms;
            if opened_ms < self.summed_until_ms {
                add(database, &Sum::of(opened_ms, row.place, row.rule, row.agent), 1)?;
            }
            let until_ms = row.lasted_ms.map_or(i64::MAX, |lasted| opened_ms + lasted);
            missing.push(Missing { id: row.id, from_ms: opened_ms, until_ms });
        }
        amend_checkpoints(database, &missing)
    }
}

/// What a row is summed up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sum {
    opened_ms: i64,
    place: i64,
    rule: i64,
    agent: i64,
}

impl Sum {
    pub fn of(opened_ms: i64, place: i64, rule: Option<i64>, agent: i64) -> Self {
        let opened_ms = opened_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
        Self { opened_ms, place: place.max(0), rule: rule.unwrap_or(0), agent }
    }
}

/// Adds rows to the sums, or takes them out.
pub fn add(database: &Connection, sum: &Sum, rows: i64) -> rusqlite::Result<()> {
    let Sum { opened_ms, place, rule, agent } = *sum;
    database
        .prepare_cached(
            "INSERT INTO hourly VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET opened = opened + ?5",
        )?
        .execute([opened_ms / HOUR_MS, place, rule, agent, rows])?;
    database
        .prepare_cached(
            "INSERT INTO minutely VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET opened = opened + ?3",
        )?
        .execute([opened_ms / MINUTE_MS, rule, rows])?;
    if rows < 0 {
        database
            .prepare_cached(
                "DELETE FROM hourly WHERE (hour, place, rule, agent) = (?1, ?2, ?3, ?4) AND opened <= 0",
            )?
            .execute([opened_ms / HOUR_MS, place, rule, agent])?;
        database
            .prepare_cached("DELETE FROM minutely WHERE (minute, rule) = (?1, ?2) AND opened <= 0")?
            .execute([opened_ms / MINUTE_MS, rule])?;
    }
    Ok(())
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
        RowId { opened_ms: number(0..6) as i64, n: number(6..9) as u32 }
    })
}

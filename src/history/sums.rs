//! What spares readers from going through all rows: sums by hour and minute, and, now and then, what was open at a moment.
//! They hold for all that was opened before the last time they were brought up to date; what comes in later and belongs
//! before that is added at once.

use rusqlite::{Connection, OptionalExtension, params};

use super::row::{NewRow, RowId};

/// Whichever comes first: after this long, or so many rows, what is open is noted. It bounds what a reader goes through
/// to know what was open at any moment.
const BETWEEN_CHECKPOINTS_MS: i64 = 3_600_000;
pub const ROWS_BETWEEN_CHECKPOINTS: usize = 65_536;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
/// A row that comes late is noted in so many checkpoints; earlier ones than that are taken away, and readers go further
/// back.
const MOST_AMENDED: usize = 24;
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
}

impl Settled {
    pub fn read(database: &Connection) -> rusqlite::Result<Self> {
        let until = "SELECT value FROM setting WHERE name = ?1";
        let until = database.query_row(until, [SUMMED_UNTIL], |row| row.get(0)).optional()?;
        let last = database.query_row(LAST_CHECKPOINT, [], |row| row.get(0)).optional()?;
        Ok(Self { summed_until_ms: until.unwrap_or(i64::MIN), checkpoint_ms: last.unwrap_or(i64::MIN), rows: 0 })
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
        let open: Vec<u8> = open.filter(|id| id.opened_ms <= now_ms).flat_map(open_to_bytes).collect();
        database
            .prepare_cached("INSERT OR REPLACE INTO checkpoint (at_ms, open) VALUES (?1, ?2)")?
            .execute(params![now_ms, open])?;
        Ok(Self { summed_until_ms: until_ms, checkpoint_ms: now_ms, rows: 0 })
    }

    /// Puts a row that belongs before now where it belongs.
    pub fn add_late(&self, database: &Connection, row: &NewRow) -> rusqlite::Result<()> {
        let opened_ms = row.id.opened_ms;
        if opened_ms < self.summed_until_ms {
            let statement = "INSERT INTO hourly VALUES (?1, ?2, ?3, ?4, 1) \
                             ON CONFLICT DO UPDATE SET opened = opened + 1";
            database.prepare_cached(statement)?.execute(params![
                opened_ms / HOUR_MS,
                row.place.max(0),
                row.rule.unwrap_or(0),
                row.agent
            ])?;
            let statement = "INSERT INTO minutely VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET opened = opened + 1";
            database.prepare_cached(statement)?.execute([opened_ms / MINUTE_MS, row.rule.unwrap_or(0)])?;
        }
        if opened_ms <= self.checkpoint_ms { amend_checkpoints(database, row) } else { Ok(()) }
    }
}

fn amend_checkpoints(database: &Connection, row: &NewRow) -> rusqlite::Result<()> {
    let closed_ms = row.lasted_ms.map_or(i64::MAX, |lasted| row.id.opened_ms + lasted);
    let statement = "SELECT at_ms, open FROM checkpoint WHERE at_ms >= ?1 AND at_ms < ?2 ORDER BY at_ms DESC";
    let mut statement = database.prepare_cached(statement)?;
    let found: Vec<(i64, Vec<u8>)> = statement
        .query_map([row.id.opened_ms, closed_ms], |found| Ok((found.get(0)?, found.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (index, (at_ms, mut open)) in found.into_iter().enumerate() {
        if index < MOST_AMENDED {
            open.extend(open_to_bytes(&row.id));
            database
                .prepare_cached("UPDATE checkpoint SET open = ?2 WHERE at_ms = ?1")?
                .execute(params![at_ms, open])?;
        } else {
            database.prepare_cached("DELETE FROM checkpoint WHERE at_ms = ?1")?.execute([at_ms])?;
        }
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

//! What the history has of the agents' connections, asked of the file while the program runs and after.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use connmapperl::history::address_from_sql;
use rusqlite::{Connection, OpenFlags};

use super::ledger::{Ledger, Serial};

const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// Rows that lasted less are gone soon after they came.
const SHORT_MS: i64 = 5_000;
/// By then whoever was away has told what lasted so long, and it is written.
const TOLD_WITHIN_MS: i64 = 30_000;

pub fn read(history: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open_with_flags(history, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    database.busy_timeout(Duration::from_secs(5))?;
    Ok(database)
}

/// Connections of the agents that a condition holds for, in order; one that is there twice twice.
fn agents_rows(database: &Connection, condition: &str) -> rusqlite::Result<Vec<Serial>> {
    let mut rows =
        database.prepare(&format!("SELECT local, local_port FROM connection WHERE {condition}"))?;
    let ends = rows.query_map([], |row| {
        let address = address_from_sql(row.get_ref(0)?);
        let port: u16 = row.get(1)?;
        Ok(address.map(|address| SocketAddr::from((address, port))))
    })?;
    let mut serials = Vec::new();
    for end in ends {
        serials.extend(end?.and_then(|end| Serial::of_end(end.ip(), end.port())));
    }
    serials.sort_unstable();
    Ok(serials)
}

/// Waits until the history holds open what the agents do. Returns both numbers, and how many are in one alone.
pub fn compare_open(
    database: &Connection,
    ledgers: &[Ledger],
    within: Duration,
) -> rusqlite::Result<(usize, usize, usize)> {
    let mut told: Vec<Serial> = ledgers.iter().flat_map(|ledger| &ledger.open).copied().collect();
    told.sort_unstable();
    let began = Instant::now();
    loop {
        let kept = agents_rows(database, "lasted_ms IS NULL")?;
        if kept == told || began.elapsed() > within {
            let (a, b): (BTreeSet<_>, BTreeSet<_>) = (told.iter().collect(), kept.iter().collect());
            let twice = kept.len() - b.len();
            return Ok((told.len(), kept.len(), a.symmetric_difference(&b).count() + twice));
        }
        sleep(BETWEEN_LOOKS);
    }
}

/// What became of connections that were opened late enough not to have been pruned.
#[derive(Debug, Default)]
pub struct Kept {
    pub told: usize,
    pub missing: usize,
    pub twice: usize,
}

/// Pruning takes the oldest first: from a while after the oldest short one that is left on, all must be there.
pub fn compare_kept(database: &Connection, ledgers: &[Ledger]) -> rusqlite::Result<Kept> {
    let oldest = format!("SELECT min(opened_ms) FROM connection WHERE lasted_ms < {SHORT_MS}");
    let Some(oldest_ms) = database.query_row(&oldest, [], |row| row.get::<_, Option<i64>>(0))? else {
        return Ok(Kept::default());
    };
    let since_ms = oldest_ms + TOLD_WITHIN_MS;
    let rows = agents_rows(database, "true")?;
    let there: BTreeSet<Serial> = rows.iter().copied().collect();
    let entries = || ledgers.iter().flat_map(|ledger| &ledger.entries);
    let told: Vec<_> =
        entries().filter(|entry| entry.opened_ms >= since_ms && !entry.may_be_missing).collect();
    let missing = told.iter().filter(|entry| !there.contains(&entry.serial)).count();
    Ok(Kept { told: told.len(), missing, twice: rows.len() - there.len() })
}

/// Rows of the file, and what its sums by the hour and by the minute count: all rows, once the program has ended.
pub fn sums(database: &Connection) -> rusqlite::Result<[i64; 4]> {
    let number = |question: &str| database.query_row(question, [], |row| row.get(0));
    Ok([
        number("SELECT count(*) FROM connection")?,
        number("SELECT coalesce(sum(opened), 0) FROM hourly")?,
        number("SELECT coalesce(sum(opened), 0) FROM minutely")?,
        number("SELECT count(*) FROM connection WHERE lasted_ms IS NULL")?,
    ])
}

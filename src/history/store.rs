//! The database, open for writing: takes batches of what happened, each in one transaction, and keeps in mind which
//! row belongs to which open connection. Owns no thread and no clock: it is told what time it is.

use std::{fs, io, net::SocketAddr, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{
    batch::{Agents, Batch, OpenRows, Work},
    dictionary::Dictionaries,
    lock::{Lock, LockError},
    present_ms,
    prune::{Pruner, Taken},
    row::{INSERT, RowId, clamped},
    schema::{SchemaError, create_or_migrate},
    sums,
    unfinished::{self, Unfinished},
};
use crate::{
    enrich::Record,
    model::{Located, Protocol, Traffic},
    rules::Rules,
};

/// More than there are, so that each is read by SQLite once.
const STATEMENTS: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

pub struct Store {
    database: Connection,
    dictionaries: Dictionaries,
    open: OpenRows,
    agents: Agents,
    /// What an earlier run left open, as long as its agent has not told all it has.
    unfinished: Unfinished,
    /// `None` while nothing is recorded.
    recording: Option<i64>,
    newest_ms: i64,
    settled: sums::Settled,
    /// Goes last.
    _lock: Arc<Lock>,
}

impl Store {
    /// Opens or makes the file, and closes what an earlier run left open at the time when it was last seen.
    ///
    /// # Errors
    /// When another program records into it, it cannot be read or written, or is none of ours.
    pub fn open(path: &Path, now_ms: i64) -> Result<Self, StoreError> {
        let lock = Self::lock(path)?;
        Self::open_locked(path, Arc::new(lock), now_ms)
    }

    /// Takes the right to write, which may outlive stores: a damaged file is replaced under one lock.
    ///
    /// # Errors
    /// When another program has it, or the folder cannot be written.
    pub fn lock(path: &Path) -> Result<Lock, StoreError> {
        make_private(path)?;
        Ok(Lock::take(path)?)
    }

    /// As [`Store::open`], under a lock that the caller has.
    ///
    /// # Errors
    /// When it cannot be read or written, or is none of ours.
    pub fn open_locked(path: &Path, lock: Arc<Lock>, now_ms: i64) -> Result<Self, StoreError> {
        make_private(path)?;
        let mut database = Connection::open(path)?;
        create_or_migrate(&mut database)?;
        database.set_prepared_statement_cache_capacity(STATEMENTS);
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let unfinished = unfinished::close(&transaction, now_ms)?;
        let settled = sums::Settled::read(&transaction)?;
        let newest = "SELECT opened_ms FROM connection ORDER BY opened_ms DESC LIMIT 1";
        let newest_ms = transaction.query_row(newest, [], |row| row.get(0)).optional()?.unwrap_or(i64::MIN);
        transaction.commit()?;
        Ok(Self {
            database,
            dictionaries: Dictionaries::default(),
            open: OpenRows::default(),
            agents: Agents::default(),
            unfinished,
            recording: None,
            newest_ms,
            settled,
            _lock: lock,
        })
    }

    pub const fn database(&self) -> &Connection {
        &self.database
    }

    pub const fn is_recording(&self) -> bool {
        self.recording.is_some()
    }

    /// Begins a recording, unless one is under way.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&mut self, now_ms: i64) -> rusqlite::Result<()> {
        if self.recording.is_none() {
            let statement = "INSERT INTO recording (started_ms, seen_ms, ended) VALUES (?1, ?1, 0)";
            self.recording = Some(self.database.prepare_cached(statement)?.insert([now_ms])?);
        }
        Ok(())
    }

    /// Writes what happened, all of it or nothing, and that all was well until now.
    ///
    /// # Errors
    /// When it cannot be written; then nothing has changed, and the same batch may be tried again.
    pub fn write(&mut self, records: &[Record], rules: &Rules, now_ms: i64) -> rusqlite::Result<()> {
        let is_counter =
            |record: &Record| matches!(record, Record::Told(Located::Updated { owner: None, .. }));
        // Counters get into the file with the end of their connection: they come all the time.
        if records.iter().all(is_counter) {
            self.count(records);
            return Ok(());
        }
        let mut batch = Batch::default();
        let agents = self.agents.clone();
        let written = self.write_batch(records, rules, now_ms, &mut batch);
        if written.is_err() {
            self.agents = agents;
            self.forget_texts();
            return written;
        }
        if let Some((newest, _)) = batch.rows.last_key_value() {
            self.newest_ms = self.newest_ms.max(newest.opened_ms);
        }
        self.settled.wrote(batch.rows.values(), now_ms);
        batch.take_over(&mut self.open, &mut self.unfinished);
        self.count(records);
        Ok(())
    }

    fn count(&mut self, records: &[Record]) {
        for record in records {
            if let Record::Told(Located::Updated { key, traffic: Some(traffic), .. }) = record
                && let Some(open) = self.open.get_mut(key)
            {
                open.traffic.update(*traffic);
            }
        }
    }

    fn write_batch(
        &mut self,
        records: &[Record],
        rules: &Rules,
        now_ms: i64,
        batch: &mut Batch,
    ) -> rusqlite::Result<()> {
        // The connection is this store's alone, and no other transaction is open.
        let transaction = Transaction::new_unchecked(&self.database, TransactionBehavior::Immediate)?;
        let mut work = Work {
            database: &transaction,
            dictionaries: &mut self.dictionaries,
            open: &self.open,
            agents: &mut self.agents,
            unfinished: &self.unfinished,
            newest_ms: self.newest_ms,
            rules,
            now_ms,
        };
        for record in records {
            work.take(record, batch)?;
        }
        {
            let mut insert = transaction.prepare_cached(INSERT)?;
            batch.rows.values().try_for_each(|row| row.insert(&mut insert))?;
        }
        close_rows(&transaction, batch.ends.iter().copied())?;
        self.settled.add_late(&transaction, batch.rows.values())?;
        sums::amend_checkpoints(&transaction, &batch.went_on)?;
        mark(&transaction, self.recording, now_ms)?;
        transaction.commit()
    }

    /// Says that all was well until now: what is open now was open then, should nobody say more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark(&mut self, now_ms: i64) -> rusqlite::Result<()> {
        mark(&self.database, self.recording, now_ms)?;
        self.settled.seen(now_ms);
        Ok(())
    }

    /// Now and then brings up to date what readers rest on.
    ///
    /// # Errors
    /// When it cannot be written; it is tried again the next time.
    pub fn settle_if_due(&mut self, now_ms: i64) -> rusqlite::Result<()> {
        let are_sums_due = self.settled.are_sums_due(now_ms);
        if are_sums_due || self.settled.is_checkpoint_due(now_ms) {
            return self.settle_both(now_ms, are_sums_due);
        }
        Ok(())
    }

    /// Sums up what was opened, and notes what is open, so that readers need not go through all rows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn settle(&mut self, now_ms: i64) -> rusqlite::Result<()> {
        self.settle_both(now_ms, true)
    }

    fn settle_both(&mut self, now_ms: i64, sums: bool) -> rusqlite::Result<()> {
        let transaction = Transaction::new_unchecked(&self.database, TransactionBehavior::Immediate)?;
        let open = self.open.values().map(|open| &open.id);
        let settling = self.settled.settle(&transaction, now_ms, sums, open)?;
        transaction.commit()?;
        self.settled.take_over(&self.database, settling)
    }

    /// Lets some of what is not to be kept be taken away.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn prune(&mut self, pruner: &mut Pruner, now_ms: i64) -> rusqlite::Result<()> {
        let mut taken = Taken::default();
        let pruned = pruner.step(&self.database, now_ms, &mut taken);
        if taken.texts {
            self.forget_texts();
        }
        if taken.unsummed {
            self.settled.lost_sight();
        }
        pruned
    }

    /// Ends the recording, if there is one: what is open is closed now, as far as this history goes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(&mut self, now_ms: i64) -> rusqlite::Result<()> {
        let Some(recording) = self.recording else {
            return Ok(());
        };
        // All was well until then, wherever the clock stands.
        let seen = "SELECT seen_ms FROM recording WHERE id = ?1";
        let seen_ms: i64 = self.database.query_row(seen, [recording], |row| row.get(0))?;
        let now_ms = now_ms.max(seen_ms);
        self.settle(now_ms)?;
        let transaction = Transaction::new_unchecked(&self.database, TransactionBehavior::Immediate)?;
        close_rows(&transaction, self.open.values().map(|open| (open.id, now_ms, open.traffic)))?;
        let statement = "UPDATE recording SET seen_ms = ?2, ended = 1 WHERE id = ?1";
        transaction.execute(statement, params![recording, now_ms])?;
        transaction.commit()?;
        self.open.clear();
        self.agents.clear();
        self.recording = None;
        Ok(())
    }

    /// Somebody took texts out of the tables, or put none in: their numbers are looked up again.
    fn forget_texts(&mut self) {
        self.dictionaries.forget();
        self.agents.values_mut().for_each(|agent| agent.id = None);
    }

    /// When the first connection opened and when all was well last, as of now.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn span(&self, now_ms: i64) -> rusqlite::Result<Option<(i64, i64)>> {
        span(&self.database, now_ms)
    }
}

/// What was seen is nobody else's business. SQLite gives the files beside it the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// When all was well last in a recording, where `?1` is now: one that a clock ahead of its time marked in the future went on
/// until the next began, or until now.
pub const SEEN_MS: &str = "CASE WHEN seen_ms <= ?1 THEN seen_ms ELSE min(?1, coalesce((SELECT started_ms FROM recording \
                           AS next WHERE next.id > recording.id ORDER BY next.id LIMIT 1), ?1)) END";

/// When the first connection opened and when all was well last, as of now.
///
/// # Errors
/// When the file cannot be read.
pub fn span(database: &Connection, now_ms: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    // No time before that is one that the program writes.
    let first = "SELECT opened_ms FROM connection WHERE opened_ms >= 0 ORDER BY opened_ms LIMIT 1";
    let first: Option<i64> = database.prepare_cached(first)?.query_row([], |row| row.get(0)).optional()?;
    let last = format!("SELECT max({SEEN_MS}) FROM recording");
    let last: Option<i64> =
        database.prepare_cached(&last)?.query_row([present_ms(now_ms)], |row| row.get(0))?;
    Ok(first.zip(last).map(|(first, last)| (first, last.max(first))))
}

/// What tells sockets of two runs apart: agent, protocol, both ends.
pub type Socket = (i64, Protocol, SocketAddr, SocketAddr);

fn mark(database: &Connection, recording: Option<i64>, now_ms: i64) -> rusqlite::Result<()> {
    if let Some(recording) = recording {
        let statement = "UPDATE recording SET seen_ms = max(seen_ms, ?2) WHERE id = ?1";
        database.prepare_cached(statement)?.execute([recording, now_ms])?;
    }
    Ok(())
}

fn close_rows(
    database: &Connection,
    ends: impl Iterator<Item = (RowId, i64, Traffic)>,
) -> rusqlite::Result<()> {
    let mut statement = database.prepare_cached(
        "UPDATE connection SET lasted_ms = ?3, sent = coalesce(?4, sent), received = coalesce(?5, received), \
         rtt_us = coalesce(?6, rtt_us) WHERE (opened_ms, n) = (?1, ?2)",
    )?;
    for (id, unix_millis, traffic) in ends {
        statement.execute(params![
            id.opened_ms,
            id.n,
            (unix_millis - id.opened_ms).max(0),
            clamped(traffic.sent_bytes),
            clamped(traffic.received_bytes),
            traffic.rtt_micros,
        ])?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;

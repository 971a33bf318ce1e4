//! The database, open for writing: takes batches of what happened, each in one transaction, and keeps in mind which
//! row belongs to which open connection. Owns no thread and no clock: it is told what time it is.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{
    dictionary::Dictionaries,
    row::{NewRow, RowId, clamped, program},
    schema::{SchemaError, create_or_migrate},
    sums,
    unfinished::{self, Unfinished},
};
use crate::{
    enrich::Record,
    model::{AgentId, ConnectionKey, Located, LocatedConnection, Owner, Protocol, Traffic},
    rules::Rules,
};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

pub struct Store {
    database: Connection,
    dictionaries: Dictionaries,
    /// Rows of connections that are open.
    open: HashMap<ConnectionKey, RowId>,
    agents: HashMap<AgentId, Agent>,
    /// What an earlier run left open, as long as its agent has not told all it has.
    unfinished: Unfinished,
    recording: i64,
    newest_ms: i64,
    settled: sums::Settled,
}

#[derive(Clone, Default)]
struct Agent {
    name: Option<Arc<str>>,
    /// In the table of agents.
    id: Option<i64>,
    has_told_all: bool,
}

/// What a batch changes of what is kept in mind; taken over when the batch is in the file.
#[derive(Default)]
struct Batch {
    rows: BTreeMap<RowId, NewRow>,
    opened: HashMap<ConnectionKey, RowId>,
    closed: HashSet<ConnectionKey>,
    next_n: HashMap<i64, u32>,
}

impl Store {
    /// Opens or makes the file, closes what an earlier run left open at the time when it was last seen, and begins a
    /// recording.
    ///
    /// # Errors
    /// When it cannot be read or written, or is none of ours.
    pub fn open(path: &Path, now_ms: i64) -> Result<Self, StoreError> {
        let mut database = Connection::open(path)?;
        create_or_migrate(&mut database)?;
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let unfinished = unfinished::close(&transaction, now_ms)?;
        let statement = "INSERT INTO recording (started_ms, seen_ms, ended) VALUES (?1, ?1, 0)";
        transaction.execute(statement, [now_ms])?;
        let recording = transaction.last_insert_rowid();
        let settled = sums::Settled::read(&transaction)?;
        let newest = "SELECT opened_ms FROM connection ORDER BY opened_ms DESC LIMIT 1";
        let newest_ms = transaction.query_row(newest, [], |row| row.get(0)).optional()?.unwrap_or(i64::MIN);
        transaction.commit()?;
        Ok(Self {
            database,
            dictionaries: Dictionaries::default(),
            open: HashMap::new(),
            agents: HashMap::new(),
            unfinished,
            recording,
            newest_ms,
            settled,
        })
    }

    pub const fn database(&self) -> &Connection {
        &self.database
    }

    /// When the first connection opened and when all was well last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn span(&self) -> rusqlite::Result<Option<(i64, i64)>> {
        span(&self.database)
    }

    /// Writes what happened, all of it or nothing, and that all was well until now.
    ///
    /// # Errors
    /// When it cannot be written; then nothing has changed, and the same batch may be tried again.
    pub fn write(&mut self, records: &[Record], rules: &Rules, now_ms: i64) -> rusqlite::Result<()> {
        let mut batch = Batch::default();
        let before = (self.agents.clone(), self.unfinished.clone());
        let written = self.write_batch(records, rules, now_ms, &mut batch);
        if written.is_err() {
            (self.agents, self.unfinished) = before;
            self.dictionaries.forget();
            self.agents.values_mut().for_each(|agent| agent.id = None);
            return written;
        }
        if let Some((newest, _)) = batch.rows.last_key_value() {
            self.newest_ms = self.newest_ms.max(newest.opened_ms);
        }
        self.settled.rows += batch.rows.len();
        self.open.extend(batch.opened);
        self.open.retain(|key, _| !batch.closed.contains(key));
        Ok(())
    }

    /// Now and then brings up to date what readers rest on.
    ///
    /// # Errors
    /// When it cannot be written; it is tried again the next time.
    pub fn settle_if_due(&mut self, now_ms: i64) -> rusqlite::Result<()> {
        if self.settled.is_due(now_ms) { self.settle(now_ms) } else { Ok(()) }
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
            unfinished: &mut self.unfinished,
            newest_ms: self.newest_ms,
            rules,
        };
        for record in records {
            work.take(record, batch)?;
        }
        for row in batch.rows.values() {
            row.insert(&transaction)?;
            self.settled.add_late(&transaction, row)?;
        }
        mark(&transaction, self.recording, now_ms)?;
        transaction.commit()
    }

    /// Says that all was well until now: what is open now was open then, should nobody say more.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark(&self, now_ms: i64) -> rusqlite::Result<()> {
        mark(&self.database, self.recording, now_ms)
    }

    /// Sums up what was opened, and notes what is open, so that readers need not go through all rows.
    fn settle(&mut self, now_ms: i64) -> rusqlite::Result<()> {
        let transaction = Transaction::new_unchecked(&self.database, TransactionBehavior::Immediate)?;
        let settled = self.settled.settle(&transaction, now_ms, self.open.values())?;
        transaction.commit()?;
        self.settled = settled;
        Ok(())
    }

    /// Ends the recording: what is open is closed now, as far as this history goes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self, now_ms: i64) -> rusqlite::Result<()> {
        self.settle(now_ms)?;
        let transaction = self.database.transaction()?;
        for id in self.open.values() {
            close_row(&transaction, *id, now_ms, Traffic::default())?;
        }
        transaction.execute(
            "UPDATE recording SET seen_ms = ?2, ended = 1 WHERE id = ?1",
            params![self.recording, now_ms],
        )?;
        transaction.commit()
    }
}

/// A batch on its way into a transaction.
struct Work<'a> {
    database: &'a Connection,
    dictionaries: &'a mut Dictionaries,
    open: &'a HashMap<ConnectionKey, RowId>,
    agents: &'a mut HashMap<AgentId, Agent>,
    unfinished: &'a mut Unfinished,
    newest_ms: i64,
    rules: &'a Rules,
}

impl Work<'_> {
    fn take(&mut self, record: &Record, batch: &mut Batch) -> rusqlite::Result<()> {
        match record {
            Record::Told(Located::Opened(connection)) => self.opened(connection, batch),
            Record::Told(Located::Updated { key, owner: Some(owner), .. }) => self.named(*key, owner, batch),
            Record::Told(Located::Closed { key, unix_millis, traffic }) => {
                self.closed(*key, *unix_millis, *traffic, batch)
            }
            Record::Told(Located::Status(status)) => self.agent_called(status.agent, &status.name),
            Record::Told(Located::Updated { .. } | Located::FullSet(_) | Located::AgentGone(_)) => Ok(()),
            Record::Looked(agent) => {
                self.agents.entry(*agent).or_default().has_told_all = true;
                let id = self.agent(*agent)?;
                self.unfinished.give_up(id);
                Ok(())
            }
        }
    }

    fn opened(&mut self, connection: &LocatedConnection, batch: &mut Batch) -> rusqlite::Result<()> {
        let key = connection.key;
        let is_known = self.open.contains_key(&key) && !batch.closed.contains(&key);
        if is_known || batch.opened.contains_key(&key) {
            return Ok(());
        }
        let agent = self.agent(key.agent)?;
        let seen = &connection.observation;
        if !self.agents.entry(key.agent).or_default().has_told_all {
            let socket = (agent, seen.protocol, seen.local, seen.peer);
            if let Some(row) = self.unfinished.go_on(&socket) {
                reopen_row(self.database, row)?;
                batch.opened.insert(key, row);
                return Ok(());
            }
        }
        let id = self.free_id(connection.opened_unix_millis, batch)?;
        let row = NewRow::new(id, agent, connection, self.rules, self.dictionaries, self.database)?;
        batch.rows.insert(id, row);
        batch.opened.insert(key, id);
        Ok(())
    }

    fn named(&mut self, key: ConnectionKey, owner: &Owner, batch: &mut Batch) -> rusqlite::Result<()> {
        let Some(id) = self.row_of(key, batch) else {
            return Ok(());
        };
        let program = program(owner, self.dictionaries, self.database)?;
        if let Some(row) = batch.rows.get_mut(&id) {
            row.program = program;
            return Ok(());
        }
        let statement = "UPDATE connection SET program = ?3 WHERE (opened_ms, n) = (?1, ?2)";
        self.database.prepare_cached(statement)?.execute(params![id.opened_ms, id.n, program])?;
        Ok(())
    }

    fn closed(
        &mut self,
        key: ConnectionKey,
        unix_millis: i64,
        traffic: Traffic,
        batch: &mut Batch,
    ) -> rusqlite::Result<()> {
        let Some(id) = self.row_of(key, batch) else {
            return Ok(());
        };
        batch.opened.remove(&key);
        batch.closed.insert(key);
        if let Some(row) = batch.rows.get_mut(&id) {
            row.lasted_ms = Some((unix_millis - id.opened_ms).max(0));
            row.traffic.update(traffic);
            return Ok(());
        }
        close_row(self.database, id, unix_millis, traffic)
    }

    fn row_of(&self, key: ConnectionKey, batch: &Batch) -> Option<RowId> {
        let earlier = || self.open.get(&key).filter(|_| !batch.closed.contains(&key));
        batch.opened.get(&key).or_else(earlier).copied()
    }

    /// A row of that millisecond that is not taken yet.
    fn free_id(&self, opened_ms: i64, batch: &mut Batch) -> rusqlite::Result<RowId> {
        let n = match batch.next_n.get(&opened_ms) {
            Some(n) => *n,
            None if opened_ms > self.newest_ms => 0,
            None => {
                let statement = "SELECT max(n) + 1 FROM connection WHERE opened_ms = ?1";
                let free: Option<u32> =
                    self.database.prepare_cached(statement)?.query_row([opened_ms], |row| row.get(0))?;
                free.unwrap_or(0)
            }
        };
        batch.next_n.insert(opened_ms, n + 1);
        Ok(RowId { opened_ms, n })
    }

    fn agent(&mut self, agent: AgentId) -> rusqlite::Result<i64> {
        let known = self.agents.entry(agent).or_default();
        if let Some(id) = known.id {
            return Ok(id);
        }
        let name = known.name.get_or_insert_with(|| format!("agent {}", agent.0).into());
        let id = self.dictionaries.agent(self.database, name)?;
        known.id = Some(id);
        Ok(id)
    }

    fn agent_called(&mut self, agent: AgentId, name: &Arc<str>) -> rusqlite::Result<()> {
        let known = self.agents.entry(agent).or_default();
        let before = known.name.replace(name.clone());
        match known.id {
            Some(id) if before.as_ref() != Some(name) => self.dictionaries.rename_agent(self.database, id, name),
            _ => Ok(()),
        }
    }
}

/// When the first connection opened and when all was well last.
///
/// # Errors
/// When the file cannot be read.
pub fn span(database: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
    let first = "SELECT opened_ms FROM connection ORDER BY opened_ms LIMIT 1";
    let first: Option<i64> = database.prepare_cached(first)?.query_row([], |row| row.get(0)).optional()?;
    let last = "SELECT max(seen_ms) FROM recording";
    let last: Option<i64> = database.prepare_cached(last)?.query_row([], |row| row.get(0))?;
    Ok(first.zip(last))
}

/// What tells sockets of two runs apart: agent, protocol, both ends.
pub type Socket = (i64, Protocol, SocketAddr, SocketAddr);

fn mark(database: &Connection, recording: i64, now_ms: i64) -> rusqlite::Result<()> {
    let statement = "UPDATE recording SET seen_ms = max(seen_ms, ?2) WHERE id = ?1";
    database.prepare_cached(statement)?.execute([recording, now_ms])?;
    Ok(())
}

fn close_row(database: &Connection, id: RowId, unix_millis: i64, traffic: Traffic) -> rusqlite::Result<()> {
    let statement = "UPDATE connection SET lasted_ms = ?3, sent = coalesce(?4, sent), \
                     received = coalesce(?5, received), rtt_us = coalesce(?6, rtt_us) \
                     WHERE (opened_ms, n) = (?1, ?2)";
    database.prepare_cached(statement)?.execute(params![
        id.opened_ms,
        id.n,
        (unix_millis - id.opened_ms).max(0),
        clamped(traffic.sent_bytes),
        clamped(traffic.received_bytes),
        traffic.rtt_micros,
    ])?;
    Ok(())
}

fn reopen_row(database: &Connection, id: RowId) -> rusqlite::Result<()> {
    let statement = "UPDATE connection SET lasted_ms = NULL WHERE (opened_ms, n) = (?1, ?2)";
    database.prepare_cached(statement)?.execute(params![id.opened_ms, id.n])?;
    Ok(())
}

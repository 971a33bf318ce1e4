//! Records on their way into one transaction: what opens and closes within it is one row that is written once, and what
//! the store keeps in mind changes only when all of it is in the file.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use rusqlite::{Connection, params};

use super::{
    EARLIEST_MS,
    dictionary::Dictionaries,
    row::{NewRow, RowId, program},
    store::Socket,
    sums::Missing,
    unfinished::Unfinished,
};
use crate::{
    enrich::Record,
    id_map::{ForeignMap, ForeignSet, IdMap},
    model::{AgentId, ConnectionId, ConnectionKey, Located, LocatedConnection, Owner, Traffic},
    rules::Rules,
};

/// Rows of connections that are open.
pub type OpenRows = ForeignMap<ConnectionKey, OpenRow>;
pub type Agents = IdMap<AgentId, Agent>;

#[derive(Clone, Copy, Debug)]
pub struct OpenRow {
    pub id: RowId,
    /// What was said since it was opened; it gets into the row with the end.
    pub traffic: Traffic,
}

#[derive(Clone, Default)]
pub struct Agent {
    name: Option<Arc<str>>,
    /// In the table of agents.
    pub id: Option<i64>,
    has_told_all: bool,
}

/// What a batch changes of what is kept in mind.
#[derive(Default)]
pub struct Batch {
    pub rows: BTreeMap<RowId, NewRow>,
    opened: ForeignMap<ConnectionKey, RowId>,
    /// None of them is in `opened`.
    closed: ForeignSet<ConnectionKey>,
    /// Ends of rows that are in the file.
    pub ends: Vec<(RowId, i64, Traffic)>,
    /// Rows of an earlier run that go on.
    pub went_on: Vec<Missing>,
    adopted: HashSet<Socket>,
    given_up: Vec<i64>,
    next_n: ForeignMap<i64, i64>,
}

impl Batch {
    /// The batch is in the file.
    pub fn take_over(self, open: &mut OpenRows, unfinished: &mut Unfinished) {
        for key in &self.closed {
            open.remove(key);
        }
        let opened = self.opened.into_iter();
        open.extend(opened.map(|(key, id)| (key, OpenRow { id, traffic: Traffic::default() })));
        self.adopted.iter().for_each(|socket| unfinished.remove(socket));
        self.given_up.iter().for_each(|agent| unfinished.give_up(*agent));
    }
}

pub struct Work<'a> {
    pub database: &'a Connection,
    pub dictionaries: &'a mut Dictionaries,
    pub open: &'a OpenRows,
    pub agents: &'a mut Agents,
    pub unfinished: &'a Unfinished,
    pub newest_ms: i64,
    pub rules: &'a Rules,
    pub now_ms: i64,
}

impl Work<'_> {
    pub fn take(&mut self, record: &Record, batch: &mut Batch) -> rusqlite::Result<()> {
        match record {
            Record::Told(Located::Opened(connection)) => self.opened(connection, batch),
            Record::Told(Located::Updated { key, owner: Some(owner), .. }) => self.named(*key, owner, batch),
            Record::Told(Located::Closed { key, unix_millis, traffic }) => {
                self.closed(*key, *unix_millis, *traffic, batch)
            }
            Record::Told(Located::Status(status)) => self.agent_called(status.agent, &status.name),
            Record::Told(Located::Updated { .. } | Located::FullSet(_) | Located::AgentGone(_)) => Ok(()),
            Record::Looked { agent, open } => self.looked(*agent, open, batch),
        }
    }

    fn opened(&mut self, connection: &LocatedConnection, batch: &mut Batch) -> rusqlite::Result<()> {
        let key = connection.key;
        if self.row_of(key, batch).is_some() {
            return Ok(());
        }
        let agent = self.agent(key.agent)?;
        let seen = &connection.observation;
        if !self.agents.entry(key.agent).or_default().has_told_all {
            let socket = (agent, seen.protocol, seen.local, seen.peer);
            let earlier = self.unfinished.get(&socket, self.now_ms).filter(|_| batch.adopted.insert(socket));
            if let Some((id, closed_ms)) = earlier
                && self.reopen(id)?
            {
                batch.went_on.push(Missing { id, from_ms: closed_ms, until_ms: i64::MAX });
                batch.opened(key, id);
                return Ok(());
            }
        }
        // Whose clock is ahead of this one's opened it now, and so did who does not know the year.
        let told_ms = Some(connection.opened_unix_millis).filter(|at_ms| *at_ms >= EARLIEST_MS);
        let id = self.free_id(told_ms.unwrap_or(self.now_ms).min(self.now_ms).max(0), batch)?;
        let row = NewRow::new(id, agent, connection, self.rules, self.dictionaries, self.database)?;
        batch.rows.insert(id, row);
        batch.opened(key, id);
        Ok(())
    }

    fn named(&mut self, key: ConnectionKey, owner: &Owner, batch: &mut Batch) -> rusqlite::Result<()> {
        let Some(id) = self.row_of(key, batch) else {
            return Ok(());
        };
        // A program that was named stays named.
        let Some(program) = program(owner, self.dictionaries, self.database)? else {
            return Ok(());
        };
        if let Some(row) = batch.rows.get_mut(&id) {
            row.program = Some(program);
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
        let unix_millis = unix_millis.min(self.now_ms);
        if let Some(row) = batch.rows.get_mut(&id) {
            row.lasted_ms = Some((unix_millis - id.opened_ms).max(0));
            row.traffic.update(traffic);
            return Ok(());
        }
        batch.ends.push((id, unix_millis, traffic));
        Ok(())
    }

    fn looked(&mut self, agent: AgentId, open: &[ConnectionId], batch: &mut Batch) -> rusqlite::Result<()> {
        self.agents.entry(agent).or_default().has_told_all = true;
        let id = self.agent(agent)?;
        batch.given_up.push(id);
        let open: HashSet<&ConnectionId> = open.iter().collect();
        let known = self.open.iter().map(|(key, row)| (*key, row.traffic));
        let new = batch.opened.keys().map(|key| (*key, Traffic::default()));
        let is_not_open =
            |(key, _): &(ConnectionKey, _)| key.agent == agent && !open.contains(&key.connection);
        let lost: Vec<_> = known.chain(new).filter(is_not_open).collect();
        lost.into_iter().try_for_each(|(key, traffic)| self.closed(key, self.now_ms, traffic, batch))
    }

    fn row_of(&self, key: ConnectionKey, batch: &Batch) -> Option<RowId> {
        let earlier = || self.open.get(&key).filter(|_| !batch.closed.contains(&key)).map(|open| open.id);
        batch.opened.get(&key).copied().or_else(earlier)
    }

    /// A row of that millisecond that is not taken yet.
    fn free_id(&self, opened_ms: i64, batch: &mut Batch) -> rusqlite::Result<RowId> {
        let n = match batch.next_n.get(&opened_ms) {
            Some(n) => *n,
            None if opened_ms > self.newest_ms => 0,
            None => {
                // Rows of others may have numbers that no reader takes.
                let statement =
                    "SELECT max(n) + 1 FROM connection WHERE opened_ms = ?1 AND n >= 0 AND n < 0xFFFFFF";
                let free: Option<i64> =
                    self.database.prepare_cached(statement)?.query_row([opened_ms], |row| row.get(0))?;
                free.unwrap_or(0)
            }
        };
        batch.next_n.insert(opened_ms, n + 1);
        Ok(RowId { opened_ms, n })
    }

    /// Returns whether the row is still there.
    fn reopen(&self, id: RowId) -> rusqlite::Result<bool> {
        let statement = "UPDATE connection SET lasted_ms = NULL WHERE (opened_ms, n) = (?1, ?2)";
        Ok(self.database.prepare_cached(statement)?.execute(params![id.opened_ms, id.n])? > 0)
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
        if let Some(id) = known.id.filter(|_| before.as_ref() != Some(name)) {
            known.id = Some(self.dictionaries.rename_agent(self.database, id, name)?);
        }
        Ok(())
    }
}

impl Batch {
    fn opened(&mut self, key: ConnectionKey, id: RowId) {
        self.closed.remove(&key);
        self.opened.insert(key, id);
    }
}

//! The past, played: what was open at a moment, and what opened and closed from there on, in the order of time. Owns a
//! reading connection and no clock; whoever plays says how far.
//!
//! What was open at a moment comes from the last checkpoint before it and the rows since, so that it takes as long in a
//! history of years as in one of a day.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, HashSet, VecDeque},
    path::Path,
};

use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::{
    passed_over::PassedOver,
    reader::{COLUMNS, ReadError, Recorded, Texts, open_for_reading},
    row::RowId,
    store::span,
    sums::open_from_blob,
};
use crate::model::{ConnectionKey, Located, LocatedConnection, Traffic};

/// Rows read at a time: some megabytes.
const ROWS_AT_A_TIME: u32 = 4_096;

pub struct Player {
    pub(super) database: Connection,
    pub(super) texts: Texts,
    at_ms: i64,
    /// Ends of what is open at `at_ms`, soonest first.
    ends: BinaryHeap<Reverse<End>>,
    /// Rows read ahead, oldest first.
    ahead: VecDeque<Recorded>,
    /// The last row read ahead, or the last one before where it went to.
    last_read: Option<RowId>,
    /// The last one that was told, or the same.
    last_told: Option<RowId>,
    /// Nothing is in the file after what was read ahead.
    is_at_end: bool,
    /// What is open at `at_ms` and had not ended when it was read.
    open: Vec<(RowId, ConnectionKey)>,
    /// Up to when the recording had come when they were looked at last, and which state of the file that was.
    looked: (i64, i64),
}

impl Player {
    /// # Errors
    /// When there is no history, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Ok(Self {
            database: open_for_reading(path)?,
            texts: Texts::default(),
            at_ms: i64::MIN,
            ends: BinaryHeap::new(),
            ahead: VecDeque::new(),
            last_read: None,
            last_told: None,
            is_at_end: false,
            open: Vec::new(),
            looked: (i64::MIN, i64::MIN),
        })
    }

    pub const fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// Rows that were met so far and could not be read.
    pub const fn passed_over(&self) -> &PassedOver {
        self.texts.passed_over()
    }

    /// Goes to a moment. Returns what was open then, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn seek(&mut self, at_ms: i64) -> rusqlite::Result<Vec<LocatedConnection>> {
        Ok(self.seek_rows(at_ms)?.into_iter().map(|recorded| recorded.connection).collect())
    }

    pub(super) fn seek_rows(&mut self, at_ms: i64) -> rusqlite::Result<Vec<Recorded>> {
        self.at_one_moment(|player| player.go_to(at_ms))
    }

    /// Asks several questions of one state of the file, whatever is written meanwhile.
    pub(super) fn at_one_moment<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        if !self.database.is_autocommit() {
            return read(self);
        }
        self.database.execute_batch("BEGIN")?;
        let found = read(self);
        self.database.execute_batch("COMMIT")?;
        found
    }

    fn go_to(&mut self, at_ms: i64) -> rusqlite::Result<Vec<Recorded>> {
        self.at_ms = at_ms;
        self.ends.clear();
        self.ahead.clear();
        self.is_at_end = false;
        self.open.clear();
        self.looked = (self.seen_ms()?, self.state()?);
        // What is written later of the time before is told with what comes next.
        let newest = "SELECT opened_ms, n FROM connection WHERE opened_ms <= ?1 ORDER BY opened_ms DESC, n DESC LIMIT 1";
        self.last_read = self.database.prepare_cached(newest)?.query_row([at_ms], RowId::read).optional()?;
        self.last_told = self.last_read;
        let found = self.open_at(at_ms)?;
        for recorded in &found {
            self.keep(recorded);
        }
        Ok(found)
    }

    /// What was open at a moment, oldest first.
    fn open_at(&mut self, at_ms: i64) -> rusqlite::Result<Vec<Recorded>> {
        let mut found = Vec::new();
        let last = "SELECT at_ms, open FROM checkpoint WHERE at_ms <= ?1 ORDER BY at_ms DESC LIMIT 1";
        let checkpoint: Option<(i64, Vec<u8>)> = self
            .database
            .prepare_cached(last)?
            .query_row([at_ms], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (since_ms, open) = checkpoint.unwrap_or((i64::MIN, Vec::new()));
        let mut by_id = self.database.prepare_cached(&by_id())?;
        for id in open_from_blob(&open) {
            found.extend(read_by_id(&mut by_id, id, &self.database, &mut self.texts)?);
        }
        let later = format!(
            "SELECT {COLUMNS} FROM connection WHERE opened_ms > ?1 AND opened_ms <= ?2 \
             AND (lasted_ms IS NULL OR opened_ms + lasted_ms > ?2)"
        );
        let mut later = self.database.prepare_cached(&later)?;
        let mut rows = later.query([since_ms, at_ms])?;
        while let Some(row) = rows.next()? {
            found.extend(self.texts.read(&self.database, row)?);
        }
        found.retain(|recorded| recorded.is_open_at(at_ms));
        found.sort_unstable_by_key(|recorded| recorded.id);
        found.dedup_by_key(|recorded| recorded.id);
        Ok(found)
    }

    /// Appends all that happened after where the player is, up to and with `to_ms`, in the order of time; stops early
    /// when `most` have been told. Returns whether it got there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn advance(&mut self, to_ms: i64, most: usize, told: &mut Vec<Located>) -> rusqlite::Result<bool> {
        // The recording may have gone on.
        let was_at_end = std::mem::take(&mut self.is_at_end);
        if was_at_end || to_ms >= self.looked.0 {
            self.look_again()?;
        }
        for _ in 0..most {
            let Some((happens_ms, opens)) = self.next()? else { break };
            if happens_ms > to_ms {
                break;
            }
            self.at_ms = self.at_ms.max(happens_ms);
            if opens {
                if let Some(recorded) = self.ahead.pop_front() {
                    // One that was told late belongs before others.
                    self.last_told = self.last_told.max(Some(recorded.id));
                    self.keep(&recorded);
                    told.push(Located::Opened(recorded.connection.into()));
                }
            } else if let Some(Reverse(End { unix_millis, key, traffic, .. })) = self.ends.pop() {
                told.push(Located::Closed { key, unix_millis, traffic });
            }
        }
        let is_there = self.next()?.is_none_or(|(happens_ms, _)| happens_ms > to_ms);
        if is_there {
            self.at_ms = self.at_ms.max(to_ms);
        }
        Ok(is_there)
    }

    /// When something happens next, if anything does.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_ms(&mut self) -> rusqlite::Result<Option<i64>> {
        Ok(self.next()?.map(|(happens_ms, _)| happens_ms))
    }

    /// First and last moment of the recordings as of now, if there are any.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn span(&self, now_ms: i64) -> rusqlite::Result<Option<(i64, i64)>> {
        span(&self.database, now_ms)
    }

    /// When, and whether it is an opening. What ends at the moment at which another opens, ends first.
    fn next(&mut self) -> rusqlite::Result<Option<(i64, bool)>> {
        self.read_ahead()?;
        let opening = self.ahead.front().map(|recorded| recorded.id.opened_ms);
        let ending = self.ends.peek().map(|Reverse(end)| end.unix_millis);
        Ok(match (opening, ending) {
            (Some(opens), Some(ends)) if opens < ends => Some((opens, true)),
            (_, Some(ends)) => Some((ends, false)),
            (Some(opens), None) => Some((opens, true)),
            (None, None) => None,
        })
    }

    fn read_ahead(&mut self) -> rusqlite::Result<()> {
        // A whole step of rows that cannot be read is rare enough to go on with the next.
        while self.ahead.is_empty() && !self.is_at_end {
            self.read_step()?;
        }
        Ok(())
    }

    fn read_step(&mut self) -> rusqlite::Result<()> {
        let statement = format!(
            "SELECT {COLUMNS} FROM connection WHERE (opened_ms, n) > (?1, ?2) ORDER BY opened_ms, n LIMIT ?3"
        );
        let mut statement = self.database.prepare_cached(&statement)?;
        // What has been read ahead has been told, all of it, when this is asked: its last is where it goes on.
        let after = self.last_read.unwrap_or(RowId { opened_ms: i64::MIN, n: 0 });
        let mut rows = statement.query(params![after.opened_ms, after.n, ROWS_AT_A_TIME])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            self.last_read = Some(RowId::read(row)?);
            self.ahead.extend(self.texts.read(&self.database, row)?);
        }
        self.is_at_end = count < ROWS_AT_A_TIME;
        Ok(())
    }

    fn keep(&mut self, recorded: &Recorded) {
        let LocatedConnection { key, observation, .. } = &recorded.connection;
        match recorded.closed_ms() {
            Some(unix_millis) => {
                let end = End { unix_millis, id: recorded.id, key: *key, traffic: observation.traffic };
                self.ends.push(Reverse(end));
            }
            None => self.open.push((recorded.id, *key)),
        }
    }

    /// At the live end others write of the time before: what was open when it was read may have ended since, and an agent
    /// that was cut off may tell late what it opened. Costs a look at the file's state as long as that is the same.
    fn look_again(&mut self) -> rusqlite::Result<()> {
        let state = self.state()?;
        if state == self.looked.1 {
            return Ok(());
        }
        self.at_one_moment(Self::catch_up)?;
        self.looked.1 = state;
        Ok(())
    }

    fn catch_up(&mut self) -> rusqlite::Result<()> {
        self.looked.0 = self.seen_ms()?;
        let late = self.not_told_yet()?;
        self.take_ends()?;
        // What was read ahead may have ended too, and is read anew.
        self.ahead = late.into();
        (self.last_read, self.is_at_end) = (self.last_told, false);
        Ok(())
    }

    /// What is open where the player is, and was not in the file when it passed by. What has ended before then nobody
    /// misses.
    fn not_told_yet(&mut self) -> rusqlite::Result<Vec<Recorded>> {
        let mut late = self.open_at(self.at_ms)?;
        let open = self.open.iter().map(|(id, _)| *id);
        let told: HashSet<RowId> = open.chain(self.ends.iter().map(|Reverse(end)| end.id)).collect();
        late.retain(|recorded| Some(recorded.id) <= self.last_told && !told.contains(&recorded.id));
        Ok(late)
    }

    fn take_ends(&mut self) -> rusqlite::Result<()> {
        let mut by_id = self.database.prepare_cached(&by_id())?;
        let mut still_open = Vec::with_capacity(self.open.len());
        for (id, key) in &self.open {
            let (unix_millis, traffic) = match read_by_id(&mut by_id, *id, &self.database, &mut self.texts)? {
                // It was taken away, as nothing is that is open.
                None => (self.at_ms, Traffic::default()),
                Some(found) => match found.closed_ms() {
                    Some(unix_millis) => (unix_millis, found.connection.observation.traffic),
                    None => {
                        still_open.push((*id, *key));
                        continue;
                    }
                },
            };
            self.ends.push(Reverse(End { unix_millis, id: *id, key: *key, traffic }));
        }
        self.open = still_open;
        Ok(())
    }

    /// When all was well last.
    fn seen_ms(&self) -> rusqlite::Result<i64> {
        let seen: Option<i64> = self
            .database
            .prepare_cached("SELECT max(seen_ms) FROM recording")?
            .query_row([], |row| row.get(0))?;
        Ok(seen.unwrap_or(i64::MIN))
    }

    /// Changes whenever others have written.
    fn state(&self) -> rusqlite::Result<i64> {
        self.database.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
    }
}

fn by_id() -> String {
    format!("SELECT {COLUMNS} FROM connection WHERE (opened_ms, n) = (?1, ?2)")
}

fn read_by_id(
    by_id: &mut Statement<'_>,
    id: RowId,
    database: &Connection,
    texts: &mut Texts,
) -> rusqlite::Result<Option<Recorded>> {
    let mut rows = by_id.query(params![id.opened_ms, id.n])?;
    rows.next()?.map_or(Ok(None), |row| texts.read(database, row))
}

/// How a connection will end.
#[derive(Clone, Copy, Debug)]
struct End {
    unix_millis: i64,
    id: RowId,
    key: ConnectionKey,
    traffic: Traffic,
}

impl Ord for End {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.unix_millis, self.id).cmp(&(other.unix_millis, other.id))
    }
}

impl PartialOrd for End {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for End {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for End {}

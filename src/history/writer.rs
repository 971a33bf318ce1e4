//! The thread that writes the history: gathers what it is told for a moment, writes it in one transaction, and says what
//! goes wrong. While the file cannot be written it keeps what it can hold and tries again; what does not fit is counted.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded, never, select};

use super::{
    aside::set_aside,
    lock::{Lock, LockError},
    prune::{Keep, Pruner},
    reader::open_for_reading,
    schema::SchemaError,
    store::{Store, StoreError, span},
    unix_millis,
    waiting::Waiting,
};
use crate::{enrich::Record, rules::Rules};

/// What is told within this time is written together: a kill loses no more than that.
const GATHER: Duration = Duration::from_millis(250);
/// When nothing happens, it is noted this often that all is well. More often would write more than a few megabytes an
/// hour for nothing.
const BETWEEN_MARKS: Duration = Duration::from_secs(5);
/// After something went wrong.
const BETWEEN_TRIES: Duration = Duration::from_secs(10);
/// How often it is looked whether another program that records has ended: one system call.
const BETWEEN_TURNS: Duration = Duration::from_secs(2);
/// Records kept while the file cannot be written: some 30 MB.
const MOST_WAITING: usize = 65_536;
/// Records in one transaction, so that none takes long.
const MOST_AT_ONCE: usize = 16_384;
/// How often size and span are told.
const BETWEEN_FACTS: Duration = Duration::from_secs(5);

/// What the display asks of the thread.
#[derive(Clone, Debug)]
pub enum Order {
    /// From now on connections match these.
    Rules(Arc<Rules>),
    /// How much to keep, and whether to record.
    Keep(Keep),
    /// Forget all that is closed.
    Reset,
}

/// What the thread has to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Facts(Facts),
    /// What is wrong; no lines when all is well again.
    Problem(Vec<String>),
    /// A new file was begun: what is open now is to be told again.
    TellAgain,
}

/// Size and span of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts {
    pub bytes: u64,
    pub first_ms: Option<i64>,
    pub last_ms: Option<i64>,
    pub keep: Keep,
    /// Older rows are being taken away just now.
    pub is_pruning: bool,
    /// Connections that could not be kept since the start.
    pub lost: u64,
    /// How often it was asked to forget all, and has, or has said why not.
    pub resets: u64,
}

/// The thread. It ends, and ends the recording, when the channel of records closes.
pub struct HistoryThread {
    ended: Receiver<()>,
    _thread: JoinHandle<()>,
}

impl HistoryThread {
    /// Waits until all is written. The channel of records must have been closed. Returns whether it was in time.
    pub fn finish(self, within: Duration) -> bool {
        self.ended.recv_timeout(within) == Err(RecvTimeoutError::Disconnected)
    }
}

/// # Errors
/// When the thread cannot be started.
pub fn spawn(
    path: PathBuf,
    rules: Arc<Rules>,
    records: Receiver<Vec<Record>>,
    orders: Receiver<Order>,
    say: Box<dyn Fn(Said) + Send>,
) -> std::io::Result<HistoryThread> {
    let writer = Writer::new(path, rules, say);
    let (ends, ended) = bounded(0);
    let thread = thread::Builder::new().name("history".to_owned()).spawn(move || {
        writer.run(&records, &orders);
        drop(ends);
    })?;
    Ok(HistoryThread { ended, _thread: thread })
}

struct Writer {
    path: PathBuf,
    rules: Arc<Rules>,
    say: Box<dyn Fn(Said) + Send>,
    /// Kept to the end once it is there, whatever becomes of the store.
    lock: Option<Arc<Lock>>,
    store: Option<Store>,
    pruner: Pruner,
    waiting: Waiting,
    try_at: Instant,
    mark_at: Instant,
    facts_at: Instant,
    told: Option<Facts>,
    /// A file was open before, or another program had it.
    has_begun: bool,
    /// Another program records into the file.
    is_second: bool,
    problem: Vec<String>,
    lost: u64,
    /// Asked for, and done.
    resets: u64,
    resets_done: u64,
}

impl Writer {
    fn new(path: PathBuf, rules: Arc<Rules>, say: Box<dyn Fn(Said) + Send>) -> Self {
        let now = Instant::now();
        Self {
            path,
            rules,
            say,
            lock: None,
            store: None,
            pruner: Pruner::default(),
            waiting: Waiting::default(),
            try_at: now,
            mark_at: now,
            facts_at: now,
            told: None,
            has_begun: false,
            is_second: false,
            problem: Vec::new(),
            lost: 0,
            resets: 0,
            resets_done: 0,
        }
    }

    fn run(mut self, records: &Receiver<Vec<Record>>, orders: &Receiver<Order>) {
        self.open();
        let mut orders = orders.clone();
        loop {
            for order in orders.try_iter() {
                self.obey(order);
            }
            let goes_on = self.gather(records, &mut orders);
            self.work();
            if !goes_on {
                return self.end();
            }
        }
    }

    /// Waits for what is told as long as nothing else is due, and takes it for a moment. Returns whether more may come.
    fn gather(&mut self, records: &Receiver<Vec<Record>>, orders: &mut Receiver<Order>) -> bool {
        let due_at = self.due_at(Instant::now());
        select! {
            recv(records) -> batch => match batch {
                Ok(batch) => self.waiting.add(batch),
                Err(_) => return false,
            },
            recv(orders) -> order => {
                match order {
                    Ok(order) => self.obey(order),
                    // Nobody is left who could ask for anything.
                    Err(_) => *orders = never(),
                }
                return true;
            }
            default(due_at.saturating_duration_since(Instant::now())) => return true,
        }
        let until = Instant::now() + if self.pruner.is_busy() { Pruner::PAUSE } else { GATHER };
        loop {
            match records.recv_deadline(until) {
                Ok(batch) => self.waiting.add(batch),
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
            // A channel that always has something in it gives that out after the deadline too.
            if self.waiting.len() >= MOST_AT_ONCE || Instant::now() >= until {
                return true;
            }
        }
    }

    /// When there is something to do next, should nobody tell anything.
    fn due_at(&self, now: Instant) -> Instant {
        let mut due_at = match &self.store {
            Some(_) => self.mark_at.max(self.try_at),
            None => self.try_at,
        };
        if self.waiting.len() > 0 {
            due_at = due_at.min(self.try_at);
        }
        if self.pruner.is_busy() {
            due_at = due_at.min(self.try_at.max(now + Pruner::PAUSE));
        }
        due_at.min(self.facts_at)
    }

    fn work(&mut self) {
        let now = Instant::now();
        if self.store.is_none() && now >= self.try_at {
            self.open();
        }
        if !self.pruner.keep().records || self.is_second {
            self.waiting.clear();
        }
        while self.waiting.len() > 0 && Instant::now() >= self.try_at && self.write() {}
        self.lost += self.waiting.fit(MOST_WAITING);
        if let Err(error) = self.upkeep(now) {
            self.failed(&error);
        }
        self.tell_facts(now);
    }

    /// What is to be done whether anything happens or not.
    fn upkeep(&mut self, now: Instant) -> rusqlite::Result<()> {
        let Some(store) = self.store.as_mut().filter(|_| now >= self.try_at) else {
            return Ok(());
        };
        let now_ms = unix_millis();
        if store.is_recording() {
            store.settle_if_due(now_ms)?;
        }
        if now >= self.mark_at {
            self.mark_at = now + BETWEEN_MARKS;
            store.mark(now_ms)?;
        }
        store.prune(&mut self.pruner, now_ms)?;
        self.all_is_well();
        Ok(())
    }

    /// Writes the oldest of what waits. Returns whether that went well.
    fn write(&mut self) -> bool {
        let Some(store) = &mut self.store else {
            return false;
        };
        let records = self.waiting.first(MOST_AT_ONCE);
        match store.write(records, &self.rules, unix_millis()) {
            Ok(()) => {
                let count = records.len();
                self.waiting.remove_first(count);
                self.all_is_well();
                true
            }
            Err(error) => {
                self.failed(&error);
                false
            }
        }
    }

    fn open(&mut self) {
        match self.open_store() {
            Ok(store) => {
                self.store = Some(store);
                match self.begin() {
                    Ok(()) => self.all_is_well(),
                    Err(error) => {
                        self.store = None;
                        self.failed(&error);
                    }
                }
            }
            Err(StoreError::Sqlite(error) | StoreError::Schema(SchemaError::Sqlite(error))) => {
                self.failed(&error)
            }
            Err(StoreError::Lock(taken @ LockError::Taken(_))) => self.is_second(&taken),
            Err(StoreError::Lock(error)) => self.cannot(error.to_string()),
            Err(StoreError::Schema(error)) => self.cannot(error.to_string()),
            Err(StoreError::Io(error)) => self.cannot(error.to_string()),
        }
    }

    fn open_store(&mut self) -> Result<Store, StoreError> {
        let lock = match self.lock.take().filter(|lock| lock.is_in_place()) {
            Some(lock) => lock,
            None => Arc::new(Store::lock(&self.path)?),
        };
        self.lock = Some(Arc::clone(&lock));
        self.is_second = false;
        Store::open_locked(&self.path, lock, unix_millis())
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        self.pruner.set(Keep::read(store.database())?);
        if self.pruner.keep().records {
            store.begin(unix_millis())?;
        }
        // Another file, or this one anew, knows nothing of what is open.
        if std::mem::replace(&mut self.has_begun, true) {
            (self.say)(Said::TellAgain);
        }
        Ok(())
    }

    fn failed(&mut self, error: &rusqlite::Error) {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, ReadOnly};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => self.put_aside(error),
            // The file may have been moved away: opened again, it is made anew.
            Some(ReadOnly) => {
                self.store = None;
                self.cannot(error.to_string());
            }
            _ => self.cannot(error.to_string()),
        }
    }

    fn put_aside(&mut self, error: &rusqlite::Error) {
        self.store = None;
        match set_aside(&self.path, unix_millis()) {
            Ok(aside) => {
                self.try_at = Instant::now();
                (self.say)(Said::Problem(vec![format!(
                    "{} was damaged ({error}); it is now {}, and a new one was begun",
                    self.path.display(),
                    aside.display()
                )]));
            }
            Err(aside) => self.cannot(format!("it is damaged ({error}) and cannot be renamed: {aside}")),
        }
    }

    /// Another program records. What happens is in its history, or will be told again.
    fn is_second(&mut self, taken: &LockError) {
        (self.is_second, self.has_begun) = (true, true);
        self.try_at = Instant::now() + BETWEEN_TURNS;
        self.say_problem(vec![format!("{}: {taken}", self.path.display())]);
    }

    fn cannot(&mut self, what: String) {
        self.try_at = Instant::now() + BETWEEN_TRIES;
        self.problem(what);
    }

    fn problem(&mut self, what: String) {
        let mut lines = vec![format!("{}: {what}", self.path.display())];
        lines.push(match self.lost {
            0 => "what happens meanwhile is held in memory and written when it can be".to_owned(),
            lost => format!("{lost} connections could not be kept"),
        });
        self.say_problem(lines);
    }

    fn say_problem(&mut self, lines: Vec<String>) {
        if lines != self.problem {
            self.problem.clone_from(&lines);
            (self.say)(Said::Problem(lines));
        }
    }

    fn all_is_well(&mut self) {
        if !self.problem.is_empty() {
            self.problem.clear();
            let lost = (self.lost > 0)
                .then(|| format!("{} connections could not be kept while it failed", self.lost));
            (self.say)(Said::Problem(lost.into_iter().collect()));
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Rules(rules) => self.rules = rules,
            // The other decides; what is kept there is told again.
            Order::Keep(_) if self.is_second => self.told = None,
            Order::Keep(keep) => {
                if let Err(error) = self.keep(keep) {
                    self.failed(&error);
                }
            }
            Order::Reset if self.is_second => {
                self.resets += 1;
                self.say_problem(vec![format!(
                    "{}: another program records into it: nothing was forgotten",
                    self.path.display()
                )]);
            }
            Order::Reset => {
                self.resets += 1;
                self.pruner.forget_all();
            }
        }
        self.facts_at = Instant::now();
    }

    fn keep(&mut self, keep: Keep) -> rusqlite::Result<()> {
        self.pruner.set(keep);
        let Some(store) = &mut self.store else {
            return Ok(());
        };
        keep.write(store.database())?;
        if !keep.records {
            return store.end(unix_millis());
        }
        if !store.is_recording() {
            store.begin(unix_millis())?;
            (self.say)(Said::TellAgain);
        }
        Ok(())
    }

    fn tell_facts(&mut self, now: Instant) {
        if now < self.facts_at {
            return;
        }
        self.facts_at = now + BETWEEN_FACTS;
        let span = match &self.store {
            Some(store) => store.span(unix_millis()).ok().flatten(),
            None if self.is_second => self.look_at_the_other(),
            None => None,
        };
        if !self.pruner.is_forgetting() {
            self.resets_done = self.resets;
        }
        let facts = Facts {
            bytes: bytes_of(&self.path),
            first_ms: span.map(|(first, _)| first),
            last_ms: span.map(|(_, last)| last),
            keep: self.pruner.keep(),
            is_pruning: self.pruner.is_busy(),
            lost: self.lost,
            resets: self.resets_done,
        };
        if self.told != Some(facts) {
            self.told = Some(facts);
            (self.say)(Said::Facts(facts));
        }
    }

    /// What the other keeps. Returns the span of what it recorded.
    fn look_at_the_other(&mut self) -> Option<(i64, i64)> {
        let database = open_for_reading(&self.path).ok()?;
        self.pruner.set(Keep::read(&database).ok()?);
        span(&database, unix_millis()).ok().flatten()
    }

    fn end(mut self) {
        while self.waiting.len() > 0 && self.write() {}
        if let Some(store) = &mut self.store
            && let Err(error) = store.end(unix_millis())
        {
            self.problem(error.to_string());
        }
    }
}

/// Of the database and its journal.
fn bytes_of(path: &Path) -> u64 {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    size(path) + size(&super::aside::beside(path, "-wal"))
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;

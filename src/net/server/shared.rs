//! What all tasks of a listener share: the directory, the register as it was read last, the counts, and the way to the
//! taker.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use crossbeam_channel::{Sender, TrySendError};
use tokio::sync::{Notify, watch};

use super::{
    clock::Moment,
    contents::Contents,
    counters::Counting,
    directory::{Directory, Identity},
    known::KnownAgent,
    limits::{Failures, Limits},
    news::{AgentNews, FleetMessage, Importance, News},
    notices::Notices,
    passwords::Passwords,
    strangers::Strangers,
};
use crate::model::AgentId;

/// While the taker has no room, how often to look for some.
pub const TAKER_RETRY: Duration = Duration::from_millis(5);
/// Being woken costs more than an event: after events were read, what arrives for so long is left to be read at one wake.
pub const GATHER_READS: Duration = Duration::from_millis(3);
/// What people see above the lines.
const TOPIC: &str = "Agents";

/// About what there is a line a minute.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Source(IpAddr),
    Lost(AgentId),
    Outdated(AgentId),
    Anew(AgentId),
    New(AgentId),
    Revoked(AgentId),
}

pub struct Shared {
    pub limits: Limits,
    pub counting: Arc<Counting>,
    pub passwords: Passwords,
    pub strangers: Strangers,
    /// Asks the keeper to look at the register now.
    pub look: Notify,
    /// How often it was asked.
    pub asked: AtomicU64,
    /// How often it had been asked when the last look began that is done.
    pub looked: watch::Sender<u64>,
    /// Events were read since the thread had nothing to do last.
    pub has_read_events: AtomicBool,
    to_taker: Sender<FleetMessage>,
    started: Instant,
    state: Mutex<State>,
}

/// Only ever locked for moments, and never while waiting.
pub struct State {
    pub directory: Directory,
    /// The register as it was read last.
    pub contents: Arc<Contents>,
    pub failures: Failures,
    /// Of strangers, and of agents that are let in: a scan takes nothing from what there is to say of those.
    pub notices: Notices<IpAddr>,
    pub agent_notices: Notices<Subject>,
    /// Agents that were seen, and when, and are not in the register's file as such yet.
    pub seen: HashMap<Identity, Seen>,
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub unix_secs: i64,
    /// As it is shown, for the entry of one that has none.
    pub name: Arc<str>,
}

/// Nobody takes the news any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakerGone;

impl Shared {
    pub fn new(
        limits: Limits,
        counting: Arc<Counting>,
        passwords: Passwords,
        known_agents: Vec<KnownAgent>,
        to_taker: Sender<FleetMessage>,
        contents: Contents,
    ) -> Self {
        let state = State {
            directory: Directory::restored(known_agents, Instant::now()),
            contents: Arc::new(contents),
            failures: Failures::new(limits.failures),
            notices: Notices::default(),
            agent_notices: Notices::default(),
            seen: HashMap::new(),
        };
        let started = Instant::now();
        Self {
            strangers: Strangers::new(&limits),
            limits,
            counting,
            passwords,
            look: Notify::new(),
            asked: AtomicU64::new(0),
            looked: watch::Sender::new(0),
            has_read_events: AtomicBool::new(false),
            to_taker,
            started,
            state: Mutex::new(state),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that a change of the register a moment ago is known. Returns whether it has another one than `before`.
    pub async fn look_again(&self, before: &Arc<Contents>) -> bool {
        let mut looked = self.looked.subscribe();
        let asked = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        self.look.notify_one();
        // A look that goes on already may have been at the file before the change. Only while the listener ends is there
        // nobody who looks, and then it does not matter.
        let _ = looked.wait_for(|looked| *looked >= asked).await;
        !Arc::ptr_eq(before, &self.state().contents)
    }

    /// What the thread does when it has nothing to do, before it waits to be woken. Whoever is idle, and the first event
    /// after that, waits for nothing.
    pub fn gather(&self) {
        if self.has_read_events.swap(false, Ordering::Relaxed) {
            thread::sleep(GATHER_READS);
        }
    }

    pub fn now(&self) -> Moment {
        self.moment(Instant::now())
    }

    /// This moment, whose steady time has been read already.
    pub fn moment(&self, now: Instant) -> Moment {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Moment {
            unix_micros: micros(unix),
            steady_micros: micros(now.saturating_duration_since(self.started)),
        }
    }

    /// Hands on a message, or gives it back where there is no room.
    pub fn try_tell(&self, message: FleetMessage) -> Result<Option<FleetMessage>, TakerGone> {
        match self.to_taker.try_send(message) {
            Ok(()) => Ok(None),
            Err(TrySendError::Full(message)) => Ok(Some(message)),
            Err(TrySendError::Disconnected(_)) => Err(TakerGone),
        }
    }

    /// Hands on news without acknowledgement; waits until there is room.
    pub async fn tell(&self, agent: AgentId, news: News) -> Result<(), TakerGone> {
        let mut message = FleetMessage::Agent(AgentNews { agent, origin: None, news, delivery: None });
        while let Some(untold) = self.try_tell(message)? {
            message = untold;
            tokio::time::sleep(TAKER_RETRY).await;
        }
        Ok(())
    }

    /// Tells people, unless they were told of the same a moment ago. Where there is no room it is only counted. Returns
    /// whether it was told.
    pub fn notice(&self, importance: Importance, subject: Subject, line: String) -> bool {
        let now = Instant::now();
        let line = {
            let mut state = self.state();
            match subject {
                Subject::Source(source) => state.notices.line(source, line, now),
                subject => state.agent_notices.line(subject, line, now),
            }
        };
        line.is_some_and(|line| self.notice_always(importance, line))
    }

    /// Tells people what cannot come often. Returns whether there was room.
    pub fn notice_always(&self, importance: Importance, line: String) -> bool {
        let notice = FleetMessage::Notice { importance, topic: TOPIC.to_owned(), line };
        let is_told = matches!(self.try_tell(notice), Ok(None));
        if !is_told {
            self.counting.dropped_notices.one();
        }
        is_told
    }

    /// An agent was here just now.
    pub fn saw(&self, identity: Identity, name: Arc<str>) {
        let seen = Seen { unix_secs: super::register::unix_secs(), name };
        self.state().seen.insert(identity, seen);
    }
}

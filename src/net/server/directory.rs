//! The agents that this listener has seen: their numbers on the map, their names, who sits in whose seat, and what is
//! known of each one's run. Pure, but for the channel by which a seat's session hears that it must go.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    contents::{Agent, Contents, Home, Proof},
    incoming::{Incoming, times_anew},
    known::Origin,
    news::Arrived,
    secret::{Hex, PasswordHash, TokenHash},
};
use crate::{
    model::AgentId,
    net::wire::{MAX_NAME_CHARS, clean},
};

/// Agents that are remembered though they are gone, so that they get their number again: some megabytes.
const MOST_REMEMBERED: usize = 16_384;

/// By what an agent is known again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Number of its token.
    Token(u32),
    Machine {
        machine: [u8; 16],
        /// What it calls itself.
        called: String,
    },
}

/// Why a session must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Revoked,
    /// Its token or the shared password is another one now.
    SecretChanged,
    Replaced,
    Closing,
}

/// What a session is told while it sits.
#[derive(Clone, Debug)]
pub struct Orders {
    pub cut: Option<Cut>,
    pub name: Arc<str>,
}

/// With what a session came in; when the register has something else, it must go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    Token(TokenHash),
    Password(PasswordHash),
}

/// Who wants to sit.
#[derive(Clone, Debug)]
pub struct Newcomer {
    pub identity: Identity,
    pub credential: Credential,
    pub name: Arc<str>,
    pub machine: [u8; 16],
    pub boot: [u8; 16],
    pub run: u64,
}

/// A place in the directory, which one session has at a time.
#[derive(Debug)]
pub struct Seat {
    pub agent: AgentId,
    pub origin: Arc<Origin>,
    pub orders: watch::Receiver<Orders>,
    pub incoming: Incoming,
    pub arrived: Arc<Arrived>,
    /// Never seen by this listener before.
    pub is_new: bool,
    /// People were told that it is lost.
    pub was_told_lost: bool,
}

/// Why there is no seat.
pub enum NoSeat {
    /// Another machine sits there.
    InUse,
    /// The same agent sits there still; it can be told to go, and is gone when this closes.
    Occupied(watch::Sender<Orders>),
    Full,
}

/// Runs of one agent that are remembered besides the last.
pub const EARLIER_RUNS: usize = 8;

#[derive(Debug, Default)]
pub struct Directory {
    pub(super) records: HashMap<AgentId, Record>,
    pub(super) ids: HashMap<Identity, Remembered>,
    pub(super) last_id: u32,
}

#[derive(Debug)]
pub(super) struct Record {
    pub identity: Identity,
    /// `None` until it comes, of one that is known from before the listener started.
    pub credential: Option<Credential>,
    pub name: Arc<str>,
    pub machine: [u8; 16],
    pub boot: Option<[u8; 16]>,
    /// Away while somebody sits.
    pub incoming: Option<Incoming>,
    /// Runs before that, as the taker knows them, with the last event that was had of each: two agents with one token may
    /// take turns.
    pub earlier: VecDeque<(u64, u64)>,
    pub arrived: Arc<Arrived>,
    /// Of whoever sits.
    pub orders: Option<watch::Sender<Orders>>,
    /// As the register last said.
    pub home: Option<Home>,
    pub is_revoked: bool,
    pub lost_since: Instant,
    /// People were told so.
    pub is_told_lost: bool,
}

/// What stays of an agent that is gone.
#[derive(Debug)]
pub(super) struct Remembered {
    pub agent: AgentId,
    /// As in its record, while it has none.
    pub earlier: VecDeque<(u64, u64)>,
}

impl Directory {
    pub fn seated(&self) -> usize {
        self.records.values().filter(|record| record.orders.is_some()).count()
    }

    /// Seats a newcomer. `most`: agents at a time.
    pub fn seat(&mut self, newcomer: &Newcomer, most: usize, now: Instant) -> Result<Seat, NoSeat> {
        let known = self.ids.get(&newcomer.identity).map(|remembered| remembered.agent);
        let record = known.and_then(|agent| self.records.get(&agent));
        if let Some(orders) = record.and_then(|record| record.orders.as_ref()) {
            let is_same = record.is_some_and(|record| record.machine == newcomer.machine);
            return Err(if is_same { NoSeat::Occupied(orders.clone()) } else { NoSeat::InUse });
        }
        // The lost ones count too, but never keep anybody out who was here before.
        if record.is_none() && self.records.len() >= 2 * most || self.seated() >= most {
            return Err(NoSeat::Full);
        }
        let agent = known.unwrap_or_else(|| self.number(newcomer.identity.clone()));
        let name = self.unique_name(&newcomer.name, agent);
        let earlier = self.ids.get_mut(&newcomer.identity).map(|known| std::mem::take(&mut known.earlier));
        let (orders, receiver) = watch::channel(Orders { cut: None, name: Arc::clone(&name) });
        let fresh = || Record {
            identity: newcomer.identity.clone(),
            credential: None,
            name: Arc::clone(&name),
            machine: newcomer.machine,
            boot: None,
            incoming: None,
            earlier: earlier.unwrap_or_default(),
            arrived: Arc::default(),
            orders: None,
            home: None,
            is_revoked: false,
            lost_since: now,
            is_told_lost: false,
        };
        let record = self.records.entry(agent).or_insert_with(fresh);
        let told_as = told_as(newcomer.run, record);
        let incoming = match record.incoming.take() {
            // Of one that is known from before the listener started, what the agent calls it is not.
            Some(mut incoming) if incoming.told_as == told_as => {
                incoming.run = newcomer.run;
                incoming
            }
            // What was had of another run means nothing in this one; sockets of the same boot stay the same.
            other => {
                record.arrived = Arc::default();
                let same_boot = other.is_some() && record.boot == Some(newcomer.boot);
                if let Some(other) = other {
                    remember(&mut record.earlier, (other.told_as, other.had));
                }
                let earlier = record.earlier.iter().find(|(run, _)| *run == told_as);
                Incoming::new(newcomer.run, told_as, earlier.map_or(0, |(_, had)| *had), same_boot)
            }
        };
        record.credential = Some(newcomer.credential.clone());
        record.name = Arc::clone(&name);
        (record.machine, record.boot) = (newcomer.machine, Some(newcomer.boot));
        record.orders = Some(orders);
        let arrived = Arc::clone(&record.arrived);
        let origin = Arc::new(Origin { identity: newcomer.identity.clone(), boot: newcomer.boot });
        let was_told_lost = std::mem::take(&mut record.is_told_lost);
        Ok(Seat {
            agent,
            origin,
            orders: receiver,
            incoming,
            arrived,
            is_new: known.is_none(),
            was_told_lost,
        })
    }

    /// The session of that seat ends; what it knew stays for the next one.
    pub fn vacate(&mut self, seat: Seat, now: Instant) {
        let Seat { agent, mut incoming, arrived, .. } = seat;
        if let Some(record) = self.records.get_mut(&agent) {
            if let Some(left) = incoming.left.take() {
                remember(&mut record.earlier, left);
            }
            (record.incoming, record.arrived) = (Some(incoming), arrived);
            record.orders = None;
            record.lost_since = now;
        }
    }

    /// People were told that the agent is lost.
    pub fn told_lost(&mut self, agent: AgentId) {
        if let Some(record) = self.records.get_mut(&agent) {
            record.is_told_lost = true;
        }
    }

    /// Forgets what an agent has open; should it come again, it has its number, and starts over. But what was had of its
    /// runs is not had again.
    fn forget(&mut self, agent: AgentId) {
        let Some(Record { identity, incoming, mut earlier, .. }) = self.records.remove(&agent) else {
            return;
        };
        if let Some(incoming) = incoming {
            remember(&mut earlier, (incoming.told_as, incoming.had));
        }
        if let Some(known) = self.ids.get_mut(&identity) {
            known.earlier = earlier;
        }
    }

    /// The same, unless somebody sits there again.
    pub fn forget_vacant(&mut self, agent: AgentId) {
        if self.records.get(&agent).is_some_and(|record| record.orders.is_none()) {
            self.forget(agent);
        }
    }

    /// Those that are agents no longer: revoked, or lost for `kept`. To be forgotten when they have been told of.
    pub fn gone(&self, kept: Duration, now: Instant) -> Vec<AgentId> {
        let is_gone = |record: &Record| {
            record.orders.is_none() && (record.is_revoked || now.duration_since(record.lost_since) >= kept)
        };
        self.records.iter().filter(|(_, record)| is_gone(record)).map(|(&agent, _)| agent).collect()
    }

    /// Tells all sessions to go.
    pub fn close(&self) {
        let seated = self.records.values().filter_map(|record| record.orders.as_ref());
        seated.for_each(|orders| tell_to_go(orders, Cut::Closing));
    }

    /// Where an agent stands, as the register last said.
    pub fn home(&self, agent: AgentId) -> Option<Home> {
        self.records.get(&agent)?.home
    }

    /// Who sits, and under which name.
    pub fn seated_names(&self) -> Vec<(Identity, Arc<str>)> {
        let seated = self.records.values().filter(|record| record.orders.is_some());
        seated.map(|record| (record.identity.clone(), Arc::clone(&record.name))).collect()
    }

    /// Those that are known; at the end of all.
    pub fn take_all(&mut self) -> Vec<AgentId> {
        std::mem::take(&mut self.records).into_keys().collect()
    }

    /// The register has changed: revoked agents must go, renamed ones hear their name.
    pub fn apply(&mut self, contents: &Contents) {
        self.records.values_mut().for_each(|record| record.obey(contents));
    }

    /// For one that was seated just now: the register may have changed since it was looked at.
    pub fn check(&mut self, agent: AgentId, contents: &Contents) {
        let Some(record) = self.records.get_mut(&agent) else {
            return;
        };
        record.home = entry(contents, &record.identity).and_then(|entry| entry.home);
        if let (Verdict::Goes(cut), Some(orders)) = (verdict(contents, record), &record.orders) {
            tell_to_go(orders, cut);
        }
    }

    fn number(&mut self, identity: Identity) -> AgentId {
        if self.ids.len() >= MOST_REMEMBERED {
            let records = &self.records;
            self.ids.retain(|_, known| records.contains_key(&known.agent));
        }
        self.last_id += 1;
        let agent = AgentId(self.last_id);
        self.ids.insert(identity, Remembered { agent, earlier: VecDeque::new() });
        agent
    }

    fn unique_name(&self, name: &Arc<str>, agent: AgentId) -> Arc<str> {
        let others = self.records.iter().filter(|(other, _)| **other != agent);
        let taken: HashSet<&str> = others.map(|(_, record)| &*record.name).collect();
        free_name(name, |name| !taken.contains(name))
    }
}

impl Record {
    fn obey(&mut self, contents: &Contents) {
        let home = entry(contents, &self.identity).and_then(|entry| entry.home);
        if std::mem::replace(&mut self.home, home) != home
            && let Some(orders) = &self.orders
        {
            // Whoever sits says so with its next status.
            orders.send_modify(|_| {});
        }
        let verdict = verdict(contents, self);
        self.is_revoked = matches!(verdict, Verdict::Goes(Cut::Revoked));
        match (verdict, &self.orders) {
            (Verdict::Stays { name: Some(name) }, orders) if *name != *self.name => {
                self.name = name.into();
                if let Some(orders) = orders {
                    orders.send_modify(|orders| orders.name = Arc::clone(&self.name));
                }
            }
            (Verdict::Goes(cut), Some(orders)) => tell_to_go(orders, cut),
            (Verdict::Stays { .. }, _) | (Verdict::Goes(_), None) => {}
        }
    }
}

/// What the taker knows a run as. Its agent may have begun its numbers anew, even more often than is remembered.
fn told_as(run: u64, record: &Record) -> u64 {
    let last = record.incoming.as_ref().map(|incoming| incoming.told_as);
    let known = record.earlier.iter().map(|(known, _)| *known).chain(last);
    let anew = known.filter_map(|known| Some((times_anew(run, known)?, known)));
    anew.max().map_or(run, |(_, known)| known)
}

fn remember(earlier: &mut VecDeque<(u64, u64)>, (told_as, had): (u64, u64)) {
    earlier.retain(|(other, _)| *other != told_as);
    earlier.push_back((told_as, had));
    if earlier.len() > EARLIER_RUNS {
        earlier.pop_front();
    }
}

pub fn tell_to_go(orders: &watch::Sender<Orders>, cut: Cut) {
    orders.send_modify(|orders| {
        orders.cut.get_or_insert(cut);
    });
}

enum Verdict<'a> {
    Stays {
        /// As the register has it.
        name: Option<&'a str>,
    },
    Goes(Cut),
}

/// What the register says of somebody.
fn entry<'a>(contents: &'a Contents, identity: &Identity) -> Option<&'a Agent> {
    match identity {
        Identity::Token(number) => contents.by_number(*number),
        Identity::Machine { machine, called } => contents.by_machine(Hex(*machine), called),
    }
}

fn verdict<'a>(contents: &'a Contents, record: &Record) -> Verdict<'a> {
    let entry = entry(contents, &record.identity);
    let is_same_secret = match (&record.credential, entry.map(|entry| &entry.proof)) {
        (Some(Credential::Token(hash)), Some(Proof::Token(now))) => hash == now,
        (Some(Credential::Token(_)), _) => return Verdict::Goes(Cut::Revoked),
        (Some(Credential::Password(hash)), _) => contents.password.as_ref() == Some(hash),
        (None, None) if matches!(record.identity, Identity::Token(_)) => return Verdict::Goes(Cut::Revoked),
        (None, _) => true,
    };
    match entry {
        Some(entry) if entry.is_revoked() => Verdict::Goes(Cut::Revoked),
        _ if !is_same_secret => Verdict::Goes(Cut::SecretChanged),
        entry => Verdict::Stays { name: entry.map(Agent::shown_name) },
    }
}

/// `web1`, or `web1 (2)` and so on where that is taken.
pub fn free_name(name: &str, is_free: impl Fn(&str) -> bool) -> Arc<str> {
    if is_free(name) {
        return name.into();
    }
    let mut number = 2_u64;
    loop {
        let numbered = format!("{name} ({number})");
        if is_free(&numbered) {
            return numbered.into();
        }
        number += 1;
    }
}

/// What an agent calls itself, fit to be shown.
pub fn shown(name: &str) -> String {
    let name: String = clean(name.trim(), name.len()).chars().take(MAX_NAME_CHARS).collect();
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;

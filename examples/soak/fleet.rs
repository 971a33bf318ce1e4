//! All agents together: what they share, and what is asked of them from outside.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    thread::{Scope, ScopedJoinHandle, sleep},
    time::{Duration, Instant},
};

use super::{
    agent::{AGENTS, Agent},
    ledger::Ledger,
    link::Display,
    traffic::World,
};

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Agents come and go, connections open and close.
    Runs,
    /// Connections open and close; who is there stays, who is not comes.
    Gathers,
    /// All are there, and nothing opens or closes.
    Rests,
    Quits,
}

pub struct Shared {
    pub seed: u64,
    pub display: Display,
    pub world: World,
    pub began: Instant,
    phase: AtomicU8,
    /// A bit an agent.
    linked: AtomicU64,
    arrivals: AtomicU64,
    opened: AtomicU64,
    closed: AtomicU64,
    /// Why links broke that no agent meant to break.
    breaks: Mutex<Vec<String>>,
    ledgers: Mutex<Vec<Ledger>>,
}

impl Shared {
    pub fn new(seed: u64, display: Display, world: World) -> Self {
        Self {
            seed,
            display,
            world,
            began: Instant::now(),
            phase: AtomicU8::new(Phase::Runs as u8),
            linked: AtomicU64::new(0),
            arrivals: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            breaks: Mutex::default(),
            ledgers: Mutex::default(),
        }
    }

    pub fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        tokens: Vec<String>,
    ) -> std::io::Result<Vec<ScopedJoinHandle<'scope, ()>>> {
        (0..AGENTS)
            .zip(tokens)
            .map(|(number, token)| {
                let agent = Agent::new(self, number, token);
                std::thread::Builder::new()
                    .name(format!("agent {number}"))
                    .spawn_scoped(scope, move || agent.live())
            })
            .collect()
    }

    pub fn phase(&self) -> Phase {
        let phase = self.phase.load(Relaxed);
        [Phase::Runs, Phase::Gathers, Phase::Rests]
            .into_iter()
            .find(|it| *it as u8 == phase)
            .unwrap_or(Phase::Quits)
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    pub fn set_linked(&self, agent: u8, is_linked: bool) {
        let bit = 1 << agent;
        if is_linked {
            self.linked.fetch_or(bit, Relaxed);
        } else {
            self.linked.fetch_and(!bit, Relaxed);
        }
    }

    pub fn note_arrival(&self) {
        self.arrivals.fetch_add(1, Relaxed);
    }

    pub fn arrivals(&self) -> u64 {
        self.arrivals.load(Relaxed)
    }

    pub fn count(&self, opened: u64, closed: u64) {
        self.opened.fetch_add(opened, Relaxed);
        self.closed.fetch_add(closed, Relaxed);
    }

    /// In all.
    pub fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    /// Just now.
    pub fn open(&self) -> u64 {
        self.opened().saturating_sub(self.closed.load(Relaxed))
    }

    pub fn note_break(&self, why: &str) {
        self.breaks.lock().unwrap_or_else(PoisonError::into_inner).push(why.to_owned());
    }

    pub fn breaks(&self) -> Vec<String> {
        self.breaks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn report(&self, ledger: Ledger) {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner).push(ledger);
    }

    /// Whether all agents came in time.
    pub fn wait_for_all(&self, within: Duration) -> bool {
        wait(within, || self.linked.load(Relaxed).count_ones() == u32::from(AGENTS))
    }

    /// What all said, once they rest and all of it is acknowledged; nothing where that took too long.
    pub fn ledgers(&self, within: Duration) -> Option<Vec<Ledger>> {
        let ledgers = || self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        wait(within, || ledgers().len() == usize::from(AGENTS)).then(|| std::mem::take(&mut *ledgers()))
    }
}

fn wait(within: Duration, is_so: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > within {
            return false;
        }
        sleep(BETWEEN_LOOKS);
    }
    true
}

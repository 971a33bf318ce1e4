//! The agents: each has its share of the connections open when it comes, and from then on tells what it is asked to, at a
//! steady pace. Over TLS, and no more than the display acknowledges in time.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::{Builder, Scope, sleep},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use connmapperl::net::wire::{
    PROTOCOL_VERSION,
    messages::{AgentSays, Hello, Method, ServerSays, Status},
};
use rand::{SeedableRng, rngs::StdRng};

use super::{
    ledger::Serial,
    link::{Display, Link, unix_micros},
    run::Run,
    traffic::World,
};

pub const AGENTS: u8 = 8;
const TICK: Duration = Duration::from_millis(100);
/// All agents have told all they have within this, on a slow and busy machine too.
const COMING: Duration = Duration::from_secs(120);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
const LONG_OPEN_MILLIS: i64 = 60_000;
const SEED: u64 = 1;

pub struct Fleet {
    display: Display,
    world: World,
    /// Of all agents together; half of them open something, half close something.
    changes_a_sec: f64,
    /// Open in each agent when it comes, and at each moment from then on.
    connections_each: u32,
    /// When the changes began; none happen where there is no such moment.
    busy_since: Mutex<Option<Instant>>,
    quits: AtomicBool,
    acknowledged: AtomicU64,
    told: AtomicU64,
    /// What ended an agent.
    broken: Mutex<Option<String>>,
}

impl Fleet {
    pub fn new(display: Display, peers: usize, connections: u32, changes_a_sec: f64) -> Self {
        Self {
            display,
            world: World::new(SEED, peers, Duration::ZERO, 0.0),
            changes_a_sec,
            connections_each: connections / u32::from(AGENTS),
            busy_since: Mutex::default(),
            quits: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            told: AtomicU64::new(0),
            broken: Mutex::default(),
        }
    }

    pub fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        tokens: Vec<String>,
    ) -> std::io::Result<()> {
        for (number, token) in (0..AGENTS).zip(tokens) {
            let work = move || {
                if let Err(error) = Agent::new(self, number).live(token) {
                    let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                    broken.get_or_insert(format!("agent {number}: {error:#}"));
                }
            };
            Builder::new().name(format!("agent {number}")).spawn_scoped(scope, work)?;
        }
        Ok(())
    }

    fn since(&self) -> Option<Instant> {
        *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on there are changes, or none.
    pub fn be_busy(&self, is_busy: bool) {
        let since = is_busy.then(Instant::now);
        *self.busy_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    pub fn quit(&self) {
        self.quits.store(true, Relaxed);
    }

    /// Changes that the display has acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Relaxed)
    }

    /// # Errors
    /// Where an agent has ended before its time.
    pub fn check(&self) -> anyhow::Result<()> {
        match self.broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(why) => bail!("{why}"),
            None => Ok(()),
        }
    }

    /// Waits until all that was told is acknowledged. Returns how long that took.
    pub fn settle(&self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        // Agents look at their orders once a tick.
        sleep(TICK * 2);
        while self.acknowledged() < self.told.load(Relaxed) {
            self.check()?;
            if began.elapsed() > COMING {
                bail!("the display does not acknowledge what it is told");
            }
            sleep(BETWEEN_LOOKS);
        }
        Ok(began.elapsed())
    }
}

struct Agent<'a> {
    fleet: &'a Fleet,
    number: u8,
    random: StdRng,
    run: Run,
    /// The oldest first.
    open: VecDeque<u64>,
    opened: u32,
}

impl<'a> Agent<'a> {
    fn new(fleet: &'a Fleet, number: u8) -> Self {
        let mut random = StdRng::seed_from_u64(SEED ^ u64::from(number) << 32);
        let opened_ms = unix_micros() / 1_000 - LONG_OPEN_MILLIS;
        let sockets: Vec<_> = (0..fleet.connections_each)
            .map(|at| (opened_ms, fleet.world.socket(Serial { agent: number, number: at }, &mut random)))
            .collect();
        let (run, numbers) = Run::new(u64::from(number) + 1, sockets.into_iter());
        Self { fleet, number, random, run, open: numbers.into(), opened: fleet.connections_each }
    }

    fn live(mut self, token: String) -> anyhow::Result<()> {
        let mut link = self.come(token)?;
        let mut changed = 0.0;
        let mut busy_since = None;
        while !self.fleet.quits.load(Relaxed) {
            let until = Instant::now() + TICK;
            let since = self.fleet.since();
            if since != busy_since {
                (busy_since, changed) = (since, 0.0);
            }
            if let Some(since) = since {
                let due = since.elapsed().as_secs_f64() * self.fleet.changes_a_sec / f64::from(AGENTS);
                while changed < due {
                    self.turn_over()?;
                    changed += 2.0;
                }
            }
            link.beat_if_due(unix_micros())?;
            while let Some(events) = self.run.next_events(unix_micros() / 1_000) {
                link.say(AgentSays::Events(events))?;
            }
            while let Some(says) = link.hear(until)? {
                match says {
                    ServerSays::Acknowledged(acknowledged) => {
                        let before = self.run.pending().count();
                        self.run.acknowledge(acknowledged.sequence);
                        let after = self.run.pending().count();
                        self.fleet.acknowledged.fetch_add((before - after) as u64, Relaxed);
                    }
                    ServerSays::Refused(refused) => bail!("refused: {}", refused.sentence),
                    _ => {}
                }
            }
        }
        link.leave();
        Ok(())
    }

    fn come(&mut self, token: String) -> anyhow::Result<Link> {
        let tells = Hello {
            protocol_version: PROTOCOL_VERSION,
            agent_name: format!("busy {}", self.number),
            machine_id: vec![self.number + 1; 16],
            boot_id: vec![self.number + 1; 16],
            run_id: self.run.id,
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            method: Method::Polling.into(),
            secret: token,
            // Set when it is said.
            unix_millis: 0,
            tick_millis: TICK.as_millis() as u32,
        };
        let (mut link, welcome) = Link::open(&self.fleet.display, tells)?;
        let method = Method::Polling.into();
        let notes = vec!["what it says was made up".to_owned()];
        link.say(AgentSays::Status(Status { method, tick_millis: TICK.as_millis() as u32, notes }))?;
        let now_ms = unix_micros() / 1_000;
        for part in self.run.resume(welcome.resume_after, welcome.needs_snapshot, now_ms) {
            link.say(AgentSays::Snapshot(part))?;
        }
        Ok(link)
    }

    /// The oldest closes, and another one opens.
    fn turn_over(&mut self) -> anyhow::Result<()> {
        let now_ms = unix_micros() / 1_000;
        let oldest = self.open.pop_front().context("nothing is open")?;
        self.run.close(now_ms, oldest);
        let serial = Serial { agent: self.number, number: self.opened };
        self.opened += 1;
        let socket = self.fleet.world.socket(serial, &mut self.random);
        self.open.push_back(self.run.open(now_ms, socket));
        self.fleet.told.fetch_add(2, Relaxed);
        Ok(())
    }
}

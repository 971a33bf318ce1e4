//! One agent on its thread: a machine whose connections open and close, and a link that comes and goes. Each of its ways to
//! go is one that happens to machines.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    time::{Duration, Instant},
};

use connmapperl::net::wire::{
    PROTOCOL_VERSION,
    messages::{AgentSays, Hello, Method, ServerSays, Socket, Status, Traffic, Updated},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    fleet::{Phase, Shared},
    ledger::{Entry, Ledger, Serial},
    link::{Link, unix_micros},
    run::Run,
    traffic::lifetime,
};

pub const AGENTS: u8 = 8;
const TICK: Duration = Duration::from_millis(100);
/// Seconds that a link lasts.
const LINKED_SECS: std::ops::Range<f64> = 15.0..60.0;
/// Seconds until it comes again.
const AWAY_SECS: std::ops::Range<f64> = 0.0..4.0;
/// After an attempt that failed.
const BEFORE_NEXT_TRY: Duration = Duration::from_secs(1);
/// Tells what is open how much it carried.
const BETWEEN_UPDATES_SECS: f64 = 5.0;
/// Before it leaves with all said.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How a link ends.
#[derive(Clone, Copy)]
enum Going {
    /// It says all it has and goodbye; the same run comes again.
    Leaves,
    /// The link breaks; the same run comes again.
    IsCut,
    /// The display still has the old link when the same run comes again.
    Hangs,
    /// The process ends and is started again: another run, and what is open stays so.
    StartsAnew,
    /// The machine starts anew: nothing of before is open.
    Reboots,
}

const GOINGS: [Going; 5] = [Going::Leaves, Going::IsCut, Going::Hangs, Going::StartsAnew, Going::Reboots];

#[derive(Clone, Copy)]
struct OpenOne {
    connection: u64,
    opened_ms: i64,
    socket: Socket,
}

pub struct Agent<'a> {
    shared: &'a Shared,
    number: u8,
    token: String,
    random: StdRng,
    boot: u64,
    run: Run,
    link: Option<Link>,
    /// Left as it is until the next link is there.
    hanging: Option<Link>,
    link_ends_at: Instant,
    come_at: Instant,
    open: BTreeMap<Serial, OpenOne>,
    ends: BinaryHeap<Reverse<(Instant, Serial)>>,
    opened: u32,
    entries: Vec<Entry>,
    is_reported: bool,
}

impl<'a> Agent<'a> {
    pub fn new(shared: &'a Shared, number: u8, token: String) -> Self {
        let mut random = StdRng::seed_from_u64(shared.seed ^ u64::from(number) << 32);
        let now = Instant::now();
        let (run, _) = Run::new(random.random_range(1..u64::MAX), std::iter::empty());
        Self {
            shared,
            number,
            token,
            boot: random.random(),
            run,
            link: None,
            hanging: None,
            link_ends_at: now,
            come_at: now,
            open: BTreeMap::new(),
            ends: BinaryHeap::new(),
            opened: 0,
            entries: Vec::new(),
            is_reported: false,
            random,
        }
    }

    /// Until it is told to quit.
    pub fn live(mut self) {
        loop {
            let phase = self.shared.phase();
            match phase {
                Phase::Quits => {
                    if let Some(link) = self.link.take() {
                        link.leave();
                    }
                    return;
                }
                Phase::Runs | Phase::Gathers => self.happen(),
                // Nothing happens any more.
                Phase::Rests => {}
            }
            if let Err(error) = self.talk(phase) {
                self.shared.note_break(&format!("{error:#}"));
                self.link = None;
                self.come_at = Instant::now() + BEFORE_NEXT_TRY;
            }
            self.shared.set_linked(self.number, self.link.is_some() && self.hanging.is_none());
            let is_done = phase == Phase::Rests && self.link.is_some() && self.run.is_all_acknowledged();
            if is_done && !std::mem::replace(&mut self.is_reported, true) {
                let open = self.open.keys().copied().collect();
                self.shared.report(Ledger { entries: std::mem::take(&mut self.entries), open });
            }
        }
    }

    /// Opens and closes what is due.
    fn happen(&mut self) {
        let (now, now_ms) = (Instant::now(), unix_micros() / 1_000);
        let due = self.shared.world.opened_by(self.shared.began.elapsed()) / f64::from(AGENTS);
        while f64::from(self.opened) < due {
            let serial = Serial { agent: self.number, number: self.opened };
            self.opened += 1;
            self.shared.count(1, 0);
            let socket = self.shared.world.socket(serial, &mut self.random);
            let connection = self.run.open(now_ms, socket);
            self.open.insert(serial, OpenOne { connection, opened_ms: now_ms, socket });
            self.entries.push(Entry { serial, opened_ms: now_ms, may_be_missing: false });
            self.ends.push(Reverse((now + lifetime(&mut self.random), serial)));
        }
        while self.ends.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((_, serial))) = self.ends.pop() else {
                break;
            };
            if let Some(one) = self.open.remove(&serial) {
                self.run.close(now_ms, one.connection);
                self.shared.count(0, 1);
            }
        }
        let updated = self.random.random_bool(TICK.as_secs_f64() / BETWEEN_UPDATES_SECS);
        for (at, one) in self.open.values_mut().enumerate().filter(|(at, _)| updated && at % 4 == 0) {
            let bytes = (now_ms - one.opened_ms).unsigned_abs() * 1_000 + at as u64;
            one.socket.traffic =
                Some(Traffic { sent_bytes: Some(bytes), received_bytes: Some(bytes * 9), rtt_micros: None });
            self.run.update(now_ms, one.connection, Updated { traffic: one.socket.traffic, owner: None });
        }
    }

    /// One tick: comes, says what there is to say and hears, or goes.
    fn talk(&mut self, phase: Phase) -> anyhow::Result<()> {
        let (now, until) = (Instant::now(), Instant::now() + TICK);
        let stays = phase != Phase::Runs;
        if self.link.is_none() && now >= self.come_at {
            self.come()?;
        }
        let Some(link) = &mut self.link else {
            std::thread::sleep(TICK);
            return Ok(());
        };
        link.beat_if_due(unix_micros())?;
        while let Some(events) = self.run.next_events(unix_micros() / 1_000) {
            link.say(AgentSays::Events(events))?;
        }
        while let Some(says) = link.hear(until)? {
            match says {
                ServerSays::Acknowledged(acknowledged) => self.run.acknowledge(acknowledged.sequence),
                ServerSays::Refused(refused) => anyhow::bail!("refused: {}", refused.sentence),
                _ => {}
            }
        }
        if now >= self.link_ends_at && !stays {
            self.go()?;
        }
        Ok(())
    }

    fn come(&mut self) -> anyhow::Result<()> {
        let tells = Hello {
            protocol_version: PROTOCOL_VERSION,
            agent_name: format!("soak {}", self.number),
            machine_id: vec![self.number + 1; 16],
            boot_id: self.boot.to_be_bytes().repeat(2),
            run_id: self.run.id,
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            method: Method::Polling.into(),
            secret: self.token.clone(),
            // Set when it is said.
            unix_millis: 0,
            tick_millis: TICK.as_millis() as u32,
        };
        let came = Link::open(&self.shared.display, tells);
        self.hanging = None;
        let (mut link, welcome) = came?;
        let notes = vec!["what it says was made up".to_owned()];
        let method = Method::Polling.into();
        link.say(AgentSays::Status(Status { method, tick_millis: TICK.as_millis() as u32, notes }))?;
        let now_ms = unix_micros() / 1_000;
        for part in self.run.resume(welcome.resume_after, welcome.needs_snapshot, now_ms) {
            link.say(AgentSays::Snapshot(part))?;
        }
        self.shared.note_arrival();
        self.link_ends_at = Instant::now() + Duration::from_secs_f64(self.random.random_range(LINKED_SECS));
        self.link = Some(link);
        Ok(())
    }

    fn go(&mut self) -> anyhow::Result<()> {
        let Some(mut link) = self.link.take() else {
            return Ok(());
        };
        self.come_at = Instant::now() + Duration::from_secs_f64(self.random.random_range(AWAY_SECS));
        match GOINGS[self.random.random_range(0..GOINGS.len())] {
            Going::Leaves => {
                let until = Instant::now() + LAST_WORDS;
                while !self.run.is_all_acknowledged() && Instant::now() < until {
                    if let Some(ServerSays::Acknowledged(to)) = link.hear(until)? {
                        self.run.acknowledge(to.sequence);
                    }
                }
                link.leave();
            }
            Going::IsCut => link.cut(),
            Going::Hangs => self.hanging = Some(link),
            Going::StartsAnew => {
                link.cut();
                self.begin_run();
            }
            Going::Reboots => {
                link.cut();
                self.shared.count(0, self.open.len() as u64);
                self.open.clear();
                self.ends.clear();
                self.boot = self.random.random();
                self.begin_run();
            }
        }
        Ok(())
    }

    fn begin_run(&mut self) {
        // What is still open is told with the next run. Of the rest that was not acknowledged, nobody knows what arrived.
        if let Some(since_ms) = self.run.pending().map(|happened| happened.at_ms).min() {
            for entry in self.entries.iter_mut().rev().take_while(|entry| entry.opened_ms >= since_ms) {
                entry.may_be_missing |= !self.open.contains_key(&entry.serial);
            }
        }
        let id = self.random.random_range(1..u64::MAX);
        let (run, numbers) = Run::new(id, self.open.values().map(|one| (one.opened_ms, one.socket)));
        for (one, connection) in self.open.values_mut().zip(numbers) {
            one.connection = connection;
        }
        self.run = run;
    }
}

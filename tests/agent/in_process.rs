//! The agent within the test's own process: with a clock, a collector and times of the test's choice.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use connmapperl::{
    model::{CollectorMethod, Protocol},
    net::{
        agent::{
            BackoffBounds, Bounds, Clock, Failure, KeptSecret, MachineClock, Notice, PulseBounds, Secret,
            ServerAddress, Settings, run,
        },
        collector::{Collector, Coverage, ScanError, SeenSocket, SocketSource},
    },
};
use tokio::sync::oneshot;

use crate::display::Display;

pub const HEARTBEAT: Duration = Duration::from_millis(50);
pub const SILENCE: Duration = Duration::from_millis(400);

/// A running agent; ends with the test.
pub struct Agent {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    notices: Arc<Mutex<Vec<Notice>>>,
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Agent {
    /// Of a machine that talks to nobody.
    pub fn new(display: &Display, change: impl FnOnce(&mut Settings)) -> Self {
        Self::with(display, || Collector::from_source(Box::new(NoSockets)), change)
    }

    pub fn with(display: &Display, collector: fn() -> Collector, change: impl FnOnce(&mut Settings)) -> Self {
        let address = display.address();
        let mut settings = Settings {
            server: ServerAddress { host: address.ip().to_string(), port: address.port() },
            pin: display.fingerprint,
            secret: KeptSecret::fixed(Secret::from_variable("cmt_1_x".into(), "").unwrap()),
            name: "quiet".into(),
            state_folders: Vec::new(),
            shortest_tick: Duration::from_millis(20),
            outbox: Bounds::default(),
            backoff: BackoffBounds { first: Duration::from_millis(1), longest: Duration::from_millis(5) },
            pulse: PulseBounds { heartbeat: HEARTBEAT, silence: SILENCE },
            clock: Arc::new(MachineClock),
        };
        change(&mut settings);
        let notices = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&notices);
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .spawn(move || {
                let stop = async { drop(stopped.await) };
                let mut tell = |notice| told.lock().unwrap().push(notice);
                run(&settings, collector(), stop, &mut tell).unwrap();
            })
            .unwrap();
        Self { stop: Some(stop), thread: Some(thread), notices }
    }

    /// All that it has told so far.
    pub fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap().clone()
    }

    /// Each with whether it was a new one, and how long the agent meant to wait.
    pub fn failures(&self) -> Vec<(Failure, bool, Duration)> {
        let failures = self.notices().into_iter().filter_map(|notice| match notice {
            Notice::Failed { failure, is_new, again_after } => Some((failure, is_new, again_after)),
            _ => None,
        });
        failures.collect()
    }
}

struct NoSockets;

impl SocketSource for NoSockets {
    fn method(&self) -> CollectorMethod {
        CollectorMethod::Polling
    }

    fn scan(&mut self, _traffic: bool, _seen: &mut Vec<SeenSocket>) -> Result<Coverage, ScanError> {
        Ok(Coverage::Whole)
    }

    fn listening_ports(&mut self, _ports: &mut Vec<(Protocol, u16)>) -> Result<(), ScanError> {
        Ok(())
    }
}

/// The clock of a machine that sleeps when the test says so.
#[derive(Debug, Default)]
pub struct SleepyClock {
    slept_secs: AtomicU64,
}

impl SleepyClock {
    /// The time since the boot goes on by so much at once, the monotonic time does not.
    pub fn sleep(&self, secs: u64) {
        self.slept_secs.fetch_add(secs, Ordering::Relaxed);
    }

    fn slept(&self) -> Duration {
        Duration::from_secs(self.slept_secs.load(Ordering::Relaxed))
    }
}

impl Clock for SleepyClock {
    fn since_boot(&self) -> Duration {
        MachineClock.since_boot() + self.slept()
    }

    fn asleep(&self) -> Duration {
        self.slept()
    }
}

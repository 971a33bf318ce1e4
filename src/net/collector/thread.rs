//! The collector's thread: looks every tick, reads close events as they come, sends what changed, and says how it is
//! doing. Ends at once when its handle is dropped, and at its next message when nobody receives any more.

use std::{
    fs, io,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam_channel::{SendTimeoutError, Sender};
use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, eventfd, poll},
    io::Errno,
    time::{ClockId, Timespec, clock_gettime},
};

use super::{
    Collector,
    pace::{Pace, SHORTEST_TICK},
};
use crate::model::{AgentId, AgentLink, AgentStatus, Event};

/// Close events are gathered for this long before they are read again: at most fifty wake-ups a second.
const GATHER_CLOSE_EVENTS: Duration = Duration::from_millis(20);
/// A status that keeps changing (a count in a note) is sent no more often than this.
const BETWEEN_STATUSES: Duration = Duration::from_secs(1);
/// While the receiver is busy, how often to see whether the thread shall end.
const SEND_PATIENCE: Duration = Duration::from_millis(50);

/// What the thread sends.
#[derive(Clone, Debug, PartialEq)]
pub enum CollectorMessage {
    /// In order. The first ones are what was open when the collector started, and may be none; later there is at least one.
    Events(Vec<Event>),
    /// At the start, before the first events, and whenever it changes.
    Status(AgentStatus),
}

/// How the thread runs.
#[derive(Clone, Debug)]
pub struct Settings {
    pub agent: AgentId,
    /// As the display shows this machine.
    pub name: Arc<str>,
    /// Time between two looks while they are cheap.
    pub shortest_tick: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { agent: AgentId::THIS_MACHINE, name: hostname(), shortest_tick: SHORTEST_TICK }
    }
}

/// Name of this machine.
pub fn hostname() -> Arc<str> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".into(),
        name => name.into(),
    }
}

/// A running collector. Dropping it ends the thread and waits for that.
pub struct CollectorThread {
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for CollectorThread {
    fn drop(&mut self) {
        // A write can fail only when the counter is full, and then the thread is being woken already.
        let _ = rustix::io::write(&*self.stop, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed by its own thread.
            let _ = thread.join();
        }
    }
}

/// Starts `collector` in a thread of its own, sending to a bounded channel. An error where the system has no room
/// for another thread or file.
pub fn spawn(
    collector: Collector,
    settings: Settings,
    sender: Sender<CollectorMessage>,
) -> io::Result<CollectorThread> {
    let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
    let stopped = Arc::clone(&stop);
    let thread = std::thread::Builder::new()
        .name("collector".into())
        .spawn(move || Runner::new(collector, settings, sender, stopped).run())?;
    Ok(CollectorThread { stop, thread: Some(thread) })
}

/// The thread shall end: it was told to, or nobody receives any more.
struct Ended;

struct Runner {
    collector: Collector,
    settings: Settings,
    sender: Sender<CollectorMessage>,
    stop: Arc<OwnedFd>,
    pace: Pace,
    has_looked: bool,
    error: Option<String>,
    status_built: Instant,
    last_status: Option<AgentStatus>,
}

impl Runner {
    fn new(
        collector: Collector,
        settings: Settings,
        sender: Sender<CollectorMessage>,
        stop: Arc<OwnedFd>,
    ) -> Self {
        let pace = Pace::new(settings.shortest_tick);
        Self {
            collector,
            settings,
            sender,
            stop,
            pace,
            has_looked: false,
            error: None,
            status_built: Instant::now(),
            last_status: None,
        }
    }

    fn run(mut self) {
        // Ended is how it always ends.
        let _: Result<(), Ended> = self.run_until_ended();
    }

    fn run_until_ended(&mut self) -> Result<(), Ended> {
        self.send_status(true)?;
        let mut cpu_before: Option<Duration> = None;
        loop {
            let began = Instant::now();
            self.look()?;
            let cpu = thread_cpu_time();
            // The first look finds the owners of everything; it is not what looks cost.
            if let Some(before) = cpu_before {
                self.pace.spent(cpu.saturating_sub(before));
            }
            self.send_status(cpu_before.is_none())?;
            cpu_before = Some(cpu);
            self.wait_until(began + self.pace.tick())?;
        }
    }

    fn look(&mut self) -> Result<(), Ended> {
        let mut events = Vec::new();
        let now = self.collector.now_unix_millis();
        self.error = match self.collector.tick(now, &mut events) {
            Ok(report) if report.coverage == super::Coverage::Incomplete => {
                Some("The kernel's socket table could not be read to its end: closings are told late.".into())
            }
            Ok(_) => None,
            Err(error) => Some(format!("The socket table could not be read: {error}.")),
        };
        if !std::mem::replace(&mut self.has_looked, true) {
            return self.send(CollectorMessage::Events(events));
        }
        self.send_events(events)
    }

    /// Waits for the next tick, reading close events meanwhile.
    fn wait_until(&mut self, next_tick: Instant) -> Result<(), Ended> {
        let mut deaf_until = Instant::now();
        loop {
            let now = Instant::now();
            let Some(left) = next_tick.checked_duration_since(now).filter(|left| !left.is_zero()) else {
                return if self.is_readable(Duration::ZERO, false)?.stop { Err(Ended) } else { Ok(()) };
            };
            let deaf = deaf_until.saturating_duration_since(now);
            let wait = if deaf.is_zero() { left } else { left.min(deaf) };
            let ready = self.is_readable(wait, deaf.is_zero())?;
            if ready.stop {
                return Err(Ended);
            }
            if ready.close_events {
                let mut events = Vec::new();
                let now = self.collector.now_unix_millis();
                if let Err(error) = self.collector.read_close_events(now, &mut events) {
                    self.error = Some(format!("The kernel's close events could not be read: {error}."));
                }
                self.send_events(events)?;
                deaf_until = Instant::now() + GATHER_CLOSE_EVENTS;
            }
        }
    }

    fn is_readable(&self, wait: Duration, close_events: bool) -> Result<Ready, Ended> {
        let timeout = Timespec { tv_sec: wait.as_secs() as _, tv_nsec: wait.subsec_nanos() as _ };
        let stop = PollFd::from_borrowed_fd(self.stop.as_fd(), PollFlags::IN);
        let wakes_on = self.collector.wakes_on().filter(|_| close_events);
        let ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let polled = match wakes_on {
            Some(events) => {
                let mut fds = [stop, PollFd::from_borrowed_fd(events, PollFlags::IN)];
                poll(&mut fds, Some(&timeout)).map(|_| (ready(&fds[0]), ready(&fds[1])))
            }
            None => {
                let mut fds = [stop];
                poll(&mut fds, Some(&timeout)).map(|_| (ready(&fds[0]), false))
            }
        };
        match polled {
            Ok((stop, close_events)) => Ok(Ready { stop, close_events }),
            Err(Errno::INTR) => Ok(Ready { stop: false, close_events: false }),
            // Two valid files and a valid time cannot be refused; if they are, there is no way to wait.
            Err(_) => Err(Ended),
        }
    }

    fn send_events(&self, events: Vec<Event>) -> Result<(), Ended> {
        if events.is_empty() { Ok(()) } else { self.send(CollectorMessage::Events(events)) }
    }

    fn send_status(&mut self, at_once: bool) -> Result<(), Ended> {
        if !at_once && self.status_built.elapsed() < BETWEEN_STATUSES {
            return Ok(());
        }
        self.status_built = Instant::now();
        let mut notes = self.collector.notes();
        notes.extend(self.error.clone());
        let status = AgentStatus {
            agent: self.settings.agent,
            name: Arc::clone(&self.settings.name),
            method: self.collector.method(),
            tick_millis: u32::try_from(self.pace.tick().as_millis()).unwrap_or(u32::MAX),
            notes,
            link: AgentLink::Local,
            home: None,
        };
        if self.last_status.as_ref() == Some(&status) {
            return Ok(());
        }
        self.last_status = Some(status.clone());
        self.send(CollectorMessage::Status(status))
    }

    /// Waits while the channel is full: what comes from the kernel meanwhile waits in the kernel.
    fn send(&self, mut message: CollectorMessage) -> Result<(), Ended> {
        loop {
            match self.sender.send_timeout(message, SEND_PATIENCE) {
                Ok(()) => return Ok(()),
                Err(SendTimeoutError::Disconnected(_)) => return Err(Ended),
                Err(SendTimeoutError::Timeout(unsent)) => message = unsent,
            }
            if self.is_readable(Duration::ZERO, false)?.stop {
                return Err(Ended);
            }
        }
    }
}

struct Ready {
    stop: bool,
    close_events: bool,
}

fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

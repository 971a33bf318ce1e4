//! The display without its window: the listener and the enriching thread as they run in the program, told to a history
//! that forgets and to a window that draws nothing. Beside it the second process, whose agents talk to it.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context, ensure};
use connmapperl::{
    enrich::{
        self, DataFolders, FLEET_CAPACITY, HISTORY_CAPACITY, Inlets, Outlets, Report, Request, SIDE_CAPACITY,
        TO_MAP_CAPACITY,
    },
    net::{
        collector::CollectorMessage,
        server::{ListenSettings, Listener, spawn},
    },
};
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::window::Window;

/// Threads whose work is counted.
pub const LISTENER: [&str; 2] = ["listener", "listener-files"];
pub const ENRICH: [&str; 1] = ["enrich"];

pub struct House {
    pub listener: Listener,
    pub window: Window,
    reports: Receiver<Report>,
    // The enriching thread ends with them.
    _collector: Sender<CollectorMessage>,
    _requests: Sender<Request>,
}

impl House {
    pub fn open(folder: &Path, pace: Pace) -> anyhow::Result<Self> {
        let (to_enrich, fleet) = bounded(FLEET_CAPACITY);
        let (collector, from_collector) = bounded(1);
        let (requests, from_display) = bounded(SIDE_CAPACITY);
        let (to_map, feed) = bounded(TO_MAP_CAPACITY);
        let (to_history, history) = bounded(HISTORY_CAPACITY);
        let (to_display, reports) = bounded(SIDE_CAPACITY);
        let window = Window::open(feed, pace.frame_time)?;
        let outlets =
            Outlets { to_map, to_history: Some(to_history), reports: to_display, wake: window.waker() };
        let inlets = Inlets { collector: from_collector, fleet, requests: from_display };
        let folders = DataFolders { data: Some(folder.to_owned()), cache: Some(folder.to_owned()) };
        named("enrich", move || enrich::run(&folders, &inlets, &outlets))?;
        named("history", move || history.into_iter().for_each(drop))?;
        // This machine has nothing open.
        collector.send(CollectorMessage::Events(Vec::new()))?;
        let listener = spawn(ListenSettings::new("127.0.0.1:0".parse()?, folder), to_enrich)?;
        Ok(Self { listener, window, reports, _collector: collector, _requests: requests })
    }

    /// Events were counted and none was lost.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(self.listener.counters().gaps == 0, "events were lost on the way");
        let dropped = self.reports.try_iter().find_map(|report| match report {
            Report::Dropped(count) | Report::HistoryLost(count) => Some(count),
            _ => None,
        });
        ensure!(dropped.is_none(), "{dropped:?} changes found no room");
        Ok(())
    }
}

/// How often there are frames.
#[derive(Clone, Copy)]
pub struct Pace {
    pub name: &'static str,
    /// While something moves, as `components/animation.rs` has it.
    pub frame_time: Duration,
}

fn named(name: &str, body: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(body)?;
    Ok(())
}

/// The second process.
pub struct Agents {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Agents {
    pub fn start(address: SocketAddr, certificate: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["agents", &address.to_string()])
            .arg(certificate)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().context("no stdin")?;
        let from = BufReader::new(child.stdout.take().context("no stdout")?);
        Ok(Self { child, to, from })
    }

    pub fn say(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.to, "{line}").context("the agents are gone")
    }

    fn hear(&mut self) -> anyhow::Result<String> {
        let mut said = String::new();
        self.from.read_line(&mut said)?;
        Ok(said.trim().to_owned())
    }

    pub fn connect(&mut self, agents: usize) -> anyhow::Result<()> {
        self.say(&format!("connect {agents}"))?;
        let said = self.hear()?;
        ensure!(said == "connected", "the agents say {said:?}");
        Ok(())
    }

    /// Changes that they have told so far.
    pub fn told(&mut self) -> anyhow::Result<u64> {
        self.say("told")?;
        self.hear()?.parse().context("no number of changes")
    }

    /// Lets so many agents say so many changes a tick while `meanwhile` goes on.
    pub fn talk<T>(
        &mut self,
        (busy, changes): (usize, usize),
        meanwhile: impl FnOnce(&mut Self) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.say(&format!("events {busy} {changes}"))?;
        sleep(WARMING_UP);
        let result = meanwhile(self)?;
        self.say("events 0 0")?;
        sleep(COOLING_DOWN);
        Ok(result)
    }
}

const WARMING_UP: Duration = Duration::from_millis(600);
const COOLING_DOWN: Duration = Duration::from_millis(300);

impl Drop for Agents {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

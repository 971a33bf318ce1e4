//! The display without its window: the listener and the enriching thread as they run in the program, told to a history
//! that forgets and to a window that takes what comes.

use std::path::Path;

use anyhow::ensure;
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
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        let (to_enrich, fleet) = bounded(FLEET_CAPACITY);
        let (collector, from_collector) = bounded(1);
        let (requests, from_display) = bounded(SIDE_CAPACITY);
        let (to_map, feed) = bounded(TO_MAP_CAPACITY);
        let (to_history, history) = bounded(HISTORY_CAPACITY);
        let (to_display, reports) = bounded(SIDE_CAPACITY);
        let window = Window::open(feed)?;
        let outlets =
            Outlets { to_map, to_history: Some(to_history), reports: to_display, wake: window.waker() };
        let inlets = Inlets { collector: from_collector, fleet, requests: from_display };
        let own = || Some(folder.to_owned());
        let folders = DataFolders { data: own(), cache: own(), registries: None };
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

fn named(name: &str, body: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(body)?;
    Ok(())
}

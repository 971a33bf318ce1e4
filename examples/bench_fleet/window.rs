//! What reads the map's channel: sleeps until it is woken, as a window does, and takes all that is there. How soon that is,
//! the harness `fleet_map` tells. What it takes of processor time is not counted.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use connmapperl::model::{AgentLink, Located};
use crossbeam_channel::{Receiver, Sender, bounded};

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Window {
    wakes: Sender<()>,
    connected: Arc<AtomicUsize>,
}

impl Window {
    /// Ends when nobody is left who wakes it.
    pub fn open(feed: Receiver<Located>) -> anyhow::Result<Self> {
        let (wakes, woken) = bounded(1);
        let connected = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connected);
        std::thread::Builder::new().name("window".to_owned()).spawn(move || {
            let mut agents = HashSet::new();
            for () in woken {
                for located in feed.try_iter() {
                    if let Located::Status(status) = located
                        && matches!(status.link, AgentLink::Connected { .. })
                    {
                        agents.insert(status.agent);
                        count.store(agents.len(), Ordering::Relaxed);
                    }
                }
            }
        })?;
        Ok(Self { wakes, connected })
    }

    /// What the enriching thread calls.
    pub fn waker(&self) -> Box<dyn Fn() + Send> {
        let wakes = self.wakes.clone();
        // One that is not taken up yet is enough.
        Box::new(move || {
            let _ = wakes.try_send(());
        })
    }

    pub fn wait_for_agents(&self, agents: usize) -> anyhow::Result<()> {
        let start = Instant::now();
        while self.connected.load(Ordering::Relaxed) < agents {
            let came = self.connected.load(Ordering::Relaxed);
            ensure!(start.elapsed() < PATIENCE, "only {came} agents came");
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

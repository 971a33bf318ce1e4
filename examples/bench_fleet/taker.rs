//! The taker: enriches every event as the display does, and notes how long ago it was seen.

use std::{
    hint::black_box,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::ensure;
use connmapperl::{
    enrich::{OpenTable, Sources},
    model::{AgentLink, Change},
    net::server::{FleetMessage, News},
};
use crossbeam_channel::Receiver;

/// To be woken costs more than an event does, so news that come close together are taken together.
const GATHER: Duration = Duration::from_millis(10);

pub struct Taker {
    connected: Arc<AtomicUsize>,
    delays_micros: Arc<Mutex<Vec<u32>>>,
}

impl Taker {
    /// Ends when the listener does.
    pub fn start(messages: Receiver<FleetMessage>, cache: &Path) -> anyhow::Result<Self> {
        let taker = Self { connected: Arc::default(), delays_micros: Arc::default() };
        let (connected, delays) = (Arc::clone(&taker.connected), Arc::clone(&taker.delays_micros));
        let sources = Sources::open(None, Some(cache));
        std::thread::Builder::new().name("taker".to_owned()).spawn(move || {
            let mut table = OpenTable::default();
            let mut told = std::collections::HashSet::new();
            while let Ok(message) = messages.recv() {
                // An empty channel is worth a pause: whatever comes in it is taken at once afterwards.
                if messages.is_empty() {
                    std::thread::sleep(GATHER);
                }
                let FleetMessage::Agent(news) = message else { continue };
                match news.news {
                    News::Status(status) if matches!(status.link, AgentLink::Connected { .. }) => {
                        told.insert(news.agent);
                        connected.store(told.len(), Ordering::Relaxed);
                    }
                    News::Events { events, .. } => {
                        let mut delays = delays.lock().unwrap_or_else(PoisonError::into_inner);
                        for event in events {
                            let seen = seen_unix_micros(&event.change);
                            black_box(table.take(news.agent, event, sources.geography()));
                            delays.push(u32::try_from(unix_micros() - seen).unwrap_or(u32::MAX));
                        }
                    }
                    News::Status(_) | News::Snapshot { .. } | News::Gone { .. } => {}
                }
                if let Some(delivery) = news.delivery {
                    delivery.done();
                }
            }
        })?;
        Ok(taker)
    }

    pub fn wait_for_agents(&self, agents: usize) -> anyhow::Result<()> {
        let start = Instant::now();
        while self.connected.load(Ordering::Relaxed) < agents {
            ensure!(start.elapsed() < Duration::from_secs(60), "only {:?} agents came", self.connected);
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    pub fn forget_delays(&self) {
        self.delays_micros.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn delays(&self, quantiles: [f64; 2]) -> [Duration; 2] {
        let mut delays = self.delays_micros.lock().unwrap_or_else(PoisonError::into_inner);
        delays.sort_unstable();
        let last = delays.len().saturating_sub(1) as f64;
        let at = |quantile: f64| delays.get((last * quantile) as usize).copied().unwrap_or(u32::MAX);
        quantiles.map(|quantile| Duration::from_micros(at(quantile).into()))
    }
}

/// The agents of this benchmark write it where counters are.
fn seen_unix_micros(change: &Change) -> i64 {
    let traffic = match change {
        Change::Opened(observation) => Some(observation.traffic),
        Change::Closed { traffic } | Change::Updated { traffic, .. } => *traffic,
    };
    traffic.and_then(|traffic| traffic.sent_bytes).unwrap_or_default() as i64
}

pub fn unix_micros() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros() as i64
}

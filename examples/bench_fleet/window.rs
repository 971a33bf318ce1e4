//! What reads the map's channel. As a window it sleeps until it is woken or a frame is due, and then takes what a frame
//! takes; as an onlooker it looks every millisecond, to tell when events were handed on. Notes how long ago the events
//! were seen. What it takes of processor time is not counted.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::Thread,
    time::{Duration, Instant},
};

use anyhow::ensure;
use connmapperl::model::{AgentLink, Located, Traffic};
use crossbeam_channel::Receiver;

/// As `systems/ingest.rs` has it.
const MESSAGES_A_FRAME: usize = 2_048;
/// As `components/animation.rs` has it: after a change the picture moves for so long.
const MOVES_FOR: Duration = Duration::from_millis(2_500);
const ONLOOKER: Duration = Duration::from_millis(1);

pub struct Window {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Default)]
struct Shared {
    is_woken: AtomicBool,
    is_onlooker: AtomicBool,
    connected: AtomicUsize,
    frames: AtomicU64,
    /// Microseconds: since an agent saw it, since it happened.
    delays: Mutex<Vec<[u32; 2]>>,
}

/// Of the delays, microseconds.
pub struct Delays {
    pub seen: [u32; 2],
    pub happened: [u32; 2],
    pub events: usize,
    pub frames_a_second: f64,
}

impl Window {
    /// `frame_time`: between two frames while something moves. Ends when the channel closes.
    pub fn open(feed: Receiver<Located>, frame_time: Duration) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let within = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("window".to_owned())
            .spawn(move || Frames { shared: within, feed, frame_time, connected: HashSet::new() }.run())?;
        Ok(Self { shared, thread: thread.thread().clone() })
    }

    /// What the enriching thread calls; an event loop is woken so.
    pub fn waker(&self) -> Box<dyn Fn() + Send> {
        let (shared, thread) = (Arc::clone(&self.shared), self.thread.clone());
        Box::new(move || {
            shared.is_woken.store(true, Ordering::Release);
            thread.unpark();
        })
    }

    pub fn look_on(&self, is_onlooker: bool) {
        self.shared.is_onlooker.store(is_onlooker, Ordering::Release);
        self.thread.unpark();
    }

    pub fn wait_for_agents(&self, agents: usize) -> anyhow::Result<()> {
        let start = Instant::now();
        while self.shared.connected.load(Ordering::Relaxed) < agents {
            let came = &self.shared.connected;
            ensure!(start.elapsed() < Duration::from_secs(60), "only {came:?} agents came");
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// What came while that went on.
    pub fn delays_during(&self, goes_on: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Delays> {
        let frames = self.shared.frames.load(Ordering::Relaxed);
        let start = Instant::now();
        self.noted().clear();
        goes_on()?;
        let delays = std::mem::take(&mut *self.noted());
        let frames = self.shared.frames.load(Ordering::Relaxed) - frames;
        let of = |which: usize| {
            let mut delays: Vec<u32> = delays.iter().map(|delay| delay[which]).collect();
            delays.sort_unstable();
            let last = delays.len().saturating_sub(1) as f64;
            [0.5, 0.99].map(|quantile| delays.get((last * quantile) as usize).copied().unwrap_or(u32::MAX))
        };
        Ok(Delays {
            seen: of(0),
            happened: of(1),
            events: delays.len(),
            frames_a_second: frames as f64 / start.elapsed().as_secs_f64(),
        })
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, Vec<[u32; 2]>> {
        self.shared.delays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Frames {
    shared: Arc<Shared>,
    feed: Receiver<Located>,
    frame_time: Duration,
    connected: HashSet<u32>,
}

impl Frames {
    fn run(mut self) {
        let (mut due, mut moves_until) = (Instant::now(), Instant::now());
        loop {
            if self.shared.is_onlooker.load(Ordering::Acquire) {
                std::thread::sleep(ONLOOKER);
            } else {
                // As the event loop has it: frames are due at a steady pace whether one was drawn between or not.
                let now = Instant::now();
                if now < moves_until {
                    while due <= now {
                        due += self.frame_time;
                    }
                } else {
                    due = now + MOVES_FOR;
                }
                while !self.shared.is_woken.load(Ordering::Acquire) && Instant::now() < due {
                    std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
                    if self.shared.is_onlooker.load(Ordering::Acquire) {
                        break;
                    }
                }
                self.shared.is_woken.store(false, Ordering::Release);
            }
            let Some(changes) = self.draw() else {
                return;
            };
            if changes {
                let now = Instant::now();
                if moves_until < now {
                    due = now;
                }
                moves_until = now + MOVES_FOR;
            }
        }
    }

    /// Returns whether something changed; `None` at the end.
    fn draw(&mut self) -> Option<bool> {
        self.shared.frames.fetch_add(1, Ordering::Relaxed);
        let taken: Vec<Located> = self.feed.try_iter().take(MESSAGES_A_FRAME).collect();
        if taken.is_empty() {
            let is_over = matches!(self.feed.try_recv(), Err(crossbeam_channel::TryRecvError::Disconnected));
            return (!is_over).then_some(false);
        }
        if !self.feed.is_empty() {
            self.shared.is_woken.store(true, Ordering::Release);
        }
        let now = unix_micros();
        let mut delays = Vec::with_capacity(taken.len());
        for located in &taken {
            let traffic = match located {
                Located::Opened(connection) => connection.observation.traffic,
                Located::Closed { traffic, .. } => *traffic,
                Located::Status(status) => {
                    if matches!(status.link, AgentLink::Connected { .. }) {
                        self.connected.insert(status.agent.0);
                        self.shared.connected.store(self.connected.len(), Ordering::Relaxed);
                    }
                    continue;
                }
                Located::Updated { .. } | Located::FullSet(_) | Located::AgentGone(_) => continue,
            };
            delays.push(delays_at(now, traffic));
        }
        self.shared.delays.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&delays);
        Some(!delays.is_empty())
    }
}

/// The agents of this benchmark write the times where counters are.
fn delays_at(now: i64, traffic: Traffic) -> [u32; 2] {
    [traffic.sent_bytes, traffic.received_bytes].map(|micros| {
        let micros = micros.and_then(|micros| i64::try_from(micros).ok()).unwrap_or_default();
        u32::try_from(now - micros).unwrap_or(u32::MAX)
    })
}

pub fn unix_micros() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros() as i64
}

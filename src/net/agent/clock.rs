//! The clocks of an agent: how long ago something was, how long the machine has slept, and the wall clock.

use std::{fmt, time::Duration};

use rustix::time::{ClockId, clock_gettime};

use crate::net::wire::HEARTBEAT_SECS;

/// A sleep shorter than the time between two heartbeats is one that the display has not noticed.
const SLEEP: Duration = Duration::from_secs(HEARTBEAT_SECS);

/// What tells the time to an agent. Tests bring their own.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Time since this machine started, the time that it slept included.
    fn since_boot(&self) -> Duration;

    /// How much of that it slept; it only grows.
    fn asleep(&self) -> Duration;

    /// How long it slept since [`Self::asleep`] was so much, if that was a sleep: the network may be another one now, and
    /// whoever was talked to may have left.
    fn slept_since(&self, asleep_before: Duration) -> Option<Duration> {
        let slept = self.asleep().saturating_sub(asleep_before);
        (slept >= SLEEP).then_some(slept)
    }
}

/// The kernel's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct MachineClock;

impl Clock for MachineClock {
    fn since_boot(&self) -> Duration {
        read(ClockId::Boottime)
    }

    /// The monotonic clock stands still meanwhile, and is the same otherwise.
    fn asleep(&self) -> Duration {
        let awake = read(ClockId::Monotonic);
        read(ClockId::Boottime).saturating_sub(awake)
    }
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// This machine's wall clock.
pub fn unix_micros() -> i64 {
    let time = clock_gettime(ClockId::Realtime);
    time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1_000)
}

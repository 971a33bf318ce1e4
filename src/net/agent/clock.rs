//! The two clocks of an agent: one that tells how long ago something was, and the wall clock.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Time since this machine started, the time that it slept included; so a link that outlived its display while the
/// machine slept is dead on waking.
pub fn boot_time() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// This machine's wall clock.
pub fn unix_micros() -> i64 {
    let time = clock_gettime(ClockId::Realtime);
    time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1_000)
}

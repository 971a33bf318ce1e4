//! Wakes the window when the machine's clock was set, or the machine has slept, which sets it too: what waits for the next
//! minute waits by a clock that stands still meanwhile, and would be late by as much.

use std::{io, thread};

use bevy::prelude::warn;
use rustix::{
    io::{Errno, read},
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    },
};

use super::Wake;

/// By then nobody waits any more: the year 2242.
const NEVER: Timespec = Timespec { tv_sec: 1 << 33, tv_nsec: 0 };

pub(super) fn start(wake: Wake) {
    let watch = move || {
        if let Err(error) = watch(&wake) {
            warn!("nobody tells when the clock is set: {error}");
        }
    };
    if let Err(error) = thread::Builder::new().name("clock".to_owned()).spawn(watch) {
        warn!("cannot start a thread: {error}");
    }
}

/// Ends with the program.
fn watch(wake: &Wake) -> io::Result<()> {
    let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::CLOEXEC)?;
    let never = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: NEVER };
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    loop {
        match timerfd_settime(&timer, flags, &never) {
            Ok(_) => {}
            // It was set between the two.
            Err(Errno::CANCELED) => continue,
            Err(error) => return Err(error.into()),
        }
        match read(&timer, &mut [0; 8]) {
            Err(Errno::CANCELED) => wake(),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

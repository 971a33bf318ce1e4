//! A program that was started: its output is read, its end awaited, and in the end it is no more, nor a zombie.

use std::{
    io::{self, PipeReader, Read},
    os::unix::process::ExitStatusExt,
    process::Child,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};

use super::{End, KEPT_BYTES};

/// Between looks at the flag, the clock and whether the program has ended: not noticed by who waits, and no load.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// A pipe holds as much.
const READ_BYTES: usize = 64 << 10;

pub(super) struct Said {
    pub kept: Vec<u8>,
    pub left_out_bytes: u64,
    pub end: End,
}

/// Leads a process group. Dropped before its end, it is killed with the group.
pub(super) struct Running {
    child: Child,
    is_reaped: bool,
}

impl Running {
    pub fn new(child: Child) -> Self {
        Self { child, is_reaped: false }
    }

    /// `output` does not block.
    pub fn until_its_end(
        mut self,
        mut output: PipeReader,
        limit: Duration,
        cancelled: &AtomicBool,
    ) -> io::Result<Said> {
        let start = Instant::now();
        let mut said = Said { kept: Vec::new(), left_out_bytes: 0, end: End::Cancelled };
        let mut buffer = vec![0; READ_BYTES];
        let mut is_open = true;
        loop {
            let is_cancelled = cancelled.load(Ordering::Relaxed);
            let is_late = start.elapsed() >= limit;
            if is_cancelled || is_late {
                // What it said until now may say why it takes so long. One read: a pipe holds no more.
                if let Ok(read) = output.read(&mut buffer) {
                    said.add(&buffer[..read]);
                }
                said.end = if is_cancelled { End::Cancelled } else { End::TimedOut(limit) };
                return Ok(said);
            }
            // Asked before reading: what it said is in the pipe when it has ended. Others may hold the pipe for longer.
            let has_ended = self.has_ended()?;
            match output.read(&mut buffer) {
                Ok(0) => is_open = false,
                Ok(read) => {
                    said.add(&buffer[..read]);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if has_ended {
                said.end = self.reap()?;
                return Ok(said);
            }
            let mut waiting = [PollFd::new(&output, PollFlags::IN)];
            // A pipe that is closed would wake at once, for ever.
            match poll(&mut waiting[..usize::from(is_open)], Some(&LOOK)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn pid(&self) -> Option<Pid> {
        self.child.id().try_into().ok().and_then(Pid::from_raw)
    }

    /// Leaves the zombie: as long as it is there, no other process group can have its number.
    fn has_ended(&self) -> io::Result<bool> {
        let Some(pid) = self.pid() else {
            return Ok(true);
        };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(pid), options) {
            Ok(status) => Ok(status.is_some()),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn reap(&mut self) -> io::Result<End> {
        let status = self.child.wait()?;
        self.is_reaped = true;
        Ok(match (status.code(), status.signal()) {
            (Some(code), _) => End::Exited(code),
            (None, signal) => End::Killed(signal.unwrap_or_default()),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_reaped {
            return;
        }
        if let Some(group) = self.pid() {
            // That it has none any more is as good.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

impl Said {
    fn add(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(KEPT_BYTES - self.kept.len());
        self.kept.extend_from_slice(&bytes[..kept]);
        self.left_out_bytes += (bytes.len() - kept) as u64;
    }
}

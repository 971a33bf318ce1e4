//! How far the film is, on standard error: one line that is written anew where a person looks at it, and one line now and
//! then where not.

use std::{
    io::{IsTerminal, Stderr, Write},
    time::{Duration, Instant},
};

use crate::cli::when;

const BETWEEN_ON_TERMINAL: Duration = Duration::from_millis(200);
const BETWEEN_IN_LOG: Duration = Duration::from_secs(30);
const BAR: usize = 24;

pub(super) struct Progress {
    frames: u64,
    out: Stderr,
    began: Instant,
    shown: Option<Instant>,
}

impl Progress {
    pub(super) fn new(frames: u64, out: Stderr) -> Self {
        Self { frames, out, began: Instant::now(), shown: None }
    }

    pub(super) fn show(&mut self, drawn: u64, at_ms: i64) {
        let between = if self.out.is_terminal() { BETWEEN_ON_TERMINAL } else { BETWEEN_IN_LOG };
        let since = self.shown.unwrap_or(self.began);
        if since.elapsed() < between {
            return;
        }
        self.shown = Some(Instant::now());
        let line = line(drawn, self.frames, self.began.elapsed(), &when::shown(at_ms));
        // Whether anybody still reads that or not.
        let _ = match self.out.is_terminal() {
            true => write!(self.out, "\r\x1b[K{line}").and_then(|()| self.out.flush()),
            false => writeln!(self.out, "{line}"),
        };
    }

    /// Leaves the line free for what is said next.
    pub(super) fn end(&mut self) {
        if self.shown.is_some() && self.out.is_terminal() {
            let _ = write!(self.out, "\r\x1b[K");
        }
    }
}

/// `[######------] 120/480  2026-11-25 14:00:00  31 frames/s  0:12 left`
fn line(drawn: u64, frames: u64, elapsed: Duration, at: &str) -> String {
    let share = drawn as f64 / frames.max(1) as f64;
    let full = ((share * BAR as f64) as usize).min(BAR);
    let rate = drawn as f64 / elapsed.as_secs_f64().max(1e-3);
    let left = ((frames - drawn.min(frames)) as f64 / rate.max(1e-3)).round() as u64;
    format!(
        "[{}{}] {drawn}/{frames}  {at}  {rate:.0} frames/s  {}:{:02} left",
        "#".repeat(full),
        "-".repeat(BAR - full),
        left / 60,
        left % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_how_far_it_is_and_how_long_it_takes() {
        assert_eq!(
            line(120, 480, Duration::from_secs(4), "noon"),
            "[######------------------] 120/480  noon  30 frames/s  0:12 left"
        );
        assert!(line(0, 0, Duration::ZERO, "").contains("0/0"));
    }
}

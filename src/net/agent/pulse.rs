//! When a link must say that it lives, when the other side has been silent for too long, and what heartbeats carry so
//! that the display can compare clocks. Pure: times are given in.

use std::time::Duration;

use crate::net::wire::{HEARTBEAT_SECS, SILENCE_SECS, messages::Heartbeat};

/// How long either side may be silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PulseBounds {
    pub heartbeat: Duration,
    pub silence: Duration,
}

impl Default for PulseBounds {
    fn default() -> Self {
        Self { heartbeat: Duration::from_secs(HEARTBEAT_SECS), silence: Duration::from_secs(SILENCE_SECS) }
    }
}

#[derive(Debug)]
pub struct Pulse {
    bounds: PulseBounds,
    sent_at: Duration,
    received_at: Duration,
    /// The other side's last heartbeat: its own time, and ours when it came.
    heard: Option<(i64, Duration)>,
    /// It has not been answered yet.
    owes_echo: bool,
}

impl Pulse {
    pub const fn new(bounds: PulseBounds, now: Duration) -> Self {
        Self { bounds, sent_at: now, received_at: now, heard: None, owes_echo: false }
    }

    /// Something was written.
    pub const fn sent(&mut self, now: Duration) {
        self.sent_at = now;
    }

    /// Something was read.
    pub const fn received(&mut self, now: Duration) {
        self.received_at = now;
    }

    /// The other side's heartbeat.
    pub const fn heard(&mut self, heartbeat: Heartbeat, now: Duration) {
        self.heard = Some((heartbeat.unix_micros, now));
        self.owes_echo = true;
    }

    /// Whether the other side has been silent for so long that it is gone.
    pub fn is_dead(&self, now: Duration) -> bool {
        now.saturating_sub(self.received_at) >= self.bounds.silence
    }

    /// Whether a heartbeat must go out though there is nothing else to say.
    pub fn is_due(&self, now: Duration) -> bool {
        now.saturating_sub(self.sent_at) >= self.bounds.heartbeat
    }

    /// Whether one should go along with whatever goes out next: it answers the other side's.
    pub const fn owes_echo(&self) -> bool {
        self.owes_echo
    }

    /// How long from now until something here may be due. `may_speak`: a heartbeat that is due could go out.
    pub fn until_next(&self, now: Duration, may_speak: bool) -> Duration {
        let dead_at = self.received_at + self.bounds.silence;
        let next = if may_speak { dead_at.min(self.sent_at + self.bounds.heartbeat) } else { dead_at };
        next.saturating_sub(now)
    }

    pub fn heartbeat(&mut self, unix_micros: i64, now: Duration) -> Heartbeat {
        self.owes_echo = false;
        let (echo_unix_micros, held) =
            self.heard.map_or((0, Duration::ZERO), |(echo, at)| (echo, now.saturating_sub(at)));
        let held_micros = i64::try_from(held.as_micros()).unwrap_or(i64::MAX);
        Heartbeat { unix_micros, echo_unix_micros, held_micros }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1_000);

    fn at(secs: u64) -> Duration {
        START + Duration::from_secs(secs)
    }

    #[test]
    fn silence_is_told_from_the_other_sides_words_alone() {
        let mut pulse = Pulse::new(PulseBounds::default(), START);
        pulse.sent(at(14));
        assert!(!pulse.is_dead(at(14)));
        assert!(pulse.is_dead(at(15)));
        pulse.received(at(14));
        assert!(!pulse.is_dead(at(28)));
    }

    #[test]
    fn a_heartbeat_is_due_when_nothing_else_was_said() {
        let mut pulse = Pulse::new(PulseBounds::default(), START);
        assert!(!pulse.is_due(at(4)));
        assert!(pulse.is_due(at(5)));
        pulse.sent(at(4));
        assert!(!pulse.is_due(at(8)));
        assert_eq!(pulse.until_next(at(8), true), Duration::from_secs(1));
    }

    #[test]
    fn who_cannot_speak_waits_for_the_other_side_alone() {
        let pulse = Pulse::new(PulseBounds::default(), START);
        assert_eq!(pulse.until_next(at(7), true), Duration::ZERO);
        assert_eq!(pulse.until_next(at(7), false), Duration::from_secs(8));
    }

    #[test]
    fn an_echo_tells_how_long_it_was_held() {
        let mut pulse = Pulse::new(PulseBounds::default(), START);
        assert_eq!(pulse.heartbeat(7, START), Heartbeat { unix_micros: 7, ..Heartbeat::default() });
        pulse.heard(Heartbeat { unix_micros: 42, ..Heartbeat::default() }, at(1));
        assert!(pulse.owes_echo());
        let echo = pulse.heartbeat(9, at(3));
        assert_eq!(echo, Heartbeat { unix_micros: 9, echo_unix_micros: 42, held_micros: 2_000_000 });
        assert!(!pulse.owes_echo());
    }
}

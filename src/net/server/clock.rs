//! How far an agent's clock is ahead of ours, and how long words take there and back: from heartbeats, as NTP does it
//! (RFC 5905, section 8, and of the last eight samples the one with the least delay, section 10). Pure.

use crate::net::wire::{ClockSample, clock_sample, messages::Heartbeat};

/// Samples that are kept; one comes every five seconds.
const SAMPLES: usize = 8;
/// Our last heartbeats that an answer may name.
const REMEMBERED: usize = 4;
/// What takes longer is no measurement: the other side has been asleep.
const LONGEST_DELAY_MICROS: u32 = 60_000_000;
/// Seen by people: a delay that is another by a quarter and a millisecond, an offset by 20 ms.
const VISIBLE_DELAY_MICROS: u32 = 1_000;
const VISIBLE_OFFSET_MILLIS: i64 = 20;
/// How far two clocks run apart while there are eight samples, at the 500 ppm that NTP allows each.
const DRIFT_MICROS: u64 = 40_000;

/// One moment on both of our clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub unix_micros: i64,
    /// Since any fixed moment; never steps.
    pub steady_micros: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// There and back.
    pub delay_micros: u32,
    /// Agent's clock minus ours.
    pub offset_micros: i64,
}

impl Estimate {
    pub const fn offset_millis(self) -> i64 {
        self.offset_micros.div_euclid(1_000)
    }

    /// Whether somebody who looks at both would see a difference.
    pub fn differs_visibly(self, other: Self) -> bool {
        let delay = self.delay_micros.abs_diff(other.delay_micros);
        delay > VISIBLE_DELAY_MICROS.max(other.delay_micros / 4)
            || self.offset_millis().abs_diff(other.offset_millis()) >= VISIBLE_OFFSET_MILLIS.unsigned_abs()
    }

    /// Whether both cannot be right: each is off by half its delay at most.
    fn excludes(self, other: Self) -> bool {
        let both_off = (u64::from(self.delay_micros) + u64::from(other.delay_micros)) / 2;
        self.offset_micros.abs_diff(other.offset_micros) > both_off + DRIFT_MICROS
    }
}

#[derive(Clone, Debug)]
pub struct Clock {
    /// From the Hello; it travelled an unknown time.
    first_offset_micros: i64,
    sent: [Option<Moment>; REMEMBERED],
    next_sent: usize,
    samples: [Option<Estimate>; SAMPLES],
    next_sample: usize,
    /// Of the samples: every event asks for it, and they are few.
    best: Option<Estimate>,
    /// The last heartbeat from there: what it said, and when it came.
    last_heard: Option<(i64, i64)>,
}

impl Clock {
    /// `agent_unix_millis`: what the agent's clock showed when it said Hello.
    pub const fn new(agent_unix_millis: i64, now: Moment) -> Self {
        Self {
            first_offset_micros: agent_unix_millis.saturating_mul(1_000).saturating_sub(now.unix_micros),
            sent: [None; REMEMBERED],
            next_sent: 0,
            samples: [None; SAMPLES],
            next_sample: 0,
            best: None,
            last_heard: None,
        }
    }

    /// What to say now.
    pub fn heartbeat(&mut self, now: Moment) -> Heartbeat {
        self.sent[self.next_sent] = Some(now);
        self.next_sent = (self.next_sent + 1) % REMEMBERED;
        let (echo_unix_micros, held_micros) = match self.last_heard {
            Some((said, came)) => (said, now.steady_micros.saturating_sub(came)),
            None => (0, 0),
        };
        Heartbeat { unix_micros: now.unix_micros, echo_unix_micros, held_micros }
    }

    /// Takes what came. One that answers none of our last heartbeats, or nonsense, is no sample.
    pub fn heard(&mut self, heartbeat: &Heartbeat, now: Moment) {
        self.last_heard = Some((heartbeat.unix_micros, now.steady_micros));
        let answered = |sent: &&Moment| sent.unix_micros == heartbeat.echo_unix_micros;
        let Some(sent) = self.sent.iter().flatten().find(answered) else {
            return;
        };
        // As if our clock had not stepped since.
        let passed_micros = now.steady_micros.saturating_sub(sent.steady_micros);
        let Some(sample) = clock_sample(heartbeat, sent.unix_micros.saturating_add(passed_micros)) else {
            return;
        };
        let ClockSample { delay_micros, offset_micros } = sample;
        let Some(delay_micros) = u32::try_from(delay_micros).ok().filter(|it| *it <= LONGEST_DELAY_MICROS)
        else {
            return;
        };
        let sample = Estimate { delay_micros, offset_micros };
        if self.samples.iter().flatten().any(|earlier| earlier.excludes(sample)) {
            // A clock was set, and what was measured before is worth nothing.
            self.samples = [None; SAMPLES];
        }
        self.samples[self.next_sample] = Some(sample);
        self.next_sample = (self.next_sample + 1) % SAMPLES;
        self.best = self.samples.iter().flatten().min_by_key(|sample| sample.delay_micros).copied();
    }

    /// The best of the last samples; `None` before the first.
    pub const fn estimate(&self) -> Option<Estimate> {
        self.best
    }

    /// Whether people should see the estimate: the first sample is taken while both sides are busy with each other.
    pub fn is_settled(&self) -> bool {
        self.samples.iter().flatten().nth(1).is_some()
    }

    /// To be taken from the agent's times.
    pub fn offset_millis(&self) -> i64 {
        let offset = self.estimate().map_or(self.first_offset_micros, |estimate| estimate.offset_micros);
        offset.div_euclid(1_000)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_700_000_000_000_000;

    fn at(micros: i64) -> Moment {
        Moment { unix_micros: START + micros, steady_micros: micros }
    }

    /// Ours there, held, and back.
    fn exchange(clock: &mut Clock, start: i64, there: i64, held: i64, back: i64, offset: i64) {
        let ours = clock.heartbeat(at(start));
        let answer = Heartbeat {
            unix_micros: START + start + there + held + offset,
            echo_unix_micros: ours.unix_micros,
            held_micros: held,
        };
        clock.heard(&answer, at(start + there + held + back));
    }

    proptest! {
        #[test]
        fn the_error_is_at_most_half_the_delay(
            offset in -10_000_000_000_i64..10_000_000_000,
            ways in prop::collection::vec((0_i64..2_000_000, 0_i64..5_000_000, 0_i64..2_000_000), 1..20),
        ) {
            let mut clock = Clock::new(0, at(0));
            for (i, (there, held, back)) in ways.iter().enumerate() {
                exchange(&mut clock, i as i64 * 5_000_000, *there, *held, *back, offset);
            }
            let least = ways.iter().rev().take(SAMPLES).map(|(there, _, back)| there + back).min().unwrap();
            let estimate = clock.estimate().unwrap();
            prop_assert_eq!(i64::from(estimate.delay_micros), least);
            prop_assert!((estimate.offset_micros - offset).abs() <= least / 2 + 1);
        }

        #[test]
        fn nothing_that_is_said_breaks_it(unix: i64, echo: i64, held: i64, hello: i64, now: i64) {
            let mut clock = Clock::new(hello, at(0));
            let sent = clock.heartbeat(at(5)).unix_micros;
            for echo in [echo, sent] {
                let now = Moment { unix_micros: now, steady_micros: 10 };
                clock.heard(&Heartbeat { unix_micros: unix, echo_unix_micros: echo, held_micros: held }, now);
                clock.heartbeat(now);
                clock.offset_millis();
            }
        }
    }

    #[test]
    fn the_hello_serves_until_something_better_comes() {
        let mut clock = Clock::new((START + 7_000_000) / 1_000, at(0));
        assert_eq!((clock.offset_millis(), clock.estimate()), (7_000, None));
        exchange(&mut clock, 0, 100, 0, 100, 5_000_000);
        assert_eq!(clock.offset_millis(), 5_000);
    }

    #[test]
    fn our_own_clock_may_step() {
        let mut clock = Clock::new(0, at(0));
        let ours = clock.heartbeat(at(0));
        let answer =
            Heartbeat { unix_micros: START + 50, echo_unix_micros: ours.unix_micros, held_micros: 0 };
        clock.heard(&answer, Moment { unix_micros: START - 3_600_000_000, steady_micros: 100 });
        assert_eq!(clock.estimate(), Some(Estimate { delay_micros: 100, offset_micros: 0 }));
    }

    #[test]
    fn a_clock_that_was_set_is_believed_at_once() {
        let mut clock = Clock::new(0, at(0));
        exchange(&mut clock, 0, 100, 0, 100, 0);
        // The way takes longer now, so that this would not be the best for seven more.
        exchange(&mut clock, 5_000_000, 40_000, 0, 40_000, -3_600_000_000);
        assert_eq!(clock.offset_millis(), -3_600_000);
        // Clocks that run apart as clocks do are not set.
        exchange(&mut clock, 10_000_000, 60_000, 0, 60_000, -3_600_000_000 + 30_000);
        assert_eq!(clock.estimate().unwrap().delay_micros, 80_000);
        assert!(clock.is_settled());
    }

    #[test]
    fn trembling_is_not_visible() {
        let told = Estimate { delay_micros: 40_000, offset_micros: 5_000 };
        assert!(!Estimate { delay_micros: 49_000, offset_micros: 20_000 }.differs_visibly(told));
        assert!(Estimate { delay_micros: 51_000, ..told }.differs_visibly(told));
        assert!(Estimate { offset_micros: 26_000, ..told }.differs_visibly(told));
    }
}

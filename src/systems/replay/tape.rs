//! Where the tape is, and what it waits for.

use std::time::Duration;

use bevy::prelude::Resource;

use crate::components::time_travel::{Edges, PastLink, PastOrder, Span, TimeTravel, Wishes};

/// Of the viewer's time: in a replay nothing has to happen for so long before it is passed over, and so much of it is
/// left.
const IDLE: Duration = Duration::from_millis(1_500);
const LEFT_OF_IDLE: Duration = Duration::from_millis(300);

/// What to ask next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wanted {
    Moment(i64),
    Span(Span),
    /// The beginning of what a wall plays.
    Turn(Edges),
    /// So many milliseconds before the end of the recording.
    Last(i64),
    /// The last moment before this one at which something opened.
    Before(i64),
}

#[derive(Resource, Debug, Default)]
pub(in crate::systems) struct Tape {
    /// Of the last order. An answer with another one is of no use any more.
    pub(super) ticket: u64,
    /// An order is on its way.
    pub(super) waits: bool,
    pub(super) wanted: Option<Wanted>,
    /// What is on its way was asked for.
    pub(super) sent: Option<Wanted>,
    /// One event further.
    pub(super) steps: bool,
    /// When something happens next, as far as it is known.
    pub(super) next_ms: Option<i64>,
    /// Of the viewer's time, as far as the tape has not moved for it.
    pub(super) owed: Duration,
    pub(super) wishes: Wishes,
    /// What is left of a step when whole milliseconds are taken.
    left_over_ms: f64,
}

impl Tape {
    pub(super) fn want(&mut self, wanted: Wanted) {
        self.wanted = Some(wanted);
        self.steps = false;
    }

    /// What is on its way is not waited for any more.
    pub(super) fn forget(&mut self) {
        self.ticket += 1;
        (self.waits, self.wanted, self.steps) = (false, None, false);
    }

    /// Returns whether there was room: orders that nobody waits for any more may still be on their way.
    pub(super) fn send(&mut self, link: &PastLink, order: PastOrder) -> bool {
        self.waits = link.orders.try_send(order).is_ok();
        self.waits
    }

    /// Milliseconds of the past in so much of the viewer's time.
    pub(super) fn step_ms(&mut self, passed: Duration, speed: u32) -> i64 {
        let step = passed.as_secs_f64() * 1e3 * f64::from(speed) + self.left_over_ms;
        self.left_over_ms = step.fract();
        step as i64
    }

    /// Where a step leads when time in which nothing happens is passed over.
    pub(super) fn over_idle(&self, travel: &TimeTravel, step_ms: i64) -> i64 {
        let of_viewer = |time: Duration| time.as_millis() as i64 * i64::from(travel.speed);
        let wakes = match self.next_ms {
            Some(next_ms) => next_ms - of_viewer(LEFT_OF_IDLE),
            // Nothing happens any more.
            None => return i64::MAX,
        };
        let goes = travel.at_ms + step_ms;
        if wakes - travel.at_ms > of_viewer(IDLE) { wakes } else { goes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_millisecond_is_lost_between_frames() {
        let mut tape = Tape::default();
        let frame = Duration::from_micros(16_667);
        let sum: i64 = (0..600).map(|_| tape.step_ms(frame, 1)).sum();
        assert_eq!(sum, 10_000);
    }

    #[test]
    fn idle_time_is_passed_over_and_a_little_of_it_left() {
        let travel = TimeTravel { at_ms: 1_000, speed: 10, ..TimeTravel::default() };
        let tape = |next_ms| Tape { next_ms, ..Tape::default() };
        assert_eq!(tape(Some(2_000)).over_idle(&travel, 160), 1_160, "it happens soon");
        assert_eq!(tape(Some(101_000)).over_idle(&travel, 160), 98_000);
        assert_eq!(tape(None).over_idle(&travel, 160), i64::MAX, "to the end");
    }
}

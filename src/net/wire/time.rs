//! Sums with times and numbers from afar, which may be anything: nothing here overflows, and what comes out is a time
//! that a calendar has.

use super::messages::Heartbeat;

/// End of the year 9999, milliseconds since the Unix epoch; calendars and databases end there.
pub const LAST_UNIX_MILLIS: i64 = 253_402_300_799_999;

/// Time of a change: its frame's time and how much later the change was, both as the sender had them. Milliseconds since
/// the Unix epoch, from 0 to [`LAST_UNIX_MILLIS`].
pub fn event_time(unix_millis: i64, delta_millis: i64) -> i64 {
    unix_millis.saturating_add(delta_millis).clamp(0, LAST_UNIX_MILLIS)
}

/// When a connection of that age opened, in the same terms.
pub fn opened_time(unix_millis: i64, age_millis: u64) -> i64 {
    unix_millis.saturating_sub_unsigned(age_millis).clamp(0, LAST_UNIX_MILLIS)
}

/// How old a connection is, from 0; to be read with [`opened_time`].
pub fn age_millis(unix_millis: i64, opened_unix_millis: i64) -> u64 {
    u64::try_from(unix_millis.saturating_sub(opened_unix_millis)).unwrap_or(0)
}

/// Number of a frame's change, the first of which has index 0; at the index behind its last, the number that comes next.
/// `None` where there is no such number: 0 is none, and an honest sender never comes near the end.
pub fn change_sequence(first_sequence: u64, index: usize) -> Option<u64> {
    if first_sequence == 0 {
        return None;
    }
    first_sequence.checked_add(u64::try_from(index).ok()?)
}

/// What one heartbeat tells about the way and the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSample {
    /// There and back, without the time the heartbeat rested at the other side.
    pub delay_micros: u64,
    /// How far the sender's clock is ahead of the receiver's; wrong by half the delay at most.
    pub offset_micros: i64,
}

/// From a heartbeat that came at `received_unix_micros` by the receiver's clock (RFC 5905, section 8). `None` where it
/// answers none, or its times cannot be.
pub fn clock_sample(heartbeat: &Heartbeat, received_unix_micros: i64) -> Option<ClockSample> {
    let Heartbeat { unix_micros, echo_unix_micros, held_micros } = *heartbeat;
    if echo_unix_micros == 0 || held_micros < 0 {
        return None;
    }
    let round = received_unix_micros.checked_sub(echo_unix_micros)?.checked_sub(held_micros)?;
    let delay_micros = u64::try_from(round).ok()?;
    let there = unix_micros.checked_sub(held_micros)?.checked_sub(echo_unix_micros)?;
    let back = unix_micros.checked_sub(received_unix_micros)?;
    // Halves first: the sum of both may not fit.
    let offset_micros = there / 2 + back / 2 + (there % 2 + back % 2) / 2;
    Some(ClockSample { delay_micros, offset_micros })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_that_cannot_be_become_the_nearest_that_can() {
        assert_eq!(event_time(1_000, -3), 997);
        assert_eq!(event_time(i64::MAX, i64::MAX), LAST_UNIX_MILLIS);
        assert_eq!(event_time(i64::MIN, -1), 0);
        assert_eq!(opened_time(1_000, 400), 600);
        assert_eq!(opened_time(1_000, u64::MAX), 0);
        assert_eq!(age_millis(1_000, 600), 400);
        assert_eq!(age_millis(600, 1_000), 0);
        assert_eq!(age_millis(i64::MAX, i64::MIN), i64::MAX as u64);
    }

    #[test]
    fn numbers_end_instead_of_starting_anew() {
        assert_eq!(change_sequence(7, 2), Some(9));
        assert_eq!(change_sequence(0, 2), None);
        assert_eq!(change_sequence(u64::MAX, 1), None);
    }

    /// The agent is 5 s ahead; 20 ms there, 10 ms back, and the agent answers after 1 s.
    #[test]
    fn a_heartbeat_tells_delay_and_offset() {
        let answer =
            Heartbeat { unix_micros: 106_020_000, echo_unix_micros: 100_000_000, held_micros: 1_000_000 };
        let sample = clock_sample(&answer, 101_030_000);
        assert_eq!(sample, Some(ClockSample { delay_micros: 30_000, offset_micros: 5_005_000 }));
        assert_eq!(clock_sample(&Heartbeat { echo_unix_micros: 0, ..answer }, 101_030_000), None);
        assert_eq!(clock_sample(&answer, 100_000_000), None, "it came before it was sent");
    }

    proptest! {
        #[test]
        fn no_heartbeat_overflows(unix_micros: i64, echo_unix_micros: i64, held_micros: i64, received: i64) {
            let _ = clock_sample(&Heartbeat { unix_micros, echo_unix_micros, held_micros }, received);
        }
    }
}

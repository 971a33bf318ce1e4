//! How long to wait before the next attempt: exponential with full jitter, so that a thousand agents that lost the same
//! display at the same moment do not come back at the same moment. Pure: randomness is given in.

use std::time::Duration;

/// A link that lived this long was a good one: the next failure begins anew.
pub const GOOD_LINK: Duration = Duration::from_secs(10);

/// Bounds of the waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackoffBounds {
    /// At most this long after the first failure.
    pub first: Duration,
    /// At most this long after any.
    pub longest: Duration,
}

impl Default for BackoffBounds {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

#[derive(Debug)]
pub struct Backoff {
    bounds: BackoffBounds,
    /// At most this long after the next failure.
    ceiling: Duration,
}

impl Backoff {
    pub const fn new(bounds: BackoffBounds) -> Self {
        Self { bounds, ceiling: bounds.first }
    }

    /// There was a link, it lived that long, and something was acknowledged or not.
    pub fn had_a_link(&mut self, lived: Duration, was_of_use: bool) {
        if was_of_use || lived >= GOOD_LINK {
            self.reset();
        }
    }

    /// The next failure counts as the first.
    pub const fn reset(&mut self) {
        self.ceiling = self.bounds.first;
    }

    /// Trying soon is of no use: a person must do something at the other end.
    pub const fn give_time(&mut self) {
        self.ceiling = self.bounds.longest;
    }

    /// Time to wait after a failure: anything up to the ceiling, which doubles each time. `random`: any number with all
    /// its bits drawn.
    pub fn next_delay(&mut self, random: u64) -> Duration {
        let ceiling = self.ceiling.min(self.bounds.longest);
        self.ceiling = ceiling.saturating_mul(2).min(self.bounds.longest);
        let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(random % nanos.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ceilings(backoff: &mut Backoff, count: usize) -> Vec<u64> {
        (0..count)
            .map(|_| {
                let ceiling = backoff.ceiling;
                backoff.next_delay(0);
                ceiling.as_secs()
            })
            .collect()
    }

    #[test]
    fn waiting_doubles_up_to_a_minute() {
        let mut backoff = Backoff::new(BackoffBounds::default());
        assert_eq!(ceilings(&mut backoff, 8), [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_good_link_begins_anew_and_a_short_one_does_not() {
        let mut backoff = Backoff::new(BackoffBounds::default());
        ceilings(&mut backoff, 4);
        backoff.had_a_link(GOOD_LINK / 2, false);
        assert_eq!(ceilings(&mut backoff, 1), [16]);
        backoff.had_a_link(GOOD_LINK, false);
        assert_eq!(ceilings(&mut backoff, 2), [1, 2]);
        backoff.had_a_link(Duration::ZERO, true);
        assert_eq!(ceilings(&mut backoff, 2), [1, 2]);
    }

    #[test]
    fn who_is_refused_waits_longest() {
        let mut backoff = Backoff::new(BackoffBounds::default());
        backoff.give_time();
        assert_eq!(ceilings(&mut backoff, 2), [60, 60]);
    }

    #[test]
    fn jitter_reaches_from_nothing_to_the_ceiling() {
        let first = BackoffBounds::default().first;
        let delay = |random| Backoff::new(BackoffBounds::default()).next_delay(random);
        assert_eq!(delay(0), Duration::ZERO);
        assert_eq!(delay(first.as_nanos() as u64), first);
        assert_eq!(delay(first.as_nanos() as u64 / 2), first / 2);
    }

    proptest! {
        #[test]
        fn no_delay_is_longer_than_its_ceiling(randoms in proptest::collection::vec(any::<u64>(), 1..20)) {
            let mut backoff = Backoff::new(BackoffBounds::default());
            for random in randoms {
                let ceiling = backoff.ceiling;
                prop_assert!(backoff.next_delay(random) <= ceiling);
                prop_assert!(backoff.ceiling <= BackoffBounds::default().longest);
            }
        }
    }
}

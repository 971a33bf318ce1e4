//! How often to look: as often as asked while that costs little, else less often. Pure arithmetic on what the looks
//! have cost.

use std::time::Duration;

/// Looks are this far apart while they are cheap, unless asked otherwise.
pub const SHORTEST_TICK: Duration = Duration::from_millis(100);
/// However dear a look is, a minute is the longest anybody waits for one.
const LONGEST_TICK: Duration = Duration::from_secs(60);
/// Share of one core that the collector may use.
const CORE_SHARE: f64 = 0.02;
/// Weight of the newest look in the mean cost: one dear look among many does not slow the rest.
const NEWEST_WEIGHT: f64 = 0.125;
/// A tick is shortened only when a tick of this part of its length would do, so that it does not waver.
const SHORTEN_BELOW: f64 = 0.75;

#[derive(Clone, Debug)]
pub struct Pace {
    shortest: Duration,
    mean_cost_secs: Option<f64>,
    tick: Duration,
}

impl Pace {
    /// `shortest` is the tick asked for; less than a millisecond counts as one.
    pub fn new(shortest: Duration) -> Self {
        let shortest = shortest.max(Duration::from_millis(1));
        Self { shortest, mean_cost_secs: None, tick: shortest }
    }

    /// Time from one look to the next.
    pub fn tick(&self) -> Duration {
        self.tick
    }

    /// Takes what the last tick cost in CPU time, with all that was done since the one before.
    pub fn spent(&mut self, cost: Duration) {
        let cost = cost.as_secs_f64();
        let mean = self.mean_cost_secs.map_or(cost, |mean| mean + (cost - mean) * NEWEST_WEIGHT);
        self.mean_cost_secs = Some(mean);

        // In whole steps, so that the tick shown is a round number.
        let most_steps = (LONGEST_TICK.as_secs_f64() / self.shortest.as_secs_f64()).max(1.0);
        let steps = (mean / CORE_SHARE / self.shortest.as_secs_f64()).ceil().clamp(1.0, most_steps);
        let affordable = self.shortest.mul_f64(steps);
        if affordable > self.tick || affordable <= self.tick.mul_f64(SHORTEN_BELOW) {
            self.tick = affordable;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settled(pace: &mut Pace, cost: Duration) -> Duration {
        (0..200).for_each(|_| pace.spent(cost));
        pace.tick()
    }

    #[test]
    fn cheap_looks_keep_the_shortest_tick() {
        assert_eq!(settled(&mut Pace::new(SHORTEST_TICK), Duration::from_micros(1_900)), SHORTEST_TICK);
    }

    #[test]
    fn one_dear_look_does_not_slow_the_rest_for_long() {
        let mut pace = Pace::new(SHORTEST_TICK);
        settled(&mut pace, Duration::from_micros(500));
        pace.spent(Duration::from_millis(8));
        assert_eq!(pace.tick(), SHORTEST_TICK);
        pace.spent(Duration::from_millis(80));
        assert!(pace.tick() > SHORTEST_TICK);
        assert_eq!(settled(&mut pace, Duration::from_micros(500)), SHORTEST_TICK);
    }

    proptest! {
        #[test]
        fn a_steady_cost_stays_within_the_share(
            micros in 0_u64..1_000_000,
            before in 0_u64..1_000_000,
            shortest_millis in 1_u64..5_000,
        ) {
            let shortest = Duration::from_millis(shortest_millis);
            let mut pace = Pace::new(shortest);
            settled(&mut pace, Duration::from_micros(before));
            let cost = Duration::from_micros(micros);
            let tick = settled(&mut pace, cost);
            prop_assert!(cost.as_secs_f64() / tick.as_secs_f64() <= CORE_SHARE + 1e-9);
            prop_assert!(tick >= shortest);
            // Nor is it needlessly slow.
            let needed = cost.as_secs_f64() / CORE_SHARE + shortest.as_secs_f64();
            prop_assert!(tick.as_secs_f64() <= needed / SHORTEN_BELOW + 1e-6);
        }
    }
}

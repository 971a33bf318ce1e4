//! How many frames a second a processor can draw in place of a graphics card, of what they have cost: it works for the programs
//! it watches too, and motion may have half of one core. Who measures is `systems/services/effort`.

use std::time::Duration;

/// Frames may be this far apart, in milliseconds. Steps, for each change of the pace costs a frame of its own.
const STEPS_MILLIS: [u64; 9] = [33, 50, 66, 100, 150, 225, 350, 500, 750];
/// Until something was measured.
const FIRST_STEP: usize = 3;
/// Processor time of a frame times this is the time until the next: half a core.
const SHARE: u32 = 2;
/// A frame counts for one in so many: one that is out of the ordinary changes nothing.
const OF: u32 = 8;
/// A faster pace must have this much room, in percent, or it would be left again at once.
const ROOM_PERCENT: u32 = 125;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Processor time of a frame, all threads together.
    cost: Duration,
    step: usize,
}

impl Default for Effort {
    fn default() -> Self {
        let frame_time = Duration::from_millis(STEPS_MILLIS[FIRST_STEP]);
        Self { cost: frame_time / SHARE * 100 / ROOM_PERCENT, step: FIRST_STEP }
    }
}

impl Effort {
    /// How far frames are apart.
    pub const fn frame_time(&self) -> Duration {
        Duration::from_millis(STEPS_MILLIS[self.step])
    }

    /// A frame, with all that went on until the next, took so much processor time.
    pub fn heed(&mut self, cost: Duration) {
        self.cost = (self.cost * (OF - 1) + cost) / OF;
        let wanted = self.cost * SHARE;
        let last = STEPS_MILLIS.len() - 1;
        let step_of = |time: Duration| {
            STEPS_MILLIS.iter().position(|step| time <= Duration::from_millis(*step)).unwrap_or(last)
        };
        self.step = self.step.max(step_of(wanted)).min(step_of(wanted * ROOM_PERCENT / 100));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(frames: usize, cost_millis: u64, effort: Effort) -> Effort {
        (0..frames).fold(effort, |mut effort, _| {
            effort.heed(Duration::from_millis(cost_millis));
            effort
        })
    }

    #[test]
    fn frames_are_as_far_apart_as_half_a_core_asks_for() {
        for cost_millis in [1, 10, 16, 30, 45, 80, 160, 300] {
            let frame_time = after(100, cost_millis, Effort::default()).frame_time();
            assert!(frame_time >= Duration::from_millis(SHARE as u64 * cost_millis), "{cost_millis}");
            assert!(
                frame_time <= Duration::from_millis((SHARE as u64 * cost_millis * 2).max(33)),
                "{cost_millis}"
            );
        }
        let most = after(100, 60_000, Effort::default());
        assert_eq!(most.frame_time(), Duration::from_millis(750), "and no farther");
        assert_eq!(after(100, 1, most).frame_time(), Duration::from_millis(33), "and back");
    }

    #[test]
    fn one_dear_frame_changes_nothing_and_a_cost_at_the_edge_does_not_waver() {
        let calm = after(100, 30, Effort::default());
        assert_eq!(after(1, 60, calm).frame_time(), calm.frame_time());
        let mut changes = 0;
        let mut effort = after(100, 33, Effort::default());
        for frame in 0..1_000 {
            let before = effort.frame_time();
            effort.heed(Duration::from_millis(30 + frame % 7));
            changes += u32::from(effort.frame_time() != before);
        }
        assert!(changes <= 1, "{changes}");
    }
}

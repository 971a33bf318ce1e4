//! "Now" of the picture. The graphics card gets times as whole milliseconds since an epoch that moves along, so that
//! they fit 32 bits for ever.

use bevy::prelude::Resource;

/// The wall clock when live; stills and replays hold it.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapClock {
    epoch_unix_millis: i64,
    now_unix_millis: i64,
    held: bool,
}

/// Births up to this long before the epoch still count as times of their own; older ones are all "long ago".
/// A week of trails, or the fading of a replay at its fastest, fits into these 12 days.
const REACH_MILLIS: i64 = 1 << 30;
/// The epoch moves on after this long, well before 32 bits are full.
const REBASE_AFTER_MILLIS: i64 = 3 << 30;

impl MapClock {
    pub const fn live(now_unix_millis: i64) -> Self {
        Self { epoch_unix_millis: now_unix_millis - REACH_MILLIS, now_unix_millis, held: false }
    }

    /// A clock that stands still until [`MapClock::set`].
    pub const fn held(now_unix_millis: i64) -> Self {
        Self { held: true, ..Self::live(now_unix_millis) }
    }

    pub const fn is_held(&self) -> bool {
        self.held
    }

    pub const fn now_unix_millis(&self) -> i64 {
        self.now_unix_millis
    }

    /// Stops it, or lets it run again.
    pub const fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Moves to `now`. Returns whether the epoch moved too, after which every time sent before is stale.
    pub fn set(&mut self, now_unix_millis: i64) -> bool {
        self.now_unix_millis = now_unix_millis;
        let since_epoch = now_unix_millis - self.epoch_unix_millis;
        let rebase = !(0..REBASE_AFTER_MILLIS).contains(&since_epoch);
        if rebase {
            self.epoch_unix_millis = now_unix_millis - REACH_MILLIS;
        }
        rebase
    }

    /// Milliseconds since the epoch, as the shaders count them; 0 for all that is older.
    pub fn epoch_millis_from_unix(&self, unix_millis: i64) -> u32 {
        u32::try_from((unix_millis - self.epoch_unix_millis).max(0)).unwrap_or(u32::MAX)
    }

    pub fn now_epoch_millis(&self) -> u32 {
        self.epoch_millis_from_unix(self.now_unix_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_moves_before_32_bits_are_full() {
        let start = 1_800_000_000_000;
        let mut clock = MapClock::live(start);
        assert!(!clock.set(start + 1_000));
        assert_eq!(clock.now_epoch_millis() - clock.epoch_millis_from_unix(start), 1_000);
        let months_later = start + 60 * 24 * 3_600_000;
        assert!(clock.set(months_later));
        assert_eq!(clock.epoch_millis_from_unix(start), 0);
        assert!(i64::from(clock.now_epoch_millis()) < REBASE_AFTER_MILLIS);
    }

    #[test]
    fn a_clock_put_back_rebases() {
        let mut clock = MapClock::live(1_800_000_000_000);
        assert!(clock.set(1_700_000_000_000));
        assert_eq!(i64::from(clock.now_epoch_millis()), REACH_MILLIS);
    }
}

//! Moves the map clock along with the wall clock, unless it is held.

use std::time::{SystemTime, UNIX_EPOCH};

use bevy::prelude::*;

use super::MapSystems;
use crate::components::map_clock::MapClock;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, tick.in_set(MapSystems::Sense));
}

/// Milliseconds since the Unix epoch; 0 where the machine's clock is set before it.
pub fn wall_unix_millis() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Counts as a change only when the epoch moved: then all times on the graphics card are stale.
fn tick(mut clock: ResMut<MapClock>) {
    let now = if clock.is_held() { clock.now_unix_millis() } else { wall_unix_millis() };
    if clock.bypass_change_detection().set(now) {
        clock.set_changed();
    }
}

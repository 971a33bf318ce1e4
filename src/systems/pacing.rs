//! When frames are drawn: only when something visible changes. A still map sleeps until an event, a wake from another
//! thread, or the next minute of the clock; a moving one runs at the adapter's pace.

use std::time::Duration;

use bevy::{
    prelude::*,
    render::renderer::RenderAdapterInfo,
    winit::{UpdateMode, WinitSettings},
};

use super::MapSystems;
use crate::components::{animation::Animation, map_clock::MapClock};

/// The clock in the corner shows minutes, so a still map is drawn once a minute.
const STILL: Duration = Duration::from_secs(60);

pub(super) fn plugin(app: &mut App) {
    app.insert_resource(reactive(STILL)).add_systems(Update, pace.in_set(MapSystems::Account));
}

/// Tells the animation whether a processor draws instead of a graphics card.
pub fn learn_adapter(app: &mut App) {
    app.add_systems(
        Startup,
        |adapter: Option<Res<RenderAdapterInfo>>, mut animation: ResMut<Animation>| {
            animation.on_software = adapter.is_some_and(|adapter| is_software(&adapter));
        },
    );
}

fn is_software(adapter: &RenderAdapterInfo) -> bool {
    format!("{:?}", adapter.device_type) == "Cpu"
}

fn reactive(wait: Duration) -> WinitSettings {
    // Without a window manager a window counts as unfocused, and a wall display often is: both modes are the same.
    let mode = UpdateMode::reactive_low_power(wait);
    WinitSettings { focused_mode: mode, unfocused_mode: mode }
}

fn pace(clock: Res<MapClock>, animation: Res<Animation>, mut settings: ResMut<WinitSettings>) {
    let now = clock.now_unix_millis();
    let wait = if animation.is_moving(now) {
        animation.frame_time()
    } else {
        let into_minute = Duration::from_millis(now.rem_euclid(60_000) as u64);
        STILL.saturating_sub(into_minute).max(Duration::from_millis(1))
    };
    let wanted = UpdateMode::reactive_low_power(wait);
    if settings.focused_mode != wanted {
        *settings = reactive(wait);
    }
}

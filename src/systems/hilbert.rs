//! The view of the address space from frame to frame: it has the window's size, and flies to and fro.

use std::time::Duration;

use bevy::{prelude::*, time::Real};

use super::{MapSystems, cards::pick, interact::step_back};
use crate::components::{
    animation::Animation,
    hilbert_view::HilbertView,
    map_view::{FIRST_SIZE_PX, MapView},
    second_window::SecondWindow,
};

/// A frame that comes late moves the flight no further than this: what is asked for after a rest begins at its beginning.
const LONGEST_STEP: Duration = Duration::from_millis(150);

pub(super) fn plugin(app: &mut App) {
    let view = HilbertView::home(FIRST_SIZE_PX.map(|px| px as f32), 1.0);
    app.init_resource::<SecondWindow>().insert_resource(view).add_systems(
        Update,
        (follow_window, fly).chain().after(step_back).after(pick).in_set(MapSystems::Interact),
    );
}

fn follow_window(map: Res<MapView>, mut view: ResMut<HilbertView>) {
    if (map.size_px, map.px_per_point) != (view.size_px(), view.px_per_point()) {
        view.resize(map.size_px, map.px_per_point);
    }
}

fn fly(
    time: Option<Res<Time<Real>>>,
    animation: Res<Animation>,
    mut view: ResMut<HilbertView>,
    mut was_flying: Local<bool>,
) {
    if !view.is_flying() {
        *was_flying = false;
        return;
    }
    match time.filter(|_| !animation.reduced) {
        Some(time) if *was_flying => view.fly(time.delta().min(LONGEST_STEP)),
        // The time before was not flown.
        Some(_) => view.fly(Duration::from_millis(16)),
        None => view.land(),
    }
    *was_flying = true;
}

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

/// Of a flight that begins.
const FIRST_STEP: Duration = Duration::from_millis(16);
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
    mut second: ResMut<SecondWindow>,
    mut moved: Local<[bool; 2]>,
) {
    let step = time.filter(|_| !animation.reduced).map(|time| time.delta().min(LONGEST_STEP));
    let was_moving = *moved;
    if view.is_moving() {
        go_on(&mut view, step, was_moving[0]);
    }
    moved[0] = view.is_moving();
    let second = second.bypass_change_detection().view_mut().filter(|view| view.is_moving());
    moved[1] = second.is_some_and(|view| {
        go_on(view, step, was_moving[1]);
        view.is_moving()
    });
}

/// `None` where nothing moves by itself: it is there at once.
fn go_on(view: &mut HilbertView, step: Option<Duration>, was_moving: bool) {
    // The time before was not flown.
    let step = step.map(|step| if was_moving { step } else { FIRST_STEP });
    match step {
        Some(step) => {
            view.fly(step);
            view.head(step);
        }
        None => {
            view.land();
            view.head(Duration::MAX);
        }
    }
}

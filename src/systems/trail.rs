//! Keeps the picture moving while rings grow and closed connections fade, and no longer.

use bevy::prelude::*;

use super::MapSystems;
use crate::components::{
    animation::Animation,
    connection::{Age, Position, Trail},
    dots::DotRow,
    hilbert_view::HilbertView,
    map_clock::MapClock,
    second_window::{SecondWindow, shows_space},
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, keep_moving.in_set(MapSystems::Trail));
}

pub(super) fn keep_moving(
    clock: Res<MapClock>,
    mut animation: ResMut<Animation>,
    born: Query<(&Age, Has<Position>), (Added<Age>, With<DotRow>)>,
    (space, second): (Res<HilbertView>, Res<SecondWindow>),
    ended: Query<&Trail, Added<Trail>>,
) {
    let (pulse_millis, fade_millis) = (animation.pulse_millis(), animation.fade_millis());
    let seen = born.iter().filter(|(_, has_place)| *has_place || shows_space(&space, &second));
    let pulses = seen.map(|(age, _)| age.born_unix_millis + pulse_millis);
    let fades = ended.iter().map(|trail| trail.ended_unix_millis + fade_millis);
    if animation.reduced {
        return;
    }
    let now = clock.now_unix_millis();
    if let Some(until) = pulses.chain(fades).max()
        && until > now.max(animation.until_unix_millis)
    {
        animation.keep_moving_until(until);
    }
    // After the clock was put back nothing waits for it to catch up.
    let longest = now + pulse_millis.max(fade_millis);
    if animation.until_unix_millis > longest {
        animation.until_unix_millis = longest;
    }
}

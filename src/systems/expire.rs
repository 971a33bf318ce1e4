//! Takes faded connections off the map.

use bevy::prelude::*;

use super::{MapSystems, place::remove_row, trail::keep_moving};
use crate::components::{
    animation::Animation,
    connection::Trail,
    dots::{DotRow, Dots},
    map_clock::MapClock,
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, expire.in_set(MapSystems::Trail).after(keep_moving));
}

pub(super) fn expire(
    mut commands: Commands,
    clock: Res<MapClock>,
    animation: Res<Animation>,
    mut dots: ResMut<Dots>,
    trails: Query<(Entity, &Trail)>,
    mut rows: Query<&mut DotRow>,
) {
    for (entity, trail) in &trails {
        // One that ended in the future was there when the clock was put back, and may go.
        let faded_millis = clock.now_unix_millis() - trail.ended_unix_millis;
        if (0..animation.fade_millis()).contains(&faded_millis) && !animation.reduced {
            continue;
        }
        remove_row(&mut dots, &mut rows, entity);
        commands.entity(entity).despawn();
    }
}

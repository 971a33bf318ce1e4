//! Takes faded connections off the map.

use bevy::prelude::*;

use super::{MapSystems, place::remove_row};
use crate::components::{
    animation::{Animation, FADE_MILLIS},
    connection::Trail,
    dots::{DotRow, Dots},
    map_clock::MapClock,
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, expire.in_set(MapSystems::Trail));
}

fn expire(
    mut commands: Commands,
    clock: Res<MapClock>,
    animation: Res<Animation>,
    mut dots: ResMut<Dots>,
    trails: Query<(Entity, &Trail)>,
    mut rows: Query<&mut DotRow>,
) {
    for (entity, trail) in &trails {
        let is_fading = trail.ended_unix_millis + FADE_MILLIS > clock.now_unix_millis();
        if is_fading && !animation.reduced {
            continue;
        }
        remove_row(&mut dots, &mut rows, entity);
        commands.entity(entity).despawn();
    }
}

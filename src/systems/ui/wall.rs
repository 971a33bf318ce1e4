//! What only a wall shows: time and date in the corner, who has the most connections below it, and what is new along the
//! bottom. Over all of it lies the night, and the dark between two views.

mod clock;
mod news;
mod top;

use std::f32::consts::TAU;

use bevy::{prelude::*, time::Real};
use bevy_egui::{
    EguiContexts, EguiGlobalSettings,
    egui::{self, Color32, Id, LayerId, Order, Vec2, emath::TSTransform},
};

pub(super) use self::{clock::show as show_clock, news::show as show_news, top::show as show_top};

use crate::{
    components::wall::{TimeOfDay, Wall, shows, shows_beside},
    systems::wall::elapsed,
    wall::Part,
};

/// Panels move as far to each side in the course of an hour, in points. No edge burns in, and nobody sees it move.
const SHIFT: Vec2 = egui::vec2(5.0, 4.0);
/// Minutes in which they are back, across and down: what has no common divisor passes everywhere in between.
const SHIFT_MINUTES: [f32; 2] = [37.0, 53.0];

/// Whether a part that a window always has is shown.
pub(super) fn has(part: Part) -> impl FnMut(Option<Res<Wall>>) -> bool + Clone {
    move |wall| shows(wall.as_deref(), part)
}

/// Whether a part is shown that only a wall has.
pub(super) fn has_beside(part: Part) -> impl FnMut(Option<Res<Wall>>) -> bool + Clone {
    move |wall| shows_beside(wall.as_deref(), part)
}

/// Nobody touches a wall: wherever the pointer was left, nothing lights up there, and no finger opens anything.
pub(super) fn ignore_hands(mut settings: ResMut<EguiGlobalSettings>) {
    let input = &mut settings.input_system_settings;
    input.run_write_window_pointer_moved_messages = false;
    input.run_write_pointer_button_messages = false;
    input.run_write_mouse_wheel_messages_system = false;
    input.run_write_window_touch_messages_system = false;
    input.run_write_pinch_gesture_messages_system = false;
    input.run_write_keyboard_input_messages_system = false;
    settings.enable_cursor_icon_updates = false;
}

/// Moves what stands still on the picture, and darkens all of it.
pub(super) fn cover(
    mut contexts: EguiContexts,
    wall: Res<Wall>,
    (time, day): (Option<Res<Time<Real>>>, Res<TimeOfDay>),
) -> Result {
    let context = contexts.ctx_mut()?;
    let night = LayerId::new(Order::Debug, Id::new("night"));
    let by = match wall.scene().pixel_shift {
        true => TSTransform::from_translation(shift(day.minute.into())),
        false => TSTransform::IDENTITY,
    };
    // What belongs to a dot stays with it.
    let layers: Vec<LayerId> = context.memory(|memory| memory.layer_ids().collect());
    for layer in layers.into_iter().filter(|layer| *layer != LayerId::background() && *layer != night) {
        context.set_transform_layer(layer, by);
    }
    let dark = 1.0 - wall.brightness(elapsed(time.as_deref()), day.minute);
    if dark > 0.0 {
        let alpha = (dark * 255.0).round() as u8;
        let all = context.content_rect().expand(1.0);
        context.layer_painter(night).rect_filled(all, 0.0, Color32::from_black_alpha(alpha));
    }
    Ok(())
}

/// Where panels are in a minute of the day, in whole points: half ones would blur them.
fn shift(minute: f32) -> Vec2 {
    let [x, y] = SHIFT_MINUTES.map(|turn| (TAU * minute / turn).sin());
    (SHIFT * egui::vec2(x, y)).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_come_everywhere_within_their_bounds_and_move_little_at_a_time() {
        let all: Vec<Vec2> = (0..24 * 60_u16).map(|minute| shift(minute.into())).collect();
        assert!(all.iter().all(|by| by.x.abs() <= SHIFT.x && by.y.abs() <= SHIFT.y));
        assert!(all.windows(2).all(|two| (two[1] - two[0]).abs().max_elem() <= 1.0));
        let places: std::collections::HashSet<_> = all.iter().map(|by| (by.x as i32, by.y as i32)).collect();
        assert!(places.len() > 80, "{}", places.len());
    }
}

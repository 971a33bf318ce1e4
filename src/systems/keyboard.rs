//! Keys become actions, by the table in `components/bindings`.

use bevy::{
    input::{
        ButtonState,
        keyboard::{KeyCode, KeyboardInput},
    },
    prelude::*,
};

use super::MapSystems;
use crate::components::{action::UiAction, bindings::action_of, panels::Panels};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, press.in_set(MapSystems::Sense));
}

pub(super) fn press(
    mut presses: MessageReader<KeyboardInput>,
    held: Res<ButtonInput<KeyCode>>,
    panels: Res<Panels>,
    mut actions: MessageWriter<UiAction>,
) {
    let shift = held.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    for press in presses.read() {
        if press.state != ButtonState::Pressed || press.repeat || panels.has_keyboard {
            continue;
        }
        if let Some(action) = action_of(press.key_code, shift) {
            actions.write(action);
        }
    }
}

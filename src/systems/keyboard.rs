//! Keys become actions, by the table in `components/bindings`.

use bevy::{
    input::{
        ButtonState,
        keyboard::{KeyCode, KeyboardFocusLost, KeyboardInput},
    },
    prelude::*,
};

use super::MapSystems;
use crate::components::{
    action::{Overlays, UiAction},
    bindings::action_of,
    panels::Panels,
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, press.in_set(MapSystems::Sense));
}

pub(super) fn press(
    mut presses: MessageReader<KeyboardInput>,
    (panels, overlays): (Res<Panels>, Res<Overlays>),
    held: Res<ButtonInput<KeyCode>>,
    mut shift: Local<bool>,
    mut focus_lost: MessageReader<KeyboardFocusLost>,
    mut actions: MessageWriter<UiAction>,
) {
    if focus_lost.read().count() > 0 {
        *shift = false;
    }
    // With these held a key belongs to the toolkit (Ctrl+C copies) or to the window manager.
    let is_chord = held.any_pressed([
        KeyCode::ControlLeft,
        KeyCode::ControlRight,
        KeyCode::AltLeft,
        KeyCode::AltRight,
        KeyCode::SuperLeft,
        KeyCode::SuperRight,
    ]);
    let mut opens_field = false;
    for press in presses.read() {
        // Followed press by press: by the end of a slow frame Shift may be up again.
        if matches!(press.key_code, KeyCode::ShiftLeft | KeyCode::ShiftRight) {
            *shift = press.state == ButtonState::Pressed;
        }
        if press.state != ButtonState::Pressed
            || press.repeat
            || panels.has_keyboard
            || opens_field
            || is_chord
        {
            continue;
        }
        if let Some(action) = action_of(press.key_code, &press.logical_key, *shift) {
            // What is typed behind it, in a slow frame, is for the field that it opens.
            opens_field |= action == UiAction::ToggleFilter && !overlays.filter;
            actions.write(action);
        }
    }
}

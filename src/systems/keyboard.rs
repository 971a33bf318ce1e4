//! Keys become actions, by the table in `components/bindings`.

use bevy::{
    input::{
        ButtonState,
        keyboard::{KeyCode, KeyboardFocusLost, KeyboardInput},
    },
    prelude::*,
    window::{PrimaryWindow, Window},
};

use super::{MapSystems, window::follow_size};
use crate::components::{
    action::{Overlays, Pane, SpaceAction, UiAction},
    bindings::action_of,
    panels::Panels,
    second_window::{SecondWindow, SpaceWindow},
    wall::Wall,
};

pub(super) fn plugin(app: &mut App) {
    // Whoever passes a wall is not to leave it in the past, or in a window.
    let is_no_wall = not(resource_exists::<Wall>);
    app.add_systems(Update, press.after(follow_size).in_set(MapSystems::Sense).run_if(is_no_wall));
}

pub(super) fn press(
    mut presses: MessageReader<KeyboardInput>,
    (panels, overlays): (Res<Panels>, Res<Overlays>),
    (second, second_windows): (Res<SecondWindow>, Query<(), With<SpaceWindow>>),
    mut main: Query<&mut Window, With<PrimaryWindow>>,
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
    let types_beside = second.0.as_ref().is_some_and(|second| second.panels.has_keyboard);
    let mut opens_field = false;
    for press in presses.read() {
        // Followed press by press: by the end of a slow frame Shift may be up again.
        if matches!(press.key_code, KeyCode::ShiftLeft | KeyCode::ShiftRight) {
            *shift = press.state == ButtonState::Pressed;
        }
        let is_beside = second_windows.contains(press.window);
        let is_typed = if is_beside { types_beside } else { panels.has_keyboard || opens_field };
        if press.state != ButtonState::Pressed || press.repeat || is_typed || is_chord {
            continue;
        }
        let action = action_of(press.key_code, &press.logical_key, *shift);
        let Some(action) = action.map(|action| if is_beside { beside(action) } else { action }) else {
            continue;
        };
        // What is typed beside the field of the filter is meant for it, as long as that window has not got the focus.
        if is_beside && (overlays.filter && panels.has_keyboard || opens_field) && !closes_second(&action) {
            continue;
        }
        // What is typed behind it, in a slow frame, is for the field that it opens; that lies in the main window.
        if action == UiAction::ToggleFilter && !overlays.filter {
            opens_field = true;
            if is_beside && let Ok(mut main) = main.single_mut() {
                main.focused = true;
            }
        }
        actions.write(action);
    }
}

/// In the second window.
const fn closes_second(action: &UiAction) -> bool {
    matches!(action, UiAction::Space(SpaceAction::CloseWindow | SpaceAction::ToggleWindow))
}

/// What a key does in the second window: all that it does in the first, but for what is of one window alone.
fn beside(action: UiAction) -> UiAction {
    match action {
        UiAction::Back => UiAction::Space(SpaceAction::CloseWindow),
        UiAction::ShowWhole(_) => UiAction::ShowWhole(Pane::Second),
        action => action,
    }
}

#[cfg(test)]
mod tests {
    use bevy::input::keyboard::Key;

    use super::*;
    use crate::components::hilbert_view::HilbertView;

    fn key(app: &mut App, window: Entity, key_code: KeyCode, sign: Key) -> Vec<UiAction> {
        app.world_mut().write_message(KeyboardInput {
            key_code,
            logical_key: sign,
            state: ButtonState::Pressed,
            text: None,
            repeat: false,
            window,
        });
        app.update();
        app.world_mut().resource_mut::<Messages<UiAction>>().drain().collect()
    }

    /// The main one and the second, which is open.
    fn windows(app: &mut App) -> (Entity, Entity) {
        app.add_message::<KeyboardInput>()
            .add_message::<KeyboardFocusLost>()
            .add_message::<UiAction>()
            .init_resource::<ButtonInput<KeyCode>>()
            .init_resource::<Panels>()
            .init_resource::<Overlays>()
            .init_resource::<SecondWindow>()
            .add_systems(Update, press);
        let unfocused = Window { focused: false, ..Window::default() };
        let main = app.world_mut().spawn((unfocused, PrimaryWindow)).id();
        let second = app.world_mut().spawn((Window::default(), SpaceWindow)).id();
        app.world_mut().resource_mut::<SecondWindow>().open(&HilbertView::home([1280.0, 720.0], 1.0));
        (main, second)
    }

    #[test]
    fn keys_act_in_both_windows_and_escape_closes_the_second_one_first() {
        let mut app = App::new();
        let (main, second) = windows(&mut app);
        let theme = || Key::Character("d".into());
        for window in [main, second] {
            assert_eq!(key(&mut app, window, KeyCode::KeyD, theme()), [UiAction::ToggleTheme]);
        }
        assert_eq!(key(&mut app, main, KeyCode::Escape, Key::Escape), [UiAction::Back]);
        let close = UiAction::Space(SpaceAction::CloseWindow);
        assert_eq!(key(&mut app, second, KeyCode::Escape, Key::Escape), [close]);
        let whole = [UiAction::ShowWhole(Pane::Second)];
        assert_eq!(key(&mut app, second, KeyCode::Home, Key::Home), whole);
        app.world_mut().resource_mut::<SecondWindow>().0.as_mut().unwrap().panels.has_keyboard = true;
        assert_eq!(key(&mut app, second, KeyCode::KeyD, theme()), [], "it is typed into a field there");
        assert_eq!(key(&mut app, main, KeyCode::KeyD, theme()), [UiAction::ToggleTheme]);
    }

    #[test]
    fn while_a_filter_is_typed_in_the_main_window_the_second_one_can_only_be_closed() {
        let mut app = App::new();
        let (main, second) = windows(&mut app);
        let slash = [UiAction::ToggleFilter];
        assert_eq!(key(&mut app, second, KeyCode::Slash, Key::Character("/".into())), slash);
        assert!(app.world().get::<Window>(main).is_some_and(|window| window.focused), "the field lies there");
        app.world_mut().resource_mut::<Panels>().has_keyboard = true;
        let theme = || Key::Character("d".into());
        assert_eq!(
            key(&mut app, second, KeyCode::KeyD, theme()),
            [UiAction::ToggleTheme],
            "no filter is open"
        );
        app.world_mut().resource_mut::<Overlays>().filter = true;
        for window in [main, second] {
            assert_eq!(key(&mut app, window, KeyCode::KeyD, theme()), []);
        }
        assert_eq!(key(&mut app, main, KeyCode::Escape, Key::Escape), [], "it is the field's");
        let close = UiAction::Space(SpaceAction::CloseWindow);
        assert_eq!(key(&mut app, second, KeyCode::Escape, Key::Escape), [close]);
    }
}

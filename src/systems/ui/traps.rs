//! Four remedies for bevy_egui 0.42 in a program that sleeps between frames.

use std::time::Instant;

use bevy::{asset::AssetEventSystems, prelude::*};
use bevy_egui::{EguiContext, EguiInput, EguiPostUpdateSet, EguiPreUpdateSet, egui};

pub(super) fn plugin(app: &mut App) {
    // A glyph used for the first time would reach the screen a frame late, and here there may be no later frame.
    app.configure_sets(PostUpdate, EguiPostUpdateSet::PostProcessOutput.before(AssetEventSystems))
        .add_systems(
            PreUpdate,
            (drop_idle_modifier_events, drop_focus_keys, tell_time)
                .chain()
                .after(EguiPreUpdateSet::ProcessInput)
                .before(EguiPreUpdateSet::BeginPass),
        );
}

/// Every frame brings an event that says that the modifier keys are as they were. egui repaints for any event, so the
/// program would never sleep.
fn drop_idle_modifier_events(mut contexts: Query<(&mut EguiContext, &mut EguiInput)>) {
    for (mut context, mut input) in &mut contexts {
        let held = context.get_mut().input(|state| state.modifiers);
        input.events.retain(|event| !matches!(event, egui::Event::ModifiersChanged(now) if *now == held));
    }
}

/// egui walks from widget to widget by these keys and presses the one that has the focus; here they are commands. In a text
/// field they are what they are everywhere.
fn drop_focus_keys(mut contexts: Query<(&mut EguiContext, &mut EguiInput)>) {
    for (mut context, mut input) in &mut contexts {
        if !context.get_mut().text_edit_focused() {
            input.events.retain(|event| !matches!(event, egui::Event::Key { key, .. } if is_focus_key(*key)));
        }
    }
}

const fn is_focus_key(key: egui::Key) -> bool {
    use egui::Key::{ArrowDown, ArrowLeft, ArrowRight, ArrowUp, Space, Tab};
    matches!(key, Tab | Space | ArrowLeft | ArrowRight | ArrowUp | ArrowDown)
}

/// Bevy's time is that of the frame drawn before this one. After a sleep a press would seem to lie long before its
/// release, and egui would take it for no click.
fn tell_time(mut contexts: Query<&mut EguiInput>, mut began: Local<Option<Instant>>) {
    let began = began.get_or_insert_with(Instant::now);
    for mut input in &mut contexts {
        input.time = Some(began.elapsed().as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: egui::Key, pressed: bool) -> egui::Event {
        egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: egui::Modifiers::NONE }
    }

    /// A button and a text field, and what reaches them.
    struct Panel {
        app: App,
        text: String,
        clicks: u32,
    }

    impl Panel {
        fn new() -> Self {
            let mut app = App::new();
            app.add_systems(Update, drop_focus_keys);
            app.world_mut().spawn((EguiContext::default(), EguiInput::default()));
            let mut panel = Self { app, text: String::new(), clicks: 0 };
            panel.frame(Vec::new(), None);
            panel
        }

        fn frame(&mut self, events: Vec<egui::Event>, focus: Option<&str>) {
            let (text, clicks) = (&mut self.text, &mut self.clicks);
            let mut query = self.app.world_mut().query::<&mut EguiInput>();
            for mut input in query.iter_mut(self.app.world_mut()) {
                input.0.events = events.clone();
                input.0.focused = true;
            }
            self.app.update();
            let mut query = self.app.world_mut().query::<(&mut EguiContext, &mut EguiInput)>();
            for (mut context, mut input) in query.iter_mut(self.app.world_mut()) {
                let mut output = context.get_mut().run_ui(std::mem::take(&mut input.0), |ui| {
                    let button = ui.push_id("button", |ui| ui.button("press")).inner;
                    let field = ui.add(egui::TextEdit::singleline(text));
                    *clicks += u32::from(button.clicked());
                    match focus {
                        Some("button") => button.request_focus(),
                        Some(_) => field.request_focus(),
                        None => {}
                    }
                });
                // egui wants to be told that textures were seen to.
                output.textures_delta.clear();
            }
        }

        fn has_focus(&mut self) -> bool {
            let mut query = self.app.world_mut().query::<&mut EguiContext>();
            query
                .iter_mut(self.app.world_mut())
                .any(|mut context| context.get_mut().egui_wants_keyboard_input())
        }
    }

    #[test]
    fn tab_gives_no_widget_the_keyboard() {
        let mut panel = Panel::new();
        for _ in 0..3 {
            panel.frame(vec![key(egui::Key::Tab, true), key(egui::Key::Tab, false)], None);
            panel.frame(Vec::new(), None);
            assert!(!panel.has_focus());
        }
    }

    #[test]
    fn space_presses_no_button_and_arrows_leave_it_alone() {
        let mut panel = Panel::new();
        panel.frame(Vec::new(), Some("button"));
        panel.frame(vec![key(egui::Key::Space, true), key(egui::Key::ArrowDown, true)], None);
        panel.frame(Vec::new(), None);
        assert_eq!(panel.clicks, 0);
        panel.frame(vec![key(egui::Key::Enter, true)], None);
        assert_eq!(panel.clicks, 1, "it had the focus all the time");
    }

    #[test]
    fn in_a_text_field_they_do_what_they_do_everywhere() {
        let mut panel = Panel::new();
        panel.frame(Vec::new(), Some("field"));
        let typed = |text: &str| egui::Event::Text(text.to_owned());
        panel.frame(vec![typed("ac")], None);
        panel.frame(vec![key(egui::Key::ArrowLeft, true), typed("b")], None);
        panel.frame(vec![key(egui::Key::Space, true), typed(" ")], None);
        assert_eq!(panel.text, "ab c");
    }
}

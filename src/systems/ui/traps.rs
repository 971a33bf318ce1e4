//! Three remedies for bevy_egui 0.42 in a program that sleeps between frames.

use std::time::Instant;

use bevy::{asset::AssetEventSystems, prelude::*};
use bevy_egui::{EguiContext, EguiInput, EguiPostUpdateSet, EguiPreUpdateSet, egui};

pub(super) fn plugin(app: &mut App) {
    // A glyph used for the first time would reach the screen a frame late, and here there may be no later frame.
    app.configure_sets(PostUpdate, EguiPostUpdateSet::PostProcessOutput.before(AssetEventSystems))
        .add_systems(
            PreUpdate,
            (drop_idle_modifier_events, tell_time)
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

/// Bevy's time is that of the frame drawn before this one. After a sleep a press would seem to lie long before its
/// release, and egui would take it for no click.
fn tell_time(mut contexts: Query<&mut EguiInput>, mut began: Local<Option<Instant>>) {
    let began = began.get_or_insert_with(Instant::now);
    for mut input in &mut contexts {
        input.time = Some(began.elapsed().as_secs_f64());
    }
}

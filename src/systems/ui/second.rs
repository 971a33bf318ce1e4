//! What stands on the address space in the second window: the panel, the names of blocks, what lies under the pointer, and
//! rings and circles around what is looked at in the first. A context of egui's own, which comes and goes with the window.

use bevy::{ecs::schedule::ScheduleLabel, prelude::*, window::Window};
use bevy_egui::{EguiContext, EguiManagedTextures, EguiPreUpdateSet, EguiSchedule};

use super::{
    card,
    hover::Hover,
    looks::Circles,
    plots::SelectedRing,
    space::{BlockNames, SpacePanel},
    style,
};
use crate::components::{
    action::Pane,
    cards::Cards,
    second_window::{SecondWindow, SpaceCamera, SpaceWindow},
    theme::Theme,
};

/// A pass of the second window's context.
#[derive(ScheduleLabel, Clone, Debug, PartialEq, Eq, Hash)]
struct SecondContextPass;

pub(super) fn plugin(app: &mut App) {
    app.add_schedule(pass())
        .add_systems(PreUpdate, (give_context, forget).chain().before(EguiPreUpdateSet::InitContexts));
}

fn pass() -> Schedule {
    let mut pass = Schedule::new(SecondContextPass);
    pass.add_systems((show, show_names).chain());
    pass
}

/// The camera gets its context when a frame begins, so that fonts and scale are there before the first pass.
fn give_context(cameras: Query<Entity, (With<SpaceCamera>, Without<EguiContext>)>, mut commands: Commands) {
    for camera in &cameras {
        commands.entity(camera).insert(EguiSchedule::new(SecondContextPass));
    }
}

/// With the window goes what the systems of its pass remember, and the letters that bevy_egui would keep.
fn forget(
    mut gone: RemovedComponents<EguiContext>,
    mut textures: ResMut<EguiManagedTextures>,
    mut commands: Commands,
) {
    for context in gone.read() {
        textures.retain(|(of, _), _| *of != context);
        commands.queue(|world: &mut World| world.add_schedule(pass()));
    }
}

fn show(
    mut contexts: Query<&mut EguiContext, With<SpaceCamera>>,
    windows: Query<&Window, With<SpaceWindow>>,
    mut second: ResMut<SecondWindow>,
    (cards, theme): (Res<Cards>, Res<Theme>),
    (mut panel, mut circles, mut hover): (SpacePanel, Circles, Hover),
    selected: SelectedRing,
) {
    // It has just been closed where one of them is missing.
    let (Some(mut context), Some(second)) =
        (contexts.iter_mut().next(), second.bypass_change_detection().0.as_mut())
    else {
        return;
    };
    let context = context.get_mut();
    if theme.is_changed() {
        style::dress(context, &theme);
    }
    let picture = second.picture();
    second.panels.rects.clear();
    panel.show(context, &picture, Pane::Second, &mut second.panels);
    second.panels.has_keyboard = context.text_edit_focused();
    selected.show(context, &picture);
    card::ring_on(context, &picture, &cards, &theme);
    circles.show(context, &picture);
    hover.show(context, windows.iter().next(), &picture, &second.panels);
}

fn show_names(
    mut contexts: Query<&mut EguiContext, With<SpaceCamera>>,
    second: Res<SecondWindow>,
    mut names: BlockNames,
) {
    if let (Some(mut context), Some(second)) = (contexts.iter_mut().next(), &second.0) {
        names.show(context.get_mut(), &second.view, &second.panels.rects);
    }
}

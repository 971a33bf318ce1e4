//! The windows of a wall on several monitors: one on each but that of the main window. They come and go with their monitors,
//! and whoever closes one closes the wall.

use bevy::{
    camera::RenderTarget,
    prelude::*,
    window::{
        ClosingWindow, CursorOptions, Monitor, MonitorSelection, PresentMode, PrimaryWindow, RequestRedraw,
        Window, WindowCloseRequested, WindowMode, WindowRef,
    },
};

use super::monitor::{OnMonitor, in_order};
use crate::{
    components::mirror::{MirrorCamera, MirrorWindow},
    systems::second_window::bare_camera,
};

/// A window that comes or goes is there, or gone, after so many frames; a still wall would draw none of them.
const FRAMES_TO_GO: u8 = 4;

/// Sees to it that each monitor but the first has its window: a window that must go loses its camera first, for the renderer
/// draws into it in this frame still.
pub(super) fn keep(
    chosen: Option<Res<OnMonitor>>,
    monitors: Query<(Entity, &Monitor)>,
    (changed, mut gone): (Query<(), Changed<Monitor>>, RemovedComponents<Monitor>),
    windows: Query<(Entity, &MirrorWindow), Without<ClosingWindow>>,
    cameras: Query<(Entity, &MirrorCamera)>,
    mut frames_to_go: Local<u8>,
    mut redraw: MessageWriter<RequestRedraw>,
    mut commands: Commands,
) {
    let are_others = !changed.is_empty() || gone.read().count() > 0;
    if chosen.as_deref() != Some(&OnMonitor::All) || (*frames_to_go == 0 && !are_others) {
        return;
    }
    let ordered = in_order(&monitors);
    let others = ordered.get(1..).unwrap_or_default();
    for (window, MirrorWindow { monitor }) in &windows {
        if others.contains(monitor) {
            continue;
        }
        *frames_to_go = FRAMES_TO_GO;
        match cameras.iter().find(|(_, camera)| camera.window == window) {
            Some((camera, _)) => commands.entity(camera).despawn(),
            None => {
                commands.entity(window).insert(ClosingWindow);
            }
        }
    }
    for &monitor in others {
        if windows.iter().all(|(_, window)| window.monitor != monitor) {
            let window = commands.spawn((window(monitor), without_pointer(), MirrorWindow { monitor })).id();
            commands.spawn(camera(window));
            *frames_to_go = FRAMES_TO_GO;
        }
    }
    if *frames_to_go > 0 {
        *frames_to_go -= 1;
        redraw.write(RequestRedraw);
    }
}

pub(super) fn close_all(
    mut closings: MessageReader<WindowCloseRequested>,
    mirrors: Query<(), With<MirrorWindow>>,
    main: Query<Entity, With<PrimaryWindow>>,
    mut commands: Commands,
) {
    if closings.read().any(|closing| mirrors.contains(closing.window))
        && let Ok(main) = main.single()
    {
        commands.entity(main).insert(ClosingWindow);
    }
}

fn camera(window: Entity) -> impl Bundle {
    // After the picture that it shows; what that leaves free is black, as a screen is that shows nothing.
    let camera = Camera { order: 1, clear_color: Color::BLACK.into(), ..default() };
    (bare_camera(), camera, RenderTarget::Window(WindowRef::Entity(window)), MirrorCamera { window })
}

fn window(monitor: Entity) -> Window {
    Window {
        title: "connmapperl".to_owned(),
        name: Some("connmapperl".to_owned()),
        mode: WindowMode::BorderlessFullscreen(MonitorSelection::Entity(monitor)),
        // It waits for no screen: the main window would wait with it.
        present_mode: PresentMode::AutoNoVsync,
        ..default()
    }
}

fn without_pointer() -> CursorOptions {
    CursorOptions { visible: false, ..default() }
}

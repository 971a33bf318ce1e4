//! The second window itself: it comes and goes as `components/second_window` says, tells its size, and what closes it closes
//! the address space in it and nothing else.

use bevy::{
    camera::{CameraMainTextureUsages, RenderTarget},
    input::keyboard::KeyboardFocusLost,
    prelude::*,
    render::render_resource::TextureUsages,
    window::{
        ClosingWindow, PresentMode, RequestRedraw, Window, WindowCloseRequested, WindowRef,
        WindowResizeConstraints, WindowResolution,
    },
};

use super::{MapSystems, keyboard::press, window::told};
use crate::components::{
    map_view::FIRST_SIZE_PX,
    second_window::{SecondWindow, SpaceCamera, SpaceWindow},
};

/// A window that comes or goes is there, or gone, after so many frames; a still map would draw none of them.
const FRAMES_TO_GO: u8 = 4;
/// Below this the square is a stamp.
const SMALLEST_POINTS: f32 = 250.0;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            (follow_window, close_with_window).chain().before(press).in_set(MapSystems::Sense),
            (keep, let_go_of_keys).chain().in_set(MapSystems::Trail),
        ),
    );
}

/// A camera for points that get their soft edge in the shader, so that nothing is sampled more than once, and for a frame
/// into which the picture that is kept is copied.
pub fn bare_camera() -> impl Bundle {
    let usages = CameraMainTextureUsages::default().with(TextureUsages::COPY_DST);
    (Camera2d, Msaa::Off, usages)
}

fn follow_window(mut second: ResMut<SecondWindow>, windows: Query<&Window, With<SpaceWindow>>) {
    let (Some(view), Some(window)) = (second.bypass_change_detection().view_mut(), windows.iter().next())
    else {
        return;
    };
    if let Some((size_px, px_per_point)) = told(window, None, (view.size_px(), view.px_per_point())) {
        view.resize(size_px, px_per_point);
    }
}

/// The button of its title bar is as good as the key.
fn close_with_window(
    mut closings: MessageReader<WindowCloseRequested>,
    windows: Query<(), With<SpaceWindow>>,
    mut second: ResMut<SecondWindow>,
) {
    if closings.read().any(|closing| windows.contains(closing.window)) {
        second.close();
    }
}

/// Opens the window, or takes it away: first the camera, then the window that the renderer draws into no more.
pub(super) fn keep(
    second: Res<SecondWindow>,
    windows: Query<Entity, (With<SpaceWindow>, Without<ClosingWindow>)>,
    closing: Query<(), (With<SpaceWindow>, With<ClosingWindow>)>,
    cameras: Query<Entity, With<SpaceCamera>>,
    mut frames_to_go: Local<u8>,
    mut redraw: MessageWriter<RequestRedraw>,
    mut commands: Commands,
) {
    match (second.is_open(), windows.iter().next()) {
        (true, None) if closing.is_empty() => {
            let window = commands.spawn((window(), SpaceWindow)).id();
            commands.spawn(camera(window));
            *frames_to_go = FRAMES_TO_GO;
        }
        // Opened again before the window went.
        (true, Some(window)) if cameras.is_empty() => {
            commands.spawn(camera(window));
            *frames_to_go = FRAMES_TO_GO;
        }
        (false, Some(window)) => {
            if cameras.is_empty() {
                commands.entity(window).insert(ClosingWindow);
            }
            cameras.iter().for_each(|camera| commands.entity(camera).despawn());
            *frames_to_go = FRAMES_TO_GO;
        }
        _ => {}
    }
    if *frames_to_go > 0 {
        *frames_to_go -= 1;
        redraw.write(RequestRedraw);
    }
}

fn camera(window: Entity) -> impl Bundle {
    (bare_camera(), RenderTarget::Window(WindowRef::Entity(window)), SpaceCamera)
}

/// The key that closed a window is let go when that is gone, and nobody tells.
fn let_go_of_keys(mut gone: RemovedComponents<SpaceWindow>, mut lost: MessageWriter<KeyboardFocusLost>) {
    if gone.read().count() > 0 {
        lost.write(KeyboardFocusLost);
    }
}

fn window() -> Window {
    Window {
        title: "connmapperl: all addresses".to_owned(),
        name: Some("connmapperl".to_owned()),
        resolution: WindowResolution::new(FIRST_SIZE_PX[0], FIRST_SIZE_PX[1]),
        // It waits for no screen: the map would wait with it, also while this window is hidden.
        present_mode: PresentMode::AutoNoVsync,
        resize_constraints: WindowResizeConstraints {
            min_width: SMALLEST_POINTS,
            min_height: SMALLEST_POINTS,
            ..default()
        },
        ..default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::hilbert_view::HilbertView;

    #[test]
    fn a_window_that_is_opened_again_before_it_went_has_its_picture() {
        let mut app = App::new();
        app.add_message::<RequestRedraw>().init_resource::<SecondWindow>().add_systems(Update, keep);
        let main = HilbertView::home([1280.0, 720.0], 1.0);
        let mut turn = |open: bool| {
            let mut second = app.world_mut().resource_mut::<SecondWindow>();
            if open {
                second.open(&main)
            } else {
                second.close()
            }
            app.update();
            let world = app.world_mut();
            let mut windows = world.query_filtered::<(), (With<SpaceWindow>, Without<ClosingWindow>)>();
            let mut cameras = world.query_filtered::<(), With<SpaceCamera>>();
            [windows.iter(world).count(), cameras.iter(world).count()]
        };
        assert_eq!(turn(true), [1, 1]);
        assert_eq!(turn(false), [1, 0], "nothing draws into it before it goes");
        assert_eq!(turn(true), [1, 1]);
        turn(false);
        assert_eq!(turn(false), [0, 0]);
        assert_eq!(turn(true), [0, 0], "the old one is not gone yet");
    }
}

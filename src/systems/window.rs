//! The window itself: size and scale reach the view, and moves, resizes and full screen reach the window system.

use bevy::{
    ecs::system::NonSendMarker,
    math::CompassOctant,
    prelude::*,
    window::{Monitor, MonitorSelection, PrimaryWindow, Window, WindowCreated, WindowMode},
    winit::WINIT_WINDOWS,
};

use super::MapSystems;
use crate::components::{
    action::{Overlays, Pane, ResizeEdge, UiAction},
    map_view::MapView,
    preferences::{Preferences, WindowPlace},
    theme::{px_per_point, px_per_point_on_wall},
    wall::Wall,
};

/// Of a window that somebody is to find, in each direction.
const LEAST_IN_SIGHT_PX: i32 = 64;
const ICON: &[u8] = include_bytes!("../../assets/icon.png");

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            follow_size.in_set(MapSystems::Sense),
            ask_system.in_set(MapSystems::Trail),
            keep_in_sight.in_set(MapSystems::Account),
            set_icon.in_set(MapSystems::Account),
        ),
    );
}

pub(super) fn follow_size(
    mut view: ResMut<MapView>,
    windows: Query<&Window, With<PrimaryWindow>>,
    wall: Option<Res<Wall>>,
) {
    let text_scale = wall.map(|wall| wall.scene().text_scale);
    if let Ok(window) = windows.single()
        && let Some((size_px, px_per_point)) = told(window, text_scale, (view.size_px, view.px_per_point))
    {
        view.resize(size_px, px_per_point);
    }
}

/// The size of a window in pixels, and those of a point, where they are not what is known of it.
/// On a wall they follow its size alone: whoever looks stands as far away from each.
pub(super) fn told(
    window: &Window,
    text_scale: Option<f32>,
    known: ([f32; 2], f32),
) -> Option<([f32; 2], f32)> {
    let size_px = [window.physical_width() as f32, window.physical_height() as f32];
    let px_per_point = match text_scale {
        Some(text_scale) => px_per_point_on_wall(size_px, text_scale),
        None => px_per_point(size_px[1], window.scale_factor()),
    };
    let now = (size_px, px_per_point);
    // One that is folded away has none.
    (now != known && size_px.iter().all(|px| *px >= 1.0)).then_some(now)
}

pub(super) fn ask_system(
    mut actions: MessageReader<UiAction>,
    (overlays, mut preferences): (Res<Overlays>, ResMut<Preferences>),
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
    mut was_windowed: Local<bool>,
) {
    let Ok(mut window) = windows.single_mut() else {
        actions.clear();
        return;
    };
    for action in actions.read() {
        match action {
            UiAction::DragWindow => window.start_drag_move(),
            // What is asked for in the second window is listed here.
            UiAction::LookAt { pane: Pane::Second, .. } => window.focused = true,
            UiAction::ResizeWindow(edge) => window.start_drag_resize(octant(*edge)),
            _ => {}
        }
    }
    // On whichever monitor.
    let is_fullscreen = matches!(window.mode, WindowMode::BorderlessFullscreen(_));
    *was_windowed |= !is_fullscreen;
    if is_fullscreen != overlays.fullscreen {
        if overlays.fullscreen {
            // Where it is to be again, should it end there.
            if let Some(place) = place_of(&window) {
                preferences.place = Some(place);
            }
        } else if let Some(place) = preferences.place.filter(|_| !*was_windowed) {
            // One that began in full screen has nothing to go back to.
            window.resolution.set(place.width as f32, place.height as f32);
            if let Some(at) = place.position {
                window.position = WindowPosition::At(at.into());
            }
        }
        window.mode = match overlays.fullscreen {
            true => WindowMode::BorderlessFullscreen(MonitorSelection::Current),
            false => WindowMode::Windowed,
        };
    }
}

/// Where a window is to be the next time; nothing where it has all of the screen.
pub(super) fn place_of(window: &Window) -> Option<WindowPlace> {
    if window.mode != WindowMode::Windowed {
        return None;
    }
    let position = match window.position {
        WindowPosition::At(at) => Some(at.to_array()),
        _ => None,
    };
    // In the units in which a window is asked for, or it would grow at every start on a scaled screen.
    Some(WindowPlace {
        width: window.width().round() as u32,
        height: window.height().round() as u32,
        position,
    })
}

/// A window that was left on a monitor that is no more comes up on one that is there.
fn keep_in_sight(
    monitors: Query<&Monitor>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
    mut is_done: Local<bool>,
) {
    let (false, Ok(mut window)) = (*is_done || monitors.is_empty(), windows.single_mut()) else {
        return;
    };
    *is_done = true;
    if let WindowPosition::At(at) = window.position
        && !monitors.iter().any(|monitor| shows_top_of(monitor, at, window.physical_width()))
    {
        window.position = WindowPosition::Centered(MonitorSelection::Primary);
    }
}

/// Whether enough of a window's upper edge is on a monitor for a hand to take it.
fn shows_top_of(monitor: &Monitor, at: IVec2, width_px: u32) -> bool {
    let (from, to) =
        (monitor.physical_position, monitor.physical_position + monitor.physical_size().as_ivec2());
    let (left, right) = (at.x.max(from.x), (at.x + width_px as i32).min(to.x));
    right - left >= LEAST_IN_SIGHT_PX
        && (from.y..to.y - LEAST_IN_SIGHT_PX).contains(&at.y.max(from.y))
        && at.y > from.y - LEAST_IN_SIGHT_PX
}

const fn octant(edge: ResizeEdge) -> CompassOctant {
    match edge {
        ResizeEdge::North => CompassOctant::North,
        ResizeEdge::South => CompassOctant::South,
        ResizeEdge::East => CompassOctant::East,
        ResizeEdge::West => CompassOctant::West,
        ResizeEdge::NorthEast => CompassOctant::NorthEast,
        ResizeEdge::NorthWest => CompassOctant::NorthWest,
        ResizeEdge::SouthEast => CompassOctant::SouthEast,
        ResizeEdge::SouthWest => CompassOctant::SouthWest,
    }
}

/// Bevy has no interface for the icon, so winit's window is asked itself.
fn set_icon(mut created: MessageReader<WindowCreated>, _on_main_thread: NonSendMarker) {
    for window in created.read() {
        let Some(icon) = decode_icon() else {
            return;
        };
        WINIT_WINDOWS.with_borrow(|all| {
            if let Some(window) = all.get_window(window.window) {
                window.set_window_icon(Some(icon));
            }
        });
    }
}

/// `None` where the built-in picture could not be read, which a test rules out.
fn decode_icon() -> Option<winit::window::Icon> {
    use bevy::{
        asset::RenderAssetUsages,
        image::{CompressedImageFormats, ImageSampler, ImageType},
    };
    let image = Image::from_buffer(
        ICON,
        ImageType::Extension("png"),
        CompressedImageFormats::NONE,
        true,
        ImageSampler::Default,
        RenderAssetUsages::MAIN_WORLD,
    )
    .ok()?;
    let (width, height) = (image.width(), image.height());
    winit::window::Icon::from_rgba(image.data?, width, height).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_tells_its_size_and_its_scale_when_they_are_others() {
        let mut window = Window { resolution: (1280, 720).into(), ..default() };
        let known = told(&window, None, ([0.0; 2], 0.0)).expect("a size");
        assert_eq!(told(&window, None, known), None);
        window.resolution.set_scale_factor(3.0);
        let larger = told(&window, None, known).expect("another scale");
        assert!(larger.1 > known.1);
        window.resolution.set_physical_resolution(0, 0);
        assert_eq!(told(&window, None, larger), None, "it is folded away");
    }

    #[test]
    fn the_built_in_icon_can_be_read() {
        assert!(decode_icon().is_some());
    }
}

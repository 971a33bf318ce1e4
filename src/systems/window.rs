//! The window itself: size and scale reach the view, and moves, resizes and full screen reach the window system.

use bevy::{
    ecs::system::NonSendMarker,
    math::CompassOctant,
    prelude::*,
    window::{MonitorSelection, PrimaryWindow, Window, WindowCreated, WindowMode},
    winit::WINIT_WINDOWS,
};

use super::MapSystems;
use crate::components::{
    action::{Overlays, ResizeEdge, UiAction},
    map_view::MapView,
    theme::px_per_point,
};

const ICON: &[u8] = include_bytes!("../../assets/icon.png");

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            follow_size.in_set(MapSystems::Sense),
            ask_system.in_set(MapSystems::Trail),
            set_icon.in_set(MapSystems::Account),
        ),
    );
}

pub(super) fn follow_size(mut view: ResMut<MapView>, windows: Query<&Window, With<PrimaryWindow>>) {
    let Ok(window) = windows.single() else {
        return;
    };
    let size_px = [window.physical_width() as f32, window.physical_height() as f32];
    if view.size_px != size_px && size_px.iter().all(|px| *px >= 1.0) {
        view.resize(size_px, px_per_point(size_px[1], window.scale_factor()));
    }
}

fn ask_system(
    mut actions: MessageReader<UiAction>,
    overlays: Res<Overlays>,
    mut windows: Query<&mut Window, With<PrimaryWindow>>,
) {
    let Ok(mut window) = windows.single_mut() else {
        actions.clear();
        return;
    };
    for action in actions.read() {
        match action {
            UiAction::DragWindow => window.start_drag_move(),
            UiAction::ResizeWindow(edge) => window.start_drag_resize(octant(*edge)),
            _ => {}
        }
    }
    let mode = if overlays.fullscreen {
        WindowMode::BorderlessFullscreen(MonitorSelection::Current)
    } else {
        WindowMode::Windowed
    };
    if window.mode != mode {
        window.mode = mode;
    }
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
    fn the_built_in_icon_can_be_read() {
        assert!(decode_icon().is_some());
    }
}

//! The pointer on the bare map: wheel zooms, a drag moves the window or pans, the window's edges resize it.

use bevy::{
    input::{
        keyboard::KeyCode,
        mouse::{MouseButton, MouseScrollUnit, MouseWheel},
    },
    prelude::*,
    window::{PrimaryWindow, Window},
};

use super::{MapSystems, keyboard::press, window::follow_size};
use crate::components::{
    action::{Overlays, ResizeEdge, UiAction},
    map_view::MapView,
    panels::Panels,
};

/// A press that moves less than this many points is a click.
const CLICK_POINTS: f32 = 4.0;
/// Width of the window's edge that resizes it, in points.
const EDGE_POINTS: f32 = 6.0;
/// A corner is this long.
const CORNER_POINTS: f32 = 18.0;
/// One notch of the wheel.
const ZOOM_A_NOTCH: f32 = 1.25;
/// Touch pads report pixels: so many make a notch.
const PIXELS_A_NOTCH: f32 = 50.0;

/// What a held button does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Drag {
    /// Not moved far enough to tell.
    Pending {
        from: [f32; 2],
    },
    Pan {
        last: [f32; 2],
    },
    /// The window system has taken over, or the press was not for the map.
    Ignored,
}

pub(super) fn plugin(app: &mut App) {
    // What is asked for by key, wheel and drag within one frame is always done in this order.
    app.add_systems(Update, (wheel, drag).chain().after(press).after(follow_size).in_set(MapSystems::Sense));
}

fn wheel(
    mut turns: MessageReader<MouseWheel>,
    windows: Query<&Window, With<PrimaryWindow>>,
    panels: Res<Panels>,
    mut actions: MessageWriter<UiAction>,
) {
    let Some(px) = windows.single().ok().and_then(Window::physical_cursor_position) else {
        turns.clear();
        return;
    };
    let notches: f32 = turns
        .read()
        .map(|turn| match turn.unit {
            MouseScrollUnit::Line => turn.y,
            MouseScrollUnit::Pixel => turn.y / PIXELS_A_NOTCH,
        })
        .sum();
    if notches != 0.0 && !panels.covers(px.to_array()) {
        actions.write(UiAction::ZoomAt { px: px.to_array(), factor: ZOOM_A_NOTCH.powf(notches) });
    }
}

fn drag(
    buttons: Res<ButtonInput<MouseButton>>,
    keys: Res<ButtonInput<KeyCode>>,
    windows: Query<&Window, With<PrimaryWindow>>,
    panels: Res<Panels>,
    view: Res<MapView>,
    overlays: Res<Overlays>,
    mut held: Local<Option<Drag>>,
    mut actions: MessageWriter<UiAction>,
) {
    let Some((window, px)) = windows
        .single()
        .ok()
        .and_then(|window| Some((window, window.physical_cursor_position()?.to_array())))
    else {
        return;
    };
    let points = view.px_per_point;
    if buttons.any_just_pressed([MouseButton::Left, MouseButton::Middle]) {
        let edge = (!window.decorations && !overlays.fullscreen && buttons.just_pressed(MouseButton::Left))
            .then(|| edge_at(px, view.size_px, points))
            .flatten();
        *held = Some(if let Some(edge) = edge {
            actions.write(UiAction::ResizeWindow(edge));
            Drag::Ignored
        } else if panels.covers(px) {
            Drag::Ignored
        } else {
            Drag::Pending { from: px }
        });
    }
    if !buttons.any_pressed([MouseButton::Left, MouseButton::Middle]) {
        *held = None;
        return;
    }
    match *held {
        Some(Drag::Pending { from }) if far(from, px, CLICK_POINTS * points) => {
            let alt = keys.any_pressed([KeyCode::AltLeft, KeyCode::AltRight]);
            let pans = !view.is_home() || overlays.fullscreen;
            *held = Some(if buttons.pressed(MouseButton::Left) && (alt || !pans) {
                actions.write(UiAction::DragWindow);
                Drag::Ignored
            } else {
                actions.write(UiAction::PanPx { delta: [px[0] - from[0], px[1] - from[1]] });
                Drag::Pan { last: px }
            });
        }
        Some(Drag::Pan { last }) if last != px => {
            actions.write(UiAction::PanPx { delta: [px[0] - last[0], px[1] - last[1]] });
            *held = Some(Drag::Pan { last: px });
        }
        _ => {}
    }
}

fn far(from: [f32; 2], to: [f32; 2], by: f32) -> bool {
    (to[0] - from[0]).hypot(to[1] - from[1]) >= by
}

fn edge_at([x, y]: [f32; 2], [width, height]: [f32; 2], points: f32) -> Option<ResizeEdge> {
    let (edge, corner) = (EDGE_POINTS * points, CORNER_POINTS * points);
    let on_edge = x < edge || y < edge || x > width - edge || y > height - edge;
    if !on_edge {
        return None;
    }
    let (north, south) = (y < corner, y > height - corner);
    let (west, east) = (x < corner, x > width - corner);
    Some(match (north, south, west, east) {
        (true, _, true, _) => ResizeEdge::NorthWest,
        (true, _, _, true) => ResizeEdge::NorthEast,
        (_, true, true, _) => ResizeEdge::SouthWest,
        (_, true, _, true) => ResizeEdge::SouthEast,
        _ if y < edge => ResizeEdge::North,
        _ if y > height - edge => ResizeEdge::South,
        _ if x < edge => ResizeEdge::West,
        _ => ResizeEdge::East,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_and_corners_resize_and_the_middle_does_not() {
        let size = [1000.0, 500.0];
        assert_eq!(edge_at([500.0, 250.0], size, 1.0), None);
        assert_eq!(edge_at([2.0, 250.0], size, 1.0), Some(ResizeEdge::West));
        assert_eq!(edge_at([998.0, 490.0], size, 1.0), Some(ResizeEdge::SouthEast));
        assert_eq!(edge_at([500.0, 1.0], size, 1.0), Some(ResizeEdge::North));
        assert_eq!(edge_at([10.0, 10.0], size, 1.0), None, "near a corner but inside the edge");
    }
}

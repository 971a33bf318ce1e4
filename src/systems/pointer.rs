//! The pointer on the bare map: wheel zooms, a drag moves the window or pans, the window's edges resize it, the right
//! button lists what lies there.

use bevy::{
    input::{
        keyboard::KeyCode,
        mouse::{MouseButton, MouseButtonInput, MouseScrollUnit, MouseWheel},
    },
    prelude::*,
    window::{PrimaryWindow, Window, WindowEvent},
};

use super::{MapSystems, keyboard::press, window::follow_size};
use crate::components::{
    action::{Overlays, ResizeEdge, UiAction},
    hilbert_view::HilbertView,
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
    // What is asked for by key and by pointer within one frame is always done in this order.
    app.add_systems(Update, gestures.after(press).after(follow_size).in_set(MapSystems::Sense));
}

/// How far a turn of the wheel goes, in notches.
fn notches(turn: &MouseWheel) -> f32 {
    match turn.unit {
        MouseScrollUnit::Line => turn.y,
        MouseScrollUnit::Pixel => turn.y / PIXELS_A_NOTCH,
    }
}

/// Where the pointer is, and what the held button does.
#[derive(Default)]
struct Pointer {
    px: Option<[f32; 2]>,
    drag: Option<Drag>,
}

/// Takes moves, turns of the wheel and presses in the order in which they came: by the end of a slow frame the pointer may
/// be far from where the wheel turned or the button went down.
fn gestures(
    mut events: MessageReader<WindowEvent>,
    (buttons, keys): (Res<ButtonInput<MouseButton>>, Res<ButtonInput<KeyCode>>),
    windows: Query<&Window, With<PrimaryWindow>>,
    panels: Res<Panels>,
    (view, space): (Res<MapView>, Res<HilbertView>),
    overlays: Res<Overlays>,
    mut pointer: Local<Pointer>,
    mut actions: MessageWriter<UiAction>,
) {
    let Ok(window) = windows.single() else {
        return;
    };
    let is_home = if space.is_shown { space.is_home() } else { view.is_home() };
    for event in events.read() {
        match event {
            WindowEvent::CursorMoved(moved) => {
                let px = (moved.position * window.scale_factor()).to_array();
                pointer.px = Some(px);
                let moves_window = buttons.pressed(MouseButton::Left)
                    && (keys.any_pressed([KeyCode::AltLeft, KeyCode::AltRight])
                        || (is_home && !overlays.fullscreen));
                if let Some(action) =
                    drag_to(&mut pointer.drag, px, CLICK_POINTS * view.px_per_point, moves_window)
                {
                    actions.write(action);
                }
            }
            WindowEvent::CursorLeft(_) => pointer.px = None,
            WindowEvent::MouseWheel(turn) => {
                let px = pointer.px.filter(|px| !panels.covers(*px));
                if let Some(px) = px.filter(|_| notches(turn) != 0.0) {
                    actions.write(UiAction::ZoomAt { px, factor: ZOOM_A_NOTCH.powf(notches(turn)) });
                }
            }
            WindowEvent::MouseButtonInput(MouseButtonInput { button: MouseButton::Right, state, .. })
                if state.is_pressed() =>
            {
                if let Some(px) = pointer.px.filter(|px| !panels.covers(*px)) {
                    actions.write(UiAction::LookAt { px });
                }
            }
            WindowEvent::MouseButtonInput(MouseButtonInput { button, state, .. })
                if matches!(button, MouseButton::Left | MouseButton::Middle) =>
            {
                let Some(px) = pointer.px.filter(|_| state.is_pressed()) else {
                    if let Some(px) = click(pointer.drag.take()).filter(|_| *button == MouseButton::Left) {
                        actions.write(UiAction::PickAt { px });
                    }
                    continue;
                };
                let has_edges = !window.decorations && !overlays.fullscreen && *button == MouseButton::Left;
                let edge = has_edges.then(|| edge_at(px, view.size_px, view.px_per_point)).flatten();
                pointer.drag = Some(if let Some(edge) = edge {
                    actions.write(UiAction::ResizeWindow(edge));
                    Drag::Ignored
                } else if panels.covers(px) {
                    Drag::Ignored
                } else {
                    Drag::Pending { from: px }
                });
            }
            _ => {}
        }
    }
    // A release may have gone to the window manager.
    if !buttons.any_pressed([MouseButton::Left, MouseButton::Middle]) {
        pointer.drag = None;
    }
}

/// Where a press ended that never became a drag.
fn click(drag: Option<Drag>) -> Option<[f32; 2]> {
    match drag {
        Some(Drag::Pending { from }) => Some(from),
        _ => None,
    }
}

/// Goes on with a drag. Returns what is to be done for it.
fn drag_to(drag: &mut Option<Drag>, px: [f32; 2], click_px: f32, moves_window: bool) -> Option<UiAction> {
    let last = match *drag {
        Some(Drag::Pending { from }) if far(from, px, click_px) => from,
        Some(Drag::Pan { last }) => last,
        _ => return None,
    };
    if moves_window && matches!(drag, Some(Drag::Pending { .. })) {
        *drag = Some(Drag::Ignored);
        return Some(UiAction::DragWindow);
    }
    *drag = Some(Drag::Pan { last: px });
    Some(UiAction::PanPx { delta: [px[0] - last[0], px[1] - last[1]] })
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
    fn a_drag_pans_by_all_of_its_way_from_where_the_button_went_down() {
        let mut drag = Some(Drag::Pending { from: [100.0, 100.0] });
        assert_eq!(drag_to(&mut drag, [102.0, 100.0], 4.0, false), None, "as good as a click");
        let pan = |delta| Some(UiAction::PanPx { delta });
        assert_eq!(drag_to(&mut drag, [110.0, 95.0], 4.0, false), pan([10.0, -5.0]));
        assert_eq!(drag_to(&mut drag, [111.0, 95.0], 4.0, true), pan([1.0, 0.0]), "a pan stays a pan");
        let mut drag = Some(Drag::Pending { from: [100.0, 100.0] });
        assert_eq!(drag_to(&mut drag, [110.0, 95.0], 4.0, true), Some(UiAction::DragWindow));
        assert_eq!(drag_to(&mut drag, [120.0, 95.0], 4.0, true), None, "the window manager has it");
    }

    #[test]
    fn a_press_that_never_became_a_drag_is_a_click() {
        assert_eq!(click(Some(Drag::Pending { from: [10.0, 20.0] })), Some([10.0, 20.0]));
        assert_eq!(click(Some(Drag::Pan { last: [10.0, 20.0] })), None);
        assert_eq!(click(Some(Drag::Ignored)), None, "the press was for a panel or an edge");
    }

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

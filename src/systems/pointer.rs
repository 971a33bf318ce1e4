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

use super::{MapSystems, keyboard::press, wall::direct, window::follow_size};
use crate::components::{
    action::{Overlays, Pane, ResizeEdge, UiAction},
    hilbert_view::HilbertView,
    map_view::MapView,
    panels::Panels,
    second_window::{SecondWindow, SpaceWindow},
    wall::Wall,
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
    app.add_systems(
        Update,
        (gestures.after(press).after(follow_size), gestures_beside)
            .chain()
            .before(direct)
            .in_set(MapSystems::Sense)
            // A wall is not to be touched.
            .run_if(not(resource_exists::<Wall>)),
    );
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

/// What of a window decides what a gesture in it means.
struct Ground<'a> {
    window: Entity,
    pane: Pane,
    /// Physical pixels a unit of the window system's.
    scale_factor: f32,
    size_px: [f32; 2],
    px_per_point: f32,
    panels: &'a Panels,
    /// A drag moves the window.
    moves_window: bool,
    /// The edges resize the window.
    has_edges: bool,
}

fn gestures(
    mut events: MessageReader<WindowEvent>,
    (buttons, keys): (Res<ButtonInput<MouseButton>>, Res<ButtonInput<KeyCode>>),
    windows: Query<(Entity, &Window), With<PrimaryWindow>>,
    panels: Res<Panels>,
    (view, space): (Res<MapView>, Res<HilbertView>),
    overlays: Res<Overlays>,
    mut pointer: Local<Pointer>,
    mut actions: MessageWriter<UiAction>,
) {
    let Ok((entity, window)) = windows.single() else {
        return;
    };
    let is_home = if space.is_shown { space.is_home() } else { view.is_home() };
    let ground = Ground {
        window: entity,
        pane: Pane::Main,
        scale_factor: window.scale_factor(),
        size_px: view.size_px,
        px_per_point: view.px_per_point,
        panels: &panels,
        moves_window: buttons.pressed(MouseButton::Left)
            && (keys.any_pressed([KeyCode::AltLeft, KeyCode::AltRight]) || (is_home && !overlays.fullscreen)),
        has_edges: !window.decorations && !overlays.fullscreen,
    };
    pointer.take(events.read(), &ground, &buttons, &mut actions);
}

/// The same on the address space in the second window, which has a title bar to be moved by.
fn gestures_beside(
    mut events: MessageReader<WindowEvent>,
    buttons: Res<ButtonInput<MouseButton>>,
    windows: Query<(Entity, &Window), With<SpaceWindow>>,
    second: Res<SecondWindow>,
    mut pointer: Local<Pointer>,
    mut actions: MessageWriter<UiAction>,
) {
    let (Some(second), Some((entity, window))) = (&second.0, windows.iter().next()) else {
        events.clear();
        *pointer = Pointer::default();
        return;
    };
    let ground = Ground {
        window: entity,
        pane: Pane::Second,
        scale_factor: window.scale_factor(),
        size_px: second.view.size_px(),
        px_per_point: second.view.px_per_point(),
        panels: &second.panels,
        moves_window: false,
        has_edges: false,
    };
    pointer.take(events.read(), &ground, &buttons, &mut actions);
}

/// The window in which the pointer did something; none for what is not the pointer's.
const fn window_of(event: &WindowEvent) -> Option<Entity> {
    match event {
        WindowEvent::CursorMoved(moved) => Some(moved.window),
        WindowEvent::CursorLeft(left) => Some(left.window),
        WindowEvent::MouseWheel(turn) => Some(turn.window),
        WindowEvent::MouseButtonInput(press) => Some(press.window),
        _ => None,
    }
}

impl Pointer {
    /// Takes moves, turns of the wheel and presses in one window in the order in which they came: by the end of a slow frame
    /// the pointer may be far from where the wheel turned or the button went down.
    fn take<'a>(
        &mut self,
        events: impl Iterator<Item = &'a WindowEvent>,
        ground: &Ground,
        buttons: &ButtonInput<MouseButton>,
        actions: &mut MessageWriter<UiAction>,
    ) {
        for event in events.filter(|event| window_of(event) == Some(ground.window)) {
            if let Some(action) = self.take_one(event, ground) {
                actions.write(action);
            }
        }
        // A release may have gone to the window manager.
        if !buttons.any_pressed([MouseButton::Left, MouseButton::Middle]) {
            self.drag = None;
        }
    }

    fn take_one(&mut self, event: &WindowEvent, ground: &Ground) -> Option<UiAction> {
        let pane = ground.pane;
        let bare_px = self.px.filter(|px| !ground.panels.covers(*px));
        match event {
            WindowEvent::CursorMoved(moved) => {
                let px = (moved.position * ground.scale_factor).to_array();
                self.px = Some(px);
                drag_to(&mut self.drag, px, CLICK_POINTS * ground.px_per_point, ground.moves_window, pane)
            }
            WindowEvent::CursorLeft(_) => {
                self.px = None;
                None
            }
            WindowEvent::MouseWheel(turn) => {
                let px = bare_px.filter(|_| notches(turn) != 0.0)?;
                Some(UiAction::ZoomAt { pane, px, factor: ZOOM_A_NOTCH.powf(notches(turn)) })
            }
            WindowEvent::MouseButtonInput(MouseButtonInput { button: MouseButton::Right, state, .. })
                if state.is_pressed() =>
            {
                bare_px.map(|px| UiAction::LookAt { pane, px })
            }
            WindowEvent::MouseButtonInput(MouseButtonInput { button, state, .. })
                if matches!(button, MouseButton::Left | MouseButton::Middle) =>
            {
                let is_left = *button == MouseButton::Left;
                let Some(px) = self.px.filter(|_| state.is_pressed()) else {
                    let px = click(self.drag.take()).filter(|_| is_left)?;
                    return Some(UiAction::PickAt { pane, px });
                };
                let has_edges = ground.has_edges && is_left;
                let edge = has_edges.then(|| edge_at(px, ground.size_px, ground.px_per_point)).flatten();
                let is_for_map = edge.is_none() && bare_px.is_some();
                self.drag = Some(if is_for_map { Drag::Pending { from: px } } else { Drag::Ignored });
                edge.map(UiAction::ResizeWindow)
            }
            _ => None,
        }
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
fn drag_to(
    drag: &mut Option<Drag>,
    px: [f32; 2],
    click_px: f32,
    moves_window: bool,
    pane: Pane,
) -> Option<UiAction> {
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
    Some(UiAction::PanPx { pane, delta: [px[0] - last[0], px[1] - last[1]] })
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
    use bevy::{input::ButtonState, window::CursorMoved};

    use super::*;

    #[test]
    fn a_drag_pans_by_all_of_its_way_from_where_the_button_went_down() {
        let mut drag = Some(Drag::Pending { from: [100.0, 100.0] });
        assert_eq!(drag_to(&mut drag, [102.0, 100.0], 4.0, false, Pane::Main), None, "as good as a click");
        let pan = |delta| Some(UiAction::PanPx { pane: Pane::Main, delta });
        assert_eq!(drag_to(&mut drag, [110.0, 95.0], 4.0, false, Pane::Main), pan([10.0, -5.0]));
        assert_eq!(
            drag_to(&mut drag, [111.0, 95.0], 4.0, true, Pane::Main),
            pan([1.0, 0.0]),
            "a pan stays a pan"
        );
        let mut drag = Some(Drag::Pending { from: [100.0, 100.0] });
        assert_eq!(drag_to(&mut drag, [110.0, 95.0], 4.0, true, Pane::Main), Some(UiAction::DragWindow));
        assert_eq!(
            drag_to(&mut drag, [120.0, 95.0], 4.0, true, Pane::Main),
            None,
            "the window manager has it"
        );
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

    /// The map's window and the second one, each with its gestures.
    fn two_windows() -> (App, [Entity; 2]) {
        let mut app = App::new();
        app.add_message::<WindowEvent>()
            .add_message::<UiAction>()
            .init_resource::<ButtonInput<MouseButton>>()
            .init_resource::<ButtonInput<KeyCode>>()
            .init_resource::<Panels>()
            .init_resource::<Overlays>()
            .init_resource::<SecondWindow>()
            .insert_resource(MapView::home([1280.0, 720.0], 1.0))
            .insert_resource(HilbertView::home([1280.0, 720.0], 1.0))
            .add_systems(Update, (gestures, gestures_beside).chain());
        let main = app.world_mut().spawn((Window::default(), PrimaryWindow)).id();
        let second = app.world_mut().spawn((Window::default(), SpaceWindow)).id();
        (app, [main, second])
    }

    fn after(app: &mut App, window: Entity, at: [f32; 2], press: MouseButton) -> Vec<UiAction> {
        let button = |state| MouseButtonInput { button: press, state, window };
        let turn = MouseWheel {
            unit: MouseScrollUnit::Line,
            x: 0.0,
            y: 1.0,
            window,
            phase: bevy::input::touch::TouchPhase::Moved,
        };
        for event in [
            WindowEvent::CursorMoved(CursorMoved { window, position: at.into(), delta: None }),
            WindowEvent::MouseWheel(turn),
            WindowEvent::MouseButtonInput(button(ButtonState::Pressed)),
            WindowEvent::MouseButtonInput(button(ButtonState::Released)),
        ] {
            app.world_mut().write_message(event);
        }
        app.update();
        app.world_mut().resource_mut::<Messages<UiAction>>().drain().collect()
    }

    #[test]
    fn a_window_takes_what_happens_in_it_and_nothing_else() {
        let (mut app, [main, second]) = two_windows();
        let wanted = |pane, px, is_left| {
            let press = if is_left { UiAction::PickAt { pane, px } } else { UiAction::LookAt { pane, px } };
            vec![UiAction::ZoomAt { pane, px, factor: ZOOM_A_NOTCH }, press]
        };
        let (here, there) = ([300.0, 200.0], [500.0, 400.0]);
        assert_eq!(after(&mut app, second, there, MouseButton::Left), [], "it is closed");
        let space = *app.world().resource::<HilbertView>();
        app.world_mut().resource_mut::<SecondWindow>().open(&space);
        assert_eq!(after(&mut app, main, here, MouseButton::Left), wanted(Pane::Main, here, true));
        assert_eq!(after(&mut app, second, there, MouseButton::Left), wanted(Pane::Second, there, true));
        assert_eq!(after(&mut app, second, there, MouseButton::Right), wanted(Pane::Second, there, false));
        let panel = crate::components::panels::PxRect { min: [400.0; 2], max: [600.0; 2] };
        app.world_mut().resource_mut::<SecondWindow>().0.as_mut().unwrap().panels.rects.push(panel);
        assert_eq!(after(&mut app, second, there, MouseButton::Right), [], "a panel of its own lies there");
        assert_eq!(after(&mut app, main, there, MouseButton::Right), wanted(Pane::Main, there, false));
    }
}

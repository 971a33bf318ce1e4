//! Along the bottom, the past: how much happened when, the moment or stretch that the map shows, and the buttons that play
//! it. Read from `TimeTravel` and `Timeline`; what the user asks for goes out as `UiAction::Time`, and nothing changes here.

mod bar;
mod caption;
mod columns;
mod gestures;
mod scale;
mod ticks;
mod times;
mod transport;

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Area, Color32, LayerId, Mesh, Order, Rect, Sense, ecolor::gamma_u8_from_linear_f32, pos2},
};

pub(super) use caption::show as show_caption;
pub(super) use times::{has_seconds, span, time};

use super::{panel, status};
use crate::components::{
    action::UiAction,
    map_clock::MapClock,
    map_view::MapView,
    palette::Palette,
    panels::Panels,
    rule_book::RuleBook,
    theme::{Rgba, Theme, size},
    time_travel::{TimeTravel, Timeline},
};

/// From clock and account, so that labels at the ends of the bar keep clear of them.
const APART: f32 = 24.0;
/// The bar begins here whatever the clock says, unless that needs more.
const LEFT: f32 = 252.0;
/// Room of the account is given in steps: figures change all the time, and the bar shall not move with them.
const ACCOUNT_STEP: f32 = 80.0;
const ACCOUNT_LEAST: f32 = 320.0;
/// Between the columns and the times below them.
const BELOW_BAR: f32 = 3.0;
/// Above the bar the ground fades out.
const FADE: f32 = 52.0;
const FADE_STEPS: u32 = 12;
const GROUND_OPACITY: f32 = 0.86;

/// How wide clock and account are in this frame, in points.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct LineWidths {
    pub(super) clock: f32,
    pub(super) account: f32,
}

/// Where its parts lie, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Room {
    /// None in a window without room for panels: there are keys for all of it.
    transport: Option<Rect>,
    bar: Rect,
    ticks: Rect,
}

impl Room {
    fn all(&self) -> Rect {
        self.transport.unwrap_or(self.bar).union(self.ticks)
    }
}

fn width_points(view: &MapView) -> f32 {
    view.size_px[0] / view.px_per_point
}

/// Whether it lies between clock and account, and not above them.
fn is_beside(view: &MapView) -> bool {
    width_points(view) >= size::TIMELINE_BESIDE_FROM
}

/// Where the row of buttons leaves room for the bottom line's second one, whose own place the bar takes: at the right, as
/// long as the timeline is open in the line.
pub(super) fn free_row(
    timeline: &Timeline,
    travel: &TimeTravel,
    view: &MapView,
    widths: LineWidths,
) -> Option<Rect> {
    let row = room(view, widths).transport.filter(|_| timeline.is_open && is_beside(view))?;
    let sums = if status::sums_line(travel).is_some() { transport::SUMS_WIDTH } else { 0.0 };
    let left = row.left() + transport::WIDTH + sums + APART;
    Some(Rect::from_min_max(pos2(left, row.top()), pos2(width_points(view) - size::MARGIN, row.bottom())))
}

fn height(view: &MapView) -> f32 {
    let transport = if view.has_room_for_panels() { size::TRANSPORT } else { 0.0 };
    transport + size::TIMELINE_BAR + BELOW_BAR + size::TIMELINE_TICKS
}

/// How high above the margin the bottom line and the timeline reach, in points.
pub(super) fn reach(timeline: &Timeline, view: &MapView) -> f32 {
    match (timeline.is_open, is_beside(view)) {
        (false, _) => status::HEIGHT,
        (true, true) => height(view).max(status::HEIGHT),
        (true, false) => status::HEIGHT + size::GRID + height(view),
    }
}

fn room(view: &MapView, widths: LineWidths) -> Room {
    let [width, window_height] = view.size_px.map(|px| px / view.px_per_point);
    let (left, right, bottom) = if is_beside(view) {
        let clock = (size::MARGIN + size::INNER + widths.clock + APART).max(LEFT);
        let account = ((widths.account / ACCOUNT_STEP).ceil() * ACCOUNT_STEP).max(ACCOUNT_LEAST);
        (clock, width - size::MARGIN - account - APART, window_height - size::MARGIN)
    } else {
        let above_line = window_height - size::MARGIN - status::HEIGHT - size::GRID;
        (size::MARGIN + size::INNER, width - size::MARGIN - size::INNER, above_line)
    };
    let row = |bottom: f32, height: f32| Rect::from_min_max(pos2(left, bottom - height), pos2(right, bottom));
    let ticks = row(bottom, size::TIMELINE_TICKS);
    let bar = row(ticks.top() - BELOW_BAR, size::TIMELINE_BAR);
    let transport = view.has_room_for_panels().then(|| row(bar.top(), size::TRANSPORT));
    Room { transport, bar, ticks }
}

/// A colour for what lies over the map. Light is mixed in linear light, and egui would premultiply before that: half of white
/// over white would be grey.
fn blended(colour: Rgba) -> Color32 {
    let [red, green, blue, alpha] = colour.linear();
    let [r, g, b] = [red, green, blue].map(|light| gamma_u8_from_linear_f32(light * alpha));
    Color32::from_rgba_premultiplied(r, g, b, (alpha * 255.0).round() as u8)
}

/// A ground for the bottom line and the timeline, which fades out into the map. It comes first, so texts beside dots lie on
/// it.
pub(super) fn ground(
    mut contexts: EguiContexts,
    timeline: Res<Timeline>,
    theme: Res<Theme>,
    view: Res<MapView>,
) -> Result {
    if !timeline.is_open {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let screen = context.content_rect();
    // Dots in the far south still show between the buttons.
    let solid_from = screen.bottom() - size::MARGIN - reach(&timeline, &view) + size::TRANSPORT;
    let mut mesh = Mesh::default();
    for step in 0..=FADE_STEPS {
        let share = step as f32 / FADE_STEPS as f32;
        let is_last = step == FADE_STEPS;
        let y = if is_last { screen.bottom() } else { solid_from - FADE + FADE * share };
        // Smooth at both ends, so that no edge is seen.
        let opacity = GROUND_OPACITY * share * share * (3.0 - 2.0 * share);
        let colour = blended(Rgba { alpha: opacity, ..theme.colours.ocean_bottom });
        mesh.colored_vertex(pos2(screen.left(), y), colour);
        mesh.colored_vertex(pos2(screen.right(), y), colour);
        if !is_last {
            let row = step * 2;
            mesh.add_triangle(row, row + 1, row + 2);
            mesh.add_triangle(row + 1, row + 2, row + 3);
        }
    }
    context.layer_painter(LayerId::background()).add(mesh);
    Ok(())
}

pub(super) fn show(
    mut contexts: EguiContexts,
    (travel, timeline, clock): (Res<TimeTravel>, Res<Timeline>, Res<MapClock>),
    (book, palette, theme): (Res<RuleBook>, Res<Palette>, Res<Theme>),
    view: Res<MapView>,
    widths: Res<LineWidths>,
    (mut kept, mut hand): (Local<bar::Kept>, Local<gestures::Hand>),
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if !timeline.is_open {
        *hand = gestures::Hand::default();
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    if book.is_changed() || palette.is_changed() || theme.is_changed() {
        kept.forget();
    }
    let room = room(&view, *widths);
    let rect = room.all();
    let shown = bar::Shown {
        travel: &travel,
        timeline: &timeline,
        theme: &theme,
        // What is later than the recording is now, as far as the recording knows.
        now_ms: if travel.is_now() {
            clock.now_unix_millis()
        } else {
            travel.recorded.map_or(clock.now_unix_millis(), |recorded| recorded.to_ms)
        },
    };
    Area::new(egui::Id::new("timeline"))
        .fixed_pos(rect.min)
        .order(Order::Middle)
        .constrain(false)
        .fade_in(false)
        .show(context, |ui| {
            ui.allocate_rect(rect, Sense::hover());
            let response = ui.interact(room.bar, ui.id().with("bar"), Sense::click_and_drag());
            let mut send = |action| {
                actions.write(UiAction::Time(action));
            };
            match shown.scale(&room) {
                Some(scale) => {
                    let recorded = travel.recorded.unwrap_or(scale.view);
                    hand.obey(&response, ui, (&scale, &travel, recorded), &mut send);
                    kept.renew(ui, &shown, &room, &scale, (&book, *palette), view.px_per_point);
                    let pointer = response.hover_pos().filter(|_| response.hovered() || hand.is_busy());
                    bar::paint(ui, &kept, &shown, &room, &scale, (hand.stretch(&scale), pointer));
                }
                None => bar::say_why_empty(ui, &shown, &room),
            }
            if let Some(row) = room.transport {
                transport::show(ui, row, &travel, &theme, &mut send);
            }
        });
    panel::claim(&mut panels, rect.expand2(egui::vec2(size::GRID, 0.0)), &view);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::theme::px_per_point;

    #[test]
    fn it_lies_inside_every_window_and_off_clock_and_account() {
        let open = Timeline { is_open: true, ..Timeline::default() };
        for [width, height] in [[500, 250], [720, 420], [800, 600], [1280, 720], [1920, 1080], [3840, 2160]] {
            let size_px = [width, height].map(|px| px as f32);
            let view = MapView::home(size_px, px_per_point(size_px[1], 1.0));
            let [width, height] = size_px.map(|px| px / view.px_per_point);
            for account in [250.0, 321.0, 480.0] {
                let widths = LineWidths { clock: 190.0, account };
                let room = room(&view, widths);
                let all = room.all();
                assert!(all.left() >= size::MARGIN && all.right() <= width - size::MARGIN, "{width} {all:?}");
                assert!(all.bottom() <= height - size::MARGIN && all.top() > height * 0.4, "{width} {all:?}");
                assert!(
                    all.top() >= height - size::MARGIN - reach(&open, &view),
                    "the key keeps clear of it"
                );
                assert!(room.bar.width() >= 280.0, "{width}: {}", room.bar.width());
                let is_above_line = all.bottom() <= height - size::MARGIN - status::HEIGHT;
                let clock_ends = size::MARGIN + size::INNER + widths.clock;
                let is_between =
                    all.left() >= clock_ends + APART && all.right() <= width - size::MARGIN - account - APART;
                assert!(is_above_line || is_between, "{width}: {all:?}");
                assert_eq!(room.transport.is_some(), view.has_room_for_panels());
            }
        }
    }

    #[test]
    fn closed_it_takes_no_room() {
        let view = MapView::home([1280.0, 720.0], 1.0);
        assert_eq!(reach(&Timeline::default(), &view), status::HEIGHT);
    }
}

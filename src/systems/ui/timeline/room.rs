//! Where the parts of the timeline lie: between clock and account, or above both in a narrow window. Pure sums, on which
//! other panels rely to keep clear of it.

use bevy::prelude::Resource;
use bevy_egui::egui::{Rect, pos2};

use super::transport;
use crate::{
    components::{
        map_view::MapView,
        theme::size,
        time_travel::{TimeTravel, Timeline},
    },
    systems::ui::status,
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

/// How wide clock and account are in this frame, in points.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::systems::ui) struct LineWidths {
    pub(in crate::systems::ui) clock: f32,
    pub(in crate::systems::ui) account: f32,
}

/// Where its parts lie, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Room {
    /// None in a window without room for panels: there are keys for all of it.
    pub(super) transport: Option<Rect>,
    pub(super) bar: Rect,
    pub(super) ticks: Rect,
}

impl Room {
    pub(super) fn all(&self) -> Rect {
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
pub(in crate::systems::ui) fn free_row(
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
pub(in crate::systems::ui) fn reach(timeline: &Timeline, view: &MapView) -> f32 {
    match (timeline.is_open, is_beside(view)) {
        (false, _) => status::HEIGHT,
        (true, true) => height(view).max(status::HEIGHT),
        (true, false) => status::HEIGHT + size::GRID + height(view),
    }
}

pub(super) fn room(view: &MapView, widths: LineWidths) -> Room {
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

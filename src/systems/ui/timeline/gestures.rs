//! The pointer on the timeline: a click shows a moment, a drag a stretch, the head is pulled along, the wheel zooms, the
//! middle button moves, and a double click shows the whole recording.

use bevy_egui::egui::{CursorIcon, Event, MouseWheelUnit, PointerButton, Response, Ui};

use super::scale::{Scale, moved, whole, zoomed};
use crate::components::time_travel::{Shown, Span, TimeAction, TimeTravel};

/// The head is taken hold of this near, in points.
const HEAD_REACH: f32 = 6.0;
/// A drag shorter than this many points was meant as a click.
const CLICK: f32 = 4.0;
/// One notch of the wheel, as on the map.
const ZOOM_A_NOTCH: f64 = 1.25;
/// Touch pads tell points: so many make a notch.
const POINTS_A_NOTCH: f32 = 50.0;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Drag {
    Head,
    Stretch {
        from_x: f32,
        to_x: f32,
    },
    /// The view and the place where the button went down.
    View {
        view: Span,
        from_x: f32,
    },
}

/// What the pointer is about.
#[derive(Default)]
pub(in crate::systems::ui) struct Hand {
    drag: Option<Drag>,
    /// What was shown before a click, which may turn out to be the first of two.
    before: Option<TimeAction>,
}

impl Hand {
    /// The stretch that is being drawn.
    pub(super) fn stretch(&self, scale: &Scale) -> Option<Span> {
        match self.drag {
            Some(Drag::Stretch { from_x, to_x }) => {
                Some(Span::between(scale.ms_from_x(from_x), scale.ms_from_x(to_x)))
            }
            _ => None,
        }
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.drag.is_some()
    }

    /// Sends what the pointer asks for in this frame.
    pub(super) fn obey(
        &mut self,
        response: &Response,
        ui: &Ui,
        (scale, travel, recorded): (&Scale, &TimeTravel, Span),
        mut send: impl FnMut(TimeAction),
    ) {
        if response.drag_started() {
            self.drag = begin(response, ui, scale, travel);
        }
        if let (Some(drag), Some(at)) = (&mut self.drag, response.interact_pointer_pos()) {
            pull(drag, at.x, scale, travel, recorded, &mut send);
        }
        if response.drag_stopped() {
            if let Some(Drag::Stretch { from_x, to_x }) = self.drag {
                send(drawn(from_x, to_x, scale, recorded));
            }
            self.drag = None;
        }
        if response.double_clicked() {
            self.before.take().into_iter().for_each(&mut send);
            send(TimeAction::View(whole(recorded)));
        } else if response.clicked()
            && let Some(at) = response.interact_pointer_pos()
        {
            self.before = Some(shown_again(travel));
            send(scrub(at.x, scale, recorded));
        }
        if let Some(at) = response.hover_pos().filter(|_| self.drag.is_none() && response.hovered()) {
            let notches = notches(ui);
            let view = zoomed(scale.view, scale.ms_from_x(at.x), ZOOM_A_NOTCH.powf(notches), recorded);
            if notches != 0.0 && view != scale.view {
                send(TimeAction::View(view));
            }
            if is_on_head(at.x, scale, travel) {
                ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
            }
        }
    }
}

fn begin(response: &Response, ui: &Ui, scale: &Scale, travel: &TimeTravel) -> Option<Drag> {
    let from_x = ui.input(|input| input.pointer.press_origin())?.x;
    if response.dragged_by(PointerButton::Middle) {
        Some(Drag::View { view: scale.view, from_x })
    } else if !response.dragged_by(PointerButton::Primary) {
        None
    } else if is_on_head(from_x, scale, travel) {
        Some(Drag::Head)
    } else {
        Some(Drag::Stretch { from_x, to_x: from_x })
    }
}

fn pull(
    drag: &mut Drag,
    x: f32,
    scale: &Scale,
    travel: &TimeTravel,
    recorded: Span,
    send: &mut impl FnMut(TimeAction),
) {
    match drag {
        Drag::Head => {
            let at_ms = within(scale.ms_from_x(x), recorded);
            if at_ms != travel.at_ms {
                send(TimeAction::Scrub { at_ms });
            }
        }
        Drag::Stretch { to_x, .. } => *to_x = x,
        Drag::View { view, from_x } => {
            let view = moved(*view, f64::from(*from_x - x) * scale.ms_a_point(), recorded);
            if view != scale.view {
                send(TimeAction::View(view));
            }
        }
    }
}

fn drawn(from_x: f32, to_x: f32, scale: &Scale, recorded: Span) -> TimeAction {
    let end = |x| within(scale.ms_from_x(x), recorded);
    let span = Span::between(end(from_x), end(to_x));
    // Nothing lies beyond the recording, so a drag there is no stretch either.
    if (to_x - from_x).abs() < CLICK || span.len_ms() == 0 {
        return scrub(to_x, scale, recorded);
    }
    TimeAction::Select(span)
}

fn scrub(x: f32, scale: &Scale, recorded: Span) -> TimeAction {
    TimeAction::Scrub { at_ms: within(scale.ms_from_x(x), recorded) }
}

fn within(unix_millis: i64, recorded: Span) -> i64 {
    unix_millis.max(recorded.from_ms).min(recorded.to_ms)
}

fn is_on_head(x: f32, scale: &Scale, travel: &TimeTravel) -> bool {
    travel.shown == Shown::Moment && (scale.x_from_ms(travel.at_ms) - x).abs() <= HEAD_REACH
}

/// What brings back what is shown now.
const fn shown_again(travel: &TimeTravel) -> TimeAction {
    match travel.shown {
        Shown::Now => TimeAction::GoLive,
        Shown::Moment => TimeAction::Scrub { at_ms: travel.at_ms },
        Shown::Span(span) => TimeAction::Select(span),
    }
}

/// As they come: egui would spread them over several frames.
fn notches(ui: &Ui) -> f64 {
    let notches: f32 = ui.input(|input| {
        input
            .events
            .iter()
            .map(|event| match event {
                Event::MouseWheel { unit: MouseWheelUnit::Point, delta, .. } => delta.y / POINTS_A_NOTCH,
                Event::MouseWheel { delta, .. } => delta.y,
                _ => 0.0,
            })
            .sum()
    });
    f64::from(notches)
}

#[cfg(test)]
#[path = "gestures_tests.rs"]
mod tests;

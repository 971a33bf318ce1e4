//! The bar itself: columns, gaps, the selected stretch, now, the head, and the times below. Shapes that depend on the
//! history are made when the history, the view or the look changed, and painted as they are until then.

use std::sync::Arc;

use bevy_egui::egui::{
    Align2, Color32, FontId, Mesh, Painter, Pos2, Rangef, Rect, Shape, Stroke, StrokeKind, Ui, pos2, vec2,
};
use jiff::tz::TimeZone;

use super::{
    Room,
    columns::{self, gaps, mesh, opened_at, resampled},
    scale::{Scale, whole},
    ticks::{Tick, ticks},
    times::moment,
};
use crate::{
    components::{
        palette::Palette,
        rule_book::RuleBook,
        theme::{Theme, size},
        time_travel::{Density, Shown as What, Span, TimeTravel, Timeline},
    },
    systems::ui::{
        row::{grouped, width},
        style::{mono, sans},
    },
};

/// Between the lines of the hatch, and how far each leans over.
const HATCH_STEP: f32 = 6.0;
/// The mark on top of the head's line.
const HEAD: f32 = 5.0;
/// Labels below the head and the pointer keep this far from the ends of the row, and from one another.
const LABEL_APART: f32 = 10.0;
/// Closer than this a second is seen.
const SECONDS_BELOW_MS_A_POINT: f64 = 30_000.0;

fn small() -> FontId {
    mono(size::TEXT_SMALL)
}

/// What is shown, as the panels read it.
pub(super) struct Shown<'a> {
    pub(super) travel: &'a TimeTravel,
    pub(super) timeline: &'a Timeline,
    pub(super) theme: &'a Theme,
    pub(super) now_ms: i64,
}

impl Shown<'_> {
    /// None as long as nothing is known of the past.
    pub(super) fn scale(&self, room: &Room) -> Option<Scale> {
        let density = self.timeline.density.as_ref()?;
        let all = self.travel.recorded.map_or(density.span, whole);
        let view = self.timeline.view.unwrap_or(all);
        (self.travel.recorded.is_some() && view.len_ms() > 0)
            .then_some(Scale { view, line: room.bar.x_range() })
    }
}

/// Shapes that stay from frame to frame.
#[derive(Default)]
pub(in crate::systems::ui) struct Kept {
    made_of: Option<(Arc<Density>, Scale, Room, i64)>,
    columns: Arc<Mesh>,
    hatched: Vec<Rect>,
    ticks: Vec<Tick>,
    character: f32,
}

impl Kept {
    /// Rules or colours have changed.
    pub(super) fn forget(&mut self) {
        self.made_of = None;
    }

    pub(super) fn renew(
        &mut self,
        ui: &Ui,
        shown: &Shown,
        room: &Room,
        scale: &Scale,
        (book, palette): (&RuleBook, Palette),
        px_per_point: f32,
    ) {
        let Some(density) = &shown.timeline.density else {
            return;
        };
        // Now moves on all the time; a gap up to it grows by a point at a time.
        let now = (scale.x_from_ms(shown.now_ms).min(room.bar.right() + 1.0)) as i64;
        let is_same = self.made_of.as_ref().is_some_and(|(of, at, lies, until)| {
            Arc::ptr_eq(of, density) && (at, lies, *until) == (scale, room, now)
        });
        if is_same {
            return;
        }
        let count = columns::count(room.bar.width(), density.opened.len());
        let figures = resampled(density, scale.view, count);
        let colours = columns::colours(&density.labels, book, palette, shown.theme);
        self.columns = Arc::new(mesh(&figures, &colours, room.bar, px_per_point));
        self.hatched.clear();
        for gap in gaps(density, scale.view, shown.now_ms) {
            let part = across(scale, room, gap);
            if part.width() >= 1.0 {
                self.hatched.push(part);
            }
        }
        self.character = width(ui, "0", small());
        self.ticks = ticks(scale, &TimeZone::system(), self.character);
        self.made_of = Some((density.clone(), *scale, *room, now));
    }
}

/// The part of the bar that a stretch takes.
fn across(scale: &Scale, room: &Room, span: Span) -> Rect {
    let x = |unix_millis| scale.x_from_ms(unix_millis).clamp(room.bar.left(), room.bar.right());
    Rect::from_x_y_ranges(x(span.from_ms)..=x(span.to_ms), room.bar.y_range())
}

pub(super) fn paint(
    ui: &Ui,
    kept: &Kept,
    shown: &Shown,
    room: &Room,
    scale: &Scale,
    (drawn, pointer): (Option<Span>, Option<Pos2>),
) {
    let (painter, colours, bar) = (ui.painter(), &shown.theme.colours, room.bar);
    let pixel = 1.0 / ui.ctx().pixels_per_point();
    let floor = bar.bottom() + pixel;
    painter.line_segment(
        [pos2(bar.left(), floor), pos2(bar.right(), floor)],
        Stroke::new(pixel, colours.panel_edge.egui()),
    );
    hatch(painter, &kept.hatched, colours.hatch.egui());
    painter.add(Shape::mesh(kept.columns.clone()));
    let played = shown.travel.range.filter(|_| !shown.travel.is_now());
    let selected = match shown.travel.shown {
        What::Span(span) => Some(span),
        What::Now | What::Moment => played,
    };
    if let Some(span) = drawn.or(selected) {
        let part = across(scale, room, span).expand2(vec2(0.0, 3.0));
        if part.width() > 0.0 {
            painter.rect_filled(part, 1.0, colours.span.egui());
            painter.rect_stroke(part, 1.0, Stroke::new(1.0, colours.span_edge.egui()), StrokeKind::Inside);
        }
    }
    if scale.view.contains(shown.now_ms) {
        let x = scale.x_from_ms(shown.now_ms);
        let colour = if shown.travel.is_now() { colours.good } else { colours.text_faint };
        painter.vline(x, bar.y_range().expand(2.0), Stroke::new(1.0, colour.egui()));
    }
    let with_seconds = scale.ms_a_point() < SECONDS_BELOW_MS_A_POINT;
    let mut taken: Vec<Rangef> = Vec::with_capacity(2);
    if let Some(at) = pointer {
        let at_ms = scale.ms_from_x(at.x);
        painter.vline(scale.x_from_ms(at_ms), bar.y_range(), Stroke::new(1.0, colours.text_second.egui()));
        let mut words = moment(at_ms, with_seconds);
        let opened = shown.timeline.density.as_ref().and_then(|density| opened_at(density, at_ms));
        if let Some(opened) = opened {
            words += &format!(" · {} opened", grouped(usize::try_from(opened).unwrap_or(usize::MAX)));
        }
        say(painter, room, at.x, &words, colours.text.egui(), &mut taken);
    }
    if shown.travel.shown == What::Moment && scale.view.contains(shown.travel.at_ms) {
        let (x, accent) = (scale.x_from_ms(shown.travel.at_ms), colours.accent.egui());
        painter.vline(x, bar.y_range(), Stroke::new(1.5, accent));
        let top = bar.top() - 1.0;
        painter.add(Shape::convex_polygon(
            vec![pos2(x - HEAD, top - HEAD), pos2(x + HEAD, top - HEAD), pos2(x, top + 1.0)],
            accent,
            Stroke::NONE,
        ));
        say(painter, room, x, &moment(shown.travel.at_ms, with_seconds), accent, &mut taken);
    }
    for tick in &kept.ticks {
        let colour = if tick.is_turn { colours.text_second } else { colours.text_faint }.egui();
        let mark = Rangef::new(bar.bottom() + 1.0, room.ticks.top() + 1.0);
        painter.vline(tick.x, mark, Stroke::new(1.0, colour.gamma_multiply(0.6)));
        let half = tick.label.chars().count() as f32 * kept.character * 0.5 + LABEL_APART;
        let place = Rangef::new(tick.x - half, tick.x + half);
        if !taken.iter().any(|taken| taken.intersects(place)) {
            painter.text(
                pos2(tick.x, room.ticks.bottom()),
                Align2::CENTER_BOTTOM,
                &tick.label,
                small(),
                colour,
            );
        }
    }
}

/// Writes below a place, unless something stands there.
fn say(painter: &Painter, room: &Room, x: f32, words: &str, colour: Color32, taken: &mut Vec<Rangef>) {
    let galley = painter.layout_no_wrap(words.to_owned(), small(), colour);
    let half = galley.size().x * 0.5;
    let ends = room.ticks.x_range().expand(LABEL_APART);
    let x = x.max(ends.min + half).min(ends.max - half);
    let place = Rangef::new(x - half, x + half);
    if !taken.iter().any(|taken| taken.intersects(place)) {
        painter.galley(pos2(x - half, room.ticks.bottom() - galley.size().y), galley, colour);
        taken.push(place);
    }
}

fn hatch(painter: &Painter, parts: &[Rect], colour: Color32) {
    for part in parts {
        let painter = painter.with_clip_rect(*part);
        let lean = part.height();
        // From the same places whatever the part, so that the lines stand still while it grows.
        let mut x = ((part.left() - lean) / HATCH_STEP).floor() * HATCH_STEP;
        while x < part.right() {
            painter
                .line_segment([pos2(x, part.bottom()), pos2(x + lean, part.top())], Stroke::new(1.0, colour));
            x += HATCH_STEP;
        }
    }
}

pub(super) fn say_why_empty(ui: &Ui, shown: &Shown, room: &Room) {
    let words = if shown.travel.recorded.is_some() { "reading" } else { "nothing recorded yet" };
    let (painter, colours) = (ui.painter(), &shown.theme.colours);
    painter.hline(
        room.bar.x_range(),
        room.bar.bottom(),
        Stroke::new(1.0 / ui.ctx().pixels_per_point(), colours.panel_edge.egui()),
    );
    let at = room.bar.center();
    painter.text(at, Align2::CENTER_CENTER, words, sans(size::TEXT_SMALL), colours.text_faint.egui());
}

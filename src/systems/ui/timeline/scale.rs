//! Time along a line: where a moment lies, which moment lies where, and how far a view may be zoomed and moved.

use bevy_egui::egui::Rangef;

use crate::components::time_travel::Span;

/// A closer look than this shows nothing new: records are a tenth of a second apart at best.
const NARROWEST_MS: i64 = 60_000;
/// Beyond either end of the recording the view shows this share of it, so that the ends are seen to be ends.
const BEYOND: f64 = 0.03;

/// A stretch of time laid along a line, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) view: Span,
    pub(super) line: Rangef,
}

impl Scale {
    /// Where a moment lies; outside the line for moments outside the view.
    pub(super) fn x_from_ms(&self, unix_millis: i64) -> f32 {
        let share = (unix_millis - self.view.from_ms) as f64 / self.len_ms();
        (f64::from(self.line.min) + share * f64::from(self.line.span())) as f32
    }

    /// Which moment lies at a place; beyond the ends of the line it is the end's.
    pub(super) fn ms_from_x(&self, x: f32) -> i64 {
        let share = f64::from(x - self.line.min) / f64::from(self.line.span().max(f32::EPSILON));
        self.view.from_ms + (share.clamp(0.0, 1.0) * self.len_ms()).round() as i64
    }

    pub(super) fn ms_a_point(&self) -> f64 {
        self.len_ms() / f64::from(self.line.span().max(1.0))
    }

    fn len_ms(&self) -> f64 {
        self.view.len_ms().max(1) as f64
    }
}

/// All that may be looked at: the recording, and a little beyond its ends.
pub(super) fn whole(recorded: Span) -> Span {
    let beyond = ((recorded.len_ms() as f64 * BEYOND) as i64).max(NARROWEST_MS / 2);
    Span { from_ms: recorded.from_ms - beyond, to_ms: recorded.to_ms + beyond }
}

/// The view as it is after a zoom around a moment, which stays where it is. A factor above 1 looks closer.
pub(super) fn zoomed(view: Span, around_ms: i64, factor: f64, recorded: Span) -> Span {
    let most = whole(recorded);
    let len = (view.len_ms() as f64 / factor).clamp(NARROWEST_MS as f64, most.len_ms() as f64);
    let share = (around_ms - view.from_ms) as f64 / view.len_ms().max(1) as f64;
    let from_ms = around_ms - (share.clamp(0.0, 1.0) * len).round() as i64;
    inside(Span { from_ms, to_ms: from_ms + len.round() as i64 }, most)
}

/// The view moved by so much, as far as there is something to see.
pub(super) fn moved(view: Span, by_ms: f64, recorded: Span) -> Span {
    let by_ms = by_ms.round() as i64;
    inside(Span { from_ms: view.from_ms + by_ms, to_ms: view.to_ms + by_ms }, whole(recorded))
}

/// Pushed back between the ends without a change of length, which is cut only where there is no room for it.
fn inside(span: Span, most: Span) -> Span {
    let len = span.len_ms().min(most.len_ms());
    let from_ms = span.from_ms.clamp(most.from_ms, most.to_ms - len);
    Span { from_ms, to_ms: from_ms + len }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const YEAR_MS: i64 = 366 * 86_400_000;

    fn span() -> impl Strategy<Value = Span> {
        (0..60 * YEAR_MS, 0..20 * YEAR_MS)
            .prop_map(|(from_ms, len_ms)| Span { from_ms, to_ms: from_ms + len_ms })
    }

    proptest! {
        #[test]
        fn a_place_names_the_moment_that_lies_there(
            (from_ms, len_ms) in (0..60 * YEAR_MS, NARROWEST_MS..20 * YEAR_MS),
            (left, width) in (0.0..2_000.0f32, 100.0..4_000.0f32),
            share in 0.0..1.0f32,
        ) {
            let view = Span { from_ms, to_ms: from_ms + len_ms };
            let scale = Scale { view, line: Rangef::new(left, left + width) };
            let x = left + share * width;
            let at_ms = scale.ms_from_x(x);
            prop_assert!(view.contains(at_ms));
            prop_assert!((scale.x_from_ms(at_ms) - x).abs() < 0.1, "{x} {}", scale.x_from_ms(at_ms));
            prop_assert_eq!(scale.ms_from_x(left - 50.0), view.from_ms);
            prop_assert_eq!(scale.ms_from_x(left + width + 50.0), view.to_ms);
        }

        #[test]
        fn no_zoom_and_no_move_leaves_the_recording(
            recorded in span(),
            steps in prop::collection::vec((0.0..1.0f64, 0.01..100.0f64, -1e12..1e12f64), 1..30),
        ) {
            let most = whole(recorded);
            let mut view = most;
            for (share, factor, by_ms) in steps {
                let around_ms = view.from_ms + (view.len_ms() as f64 * share) as i64;
                view = zoomed(view, around_ms, factor, recorded);
                prop_assert!(view.len_ms() >= NARROWEST_MS && view.len_ms() <= most.len_ms());
                prop_assert!(view.contains(around_ms), "what is pointed at stays in view");
                let len_ms = view.len_ms();
                view = moved(view, by_ms, recorded);
                prop_assert_eq!(view.len_ms(), len_ms);
                prop_assert!(most.contains(view.from_ms) && most.contains(view.to_ms));
            }
        }

        #[test]
        fn a_zoom_keeps_the_moment_below_the_pointer(share in 0.2..0.8f32, factor in 1.0..50.0f64) {
            let recorded = Span { from_ms: 0, to_ms: YEAR_MS };
            let line = Rangef::new(250.0, 1_500.0);
            let before = Scale { view: whole(recorded), line };
            let x = line.min + share * line.span();
            let view = zoomed(before.view, before.ms_from_x(x), factor, recorded);
            let after = Scale { view, line };
            prop_assert!((after.x_from_ms(before.ms_from_x(x)) - x).abs() < 0.1);
        }
    }
}

//! The columns of the timeline: how many connections opened when, stacked by rule. Sums over plain figures; a mesh of
//! them is made when they change, and painted as it is until then.

use std::sync::Arc;

use bevy_egui::egui::{Color32, Mesh, Rect, pos2};

use crate::components::{
    palette::Palette,
    rule_book::RuleBook,
    theme::{Theme, size},
    time_travel::{Density, Span},
};

/// How much darker a colour is on paper.
const ON_PAPER: f32 = 0.12;

/// How many columns a bar of this width has: as many as are told apart, and no more than there are figures for.
pub(super) fn count(width: f32, stretches: usize) -> usize {
    ((width / size::TIMELINE_COLUMN) as usize).clamp(1, stretches.max(1))
}

/// The figures of a density laid into so many columns of a view. A stretch that lies across two columns is shared
/// between them, so no sum is lost and no column is twice as high for the rounding. One row a column.
pub(super) fn resampled(density: &Density, view: Span, columns: usize) -> Vec<Vec<f64>> {
    let labels = density.labels.len();
    let mut out = vec![vec![0.0; labels]; columns];
    let stretch_ms = density.span.len_ms().max(1) as f64 / density.opened.len().max(1) as f64;
    let column_ms = view.len_ms().max(1) as f64 / columns as f64;
    let shift_ms = (density.span.from_ms - view.from_ms) as f64;
    for (index, row) in density.opened.iter().enumerate() {
        // In columns from the left edge of the view.
        let from = (shift_ms + index as f64 * stretch_ms) / column_ms;
        let to = from + stretch_ms / column_ms;
        let first = from.floor().max(0.0) as usize;
        let last = to.ceil().clamp(0.0, columns as f64) as usize;
        for (column, figures) in out.iter_mut().enumerate().take(last).skip(first) {
            let overlap = to.min((column + 1) as f64) - from.max(column as f64);
            let share = (overlap / (to - from)).max(0.0);
            for (figure, count) in figures.iter_mut().zip(row) {
                *figure += f64::from(*count) * share;
            }
        }
    }
    out
}

/// How many opened in the stretch of a moment.
pub(super) fn opened_at(density: &Density, unix_millis: i64) -> Option<u64> {
    if !density.span.contains(unix_millis) {
        return None;
    }
    let share = (unix_millis - density.span.from_ms) as f64 / density.span.len_ms().max(1) as f64;
    let at = ((share * density.opened.len() as f64) as usize).min(density.opened.len().checked_sub(1)?);
    Some(density.opened[at].iter().map(|count| u64::from(*count)).sum())
}

/// Parts of a view in which nothing was recorded, but for the future.
pub(super) fn gaps(density: &Density, view: Span, now_ms: i64) -> Vec<Span> {
    let until_ms = view.to_ms.min(now_ms);
    let mut recorded: Vec<Span> = density.recorded.clone();
    recorded.sort_unstable_by_key(|span| span.from_ms);
    let mut from_ms = view.from_ms;
    let mut out = Vec::new();
    for span in recorded {
        if span.from_ms > from_ms {
            out.push(Span { from_ms, to_ms: span.from_ms.min(until_ms) });
        }
        from_ms = from_ms.max(span.to_ms);
    }
    out.push(Span { from_ms, to_ms: until_ms });
    out.retain(|gap| gap.len_ms() > 0);
    out
}

/// The order in which the labels of a density are stacked, as the key shows them, and the colour of each: the rule's,
/// and that of no rule where no rule has that label any more.
pub(super) fn colours(
    labels: &[Option<Arc<str>>],
    book: &RuleBook,
    palette: Palette,
    theme: &Theme,
) -> Vec<(usize, Color32)> {
    let known = book.rules.labels();
    let mut stacked: Vec<(usize, usize)> = labels
        .iter()
        .map(|label| known.iter().position(|row| Some(&row.text) == label.as_ref()).unwrap_or(known.len()))
        .enumerate()
        .map(|(index, label)| (label, index))
        .collect();
    stacked.sort_unstable();
    let colour = |(label, index): (usize, usize)| {
        let [r, g, b, _] = match known.get(label) {
            Some(row) => palette.bytes(label, row.color.to_array()),
            None => palette.no_rule_bytes(theme),
        };
        let colour = Color32::from_rgb(r, g, b);
        // Paper needs darker ones, as it does for the rims of dots.
        let colour = if theme.is_dark { colour } else { colour.lerp_to_gamma(Color32::BLACK, ON_PAPER) };
        (index, if book.is_hidden(label) { colour.gamma_multiply(size::HIDDEN) } else { colour })
    };
    stacked.into_iter().map(colour).collect()
}

/// Draws columns into a bar, on whole pixels. Heights go with the square root: one busy minute would flatten all
/// others. Whatever happened is at least a pixel high.
pub(super) fn mesh(columns: &[Vec<f64>], colours: &[(usize, Color32)], bar: Rect, px_per_point: f32) -> Mesh {
    let sum = |figures: &Vec<f64>| figures.iter().sum::<f64>();
    let most = columns.iter().map(sum).fold(0.0, f64::max);
    let mut mesh = Mesh::default();
    if most <= 0.0 {
        return mesh;
    }
    let snapped = |points: f32| (points * px_per_point).round() / px_per_point;
    let pixel = 1.0 / px_per_point;
    let floor = snapped(bar.bottom());
    let edge = |column: usize| snapped(bar.left() + bar.width() * column as f32 / columns.len() as f32);
    for (column, figures) in columns.iter().enumerate() {
        let total = sum(figures);
        if total <= 0.0 {
            continue;
        }
        let height = ((total / most).sqrt() as f32 * bar.height()).max(pixel);
        let (left, right) = (edge(column), (edge(column + 1) - pixel).max(edge(column) + pixel));
        let (mut below, mut bottom) = (0.0, floor);
        for (label, colour) in colours {
            below += figures.get(*label).copied().unwrap_or(0.0);
            let top = snapped(floor - (below / total) as f32 * height);
            if top < bottom {
                mesh.add_colored_rect(Rect::from_min_max(pos2(left, top), pos2(right, bottom)), *colour);
                bottom = top;
            }
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::Rules;

    fn density(from_ms: i64, to_ms: i64, opened: Vec<Vec<u32>>) -> Density {
        let span = Span { from_ms, to_ms };
        Density { span, labels: vec![Some("SSH".into()), None], opened, recorded: vec![span] }
    }

    proptest! {
        #[test]
        fn resampling_loses_and_adds_nothing(
            rows in prop::collection::vec((0..5_000u32, 0..5_000u32), 1..330),
            columns in 1..330usize,
            (before, after) in (0..90_000i64, 0..90_000i64),
        ) {
            let opened: Vec<Vec<u32>> = rows.iter().map(|(a, b)| vec![*a, *b]).collect();
            let figures = density(1_000_000, 1_600_000, opened);
            let view = Span { from_ms: 1_000_000 - before, to_ms: 1_600_000 + after };
            let laid = resampled(&figures, view, columns);
            prop_assert_eq!(laid.len(), columns);
            for label in 0..2 {
                let before: f64 = figures.opened.iter().map(|row| f64::from(row[label])).sum();
                let after: f64 = laid.iter().map(|column| column[label]).sum();
                prop_assert!((before - after).abs() < 1e-6 * before.max(1.0), "{before} {after}");
            }
        }
    }

    #[test]
    fn a_closer_view_holds_its_own_part_alone() {
        let figures = density(0, 4_000, vec![vec![1, 0], vec![2, 0], vec![4, 0], vec![8, 0]]);
        let laid = resampled(&figures, Span { from_ms: 1_000, to_ms: 3_000 }, 2);
        assert_eq!(laid, vec![vec![2.0, 0.0], vec![4.0, 0.0]]);
        let elsewhere = resampled(&figures, Span { from_ms: 9_000, to_ms: 9_500 }, 3);
        assert!(elsewhere.iter().flatten().all(|figure| *figure == 0.0));
        assert_eq!(opened_at(&figures, 2_500), Some(4));
        assert_eq!(opened_at(&figures, 4_000), Some(8));
        assert_eq!(opened_at(&figures, 4_001), None);
        assert_eq!(opened_at(&density(0, 10, Vec::new()), 5), None);
    }

    #[test]
    fn gaps_are_what_lies_between_recordings_up_to_now() {
        let mut figures = density(0, 1_000, Vec::new());
        let span = |from_ms, to_ms| Span { from_ms, to_ms };
        figures.recorded = vec![span(600, 700), span(100, 400), span(300, 500)];
        assert_eq!(gaps(&figures, span(0, 900), 800), [span(0, 100), span(500, 600), span(700, 800)]);
        assert_eq!(gaps(&figures, span(150, 450), 800), []);
    }

    #[test]
    fn rules_that_are_gone_have_the_colour_of_no_rule_and_the_others_the_order_of_the_key() {
        let (rules, _) = Rules::parse(b"Web,local,80,0,0,1,1,1\nSSH,local,22,1,0,0,1,1\n");
        let book = RuleBook::new(rules, String::new());
        let labels = ["SSH", "gone", "Web"].map(|label| Some(label.into()));
        let none = Palette::Rules.no_rule_bytes(&Theme::DARK);
        let none = Color32::from_rgb(none[0], none[1], none[2]);
        let stacked = colours(&labels, &book, Palette::Rules, &Theme::DARK);
        assert_eq!(stacked, [(2, Color32::BLUE), (0, Color32::RED), (1, none)]);
    }

    #[test]
    fn columns_stay_in_the_bar_and_one_connection_is_seen() {
        let bar = Rect::from_min_max(pos2(10.0, 20.0), pos2(110.0, 50.0));
        let columns = vec![vec![1_000_000.0, 0.0], vec![0.0, 1.0], vec![0.0, 0.0]];
        let drawn = mesh(&columns, &[(0, Color32::RED), (1, Color32::BLUE)], bar, 1.0);
        assert!(drawn.vertices.iter().all(|vertex| bar.contains(vertex.pos)));
        let blue: Vec<_> = drawn.vertices.iter().filter(|vertex| vertex.color == Color32::BLUE).collect();
        assert!(blue.iter().any(|vertex| vertex.pos.y <= 49.0) && !blue.is_empty());
        assert_eq!(drawn.vertices.len(), 8, "nothing is drawn where nothing happened");
    }
}

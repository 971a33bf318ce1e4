//! A stretch of the past with more connections than are shown one by one: every place that was reached in it is a disc in
//! the colour of its rule, below the dots.

use bevy::prelude::*;

use crate::components::{
    marks::{LayerName, Mark, Marks},
    palette::Palette,
    rule_book::RuleBook,
    theme::Theme,
    time_travel::TimeTravel,
};

/// As large as a plain dot.
const RADIUS_POINTS: f32 = 3.0;

pub(super) fn draw(
    travel: Res<TimeTravel>,
    book: Res<RuleBook>,
    (palette, theme): (Res<Palette>, Res<Theme>),
    mut marks: ResMut<Marks>,
    mut is_drawn: Local<bool>,
) {
    let restyled = book.is_changed() || palette.is_changed() || theme.is_changed();
    if !travel.is_changed() && !restyled {
        return;
    }
    let Some(sums) = &travel.sums else {
        if std::mem::take(&mut *is_drawn) {
            marks.clear(LayerName::Span);
        }
        return;
    };
    let colours: Vec<[u8; 4]> = (0..=book.rules.labels().len())
        .map(|label| match book.rules.labels().get(label) {
            Some(row) => palette.bytes(label, row.color.to_array()),
            None => palette.no_rule_bytes(&theme),
        })
        .collect();
    let discs = sums.places.iter().filter_map(|(lon_lat, label)| {
        let label = book.label_named(label.as_deref());
        (!book.is_hidden(label)).then(|| Mark::disc(*lon_lat, colours[label], RADIUS_POINTS))
    });
    marks.put(LayerName::Span, discs.collect());
    *is_drawn = true;
}

//! The dots of plotted answers. Rows that fall on one pixel are one dot, and where they fall is worked out when the view or
//! the plots change, not with every frame.

use std::collections::HashSet;

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Color32, LayerId, Pos2, Shape, Stroke, epaint::CircleShape},
};

use crate::components::{
    map_view::MapView,
    sql::{Plot, SqlDesk},
    theme::{PLOT_COLOURS, Theme},
};

/// In points: a little larger than a live dot, which lies above it.
const RADIUS: f32 = 4.2;
/// Dots of one plot: more than can be told apart on any screen.
const MOST_DOTS: usize = 20_000;

/// What was worked out last, and for what.
#[derive(Default)]
pub(super) struct Worked {
    of: Option<(Vec<u64>, MapView)>,
    dots: Vec<(usize, Vec<Pos2>)>,
}

pub(super) fn show(
    mut contexts: EguiContexts,
    desk: Res<SqlDesk>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut worked: Local<Worked>,
) -> Result {
    let of = (desk.plots.iter().map(|plot| plot.answer.id).collect(), *view);
    if worked.of.as_ref() != Some(&of) {
        worked.dots = desk.plots.iter().map(|plot| (plot.colour, places(plot, &view))).collect();
        worked.of = Some(of);
    }
    let painter = contexts.ctx_mut()?.layer_painter(LayerId::background());
    for (colour, dots) in &worked.dots {
        let colour = PLOT_COLOURS[colour % PLOT_COLOURS.len()].egui();
        // On paper a pale dot would be lost without a rim.
        let rim = if theme.is_dark { colour } else { colour.lerp_to_gamma(Color32::BLACK, 0.35) };
        let (fill, stroke) = (colour.gamma_multiply(0.55), Stroke::new(1.0, rim));
        painter.extend(
            dots.iter()
                .map(|center| Shape::Circle(CircleShape { center: *center, radius: RADIUS, fill, stroke })),
        );
    }
    Ok(())
}

/// In points, on screen, each pixel once.
fn places(plot: &Plot, view: &MapView) -> Vec<Pos2> {
    let mut seen = HashSet::new();
    let inside = |px: [f32; 2]| (0..2).all(|axis| (0.0..=view.size_px[axis]).contains(&px[axis]));
    plot.points
        .iter()
        .map(|point| view.px_from_lon_lat(point.lon_lat[0], point.lon_lat[1]).px)
        .filter(|px| inside(*px) && seen.insert(px.map(|side| side as i32)))
        .take(MOST_DOTS)
        .map(|[x, y]| egui::pos2(x, y) / view.px_per_point)
        .collect()
}

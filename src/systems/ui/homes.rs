//! A small square on the map where each agent stands, in its colour, for those whose owner has said where that is.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, LayerId, Rect, Stroke, StrokeKind},
};

use crate::{
    components::{
        connection::Agents,
        fleet::{HiddenAgents, colour_of},
        hilbert_view::HilbertView,
        map_view::MapView,
        theme::Theme,
    },
    projection::map_from_lon_lat,
};

/// Side of the square, in points: larger than a dot, smaller than its halo.
const SIDE: f32 = 9.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    agents: Res<Agents>,
    hidden: Res<HiddenAgents>,
    theme: Res<Theme>,
    (view, space): (Res<MapView>, Res<HilbertView>),
) -> Result {
    // They are places on earth.
    if space.is_visible() {
        return Ok(());
    }
    let painter = contexts.ctx_mut()?.layer_painter(LayerId::background());
    for agent in agents.0.iter().filter(|agent| !hidden.hides(agent.agent)) {
        let Some([lat, lon]) = agent.home else {
            continue;
        };
        let px = view.screen_place(map_from_lon_lat(lon, lat)).px;
        let at = egui::pos2(px[0], px[1]) / view.px_per_point;
        let square = Rect::from_center_size(at, egui::Vec2::splat(SIDE));
        let colour = theme.agents[colour_of(agent.agent)].egui();
        painter.rect_stroke(square, 1.0, Stroke::new(1.5, colour), StrokeKind::Middle);
    }
    Ok(())
}

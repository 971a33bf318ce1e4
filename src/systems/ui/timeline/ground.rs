//! A ground for the bottom line and the timeline, which fades out into the map.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{Color32, LayerId, Mesh, ecolor::gamma_u8_from_linear_f32, pos2},
};

use super::room::reach;
use crate::components::{
    map_view::MapView,
    theme::{Rgba, Theme, size},
    time_travel::Timeline,
};

/// Above the bar the ground fades out.
const FADE: f32 = 52.0;
const FADE_STEPS: u32 = 12;
const GROUND_OPACITY: f32 = 0.86;

/// A colour for what lies over the map. Light is mixed in linear light, and egui would premultiply before that: half of white
/// over white would be grey.
fn blended(colour: Rgba) -> Color32 {
    let [red, green, blue, alpha] = colour.linear();
    let [r, g, b] = [red, green, blue].map(|light| gamma_u8_from_linear_f32(light * alpha));
    Color32::from_rgba_premultiplied(r, g, b, (alpha * 255.0).round() as u8)
}

/// It comes before all panels, so texts beside dots lie on it.
pub(in crate::systems::ui) fn show(
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

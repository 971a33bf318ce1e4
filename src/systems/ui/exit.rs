//! Top right: the exit button, there only when the pointer comes near.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Area, Order, Sense, Stroke},
};

use super::panel;
use crate::components::{action::UiAction, map_view::MapView, panels::Panels, theme::Theme};

const SIZE: f32 = 44.0;
const CROSS: f32 = 6.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    let context = contexts.ctx_mut()?;
    let shown = Area::new(egui::Id::new("exit"))
        .anchor(Align2::RIGHT_TOP, egui::Vec2::ZERO)
        .order(Order::Foreground)
        .fade_in(false)
        .show(context, |ui| {
            let (rect, response) = ui.allocate_exact_size(egui::vec2(SIZE, SIZE), Sense::click());
            if response.hovered() {
                let (center, painter) = (rect.center(), ui.painter());
                painter.circle_filled(center, 15.0, theme.colours.panel.egui());
                painter.circle_stroke(center, 15.0, Stroke::new(1.0, theme.colours.panel_edge.egui()));
                let line = Stroke::new(1.6, theme.colours.text.egui());
                for (x, y) in [(CROSS, CROSS), (CROSS, -CROSS)] {
                    let arm = egui::vec2(x, y) * 0.9;
                    painter.line_segment([center - arm, center + arm], line);
                }
            }
            response.clicked()
        });
    if shown.inner {
        actions.write(UiAction::Quit);
    }
    panel::claim(&mut panels, shown.response.rect, &view);
    Ok(())
}

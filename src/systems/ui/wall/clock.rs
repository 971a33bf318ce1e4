//! Top right: what time it is, large enough for the other side of the room, and below it what time the map shows. It goes on
//! while the map shows the past.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align, Align2, Area, Id, Layout, Order},
};

use crate::{
    components::{
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
        time_travel::TimeTravel,
        wall::TimeOfDay,
    },
    systems::ui::{
        DemoBadge, panel, row,
        status::{state, words},
        style::medium,
    },
};

const AREA: &str = "wall clock";

pub(in crate::systems::ui) fn show(
    mut contexts: EguiContexts,
    (day, travel, demo): (Res<TimeOfDay>, Res<TimeTravel>, Option<Res<DemoBadge>>),
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
) -> Result {
    let context = contexts.ctx_mut()?;
    let colours = &theme.colours;
    let shown = Area::new(Id::new(AREA))
        .anchor(Align2::RIGHT_TOP, egui::vec2(-size::MARGIN, size::MARGIN))
        .order(Order::Background)
        .fade_in(false)
        .show(context, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let (word, colour) = state(&travel, demo.is_some(), None, &theme);
            let lines = [
                (day.time(), medium(size::WALL_CLOCK), colours.text.egui()),
                (day.date.clone(), medium(size::TEXT), colours.text_second.egui()),
                (word, medium(size::TEXT_SMALL), colour),
            ];
            // No wider than they are: what is beside them is free.
            let widths = lines.iter().map(|(text, font, _)| row::width(ui, text, font.clone()));
            ui.set_max_width(widths.fold(0.0, f32::max).ceil());
            ui.with_layout(Layout::top_down(Align::Max), |ui| {
                for (text, font, colour) in &lines {
                    words(ui, text, font.clone(), *colour);
                }
            });
        });
    panel::claim(&mut panels, shown.response.rect, &view);
    Ok(())
}

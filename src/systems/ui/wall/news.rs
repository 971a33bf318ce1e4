//! Along the bottom: countries and systems that were never seen before, the newest first, as far as there is room.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Area, Id, Order},
};

use crate::{
    components::{
        firsts::Firsts,
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
        wall::{Wall, shows},
    },
    systems::ui::{
        panel, row,
        status::words,
        style::{medium, mono, sans},
        timeline,
    },
    wall::Part,
};

/// Of the window's width, beside the account and without it.
const WIDTHS: [f32; 2] = [0.5, 0.9];
const GAP: f32 = 14.0;

pub(in crate::systems::ui) fn show(
    mut contexts: EguiContexts,
    (firsts, wall): (Res<Firsts>, Option<Res<Wall>>),
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
) -> Result {
    let context = contexts.ctx_mut()?;
    let colours = &theme.colours;
    let is_alone = !shows(wall.as_deref(), Part::Account);
    let room = context.content_rect().width() * WIDTHS[usize::from(is_alone)];
    let shown = Area::new(Id::new("wall news"))
        .anchor(Align2::LEFT_BOTTOM, egui::vec2(size::MARGIN + size::INNER, -size::MARGIN))
        .order(Order::Background)
        .fade_in(false)
        .show(context, |ui| {
            ui.spacing_mut().item_spacing.x = size::GRID;
            ui.horizontal(|ui| {
                words(ui, "NEW", medium(size::TEXT_SMALL), colours.accent.egui());
                let mut taken = row::width(ui, "NEW", medium(size::TEXT_SMALL));
                let mut is_empty = true;
                for first in firsts.news() {
                    let time = timeline::time(first.unix_millis, false);
                    taken += row::width(ui, &first.what, sans(size::TEXT))
                        + row::width(ui, &time, mono(size::TEXT_SMALL))
                        + size::GRID
                        + GAP;
                    // One that is too long for all of it is shown all the same.
                    if taken > room && !is_empty {
                        break;
                    }
                    is_empty = false;
                    words(ui, &first.what, sans(size::TEXT), colours.text.egui());
                    words(ui, &time, mono(size::TEXT_SMALL), colours.text_faint.egui());
                    ui.add_space(GAP - size::GRID);
                }
                if is_empty {
                    words(
                        ui,
                        "nothing that was not seen before",
                        sans(size::TEXT),
                        colours.text_faint.egui(),
                    );
                }
            });
        });
    panel::claim(&mut panels, shown.response.rect, &view);
    Ok(())
}

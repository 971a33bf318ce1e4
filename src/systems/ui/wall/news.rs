//! Along the bottom: countries and systems that were never seen before, the newest first, as far as there is room.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Area, Id, Label, Order, Rangef, RichText},
};

use crate::{
    components::{
        firsts::Firsts,
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
    },
    systems::{
        ui::{
            panel, row,
            status::{self, words},
            style::{medium, mono, sans},
            timeline,
        },
        wall_unix_millis,
    },
};

/// In points: in less nothing can be said.
const LEAST: f32 = 160.0;
const GAP: f32 = 14.0;

pub(in crate::systems::ui) fn show(
    mut contexts: EguiContexts,
    firsts: Res<Firsts>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
) -> Result {
    let context = contexts.ctx_mut()?;
    let colours = &theme.colours;
    let now = wall_unix_millis();
    // Beside the account, and whatever else stands in this line.
    let screen = context.content_rect();
    let line = Rangef::new(screen.bottom() - size::MARGIN - status::HEIGHT, screen.bottom());
    let beside = panel::shown(&panels, &view).filter(|rect| rect.y_range().intersection(line).span() > 0.0);
    let ends = beside.map(|rect| rect.left() - GAP).fold(screen.right() - size::MARGIN, f32::min);
    let room = ends - size::MARGIN - size::INNER;
    if room < LEAST {
        return Ok(());
    }
    let shown = Area::new(Id::new("wall news"))
        .anchor(Align2::LEFT_BOTTOM, egui::vec2(size::MARGIN + size::INNER, -size::MARGIN))
        .order(Order::Background)
        .fade_in(false)
        .show(context, |ui| {
            ui.spacing_mut().item_spacing.x = size::GRID;
            ui.set_max_width(room);
            ui.horizontal(|ui| {
                words(ui, "NEW", medium(size::TEXT_SMALL), colours.accent.egui());
                let mut taken = row::width(ui, "NEW", medium(size::TEXT_SMALL)) + size::GRID;
                let mut is_empty = true;
                for first in firsts.news() {
                    let time = timeline::time_or_day(first.unix_millis, now);
                    let time_takes = row::width(ui, &time, mono(size::TEXT_SMALL)) + size::GRID;
                    let what_takes = row::width(ui, &first.what, sans(size::TEXT));
                    taken += what_takes + time_takes + GAP;
                    if taken > room && !is_empty {
                        break;
                    }
                    is_empty = false;
                    // One that is too long for all of it is cut.
                    let what = RichText::new(&*first.what).font(sans(size::TEXT)).color(colours.text.egui());
                    let left = ui.available_width() - time_takes;
                    ui.scope(|ui| {
                        ui.set_max_width(what_takes.min(left).ceil());
                        ui.add(Label::new(what).truncate());
                    });
                    words(ui, &time, mono(size::TEXT_SMALL), colours.text_faint.egui());
                    ui.add_space(GAP - size::GRID);
                }
                if is_empty {
                    words(ui, "nothing so far", sans(size::TEXT), colours.text_faint.egui());
                }
            });
        });
    panel::claim(&mut panels, shown.response.rect, &view);
    Ok(())
}

//! The help overlay: every key and gesture, from the one table, and where the data comes from.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Grid, RichText, Ui},
};

use super::{
    panel,
    style::{medium, mono, sans},
};
use crate::components::{
    action::Overlays,
    bindings::{GESTURES, KEYS},
    data_sources::DataSources,
    map_view::MapView,
    panels::Panels,
    theme::{Theme, size},
};

const WIDTH: f32 = 800.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    sources: Res<DataSources>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
) -> Result {
    if !overlays.help {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let (rect, ()) = panel::dialog(context, "help", &theme, |ui| {
        ui.set_max_width(WIDTH);
        ui.label(RichText::new("connmapperl").font(medium(size::TEXT_TITLE)));
        ui.add_space(size::INNER);
        ui.horizontal_top(|ui| {
            table(ui, "keys", KEYS.iter().map(|key| (key.keys, key.does)), &theme);
            ui.add_space(size::INNER * 2.0);
            table(ui, "gestures", GESTURES.iter().map(|gesture| (gesture.gesture, gesture.does)), &theme);
        });
        ui.add_space(size::INNER);
        let faint = theme.colours.text_faint.egui();
        for line in sources.tables.iter().chain(&sources.attributions) {
            ui.add(egui::Label::new(RichText::new(line).font(sans(size::TEXT_SMALL)).color(faint)).wrap());
        }
    });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

fn table(ui: &mut Ui, name: &str, rows: impl Iterator<Item = (&'static str, &'static str)>, theme: &Theme) {
    Grid::new(name).num_columns(2).spacing(egui::vec2(size::INNER, 6.0)).show(ui, |ui| {
        for (what, does) in rows {
            ui.label(RichText::new(what).font(mono(size::TEXT)).color(theme.colours.text.egui()));
            ui.label(RichText::new(does).font(sans(size::TEXT)).color(theme.colours.text_second.egui()));
            ui.end_row();
        }
    });
}

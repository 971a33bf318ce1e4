//! The help overlay: every key and gesture, from the one table, and where the data comes from.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Grid, Label, RichText, ScrollArea, Ui},
};

use super::{
    panel,
    style::{medium, mono, sans},
};
use crate::components::{
    action::{Overlays, UiAction},
    bindings::{GESTURES, KEYS},
    data_sources::DataSources,
    map_view::MapView,
    panels::Panels,
    theme::{Theme, size},
};

/// Of three columns side by side, in points; a narrower window has them one below the other.
const WIDTH: f32 = 1_140.0;
/// Of one column, and between two of them.
const COLUMN: f32 = 380.0;
const APART: f32 = 36.0;
/// A longer explanation goes on in a second line.
const DOES_WIDTH: f32 = 228.0;
const ROW_HEIGHT: f32 = 17.0;
/// The window is seen around it.
const AROUND: f32 = 24.0;

/// What is done by key or gesture, and what it does.
type Entry = (&'static str, &'static str);

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
    let room = context.content_rect().size() - egui::Vec2::splat(2.0 * (AROUND + size::INNER));
    let is_wide = room.x >= WIDTH;
    let (rect, ()) = panel::dialog(context, "help", &theme, |ui| {
        let width = if is_wide { WIDTH } else { COLUMN.min(room.x) };
        ui.set_width(width);
        ScrollArea::vertical().max_height(room.y).min_scrolled_height(room.y).show(ui, |ui| {
            ui.label(RichText::new("connmapperl").font(medium(size::TEXT_TITLE)));
            ui.add_space(size::GRID);
            if is_wide {
                ui.horizontal_top(|ui| columns(ui, APART, &theme));
            } else {
                ui.vertical(|ui| columns(ui, size::INNER, &theme));
            }
            ui.add_space(size::INNER);
            let faint = theme.colours.text_faint.egui();
            for line in sources.tables.iter().chain(&sources.attributions) {
                ui.add(Label::new(RichText::new(line).font(sans(size::TEXT_SMALL)).color(faint)).wrap());
            }
        });
    });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

/// Keys, the past with its gestures, and the pointer on the map.
fn columns(ui: &mut Ui, apart: f32, theme: &Theme) {
    let is_of_time = |action: &UiAction| matches!(action, UiAction::Time(_));
    let keys = |of_time: bool| {
        KEYS.iter()
            .filter(move |key| is_of_time(&key.action) == of_time)
            .map(|key| (key.keys, key.does))
            .collect::<Vec<Entry>>()
    };
    let gestures = |of_time: bool| {
        GESTURES
            .iter()
            .filter(move |gesture| gesture.gesture.contains("timeline") == of_time)
            .map(|gesture| (gesture.gesture, gesture.does))
            .collect::<Vec<Entry>>()
    };
    ui.vertical(|ui| table(ui, "Keys", &keys(false), true, theme));
    ui.add_space(apart);
    ui.vertical(|ui| {
        table(ui, "The past", &keys(true), true, theme);
        ui.add_space(size::INNER);
        table(ui, "Pointer on the timeline", &gestures(true), false, theme);
    });
    ui.add_space(apart);
    ui.vertical(|ui| table(ui, "Pointer", &gestures(false), false, theme));
}

fn table(ui: &mut Ui, head: &str, rows: &[Entry], are_keys: bool, theme: &Theme) {
    let colours = &theme.colours;
    ui.label(RichText::new(head).font(sans(size::TEXT_SMALL)).color(colours.text_faint.egui()));
    ui.add_space(2.0);
    Grid::new(head).num_columns(2).min_row_height(ROW_HEIGHT).spacing(egui::vec2(size::INNER, 4.0)).show(
        ui,
        |ui| {
            for (what, does) in rows {
                let font = if are_keys { mono(size::TEXT) } else { sans(size::TEXT) };
                ui.label(RichText::new(*what).font(font).color(colours.text.egui()));
                // A grid's cell is as wide as it asks to be.
                let does = RichText::new(*does).font(sans(size::TEXT)).color(colours.text_second.egui());
                ui.vertical(|ui| {
                    ui.set_max_width(DOES_WIDTH.max(if are_keys { COLUMN * 0.75 } else { 0.0 }));
                    ui.add(Label::new(does).wrap());
                });
                ui.end_row();
            }
        },
    );
}

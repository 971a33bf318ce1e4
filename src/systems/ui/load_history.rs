//! The dialog after a history file was read: add it to what is there, or put it in its place.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Grid, Key, Label, RichText, Ui},
};

use super::{
    panel,
    row::grouped,
    style::{medium, mono, sans},
};
use crate::{
    components::{
        action::{LoadAnswer, UiAction},
        history_circles::{HistoryCircles, WaitingToLoad},
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
    },
    tally::Tally,
};

const WIDTH: f32 = 420.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    waiting: Res<WaitingToLoad>,
    history: Res<HistoryCircles>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    let Some(read) = &waiting.0 else {
        return Ok(());
    };
    let context = contexts.ctx_mut()?;
    let faint = theme.colours.text_second.egui();
    let (rect, answer) = panel::dialog(context, "load history", &theme, |ui| {
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 80.0));
        ui.label(RichText::new("Load the history").font(medium(size::TEXT_TITLE)));
        ui.add_space(size::GRID * 0.5);
        let path = RichText::new(read.path.display().to_string()).font(mono(size::TEXT_SMALL)).color(faint);
        ui.add(Label::new(path).wrap());
        ui.add_space(size::INNER);
        Grid::new("counts").num_columns(3).spacing(egui::vec2(size::INNER, 4.0)).show(ui, |ui| {
            counts(ui, &format!("the file, {}", shown_bytes(read.bytes)), &read.tally, &theme);
            counts(ui, "what is there", history.tally(), &theme);
        });
        ui.add_space(size::INNER);
        ui.horizontal(|ui| {
            let button =
                |ui: &mut Ui, text: &str| ui.button(RichText::new(text).font(sans(size::TEXT))).clicked();
            let add = button(ui, "Add to what is there");
            let replace = button(ui, "Replace what is there");
            let cancel = button(ui, "Cancel");
            let answers =
                [(add, LoadAnswer::Add), (replace, LoadAnswer::Replace), (cancel, LoadAnswer::Cancel)];
            answers.into_iter().find(|(clicked, _)| *clicked).map(|(_, answer)| answer)
        })
        .inner
        .or_else(|| {
            ui.add_space(size::GRID * 0.5);
            let keys = "Enter adds · Shift + Enter replaces · Esc cancels";
            ui.label(RichText::new(keys).font(sans(size::TEXT_SMALL)).color(faint));
            // A button that was reached by Tab obeys Enter itself.
            let has_focus = ui.memory(|memory| memory.focused().is_some());
            let (enter, shift) = ui.input(|input| (input.key_pressed(Key::Enter), input.modifiers.shift));
            let answer = if shift { LoadAnswer::Replace } else { LoadAnswer::Add };
            (enter && !has_focus).then_some(answer)
        })
    });
    if let Some(answer) = answer {
        actions.write(UiAction::AnswerLoad(answer));
    }
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

/// A row of the table: what it is, places, connections.
fn counts(ui: &mut Ui, what: &str, tally: &Tally, theme: &Theme) {
    let second = theme.colours.text_second.egui();
    ui.label(RichText::new(what).font(sans(size::TEXT)).color(second));
    let connections = usize::try_from(tally.connections()).unwrap_or(usize::MAX);
    for (count, noun) in [(tally.places(), "place"), (connections, "connection")] {
        ui.horizontal(|ui| {
            ui.label(RichText::new(grouped(count)).font(mono(size::TEXT)).color(theme.colours.text.egui()));
            let noun = format!("{noun}{}", if count == 1 { "" } else { "s" });
            ui.label(RichText::new(noun).font(sans(size::TEXT)).color(second));
        });
    }
    ui.end_row();
}

fn shown_bytes(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

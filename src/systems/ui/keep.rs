//! The dialog that says how much of the history is kept: how long, how large, and whether anything is recorded. What is
//! chosen holds at once.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, RichText, Ui},
};

use super::{
    amounts,
    choices::choices,
    panel, row, status,
    style::{medium, sans},
    words::{faint, small_button},
};
use crate::components::{
    action::{Overlays, UiAction},
    history::{HistoryFacts, Kept},
    map_view::MapView,
    panels::Panels,
    theme::{Theme, size},
};

const WIDTH: f32 = 520.0;
const HOUR_SECS: u64 = 3_600;
const DAY_SECS: u64 = 24 * HOUR_SECS;
const MEGABYTE: u64 = 1_000_000;

const RECORDING: [(&str, bool); 2] = [("yes", true), ("no", false)];

const AGES: [(&str, Option<u64>); 7] = [
    ("1 hour", Some(HOUR_SECS)),
    ("6 hours", Some(6 * HOUR_SECS)),
    ("1 day", Some(DAY_SECS)),
    ("1 week", Some(7 * DAY_SECS)),
    ("1 month", Some(30 * DAY_SECS)),
    ("1 year", Some(365 * DAY_SECS)),
    ("for ever", None),
];

const SIZES: [(&str, Option<u64>); 4] = [
    ("100 MB", Some(100 * MEGABYTE)),
    ("1 GB", Some(1_000 * MEGABYTE)),
    ("10 GB", Some(10_000 * MEGABYTE)),
    ("no limit", None),
];

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    facts: Option<Res<HistoryFacts>>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if !overlays.keep {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let (rect, keep) = panel::dialog(context, "keep", &theme, |ui| {
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 80.0));
        ui.horizontal(|ui| {
            ui.label(RichText::new("How much history is kept").font(medium(size::TEXT_TITLE)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if small_button(ui, "close", &theme) {
                    actions.write(UiAction::ToggleKeep);
                }
            });
        });
        ui.add_space(size::GRID);
        match &facts {
            Some(facts) => Some(contents(ui, facts, &theme)).filter(|keep| *keep != facts.keep),
            None => {
                faint(ui, "Nothing is recorded: a scene is nobody's past.", &theme);
                None
            }
        }
    });
    panel::claim(&mut panels, rect, &view);
    if let Some(keep) = keep {
        actions.write(UiAction::KeepHistory(keep));
    }
    Ok(())
}

/// Returns what the user wants to be kept.
fn contents(ui: &mut Ui, facts: &HistoryFacts, theme: &Theme) -> Kept {
    let mut keep = facts.keep;
    faint(ui, "Connections are recorded", theme);
    line(ui, &RECORDING, &mut keep.records);
    ui.add_space(size::GRID);
    faint(ui, "Closed connections are kept for", theme);
    line(ui, &AGES, &mut keep.age_secs);
    ui.add_space(size::GRID);
    faint(ui, "and the oldest go when the file is larger than", theme);
    line(ui, &SIZES, &mut keep.bytes);
    ui.add_space(size::INNER);
    ui.label(RichText::new(present(facts)).font(sans(size::TEXT)));
    // This line keeps its place, so that the dialog does not move under the pointer.
    let (text, colour) = match facts {
        HistoryFacts { is_pruning: true, .. } => {
            ("older connections are being taken away".to_owned(), theme.colours.accent)
        }
        HistoryFacts { lost: 1.., .. } => (lost(facts.lost), theme.colours.warning),
        HistoryFacts { keep: Kept { records: false, .. }, .. } => {
            ("nothing is recorded now; what is kept stays".to_owned(), theme.colours.warning)
        }
        _ => (String::new(), theme.colours.text_second),
    };
    ui.label(RichText::new(text).font(sans(size::TEXT_SMALL)).color(colour.egui()));
    keep
}

fn line<T: Copy + PartialEq>(ui: &mut Ui, of: &[(&str, T)], chosen: &mut T) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = size::GRID * 0.5;
        *chosen = choices(ui, of, *chosen).unwrap_or(*chosen);
    });
}

fn lost(connections: u64) -> String {
    let connections = row::grouped(usize::try_from(connections).unwrap_or(usize::MAX));
    format!("{connections} connections could not be kept since the start")
}

/// `12.4 MB now · since 18 Nov 2026 09:12`
pub(super) fn present(facts: &HistoryFacts) -> String {
    let size = amounts::bytes(facts.bytes);
    match facts.span_ms {
        Some((first, _)) => {
            let (date, time) = status::date_and_time(first);
            format!("{size} now · since {date} {time}")
        }
        None => format!("{size} now · no connection yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_reads_well() {
        let mut facts = HistoryFacts { bytes: 12_400_000, ..HistoryFacts::default() };
        assert_eq!(present(&facts), "12.4 MB now · no connection yet");
        facts.span_ms = Some((1_764_000_000_000, 1_764_000_900_000));
        assert!(present(&facts).starts_with("12.4 MB now · since 24 Nov 2025"), "{}", present(&facts));
        assert_eq!(lost(1_200), "1\u{202f}200 connections could not be kept since the start");
    }
}

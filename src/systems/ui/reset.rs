//! The dialog that asks whether all history shall go. It says what goes, and only its red button does it.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, RichText, Ui},
};

use super::{
    keep, panel,
    style::{medium, sans},
    words::{button, faint},
};
use crate::components::{
    action::{Overlays, UiAction},
    history::HistoryFacts,
    map_view::MapView,
    panels::Panels,
    theme::{Rgba, Theme, size},
};

const WIDTH: f32 = 480.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    facts: Option<Res<HistoryFacts>>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if !overlays.reset {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let (rect, action) = panel::dialog(context, "reset", &theme, |ui| {
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 80.0));
        ui.label(RichText::new("Forget all history").font(medium(size::TEXT_TITLE)));
        ui.add_space(size::GRID);
        faint(ui, "What goes", &theme);
        for line in lines(facts.as_deref()) {
            ui.label(RichText::new(line).font(sans(size::TEXT)));
        }
        ui.add_space(size::GRID * 0.5);
        faint(ui, "It cannot be brought back. Connections that are open now stay.", &theme);
        ui.add_space(size::INNER);
        buttons(ui, &theme)
    });
    panel::claim(&mut panels, rect, &view);
    if let Some(action) = action {
        actions.write(action);
    }
    Ok(())
}

fn buttons(ui: &mut Ui, theme: &Theme) -> Option<UiAction> {
    ui.horizontal(|ui| {
        // The text is as dark or light as the ground under the dialog, which stands out on the red.
        let ground = Rgba { alpha: 1.0, ..theme.colours.panel };
        let text = RichText::new("Forget all").font(medium(size::TEXT)).color(ground.egui());
        if ui.add(egui::Button::new(text).fill(theme.colours.error.egui())).clicked() {
            return Some(UiAction::ResetHistory);
        }
        button(ui, "Keep it", true).then_some(UiAction::ToggleReset)
    })
    .inner
}

/// What goes.
fn lines(facts: Option<&HistoryFacts>) -> Vec<String> {
    let mut lines = vec!["The counts of all places · a saved file of them stays".to_owned()];
    if let Some(facts) = facts {
        lines.push("Every closed connection on record".to_owned());
        lines.push(keep::present(facts));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_goes_is_named() {
        assert_eq!(lines(None).len(), 1, "a scene has nothing on record");
        let facts = HistoryFacts { bytes: 3_000_000, ..HistoryFacts::default() };
        assert!(lines(Some(&facts))[2].contains("3.0 MB"), "{:?}", lines(Some(&facts)));
    }
}

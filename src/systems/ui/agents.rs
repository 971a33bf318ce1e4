//! Top left: who reports, by which method and how often, and how many sockets.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, RichText},
};

use super::{
    panel, row,
    style::{medium, sans},
};
use crate::{
    components::{
        account::Account,
        action::{ListKind, UiAction},
        connection::Agents,
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
    },
    model::CollectorMethod,
};

const WIDTH: f32 = 184.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    agents: Res<Agents>,
    account: Res<Account>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if agents.0.is_empty() || !view.has_room_for_panels() {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let colours = &theme.colours;
    let margin = egui::vec2(size::MARGIN, size::MARGIN);
    let (rect, ()) = panel::floating(context, "agents", Align2::LEFT_TOP, margin, &theme, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for agent in &agents.0 {
            let (line, response) = row::place(ui, WIDTH, 34.0, &theme);
            let top = line.left_top() + egui::vec2(0.0, 9.0);
            ui.painter().circle_filled(top + egui::vec2(4.0, 0.0), 3.5, colours.good.egui());
            let text_at = top + egui::vec2(18.0, 0.0);
            row::text(ui, text_at, Align2::LEFT_CENTER, &agent.name, medium(size::TEXT), colours.text.egui());
            let count = egui::Rect::from_min_size(line.min, egui::vec2(line.width(), 18.0));
            row::figure(ui, count, account.total, colours.text.egui());
            let how = format!("{} · {} ms", agent.method.label(), agent.tick_millis);
            let below = text_at + egui::vec2(0.0, 16.0);
            row::text(
                ui,
                below,
                Align2::LEFT_CENTER,
                &how,
                sans(size::TEXT_SMALL),
                colours.text_faint.egui(),
            );
            if response.clicked() {
                actions.write(UiAction::OpenList(ListKind::All));
            }
            // A scene's sockets are nobody's, so there is nothing to mend.
            if agent.method != CollectorMethod::Demo {
                for note in &agent.notes {
                    let note =
                        RichText::new(note).font(sans(size::TEXT_SMALL)).color(colours.text_faint.egui());
                    ui.scope(|ui| {
                        ui.set_max_width(WIDTH);
                        ui.add(egui::Label::new(note).wrap());
                    });
                }
            }
        }
    });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

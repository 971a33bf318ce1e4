//! An agent's card: what is known of it, and what may be done with it. Renaming, a home place and revoking go to the
//! register of agents; this machine has none of them.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Grid, Label, RichText, Ui},
};

use super::{
    agents::{delay_text, lamp_colour, offset_text},
    panel, row, status,
    style::{medium, sans},
    words,
};
use crate::{
    components::{
        account::Account,
        action::{AgentChange, ListKind, Overlays, UiAction},
        connection::Agents,
        fleet::HiddenAgents,
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
    },
    model::{AgentId, AgentLink, AgentStatus},
};

const WIDTH: f32 = 380.0;
const FIELD: [f32; 2] = [220.0, 22.0];

/// What is being typed, and into whose card.
#[derive(Default)]
pub(super) struct Draft {
    agent: Option<AgentId>,
    name: String,
    home: String,
    /// Revoking asks once.
    asks: bool,
}

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    (agents, hidden, account): (Res<Agents>, Res<HiddenAgents>, Res<Account>),
    theme: Res<Theme>,
    view: Res<MapView>,
    mut draft: Local<Draft>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    let known = overlays.agent_card.and_then(|id| agents.0.iter().find(|agent| agent.agent == id));
    let Some(agent) = known else {
        *draft = Draft::default();
        return Ok(());
    };
    if draft.agent != Some(agent.agent) {
        let home = agent.home.map_or_else(String::new, |[lat, lon]| format!("{lat} {lon}"));
        *draft = Draft { agent: Some(agent.agent), name: agent.name.to_string(), home, asks: false };
    }
    let context = contexts.ctx_mut()?;
    let (rect, ()) = panel::dialog(context, "agent card", &theme, |ui| {
        ui.set_width(WIDTH);
        ui.horizontal(|ui| {
            let (lamp, _) = ui.allocate_exact_size(egui::vec2(10.0, 18.0), egui::Sense::hover());
            ui.painter().circle_filled(lamp.center(), 4.0, lamp_colour(&agent.link, &theme));
            ui.add(Label::new(RichText::new(&*agent.name).font(medium(size::TEXT_TITLE))).truncate());
        });
        ui.add_space(size::GRID);
        let count = account.by_agent.get(&agent.agent).copied().unwrap_or(0);
        facts(ui, agent, count, &theme);
        for note in &agent.notes {
            let note =
                RichText::new(note).font(sans(size::TEXT_SMALL)).color(theme.colours.text_faint.egui());
            ui.add(Label::new(note).wrap());
        }
        ui.add_space(size::GRID);
        // One of the past may bear the name of one of now, which is none of its business.
        if agent.agent != AgentId::THIS_MACHINE && agent.link != AgentLink::Recorded {
            edits(ui, agent, &mut draft, &theme, &mut actions);
            ui.add_space(size::GRID);
        }
        ui.horizontal(|ui| {
            let hide = if hidden.hides(agent.agent) { "Show connections" } else { "Hide connections" };
            if ui.button(hide).clicked() {
                actions.write(UiAction::ToggleAgent { agent: agent.agent });
            }
            if ui.button("List them").clicked() {
                actions.write(UiAction::OpenList(ListKind::Agent(agent.agent)));
                actions.write(UiAction::CloseAgentCard);
            }
            if ui.button("Close").clicked() {
                actions.write(UiAction::CloseAgentCard);
            }
        });
    });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

fn facts(ui: &mut Ui, agent: &AgentStatus, count: usize, theme: &Theme) {
    let mut rows = vec![("connections", row::grouped(count))];
    if agent.link != AgentLink::Recorded {
        let method = format!("{}, every {} ms", agent.method.label(), agent.tick_millis);
        rows.push(("sockets by", method));
    }
    match &agent.link {
        AgentLink::Local => rows.push(("link", "this machine".to_owned())),
        AgentLink::Recorded => rows.push(("link", "from the history".to_owned())),
        AgentLink::Connected {
            delay_micros,
            clock_offset_millis,
            program_version,
            is_outdated,
            dropped_events,
        } => {
            rows.push(("delay", delay_micros.map_or_else(|| "not measured yet".to_owned(), delay_text)));
            let corrected = |offset| format!("{}, corrected", offset_text(offset));
            let clock = clock_offset_millis.map_or_else(|| "not measured yet".to_owned(), corrected);
            rows.push(("clock", clock));
            let age = if *is_outdated { ", older than this display" } else { "" };
            rows.push(("version", format!("{program_version}{age}")));
            if *dropped_events > 0 {
                rows.push(("lost", format!("{dropped_events} events, while it was cut off")));
            }
        }
        AgentLink::Lost { since_unix_millis } => {
            let (date, time) = status::date_and_time(*since_unix_millis);
            rows.push(("link", format!("cut off since {date}, {time}")));
        }
    }
    Grid::new("agent facts").num_columns(2).spacing(egui::vec2(size::INNER, 4.0)).show(ui, |ui| {
        for (what, value) in rows {
            ui.label(RichText::new(what).font(sans(size::TEXT)).color(theme.colours.text_second.egui()));
            ui.add(Label::new(RichText::new(value).font(sans(size::TEXT))).selectable(true));
            ui.end_row();
        }
    });
}

fn edits(
    ui: &mut Ui,
    agent: &AgentStatus,
    draft: &mut Draft,
    theme: &Theme,
    actions: &mut MessageWriter<UiAction>,
) {
    let mut change = |change| {
        actions.write(UiAction::ChangeAgent { name: agent.name.to_string(), change });
    };
    Grid::new("agent edits").num_columns(3).spacing(egui::vec2(size::GRID, 6.0)).show(ui, |ui| {
        ui.label("name");
        ui.add_sized(FIELD, egui::TextEdit::singleline(&mut draft.name));
        let renamed = draft.name.trim() != &*agent.name && !draft.name.trim().is_empty();
        if ui.add_enabled(renamed, egui::Button::new("Rename")).clicked() {
            change(AgentChange::Rename(draft.name.trim().to_owned()));
        }
        ui.end_row();
        ui.label("home");
        ui.add_sized(FIELD, egui::TextEdit::singleline(&mut draft.home).hint_text("latitude longitude"));
        let home = home_from_text(&draft.home);
        let is_new = home.is_some_and(|home| home != agent.home);
        if ui.add_enabled(is_new, egui::Button::new("Set")).clicked() {
            change(AgentChange::SetHome(home.flatten()));
        }
        ui.end_row();
    });
    ui.horizontal(|ui| {
        let (text, colour) = match draft.asks {
            false => ("Revoke", theme.colours.text),
            true => ("Revoke: cut it off for good", theme.colours.error),
        };
        let clicked = ui.button(RichText::new(text).color(colour.egui())).clicked();
        if clicked && std::mem::replace(&mut draft.asks, true) {
            change(AgentChange::Revoke);
        }
    });
}

/// `Some(None)` for an empty field: no home. Takes `48.1 11.6` and `48.1, 11.6`.
fn home_from_text(text: &str) -> Option<Option<[f32; 2]>> {
    if text.trim().is_empty() { Some(None) } else { words::lat_lon(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::home_from_text;

    #[test]
    fn places_are_read_as_people_write_them() {
        assert_eq!(home_from_text(" 48.1, 11.6"), Some(Some([48.1, 11.6])));
        assert_eq!(home_from_text("48.1 -11.6"), Some(Some([48.1, -11.6])));
        assert_eq!(home_from_text("  "), Some(None));
        for bad in ["48", "48 11 3", "91 0", "0 181", "north", "NaN 0"] {
            assert_eq!(home_from_text(bad), None, "{bad}");
        }
    }
}

//! The dialog behind the list of agents: the switch that opens the port, what one types on another machine, and the
//! field that lets a new agent in. A token is shown once, here, and kept nowhere.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Label, RichText, Ui},
};

use super::{
    panel,
    style::{medium, mono, sans},
    words::{faint, small_button},
};
use crate::components::{
    action::{Overlays, UiAction},
    fleet::{AgentRings, ListenFacts, ListenState, Listening, NewAgent},
    map_view::MapView,
    panels::Panels,
    theme::{Theme, size},
};

const WIDTH: f32 = 620.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    listening: Res<Listening>,
    rings: Res<AgentRings>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut name: Local<String>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if !overlays.fleet {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let (rect, ()) = panel::dialog(context, "fleet", &theme, |ui| {
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 80.0));
        ui.horizontal(|ui| {
            ui.label(RichText::new("Agents on other machines").font(medium(size::TEXT_TITLE)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if small_button(ui, "close", &theme) {
                    actions.write(UiAction::ToggleFleet);
                }
            });
        });
        ui.add_space(size::GRID);
        switch(ui, &listening.state, &theme, &mut actions);
        if let ListenState::On(facts) = &listening.state {
            ui.add_space(size::INNER);
            new_agent(ui, &mut name, &theme, &mut actions);
            match &listening.new_agent {
                Some(agent) => token(ui, agent, facts, &theme),
                None => command(ui, facts, &theme),
            }
        }
        ui.add_space(size::INNER);
        let mut shown = rings.0;
        let label =
            RichText::new("a thin ring around each dot in its agent's colour  (o)").font(sans(size::TEXT));
        if ui.checkbox(&mut shown, label).changed() {
            actions.write(UiAction::ToggleRings);
        }
    });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

fn switch(ui: &mut Ui, state: &ListenState, theme: &Theme, actions: &mut MessageWriter<UiAction>) {
    let (line, button, colour) = match state {
        ListenState::Unavailable => {
            faint(
                ui,
                "A scene shows synthetic machines alone. Without --demo other machines can report here.",
                theme,
            );
            return;
        }
        ListenState::Off => (
            "No port is open: only this machine is shown.".to_owned(),
            "Listen for agents",
            theme.colours.text_second,
        ),
        ListenState::On(facts) => {
            (format!("Listening on {}", facts.address), "Stop listening", theme.colours.good)
        }
        ListenState::Failed(why) => (why.clone(), "Try again", theme.colours.warning),
    };
    ui.add(Label::new(RichText::new(line).font(sans(size::TEXT)).color(colour.egui())).wrap());
    ui.add_space(size::GRID * 0.5);
    if ui.button(RichText::new(button).font(sans(size::TEXT))).clicked() {
        actions.write(UiAction::ToggleListening);
    }
}

fn new_agent(ui: &mut Ui, name: &mut String, theme: &Theme, actions: &mut MessageWriter<UiAction>) {
    faint(ui, "Let a machine in: give it a name, and it gets a token of its own.", theme);
    ui.horizontal(|ui| {
        let field = egui::TextEdit::singleline(name).hint_text("name, such as web1").desired_width(220.0);
        let entered = ui.add(field).lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let clicked = ui.button(RichText::new("Add").font(sans(size::TEXT))).clicked();
        if (entered || clicked) && !name.trim().is_empty() {
            actions.write(UiAction::AddAgent { name: std::mem::take(name).trim().to_owned() });
        }
    });
}

fn command(ui: &mut Ui, facts: &ListenFacts, theme: &Theme) {
    ui.add_space(size::GRID);
    let place = if facts.is_for_this_machine {
        "Nothing on another machine can reach it. On this one,"
    } else {
        "On the other machine,"
    };
    faint(ui, &format!("{place} with the token in a file that only you can read:"), theme);
    copyable(ui, &facts.command, theme);
    certificate(ui, facts, theme);
}

fn token(ui: &mut Ui, agent: &NewAgent, facts: &ListenFacts, theme: &Theme) {
    ui.add_space(size::GRID);
    let place = if facts.is_for_this_machine {
        "On this machine, which alone can reach it"
    } else {
        "On that machine"
    };
    faint(ui, &format!("The token of {}, shown this once. {place}:", agent.name), theme);
    let keep = format!("umask 077; echo {} > token", agent.token);
    copyable(ui, &keep, theme);
    copyable(ui, &facts.command, theme);
    certificate(ui, facts, theme);
}

fn certificate(ui: &mut Ui, facts: &ListenFacts, theme: &Theme) {
    ui.add_space(size::GRID * 0.5);
    faint(ui, "It needs a copy of this certificate, or its fingerprint:", theme);
    copyable(ui, &facts.certificate.display().to_string(), theme);
    copyable(ui, &facts.fingerprint, theme);
}

/// Text to be taken elsewhere: it can be selected, and copied whole.
fn copyable(ui: &mut Ui, text: &str, theme: &Theme) {
    ui.horizontal_top(|ui| {
        let room = ui.available_width() - 52.0;
        ui.scope(|ui| {
            ui.set_max_width(room);
            let text = RichText::new(text).font(mono(size::TEXT_SMALL)).color(theme.colours.text.egui());
            ui.add(Label::new(text).wrap().selectable(true));
        });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
            if small_button(ui, "copy", theme) {
                ui.ctx().copy_text(text.to_owned());
            }
        });
    });
}

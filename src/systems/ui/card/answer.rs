//! What came of a card's question: text that can be selected and copied, or why there is none, and what is under way.

use bevy_egui::egui::{self, Align, Label, Layout, ProgressBar, RichText, ScrollArea, Ui, vec2};

use super::super::{
    style::{medium, mono, sans},
    words::small_button,
};
use crate::components::{
    cards::{Asked, AskedState, CardTools, Question},
    theme::{Theme, size},
};

/// Of the text; what is longer scrolls.
const TALLEST: f32 = 260.0;

/// Returns whether it is to be cancelled.
pub(super) fn show(ui: &mut Ui, asked: &Asked, tools: &CardTools, theme: &Theme) -> bool {
    let colours = &theme.colours;
    let mut is_cancelled = false;
    // The word at the end first: what is asked takes the room that is left, and the longest is cut.
    let room = vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
        match &asked.state {
            AskedState::Running(_) if asked.can_be_cancelled() => {
                is_cancelled = small_button(ui, "cancel", theme);
            }
            AskedState::Answered { text, .. } => {
                if small_button(ui, "copy", theme) {
                    ui.ctx().copy_text(text.clone());
                }
            }
            AskedState::Running(_) | AskedState::Failed(_) => {}
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let (title, about) = title(&asked.question, tools);
            ui.add(Label::new(RichText::new(title).font(medium(size::TEXT))).truncate());
            let about = RichText::new(about).font(sans(size::TEXT_SMALL)).color(colours.text_second.egui());
            ui.add(Label::new(about).truncate());
        });
    });
    match &asked.state {
        AskedState::Running(Some(done)) => {
            ui.add(ProgressBar::new(*done).desired_height(6.0).fill(colours.accent.egui()));
        }
        AskedState::Running(None) => {
            // One that turns would have the map drawn all the time.
            quiet(ui, "asking …", colours.text_second.egui());
        }
        AskedState::Answered { text, remark } => {
            ScrollArea::both()
                .id_salt(("answer", asked.number))
                .max_height(TALLEST)
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    let text = RichText::new(text.trim_end()).font(mono(size::TEXT_SMALL));
                    ui.add(Label::new(text).selectable(true).extend());
                });
            if let Some(remark) = remark {
                quiet(ui, remark, colours.text_second.egui());
            }
        }
        AskedState::Failed(reason) => quiet(ui, reason, colours.warning.egui()),
    }
    is_cancelled
}

fn quiet(ui: &mut Ui, text: &str, colour: egui::Color32) {
    ui.add_space(2.0);
    let text = RichText::new(text).font(sans(size::TEXT_SMALL)).color(colour);
    ui.add_sized(
        vec2(ui.available_width(), 0.0),
        Label::new(text).selectable(true).wrap().halign(Align::LEFT),
    );
}

/// What was asked, and of whom.
fn title(question: &Question, tools: &CardTools) -> (String, String) {
    match question {
        Question::Lookup(query) => (format!("Lookup of {query}"), "what this machine knows".to_owned()),
        Question::Whois(ip) => (format!("whois {ip}"), "asks the network".to_owned()),
        Question::Name(ip) => (format!("Name of {ip}"), "may ask the network".to_owned()),
        Question::Weblog(ip) => (format!("Lines from {ip}"), tools.weblog.display().to_string()),
        Question::Custom { command, ip, .. } => {
            let tool = tools.commands.get(*command);
            let about = if tool.is_some_and(|tool| tool.leaves_machine) { "leaves this machine" } else { "" };
            (format!("{} {ip}", tool.map_or("command", |tool| &tool.name)), about.to_owned())
        }
        Question::Pin { network, .. } => (format!("Place of {network}"), "places.csv".to_owned()),
    }
}

//! The window of all settings: what keys and clicks switch elsewhere, in one place. What is chosen holds at once, and the next
//! time.

use bevy::{ecs::system::SystemParam, prelude::*};
use bevy_egui::{
    EguiContexts,
    egui::{self, RichText, Ui},
};

use super::{
    choices::{self, choice, choices},
    panel,
    style::{medium, sans},
    words::{faint, small_button},
};
use crate::{
    components::{
        action::{Overlays, SpaceAction, UiAction},
        connection::Agents,
        fleet::HiddenAgents,
        hilbert_view::SpaceColour,
        inspect::{ALWAYS_SHOWN, COLUMN_NAMES, HiddenColumns},
        map_view::MapView,
        panels::Panels,
        preferences::{Preferences, PreferencesFile},
        rule_book::RuleBook,
        theme::{Theme, size},
        time_travel::TimeAction,
        trails::{LENGTHS, LapseStyle, length_words},
    },
    hilbert::Family,
};

const WIDTH: f32 = 720.0;
/// In front of what may be chosen.
const NAME_WIDTH: f32 = 168.0;
/// Kept free at the right.
const SCROLL_BAR: f32 = 14.0;
/// Left above and below it.
const ROOM: f32 = 72.0;

const THEMES: [(&str, bool); 2] = [("dark", false), ("light", true)];
const RULE_COLOURS: [(&str, bool); 2] = [("as the rules say", false), ("for the colour-blind", true)];
const MOTION: [(&str, bool); 2] = [("full", false), ("reduced", true)];
const SWITCH: [(&str, bool); 2] = [("on", true), ("off", false)];
const STYLES: [(&str, LapseStyle); 3] = [
    ("nothing", LapseStyle::Dots),
    ("fading trails", LapseStyle::Trails),
    ("all that was there", LapseStyle::Integrating),
];
const SPACE_COLOURS: [(&str, SpaceColour); 6] = [
    ("first octet", SpaceColour::FirstOctet),
    ("registry", SpaceColour::Registry),
    ("country", SpaceColour::Country),
    ("system", SpaceColour::Asn),
    ("rule", SpaceColour::Rule),
    ("age", SpaceColour::Age),
];
const ORIENTATIONS: [(&str, bool); 2] = [("usual", false), ("columns for rows", true)];
const FAMILIES: [(&str, Family); 2] = [("IPv4", Family::V4), ("IPv6", Family::V6)];

/// What may be chosen besides what is remembered as it is.
#[derive(SystemParam)]
pub(super) struct Choosable<'w> {
    preferences: Res<'w, Preferences>,
    file: Option<Res<'w, PreferencesFile>>,
    book: Res<'w, RuleBook>,
    agents: Res<'w, Agents>,
    hidden_agents: Res<'w, HiddenAgents>,
    columns: Res<'w, HiddenColumns>,
}

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    from: Choosable,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if !overlays.settings {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let mut asked = Vec::new();
    let (rect, ()) = panel::dialog(context, "settings", &theme, |ui| {
        let screen = ui.ctx().content_rect();
        ui.set_width(WIDTH.min(screen.width() - 80.0));
        ui.horizontal(|ui| {
            ui.label(RichText::new("Settings").font(medium(size::TEXT_TITLE)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if small_button(ui, "close", &theme) {
                    asked.push(UiAction::ToggleSettings);
                }
            });
        });
        ui.add_space(size::GRID);
        let height = (screen.height() - 2.0 * ROOM).max(ROOM);
        // Without it a dialog takes the height that is left below its first place.
        egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
            ui.set_width(ui.available_width() - SCROLL_BAR);
            show_picture(ui, &from.preferences, &theme, &mut asked);
            show_space(ui, &from.preferences, &theme, &mut asked);
            show_hidden(ui, &from, &theme, &mut asked);
            show_elsewhere(ui, &from, &theme, &mut asked);
        });
    });
    panel::claim(&mut panels, rect, &view);
    actions.write_batch(asked);
    Ok(())
}

fn show_picture(ui: &mut Ui, it: &Preferences, theme: &Theme, asked: &mut Vec<UiAction>) {
    head(ui, "The picture", theme);
    let mut switch = |ui: &mut Ui, name, of: &[(&str, bool)], is_on: bool, action: UiAction| {
        row(ui, name, theme, |ui| {
            if choices(ui, of, is_on).is_some() {
                asked.push(action);
            }
        });
    };
    switch(ui, "theme", &THEMES, it.light, UiAction::ToggleTheme);
    switch(ui, "colours of rules", &RULE_COLOURS, it.colour_blind, UiAction::TogglePalette);
    switch(ui, "motion", &MOTION, it.reduced_motion, UiAction::ToggleMotion);
    switch(ui, "texts", &SWITCH, it.texts, UiAction::ToggleAllText);
    switch(ui, "rings of agents", &SWITCH, it.rings, UiAction::ToggleRings);
    switch(ui, "circles of the history", &SWITCH, it.circles, UiAction::ToggleHistory);
    switch(ui, "timeline", &SWITCH, it.timeline, UiAction::Time(TimeAction::ToggleTimeline));
    switch(ui, "full screen", &SWITCH, it.fullscreen, UiAction::ToggleFullscreen);
    row(ui, "what has closed leaves", theme, |ui| {
        asked.extend(choices(ui, &STYLES, it.lapse.style).map(UiAction::SetLapseStyle));
    });
    row(ui, "trails fade over", theme, |ui| {
        let mut lengths = LENGTHS.to_vec();
        // Of a file or the command line it may be any.
        if let Err(at) = lengths.binary_search(&it.lapse.length) {
            lengths.insert(at, it.lapse.length);
        }
        let lengths: Vec<_> = lengths.into_iter().map(|it| (length_words(it.as_secs()), it)).collect();
        asked.extend(choices(ui, &lengths, it.lapse.length).map(UiAction::SetTrailLength));
    });
}

fn show_space(ui: &mut Ui, it: &Preferences, theme: &Theme, asked: &mut Vec<UiAction>) {
    head(ui, "The address space", theme);
    row(ui, "colours stand for", theme, |ui| {
        asked.extend(
            choices(ui, &SPACE_COLOURS, it.space.colour).map(SpaceAction::SetColour).map(UiAction::Space),
        );
    });
    let mut switch = |ui: &mut Ui, name, of: &[(&str, bool)], is_on: bool, action: SpaceAction| {
        row(ui, name, theme, |ui| {
            if choices(ui, of, is_on).is_some() {
                asked.push(UiAction::Space(action));
            }
        });
    };
    switch(ui, "line along all addresses", &SWITCH, it.space.curve, SpaceAction::ToggleCurve);
    switch(ui, "orientation", &ORIENTATIONS, it.space.transposed, SpaceAction::Transpose);
    row(ui, "addresses", theme, |ui| {
        let family = if it.space.ipv6 { Family::V6 } else { Family::V4 };
        asked.extend(choices(ui, &FAMILIES, family).map(SpaceAction::SetFamily).map(UiAction::Space));
    });
}

/// What may be left out: lit is what is shown.
fn show_hidden(ui: &mut Ui, from: &Choosable, theme: &Theme, asked: &mut Vec<UiAction>) {
    let book = &from.book;
    head(ui, "What is shown", theme);
    row(ui, "dots of rules", theme, |ui| {
        for (label, it) in book.rules.labels().iter().enumerate() {
            if choice(ui, &it.text, !book.is_hidden(label)) {
                asked.push(UiAction::ToggleLabelDots { label });
            }
        }
    });
    row(ui, "texts of rules", theme, |ui| {
        for (label, it) in book.rules.labels().iter().enumerate() {
            if choice(ui, &it.text, book.text_is_on(label)) {
                asked.push(UiAction::ToggleLabelText { label });
            }
        }
    });
    row(ui, "machines", theme, |ui| {
        for agent in &from.agents.0 {
            if choice(ui, &agent.name, !from.hidden_agents.hides(agent.agent)) {
                asked.push(UiAction::ToggleAgent { agent: agent.agent });
            }
        }
    });
    row(ui, "columns of lists", theme, |ui| {
        for column in COLUMN_NAMES.into_iter().filter(|column| *column != ALWAYS_SHOWN) {
            if choice(ui, column, !from.columns.hides(column)) {
                asked.push(UiAction::ToggleColumn { column });
            }
        }
    });
}

fn show_elsewhere(ui: &mut Ui, from: &Choosable, theme: &Theme, asked: &mut Vec<UiAction>) {
    head(ui, "Elsewhere", theme);
    row(ui, "windows of their own", theme, |ui| {
        for (text, action) in [
            ("how much history is kept  p", UiAction::ToggleKeep),
            ("agents on other machines  n", UiAction::ToggleFleet),
            ("all keys  F1", UiAction::ToggleHelp),
        ] {
            if choice(ui, text, false) {
                asked.extend([UiAction::ToggleSettings, action]);
            }
        }
    });
    row(ui, "rules", theme, |ui| faint(ui, &from.book.source, theme));
    row(ui, "this, and more by hand", theme, |ui| match from.file.as_deref() {
        Some(PreferencesFile(path)) => faint(ui, &path.display().to_string(), theme),
        None => faint(ui, "nothing of it is remembered here", theme),
    });
}

fn head(ui: &mut Ui, text: &str, theme: &Theme) {
    ui.add_space(size::GRID);
    let text = RichText::new(text).font(medium(size::TEXT_LARGE)).color(theme.colours.text.egui());
    ui.label(text);
    ui.add_space(size::GRID * 0.25);
}

/// A name, and behind it what may be chosen, in as many lines as that takes.
fn row(ui: &mut Ui, name: &str, theme: &Theme, contents: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        let height = choices::HEIGHT;
        ui.allocate_ui_with_layout(
            egui::vec2(NAME_WIDTH, height),
            egui::Layout::left_to_right(egui::Align::Center),
            |ui| {
                ui.set_min_size(egui::vec2(NAME_WIDTH, height));
                let name = RichText::new(name).font(sans(size::TEXT));
                ui.label(name.color(theme.colours.text_second.egui()));
            },
        );
        // What is no button stands in the middle of the line too.
        ui.spacing_mut().interact_size.y = height;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::splat(size::GRID * 0.5);
            contents(ui);
        });
    });
}

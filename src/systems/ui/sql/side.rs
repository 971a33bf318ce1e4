//! What may be asked: the questions that ship with the program and the user's own, and below them what they are about. A
//! click loads a question, or puts a word into the text.

use bevy_egui::egui::{self, Align2, ScrollArea, TextEdit, Ui};

use super::{
    super::{
        row,
        style::{mono, sans},
        words::button,
    },
    FIELD_MARGIN, Form, editor,
};
use crate::components::{
    sql::{NamedQuery, SqlAction, SqlDesk},
    theme::{Rgba, Theme, size},
};

/// Share of the height that the questions take; the schema has the rest.
const QUERIES_SHARE: f32 = 0.5;
const LINE: f32 = 20.0;
const INDENT: f32 = 12.0;
/// For the scroll bar.
const BAR: f32 = 10.0;
const CROSS_ROOM: f32 = 18.0;
/// For the button beside the name.
const SAVE_ROOM: f32 = 80.0;

pub(super) fn show(ui: &mut Ui, desk: &SqlDesk, form: &mut Form, theme: &Theme, asked: &mut Vec<SqlAction>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = ui.available_height();
    heading(ui, "Questions", theme);
    let room = (height * QUERIES_SHARE - 2.0 * LINE - size::GRID).max(2.0 * LINE);
    ScrollArea::vertical().id_salt("queries").auto_shrink(false).max_height(room).show(ui, |ui| {
        for query in &desk.saved {
            let (loads, forgets) = one(ui, query, form, true, theme);
            if forgets {
                asked.push(SqlAction::Forget { name: query.name.clone() });
            } else if loads {
                form.load(&query.name, &query.sql);
            }
        }
        for query in &desk.catalogue.shipped {
            if one(ui, query, form, false, theme).0 {
                form.load(&query.name, &query.sql);
            }
        }
    });
    ui.add_space(size::GRID * 0.5);
    save(ui, desk, form, asked);
    ui.add_space(size::GRID);
    heading(ui, "Schema", theme);
    ScrollArea::vertical().id_salt("schema").auto_shrink(false).show(ui, |ui| {
        for (view, columns) in &desk.catalogue.views {
            word(ui, view, 0.0, theme.colours.text, "", form, theme);
            for column in columns {
                word(ui, column, INDENT, theme.colours.text_second, "", form, theme);
            }
        }
        ui.add_space(size::GRID);
        heading(ui, "Functions", theme);
        for (call, does) in &desk.catalogue.functions {
            word(ui, call, 0.0, theme.colours.text, does, form, theme);
        }
    });
}

fn heading(ui: &mut Ui, text: &str, theme: &Theme) {
    let (line, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), LINE), egui::Sense::hover());
    let faint = theme.colours.text_faint.egui();
    row::text(ui, line.left_center(), Align2::LEFT_CENTER, text, sans(size::TEXT_SMALL), faint);
}

/// A question. Returns whether it is to be loaded, and whether it is to go.
fn one(ui: &mut Ui, query: &NamedQuery, form: &Form, is_own: bool, theme: &Theme) -> (bool, bool) {
    let (line, response) = row::place(ui, ui.available_width() - BAR, LINE, theme);
    let is_loaded = form.is(query);
    let colour = if is_loaded { theme.colours.accent } else { theme.colours.text };
    let mut room = line;
    room.max.x -= if is_own { CROSS_ROOM } else { 0.0 };
    row::clipped(ui, room, &query.name, sans(size::TEXT), colour.egui());
    let forgets = is_own && response.hovered() && {
        let cross = egui::Rect::from_min_max(egui::pos2(room.right(), line.top()), line.max);
        let faint = theme.colours.text_second.egui();
        row::text(ui, cross.center(), Align2::CENTER_CENTER, "×", sans(size::TEXT_LARGE), faint);
        response.clicked() && response.interact_pointer_pos().is_some_and(|at| cross.contains(at))
    };
    let clicked = response.clicked();
    if !clicked {
        response.on_hover_text(&query.sql);
    }
    (clicked && !forgets, forgets)
}

/// Saves the text under a name. A name of the shipped questions is no obstacle.
fn save(ui: &mut Ui, desk: &SqlDesk, form: &mut Form, asked: &mut Vec<SqlAction>) {
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(&mut form.name).hint_text("save as").margin(FIELD_MARGIN);
        ui.add(field.desired_width(ui.available_width() - SAVE_ROOM));
        let name = form.name.trim().to_owned();
        let is_same = desk.questions().any(|query| form.is(query));
        if button(ui, "Save", !name.is_empty() && !form.text.trim().is_empty() && !is_same) {
            asked.push(SqlAction::Save { name, sql: form.text.clone() });
        }
    });
}

/// Something that the text may hold.
fn word(ui: &mut Ui, word: &str, indent: f32, colour: Rgba, does: &str, form: &mut Form, theme: &Theme) {
    let (line, response) = row::place(ui, ui.available_width() - BAR, LINE - 2.0, theme);
    let mut room = line;
    room.min.x += indent;
    row::clipped(ui, room, word, mono(size::TEXT_SMALL), colour.egui());
    if response.clicked() {
        editor::insert(ui, form, word);
    } else if !does.is_empty() {
        response.on_hover_text(format!("{word} · {does}"));
    }
}

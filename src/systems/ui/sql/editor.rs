//! The editor: Ctrl and Enter ask. An error of the text that stands there is marked in it.

use bevy_egui::egui::{self, FontSelection, Id, Label, RichText, ScrollArea, TextBuffer, TextEdit, Ui};

use super::{
    super::style::{mono, sans},
    Form,
    controls::run,
    paint,
};
use crate::components::{
    sql::{SqlAction, SqlDesk, SqlError},
    theme::{Theme, size},
};

pub(super) const EDITOR: &str = "sql text";

pub(super) fn show(ui: &mut Ui, desk: &SqlDesk, form: &mut Form, theme: &Theme, asked: &mut Vec<SqlAction>) {
    let id = Id::new(EDITOR);
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    // Before the editor takes it for a new line.
    if has_focus && ui.input_mut(|input| input.consume_key(egui::Modifiers::CTRL, egui::Key::Enter)) {
        asked.extend(run(desk, form));
    }
    let is_as_asked = form.text == form.asked;
    let place = desk.error.as_ref().filter(|_| is_as_asked).and_then(|error| error.place);
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, wrap_width: f32| {
        ui.painter().layout_job(paint::job(text.as_str(), place, wrap_width, theme))
    };
    let height = ui.available_height();
    ScrollArea::vertical().id_salt("editor").max_height(height).auto_shrink(false).show(ui, |ui| {
        let edit = TextEdit::multiline(&mut form.text)
            .id(id)
            .font(FontSelection::FontId(mono(size::TEXT)))
            .code_editor()
            .margin(egui::Margin::same(8))
            .desired_width(f32::INFINITY)
            .layouter(&mut layouter);
        ui.add_sized(egui::vec2(ui.available_width(), height), edit);
    });
}

pub(super) fn error_height(ui: &mut Ui, error: &SqlError, width: f32) -> f32 {
    let galley = ui.painter().layout(text(error), sans(size::TEXT), egui::Color32::WHITE, width);
    galley.size().y + 4.0
}

pub(super) fn show_error(ui: &mut Ui, error: &SqlError, theme: &Theme) {
    let text = RichText::new(text(error)).font(sans(size::TEXT)).color(theme.colours.error.egui());
    ui.add(Label::new(text).wrap().selectable(true));
}

fn text(error: &SqlError) -> String {
    match error.place {
        Some((line, column)) => format!("line {line}, column {column} · {}", error.message),
        None => error.message.clone(),
    }
}

/// Puts a word where the cursor is, apart from what stands before it, and the cursor behind it.
pub(super) fn insert(ui: &Ui, form: &mut Form, word: &str) {
    let id = Id::new(EDITOR);
    let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    let range = state.cursor.char_range().map(|range| range.as_sorted_char_range());
    let end = form.text.chars().count();
    let range = range.map_or(end..end, |range| range.start.0.min(end)..range.end.0.min(end));
    let cursor = put(&mut form.text, range, word);
    let cursor = egui::text::CCursor::new(cursor);
    state.cursor.set_char_range(Some(egui::text::CCursorRange::one(cursor)));
    TextEdit::store_state(ui.ctx(), id, state);
    ui.memory_mut(|memory| memory.request_focus(id));
}

/// Returns the place behind the word. Places are counted in characters.
fn put(text: &mut String, range: std::ops::Range<usize>, word: &str) -> usize {
    let byte = |text: &str, at: usize| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    let bytes = byte(text, range.start)..byte(text, range.end);
    let before = text[..bytes.start].chars().next_back();
    let gap = if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ',') { " " } else { "" };
    text.replace_range(bytes, &format!("{gap}{word}"));
    range.start + gap.len() + word.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_put_at_the_cursor_in_place_of_what_is_selected() {
        let mut text = "SELECT ö, x".to_owned();
        assert_eq!(put(&mut text, 9..9, "peer"), 14);
        assert_eq!(text, "SELECT ö, peer x");
        assert_eq!(put(&mut text, 15..16, "asn"), 18);
        assert_eq!(text, "SELECT ö, peer asn");
        assert_eq!(put(&mut String::new(), 0..0, "x"), 1);
    }
}

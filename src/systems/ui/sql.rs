//! The window for questions to the history: what may be asked at the left, the editor and the answer at the right. It stays
//! beside the map, and keeps its text while it is closed.

mod controls;
mod editor;
mod paint;
mod rows;
mod side;

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align, Layout, Margin, Rect, RichText, Ui, UiBuilder},
};

use super::{
    panel,
    style::medium,
    words::{faint, small_button},
};
use crate::components::{
    action::{Overlays, UiAction},
    map_view::MapView,
    panels::Panels,
    sql::{NamedQuery, SqlAction, SqlDesk},
    theme::{Theme, size},
};

/// At first: a share of the map's width and height, within bounds.
const SHARE: f32 = 0.62;
const SMALLEST: [f32; 2] = [680.0, 380.0];
const LARGEST: [f32; 2] = [1080.0, 680.0];
/// From the top: below the exit button.
const TOP: f32 = 44.0;
const SIDE_WIDTH: f32 = 214.0;
/// Share of the height that the editor takes.
const EDITOR_SHARE: f32 = 0.3;
const EDITOR_HEIGHTS: [f32; 2] = [84.0, 220.0];
const ROW_HEIGHT: f32 = 28.0;
/// A field is as high as a button.
const FIELD_MARGIN: Margin = Margin { left: 6, right: 6, top: 4, bottom: 4 };
/// Seconds, as long as nothing else is asked for.
const FIRST_LIMIT_SECS: u32 = 10;
const FIRST_TEXT: &str = "SELECT opened, program, peer, organisation, city, country, lat, lon\nFROM connections\n\
                          ORDER BY opened_ms DESC\nLIMIT 1000";

/// What the user has typed and not yet asked.
pub(super) struct Form {
    text: String,
    /// Under which the text is saved, and by which its plot is known.
    name: String,
    /// The text as it was asked last: an error is marked in this one alone.
    asked: String,
    limit_secs: u32,
    /// Where an answer is written to, once the user has changed it.
    path: Option<String>,
    /// Whether a field here had the keyboard a frame ago.
    had_focus: bool,
    /// How many reveals the table has followed.
    revealed: u64,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            text: FIRST_TEXT.to_owned(),
            name: String::new(),
            asked: String::new(),
            limit_secs: FIRST_LIMIT_SECS,
            path: None,
            had_focus: false,
            revealed: 0,
        }
    }
}

impl Form {
    /// Whether the text is this question, unchanged.
    fn is(&self, query: &NamedQuery) -> bool {
        self.name.trim() == query.name && self.text == query.sql
    }

    /// What the answer is called: the name of the question, or how it begins.
    fn title(&self, desk: &SqlDesk) -> String {
        const LONGEST: usize = 40;
        if let Some(query) = desk.questions().find(|query| self.is(query)) {
            return query.name.clone();
        }
        let words: Vec<&str> = self.text.split_whitespace().collect();
        let text = words.join(" ");
        match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    fn load(&mut self, name: &str, sql: &str) {
        sql.clone_into(&mut self.text);
        name.clone_into(&mut self.name);
    }
}

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    desk: Res<SqlDesk>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut form: Local<Form>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if !overlays.sql {
        form.had_focus = false;
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    // A field lets go of the keyboard at Esc, and the key never becomes a command.
    let escapes = form.had_focus && context.input(|input| input.key_pressed(egui::Key::Escape));
    let screen = context.content_rect();
    let first_size = (screen.size() * SHARE).clamp(SMALLEST.into(), LARGEST.into());
    let corner = screen.right_top() + egui::vec2(-first_size.x - size::MARGIN, TOP);
    let shown = egui::Window::new("sql")
        .title_bar(false)
        .frame(panel::dialog_frame(&theme))
        .fade_in(false)
        .min_size(SMALLEST)
        .default_size(first_size)
        .default_pos(corner)
        .show(context, |ui| contents(ui, &desk, &mut form, &theme));
    let Some(shown) = shown else {
        return Ok(());
    };
    panel::claim(&mut panels, shown.response.rect, &view);
    let (closes, asked) = shown.inner.unwrap_or_default();
    form.had_focus = context.egui_wants_keyboard_input();
    if closes || escapes {
        actions.write(UiAction::ToggleSql);
    }
    actions.write_batch(asked.into_iter().map(UiAction::Sql));
    Ok(())
}

/// Returns whether the window is to be closed, and what is asked.
fn contents(ui: &mut Ui, desk: &SqlDesk, form: &mut Form, theme: &Theme) -> (bool, Vec<SqlAction>) {
    let mut asked = Vec::new();
    let closes = head(ui, theme);
    let body = ui.available_rect_before_wrap();
    if desk.has_history {
        let left = Rect::from_min_max(body.min, egui::pos2(body.left() + SIDE_WIDTH, body.bottom()));
        side::show(&mut child(ui, "side", left), desk, form, theme, &mut asked);
        let right = Rect::from_min_max(egui::pos2(left.right() + size::INNER, body.top()), body.max);
        main(ui, right, desk, form, theme, &mut asked);
    } else {
        faint(ui, "A scene has no history. Without --demo, what this machine did can be asked here.", theme);
    }
    ui.allocate_rect(body, egui::Sense::hover());
    (closes, asked)
}

fn head(ui: &mut Ui, theme: &Theme) -> bool {
    let closes = ui.horizontal(|ui| {
        ui.label(RichText::new("Ask the history").font(medium(size::TEXT_LARGE)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| small_button(ui, "close", theme)).inner
    });
    ui.add_space(size::GRID * 0.5);
    closes.inner
}

/// The right side, from the top: editor, what is wrong, the row of buttons, the table, its foot.
fn main(ui: &mut Ui, rect: Rect, desk: &SqlDesk, form: &mut Form, theme: &Theme, asked: &mut Vec<SqlAction>) {
    let mut rest = rect;
    let editor_height = (rect.height() * EDITOR_SHARE).clamp(EDITOR_HEIGHTS[0], EDITOR_HEIGHTS[1]);
    editor::show(&mut child(ui, "editor", take(&mut rest, editor_height)), desk, form, theme, asked);
    if let Some(error) = &desk.error {
        let height = editor::error_height(ui, error, rect.width());
        editor::show_error(&mut child(ui, "error", take(&mut rest, height)), error, theme);
    }
    controls::show(&mut child(ui, "controls", take(&mut rest, ROW_HEIGHT)), desk, form, theme, asked);
    let height = rest.height() - ROW_HEIGHT - size::GRID;
    let middle = take(&mut rest, height.max(0.0));
    match &desk.answer {
        Some(answer) => {
            rows::show(&mut child(ui, "rows", middle), answer, desk, form, theme, asked);
            let foot = &mut child(ui, "foot", take(&mut rest, ROW_HEIGHT));
            controls::foot(foot, answer, desk, form, theme, asked);
        }
        None => faint(&mut child(ui, "rows", middle.shrink(size::GRID)), "The answer comes here.", theme),
    }
}

/// Takes a part of this height off the top.
fn take(rest: &mut Rect, height: f32) -> Rect {
    let part = Rect::from_min_max(rest.min, egui::pos2(rest.right(), rest.top() + height));
    rest.min.y = part.bottom() + size::GRID * 0.5;
    part
}

/// A part of the window, which neither grows nor shows anything beyond.
fn child(ui: &mut Ui, name: &str, rect: Rect) -> Ui {
    let builder = UiBuilder::new().id_salt(name).max_rect(rect).layout(Layout::top_down(Align::Min));
    let mut child = ui.new_child(builder);
    child.set_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
    child
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_called_by_its_name_or_by_how_the_question_begins() {
        let mine = NamedQuery { name: "Mine".to_owned(), sql: "SELECT 1".to_owned() };
        let desk = SqlDesk { saved: vec![mine], ..SqlDesk::default() };
        let mut form = Form::default();
        form.load("", "SELECT  peer\nFROM connections");
        assert_eq!(form.title(&desk), "SELECT peer FROM connections");
        form.load("", &"SELECT ä ".repeat(20));
        assert_eq!(form.title(&desk).chars().count(), 41);
        form.load("Mine", "SELECT 1");
        assert_eq!(form.title(&desk), "Mine");
        form.load("Mine", "SELECT 2");
        assert_eq!(form.title(&desk), "SELECT 2", "it is another one by now");
    }
}

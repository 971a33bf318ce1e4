//! Bottom left: the colour key. A box switches the text of its rule, with Shift its dots; a name lists connections.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Color32, Rangef, Rect, Stroke, StrokeKind, Ui},
};

use super::{
    panel, row,
    style::{medium, sans},
    timeline,
};
use crate::components::{
    account::Account,
    action::{ListKind, UiAction},
    map_view::MapView,
    palette::Palette,
    panels::Panels,
    rule_book::RuleBook,
    still::Still,
    theme::{Theme, size},
    time_travel::Timeline,
    wall::Wall,
};

const BOX: f32 = 9.0;
/// The box answers to clicks a little around it.
const BOX_REACH: f32 = 5.0;
const NARROWEST: f32 = 150.0;
/// For the count at the right end of a row.
const FIGURE_ROOM: f32 = 48.0;
/// A longer name is cut: a panel is no place for essays.
const WIDEST: f32 = 260.0;
const GAP: f32 = 16.0;
/// For the agents above it.
const ABOVE: f32 = 192.0;
const SHORTEST: f32 = 120.0;
/// Rows of a wall: with less room there is no key.
const FEWEST: f32 = 3.0;

/// One row of the key.
struct KeyRow<'a> {
    label: usize,
    text: &'a str,
    colour: Color32,
    count: usize,
    text_on: bool,
    hidden: bool,
    /// The last row stands for connections without a rule and has no switches.
    has_switch: bool,
}

pub(super) fn show(
    mut contexts: EguiContexts,
    book: Res<RuleBook>,
    palette: Res<Palette>,
    (account, timeline): (Res<Account>, Res<Timeline>),
    (still, wall): (Option<Res<Still>>, Option<Res<Wall>>),
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    let shows_connections = still.as_ref().is_none_or(|still| still.word.is_none());
    // A wall shows what its scene names, whatever room there is.
    let has_room = view.has_room_for_panels() || wall.is_some();
    if !has_room || !shows_connections {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let below = size::MARGIN + timeline::reach(&timeline, &view) + size::GRID;
    let offset = egui::vec2(size::MARGIN, -below);
    // A long file of rules scrolls rather than growing over the window.
    let tallest = match wall {
        None => (context.content_rect().height() - ABOVE - below).max(SHORTEST),
        Some(_) => {
            // Nobody scrolls there: it shows as many rows as there is room for.
            let column = Rangef::new(size::MARGIN, size::MARGIN + WIDEST + 2.0 * size::INNER);
            let top = panel::free_column(&panels, &view, column).min;
            let room = context.content_rect().height() - below - top - 2.0 * size::INNER;
            (room / row::ROW_HEIGHT - 1.0).floor() * row::ROW_HEIGHT
        }
    };
    if tallest < FEWEST * row::ROW_HEIGHT {
        return Ok(());
    }
    let (rect, ()) =
        panel::floating(context, "rules", Align2::LEFT_BOTTOM, offset, panel::frame(&theme), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let rows = rows(&book, *palette, &account, &theme);
            let names = rows.iter().map(|row| row::width(ui, row.text, medium(size::TEXT)));
            let width = names.fold(NARROWEST, |widest, name| widest.max(name + BOX + GAP + 56.0)).min(WIDEST);
            // Nobody can press a key in a picture, and nobody does on a wall.
            head(ui, width, still.is_none() && wall.is_none(), &theme, &mut actions);
            let height = (rows.len() as f32 * row::ROW_HEIGHT).min(tallest);
            // Without the least height a key that once was short would stay so.
            egui::ScrollArea::vertical().max_height(tallest).min_scrolled_height(height).show(ui, |ui| {
                for key_row in &rows {
                    one(ui, key_row, width, &theme, &mut actions);
                }
            });
        });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

fn head(ui: &mut Ui, width: f32, has_keys: bool, theme: &Theme, actions: &mut MessageWriter<UiAction>) {
    let (line, response) = row::place(ui, width, row::ROW_HEIGHT, theme);
    let colour = theme.colours.text_faint.egui();
    row::text(ui, line.left_center(), Align2::LEFT_CENTER, "Rules", sans(size::TEXT_SMALL), colour);
    if has_keys {
        row::text(ui, line.right_center(), Align2::RIGHT_CENTER, "text  t", sans(size::TEXT_SMALL), colour);
    }
    if response.on_hover_text("all text on or off").clicked() {
        actions.write(UiAction::ToggleAllText);
    }
}

fn rows<'a>(book: &'a RuleBook, palette: Palette, account: &Account, theme: &Theme) -> Vec<KeyRow<'a>> {
    let labels = book.rules.labels();
    let opaque = |[r, g, b, _]: [u8; 4]| Color32::from_rgb(r, g, b);
    let count = |label: usize| account.by_label.get(label).copied().unwrap_or(0);
    let ruled = labels.iter().enumerate().map(|(label, row)| KeyRow {
        label,
        text: &row.text,
        colour: opaque(palette.bytes(label, row.color.to_array())),
        count: count(label),
        text_on: book.text_is_on(label),
        hidden: book.is_hidden(label),
        has_switch: true,
    });
    let other = KeyRow {
        label: labels.len(),
        text: "no rule",
        colour: opaque(palette.no_rule_bytes(theme)),
        count: count(labels.len()),
        text_on: false,
        hidden: false,
        has_switch: false,
    };
    ruled.chain(std::iter::once(other)).collect()
}

fn one(ui: &mut Ui, key_row: &KeyRow, width: f32, theme: &Theme, actions: &mut MessageWriter<UiAction>) {
    let (line, response) = row::place(ui, width, row::ROW_HEIGHT, theme);
    let colours = &theme.colours;
    let square =
        Rect::from_center_size(line.left_center() + egui::vec2(BOX * 0.5, 0.0), egui::vec2(BOX, BOX));
    let colour = if key_row.hidden { key_row.colour.gamma_multiply(size::HIDDEN) } else { key_row.colour };
    // On paper a pale box would be lost without a rim.
    let rim = if theme.is_dark { colour } else { colour.lerp_to_gamma(Color32::BLACK, 0.3) };
    if key_row.text_on {
        ui.painter().rect_filled(square, 2.0, colour);
    } else {
        ui.painter().rect_stroke(square, 2.0, Stroke::new(1.2, rim), StrokeKind::Inside);
    }
    let text_colour = if key_row.text_on { colours.text } else { colours.text_second }.egui();
    let at = line.left_center() + egui::vec2(BOX + GAP * 0.75, 0.0);
    let room = Rect::from_min_max(line.min, egui::pos2(line.right() - FIGURE_ROOM, line.bottom()));
    let painter = ui.painter().with_clip_rect(room.intersect(ui.clip_rect()));
    let text = key_row.text.to_owned();
    let text_width = painter.text(at, Align2::LEFT_CENTER, text, medium(size::TEXT), text_colour).width();
    if key_row.hidden {
        let end = at + egui::vec2(text_width, 0.0);
        ui.painter().line_segment([at, end], Stroke::new(1.0, text_colour));
    }
    let figure = if key_row.count > 0 { colours.text } else { colours.text_faint };
    row::figure(ui, line, key_row.count, figure.egui());
    if !response.clicked() {
        return;
    }
    let on_box = response
        .interact_pointer_pos()
        .is_some_and(|at| key_row.has_switch && square.expand(BOX_REACH).contains(at));
    let label = key_row.label;
    actions.write(match (on_box, ui.input(|input| input.modifiers.shift)) {
        (true, false) => UiAction::ToggleLabelText { label },
        (true, true) => UiAction::ToggleLabelDots { label },
        (false, _) => UiAction::OpenList(ListKind::Label(label)),
    });
}

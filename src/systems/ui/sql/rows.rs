//! The answer: only rows that are seen are laid out, so a million scroll as ten do. A click on a column's name sorts, one on
//! a row selects it and its dot.

use bevy_egui::egui::{self, Align, Color32, Label, Layout, RichText, Sense, Shape, Stroke, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use super::{
    super::style::{mono, sans},
    Form,
};
use crate::components::{
    sql::{Answer, SqlAction, SqlDesk},
    theme::{Theme, size},
};

const HEADER_HEIGHT: f32 = 22.0;
const LINE: f32 = 19.0;
const ROW_GAP: f32 = 2.0;
const BAR: f32 = 8.0;
/// Rows that tell how wide a column is, and whether it holds figures.
const ROWS_TRIED: usize = 40;
/// Of a letter of the columns' font, in points.
const LETTER: f32 = 6.8;
const WIDTHS: [f32; 2] = [44.0, 230.0];
/// Beside a column's name.
const ARROW: f32 = 12.0;

pub(super) fn show(
    ui: &mut Ui,
    answer: &Answer,
    desk: &SqlDesk,
    form: &mut Form,
    theme: &Theme,
    asked: &mut Vec<SqlAction>,
) {
    let rows = &answer.rows;
    let columns: Vec<Look> = (0..rows.columns().len()).map(|column| Look::of(answer, column)).collect();
    let selected = desk.selected.filter(|selected| selected.answer == answer.id).map(|selected| selected.row);
    ui.spacing_mut().item_spacing.y = ROW_GAP;
    // Or the bar would lie over the figures of the last column.
    ui.spacing_mut().scroll.floating_allocated_width = BAR;
    egui::ScrollArea::horizontal().id_salt(("columns", answer.id)).auto_shrink(false).show(ui, |ui| {
        let mut table = TableBuilder::new(ui).id_salt(answer.id).auto_shrink(false).sense(Sense::click());
        for (index, column) in columns.iter().enumerate() {
            table = table.column(match index + 1 == columns.len() {
                true => Column::remainder().at_least(column.width).clip(true),
                false => Column::initial(column.width).at_least(WIDTHS[0]).clip(true).resizable(true),
            });
        }
        if form.revealed != desk.reveals {
            form.revealed = desk.reveals;
            if let Some(row) = selected {
                table = table.scroll_to_row(answer.place_of(row), Some(Align::Center));
            }
        }
        table.header(HEADER_HEIGHT, |header| head(header, answer, &columns, theme, asked)).body(|body| {
            body.rows(LINE, rows.count(), |mut line| {
                let row = answer.row_at(line.index());
                line.set_selected(selected == Some(row));
                if cells(&mut line, answer, row, &columns) {
                    asked.push(SqlAction::Select { row });
                }
            });
        });
    });
}

/// How a column looks, by its first rows.
struct Look {
    width: f32,
    is_figure: bool,
    /// Times and addresses stand below each other too.
    is_even: bool,
}

impl Look {
    fn of(answer: &Answer, column: usize) -> Self {
        let rows = &answer.rows;
        let tried = || 0..rows.count().min(ROWS_TRIED);
        let letters = tried().map(|row| rows.text(row, column).chars().count()).max().unwrap_or(0);
        let name = rows.columns()[column].chars().count() as f32 * LETTER + ARROW;
        let width = (letters as f32 * LETTER).max(name) + size::GRID;
        Self {
            width: width.clamp(WIDTHS[0], WIDTHS[1]),
            is_figure: tried().any(|row| rows.is_figure(row, column)),
            is_even: tried().any(|row| rows.text(row, column).starts_with(|c: char| c.is_ascii_digit())),
        }
    }

    fn layout(&self) -> Layout {
        if self.is_figure {
            Layout::right_to_left(Align::Center)
        } else {
            Layout::left_to_right(Align::Center)
        }
    }
}

fn head(
    mut header: TableRow<'_, '_>,
    answer: &Answer,
    columns: &[Look],
    theme: &Theme,
    asked: &mut Vec<SqlAction>,
) {
    for (index, (name, look)) in answer.rows.columns().iter().zip(columns).enumerate() {
        let sorting = answer.sorting.as_ref().filter(|sorting| sorting.column == index);
        let colour = if sorting.is_some() { theme.colours.accent } else { theme.colours.text_faint }.egui();
        let (_, response) = header.col(|ui| {
            ui.with_layout(look.layout(), |ui| {
                ui.add(Label::new(RichText::new(name).font(sans(size::TEXT_SMALL)).color(colour)).truncate());
                if let Some(sorting) = sorting {
                    arrow(ui, sorting.descending, colour);
                }
            });
        });
        if response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
            asked.push(SqlAction::SortBy(index));
        }
    }
}

fn arrow(ui: &mut Ui, points_down: bool, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(7.0, 5.0), Sense::hover());
    let (base, tip) = if points_down { (rect.top(), rect.bottom()) } else { (rect.bottom(), rect.top()) };
    let corners = [(rect.left(), base), (rect.right(), base), (rect.center().x, tip)];
    let corners = corners.map(|(x, y)| egui::pos2(x, y)).to_vec();
    ui.painter().add(Shape::convex_polygon(corners, colour, Stroke::NONE));
}

/// Returns whether the row was clicked. A text can be selected, so it takes clicks for itself.
fn cells(line: &mut TableRow<'_, '_>, answer: &Answer, row: usize, columns: &[Look]) -> bool {
    let mut clicked = false;
    for (column, look) in columns.iter().enumerate() {
        line.col(|ui| {
            let font = if look.is_even || look.is_figure { mono(size::TEXT_SMALL) } else { sans(size::TEXT) };
            let text = RichText::new(answer.rows.text(row, column)).font(font);
            ui.with_layout(look.layout(), |ui| {
                clicked |= ui.add(Label::new(text).truncate().selectable(true)).clicked();
            });
        });
    }
    clicked || line.response().clicked()
}

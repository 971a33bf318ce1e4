//! Lists of connections: what a figure of the status line, a row of the key or a place of the map stands for. Each is a
//! window of its own, as many as somebody opens; what is in them is worked out in `rows`, what stands in a cell in
//! `cells`.

mod cells;
mod rows;

use bevy::{platform::collections::HashMap, prelude::*};
use bevy_egui::{
    EguiContexts,
    egui::{self, Align, Color32, Label, Layout, RichText, Sense, Ui},
};
use egui_extras::{Column, TableBuilder};

use super::{
    panel, row,
    style::{medium, mono, sans},
    words::small_button,
};
use crate::components::{
    action::{CardAction, ListKind, Overlays, UiAction},
    connection::{Agents, Connection, MatchedRule, Position, Trail},
    filtering::Passes,
    fleet::HiddenAgents,
    inspect::{ALWAYS_SHOWN, HiddenColumns, ListDue, Look, Looks, REACH_POINTS},
    map_clock::MapClock,
    map_view::MapView,
    panels::Panels,
    rule_book::RuleBook,
    theme::{Theme, size},
};
use cells::{COLUMNS, Names};
use rows::{ListRow, ListRows, Members};

const WIDTH: f32 = 1080.0;
const HEIGHT: f32 = 420.0;
/// Of a list of what lies near a place: it is to leave that in sight.
const NEAR_HEIGHT: f32 = 230.0;
/// Of a list that has nothing to show yet.
const EMPTY: egui::Vec2 = egui::vec2(360.0, 64.0);
const HEAD_HEIGHT: f32 = 22.0;
const ROW_HEIGHT: f32 = 19.0;

/// What a change of may change a list.
type Changes<'w, 's> = Query<
    'w,
    's,
    (),
    Or<(Changed<Connection>, Changed<MatchedRule>, Changed<Position>, Changed<Passes>, Added<Trail>)>,
>;

pub(super) fn show(
    mut contexts: EguiContexts,
    overlays: Res<Overlays>,
    (book, hidden_agents, agents, looks): (Res<RuleBook>, Res<HiddenAgents>, Res<Agents>, Res<Looks>),
    (theme, columns): (Res<Theme>, Res<HiddenColumns>),
    view: Res<MapView>,
    open: Query<(&Connection, &MatchedRule, &Passes, Option<&Position>), Without<Trail>>,
    (changes, mut gone): (Changes, RemovedComponents<Connection>),
    (mut lists, mut size_px): (Local<HashMap<ListKind, ListRows>>, Local<[f32; 2]>),
    (mut panels, mut due, clock): (ResMut<Panels>, ResMut<ListDue>, Res<MapClock>),
    mut actions: MessageWriter<UiAction>,
) -> Result {
    let has_changed = gone.read().count() > 0
        || !changes.is_empty()
        || book.is_changed()
        || hidden_agents.is_changed()
        || looks.is_changed();
    // Of the view only the window's size counts: what lies beyond the edge of the whole world depends on it.
    let is_resized = *size_px != view.size_px;
    *size_px = view.size_px;
    lists.retain(|kind, _| overlays.lists.contains(kind));
    if overlays.lists.is_empty() {
        due.set_if_neq(ListDue(None));
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let members = Members { book: &book, hidden_agents: &hidden_agents, home: home(&view), looks: &looks };
    let names = Names { book: &book, agents: &agents };
    let mut next = None;
    for kind in &overlays.lists {
        let list = lists.entry(*kind).or_insert_with(|| ListRows::new(*kind));
        list.is_stale |= has_changed || (is_resized && *kind == ListKind::BeyondEdge);
        let (pointer, now_secs) = (context.pointer_latest_pos(), context.input(|input| input.time));
        let left_secs = list.refresh(pointer.is_some_and(|at| list.is_at(at)), now_secs, &names, || {
            let passing = open.iter().filter(|(_, _, passes, _)| passes.0);
            let all = passing.map(|(connection, matched, _, position)| {
                (ListRow::open(&connection.0, book.label_of(matched.0)), position)
            });
            let live = all.filter(|(row, position)| members.has(*kind, row, *position)).map(|(row, _)| row);
            live.chain(recorded(*kind, &looks, &book)).collect()
        });
        if let Some(left_secs) = left_secs {
            let at = clock.now_unix_millis() + (left_secs * 1e3).ceil() as i64;
            next = Some(next.map_or(at, |next: i64| next.min(at)));
        }
        let look = match kind {
            ListKind::Near(look) => looks.get(*look),
            _ => None,
        };
        if let Some(action) = window(context, *kind, list, &names, (look, &columns, &theme)) {
            actions.write(action);
        }
        if let Some(rect) = list.rect {
            panel::claim(&mut panels, rect, &view);
        }
    }
    due.set_if_neq(ListDue(next));
    Ok(())
}

/// What the history has near where somebody looked, under the rules of today.
fn recorded<'a>(kind: ListKind, looks: &'a Looks, book: &'a RuleBook) -> impl Iterator<Item = ListRow> + 'a {
    let recorded = match kind {
        ListKind::Near(look) => looks.recorded(look),
        _ => &[],
    };
    recorded.iter().filter_map(|connection| {
        let label = book.label_of(book.rule_of(&connection.observation));
        (!book.is_hidden(label)).then(|| ListRow::recorded(connection, label))
    })
}

fn home(view: &MapView) -> MapView {
    MapView::home(view.size_px, view.px_per_point)
}

fn window(
    context: &egui::Context,
    kind: ListKind,
    list: &mut ListRows,
    names: &Names<'_>,
    (look, columns, theme): (Option<&Look>, &HiddenColumns, &Theme),
) -> Option<UiAction> {
    let screen = context.content_rect();
    let height = if look.is_some() { NEAR_HEIGHT } else { HEIGHT };
    let is_empty = list.rows().is_empty();
    let full = egui::vec2(WIDTH.min(screen.width() - 80.0), height.min(screen.height() - 120.0));
    let place = if is_empty { EMPTY } else { full };
    let at = look.map_or(screen.center() - place * 0.5, |look| beside(look, place, screen));
    let mut asked = None;
    let shown = egui::Window::new("list")
        // A window keeps the size it began with: one that fills is another one.
        .id(egui::Id::new(("list", kind, is_empty)))
        .title_bar(false)
        .frame(panel::dialog_frame(theme))
        .fade_in(false)
        .default_size(place)
        .default_pos(at)
        .show(context, |ui| {
            let closes = head(
                ui,
                &names.title(kind, list.rows(), look.is_some_and(|look| look.picture.is_space())),
                list.rows(),
                names,
                theme,
            );
            if is_empty {
                let nothing = RichText::new("Nothing is open here now.").font(sans(size::TEXT));
                ui.label(nothing.color(theme.colours.text_second.egui()));
            } else {
                asked = table(ui, list, names, columns, theme);
            }
            closes
        })?;
    list.rect = Some(shown.response.rect);
    let closes = (shown.inner == Some(true)).then_some(UiAction::CloseList(kind));
    closes.or(asked)
}

/// Below where somebody looked, or above it: the place itself stays in sight.
fn beside(look: &Look, place: egui::Vec2, screen: egui::Rect) -> egui::Pos2 {
    let at = egui::pos2(look.px[0], look.px[1]) / look.picture.map.px_per_point;
    let gap = REACH_POINTS + size::GRID;
    let below = at.y + gap;
    let y = if below + place.y < screen.bottom() - size::MARGIN { below } else { at.y - gap - place.y };
    egui::pos2(at.x - place.x * 0.5, y.max(size::MARGIN))
}

/// Returns whether the list is to be closed.
fn head(ui: &mut Ui, title: &str, rows: &[ListRow], names: &Names<'_>, theme: &Theme) -> bool {
    let close = ui.horizontal(|ui| {
        ui.label(RichText::new(title).font(medium(size::TEXT_LARGE)));
        let open = rows.iter().filter(|row| !row.is_closed && !row.is_recorded).count();
        let second = theme.colours.text_second.egui();
        ui.label(RichText::new(row::grouped(open)).font(mono(size::TEXT)).color(second));
        let recorded = rows.iter().filter(|row| row.is_recorded).count();
        if recorded > 0 {
            let words = format!("open · {} more in the history", row::grouped(recorded));
            ui.label(RichText::new(words).font(sans(size::TEXT_SMALL)).color(second));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let closes = small_button(ui, "close", theme);
            for (word, text) in [("JSON", cells::json as fn(_, _) -> _), ("CSV", cells::csv)] {
                if small_button(ui, word, theme) {
                    ui.ctx().copy_text(text(rows, names));
                }
            }
            let copy = RichText::new("copy all as").font(sans(size::TEXT_SMALL));
            ui.label(copy.color(theme.colours.text_faint.egui()));
            closes
        })
        .inner
    });
    ui.add_space(size::GRID);
    close.inner
}

/// Returns what was asked for in it: the card of a connection, or a column more or less.
fn table(
    ui: &mut Ui,
    list: &mut ListRows,
    names: &Names<'_>,
    hidden: &HiddenColumns,
    theme: &Theme,
) -> Option<UiAction> {
    let shown = || COLUMNS.iter().enumerate().filter(|(_, column)| !hidden.hides(column.name));
    let last = shown().next_back().map_or(0, |(index, _)| index);
    // With other columns the widths are others.
    let mut table = TableBuilder::new(ui).id_salt(&hidden.0).auto_shrink(false).sense(Sense::click());
    for (index, column) in shown() {
        table = table.column(match index == last {
            true => Column::remainder().at_least(column.width).clip(true),
            false => Column::initial(column.width).clip(true).resizable(true),
        });
    }
    let (mut sorts, mut toggles, mut opens) = (None, None, None);
    let sorting = list.sorting;
    table
        .header(HEAD_HEIGHT, |mut header| {
            for (index, column) in shown() {
                header.col(|ui| {
                    let sign = match sorting {
                        (by, false) if by == index => " ↑",
                        (by, true) if by == index => " ↓",
                        _ => "",
                    };
                    let is_sorted = !sign.is_empty();
                    let colour = if is_sorted { theme.colours.text } else { theme.colours.text_faint };
                    let name = RichText::new(format!("{}{sign}", column.name)).font(sans(size::TEXT_SMALL));
                    let label = Label::new(name.color(colour.egui())).selectable(false).sense(Sense::click());
                    let response = ui.add(label).on_hover_cursor(egui::CursorIcon::PointingHand);
                    if response.clicked() {
                        sorts = Some(index);
                    }
                    response.context_menu(|ui| toggles = column_menu(ui, hidden).or(toggles));
                });
            }
        })
        .body(|body| {
            body.rows(ROW_HEIGHT, list.rows().len(), |mut table_row| {
                let at = table_row.index();
                let row = &list.rows()[at];
                let repeats = at > 0 && list.rows()[at - 1].address() == row.address();
                let cells = names.cells(row);
                for (index, column) in shown() {
                    table_row.col(|ui| {
                        let font = if column.is_figure { mono(size::TEXT_SMALL) } else { sans(size::TEXT) };
                        let text = RichText::new(&cells[index]).font(font);
                        let text = text.color(colour(row, column.name, repeats, theme));
                        if column.name != "program" {
                            ui.add(Label::new(text).truncate().selectable(true));
                        } else if link(ui, text) {
                            opens = Some(names.card(row));
                        }
                    });
                }
                table_row.response().context_menu(|ui| {
                    if ui.button("Card").clicked() {
                        opens = Some(names.card(row));
                        ui.close();
                    }
                    menu(ui, row, names);
                });
            });
        });
    if let Some(column) = sorts {
        list.sort_by(column, names);
    }
    let card = opens.map(|connection| UiAction::Card(CardAction::Open(connection)));
    card.or(toggles.map(|column| UiAction::ToggleColumn { column }))
}

/// Returns the column that is to come or go.
fn column_menu(ui: &mut Ui, hidden: &HiddenColumns) -> Option<&'static str> {
    let mut toggled = None;
    for column in COLUMNS.iter().filter(|column| column.name != ALWAYS_SHOWN) {
        let mut is_shown = !hidden.hides(column.name);
        if ui.checkbox(&mut is_shown, column.name).clicked() {
            toggled = Some(column.name);
        }
    }
    toggled
}

/// Returns whether it was clicked.
fn link(ui: &mut Ui, text: RichText) -> bool {
    let label = Label::new(text).truncate().selectable(false).sense(Sense::click());
    let response = ui.add(label).on_hover_cursor(egui::CursorIcon::PointingHand);
    if response.hovered() {
        let (rect, colour) = (response.rect, ui.visuals().text_color());
        ui.painter().line_segment([rect.left_bottom(), rect.right_bottom()], egui::Stroke::new(1.0, colour));
    }
    response.clicked()
}

/// An address that stands above already is quieter, and so is what has closed meanwhile.
fn colour(row: &ListRow, column: &str, repeats: bool, theme: &Theme) -> Color32 {
    let colours = &theme.colours;
    match (row.is_closed || row.is_recorded, column, repeats) {
        (true, ..) => colours.text_faint,
        (_, "peer", true) => colours.text_second,
        _ => colours.text,
    }
    .egui()
}

fn menu(ui: &mut Ui, row: &ListRow, names: &Names<'_>) {
    if ui.button("Copy row").clicked() {
        ui.ctx().copy_text(names.cells(row).join("\t"));
        ui.close();
    }
    if ui.button(format!("Copy {}", row.address())).clicked() {
        ui.ctx().copy_text(row.address().to_string());
        ui.close();
    }
}

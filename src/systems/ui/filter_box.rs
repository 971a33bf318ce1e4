//! The filter: a box at the top in which it is typed, with what could be typed next below it, and when it is closed a chip
//! that says which filter is in force. What is typed counts at once; Enter closes the box, Escape takes the filter back.

mod offers;
mod paint;

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{
        self, Align, Align2, Area, Button, Context, FontSelection, Id, Key, Label, Layout, Order, Rect,
        RichText, Sense, TextBuffer, TextEdit, Ui, vec2,
    },
};

use super::{
    panel,
    style::{mono, sans},
    words::small_button,
};
use crate::{
    components::{
        action::{FilterAction, Overlays, UiAction},
        connection::{Agents, Connection, Trail},
        filtering::{ActiveFilter, FilterBox, MOST_SAVED},
        map_view::MapView,
        panels::Panels,
        rule_book::RuleBook,
        theme::{Theme, size},
    },
    model::LocatedConnection,
};
use offers::{KnownValues, Offer, Offers};

const WIDTH: f32 = 560.0;
/// Of the field, which must not grow with what stands in it.
const FIELD_HEIGHT: f32 = 24.0;
const TEXT: &str = "filter text";
/// Of the window's width, that a chip may take.
const WIDEST_CHIP: f32 = 0.4;

/// What is kept between frames.
#[derive(Default)]
pub(super) struct Typing {
    /// The text as it is edited; the box has it a frame later.
    text: String,
    was_open: bool,
    known: KnownValues,
    offers: Offers,
    /// The field is new, and has the keyboard only once it was shown.
    waits_for_focus: bool,
    /// What was typed before it had it; or behind a key that took an offer, within the same frame: that goes into the text
    /// that the offer left.
    later: Vec<egui::Event>,
}

pub(super) fn show(
    mut contexts: EguiContexts,
    (overlays, filter_box, active): (Res<Overlays>, Res<FilterBox>, Res<ActiveFilter>),
    open: Query<&Connection, Without<Trail>>,
    (book, agents): (Res<RuleBook>, Res<Agents>),
    (theme, view): (Res<Theme>, Res<MapView>),
    mut typing: Local<Typing>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    let context = contexts.ctx_mut()?;
    let typing = &mut *typing;
    if !overlays.filter {
        typing.was_open = false;
        if !active.0.is_everything() || filter_box.problem().is_some() {
            let rect = chip(context, &filter_box, &theme, &mut actions);
            panel::claim(&mut panels, rect, &view);
        }
        return Ok(());
    }
    // What is typed comes back, and a menu may have changed it.
    if filter_box.is_changed() || !typing.was_open {
        filter_box.text().clone_into(&mut typing.text);
    }
    if !typing.was_open {
        typing.was_open = true;
        typing.known = KnownValues::of(open.iter().map(|it| &*it.0 as &LocatedConnection), &book, &agents);
        typing.offers = Offers::default();
        typing.waits_for_focus = true;
        set_cursor(context, filter_box.text().chars().count());
        // The key that opened it is no part of the text.
        context.input_mut(|input| {
            let slash =
                input.events.iter().position(|event| matches!(event, egui::Event::Text(text) if text == "/"));
            slash.map(|slash| input.events.remove(slash));
        });
    }
    let width = WIDTH.min(context.content_rect().width() - 2.0 * size::MARGIN);
    let shown = Area::new(Id::new("filter box"))
        .anchor(Align2::CENTER_TOP, vec2(0.0, top(context)))
        .order(Order::Foreground)
        .fade_in(false)
        .show(context, |ui| {
            panel::dialog_frame(&theme).inner_margin(egui::Margin::symmetric(10, 6)).show(ui, |ui| {
                ui.set_width(width - 20.0);
                contents(ui, &filter_box, typing, &theme, &mut actions);
            });
        });
    panel::claim(&mut panels, shown.response.rect, &view);
    Ok(())
}

/// Below what else stands in the middle of the top.
fn top(context: &Context) -> f32 {
    let bottom = |name: &'static str, order| {
        let id = Id::new(name);
        let layer = egui::LayerId::new(order, id);
        context.memory(|memory| memory.area_rect(id).filter(|_| memory.areas().is_visible(&layer)))
    };
    [bottom("demo", Order::Middle), bottom("caption", Order::Background)]
        .into_iter()
        .flatten()
        .map(|rect: Rect| rect.bottom() + size::GRID)
        .fold(size::MARGIN, f32::max)
}

fn contents(
    ui: &mut Ui,
    filter_box: &FilterBox,
    typing: &mut Typing,
    theme: &Theme,
    actions: &mut MessageWriter<UiAction>,
) {
    let id = Id::new(TEXT);
    let takes_offer = keys(ui, typing);
    let problem = filter_box.problem().filter(|_| typing.text == filter_box.text());
    let place = problem.map(|problem| problem.range.clone());
    let mut layouter = |ui: &Ui, text: &dyn TextBuffer, _: f32| {
        ui.painter().layout_job(paint::job(text.as_str(), place.clone(), theme))
    };
    let edit = ui
        .horizontal(|ui| {
            let buttons = ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let is_saved = filter_box.saved.iter().any(|saved| saved == typing.text.trim());
                let has_room = filter_box.saved.len() < MOST_SAVED;
                let can_save = has_room && !is_saved && problem.is_none() && !typing.text.trim().is_empty();
                if small_button(ui, "clear", theme) {
                    actions.write(UiAction::Filter(FilterAction::Clear));
                }
                if can_save && small_button(ui, "save", theme) {
                    actions.write(UiAction::Filter(FilterAction::Save));
                }
                let field = TextEdit::singleline(&mut typing.text)
                    .id(id)
                    .frame(egui::Frame::NONE)
                    .font(FontSelection::FontId(mono(size::TEXT)))
                    .hint_text(RichText::new("prog:firefox cc:DE !lan").font(mono(size::TEXT)))
                    .lock_focus(true)
                    .desired_width(f32::INFINITY)
                    .layouter(&mut layouter);
                ui.add_sized(vec2(ui.available_width(), FIELD_HEIGHT), field)
            });
            buttons.inner
        })
        .inner;
    if edit.changed() {
        actions.write(UiAction::Filter(FilterAction::Set(typing.text.clone())));
    }
    if typing.waits_for_focus {
        edit.request_focus();
        ui.ctx().request_repaint();
    } else if edit.lost_focus() {
        // A click elsewhere leaves the box as it is.
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        if pressed(Key::Escape) {
            actions.write(UiAction::Filter(FilterAction::Clear));
        } else if pressed(Key::Enter) {
            actions.write(UiAction::ToggleFilter);
        }
    }
    if let Some(problem) = problem {
        let text = RichText::new(problem.to_string()).font(sans(size::TEXT_SMALL));
        ui.add(Label::new(text.color(theme.colours.error.egui())).wrap());
    }
    let cursor = cursor(ui, id).unwrap_or_else(|| typing.text.chars().count());
    typing.offers.refresh(&typing.text, cursor, &typing.known, &filter_box.saved);
    let clicked = typing.offers.show(ui, theme, actions);
    let offer = if takes_offer { typing.offers.chosen_or_first() } else { clicked };
    if let Some(offer) = offer {
        let cursor = take(offer, typing, actions);
        set_cursor(ui.ctx(), cursor);
        edit.request_focus();
        ui.ctx().request_repaint();
    }
}

/// Arrows choose among the offers, and Tab or Enter take one. Returns whether one is to be taken, as soon as the field has
/// seen what was typed before; it never sees these keys.
fn keys(ui: &Ui, typing: &mut Typing) -> bool {
    let has_focus = ui.memory(|memory| memory.has_focus(Id::new(TEXT)));
    typing.waits_for_focus &= !has_focus;
    ui.input_mut(|input| {
        if typing.waits_for_focus {
            typing.later.extend(input.events.extract_if(.., |event| is_typed(event)));
            return false;
        }
        if !has_focus {
            typing.later.clear();
            return false;
        }
        let now = std::mem::take(&mut input.events);
        let mut events = std::mem::take(&mut typing.later).into_iter().chain(now);
        let mut takes_offer = false;
        for event in events.by_ref() {
            match pressed(&event) {
                Some(Key::ArrowDown) => typing.offers.choose_next(),
                Some(Key::ArrowUp) => typing.offers.choose_previous(),
                Some(Key::Enter) if !typing.offers.has_choice() => input.events.push(event),
                Some(Key::Tab | Key::Enter) => {
                    takes_offer = true;
                    break;
                }
                _ => input.events.push(event),
            }
        }
        typing.later = events.collect();
        takes_offer
    })
}

const fn is_typed(event: &egui::Event) -> bool {
    matches!(event, egui::Event::Text(_) | egui::Event::Key { .. } | egui::Event::Paste(_))
}

fn pressed(event: &egui::Event) -> Option<Key> {
    match event {
        egui::Event::Key { key, pressed: true, modifiers, .. } if modifiers.is_none() => Some(*key),
        _ => None,
    }
}

/// Returns where the cursor belongs then, in characters.
fn take(offer: Offer, typing: &mut Typing, actions: &mut MessageWriter<UiAction>) -> usize {
    let (text, cursor_bytes) = match offer {
        Offer::Saved(text) => {
            let end = text.len();
            (text, end)
        }
        Offer::Completion(completion) => {
            let mut text = typing.text.clone();
            // A value is whole; what follows is another condition.
            let is_field = completion.text.ends_with(':');
            let is_last = completion.range.end == text.len();
            let gap = if is_field || !is_last { "" } else { " " };
            let end = completion.range.start + completion.text.len() + gap.len();
            text.replace_range(completion.range, &format!("{}{gap}", completion.text));
            (text, end)
        }
    };
    typing.text.clone_from(&text);
    let cursor = text[..cursor_bytes].chars().count();
    actions.write(UiAction::Filter(FilterAction::Set(text)));
    cursor
}

/// In characters.
fn cursor(ui: &Ui, id: Id) -> Option<usize> {
    Some(TextEdit::load_state(ui.ctx(), id)?.cursor.char_range()?.primary.index.0)
}

/// What is typed goes there, from the next frame on.
fn set_cursor(context: &Context, cursor: usize) {
    let id = Id::new(TEXT);
    let mut state = TextEdit::load_state(context, id).unwrap_or_default();
    let cursor = egui::text::CCursor::new(cursor);
    state.cursor.set_char_range(Some(egui::text::CCursorRange::one(cursor)));
    TextEdit::store_state(context, id, state);
}

/// Says which filter is in force. A click opens the box.
fn chip(
    context: &Context,
    filter_box: &FilterBox,
    theme: &Theme,
    actions: &mut MessageWriter<UiAction>,
) -> Rect {
    let widest = context.content_rect().width() * WIDEST_CHIP;
    let shown = Area::new(Id::new("filter chip"))
        .anchor(Align2::CENTER_TOP, vec2(0.0, top(context)))
        .order(Order::Middle)
        .fade_in(false)
        .show(context, |ui| {
            panel::frame(theme).inner_margin(egui::Margin::symmetric(12, 5)).show(ui, |ui| {
                ui.set_max_width(widest);
                ui.horizontal(|ui| {
                    let colours = &theme.colours;
                    let colour = if filter_box.problem().is_some() { colours.error } else { colours.accent };
                    ui.label(RichText::new("filter").font(sans(size::TEXT_SMALL)).color(colour.egui()));
                    let text = RichText::new(filter_box.text().trim())
                        .font(mono(size::TEXT))
                        .color(colours.text.egui());
                    let text = Label::new(text).truncate().selectable(false).sense(Sense::click());
                    let room = widest - 90.0;
                    let opens = ui
                        .scope(|ui| {
                            ui.set_max_width(room);
                            ui.add(text).on_hover_cursor(egui::CursorIcon::PointingHand).clicked()
                        })
                        .inner;
                    if opens {
                        actions.write(UiAction::ToggleFilter);
                    }
                    let clear = RichText::new("clear").font(sans(size::TEXT_SMALL));
                    if ui.add(Button::new(clear.color(colours.text_second.egui())).frame(false)).clicked() {
                        actions.write(UiAction::Filter(FilterAction::Clear));
                    }
                });
            });
        });
    shown.response.rect
}

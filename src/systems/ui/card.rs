//! Cards: windows with all that is known of a connection, what can be asked of it, and the answer. What leaves the machine
//! stands apart and says so. One for whatever is typed has a field in place of the facts.

mod answer;
mod facts;
mod pin;

use std::net::IpAddr;

use bevy::{platform::collections::HashMap, prelude::*};
use bevy_egui::{
    EguiContexts,
    egui::{self, Align, Key, Label, LayerId, Layout, RichText, Stroke, TextEdit, Ui, vec2},
};

use super::{
    panel,
    style::{medium, mono, sans},
    words::{self, small_button},
};
use crate::{
    components::{
        action::{CardAction, FilterAction, UiAction},
        cards::{About, Card, CardConnection, CardTools, Cards, Question},
        connection::{Agents, Position},
        hilbert_view::HilbertView,
        map_clock::MapClock,
        map_view::MapView,
        panels::Panels,
        picture::Picture,
        rule_book::RuleBook,
        theme::{Theme, size},
    },
    filter::{Field, condition},
};
use facts::FactNames;
use pin::Pinning;

const WIDTH: f32 = 430.0;
/// As it opens; it grows with what is in it.
const HEIGHT: f32 = 320.0;
/// Free below a card that opens, for the bottom line.
const BELOW: f32 = 80.0;
/// Around the dot of a connection whose card is open, in points.
const RING: f32 = 8.0;
/// Frames until its size is known.
const SETTLED_AFTER: u8 = 3;
/// Each card a little beside the one before, so that none hides another.
const STEP: f32 = 26.0;
const STEPS: u32 = 6;

/// What is typed into a card.
#[derive(Default)]
pub(super) struct Draft {
    drawn: u8,
    query: String,
    had_focus: bool,
    pinning: Option<Pinning>,
}

pub(super) fn show(
    mut contexts: EguiContexts,
    (cards, tools): (Res<Cards>, Res<CardTools>),
    (book, agents, clock): (Res<RuleBook>, Res<Agents>, Res<MapClock>),
    (theme, view, space): (Res<Theme>, Res<MapView>, Res<HilbertView>),
    (mut drafts, mut raised): (Local<HashMap<u32, Draft>>, Local<u32>),
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    drafts.retain(|number, _| cards.open.iter().any(|card| card.number == *number));
    if cards.open.is_empty() {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let names = FactNames { book: &book, agents: &agents, now_unix_millis: clock.now_unix_millis() };
    let last = cards.open.last().map(|card| card.number);
    for card in &cards.open {
        let draft = drafts.entry(card.number).or_default();
        let at = place(card, &Picture::new(*view, *space), context.content_rect());
        let mut window = egui::Window::new("card")
            .id(egui::Id::new(("card", card.number)))
            .title_bar(false)
            .frame(panel::dialog_frame(&theme))
            .fade_in(false)
            .resizable([true, false])
            .default_size(vec2(WIDTH, HEIGHT));
        // How large it is egui knows once it was drawn; until then it would be put where it has room for anything.
        if draft.drawn < SETTLED_AFTER {
            draft.drawn += 1;
            window = window.current_pos(at);
            context.request_repaint();
        }
        let shown = window.show(context, |ui| {
            let mut face = Face { card, names: &names, tools: &tools, theme: &theme, actions: &mut actions };
            face.show(ui, draft);
        });
        if let Some(shown) = shown {
            if cards.raised.0 == card.number && *raised != cards.raised.1 {
                *raised = cards.raised.1;
                context.move_to_top(shown.response.layer_id);
                context.request_repaint();
            }
            if last != Some(card.number) && is_pressed(context, shown.response.layer_id) {
                actions.write(UiAction::Card(CardAction::ToFront(card.number)));
            }
            panel::claim(&mut panels, shown.response.rect, &view);
        }
    }
    Ok(())
}

/// Whether a button of the pointer went down on this window in this frame.
fn is_pressed(context: &egui::Context, layer: LayerId) -> bool {
    let pressed_at =
        context.input(|input| if input.pointer.any_pressed() { input.pointer.interact_pos() } else { None });
    pressed_at.is_some_and(|at| context.layer_id_at(at) == Some(layer))
}

/// Beside the dot, on the side with more room; in the middle where there is none.
fn place(card: &Card, picture: &Picture, screen: egui::Rect) -> egui::Pos2 {
    let step = vec2(STEP, STEP) * (card.number % STEPS) as f32;
    let Some(at) = dot_at(card, picture) else {
        return screen.center() - vec2(WIDTH * 0.5, screen.height() * 0.25) + step;
    };
    let x = if at.x < screen.center().x { at.x + 3.0 * size::GRID } else { at.x - WIDTH - 6.0 * size::GRID };
    egui::pos2(
        x.max(size::MARGIN),
        (at.y - 120.0).clamp(size::MARGIN, (screen.bottom() - HEIGHT - BELOW).max(size::MARGIN)),
    )
}

/// Where the dot of a card's connection is, in points.
fn dot_at(card: &Card, picture: &Picture) -> Option<egui::Pos2> {
    let About::Connection(CardConnection { connection, .. }) = &card.about else {
        return None;
    };
    let position = connection.place.as_ref().ok().map(|place| Position::new(place.lat, place.lon));
    let px = picture.px_of(connection, position.as_ref())?;
    Some(egui::pos2(px[0], px[1]) / picture.map.px_per_point)
}

/// One card as it is drawn.
struct Face<'a, 'w> {
    card: &'a Card,
    names: &'a FactNames<'a>,
    tools: &'a CardTools,
    theme: &'a Theme,
    actions: &'a mut MessageWriter<'w, UiAction>,
}

impl Face<'_, '_> {
    fn show(&mut self, ui: &mut Ui, draft: &mut Draft) {
        ui.spacing_mut().item_spacing.y = size::GRID * 0.75;
        match &self.card.about {
            About::Connection(known) => self.connection(ui, known, draft),
            About::Typed => self.typed(ui, draft),
        }
        if let Some(asked) = &self.card.asked {
            ui.separator();
            if answer::show(ui, asked, self.tools, self.theme) {
                self.actions.write(UiAction::Card(CardAction::Cancel(self.card.number)));
            }
        }
    }

    fn ask(&mut self, question: Question) {
        self.actions.write(UiAction::Card(CardAction::Ask { card: self.card.number, question }));
    }

    /// A title, with the word that closes the card at the other end.
    fn title(&mut self, ui: &mut Ui, title: &str, beside: &str) {
        ui.horizontal(|ui| {
            ui.add(Label::new(RichText::new(title).font(medium(size::TEXT_TITLE))).selectable(true));
            ui.label(
                RichText::new(beside).font(sans(size::TEXT)).color(self.theme.colours.text_second.egui()),
            );
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if small_button(ui, "close", self.theme) {
                    self.actions.write(UiAction::Card(CardAction::Close(self.card.number)));
                }
            });
        });
    }

    fn connection(&mut self, ui: &mut Ui, known: &CardConnection, draft: &mut Draft) {
        let observation = &known.connection.observation;
        let beside = if known.is_closed { "closed" } else { "" };
        self.title(ui, &words::program(&observation.owner), beside);
        let facts = self.names.facts(known);
        facts::show(ui, &facts, self.card.number, self.theme);
        let ip = observation.peer.ip();
        let asn = known.connection.asn.as_ref().map(|asn| asn.number);
        let port = Some(observation.peer.port());
        self.questions(ui, ip, |command| Question::Custom { command, ip, port, asn });
        ui.horizontal(|ui| {
            ui.menu_button("Copy", |ui| self.copies(ui, known, &facts));
            ui.menu_button("Filter by", |ui| self.filters(ui, known));
            if ui.button("Pin a place").clicked() {
                draft.pinning = match draft.pinning {
                    Some(_) => None,
                    None => Some(Pinning::of(&known.connection)),
                };
            }
        });
        if let Some(pinning) = &mut draft.pinning
            && let Some(question) = pinning.show(ui, self.theme)
        {
            draft.pinning = None;
            self.ask(question);
        }
    }

    /// What stays here, and what asks others.
    fn questions(&mut self, ui: &mut Ui, ip: IpAddr, custom: impl Fn(usize) -> Question) {
        let mut asked = None;
        let mut group = |ui: &mut Ui, words: &str, leaves_machine: bool, own: &[(&str, Question)]| {
            ui.horizontal_wrapped(|ui| {
                let words = RichText::new(words).font(sans(size::TEXT_SMALL));
                let room = vec2(96.0, 22.0);
                let label = Label::new(words.color(self.theme.colours.text_second.egui())).selectable(false);
                ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
                    ui.set_min_size(room);
                    ui.add(label);
                });
                for (word, question) in own {
                    if ui.button(*word).clicked() {
                        asked = Some(question.clone());
                    }
                }
                for (index, tool) in self.tools.commands.iter().enumerate() {
                    if tool.leaves_machine == leaves_machine && ui.button(&tool.name).clicked() {
                        asked = Some(custom(index));
                    }
                }
            });
        };
        let here = [("Lookup", Question::Lookup(ip.to_string())), ("Web log", Question::Weblog(ip))];
        group(ui, "on this machine", false, &here);
        let away = [("net whois", Question::Whois(ip)), ("reverse DNS", Question::Name(ip))];
        group(ui, "leaves it", true, &away);
        if let Some(question) = asked {
            self.ask(question);
        }
    }

    fn copies(&mut self, ui: &mut Ui, known: &CardConnection, facts: &[(&'static str, String)]) {
        let connection = &known.connection;
        let copy = |ui: &mut Ui, word: String, text: String| {
            if ui.button(word).clicked() {
                ui.ctx().copy_text(text);
                ui.close();
            }
        };
        let ip = connection.observation.peer.ip().to_string();
        copy(ui, ip.clone(), ip);
        if let Some(asn) = &connection.asn {
            copy(ui, format!("AS{}", asn.number), format!("AS{}", asn.number));
        }
        let text: Vec<String> = facts.iter().map(|(name, value)| format!("{name}\t{value}")).collect();
        copy(ui, "all of it".to_owned(), text.join("\n"));
        copy(ui, "as JSON".to_owned(), serde_json::to_string_pretty(&**connection).unwrap_or_default());
    }

    fn filters(&mut self, ui: &mut Ui, known: &CardConnection) {
        let (connection, seen) = (&known.connection, &known.connection.observation);
        let country = connection.place.as_ref().ok().and_then(|place| place.country);
        let choices = [
            Some(condition(Field::Network, &seen.peer.ip().to_string())),
            connection.asn.as_ref().map(|asn| condition(Field::Asn, &asn.number.to_string())),
            Some(condition(Field::Program, seen.owner.name())),
            country.map(|country| condition(Field::Country, country.as_str())),
            Some(condition(Field::Port, &seen.peer.port().to_string())),
        ];
        for choice in choices.into_iter().flatten() {
            if ui.button(RichText::new(&choice).font(mono(size::TEXT_SMALL))).clicked() {
                self.actions.write(UiAction::Filter(FilterAction::Add(choice)));
                ui.close();
            }
        }
    }

    fn typed(&mut self, ui: &mut Ui, draft: &mut Draft) {
        self.title(ui, "Look up", "");
        let field = TextEdit::singleline(&mut draft.query)
            .font(egui::FontSelection::FontId(mono(size::TEXT)))
            .hint_text(RichText::new("94.74.97.164, 2001:db8::/32, AS13335 or a name").font(mono(size::TEXT)))
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::symmetric(8, 5));
        let field = ui.add(field);
        if !std::mem::replace(&mut draft.had_focus, true) {
            field.request_focus();
        }
        let is_asked = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let query = draft.query.trim().to_owned();
        let ip = query.parse::<IpAddr>().ok();
        if let Some(ip) = ip {
            self.questions(ui, ip, |command| Question::Custom { command, ip, port: None, asn: None });
        }
        if is_asked && !query.is_empty() {
            field.request_focus();
            self.ask(Question::Lookup(query));
        }
    }
}

/// Rings around the dots of connections whose cards are open.
pub(super) fn ring(
    mut contexts: EguiContexts,
    cards: Res<Cards>,
    theme: Res<Theme>,
    (view, space): (Res<MapView>, Res<HilbertView>),
) -> Result {
    ring_on(contexts.ctx_mut()?, &Picture::new(*view, *space), &cards, &theme);
    Ok(())
}

/// The rings on one picture.
pub(super) fn ring_on(context: &egui::Context, picture: &Picture, cards: &Cards, theme: &Theme) {
    let painter = context.layer_painter(LayerId::background());
    for at in cards.open.iter().filter_map(|card| dot_at(card, picture)) {
        painter.circle_stroke(at, RING, Stroke::new(1.6, theme.colours.accent.egui()));
    }
}

//! The bottom line: the clock at the left, the account of all sockets at the right. Every figure opens its list.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align, Align2, Area, Color32, FontId, Label, Layout, Order, RichText, Sense, Ui},
};

use super::{
    DemoBadge,
    label_layout::LabelLayout,
    panel,
    row::grouped,
    style::{medium, mono, sans},
};
use crate::{
    components::{
        account::Account,
        action::{ListKind, UiAction},
        data_sources::DataSources,
        history_circles::HistoryCircles,
        map_clock::MapClock,
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
    },
    model::NoPlace,
    tally::Tally,
};

/// Height of the bottom line, in points.
pub(super) const HEIGHT: f32 = 36.0;
/// Between the reasons and the data they rest on.
const APART: f32 = 24.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    clock: Res<MapClock>,
    (account, history): (Res<Account>, Res<HistoryCircles>),
    sources: Res<DataSources>,
    labels: Res<LabelLayout>,
    demo: Option<Res<DemoBadge>>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    let context = contexts.ctx_mut()?;
    let margin = egui::vec2(size::MARGIN + size::INNER, -size::MARGIN);
    let left = Area::new(egui::Id::new("clock"))
        .anchor(Align2::LEFT_BOTTOM, margin)
        .order(Order::Background)
        .fade_in(false)
        .show(context, |ui| {
            ui.spacing_mut().item_spacing = egui::vec2(size::GRID, 2.0);
            let (date, time) = date_and_time(clock.now_unix_millis());
            ui.horizontal(|ui| {
                words(ui, &date, mono(size::TEXT), theme.colours.text_second.egui());
                words(ui, &time, mono(size::TEXT), theme.colours.text.egui());
            });
            let (word, colour) =
                if demo.is_some() { ("SCENE", theme.colours.warning) } else { ("LIVE", theme.colours.good) };
            ui.horizontal(|ui| {
                words(ui, word, medium(size::TEXT_SMALL), colour.egui());
                words(ui, "F1 help", sans(size::TEXT_SMALL), theme.colours.text_faint.egui());
            });
        });
    let right = Area::new(egui::Id::new("account"))
        .anchor(Align2::RIGHT_BOTTOM, egui::vec2(-size::MARGIN, -size::MARGIN))
        .order(Order::Background)
        .fade_in(false)
        .show(context, |ui| {
            ui.spacing_mut().item_spacing = egui::vec2(0.0, 2.0);
            ui.with_layout(Layout::top_down(Align::Max), |ui| {
                sums(ui, &account, &theme, &mut actions);
                if view.has_room_for_panels() {
                    reasons(ui, &account, &history, &labels, &sources, &theme, &mut actions);
                }
            });
        });
    panel::claim(&mut panels, left.response.rect, &view);
    panel::claim(&mut panels, right.response.rect, &view);
    Ok(())
}

/// `163 sockets = 151 on the map + 12 without place`
fn sums(ui: &mut Ui, account: &Account, theme: &Theme, actions: &mut MessageWriter<UiAction>) {
    let colour = theme.colours.text.egui();
    let without = account.not_shown() - account.hidden;
    right_to_left(ui, |ui| {
        if account.hidden > 0 {
            link(ui, account.hidden, "hidden", colour, sans(size::TEXT), ListKind::Hidden, actions);
            sign(ui, "+", colour);
        }
        if without > 0 {
            let list = ListKind::WithoutAnyPlace;
            link(ui, without, "without place", colour, sans(size::TEXT), list, actions);
            sign(ui, "+", colour);
        }
        link(ui, account.on_map, "on the map", colour, sans(size::TEXT), ListKind::OnMap, actions);
        sign(ui, "=", colour);
        let noun = if account.total == 1 { "socket" } else { "sockets" };
        link(ui, account.total, noun, colour, sans(size::TEXT), ListKind::All, actions);
    });
}

/// `LAN 8 · loopback 3 · no entry 1      data 2026-06 · DB-IP, RouteViews`
fn reasons(
    ui: &mut Ui,
    account: &Account,
    history: &HistoryCircles,
    labels: &LabelLayout,
    sources: &DataSources,
    theme: &Theme,
    actions: &mut MessageWriter<UiAction>,
) {
    let (faint, font) = (theme.colours.text_faint.egui(), || sans(size::TEXT_SMALL));
    right_to_left(ui, |ui| {
        words(ui, &sources.short, font(), faint);
        ui.add_space(APART);
        if history.shown {
            words(ui, &history_line(history.tally()), font(), faint);
            ui.add_space(APART);
        }
        let mut first = true;
        for reason in NoPlace::ALL.into_iter().rev().filter(|reason| account.without_place(*reason) > 0) {
            dot(ui, &mut first, faint);
            let figure = format!("{} {}", reason.label(), grouped(account.without_place(reason)));
            if click(ui, &figure, faint, font()) {
                actions.write(UiAction::OpenList(ListKind::WithoutPlace(reason)));
            }
        }
        for (count, what, list) in [
            (account.beyond_edge, "beyond the edge", ListKind::BeyondEdge),
            (account.unnamed, "of unknown program", ListKind::UnknownProgram),
        ] {
            if count > 0 {
                dot(ui, &mut first, faint);
                link(ui, count, what, faint, font(), list, actions);
            }
        }
        if labels.without_room > 0 {
            dot(ui, &mut first, faint);
            words(ui, &format!("{} texts without room", grouped(labels.without_room)), font(), faint);
        }
    });
}

/// What the circles show, and what found no room among them.
fn history_line(tally: &Tally) -> String {
    let count = |count: u64, noun: &str| {
        let shown = grouped(usize::try_from(count).unwrap_or(usize::MAX));
        format!("{shown} {noun}{}", if count == 1 { "" } else { "s" })
    };
    let mut line = format!(
        "history of {} at {}",
        count(tally.connections(), "connection"),
        count(tally.places() as u64, "place")
    );
    if tally.left_out() > 0 {
        line = format!("{line} · {} without room", count(tally.left_out(), "connection"));
    }
    line
}

/// Words are laid from the right, so they come last first.
fn right_to_left(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(
        egui::vec2(ui.available_width(), 16.0),
        Layout::right_to_left(Align::Center),
        contents,
    );
}

fn words(ui: &mut Ui, text: &str, font: FontId, colour: Color32) {
    ui.add(Label::new(RichText::new(text).font(font).color(colour)).extend());
}

/// A sign of arithmetic, with air around it.
fn sign(ui: &mut Ui, sign: &str, colour: Color32) {
    ui.add_space(6.0);
    words(ui, sign, sans(size::TEXT), colour);
    ui.add_space(6.0);
}

/// The middle dot between facts; none before the first.
fn dot(ui: &mut Ui, first: &mut bool, colour: Color32) {
    if !std::mem::take(first) {
        ui.add_space(4.0);
        words(ui, "·", sans(size::TEXT_SMALL), colour);
        ui.add_space(4.0);
    }
}

fn click(ui: &mut Ui, text: &str, colour: Color32, font: FontId) -> bool {
    let label = Label::new(RichText::new(text).font(font).color(colour)).extend().sense(Sense::click());
    let response = ui.add(label).on_hover_cursor(egui::CursorIcon::PointingHand);
    if response.hovered() {
        let (rect, line) = (response.rect, egui::Stroke::new(1.0, colour));
        ui.painter().line_segment([rect.left_bottom(), rect.right_bottom()], line);
    }
    response.clicked()
}

fn link(
    ui: &mut Ui,
    count: usize,
    noun: &str,
    colour: Color32,
    font: FontId,
    list: ListKind,
    actions: &mut MessageWriter<UiAction>,
) {
    if click(ui, &format!("{} {noun}", grouped(count)), colour, font) {
        actions.write(UiAction::OpenList(list));
    }
}

/// Local date and time to the minute, as `22 Nov 2026` and `21:48`.
pub(super) fn date_and_time(unix_millis: i64) -> (String, String) {
    let Ok(at) = jiff::Timestamp::from_millisecond(unix_millis) else {
        return Default::default();
    };
    let local = at.to_zoned(jiff::tz::TimeZone::system());
    (local.strftime("%-d %b %Y").to_string(), local.strftime("%H:%M").to_string())
}

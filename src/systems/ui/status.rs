//! The bottom line: at the left the clock and what time the map shows, at the right the account of all sockets. Every
//! figure opens its list.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{
        self, Align, Align2, Area, Color32, FontId, Label, Layout, Order, RichText, Sense, Ui, UiBuilder,
    },
};

use super::{
    DemoBadge,
    facts::{facts, reasons},
    label_layout::LabelLayout,
    panel,
    row::grouped,
    style::{medium, mono, sans},
    timeline::{self, LineWidths},
};
use crate::components::{
    account::Account,
    action::{ListKind, UiAction},
    data_sources::DataSources,
    hilbert_view::HilbertView,
    history_circles::HistoryCircles,
    map_clock::MapClock,
    map_view::MapView,
    panels::Panels,
    still::Still,
    theme::{Theme, size},
    time_travel::{Shown, TimeTravel, Timeline},
    trails::TimeLapse,
    wall::Wall,
};

/// Height of the bottom line, in points.
pub(super) const HEIGHT: f32 = 36.0;
/// Between the clock and what stands beside it.
const APART: f32 = 24.0;
/// A narrower picture, on its side on a wall, says of all sockets how many there are and no more. Points.
const SUMS_FROM: f32 = 440.0;
/// Of one line.
const LINE_HEIGHT: f32 = 16.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    clock: Res<MapClock>,
    (account, history, space): (Res<Account>, Res<HistoryCircles>, Res<HilbertView>),
    (travel, timeline, lapse): (Res<TimeTravel>, Res<Timeline>, Res<TimeLapse>),
    still: Option<Res<Still>>,
    sources: Res<DataSources>,
    labels: Res<LabelLayout>,
    (demo, wall): (Option<Res<DemoBadge>>, Option<Res<Wall>>),
    theme: Res<Theme>,
    view: Res<MapView>,
    mut widths: ResMut<LineWidths>,
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
            // A wall has a larger clock.
            if wall.is_some() {
                return;
            }
            ui.spacing_mut().item_spacing = egui::vec2(size::GRID, 2.0);
            let (date, _) = date_and_time(clock.now_unix_millis());
            let time = timeline::time(clock.now_unix_millis(), timeline::has_seconds(&travel));
            ui.horizontal(|ui| {
                words(ui, &date, mono(size::TEXT), theme.colours.text_second.egui());
                words(ui, &time, mono(size::TEXT), theme.colours.text.egui());
            });
            ui.horizontal(|ui| {
                let (word, colour) =
                    state(&travel, demo.is_some(), still.as_deref().and_then(|still| still.word), &theme);
                words(ui, &word, medium(size::TEXT_SMALL), colour);
                // The row of buttons has more room for it, where there is one.
                let has_buttons = timeline.is_open && view.has_room_for_panels();
                let hint = sums_line(&travel).filter(|_| !has_buttons);
                let hint = hint.or_else(|| lapse.words());
                // Nobody can press a key in a picture.
                let hint = hint.or_else(|| still.is_none().then(|| "F1 help".to_owned()));
                if let Some(hint) = hint {
                    words(ui, &hint, sans(size::TEXT_SMALL), theme.colours.text_faint.egui());
                }
            });
        });
    if still.as_ref().is_some_and(|still| still.word.is_some()) {
        // There are no connections to account for.
        panel::claim(&mut panels, left.response.rect, &view);
        return Ok(());
    }
    let facts = || facts(&account, &history, &labels, &sources);
    let free_row = timeline::free_row(&timeline, &travel, &view, *widths);
    let right = Area::new(egui::Id::new("account"))
        .anchor(Align2::RIGHT_BOTTOM, egui::vec2(-size::MARGIN, -size::MARGIN))
        .order(Order::Background)
        .constrain(false)
        .fade_in(false)
        .show(context, |ui| {
            ui.spacing_mut().item_spacing = egui::vec2(0.0, 2.0);
            ui.with_layout(Layout::top_down(Align::Max), |ui| {
                sums(ui, &account, space.is_shown, &theme, &mut actions);
                if free_row.is_some() {
                    // The first line stays where it was.
                    ui.add_space(LINE_HEIGHT);
                } else if view.has_room_for_panels() && wall.is_none() {
                    let clock_ends = left.response.rect.right() + APART;
                    let room = context.content_rect().right() - size::MARGIN - clock_ends;
                    reasons(ui, facts(), room, &theme, &mut actions);
                }
                ui.min_rect()
            })
            .inner
        });
    if let Some(row) = free_row {
        let shown = Area::new(egui::Id::new("reasons"))
            .fixed_pos(row.min)
            .order(Order::Background)
            .constrain(false)
            .fade_in(false)
            .show(context, |ui| {
                let layout = Layout::right_to_left(Align::Center);
                ui.scope_builder(UiBuilder::new().max_rect(row).layout(layout), |ui| {
                    ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
                    reasons(ui, facts(), row.width(), &theme, &mut actions);
                    ui.min_rect()
                })
                .inner
            });
        panel::claim(&mut panels, shown.inner, &view);
    }
    let now = LineWidths { clock: left.response.rect.width(), account: right.inner.width() };
    widths.set_if_neq(now);
    panel::claim(&mut panels, left.response.rect, &view);
    panel::claim(&mut panels, right.inner, &view);
    Ok(())
}

/// What the map shows: `LIVE`, `REPLAY ×60`, `PAUSED`, `SPAN 14:00–18:00`.
pub(super) fn state(
    travel: &TimeTravel,
    is_scene: bool,
    still_word: Option<&'static str>,
    theme: &Theme,
) -> (String, Color32) {
    let colours = &theme.colours;
    let (word, colour) = match travel.shown {
        Shown::Now => match still_word {
            Some(word) => (word.to_owned(), colours.accent),
            None if is_scene => ("SCENE".to_owned(), colours.warning),
            None => ("LIVE".to_owned(), colours.good),
        },
        Shown::Moment if travel.is_playing => {
            (format!("REPLAY ×{}", grouped(travel.speed as usize)), colours.accent)
        }
        Shown::Moment => ("PAUSED".to_owned(), colours.accent),
        Shown::Span(span) => (format!("SPAN {}", timeline::span(span)), colours.accent),
    };
    (word, colour.egui())
}

/// Says that not all of a stretch is drawn one by one, where that is so.
pub(super) fn sums_line(travel: &TimeTravel) -> Option<String> {
    let sums = travel.sums.as_ref().filter(|_| matches!(travel.shown, Shown::Span(_)))?;
    let total = grouped(usize::try_from(sums.total).unwrap_or(usize::MAX));
    Some(format!("newest {} of {total} shown one by one", grouped(sums.shown)))
}

/// Behind how many there are: of how many, where a filter leaves some out.
fn all_noun(account: &Account) -> String {
    let all = account.total + account.filtered_out;
    let noun = if all == 1 { "socket" } else { "sockets" };
    match account.filtered_out {
        0 => noun.to_owned(),
        _ => format!("of {} {noun}", grouped(all)),
    }
}

/// `163 sockets = 151 on the map + 12 without place`, or with a filter `22 of 163 sockets = 22 on the map`.
fn sums(
    ui: &mut Ui,
    account: &Account,
    is_space: bool,
    theme: &Theme,
    actions: &mut MessageWriter<UiAction>,
) {
    // In the address space those without a place on earth are shown too.
    let [on, without_place] =
        if is_space { ["with a place on earth", "without"] } else { ["on the map", "without place"] };
    let colour = theme.colours.text.egui();
    let without = account.not_shown() - account.hidden;
    let has_room = ui.ctx().content_rect().width() >= SUMS_FROM;
    right_to_left(ui, |ui| {
        if account.hidden > 0 && has_room {
            link(ui, account.hidden, "hidden", colour, sans(size::TEXT), ListKind::Hidden, actions);
            sign(ui, "+", colour);
        }
        if without > 0 && has_room {
            let list = ListKind::WithoutAnyPlace;
            link(ui, without, without_place, colour, sans(size::TEXT), list, actions);
            sign(ui, "+", colour);
        }
        if has_room {
            link(ui, account.on_map, on, colour, sans(size::TEXT), ListKind::OnMap, actions);
            sign(ui, "=", colour);
        }
        link(ui, account.total, &all_noun(account), colour, sans(size::TEXT), ListKind::All, actions);
    });
}

/// Words are laid from the right, so they come last first.
pub(super) fn right_to_left(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(
        egui::vec2(ui.available_width(), LINE_HEIGHT),
        Layout::right_to_left(Align::Center),
        contents,
    );
}

pub(super) fn words(ui: &mut Ui, text: &str, font: FontId, colour: Color32) {
    ui.add(Label::new(RichText::new(text).font(font).color(colour)).extend());
}

/// A sign of arithmetic, with air around it.
fn sign(ui: &mut Ui, sign: &str, colour: Color32) {
    ui.add_space(6.0);
    words(ui, sign, sans(size::TEXT), colour);
    ui.add_space(6.0);
}

/// The middle dot between facts; none before the first.
pub(super) fn dot(ui: &mut Ui, first: &mut bool, colour: Color32) {
    if !std::mem::take(first) {
        ui.add_space(4.0);
        words(ui, "·", sans(size::TEXT_SMALL), colour);
        ui.add_space(4.0);
    }
}

pub(super) fn click(ui: &mut Ui, text: &str, colour: Color32, font: FontId) -> bool {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::components::time_travel::{Span, SpanSums};

    #[test]
    fn the_account_says_of_how_many_a_filter_leaves_some() {
        let account = |total, filtered_out| {
            let mut account = Account::with_labels(0);
            (account.total, account.filtered_out) = (total, filtered_out);
            account
        };
        assert_eq!(all_noun(&account(1, 0)), "socket");
        assert_eq!(all_noun(&account(1, 1)), "of 2 sockets");
        assert_eq!(all_noun(&account(0, 1)), "of 1 socket");
    }

    #[test]
    fn the_line_says_what_time_is_shown() {
        let mut travel = TimeTravel::default();
        let word = |travel: &TimeTravel| state(travel, false, None, &Theme::DARK).0;
        assert_eq!(word(&travel), "LIVE");
        assert_eq!(state(&travel, true, None, &Theme::DARK).0, "SCENE");
        assert_eq!(state(&travel, false, Some("ANSWER"), &Theme::DARK).0, "ANSWER");
        travel.shown = Shown::Moment;
        assert_eq!(word(&travel), "PAUSED");
        (travel.is_playing, travel.speed) = (true, 1_800);
        assert_eq!(word(&travel), "REPLAY ×1\u{202f}800");
        travel.sums = Some(Arc::new(SpanSums { total: 1_234_567, shown: 20_000, ..SpanSums::default() }));
        assert_eq!(sums_line(&travel), None, "sums of a stretch that is shown no more");
        travel.shown = Shown::Span(Span { from_ms: 0, to_ms: 1_000 });
        assert!(word(&travel).starts_with("SPAN "));
        let line = sums_line(&travel).unwrap();
        assert_eq!(line.replace('\u{202f}', ","), "newest 20,000 of 1,234,567 shown one by one");
    }
}

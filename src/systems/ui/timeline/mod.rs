//! Along the bottom, the past: how much happened when, the moment or stretch that the map shows, and the buttons that play
//! it. Read from `TimeTravel` and `Timeline`; what the user asks for goes out as `UiAction::Time`, and nothing changes here.

mod bar;
mod caption;
mod columns;
mod gestures;
mod ground;
mod room;
mod scale;
mod ticks;
mod times;
mod transport;

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Area, Order, Sense},
};

pub(super) use caption::show as show_caption;
pub(super) use ground::show as show_ground;
pub(super) use room::{LineWidths, free_row, reach};
pub(super) use times::{has_seconds, span, time, time_or_day};

use self::room::{Room, room};
use super::panel;
use crate::components::{
    action::UiAction,
    map_clock::MapClock,
    map_view::MapView,
    palette::Palette,
    panels::Panels,
    rule_book::RuleBook,
    theme::{Theme, size},
    time_travel::{TimeTravel, Timeline},
};

pub(super) fn show(
    mut contexts: EguiContexts,
    (travel, timeline, clock): (Res<TimeTravel>, Res<Timeline>, Res<MapClock>),
    (book, palette, theme): (Res<RuleBook>, Res<Palette>, Res<Theme>),
    view: Res<MapView>,
    widths: Res<LineWidths>,
    (mut kept, mut hand): (Local<bar::Kept>, Local<gestures::Hand>),
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if !timeline.is_open {
        *hand = gestures::Hand::default();
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    if book.is_changed() || palette.is_changed() || theme.is_changed() {
        kept.forget();
    }
    let room = room(&view, *widths);
    let rect = room.all();
    let shown = bar::Shown {
        travel: &travel,
        timeline: &timeline,
        theme: &theme,
        // What is later than the recording is now, as far as the recording knows.
        now_ms: if travel.is_now() {
            clock.now_unix_millis()
        } else {
            travel.recorded.map_or(clock.now_unix_millis(), |recorded| recorded.to_ms)
        },
    };
    Area::new(egui::Id::new("timeline"))
        .fixed_pos(rect.min)
        .order(Order::Middle)
        .constrain(false)
        .fade_in(false)
        .show(context, |ui| {
            ui.allocate_rect(rect, Sense::hover());
            let response = ui.interact(room.bar, ui.id().with("bar"), Sense::click_and_drag());
            let mut send = |action| {
                actions.write(UiAction::Time(action));
            };
            match shown.scale(&room) {
                Some(scale) => {
                    let recorded = travel.recorded.unwrap_or(scale.view);
                    hand.obey(&response, ui, (&scale, &travel, recorded), &mut send);
                    kept.renew(ui, &shown, &room, &scale, (&book, *palette), view.px_per_point);
                    let pointer = response.hover_pos().filter(|_| response.hovered() || hand.is_busy());
                    bar::paint(ui, &kept, &shown, &room, &scale, (hand.stretch(&scale), pointer));
                }
                None => bar::say_why_empty(ui, &shown, &room),
            }
            if let Some(row) = room.transport {
                transport::show(ui, row, &travel, &theme, &mut send);
            }
        });
    panel::claim(&mut panels, rect.expand2(egui::vec2(size::GRID, 0.0)), &view);
    Ok(())
}

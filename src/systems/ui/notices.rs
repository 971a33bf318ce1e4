//! Top right: what the user should read, until dismissed. On a wall, where nobody can, in the middle of the bottom, below no
//! clock.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, RichText},
};

use super::{
    panel, status,
    style::{medium, sans},
    timeline,
};
use crate::components::{
    action::UiAction,
    hilbert_view::HilbertView,
    map_view::MapView,
    notices::{Notices, Severity},
    panels::Panels,
    theme::{Theme, size},
    time_travel::Timeline,
    wall::Wall,
};

pub(super) const WIDTH: f32 = 360.0;
/// Between the key and the lists of a wall of 16:9.
const WALL_WIDTH: f32 = 320.0;
/// Below the exit button.
const TOP: f32 = size::MARGIN + 32.0;
/// More than has room scrolls; a line or two are always seen.
const SHORTEST: f32 = 60.0;
/// A file with more bad lines than this says how many there are; the log has them all.
const LINES_SHOWN: usize = 8;

pub(super) fn show(
    mut contexts: EguiContexts,
    (notices, timeline, wall): (Res<Notices>, Res<Timeline>, Option<Res<Wall>>),
    theme: Res<Theme>,
    (view, space_view): (Res<MapView>, Res<HilbertView>),
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if notices.0.is_empty() {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    // Below the panel of the address space, where that is shown.
    let space = context.memory(|memory| memory.area_rect(egui::Id::new("space")));
    let space = space.filter(|_| space_view.is_shown && view.has_room_for_panels());
    let top = space.map_or(TOP, |space| space.bottom() + size::GRID);
    let offset = egui::vec2(-size::MARGIN, top);
    let below = size::MARGIN + timeline::reach(&timeline, &view) + size::GRID;
    let tallest = (context.content_rect().height() - top - below - 2.0 * size::INNER).max(SHORTEST);
    let (anchor, offset) = match wall {
        Some(_) => (Align2::CENTER_BOTTOM, egui::vec2(0.0, -below - status::HEIGHT)),
        None => (Align2::RIGHT_TOP, offset),
    };
    let (rect, ()) = panel::floating(context, "notices", anchor, offset, panel::dialog_frame(&theme), |ui| {
        ui.set_width(if wall.is_some() { WALL_WIDTH } else { WIDTH });
        egui::ScrollArea::vertical().max_height(tallest).min_scrolled_height(tallest).show(ui, |ui| {
            for notice in &notices.0 {
                let colour = match notice.severity {
                    Severity::Info => theme.colours.accent,
                    Severity::Warning => theme.colours.warning,
                    Severity::Error => theme.colours.error,
                };
                ui.horizontal(|ui| {
                    ui.label(RichText::new(&notice.topic).font(medium(size::TEXT)).color(colour.egui()));
                    if wall.is_some() {
                        return;
                    }
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        let close = RichText::new("dismiss").font(sans(size::TEXT_SMALL));
                        if ui.add(egui::Button::new(close).frame(false)).clicked() {
                            actions.write(UiAction::DismissNotice { topic: notice.topic.clone() });
                        }
                    });
                });
                for line in notice.lines.iter().take(LINES_SHOWN) {
                    let text = RichText::new(line)
                        .font(sans(size::TEXT_SMALL))
                        .color(theme.colours.text_second.egui());
                    ui.add(egui::Label::new(text).wrap());
                }
                if let Some(more) = notice.lines.len().checked_sub(LINES_SHOWN).filter(|more| *more > 0) {
                    let text = RichText::new(format!("and {more} more, see the log"));
                    ui.label(text.font(sans(size::TEXT_SMALL)).color(theme.colours.text_faint.egui()));
                }
                ui.add_space(size::GRID * 0.5);
            }
        });
    });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

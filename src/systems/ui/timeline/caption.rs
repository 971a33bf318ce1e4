//! Top centre, while the map shows the past: which past, large enough to be read from across a room.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Area, Color32, Order, Rangef, Rect, Sense, pos2, vec2},
};

use super::times;
use crate::{
    components::{
        map_clock::MapClock,
        map_view::MapView,
        notices::Notices,
        panels::Panels,
        theme::{Theme, size},
        time_travel::TimeTravel,
        wall::Wall,
    },
    systems::ui::{
        notices, panel,
        style::{medium, mono},
    },
};

/// Between date and time, in shares of their size.
const GAP: f32 = 0.5;
/// Largest first; where not even the last has room, the clock must do.
const SIZES: [f32; 3] = [size::TEXT_CAPTION, size::TEXT_TITLE, size::TEXT_LARGE];
/// Share of the window's width that it may take: a small window is all map.
const WIDEST: f32 = 0.45;
/// Free space around it, in points.
const BREATH: f32 = 12.0;
/// Of the same words in the colour of the sea, which lie below and around it: dots and coasts do not eat into it.
const HALO: f32 = 1.5;

pub(in crate::systems::ui) fn show(
    mut contexts: EguiContexts,
    (travel, clock): (Res<TimeTravel>, Res<MapClock>),
    (notices, wall): (Res<Notices>, Option<Res<Wall>>),
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
) -> Result {
    if travel.is_now() {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let (date, time) = times::caption(&travel, clock.now_unix_millis());
    let screen = context.content_rect();
    let of_area = |name: &'static str| {
        let id = egui::Id::new(name);
        let layer = egui::LayerId::new(Order::Middle, id);
        context.memory(|memory| memory.area_rect(id).filter(|_| memory.areas().is_visible(&layer)))
    };
    // On both sides as much as on the narrower one: it stands in the middle.
    let mut half = screen.width() * 0.5 * WIDEST;
    // Those of a wall are at the bottom.
    if !notices.0.is_empty() && wall.is_none() {
        let from = screen.right() - size::MARGIN - notices::WIDTH - 2.0 * size::INNER;
        half = half.min(from - screen.center().x - BREATH);
    }
    let top = of_area("demo").map_or(screen.top() + size::MARGIN, |badge| badge.bottom() + size::GRID);
    let band = Rangef::new(top, top + SIZES[0]);
    for beside in panel::shown(&panels, &view).filter(|rect| rect.y_range().intersection(band).span() > 0.0) {
        half = half.min((beside.left() - screen.center().x).max(screen.center().x - beside.right()) - BREATH);
    }
    let painter = context.layer_painter(egui::LayerId::background());
    for points in SIZES {
        let colours = &theme.colours;
        let date = painter.layout_no_wrap(date.clone(), medium(points), Color32::PLACEHOLDER);
        let time = painter.layout_no_wrap(time.clone(), mono(points), Color32::PLACEHOLDER);
        let gap = if time.size().x > 0.0 { points * GAP } else { 0.0 };
        let size = vec2(date.size().x + gap + time.size().x, date.size().y.max(time.size().y));
        if size.x * 0.5 > half {
            continue;
        }
        let rect = Rect::from_min_size(pos2(screen.center().x - size.x * 0.5, top), size);
        let halo = colours.ocean_top.egui();
        Area::new(egui::Id::new("caption"))
            .fixed_pos(rect.min)
            .order(Order::Background)
            .interactable(false)
            .fade_in(false)
            .show(context, |ui| {
                ui.allocate_rect(rect, Sense::hover());
                let painter = ui.painter();
                for (galley, at, align, colour) in [
                    (&date, rect.left_center(), Align2::LEFT_CENTER, colours.text_second),
                    (&time, rect.right_center(), Align2::RIGHT_CENTER, colours.text),
                ] {
                    let at = align.anchor_size(at, galley.size()).min;
                    for (x, y) in [(-HALO, 0.0), (HALO, 0.0), (0.0, -HALO), (0.0, HALO)] {
                        painter.galley(at + vec2(x, y), galley.clone(), halo);
                    }
                    painter.galley(at, galley.clone(), colour.egui());
                }
            });
        panel::claim(&mut panels, rect, &view);
        break;
    }
    Ok(())
}

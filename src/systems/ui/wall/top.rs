//! At the right, below the clock: the countries, systems and programs with the most connections.

use std::sync::Arc;

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Id, LayerId, Order, Rect, Sense, Ui},
};

use super::clock;
use crate::{
    components::{
        map_view::MapView,
        panels::Panels,
        theme::{Theme, size},
        top_lists::TopLists,
    },
    systems::ui::{
        panel, row,
        style::{medium, sans},
    },
};

const WIDTH: f32 = 190.0;
const FIGURE_ROOM: f32 = 44.0;

pub(in crate::systems::ui) fn show(
    mut contexts: EguiContexts,
    lists: Res<TopLists>,
    theme: Res<Theme>,
    view: Res<MapView>,
    mut panels: ResMut<Panels>,
) -> Result {
    if *lists == TopLists::default() {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let clock = Id::new(clock::AREA);
    let layer = LayerId::new(Order::Background, clock);
    let above =
        context.memory(|memory| memory.area_rect(clock).filter(|_| memory.areas().is_visible(&layer)));
    let top = above.map_or(size::MARGIN, |clock| clock.bottom() + size::GRID);
    let offset = egui::vec2(-size::MARGIN, top);
    let (rect, ()) = panel::floating(context, "wall top", Align2::RIGHT_TOP, offset, &theme, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (nth, (head, rows)) in
            [("Countries", &lists.countries), ("Networks", &lists.systems), ("Programs", &lists.programs)]
                .into_iter()
                .filter(|(_, rows)| !rows.is_empty())
                .enumerate()
        {
            if nth > 0 {
                ui.add_space(size::GRID);
            }
            list(ui, head, rows, &theme);
        }
    });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

fn list(ui: &mut Ui, head: &str, rows: &[(Arc<str>, usize)], theme: &Theme) {
    let colours = &theme.colours;
    let mut line = || ui.allocate_exact_size(egui::vec2(WIDTH, row::ROW_HEIGHT), Sense::hover()).0;
    let lines: Vec<Rect> = (0..=rows.len()).map(|_| line()).collect();
    let at = lines[0].left_center();
    row::text(ui, at, Align2::LEFT_CENTER, head, sans(size::TEXT_SMALL), colours.text_faint.egui());
    for (line, (name, count)) in lines[1..].iter().zip(rows) {
        let room = line.with_max_x(line.right() - FIGURE_ROOM);
        row::clipped(ui, room, name, medium(size::TEXT), colours.text.egui());
        row::figure(ui, *line, *count, colours.text.egui());
    }
}

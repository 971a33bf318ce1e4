//! At the right, below the clock: the countries, systems and programs with the most connections.

use std::sync::Arc;

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Rangef, Rect, Sense, Ui},
};

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
    let lists =
        [("Countries", &lists.countries), ("Networks", &lists.systems), ("Programs", &lists.programs)];
    let lists: Vec<_> = lists.into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
    // As many as there is room for.
    let right = context.content_rect().right() - size::MARGIN;
    let free = panel::free_column(&panels, &view, Rangef::new(right - WIDTH - 2.0 * size::INNER, right));
    let mut left = free.span() - 2.0 * size::INNER;
    let fitting = lists.iter().enumerate().take_while(|(nth, (_, rows))| {
        let gap = if *nth > 0 { size::GRID } else { 0.0 };
        left -= gap + (rows.len() + 1) as f32 * row::ROW_HEIGHT;
        left >= 0.0
    });
    let fitting = fitting.count();
    if fitting == 0 {
        return Ok(());
    }
    let offset = egui::vec2(-size::MARGIN, free.min);
    let (rect, ()) =
        panel::floating(context, "wall top", Align2::RIGHT_TOP, offset, panel::frame(&theme), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (nth, (head, rows)) in lists.into_iter().take(fitting).enumerate() {
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

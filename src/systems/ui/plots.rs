//! Beside the key: the answers that are drawn on the map, each with its colour and the word that clears it. On the picture: a
//! ring around the dot of the selected row.

use bevy::{ecs::system::SystemParam, prelude::*};
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, LayerId, Rect, Sense, Stroke, Ui},
};

use super::{
    panel, row,
    style::{medium, sans},
    timeline,
};
use crate::components::{
    action::{Overlays, UiAction},
    hilbert_view::HilbertView,
    map_view::MapView,
    panels::Panels,
    picture::Picture,
    sql::{Plot, SqlAction, SqlDesk},
    still::Still,
    theme::{PLOT_COLOURS, Theme, size},
    time_travel::Timeline,
};

const WIDTH: f32 = 230.0;
const DISC: f32 = 4.5;
const NAME_AT: f32 = 18.0;
/// For the number of dots, and the cross behind it.
const FIGURE_ROOM: f32 = 70.0;
const CROSS_ROOM: f32 = 18.0;
/// Of the ring, in points: well outside the dot and its halo.
const RING: f32 = 13.0;

pub(super) fn show(
    mut contexts: EguiContexts,
    desk: Res<SqlDesk>,
    (timeline, still): (Res<Timeline>, Option<Res<Still>>),
    theme: Res<Theme>,
    (view, space): (Res<MapView>, Res<HilbertView>),
    mut panels: ResMut<Panels>,
    mut actions: MessageWriter<UiAction>,
) -> Result {
    if desk.plots.is_empty() || !view.has_room_for_panels() {
        return Ok(());
    }
    let context = contexts.ctx_mut()?;
    let key = context.memory(|memory| memory.area_rect(egui::Id::new("rules")));
    let left = key.map_or(size::MARGIN, |key| key.right() + size::GRID);
    let offset = egui::vec2(left, -(size::MARGIN + timeline::reach(&timeline, &view) + size::GRID));
    let (rect, ()) =
        panel::floating(context, "plots", Align2::LEFT_BOTTOM, offset, panel::frame(&theme), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let (line, _) = row::place(ui, WIDTH, row::ROW_HEIGHT, &theme);
            let faint = theme.colours.text_faint.egui();
            row::text(ui, line.left_center(), Align2::LEFT_CENTER, "Plotted", sans(size::TEXT_SMALL), faint);
            for plot in &desk.plots {
                if one(ui, plot, space.is_shown, still.is_none(), &theme) {
                    actions.write(UiAction::Sql(SqlAction::ClearPlot(plot.answer.id)));
                }
            }
        });
    panel::claim(&mut panels, rect, &view);
    Ok(())
}

/// Returns whether the plot is to go.
fn one(ui: &mut Ui, plot: &Plot, is_space: bool, can_go: bool, theme: &Theme) -> bool {
    let (line, response) = row::place(ui, WIDTH, row::ROW_HEIGHT, theme);
    let colours = &theme.colours;
    let colour = PLOT_COLOURS[plot.colour % PLOT_COLOURS.len()].egui();
    ui.painter().circle_filled(line.left_center() + egui::vec2(DISC, 0.0), DISC, colour);
    let room = Rect::from_min_max(
        line.min + egui::vec2(NAME_AT, 0.0),
        egui::pos2(line.right() - FIGURE_ROOM, line.bottom()),
    );
    row::clipped(ui, room, &plot.answer.name, medium(size::TEXT), colours.text.egui());
    let room = if can_go { CROSS_ROOM } else { 0.0 };
    let figures = Rect::from_min_max(line.min, line.max - egui::vec2(room, 0.0));
    let drawn = if is_space { plot.addresses.len() } else { plot.points.len() };
    row::figure(ui, figures, drawn, colours.text.egui());
    let cross = line.right_center() - egui::vec2(4.0, 0.0);
    let line = Stroke::new(1.2, if response.hovered() { colours.text } else { colours.text_faint }.egui());
    for (x, y) in [(3.0, 3.0), (3.0, -3.0)].into_iter().filter(|_| can_go) {
        let arm = egui::vec2(x, y);
        ui.painter().line_segment([cross - arm, cross + arm], line);
    }
    let missing = match plot.without_place {
        0 => String::new(),
        rows => format!(" · {} rows without place", row::grouped(rows)),
    };
    response
        .interact(Sense::click())
        .on_hover_text(format!("{}{missing} · click: clear", plot.answer.name))
        .clicked()
}

pub(super) fn ring(
    mut contexts: EguiContexts,
    (view, space): (Res<MapView>, Res<HilbertView>),
    ring: SelectedRing,
) -> Result {
    ring.show(contexts.ctx_mut()?, &Picture::new(*view, *space));
    Ok(())
}

/// Around the dot of the selected row, on one picture.
#[derive(SystemParam)]
pub(super) struct SelectedRing<'w> {
    overlays: Res<'w, Overlays>,
    desk: Res<'w, SqlDesk>,
    theme: Res<'w, Theme>,
}

impl SelectedRing<'_> {
    pub(super) fn show(&self, context: &egui::Context, picture: &Picture) {
        let Self { overlays, desk, theme } = self;
        // Without its table, a ring alone would stand around nothing.
        let is_seen = overlays.sql || desk.selected.is_some_and(|selected| desk.is_plotted(selected.answer));
        let Some([x, y]) = desk.selected_px(picture).filter(|_| is_seen) else {
            return;
        };
        let at = egui::pos2(x, y) / picture.map.px_per_point;
        let painter = context.layer_painter(LayerId::background());
        painter.circle_stroke(at, RING, Stroke::new(1.6, theme.colours.accent.egui()));
    }
}

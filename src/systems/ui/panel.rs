//! A floating panel: the one shape that everything over the map has, and the list of where such panels lie.

use bevy::prelude::*;
use bevy_egui::{
    EguiContexts,
    egui::{self, Align2, Area, Context, CornerRadius, Frame, Margin, Order, Rangef, Rect, Stroke, Ui, Vec2},
};

use crate::components::{
    map_view::MapView,
    panels::{Panels, PxRect},
    theme::{Rgba, Theme, size},
};

/// Forgets the panels of the last frame; those of this one add themselves.
pub(super) fn begin(mut panels: ResMut<Panels>) {
    panels.rects.clear();
}

/// Whose the keys of the next frame are, once all panels have shown: a field may have got the focus just now. A button
/// that has it takes no letters.
pub(super) fn end(mut contexts: EguiContexts, mut panels: ResMut<Panels>) -> Result {
    panels.has_keyboard = contexts.ctx_mut()?.text_edit_focused();
    Ok(())
}

/// Draws a panel that hangs from a corner or an edge of the window, so many points inside it.
pub(super) fn floating<R>(
    context: &Context,
    name: &'static str,
    anchor: Align2,
    offset: Vec2,
    frame: Frame,
    contents: impl FnOnce(&mut Ui) -> R,
) -> (Rect, R) {
    hanging(context, name, anchor, offset, (Order::Middle, frame), contents)
}

/// Draws a dialog in the middle of the window, over all panels.
pub(super) fn dialog<R>(
    context: &Context,
    name: &'static str,
    theme: &Theme,
    contents: impl FnOnce(&mut Ui) -> R,
) -> (Rect, R) {
    hanging(
        context,
        name,
        Align2::CENTER_CENTER,
        Vec2::ZERO,
        (Order::Foreground, dialog_frame(theme)),
        contents,
    )
}

fn hanging<R>(
    context: &Context,
    name: &'static str,
    anchor: Align2,
    offset: Vec2,
    (order, frame): (Order, Frame),
    contents: impl FnOnce(&mut Ui) -> R,
) -> (Rect, R) {
    let shown = Area::new(egui::Id::new(name))
        .anchor(anchor, offset)
        .order(order)
        .fade_in(false)
        .constrain(false)
        .show(context, |ui| frame.show(ui, contents).inner);
    (shown.response.rect, shown.inner)
}

pub(super) fn frame(theme: &Theme) -> Frame {
    Frame::new()
        .fill(theme.colours.panel.egui())
        .stroke(Stroke::new(1.0, theme.colours.panel_edge.egui()))
        .corner_radius(CornerRadius::same(size::PANEL_RADIUS))
        .inner_margin(Margin::same(size::INNER as i8))
}

/// A frame for what lies over other panels: nothing shines through the text.
pub(super) fn dialog_frame(theme: &Theme) -> Frame {
    frame(theme).fill(Rgba { alpha: 1.0, ..theme.colours.panel }.egui())
}

/// Where panels lie that have shown in this frame, in points.
pub(super) fn shown(panels: &Panels, view: &MapView) -> impl Iterator<Item = Rect> {
    let points = |px: [f32; 2]| egui::pos2(px[0] / view.px_per_point, px[1] / view.px_per_point);
    panels.rects.iter().map(move |rect| Rect::from_min_max(points(rect.min), points(rect.max)))
}

/// What is left for one more panel between two abscissas of a wall: from below what lies above the middle to above what lies
/// below it. Points; nothing is left where the second is less.
pub(super) fn free_column(panels: &Panels, view: &MapView, x: Rangef) -> Rangef {
    let height = view.size_px[1] / view.px_per_point;
    let beside = |rect: &Rect| rect.x_range().intersection(x).span() > 0.0;
    let mut free = Rangef::new(size::MARGIN, height - size::MARGIN);
    for rect in shown(panels, view).filter(beside) {
        if rect.center().y < height * 0.5 {
            free.min = free.min.max(rect.bottom() + size::GRID);
        } else {
            free.max = free.max.min(rect.top() - size::GRID);
        }
    }
    free
}

/// Says that the pointer belongs to a panel here.
pub(super) fn claim(panels: &mut Panels, rect: Rect, view: &MapView) {
    let px = |pos: egui::Pos2| [pos.x * view.px_per_point, pos.y * view.px_per_point];
    panels.rects.push(PxRect { min: px(rect.min), max: px(rect.max) });
}

//! A row of a panel: text at the left, a figure at the right, both on one base line, with room for a mark before.

use bevy_egui::egui::{self, Align2, Color32, FontId, Pos2, Rect, Response, Sense, Ui, Vec2};

use super::style;
use crate::components::theme::{Theme, size};

/// Height of a row in points.
pub(super) const ROW_HEIGHT: f32 = 20.0;

/// Draws text with its vertical middle at `y`. Returns its width.
pub(super) fn text(ui: &Ui, at: Pos2, align: Align2, text: &str, font: FontId, colour: Color32) -> f32 {
    ui.painter().text(at, align, text, font, colour).width()
}

pub(super) fn width(ui: &Ui, text: &str, font: FontId) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), font, Color32::WHITE).size().x
}

/// Takes a row's place. It lights up under the pointer.
pub(super) fn place(ui: &mut Ui, width: f32, height: f32, theme: &Theme) -> (Rect, Response) {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::click());
    if response.hovered() {
        let lit = rect.expand2(egui::vec2(size::GRID * 0.5, 0.0));
        ui.painter().rect_filled(lit, 4.0, theme.colours.hover.egui());
        ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
    }
    (rect, response)
}

/// Text at the left of a place; what is too long is cut with an ellipsis.
pub(super) fn clipped(ui: &Ui, room: Rect, text: &str, font: FontId, colour: Color32) {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room.width());
    let galley = ui.painter().layout_job(job);
    let at = room.left_center() - egui::vec2(0.0, galley.size().y * 0.5);
    ui.painter().galley(at, galley, colour);
}

/// A figure at the right end of a row.
pub(super) fn figure(ui: &Ui, row: Rect, figure: usize, colour: Color32) {
    text(ui, row.right_center(), Align2::RIGHT_CENTER, &grouped(figure), style::mono(size::TEXT), colour);
}

/// Thousands apart by thin spaces, as in 18 204.
pub(super) fn grouped(figure: usize) -> String {
    let digits = figure.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_stand_apart() {
        assert_eq!(super::grouped(0), "0");
        assert_eq!(super::grouped(999), "999");
        assert_eq!(super::grouped(18_204), "18\u{202f}204");
        assert_eq!(super::grouped(1_000_000), "1\u{202f}000\u{202f}000");
    }
}

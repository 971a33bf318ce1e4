//! Words to choose among: one of several, or each by itself.

use bevy_egui::egui::{Button, RichText, Ui};

use super::style::sans;
use crate::components::theme::size;

/// Of a line of them, in points.
pub(super) const HEIGHT: f32 = 22.0;

/// Returns what was chosen, if that is another one.
pub(super) fn choices<T: Copy + PartialEq>(
    ui: &mut Ui,
    choices: &[(impl AsRef<str>, T)],
    chosen: T,
) -> Option<T> {
    let mut other = None;
    for (text, value) in choices {
        if choice(ui, text.as_ref(), *value == chosen) && *value != chosen {
            other = Some(*value);
        }
    }
    other
}

/// Returns whether it was clicked.
pub(super) fn choice(ui: &mut Ui, text: &str, is_chosen: bool) -> bool {
    let text = RichText::new(text).font(sans(size::TEXT));
    // The frame stays, so that words do not move when another is chosen.
    ui.add(Button::selectable(is_chosen, text).frame_when_inactive(true)).clicked()
}

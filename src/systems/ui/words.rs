//! Small words that dialogs share: quiet explanations, and buttons that are nothing but a word.

use bevy_egui::egui::{self, Label, RichText, Ui};

use super::style::sans;
use crate::components::theme::{Theme, size};

pub(super) fn faint(ui: &mut Ui, text: &str, theme: &Theme) {
    let text = RichText::new(text).font(sans(size::TEXT_SMALL)).color(theme.colours.text_second.egui());
    ui.add(Label::new(text).wrap());
}

pub(super) fn small_button(ui: &mut Ui, text: &str, theme: &Theme) -> bool {
    let text = RichText::new(text).font(sans(size::TEXT_SMALL)).color(theme.colours.text_second.egui());
    ui.add(egui::Button::new(text).frame(false)).clicked()
}

/// An ordinary button.
pub(super) fn button(ui: &mut Ui, text: &str, enabled: bool) -> bool {
    let text = RichText::new(text).font(sans(size::TEXT));
    ui.add_enabled(enabled, egui::Button::new(text)).clicked()
}

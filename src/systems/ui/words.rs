//! Small words that panels share: quiet explanations, buttons that are nothing but a word, and how places and programs are
//! written.

use std::borrow::Cow;

use bevy_egui::egui::{self, Label, RichText, Ui};

use super::style::sans;
use crate::{
    components::theme::{Theme, size},
    model::{Owner, Place},
};

/// City and country, as far as they are known: `Berlin, DE`.
pub(super) fn place(place: &Place) -> String {
    let country = place.country.map_or_else(String::new, |country| country.to_string());
    match (place.city.is_empty(), country.is_empty()) {
        (true, _) => country,
        (false, true) => place.city.to_string(),
        (false, false) => format!("{}, {country}", place.city),
    }
}

/// Degrees north and east as people type them: two numbers, apart by a blank, a comma or both.
pub(super) fn lat_lon(text: &str) -> Option<[f32; 2]> {
    let numbers = text.split([' ', ',', ';']).filter(|part| !part.is_empty());
    let numbers: Vec<f32> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    match numbers[..] {
        [lat, lon] if lat.abs() <= 90.0 && lon.abs() <= 180.0 => Some([lat, lon]),
        _ => None,
    }
}

/// The program's name, or why there is none.
pub(super) fn program(owner: &Owner) -> Cow<'_, str> {
    match owner {
        Owner::Program { name, .. } => Cow::Borrowed(name),
        Owner::NotPermitted => "? other user".into(),
        Owner::Unknown => "? no process".into(),
    }
}

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

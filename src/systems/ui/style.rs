//! Type, colours and shapes of the panels, from the one theme.

use std::sync::Arc;

use bevy::prelude::*;
use bevy_egui::{
    EguiContext, EguiContexts,
    egui::{
        self, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, TextStyle, style,
    },
};

use crate::components::{
    map_view::MapView,
    second_window::{SecondWindow, SpaceCamera},
    theme::{Theme, size},
};

const SANS: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
const SANS_MEDIUM: &[u8] = include_bytes!("../../../assets/fonts/Inter-Medium.otf");
const MONO: &[u8] = include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf");

/// Fonts come before a context's first pass: egui takes them over at the start of one.
pub(super) fn set_fonts(mut contexts: Query<&mut EguiContext, Added<EguiContext>>) {
    for mut context in &mut contexts {
        context.get_mut().set_fonts(fonts());
    }
}

/// The size of a point follows the window; it, too, counts from the start of a pass.
pub(super) fn set_scale(
    view: Res<MapView>,
    second: Res<SecondWindow>,
    mut contexts: Query<(&mut EguiContext, Has<SpaceCamera>)>,
) {
    for (mut context, is_second) in &mut contexts {
        let px_per_point = match &second.0 {
            Some(second) if is_second => second.view.px_per_point(),
            _ => view.px_per_point,
        };
        let context = context.get_mut();
        let zoom = px_per_point / context.native_pixels_per_point().unwrap_or(1.0);
        if (context.zoom_factor() - zoom).abs() > 1e-3 {
            context.set_zoom_factor(zoom);
        }
    }
}

/// Sets colours and shapes when the theme changes.
pub(super) fn apply(mut contexts: EguiContexts, theme: Res<Theme>) -> Result {
    if theme.is_changed() {
        dress(contexts.ctx_mut()?, &theme);
    }
    Ok(())
}

/// Sets colours and shapes.
pub(super) fn dress(context: &egui::Context, theme: &Theme) {
    context.set_visuals(visuals(theme));
    context.all_styles_mut(shape);
}

/// The medium weight, for what is to be read first.
pub(super) fn medium(points: f32) -> FontId {
    FontId::new(points, FontFamily::Name("medium".into()))
}

pub(super) fn sans(points: f32) -> FontId {
    FontId::proportional(points)
}

/// Even figures: addresses, ports, counts and times.
pub(super) fn mono(points: f32) -> FontId {
    FontId::monospace(points)
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in [("inter", SANS), ("inter-medium", SANS_MEDIUM), ("jetbrains-mono", MONO)] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    // egui's own fonts stay behind ours, for signs that ours lack.
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (family, name) in [
        (FontFamily::Proportional, "inter"),
        (FontFamily::Name("medium".into()), "inter-medium"),
        (FontFamily::Monospace, "jetbrains-mono"),
    ] {
        let chain = std::iter::once(name.to_owned()).chain(fallback.iter().cloned()).collect();
        fonts.families.insert(family, chain);
    }
    fonts
}

fn visuals(theme: &Theme) -> egui::Visuals {
    let colours = &theme.colours;
    let mut visuals = if theme.is_dark { egui::Visuals::dark() } else { egui::Visuals::light() };
    let panel = colours.panel.egui();
    let edge = Stroke::new(1.0, colours.panel_edge.egui());
    visuals.override_text_color = Some(colours.text.egui());
    // A caret that blinks would have the whole map drawn twice a second for nothing.
    visuals.text_cursor.blink = false;
    visuals.window_fill = panel;
    visuals.panel_fill = panel;
    visuals.window_stroke = edge;
    visuals.window_corner_radius = CornerRadius::same(size::PANEL_RADIUS);
    visuals.window_shadow = egui::Shadow::NONE;
    visuals.popup_shadow = egui::Shadow::NONE;
    visuals.hyperlink_color = colours.accent.egui();
    visuals.selection.bg_fill = colours.accent.egui().gamma_multiply(0.3);
    visuals.extreme_bg_color = Color32::from_black_alpha(if theme.is_dark { 60 } else { 10 });
    visuals.faint_bg_color = colours.hover.egui();
    for widget in [
        &mut visuals.widgets.noninteractive,
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
        &mut visuals.widgets.open,
    ] {
        widget.corner_radius = CornerRadius::same(4);
        widget.bg_stroke = edge;
    }
    let lit = |strength: f32| colours.text.egui().gamma_multiply(strength);
    visuals.widgets.inactive.weak_bg_fill = lit(0.07);
    visuals.widgets.hovered.weak_bg_fill = lit(0.14);
    visuals.widgets.active.weak_bg_fill = lit(0.2);
    visuals.widgets.inactive.bg_fill = lit(0.07);
    visuals.widgets.hovered.bg_fill = lit(0.14);
    visuals
}

fn shape(style: &mut egui::Style) {
    style.animation_time = 0.0;
    style.text_styles = [
        (TextStyle::Small, sans(size::TEXT_SMALL)),
        (TextStyle::Body, sans(size::TEXT)),
        (TextStyle::Button, sans(size::TEXT)),
        (TextStyle::Monospace, mono(size::TEXT_SMALL)),
        (TextStyle::Heading, medium(size::TEXT_TITLE)),
    ]
    .into();
    style.spacing.item_spacing = egui::vec2(size::GRID, size::GRID * 0.5);
    style.spacing.button_padding = egui::vec2(10.0, 4.0);
    style.spacing.window_margin = egui::Margin::same(size::INNER as i8);
    // It would be a grey shade on paper.
    style.spacing.scroll.fade.strength = 0.0;
    style.interaction = style::Interaction { selectable_labels: false, ..style.interaction.clone() };
}

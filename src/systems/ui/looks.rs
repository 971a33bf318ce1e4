//! The circle around where somebody looked, as long as its list is open. It flashes first, so that the eye finds it.

use bevy::{ecs::system::SystemParam, platform::collections::HashMap, prelude::*};
use bevy_egui::{
    EguiContexts,
    egui::{self, LayerId, Stroke},
};

use crate::components::{
    action::{ListKind, Overlays},
    animation::Animation,
    hilbert_view::HilbertView,
    inspect::Looks,
    map_view::MapView,
    picture::Picture,
    theme::Theme,
};

/// Seconds.
const FLASH: f64 = 0.6;
/// Of the whole circle, at the beginning of the flash.
const BRIGHTEST: f32 = 0.55;

pub(super) fn show(
    mut contexts: EguiContexts,
    (view, space): (Res<MapView>, Res<HilbertView>),
    mut circles: Circles,
) -> Result {
    circles.show(contexts.ctx_mut()?, &Picture::new(*view, *space));
    Ok(())
}

/// The circles on one picture.
#[derive(SystemParam)]
pub(super) struct Circles<'w, 's> {
    overlays: Res<'w, Overlays>,
    looks: Res<'w, Looks>,
    animation: Res<'w, Animation>,
    theme: Res<'w, Theme>,
    /// When each was seen first.
    since: Local<'s, HashMap<u32, f64>>,
}

impl Circles<'_, '_> {
    pub(super) fn show(&mut self, context: &egui::Context, picture: &Picture) {
        let Self { overlays, looks, animation, theme, since } = self;
        since.retain(|number, _| overlays.lists.contains(&ListKind::Near(*number)));
        let now = context.input(|input| input.time);
        let ink = theme.colours.text.egui();
        let points = picture.map.px_per_point;
        for number in overlays.lists.iter().filter_map(|list| match list {
            ListKind::Near(number) => Some(*number),
            _ => None,
        }) {
            let Some((px, radius_px)) = looks.get(number).and_then(|look| look.circle_px(picture)) else {
                continue;
            };
            let (at, radius) = (egui::pos2(px[0], px[1]) / points, radius_px / points);
            let painter = context.layer_painter(LayerId::background());
            let age = (now - *since.entry(number).or_insert(now)).max(0.0);
            if age < FLASH && !animation.reduced {
                let left = 1.0 - (age / FLASH) as f32;
                painter.circle_filled(at, radius, ink.gamma_multiply(BRIGHTEST * left * left));
                context.request_repaint();
            }
            painter.circle_stroke(at, radius, Stroke::new(1.4, ink.gamma_multiply(0.8)));
        }
    }
}

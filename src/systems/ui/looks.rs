//! The circle around where somebody looked, as long as its list is open. It flashes first, so that the eye finds it.

use bevy::{platform::collections::HashMap, prelude::*};
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
    overlays: Res<Overlays>,
    looks: Res<Looks>,
    animation: Res<Animation>,
    theme: Res<Theme>,
    (view, space): (Res<MapView>, Res<HilbertView>),
    mut since: Local<HashMap<u32, f64>>,
) -> Result {
    let open = |number: &u32| overlays.lists.contains(&ListKind::Near(*number));
    since.retain(|number, _| open(number));
    let context = contexts.ctx_mut()?;
    let now = context.input(|input| input.time);
    let ink = theme.colours.text.egui();
    for number in overlays.lists.iter().filter_map(|list| match list {
        ListKind::Near(number) => Some(*number),
        _ => None,
    }) {
        let Some(look) = looks.get(number) else {
            continue;
        };
        let Some((px, radius_px)) = look.circle_px(&Picture::new(*view, *space)) else {
            continue;
        };
        let at = egui::pos2(px[0], px[1]) / view.px_per_point;
        let radius = radius_px / view.px_per_point;
        let painter = context.layer_painter(LayerId::background());
        let age = (now - *since.entry(number).or_insert(now)).max(0.0);
        if age < FLASH && !animation.reduced {
            let left = 1.0 - (age / FLASH) as f32;
            painter.circle_filled(at, radius, ink.gamma_multiply(BRIGHTEST * left * left));
            context.request_repaint();
        }
        painter.circle_stroke(at, radius, Stroke::new(1.4, ink.gamma_multiply(0.8)));
    }
    Ok(())
}

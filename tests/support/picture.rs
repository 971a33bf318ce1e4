//! Pictures as a test looks at them: pixel by pixel. Colours are compared in linear light, as the graphics card adds
//! it up.

use std::{path::Path, process::Command};

use connmapperl::{
    components::{
        map_view::MapView,
        theme::{linear_from_srgb, px_per_point, size},
    },
    rules::Rgba,
};
use image::RgbImage;

use super::{Home, skipped_for_want_of_an_adapter};

pub struct Picture(pub RgbImage);

impl Picture {
    pub fn read(path: &Path) -> Self {
        Self(image::open(path).unwrap().to_rgb8())
    }

    /// Runs a `snapshot` that writes `map.png` into the home. `None` where nothing can draw.
    pub fn taken(home: &Home, command: &mut Command) -> Option<Self> {
        let output = command.output().unwrap();
        if skipped_for_want_of_an_adapter(&output) {
            return None;
        }
        assert!(output.status.success(), "{}", super::complaint(&output));
        Some(Self::read(&home.path("map.png")))
    }

    /// The whole-world view that a picture of this size shows.
    pub fn view(&self) -> MapView {
        let [width, height] = [self.0.width() as f32, self.0.height() as f32];
        MapView::home([width, height], px_per_point(height, 1.0))
    }

    /// Positions and colours of the pixels whose centres lie so far from a point.
    pub fn within(
        &self,
        center_px: [f32; 2],
        radii_px: std::ops::Range<f32>,
    ) -> impl Iterator<Item = ([f32; 2], [u8; 3])> {
        let reach_px = radii_px.end.ceil();
        let pixels = |axis: usize, most: u32| {
            let from = (center_px[axis] - reach_px).max(0.0) as u32;
            from..((center_px[axis] + reach_px).max(0.0) as u32 + 1).min(most)
        };
        let (columns, rows) = (pixels(0, self.0.width()), pixels(1, self.0.height()));
        rows.flat_map(move |y| columns.clone().map(move |x| (x, y)))
            .map(|(x, y)| ([x as f32 + 0.5, y as f32 + 0.5], self.0.get_pixel(x, y).0))
            .filter(move |(at, _)| radii_px.contains(&distance_px(*at, center_px)))
    }

    /// How many pixels of a dot's rim there are, and how many of them have the rule's colour. The middle of a
    /// dot is whitened and its last half pixel is soft, so only what lies between is its colour: at the rule's opacity
    /// over a dark map, up to fully opaque where dots lie on one another.
    pub fn rim(&self, center_px: [f32; 2], color: Rgba) -> (usize, usize) {
        /// Light of the map under a dot, at most.
        const GROUND: f32 = 0.05;
        /// White that is left at the inner side of the rim, and what rounding to 8 bits takes or adds.
        const WHITE: f32 = 0.04;
        const ROUNDING: f32 = 0.01;
        let radius_px = size::DOT * self.view().px_per_point;
        let full = [color.red, color.green, color.blue].map(linear_from_srgb);
        let (mut rim, mut coloured) = (0, 0);
        for (_, bytes) in self.within(center_px, radius_px * 0.62..radius_px - 0.5) {
            let light = bytes.map(|byte| linear_from_srgb(f32::from(byte) / 255.0));
            let fits = |(light, full): (&f32, &f32)| {
                (full * color.alpha - ROUNDING..=full + GROUND + WHITE + ROUNDING).contains(light)
            };
            rim += 1;
            coloured += usize::from(light.iter().zip(&full).all(fits));
        }
        (rim, coloured)
    }
}

/// Distance of two points.
pub fn distance_px(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

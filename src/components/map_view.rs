//! Which part of the world is on screen: the one transform between map units and pixels that drawing, labels and
//! picking share. Map units are those of `projection`.

use bevy::prelude::Resource;

use super::{glide::Sight, theme::size};
use crate::projection::map_from_lon_lat;

/// Of a window that has not told its own, physical pixels.
pub const FIRST_SIZE_PX: [u32; 2] = [1280, 720];
/// Zoom 1 shows the whole world; beyond this a pixel is some 60 m at the equator and the data has no more to say.
pub const MAX_ZOOM: f32 = 256.0;
/// Middle of the whole-world view: about 78 N to 58 S at 16:9.
const HOME_CENTER_Y: f32 = 0.080;
/// A window wider than this shows sea beside the world rather than cutting off more of north and south.
const WIDEST_ASPECT: f32 = 2.1;
/// A share of the picture.
const NOTICED: f32 = 0.12;
/// The map is square: its top and bottom edge in map units.
const MAX_MAP_Y: f32 = 0.5;

/// Pixels are physical ones, y down, origin top left.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct MapView {
    /// Map units.
    pub center: [f32; 2],
    pub zoom: f32,
    pub size_px: [f32; 2],
    /// Physical pixels a point, the unit of all sizes in `theme`.
    pub px_per_point: f32,
}

impl MapView {
    /// The whole world in a picture of this size.
    pub fn home(size_px: [f32; 2], px_per_point: f32) -> Self {
        let mut view = Self { center: [0.0, HOME_CENTER_Y], zoom: 1.0, size_px, px_per_point };
        view.keep_inside();
        view
    }

    pub fn is_home(&self) -> bool {
        self.zoom <= 1.0
    }

    /// A small window is all map: panels would cover half of it.
    pub fn has_room_for_panels(&self) -> bool {
        let points = self.size_px.map(|px| px / self.px_per_point);
        points[0] >= size::PANELS_FROM[0] && points[1] >= size::PANELS_FROM[1]
    }

    /// Pixels a map unit (the whole way round the equator is one map unit).
    pub fn scale_px(&self) -> f32 {
        let [width, height] = self.size_px;
        let fit =
            if width / height.max(1.0) > WIDEST_ASPECT { height * WIDEST_ASPECT } else { width.max(height) };
        fit * self.zoom
    }

    pub fn px_from_map(&self, map: [f32; 2]) -> [f32; 2] {
        let scale = self.scale_px();
        [
            self.size_px[0] * 0.5 + (map[0] - self.center[0]) * scale,
            self.size_px[1] * 0.5 - (map[1] - self.center[1]) * scale,
        ]
    }

    pub fn map_from_px(&self, px: [f32; 2]) -> [f32; 2] {
        let scale = self.scale_px();
        [
            self.center[0] + (px[0] - self.size_px[0] * 0.5) / scale,
            self.center[1] - (px[1] - self.size_px[1] * 0.5) / scale,
        ]
    }

    /// Where a place is drawn. In the whole-world view a place beyond the edge is drawn on it, a little inside.
    pub fn px_from_lon_lat(&self, lon: f32, lat: f32) -> ScreenPlace {
        self.screen_place(map_from_lon_lat(lon, lat))
    }

    /// The same for a place in map units.
    pub fn screen_place(&self, map: [f32; 2]) -> ScreenPlace {
        let margin_px = size::EDGE_MARGIN * self.px_per_point;
        let [x, y] = self.px_from_map(map);
        if !self.is_home() {
            return ScreenPlace { px: [x, y], beyond_edge: false };
        }
        let [width, height] = self.size_px;
        let beyond_edge = !(0.0..=width).contains(&x) || !(0.0..=height).contains(&y);
        let px = if beyond_edge {
            [
                x.clamp(margin_px, (width - margin_px).max(margin_px)),
                y.clamp(margin_px, (height - margin_px).max(margin_px)),
            ]
        } else {
            [x, y]
        };
        ScreenPlace { px, beyond_edge }
    }

    /// From a pixel to where a place in map units is drawn, in points.
    pub fn points_between(&self, px: [f32; 2], map: [f32; 2]) -> f32 {
        let [x, y] = self.screen_place(map).px;
        (x - px[0]).hypot(y - px[1]) / self.px_per_point
    }

    /// Zooms so that what is under the pointer stays under it.
    pub fn zoom_at(&mut self, px: [f32; 2], factor: f32) {
        let before = self.map_from_px(px);
        self.zoom = (self.zoom * factor).clamp(1.0, MAX_ZOOM);
        let after = self.map_from_px(px);
        self.center[0] += before[0] - after[0];
        self.center[1] += before[1] - after[1];
        if self.zoom <= 1.0 {
            *self = Self::home(self.size_px, self.px_per_point);
        }
        self.keep_inside();
    }

    /// Moves the map along with a drag of so many pixels.
    pub fn pan_px(&mut self, delta_px: [f32; 2]) {
        let scale = self.scale_px();
        self.center[0] -= delta_px[0] / scale;
        self.center[1] += delta_px[1] / scale;
        self.keep_inside();
    }

    /// Shows a part of the map, with so much room around it as a share of its size, and no nearer than `most_zoom`.
    pub fn show_region(&mut self, min: [f32; 2], max: [f32; 2], room: f32, most_zoom: f32) {
        self.zoom = 1.0;
        let whole = self.scale_px();
        let fit = (0..2).map(|axis| self.size_px[axis] / ((max[axis] - min[axis]) * (1.0 + room) * whole));
        self.zoom = fit.fold(most_zoom, f32::min).max(1.0);
        self.center = [0, 1].map(|axis| (min[axis] + max[axis]) * 0.5);
        if self.is_home() {
            *self = Self::home(self.size_px, self.px_per_point);
        }
        self.keep_inside();
    }

    fn sight(&self) -> Sight {
        Sight { center: self.center.map(f64::from), zoom: self.zoom.into() }
    }

    /// On the way to another view of this size: `share` of it is gone, 0 to 1.
    pub fn between(&self, to: &Self, share: f64) -> Self {
        let Sight { center, zoom } = self.sight().between(to.sight(), share);
        Self { center: center.map(|at| at as f32), zoom: zoom as f32, ..*self }
    }

    /// Whether somebody would notice the difference: another part of the map, or a larger or smaller one.
    pub fn is_elsewhere(&self, other: &Self) -> bool {
        let scale = self.scale_px();
        let moved = (0..2).any(|axis| {
            (self.center[axis] - other.center[axis]).abs() * scale > self.size_px[axis] * NOTICED
        });
        moved || (self.zoom / other.zoom).ln().abs() > NOTICED
    }

    pub fn resize(&mut self, size_px: [f32; 2], px_per_point: f32) {
        self.size_px = size_px;
        self.px_per_point = px_per_point;
        if self.is_home() {
            *self = Self::home(size_px, px_per_point);
        }
        self.keep_inside();
    }

    /// The view never leaves the world; where the world is smaller than the window it is centred.
    fn keep_inside(&mut self) {
        let scale = self.scale_px();
        let keep = |center: f32, half_view: f32, half_world: f32| {
            let room = half_world - half_view;
            if room <= 0.0 { 0.0 } else { center.clamp(-room, room) }
        };
        self.center[0] = keep(self.center[0], self.size_px[0] * 0.5 / scale, 0.5);
        self.center[1] = keep(self.center[1], self.size_px[1] * 0.5 / scale, MAX_MAP_Y);
    }
}

/// Where on screen a place is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScreenPlace {
    pub px: [f32; 2],
    pub beyond_edge: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::projection::lon_lat_from_map;

    #[test]
    fn the_whole_world_view_reaches_from_78_n_to_58_s_at_16_9() {
        let view = MapView::home([1920.0, 1080.0], 1.0);
        let [west, north] = lon_lat_from_map(view.map_from_px([0.0, 0.0]));
        let [east, south] = lon_lat_from_map(view.map_from_px([1920.0, 1080.0]));
        assert!((west + 180.0).abs() < 0.01 && (east - 180.0).abs() < 0.01, "{west} {east}");
        assert!((77.0..79.5).contains(&north) && (-59.5..-57.0).contains(&south), "{north} {south}");
    }

    #[test]
    fn places_beyond_the_edge_are_drawn_on_it() {
        let view = MapView::home([1280.0, 720.0], 1.0);
        let longyearbyen = view.px_from_lon_lat(15.6, 78.2 + 3.0);
        assert!(longyearbyen.beyond_edge);
        assert_eq!(longyearbyen.px[1], size::EDGE_MARGIN);
        let mcmurdo = view.px_from_lon_lat(166.7, -77.85);
        assert!(mcmurdo.beyond_edge);
        assert_eq!(mcmurdo.px[1], 720.0 - size::EDGE_MARGIN);
        assert!(!view.px_from_lon_lat(13.4, 52.5).beyond_edge);
    }

    proptest! {
        #[test]
        fn pixels_and_map_units_invert(
            w in 200f32..4000.0, h in 200f32..3000.0, zoom in 1f32..200.0, fx in 0f32..1.0, fy in 0f32..1.0,
        ) {
            let mut view = MapView::home([w, h], 1.0);
            view.zoom_at([w * fx, h * fy], zoom);
            let px = [w * fy, h * fx];
            let back = view.px_from_map(view.map_from_px(px));
            prop_assert!((back[0] - px[0]).abs() < 0.1 && (back[1] - px[1]).abs() < 0.1, "{back:?} {px:?}");
        }

        #[test]
        fn zooming_keeps_what_is_under_the_pointer(fx in 0.2f32..0.8, fy in 0.3f32..0.7, factor in 1.1f32..20.0) {
            let mut view = MapView::home([1600.0, 900.0], 1.0);
            let px = [1600.0 * fx, 900.0 * fy];
            let before = view.map_from_px(px);
            view.zoom_at(px, factor);
            let after = view.map_from_px(px);
            prop_assert!((before[0] - after[0]).abs() < 1e-4 && (before[1] - after[1]).abs() < 1e-4);
        }

        #[test]
        fn the_view_never_leaves_the_world(dx in -9e3f32..9e3, dy in -9e3f32..9e3, zoom in 1f32..50.0) {
            let mut view = MapView::home([1600.0, 900.0], 1.0);
            view.zoom_at([800.0, 450.0], zoom);
            view.pan_px([dx, dy]);
            let [left, top] = view.map_from_px([0.0, 0.0]);
            let [right, bottom] = view.map_from_px([1600.0, 900.0]);
            prop_assert!(left >= -0.5001 && right <= 0.5001 && top <= 0.5001 && bottom >= -0.5001);
        }
    }
}

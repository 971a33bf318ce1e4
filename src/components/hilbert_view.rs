//! Which part of the address space is on screen, and how far the picture is on its way between the world and the space.
//! The one transform between cells of the Hilbert curve and pixels that drawing, labels and picking share.
//!
//! Cells are those of order 16, as the square is held: column and row from the top left, 0 to 65,536.

use std::time::Duration;

use bevy::prelude::Resource;

use super::glide::{Sight, eased};
use crate::{
    hilbert::{Area, Family, Orientation, Prefix, SIDE},
    model::LocatedConnection,
};

/// From the one picture to the other.
pub const FLIGHT: Duration = Duration::from_millis(1_200);
/// From one block to another.
const HEADING: Duration = Duration::from_millis(700);
/// No cell is drawn larger, in points: one address fills a thumb.
const LARGEST_CELL: f64 = 64.0;
/// Above and below the square, in points: the lines of the account stand there.
const MARGIN: f32 = 48.0;
/// A block that somebody flies to takes this share of the square.
const SHARE_OF_BLOCK: f64 = 0.6;

/// All of it.
const WHOLE: Sight = Sight { center: [SIDE as f64 * 0.5; 2], zoom: 1.0 };

/// What a colour stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SpaceColour {
    #[default]
    FirstOctet,
    Registry,
    Country,
    Asn,
    /// Of the newest connection that was heard of.
    Rule,
    /// How long ago that was.
    Age,
}

impl SpaceColour {
    pub const fn next(self) -> Self {
        match self {
            Self::FirstOctet => Self::Registry,
            Self::Registry => Self::Country,
            Self::Country => Self::Asn,
            Self::Asn => Self::Rule,
            Self::Rule => Self::Age,
            Self::Age => Self::FirstOctet,
        }
    }

    /// Whether it tells of what was heard, not of who has the address.
    pub const fn is_of_heard(self) -> bool {
        matches!(self, Self::Rule | Self::Age)
    }
}

/// The view. Pixels are physical ones, y down, origin top left.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct HilbertView {
    pub is_shown: bool,
    pub family: Family,
    pub orientation: Orientation,
    pub colour: SpaceColour,
    /// The line along all addresses.
    pub shows_curve: bool,
    /// The cell in the middle of the window, and the zoom.
    sight: Sight,
    size_px: [f32; 2],
    px_per_point: f32,
    /// How far the way from the world to the space is: 0 to 1.
    flown: f32,
    /// What it began with, until the window has its size.
    began_with: Option<Prefix>,
    /// Where it is on its way to.
    heading: Option<Heading>,
}

/// From one part of the space to another.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Heading {
    from: Sight,
    to: Sight,
    /// Of the way, from 0 to 1.
    share: f64,
}

impl HilbertView {
    pub fn home(size_px: [f32; 2], px_per_point: f32) -> Self {
        Self {
            is_shown: false,
            family: Family::default(),
            orientation: Orientation::default(),
            colour: SpaceColour::default(),
            shows_curve: false,
            sight: WHOLE,
            size_px,
            px_per_point,
            flown: 0.0,
            began_with: None,
            heading: None,
        }
    }

    /// Shows a block in a picture of this size, without a flight.
    pub fn begin_with(&mut self, block: Prefix, size_px: [f32; 2], px_per_point: f32) {
        self.resize(size_px, px_per_point);
        self.is_shown = true;
        self.show_block(block);
        self.land();
        self.began_with = Some(block);
    }

    /// All of the space in another picture of this size, which is there at once, set as this one is.
    pub fn beside(&self, size_px: [f32; 2], px_per_point: f32) -> Self {
        let mut other = Self { is_shown: true, flown: 1.0, ..Self::home(size_px, px_per_point) };
        other.share(self);
        other
    }

    /// Takes over what two pictures of the space have in common: all but which part of it is seen.
    pub fn share(&mut self, other: &Self) {
        if self.orientation != other.orientation {
            self.transpose();
        }
        (self.family, self.colour, self.shows_curve) = (other.family, other.colour, other.shows_curve);
    }

    pub const fn flown(&self) -> f32 {
        self.flown
    }

    /// Something of it is to be seen.
    pub fn is_visible(&self) -> bool {
        self.flown > 0.0
    }

    /// What it shows is to be kept up.
    pub fn is_coming_or_visible(&self) -> bool {
        self.is_shown || self.is_visible()
    }

    /// It alone is to be seen: what points at something points at the space.
    pub fn has_arrived(&self) -> bool {
        self.is_shown && self.flown >= 1.0
    }

    pub fn is_flying(&self) -> bool {
        self.flown != self.target()
    }

    const fn target(&self) -> f32 {
        if self.is_shown { 1.0 } else { 0.0 }
    }

    /// Goes on with the flight.
    pub fn fly(&mut self, by: Duration) {
        let step = by.as_secs_f32() / FLIGHT.as_secs_f32();
        let target = self.target();
        self.flown += (target - self.flown).clamp(-step, step);
    }

    pub fn land(&mut self) {
        self.flown = self.target();
    }

    /// Columns for rows; what was in the middle stays there.
    pub fn transpose(&mut self) {
        self.orientation = match self.orientation {
            Orientation::Usual => Orientation::Transposed,
            Orientation::Transposed => Orientation::Usual,
        };
        self.sight.center.swap(0, 1);
        self.heading = None;
        self.keep_inside();
    }

    pub fn is_home(&self) -> bool {
        self.sight.zoom <= 1.0
    }

    pub fn go_home(&mut self) {
        (self.sight, self.heading) = (WHOLE, None);
    }

    pub fn resize(&mut self, size_px: [f32; 2], px_per_point: f32) {
        (self.size_px, self.px_per_point, self.heading) = (size_px, px_per_point, None);
        self.sight.zoom = self.sight.zoom.min(self.most_zoom());
        self.keep_inside();
        if let Some(block) = self.began_with.take() {
            self.show_block(block);
        }
    }

    pub const fn center(&self) -> [f64; 2] {
        self.sight.center
    }

    pub const fn px_per_point(&self) -> f32 {
        self.px_per_point
    }

    pub const fn size_px(&self) -> [f32; 2] {
        self.size_px
    }

    /// Pixels a cell has along each side.
    pub fn px_per_cell(&self) -> f64 {
        self.fit_px() * self.sight.zoom / f64::from(SIDE)
    }

    fn fit_px(&self) -> f64 {
        let margins = 2.0 * MARGIN * self.px_per_point;
        f64::from((self.size_px[1] - margins).min(self.size_px[0] - margins).max(1.0))
    }

    fn most_zoom(&self) -> f64 {
        (LARGEST_CELL * f64::from(self.px_per_point) * f64::from(SIDE) / self.fit_px()).max(1.0)
    }

    pub fn px_from_cell(&self, cell: [f64; 2]) -> [f32; 2] {
        let scale = self.px_per_cell();
        [0, 1].map(|axis| self.size_px[axis] * 0.5 + ((cell[axis] - self.sight.center[axis]) * scale) as f32)
    }

    pub fn cell_from_px(&self, px: [f32; 2]) -> [f64; 2] {
        let scale = self.px_per_cell();
        [0, 1].map(|axis| self.sight.center[axis] + f64::from(px[axis] - self.size_px[axis] * 0.5) / scale)
    }

    /// The key of the cell at a pixel; `None` beside the square.
    pub fn key_at(&self, px: [f32; 2]) -> Option<u32> {
        let cell = self.cell_from_px(px).map(f64::floor);
        let is_inside = cell.iter().all(|at| (0.0..f64::from(SIDE)).contains(at));
        is_inside.then(|| self.orientation.key(cell.map(|at| at as u16)))
    }

    /// Middle of the cell of a key.
    pub fn px_of_key(&self, key: u32) -> [f32; 2] {
        self.px_from_cell(self.orientation.cell(key).map(|at| f64::from(at) + 0.5))
    }

    /// Corners of a block, in pixels: top left and bottom right.
    pub fn px_of_area(&self, area: Area) -> [[f32; 2]; 2] {
        let corner = |x: u32, y: u32| self.px_from_cell([f64::from(x), f64::from(y)]);
        [corner(area.x, area.y), corner(area.x + area.width, area.y + area.height)]
    }

    /// The key of a connection's peer, where it has a place in what is shown.
    pub fn key_of(&self, connection: &LocatedConnection) -> Option<u32> {
        let (family, key) = key_of(connection)?;
        (family == self.family).then_some(key)
    }

    /// Zooms so that what is under the pointer stays under it.
    pub fn zoom_at(&mut self, px: [f32; 2], factor: f32) {
        (self.began_with, self.heading) = (None, None);
        let before = self.cell_from_px(px);
        self.sight.zoom = (self.sight.zoom * f64::from(factor)).clamp(1.0, self.most_zoom());
        let after = self.cell_from_px(px);
        for axis in 0..2 {
            self.sight.center[axis] += before[axis] - after[axis];
        }
        self.keep_inside();
    }

    /// Moves the square along with a drag of so many pixels.
    pub fn pan_px(&mut self, delta_px: [f32; 2]) {
        (self.began_with, self.heading) = (None, None);
        let scale = self.px_per_cell();
        for (center, delta_px) in self.sight.center.iter_mut().zip(delta_px) {
            *center -= f64::from(delta_px) / scale;
        }
        self.keep_inside();
    }

    /// Goes there from where it is, as [`Self::show_block`] would put it.
    pub fn head_for(&mut self, block: Prefix) {
        let from = self.sight;
        self.show_block(block);
        let to = self.sight;
        if from != to {
            self.sight = from;
            self.heading = Some(Heading { from, to, share: 0.0 });
        }
    }

    /// Whether each frame shows it elsewhere.
    pub fn is_moving(&self) -> bool {
        self.is_flying() || self.is_heading()
    }

    pub const fn is_heading(&self) -> bool {
        self.heading.is_some()
    }

    /// Goes on towards where it is heading for.
    pub fn head(&mut self, by: Duration) {
        let Some(heading) = &mut self.heading else {
            return;
        };
        heading.share += by.as_secs_f64() / HEADING.as_secs_f64();
        let Heading { from, to, share } = *heading;
        if share >= 1.0 {
            (self.sight, self.heading) = (to, None);
        } else {
            self.sight = from.between(to, eased(share));
        }
    }

    /// The block in the middle of the picture, as large as about half of it.
    pub fn block_in_middle(&self) -> Prefix {
        let shorter = self.size_px[0].min(self.size_px[1]) * 0.5 / self.px_per_point;
        let middle = self.key_at(self.size_px.map(|px| px * 0.5)).unwrap_or_default();
        Prefix::of(middle, if self.is_home() { 0 } else { self.prefix_of_side(shorter) })
    }

    /// Puts a block into the middle, as large as it may be with what is around it in sight.
    pub fn show_block(&mut self, block: Prefix) {
        (self.began_with, self.heading) = (None, None);
        let area = block.area(self.orientation);
        let side = f64::from(area.width.max(area.height));
        self.sight.zoom = (f64::from(SIDE) / side * SHARE_OF_BLOCK).clamp(1.0, self.most_zoom());
        let middle = |from: u32, length: u32| f64::from(from) + f64::from(length) * 0.5;
        self.sight.center = [middle(area.x, area.width), middle(area.y, area.height)];
        self.keep_inside();
    }

    /// Squares of one size that hold all that is in sight, at most four, along the curve; none is smaller than a cell of an order.
    pub fn blocks_in_sight(&self, order: u8) -> Vec<Prefix> {
        let side = f64::from(SIDE);
        let corners =
            [[0.0; 2], self.size_px].map(|px| self.cell_from_px(px).map(|at| at.clamp(0.0, side - 1.0)));
        let widest = (corners[1][0] - corners[0][0]).max(corners[1][1] - corners[0][1]).max(1.0);
        // Not smaller than what is seen, so that two lie across it at most.
        let square_order = ((side / widest).log2().floor().max(0.0) as u8).min(order);
        let mut squares: Vec<Prefix> = [(0, 0), (1, 0), (0, 1), (1, 1)]
            .map(|(x, y): (usize, usize)| {
                let cell = [corners[x][0] as u16, corners[y][1] as u16];
                Prefix::at(cell, 2 * square_order, self.orientation)
            })
            .to_vec();
        squares.sort_unstable();
        squares.dedup();
        squares
    }

    /// How many bits of a key a block has that is still a square of `points` on screen; even, from 0 to 32.
    pub fn prefix_of_side(&self, points: f32) -> u8 {
        let cell = self.px_per_cell() / f64::from(self.px_per_point);
        let order = (f64::from(points) / cell).max(1.0).log2().ceil().clamp(0.0, 16.0);
        32 - 2 * order as u8
    }

    /// All of it stands in the middle of the window; of a part of it no edge comes into the middle.
    fn keep_inside(&mut self) {
        if self.is_home() {
            self.go_home();
            return;
        }
        let side = f64::from(SIDE);
        for axis in 0..2 {
            let half = (f64::from(self.size_px[axis]) * 0.5 / self.px_per_cell()).min(side * 0.5);
            self.sight.center[axis] = self.sight.center[axis].clamp(half, side - half);
        }
    }
}

/// Family and key of a connection's peer.
pub fn key_of(connection: &LocatedConnection) -> Option<(Family, u32)> {
    Family::key_of(connection.observation.peer.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> HilbertView {
        HilbertView::home([1280.0, 720.0], 1.0)
    }

    #[test]
    fn it_flies_to_a_block_and_ends_where_a_jump_would() {
        let block: Prefix = "203.0.113.0/24".parse().unwrap();
        let (mut flown, mut jumped) = (view(), view());
        jumped.show_block(block);
        flown.head_for(block);
        assert!(flown.is_heading() && flown.is_home());
        flown.head(HEADING / 2);
        assert!(flown.is_heading() && !flown.is_home() && flown.px_per_cell() < jumped.px_per_cell());
        flown.head(HEADING / 2);
        assert_eq!(flown, jumped);
        flown.head_for(block);
        assert!(!flown.is_heading(), "it is there");
        flown.head_for(Prefix::ALL);
        flown.zoom_at([640.0, 360.0], 1.1);
        assert!(!flown.is_heading(), "whoever turns the wheel has it");
    }

    #[test]
    fn all_of_it_stands_in_the_middle_and_the_first_address_at_the_top_left() {
        let view = view();
        assert_eq!(view.px_from_cell([0.0, 0.0]), [328.0, 48.0]);
        assert_eq!(view.px_from_cell([65_536.0, 65_536.0]), [952.0, 672.0]);
        assert_eq!(view.key_at([328.0, 48.0]), Some(0));
        assert_eq!(view.key_at([327.0, 48.0]), None);
        assert_eq!(view.key_at([951.996, 48.0]), Some(u32::MAX));
    }

    #[test]
    fn what_is_under_the_pointer_stays_there_down_to_one_address() {
        let mut view = view();
        let key = u32::from_be_bytes([9, 9, 9, 9]);
        for _ in 0..60 {
            let px = view.px_of_key(key);
            view.zoom_at(px, 1.25);
            assert_eq!(view.key_at(view.px_of_key(key)), Some(key));
        }
        assert!((view.px_per_cell() - LARGEST_CELL).abs() < 1e-9);
        assert_eq!(view.prefix_of_side(40.0), 32);
        view.go_home();
        assert_eq!(view.prefix_of_side(38.0), 8);
    }

    #[test]
    fn a_block_is_flown_to_and_the_edge_never_leaves_the_window() {
        let mut view = view();
        let block: Prefix = "192.168.0.0/16".parse().unwrap();
        view.show_block(block);
        let [from, to] = view.px_of_area(block.area(view.orientation));
        assert!((to[0] - from[0] - 624.0 * 0.6).abs() < 0.5);
        assert!(
            ((from[0] + to[0]) * 0.5 - 640.0).abs() < 0.5 && ((from[1] + to[1]) * 0.5 - 360.0).abs() < 0.5
        );
        view.pan_px([1e9, -1e9]);
        assert!(view.key_at([1.0, 1.0]).is_some() && view.key_at([1279.0, 719.0]).is_some());
    }

    #[test]
    fn a_flight_takes_its_time_and_may_turn_round() {
        let mut view = view();
        view.is_shown = true;
        view.fly(FLIGHT / 4);
        assert!(view.is_flying() && view.is_visible() && !view.has_arrived());
        assert!((view.flown() - 0.25).abs() < 1e-6);
        view.fly(FLIGHT);
        assert!(view.has_arrived() && !view.is_flying());
        view.is_shown = false;
        view.fly(FLIGHT / 2);
        view.is_shown = true;
        view.fly(FLIGHT / 4);
        assert!((view.flown() - 0.75).abs() < 1e-6);
    }
}

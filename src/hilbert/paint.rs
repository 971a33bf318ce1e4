//! A picture of the square, or of a block of it, as bytes: every cell in a colour of its network's, the brighter the more
//! was heard of it. Files, letters and windows are not known here.
//!
//! All sums are of whole numbers, so that a picture is the same wherever it is made.

pub mod tint;

use super::{
    Area, ORDER, Orientation, Prefix,
    blocks::SPECIAL,
    curve,
    heat::{FINEST_KEPT, Heat},
};

/// Of the shortest edge that a picture may have: on a shorter one the whole square would need coarser cells than are kept.
pub const SMALLEST_PX: u32 = 256;
/// A gigabyte of pixels.
pub const LARGEST_PX: u32 = 16_384;
/// Red, green, blue and opacity.
pub const BYTES_A_PIXEL: usize = 4;

/// What is painted: a block, how long the longer edge of its picture is, and how it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    block: Prefix,
    side_px: u32,
    orientation: Orientation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} pixels do not fit the cells: the size is a power of two from {SMALLEST_PX} to {LARGEST_PX}")]
pub struct BadSize(pub u32);

/// What a cell of which a key is known is painted in, before brightness.
pub enum Colours<'a> {
    /// By the first key of the cell.
    Tint(&'a dyn Fn(u32) -> [u8; 3]),
    /// By how much was heard alone.
    Heat,
}

/// Of space of which nothing was heard.
const SILENT: u8 = 36;
/// Of the faintest that was heard; the brightest is 255.
const FAINTEST: u32 = 112;
/// Set apart, and nothing heard of it.
const APART: [u8; 3] = [6, 8, 11];

impl View {
    /// # Errors
    /// When the size is not a power of two from [`SMALLEST_PX`] to [`LARGEST_PX`].
    pub const fn new(block: Prefix, side_px: u32, orientation: Orientation) -> Result<Self, BadSize> {
        if !side_px.is_power_of_two() || side_px < SMALLEST_PX || side_px > LARGEST_PX {
            return Err(BadSize(side_px));
        }
        Ok(Self { block, side_px, orientation })
    }

    /// Width and height in pixels: a block of odd length is twice as long as it is wide, or the reverse.
    pub fn size_px(self) -> [u32; 2] {
        let Area { width, height, .. } = self.block.area(self.orientation);
        let longer = width.max(height);
        [width, height].map(|edge| (u64::from(edge) * u64::from(self.side_px) / u64::from(longer)) as u32)
    }

    /// The order of which a cell is a pixel, and how many pixels an edge of a cell has where even the finest is longer.
    fn order(self) -> (u8, u32) {
        let Area { width, height, .. } = self.block.area(self.orientation);
        let cells = width.max(height);
        if self.side_px > cells {
            return (ORDER as u8, self.side_px / cells);
        }
        ((ORDER - (cells / self.side_px).ilog2()) as u8, 1)
    }

    /// The pixels of a block's rectangle, as far as it lies in the picture: left, top, width and height.
    pub fn area_px(self, block: Prefix) -> Option<[u32; 4]> {
        if !self.block.holds(block) {
            return None;
        }
        let (whole, area) = (self.block.area(self.orientation), block.area(self.orientation));
        let longer = u64::from(whole.width.max(whole.height));
        let px = |cells: u32| (u64::from(cells) * u64::from(self.side_px) / longer) as u32;
        Some([px(area.x - whole.x), px(area.y - whole.y), px(area.width).max(1), px(area.height).max(1)])
    }
}

/// The picture, row by row.
pub fn paint(heat: &Heat, view: View, colours: &Colours<'_>) -> Vec<u8> {
    let [width, height] = view.size_px();
    let mut rgba = vec![0; width as usize * height as usize * BYTES_A_PIXEL];
    paint_over(heat, view, colours, &mut rgba);
    rgba
}

/// As [`paint`], over a picture of the same size; bytes beyond it stay.
pub fn paint_over(heat: &Heat, view: View, colours: &Colours<'_>, rgba: &mut [u8]) {
    match colours {
        Colours::Tint(tint) => paint_by(heat, view, rgba, |key, level| shade(tint(key), level)),
        Colours::Heat => paint_by(heat, view, rgba, |_, level| tint::heat(level)),
    }
}

fn paint_by(heat: &Heat, view: View, rgba: &mut [u8], colour: impl Fn(u32, u8) -> [u8; 3]) {
    let (order, scale) = view.order();
    let area = view.block.area(Orientation::Usual);
    let [left, top] = [area.x, area.y].map(|at| at >> (ORDER as u8 - order));
    let width = view.size_px()[0];
    let pixels = rgba.as_chunks_mut::<BYTES_A_PIXEL>().0;
    let mut put = |[x, y]: [u32; 2], [r, g, b]: [u8; 3]| {
        let [x, y] = view.orientation.turned([x - left, y - top]).map(|at| at * scale);
        for row in y..y + scale {
            let begin = (row * width + x) as usize;
            // What is too short for the picture gets as much of it as there is room for.
            if let Some(pixels) = pixels.get_mut(begin..begin + scale as usize) {
                pixels.fill([r, g, b, u8::MAX]);
            }
        }
    };
    let kept = (order <= FINEST_KEPT).then(|| heat.level(order));
    let level = |[x, y]: [u32; 2]| kept.map_or(0, |cells| cells[(y << order | x) as usize]);
    let silent = |key: u32, level: u8, is_apart: bool| {
        if level == 0 && is_apart { APART } else { colour(key, level) }
    };
    // Of a cell: bits of its key that are the same within it.
    let length = 2 * order;
    let squares = Squares::of(view.block, length);
    for first in squares {
        let (origin, cells) = curve::square(first, order.into());
        let apart = Apart::of(Prefix::of(first, length - 2 * curve::SQUARE_STEPS as u8));
        for (at, cell) in cells.iter().enumerate() {
            let key = first + ((at as u32) << (32 - length));
            // A block smaller than a square of 16 by 16 cells is a part of one.
            if !view.block.contains(key) {
                continue;
            }
            let cell = [origin[0] + u32::from(cell >> 4 & 15), origin[1] + u32::from(cell & 15)];
            put(cell, silent(key, level(cell), apart.has(key)));
        }
    }
    if kept.is_none() {
        for (key, level) in heat.cells(view.block, order) {
            let cell = Orientation::Usual.cell(key).map(|at| u32::from(at) >> (ORDER as u8 - order));
            put(cell, colour(key, level));
        }
    }
}

/// A network's colour, the brighter the more was heard.
fn shade(tint: [u8; 3], level: u8) -> [u8; 3] {
    let brightness = match level {
        0 => u32::from(SILENT),
        level => FAINTEST + (255 - FAINTEST) * u32::from(level) / 255,
    };
    tint.map(|part| (u32::from(part) * brightness / 255) as u8)
}

/// The first keys of the blocks of 256 cells that have any of a block's.
struct Squares;

impl Squares {
    fn of(block: Prefix, cell_length: u8) -> impl Iterator<Item = u32> {
        let length = cell_length - 2 * curve::SQUARE_STEPS as u8;
        let (first, last) = (Prefix::of(block.first(), length).first(), block.last());
        let step = Prefix::of(0, length).keys();
        (0..)
            .map(move |at: u64| u64::from(first) + at * step)
            .take_while(move |key| *key <= last.into())
            .map(|key| key as u32)
    }
}

/// Which cells of a square are set apart.
enum Apart {
    None,
    All,
    Some,
}

impl Apart {
    fn of(square: Prefix) -> Self {
        if SPECIAL.iter().any(|special| special.block.holds(square)) {
            Self::All
        } else if SPECIAL.iter().any(|special| square.holds(special.block)) {
            Self::Some
        } else {
            Self::None
        }
    }

    /// By the first key of the cell.
    fn has(&self, key: u32) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Some => SPECIAL.iter().any(|special| special.block.contains(key)),
        }
    }
}

#[cfg(test)]
mod tests;

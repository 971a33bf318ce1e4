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
    pub fn order(self) -> (u8, u32) {
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
        Colours::Tint(tint) => {
            // Most cells are silent, and have the colour of the one before.
            let mut silent = ([0; 3], shade([0; 3], 0));
            paint_by(heat, view, rgba, |key, level| {
                let tint = tint(key);
                if level > 0 {
                    return shade(tint, level);
                }
                if tint != silent.0 {
                    silent = (tint, shade(tint, 0));
                }
                silent.1
            });
        }
        Colours::Heat => paint_by(heat, view, rgba, |_, level| tint::heat(level)),
    }
}

fn paint_by(heat: &Heat, view: View, rgba: &mut [u8], mut colour: impl FnMut(u32, u8) -> [u8; 3]) {
    let (order, scale) = view.order();
    let mut canvas = Canvas { view, order, scale, pixels: rgba.as_chunks_mut().0 };
    let kept = (order <= FINEST_KEPT).then(|| heat.level(order));
    // Of a cell, and of a square of 16 by 16: bits of the keys that are the same within it.
    let (length, square_length) = (2 * order, 2 * order - 2 * curve::SQUARE_STEPS as u8);
    for first in squares(view.block, square_length) {
        let square = Prefix::of(first, square_length);
        let (origin, cells) = curve::square(first, order.into());
        let apart = Apart::of(square);
        let levels = kept.map_or([0; CELLS], |kept| levels_of(kept, origin, order));
        let mut painted = [[0; BYTES_A_PIXEL]; CELLS];
        for (at, cell) in cells.iter().enumerate() {
            let key = first + ((at as u32) << (32 - length));
            let [x, y] = [usize::from(cell >> 4 & 15), usize::from(cell & 15)];
            let level = levels[y * SQUARE_SIDE + x];
            let [r, g, b] = if level == 0 && apart.has(key) { APART } else { colour(key, level) };
            let [x, y] = view.orientation.turned([x, y]);
            painted[y * SQUARE_SIDE + x] = [r, g, b, u8::MAX];
        }
        if scale == 1 && view.block.holds(square) {
            canvas.put_square(origin, &painted);
            continue;
        }
        // A block smaller than a square is a part of one.
        for (at, cell) in cells.iter().enumerate() {
            let [x, y] = [u32::from(cell >> 4 & 15), u32::from(cell & 15)];
            if view.block.contains(first + ((at as u32) << (32 - length))) {
                let [column, row] = view.orientation.turned([x as usize, y as usize]);
                canvas.put([origin[0] + x, origin[1] + y], painted[row * SQUARE_SIDE + column]);
            }
        }
    }
    if kept.is_none() {
        for (key, level) in heat.cells(view.block, order) {
            let cell = Orientation::Usual.cell(key).map(|at| u32::from(at) >> (ORDER as u8 - order));
            let [r, g, b] = colour(key, level);
            canvas.put(cell, [r, g, b, u8::MAX]);
        }
    }
}

/// Of a square whose cells are painted before any of them is put on the picture, whose rows lie far apart.
const SQUARE_SIDE: usize = 1 << curve::SQUARE_STEPS;
const CELLS: usize = SQUARE_SIDE * SQUARE_SIDE;

/// How bright the cells of a square are, of all of a level.
fn levels_of(level: &[u8], [x, y]: [u32; 2], order: u8) -> [u8; CELLS] {
    let mut levels = [0; CELLS];
    let rows = level[(y as usize) << order..].chunks_exact(1 << order);
    for (into, row) in levels.as_chunks_mut::<SQUARE_SIDE>().0.iter_mut().zip(rows) {
        into.copy_from_slice(&row[x as usize..x as usize + SQUARE_SIDE]);
    }
    levels
}

/// What is painted on, by columns and rows of cells of the whole square in the usual orientation. What is too small for the
/// view gets as much of it as there is room for.
struct Canvas<'a> {
    view: View,
    order: u8,
    /// Pixels along the edge of a cell.
    scale: u32,
    pixels: &'a mut [[u8; BYTES_A_PIXEL]],
}

impl Canvas<'_> {
    /// Where a cell's first pixel is, and how many there are in a row of the picture.
    fn place(&self, [x, y]: [u32; 2]) -> (usize, usize) {
        let area = self.view.block.area(Orientation::Usual);
        let [left, top] = [area.x, area.y].map(|at| at >> (ORDER as u8 - self.order));
        let [x, y] = self.view.orientation.turned([x - left, y - top]).map(|at| at * self.scale);
        let width = self.view.size_px()[0];
        ((y * width + x) as usize, width as usize)
    }

    fn put(&mut self, cell: [u32; 2], pixel: [u8; BYTES_A_PIXEL]) {
        let ((begin, width), scale) = (self.place(cell), self.scale as usize);
        for row in 0..scale {
            let begin = begin + row * width;
            if let Some(pixels) = self.pixels.get_mut(begin..begin + scale) {
                pixels.fill(pixel);
            }
        }
    }

    /// A square of which each cell is a pixel, as the view holds it; by the cell that is first in the usual orientation.
    fn put_square(&mut self, origin: [u32; 2], square: &[[u8; BYTES_A_PIXEL]; CELLS]) {
        let (begin, width) = self.place(origin);
        for (row, painted) in square.as_chunks::<SQUARE_SIDE>().0.iter().enumerate() {
            let begin = begin + row * width;
            if let Some(pixels) = self.pixels.get_mut(begin..begin + SQUARE_SIDE) {
                pixels.copy_from_slice(painted);
            }
        }
    }
}

/// A network's colour, the brighter the more was heard.
fn shade(tint: [u8; 3], level: u8) -> [u8; 3] {
    let brightness = match level {
        0 => u32::from(SILENT),
        level => FAINTEST + (255 - FAINTEST) * tint::share_of_brightest(level) / 255,
    };
    tint.map(|part| (u32::from(part) * brightness / 255) as u8)
}

/// The first keys of the squares, so many bits long, that have any of a block's keys.
fn squares(block: Prefix, length: u8) -> impl Iterator<Item = u32> {
    let (first, last) = (Prefix::of(block.first(), length).first(), block.last());
    let step = Prefix::of(0, length).keys();
    (0..)
        .map(move |at: u64| u64::from(first) + at * step)
        .take_while(move |key| *key <= last.into())
        .map(|key| key as u32)
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

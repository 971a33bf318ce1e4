//! How bright the cells are from the /24 up, and when each tile last changed.

use super::{super::Orientation, COARSEST, FINEST, FINEST_KEPT, Revision, Tile, tile::side};

/// Of a count that no octave divides: so many steps to twice as much.
const STEPS_AN_OCTAVE: u32 = 8;

/// How bright a count is: 0 for none, 1 for one, and eight steps for each time that it is twice as much, with straight lines
/// in between; 255 from 1.875 * 2^31 on.
pub const fn log_level(count: u64) -> u8 {
    let count = if count > u32::MAX as u64 { u32::MAX as u64 } else { count };
    if count == 0 {
        return 0;
    }
    let octave = count.ilog2();
    let step = ((count * STEPS_AN_OCTAVE as u64) >> octave) as u32 - STEPS_AN_OCTAVE;
    let level = 1 + octave * STEPS_AN_OCTAVE + step;
    if level > u8::MAX as u32 { u8::MAX } else { level as u8 }
}

#[derive(Clone, Debug)]
pub struct Levels {
    /// By order, from the coarsest to the finest that is kept.
    cells: [Box<[u8]>; (FINEST_KEPT - COARSEST + 1) as usize],
    /// By order, from the coarsest to the finest, and tile.
    changed: [Box<[Revision]>; (FINEST - COARSEST + 1) as usize],
    newest: Revision,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            cells: std::array::from_fn(|at| vec![0; 1 << (2 * (at + usize::from(COARSEST)))].into()),
            changed: std::array::from_fn(|at| {
                vec![Revision::default(); side(COARSEST + at as u8).pow(2)].into()
            }),
            newest: Revision::default(),
        }
    }
}

impl Levels {
    /// A /24 is that bright now, or brighter, and a key in it was counted more often.
    pub fn raise(&mut self, key: u32, level: u8) {
        self.newest.0 += 1;
        for order in FINEST_KEPT + 1..=FINEST {
            self.mark(Tile::of(key, order));
        }
        let [mut x, mut y] = Orientation::Usual.cell(key).map(|at| usize::from(at) >> (FINEST - FINEST_KEPT));
        for order in (COARSEST..=FINEST_KEPT).rev() {
            let cell = &mut self.cells[usize::from(order - COARSEST)][y << order | x];
            // Above it nothing is darker.
            if *cell >= level {
                break;
            }
            *cell = level;
            self.mark(Tile::of(key, order));
            (x, y) = (x / 2, y / 2);
        }
    }

    /// As [`Levels::raise`], of the /24 alone: [`Levels::finish`] brings the rest in order.
    pub fn set(&mut self, key: u32, level: u8) {
        let [x, y] = Orientation::Usual.cell(key).map(|at| usize::from(at) >> (FINEST - FINEST_KEPT));
        self.cells[usize::from(FINEST_KEPT - COARSEST)][y << FINEST_KEPT | x] = level;
    }

    /// Every coarser cell is as bright as the brightest of its four; everything has changed.
    pub fn finish(&mut self) {
        for order in (COARSEST..FINEST_KEPT).rev() {
            let (coarse, fine) = self.cells.split_at_mut(usize::from(order + 1 - COARSEST));
            let (coarse, fine) = (&mut coarse[usize::from(order - COARSEST)], &fine[0]);
            let width = 1 << order;
            for (row, pair) in coarse.chunks_exact_mut(width).zip(fine.chunks_exact(4 * width)) {
                let (upper, lower) = pair.split_at(2 * width);
                let quads = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
                for (cell, ([a, b], [c, d])) in row.iter_mut().zip(quads) {
                    *cell = (*a).max(*b).max(*c).max(*d);
                }
            }
        }
        self.all_changed();
    }

    pub fn clear(&mut self) {
        self.cells.iter_mut().for_each(|cells| cells.fill(0));
        self.all_changed();
    }

    pub fn of(&self, order: u8) -> &[u8] {
        &self.cells[usize::from(order.clamp(COARSEST, FINEST_KEPT) - COARSEST)]
    }

    /// A tile of a kept order.
    pub fn copy(&self, tile: Tile, into: &mut [u8]) {
        tile.copy(self.of(tile.order()), into);
    }

    pub fn revision(&self) -> Revision {
        self.newest
    }

    pub fn revision_of(&self, tile: Tile) -> Revision {
        self.changed[usize::from(tile.order() - COARSEST)][tile.index()]
    }

    pub fn heap_bytes(&self) -> usize {
        let cells: usize = self.cells.iter().map(|cells| size_of_val(&**cells)).sum();
        cells + self.changed.iter().map(|changed| size_of_val(&**changed)).sum::<usize>()
    }

    fn mark(&mut self, tile: Tile) {
        self.changed[usize::from(tile.order() - COARSEST)][tile.index()] = self.newest;
    }

    fn all_changed(&mut self) {
        self.newest.0 += 1;
        self.changed.iter_mut().for_each(|changed| changed.fill(self.newest));
    }
}

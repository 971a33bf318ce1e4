//! Where the texts beside the dots go: pure geometry. Eight places around a dot are tried, near and far; a text never
//! lies over another one, a dot, a panel or the edge. What does not fit is counted. Texts that were there keep their
//! place from one layout to the next.

use bevy::{platform::collections::HashMap, prelude::Resource};

use crate::components::panels::PxRect;

/// What stands beside a dot: connections at one place that read alike share one text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LabelText {
    pub(super) first: String,
    pub(super) second: String,
    /// Dot position in quarter pixels, so that equal places are equal.
    pub(super) at: [i32; 2],
}

/// A text that wants a place.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) text: LabelText,
    /// Connections that share the text.
    pub(super) count: usize,
    pub(super) dot_px: [f32; 2],
    /// Measured, both lines.
    pub(super) size_px: [f32; 2],
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    /// Index into the candidates.
    pub(super) candidate: usize,
    pub(super) rect: PxRect,
    pub(super) slot: Slot,
}

/// One of the places around a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(usize);

/// Direction of a text from its dot, best first: right and left read best.
const DIRECTIONS: [[f32; 2]; 8] =
    [[1.0, 0.0], [-1.0, 0.0], [1.0, -1.0], [1.0, 1.0], [-1.0, -1.0], [-1.0, 1.0], [0.0, -1.0], [0.0, 1.0]];
/// Gap between dot and text in points, near and far.
const GAPS: [f32; 3] = [9.0, 20.0, 36.0];
/// Free space around a text, in points.
const BREATH: f32 = 3.0;
/// Side of the squares in which dots are marked, in pixels.
const CELL_PX: f32 = 6.0;

/// What was placed, and where each text was the last time.
#[derive(Resource, Debug, Default)]
pub(super) struct LabelLayout {
    pub(super) candidates: Vec<Candidate>,
    pub(super) placed: Vec<Placed>,
    /// Texts that found no room.
    pub(super) without_room: usize,
    last_slots: HashMap<LabelText, Slot>,
}

/// What texts must keep away from.
pub(super) struct Obstacles<'a> {
    pub(super) window_px: [f32; 2],
    pub(super) panels: &'a [PxRect],
    pub(super) dots: DotGrid,
}

/// Which squares of the window hold a dot.
pub(super) struct DotGrid {
    window_px: [f32; 2],
    columns: usize,
    rows: usize,
    taken: Vec<bool>,
}

impl DotGrid {
    pub(super) fn new(window_px: [f32; 2]) -> Self {
        let [columns, rows] = window_px.map(|px| (px.max(0.0) / CELL_PX) as usize + 1);
        Self { window_px, columns, rows, taken: vec![false; columns * rows] }
    }

    pub(super) fn mark(&mut self, px: [f32; 2], radius_px: f32) {
        let [width, height] = self.window_px;
        if px[0] < -radius_px || px[1] < -radius_px || px[0] > width + radius_px || px[1] > height + radius_px
        {
            return;
        }
        self.mark_rect(&PxRect { min: px.map(|v| v - radius_px), max: px.map(|v| v + radius_px) });
    }

    pub(super) fn mark_rect(&mut self, rect: &PxRect) {
        for cell in self.cells(rect) {
            self.taken[cell] = true;
        }
    }

    fn is_free(&self, rect: &PxRect) -> bool {
        self.cells(rect).all(|cell| !self.taken[cell])
    }

    fn cells(&self, rect: &PxRect) -> impl Iterator<Item = usize> + use<> {
        let clamp = |px: f32, count: usize| ((px / CELL_PX).max(0.0) as usize).min(count - 1);
        let columns = clamp(rect.min[0], self.columns)..=clamp(rect.max[0], self.columns);
        let rows = clamp(rect.min[1], self.rows)..=clamp(rect.max[1], self.rows);
        let width = self.columns;
        rows.flat_map(move |row| columns.clone().map(move |column| row * width + column))
    }
}

impl LabelLayout {
    /// Finds places for all candidates; earlier ones choose first. `points`: pixels a point.
    pub(super) fn arrange(&mut self, candidates: Vec<Candidate>, obstacles: &Obstacles, points: f32) {
        self.candidates = candidates;
        self.placed.clear();
        let mut waiting = Vec::new();
        // Those that were there keep their place before any other looks for one.
        for index in 0..self.candidates.len() {
            let last = self.last_slots.get(&self.candidates[index].text).copied();
            if !last.is_some_and(|slot| self.place(index, slot, obstacles, points)) {
                waiting.push(index);
            }
        }
        for index in waiting {
            let _placed = (0..DIRECTIONS.len() * GAPS.len())
                .any(|slot| self.place(index, Slot(slot), obstacles, points));
        }
        self.without_room = self.candidates.len() - self.placed.len();
        self.last_slots = self
            .placed
            .iter()
            .map(|placed| (self.candidates[placed.candidate].text.clone(), placed.slot))
            .collect();
    }

    /// Returns whether there was room.
    fn place(&mut self, index: usize, slot: Slot, obstacles: &Obstacles, points: f32) -> bool {
        let rect = slot.rect(&self.candidates[index], points);
        let free = self.is_free(&rect, obstacles, points);
        if free {
            self.placed.push(Placed { candidate: index, rect, slot });
        }
        free
    }

    fn is_free(&self, rect: &PxRect, obstacles: &Obstacles, points: f32) -> bool {
        let [width, height] = obstacles.window_px;
        let inside =
            rect.min[0] >= 0.0 && rect.min[1] >= 0.0 && rect.max[0] <= width && rect.max[1] <= height;
        let wide = rect.grown(BREATH * points);
        inside
            && obstacles.panels.iter().all(|panel| !panel.overlaps(&wide))
            && self.placed.iter().all(|placed| !placed.rect.overlaps(&wide))
            && obstacles.dots.is_free(rect)
    }
}

impl Slot {
    /// Whether the text stands left of its dot, and so is set flush right.
    pub(super) fn is_left(self) -> bool {
        self.direction()[0] < 0.0
    }

    fn direction(self) -> [f32; 2] {
        DIRECTIONS[self.0 % DIRECTIONS.len()]
    }

    fn rect(self, candidate: &Candidate, points: f32) -> PxRect {
        let gap = GAPS[self.0 / DIRECTIONS.len()] * points;
        let min = [0, 1].map(|axis| {
            let (dot, size, side) = (candidate.dot_px[axis], candidate.size_px[axis], self.direction()[axis]);
            dot - size * 0.5 + side * (size * 0.5 + gap * if axis == 0 { 1.0 } else { 0.6 })
        });
        PxRect { min, max: [min[0] + candidate.size_px[0], min[1] + candidate.size_px[1]] }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidates(dots: &[(f32, f32)]) -> Vec<Candidate> {
        let text = |x: f32, y: f32| LabelText {
            first: format!("nginx:{}", (x + y) as u32),
            second: String::new(),
            at: [x as i32 * 4, y as i32 * 4],
        };
        dots.iter()
            .map(|&(x, y)| Candidate { text: text(x, y), count: 1, dot_px: [x, y], size_px: [90.0, 28.0] })
            .collect()
    }

    /// Dots that share a pixel share a text, and only one of them asks for a place.
    fn apart(mut dots: Vec<(f32, f32)>) -> Vec<(f32, f32)> {
        let mut seen = std::collections::HashSet::new();
        dots.retain(|&(x, y)| seen.insert((x as i32, y as i32)));
        dots
    }

    fn obstacles<'a>(dots: &[(f32, f32)], panels: &'a [PxRect]) -> Obstacles<'a> {
        let mut grid = DotGrid::new([1280.0, 720.0]);
        for &(x, y) in dots {
            grid.mark([x, y], 3.4);
        }
        Obstacles { window_px: [1280.0, 720.0], panels, dots: grid }
    }

    proptest! {
        #[test]
        fn no_text_lies_over_a_text_a_dot_a_panel_or_the_edge(
            dots in prop::collection::vec((0f32..1280.0, 0f32..720.0), 0..120),
        ) {
            let panels = [PxRect { min: [20.0, 20.0], max: [200.0, 120.0] }];
            let mut layout = LabelLayout::default();
            layout.arrange(candidates(&dots), &obstacles(&dots, &panels), 1.0);
            prop_assert_eq!(layout.placed.len() + layout.without_room, dots.len());
            for (index, placed) in layout.placed.iter().enumerate() {
                let rect = placed.rect;
                prop_assert!(rect.min[0] >= 0.0 && rect.max[0] <= 1280.0 && rect.min[1] >= 0.0 && rect.max[1] <= 720.0);
                prop_assert!(!panels[0].overlaps(&rect));
                for other in &layout.placed[..index] {
                    prop_assert!(!other.rect.overlaps(&rect));
                }
                for &(x, y) in &dots {
                    prop_assert!(!rect.contains([x, y]));
                }
            }
        }

        #[test]
        fn texts_stay_where_they_are_when_others_come(
            dots in prop::collection::vec((0f32..1280.0, 0f32..720.0), 1..30),
            more in (0f32..1280.0, 0f32..720.0),
        ) {
            let all = apart([vec![more], dots].concat());
            let dots = all[1..].to_vec();
            let mut layout = LabelLayout::default();
            layout.arrange(candidates(&dots), &obstacles(&dots, &[]), 1.0);
            let before: Vec<_> = layout.placed.clone();
            layout.arrange(candidates(&all), &obstacles(&all, &[]), 1.0);
            for placed in before {
                let still = layout.placed.iter().find(|p| p.candidate == placed.candidate + 1);
                // Only a new dot under the text may move it.
                let covered = placed.rect.grown(2.0 * CELL_PX + 3.4).contains([more.0, more.1]);
                prop_assert!(covered || still.is_some_and(|still| still.rect == placed.rect));
            }
        }
    }
}

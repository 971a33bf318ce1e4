//! How many connections lie on one spot: a small figure at the upper right of a dot that is more than one. Pure geometry;
//! `labels` measures the figures, paints them and keeps its texts away from them.

use bevy::platform::collections::HashMap;

use crate::components::panels::PxRect;

/// More figures than anybody tells apart; the largest stay.
const MOST_COUNTS: usize = 400;
/// From the middle of the dot to the lower left corner of its figure, in points.
const OFFSET: [f32; 2] = [5.0, -2.5];
/// Free space around a figure, in points.
const BREATH: f32 = 1.5;

/// Dots of one spot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PlaceCount {
    pub(super) dot_px: [f32; 2],
    pub(super) count: usize,
}

/// Spots with more than one of these dots, given by where they are drawn; the most first, then in reading order.
pub(super) fn crowded(dots_px: impl Iterator<Item = [f32; 2]>) -> Vec<PlaceCount> {
    let mut counts: HashMap<[u32; 2], usize> = HashMap::default();
    for px in dots_px {
        *counts.entry(px.map(f32::to_bits)).or_default() += 1;
    }
    let mut crowded: Vec<PlaceCount> = counts
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(bits, count)| PlaceCount { dot_px: bits.map(f32::from_bits), count })
        .collect();
    crowded.sort_unstable_by(|a, b| {
        let reading = || a.dot_px[1].total_cmp(&b.dot_px[1]).then(a.dot_px[0].total_cmp(&b.dot_px[0]));
        b.count.cmp(&a.count).then_with(reading)
    });
    crowded.truncate(MOST_COUNTS);
    crowded
}

/// Where the figures go, in pixels; `None` where it would lie on another one, on a panel or over the edge.
pub(super) fn arrange(
    counts: &[PlaceCount],
    sizes_px: &[[f32; 2]],
    window_px: [f32; 2],
    panels: &[PxRect],
    px_per_point: f32,
) -> Vec<Option<PxRect>> {
    let mut taken: Vec<PxRect> = Vec::with_capacity(counts.len());
    let places = counts.iter().zip(sizes_px).map(|(count, size)| {
        let left = count.dot_px[0] + OFFSET[0] * px_per_point;
        let bottom = count.dot_px[1] + OFFSET[1] * px_per_point;
        let rect = PxRect { min: [left, bottom - size[1]], max: [left + size[0], bottom] };
        let wide = rect.grown(BREATH * px_per_point);
        let is_inside = (0..2).all(|axis| rect.min[axis] >= 0.0 && rect.max[axis] <= window_px[axis]);
        let is_free = is_inside && panels.iter().chain(&taken).all(|other| !other.overlaps(&wide));
        is_free.then(|| {
            taken.push(rect);
            rect
        })
    });
    places.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spots_with_more_than_one_dot_are_counted_the_most_first() {
        let dots = [[5.0, 5.0], [9.0, 1.0], [5.0, 5.0], [7.0, 7.0], [9.0, 1.0], [5.0, 5.0]];
        let crowded = crowded(dots.into_iter());
        assert_eq!(
            crowded,
            [PlaceCount { dot_px: [5.0, 5.0], count: 3 }, PlaceCount { dot_px: [9.0, 1.0], count: 2 },]
        );
    }

    #[test]
    fn the_larger_figure_has_the_room_and_none_lies_on_a_panel_or_over_the_edge() {
        let at = |x, y, count| PlaceCount { dot_px: [x, y], count };
        let counts = [at(50.0, 50.0, 9), at(54.0, 50.0, 3), at(50.0, 90.0, 2), at(99.0, 50.0, 2)];
        let panel = PxRect { min: [40.0, 80.0], max: [80.0, 100.0] };
        let places = arrange(&counts, &[[12.0, 8.0]; 4], [100.0, 100.0], &[panel], 1.0);
        assert_eq!(places[0], Some(PxRect { min: [55.0, 39.5], max: [67.0, 47.5] }));
        assert_eq!(places[1..], [None, None, None]);
    }
}

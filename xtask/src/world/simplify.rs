//! Fewer points where nobody can see the difference. Whole arcs are simplified, each once, so that neighbours who
//! share an arc still fit without gap.
//! Source: Visvalingam and Whyatt, Line generalisation by repeated elimination of points, 1993.

use std::{cmp::Reverse, collections::BinaryHeap};

use connmapperl::world::{GridPoint, UNITS_PER_DEGREE};

use super::outline::{map_from_grid, unwrapped};

/// A closed arc keeps a triangle, its first point being its last.
const CLOSED_MIN_POINTS: usize = 4;

/// Leaves out, smallest first, the points whose triangle with their neighbours is smaller than `min_area`, in square
/// map units at the equator. Ends stay, and so do points on the map's edge.
///
/// Mercator draws areas larger by the square of sec(lat). Counting them larger by sec(lat) only spends the points
/// half way between what the map shows and what the globe is: fewer on the Arctic, more on the Aegean.
pub fn simplified(arc: &[GridPoint], min_area: f64) -> Vec<GridPoint> {
    let map: Vec<_> = unwrapped(arc).into_iter().map(map_from_grid).collect();
    let last = arc.len().saturating_sub(1);
    let min_points = if arc.first() == arc.last() { CLOSED_MIN_POINTS } else { 2 };
    let mut neighbours: Vec<_> = (0..arc.len()).map(|i| (i.saturating_sub(1), (i + 1).min(last))).collect();
    let mut areas = vec![f64::INFINITY; arc.len()];
    let area = |(before, i, after): (usize, usize, usize)| {
        let ([ax, ay], [bx, by], [cx, cy]) = (map[before], map[i], map[after]);
        ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)).abs() / 2.0 * cos_lat(arc[i])
    };
    let mut queue = BinaryHeap::new();
    for i in 1..last {
        if arc[i][0].abs() != 180 * UNITS_PER_DEGREE {
            areas[i] = area((i - 1, i, i + 1));
            queue.push(Reverse((areas[i].to_bits(), i)));
        }
    }
    let mut kept = vec![true; arc.len()];
    let mut points_left = arc.len();
    // Areas are never negative, so their bits sort as they do.
    while let Some(Reverse((bits, i))) = queue.pop() {
        if f64::from_bits(bits) >= min_area || points_left <= min_points {
            break;
        }
        if !kept[i] || areas[i].to_bits() != bits {
            continue;
        }
        let (before, after) = neighbours[i];
        // A point in the triangle would change sides: the line would cross itself. The corner waits for its neighbours.
        let is_other = |j: usize| kept[j] && j != i && map[j] != map[before] && map[j] != map[after];
        let triangle = [map[before], map[i], map[after]];
        if (0..arc.len()).any(|j| is_other(j) && is_in_triangle(map[j], triangle)) {
            continue;
        }
        kept[i] = false;
        points_left -= 1;
        neighbours[before].1 = after;
        neighbours[after].0 = before;
        for j in [before, after] {
            if areas[j].is_finite() {
                // Never below the area just passed, or a curve would be eaten up from one end.
                areas[j] = area((neighbours[j].0, j, neighbours[j].1)).max(f64::from_bits(bits));
                queue.push(Reverse((areas[j].to_bits(), j)));
            }
        }
    }
    arc.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(&point, _)| point).collect()
}

fn is_in_triangle([x, y]: [f64; 2], corners: [[f64; 2]; 3]) -> bool {
    let side = |i: usize| {
        let ([ax, ay], [bx, by]) = (corners[i], corners[(i + 1) % 3]);
        (bx - ax) * (y - ay) - (by - ay) * (x - ax)
    };
    let sides = [side(0), side(1), side(2)];
    sides.iter().all(|&side| side >= 0.0) || sides.iter().all(|&side| side <= 0.0)
}

fn cos_lat(point: GridPoint) -> f64 {
    (f64::from(point[1]) / f64::from(UNITS_PER_DEGREE)).to_radians().cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenth of a degree square near the equator, in square map units.
    const TENTH: f64 = 0.1 * 0.1 / (360.0 * 360.0);

    #[test]
    fn wiggles_go_and_capes_stay() {
        let arc = [[0, 0], [1_000, 10], [2_000, 0], [20_000, 50_000], [40_000, 0]];
        assert_eq!(simplified(&arc, TENTH), [[0, 0], [2_000, 0], [20_000, 50_000], [40_000, 0]]);
        assert_eq!(simplified(&arc, 0.0), arc);
    }

    #[test]
    fn small_islands_keep_a_triangle() {
        let island = [[0, 0], [10, 0], [15, 5], [10, 10], [0, 10], [0, 0]];
        assert_eq!(simplified(&island, TENTH).len(), CLOSED_MIN_POINTS);
    }

    #[test]
    fn a_spit_does_not_jump_across_the_shore() {
        // A flat bay whose only deep point is the tip of a spit from elsewhere: leaving the bay out would cut it off.
        let arc = [
            [0, 0],
            [30_000, -90],
            [60_000, 0],
            [60_000, 60_000],
            [30_000, 40_000],
            [30_000, -50],
            [10_000, 30_000],
        ];
        let simple = simplified(&arc, TENTH * 2.0);
        assert!(simple.contains(&[30_000, -90]) && simple.contains(&[30_000, -50]), "{simple:?}");
    }

    #[test]
    fn the_way_across_the_edge_is_short() {
        let arc = [[1_790_000, 0], [1_799_000, 10], [-1_799_000, 0], [-1_790_000, 0]];
        assert_eq!(simplified(&arc, TENTH), [arc[0], arc[3]]);
    }
}

//! Where a country's name belongs: the point deepest inside its largest part.
//! Source: the grid search with a quadtree known as polylabel (Agafonkin, 2016), after Garcia-Castellanos and
//! Lombardo, Poles of inaccessibility, 2007.

use std::collections::BinaryHeap;

use connmapperl::world::{GridPoint, UNITS_PER_DEGREE};

use super::outline::{Polygon, contains};

/// The search ends when no cell can be better by this share of the best distance.
const PRECISION: f64 = 0.05;
/// Cells looked at per polygon at most: enough for the most ragged coast.
const MAX_CELLS: usize = 5_000;

#[derive(PartialEq)]
struct Cell {
    /// No point of the cell can be deeper inside, in grid units.
    bound: f64,
    /// Of its centre; negative outside.
    depth: f64,
    centre: GridPoint,
    half_size: i32,
}

impl Eq for Cell {}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Longitudes are squeezed by the cosine of the polygon's middle latitude, so that depth means distance.
pub fn deepest_point(polygon: &Polygon) -> GridPoint {
    let outline = &polygon.rings[0];
    let range = |axis: usize| {
        let values = outline.iter().map(|point| point[axis]);
        (values.clone().min().unwrap_or(0), values.max().unwrap_or(0))
    };
    let ((west, east), (south, north)) = (range(0), range(1));
    let middle_degrees = f64::from(south + north) / 2.0 / f64::from(UNITS_PER_DEGREE);
    let squeeze = middle_degrees.to_radians().cos();
    let cell = |centre: GridPoint, half_size: i32| {
        let depth = depth(polygon, centre, squeeze);
        Cell { bound: depth + f64::from(half_size) * std::f64::consts::SQRT_2, depth, centre, half_size }
    };
    let half_size = ((east - west).max(north - south) / 2).max(1);
    let mut best = cell([(west + east) / 2, (south + north) / 2], half_size);
    let mut queue = BinaryHeap::from([cell(best.centre, half_size)]);
    for _ in 0..MAX_CELLS {
        let Some(top) = queue.pop() else { break };
        if top.bound <= best.depth.max(0.0) * (1.0 + PRECISION) || top.half_size < 2 {
            break;
        }
        let quarter = top.half_size / 2;
        for [x, y] in [[-1, -1], [1, -1], [-1, 1], [1, 1]] {
            let part = cell([top.centre[0] + x * quarter, top.centre[1] + y * quarter], quarter + 1);
            if part.depth > best.depth {
                best = cell(part.centre, part.half_size);
            }
            queue.push(part);
        }
    }
    best.centre
}

fn depth(polygon: &Polygon, point: GridPoint, squeeze: f64) -> f64 {
    let inside = polygon.rings.iter().filter(|ring| contains(ring, point)).count() % 2 == 1;
    let edges = polygon.rings.iter().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
    let flat = |other: &GridPoint| [f64::from(other[0] - point[0]) * squeeze, f64::from(other[1] - point[1])];
    let nearest = edges.map(|(a, b)| distance_from_origin(flat(a), flat(b))).fold(f64::INFINITY, f64::min);
    if inside { nearest } else { -nearest }
}

fn distance_from_origin([ax, ay]: [f64; 2], [bx, by]: [f64; 2]) -> f64 {
    let (dx, dy) = (bx - ax, by - ay);
    let length_squared = dx * dx + dy * dy;
    let along =
        if length_squared > 0.0 { (-(ax * dx + ay * dy) / length_squared).clamp(0.0, 1.0) } else { 0.0 };
    (ax + along * dx).hypot(ay + along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_of_an_l_lies_in_its_broad_part() {
        let rings = vec![vec![
            [0, 0],
            [100_000, 0],
            [100_000, 10_000],
            [40_000, 10_000],
            [40_000, 40_000],
            [0, 40_000],
        ]];
        let [lon, lat] = deepest_point(&Polygon { rings });
        assert!((15_000..25_000).contains(&lon) && (15_000..25_000).contains(&lat), "{lon} {lat}");
    }

    #[test]
    fn the_label_keeps_out_of_holes() {
        let square = |from: i32, to: i32| vec![[from, from], [to, from], [to, to], [from, to]];
        let polygon = Polygon { rings: vec![square(0, 100_000), square(20_000, 70_000)] };
        let point = deepest_point(&polygon);
        assert!(!contains(&polygon.rings[1], point) && contains(&polygon.rings[0], point));
    }
}

//! Polygons to triangles, in the projection they are drawn in: an edge that is straight there stays the coast's edge.

use anyhow::{Result, ensure};

use super::outline::{Polygon, map_from_grid};

/// Triangles may miss the polygon's area by this share: coasts simplified to a pixel may touch themselves.
const MAX_DEVIATION: f64 = 0.01;

/// Indices into the polygon's points, ring after ring; counter-clockwise with north up, Delaunay where it may be.
pub fn triangles(polygon: &Polygon) -> Result<Vec<[u32; 3]>> {
    let points: Vec<_> = polygon.rings.iter().flatten().map(|&point| map_from_grid(point)).collect();
    let mut hole_starts = Vec::new();
    let mut start = 0;
    for ring in &polygon.rings {
        if start > 0 {
            hole_starts.push(start);
        }
        start += ring.len() as u32;
    }
    let mut indices = Vec::new();
    earcut::Earcut::new().earcut_slice(&points, &hole_starts, &mut indices);
    let deviation = earcut::deviation(points.iter().copied(), &hole_starts, &indices);
    ensure!(deviation < MAX_DEVIATION, "{deviation} of the polygon at {:?} lost", polygon.rings[0][0]);
    earcut::refine(&mut indices, &points);
    let (triples, _) = indices.as_chunks::<3>();
    let mut triangles: Vec<_> =
        triples.iter().filter_map(|&triple| counter_clockwise(triple, &points)).collect();
    // Neighbours in the file are neighbours on the map: small steps, few bytes, and a friendly vertex cache.
    for corners in &mut triangles {
        let lowest = (0..3).min_by_key(|&i| corners[i]).unwrap_or(0);
        corners.rotate_left(lowest);
    }
    triangles.sort_unstable();
    Ok(triangles)
}

/// The triangle turned the right way; none where it has no area.
fn counter_clockwise([a, b, c]: [u32; 3], points: &[[f64; 2]]) -> Option<[u32; 3]> {
    let [[ax, ay], [bx, by], [cx, cy]] = [a, b, c].map(|index| points[index as usize]);
    let doubled_area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
    match doubled_area {
        0.0 => None,
        area if area > 0.0 => Some([a, b, c]),
        _ => Some([a, c, b]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_with_a_hole() {
        let square = |from: i32, to: i32| vec![[from, from], [to, from], [to, to], [from, to]];
        let polygon = Polygon { rings: vec![square(0, 40_000), square(10_000, 30_000)] };
        let triangles = triangles(&polygon).expect("triangulates");
        assert_eq!(triangles.len(), 8);
        let points: Vec<_> = polygon.rings.iter().flatten().map(|&point| map_from_grid(point)).collect();
        assert!(triangles.iter().all(|&triple| counter_clockwise(triple, &points) == Some(triple)));
    }
}

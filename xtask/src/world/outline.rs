//! Rings of points: their place and area on the map, and the cut at the antimeridian. Land that crosses 180 degrees
//! becomes a piece at either edge of the map, and Antarctica, which goes all the way round, is closed along the bottom.

use anyhow::{Context, Result, ensure};
use connmapperl::{
    projection::map_from_lon_lat,
    world::{CUT_LATITUDE, GridPoint, UNITS_PER_DEGREE},
};

/// Grid units once round the globe.
const TURN: i32 = 360 * UNITS_PER_DEGREE;
const RIGHT_EDGE: i32 = TURN / 2;

/// An outline, counter-clockwise with north up, and its holes, clockwise; all within the map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Polygon {
    pub rings: Vec<Vec<GridPoint>>,
}

/// Map units; unlike the projection itself it lets longitudes beyond 180 degrees run on.
pub fn map_from_grid([lon, lat]: GridPoint) -> [f64; 2] {
    let lat_deg = (f64::from(lat) / f64::from(UNITS_PER_DEGREE)) as f32;
    [f64::from(lon) / f64::from(TURN), f64::from(map_from_lon_lat(0.0, lat_deg)[1])]
}

/// In square map units, counter-clockwise positive (north up). The ring's last point is not its first.
pub fn signed_area(ring: &[GridPoint]) -> f64 {
    let points: Vec<_> = unwrapped(ring).into_iter().map(map_from_grid).collect();
    let next = points.iter().cycle().skip(1);
    points.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>() / 2.0
}

/// Longitudes made continuous: no step is longer than half a turn.
pub fn unwrapped(points: &[GridPoint]) -> Vec<GridPoint> {
    let mut previous = points.first().map_or(0, |point| point[0]);
    let continuous = |&[lon, lat]: &GridPoint| {
        previous += (lon - previous + RIGHT_EDGE).rem_euclid(TURN) - RIGHT_EDGE;
        [previous, lat]
    };
    points.iter().map(continuous).collect()
}

/// Even-odd test by a ray to the east, in grid units.
pub fn contains(ring: &[GridPoint], [lon, lat]: GridPoint) -> bool {
    let next = ring.iter().cycle().skip(1);
    let crossings = ring.iter().zip(next).filter(|(a, b)| {
        (a[1] > lat) != (b[1] > lat) && {
            let along = f64::from(lat - a[1]) / f64::from(b[1] - a[1]);
            f64::from(lon) < f64::from(a[0]) + along * f64::from(b[0] - a[0])
        }
    });
    crossings.count() % 2 == 1
}

/// One polygon of the globe as polygons of the map. Rings without an area vanish.
pub fn polygons_of_map(rings: &[Vec<GridPoint>]) -> Result<Vec<Polygon>> {
    let (outline, holes) = rings.split_first().context("a polygon without an outline")?;
    let counter_clockwise = |ring: Vec<GridPoint>, wanted: bool| match (signed_area(&ring) > 0.0) == wanted {
        true => ring,
        false => ring.into_iter().rev().collect(),
    };
    let outlines = cut(outline)?.into_iter().map(|ring| counter_clockwise(ring, true));
    let mut polygons: Vec<_> = outlines.map(|ring| Polygon { rings: vec![ring] }).collect();
    for hole in holes {
        for piece in cut(hole)?.into_iter().map(|ring| counter_clockwise(ring, false)) {
            let home = polygons.iter_mut().find(|polygon| contains(&polygon.rings[0], piece[0]));
            home.context("a hole outside its polygon")?.rings.push(piece);
        }
    }
    Ok(polygons)
}

fn cut(ring: &[GridPoint]) -> Result<Vec<Vec<GridPoint>>> {
    let ring: Vec<_> = ring.iter().map(|&[lon, lat]| [lon, lat.max(CUT_LATITUDE)]).collect();
    let ring = tidy(ring);
    if ring.len() < 3 {
        return Ok(Vec::new());
    }
    let mut round = unwrapped(&ring);
    let back_home = unwrapped(&[*round.last().context("empty")?, round[0]])[1];
    let pieces = if back_home[0] != round[0][0] {
        vec![closed_at_pole(&ring)?]
    } else {
        let west = round.iter().map(|point| point[0]).min().context("empty")?;
        let shift = (west + RIGHT_EDGE).div_euclid(TURN) * TURN;
        round.iter_mut().for_each(|point| point[0] -= shift);
        split_at_right_edge(&round)?
    };
    Ok(pieces.into_iter().map(tidy).filter(|piece| piece.len() > 2 && signed_area(piece) != 0.0).collect())
}

/// Without points that repeat the one before, the first one counting as after the last.
fn tidy(mut ring: Vec<GridPoint>) -> Vec<GridPoint> {
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    ring
}

/// Latitude at which the way from `a` to `b` passes the longitude.
fn latitude_at(lon: i32, a: GridPoint, b: GridPoint) -> i32 {
    let along = f64::from(lon - a[0]) / f64::from(b[0] - a[0]);
    (f64::from(a[1]) + along * f64::from(b[1] - a[1])).round() as i32
}

/// The ring round the South Pole: opened where it passes 180 degrees, closed along the bottom edge.
fn closed_at_pole(ring: &[GridPoint]) -> Result<Vec<GridPoint>> {
    ensure!(ring.iter().all(|point| point[1] < 0), "a ring round the North Pole");
    let jumps = |i: &usize| (ring[*i][0] - ring[(i + 1) % ring.len()][0]).abs() > RIGHT_EDGE;
    let seams: Vec<_> = (0..ring.len()).filter(jumps).collect();
    let &[seam] = &seams[..] else {
        anyhow::bail!("the ring round the pole passes 180 degrees {} times", seams.len())
    };
    let mut open = ring.to_vec();
    open.rotate_left(seam + 1);
    let (first, last) = (open[0], open[open.len() - 1]);
    let (near, far) = (first[0].signum() * RIGHT_EDGE, last[0].signum() * RIGHT_EDGE);
    let lat = latitude_at(far, last, [first[0] + 2 * far, first[1]]);
    open.insert(0, [near, lat]);
    open.extend([[far, lat], [far, CUT_LATITUDE], [near, CUT_LATITUDE]]);
    Ok(open)
}

/// Cuts a ring whose westernmost point is on the map where it leaves the map in the east.
///
/// The ring falls into chains east and west of the edge. Sorted along the edge, the chains' ends bound land in pairs,
/// first and second, third and fourth: joining each pair closes the chains of a side to rings.
fn split_at_right_edge(ring: &[GridPoint]) -> Result<Vec<Vec<GridPoint>>> {
    let is_east = |point: &GridPoint| point[0] >= RIGHT_EDGE;
    if ring.iter().all(|point| point[0] <= RIGHT_EDGE) {
        return Ok(vec![ring.to_vec()]);
    }
    let next = |i: usize| (i + 1) % ring.len();
    let crosses = |&i: &usize| is_east(&ring[i]) != is_east(&ring[next(i)]);
    let first = (0..ring.len()).find(crosses).context("a ring wholly beyond the edge")?;
    let mut sides: [Vec<Vec<GridPoint>>; 2] = Default::default();
    let mut chain = Vec::new();
    for i in (0..=ring.len()).map(|step| (first + step) % ring.len()) {
        if !chain.is_empty() {
            chain.push(ring[i]);
        }
        if crosses(&i) {
            let crossing = [RIGHT_EDGE, latitude_at(RIGHT_EDGE, ring[i], ring[next(i)])];
            if !chain.is_empty() {
                chain.push(crossing);
                sides[usize::from(is_east(&ring[i]))].push(std::mem::take(&mut chain));
            }
            chain.push(crossing);
        }
    }
    let [west, east] = sides;
    let mut pieces = joined(west)?;
    for mut piece in joined(east)? {
        piece.iter_mut().for_each(|point| point[0] -= TURN);
        pieces.push(piece);
    }
    Ok(pieces)
}

fn joined(chains: Vec<Vec<GridPoint>>) -> Result<Vec<Vec<GridPoint>>> {
    // (latitude on the edge, chain, whether the chain ends there)
    let mut ends = Vec::new();
    for (i, chain) in chains.iter().enumerate() {
        ends.push((chain[0][1], i, false));
        ends.push((chain[chain.len() - 1][1], i, true));
    }
    ends.sort_unstable();
    let mut follower = vec![usize::MAX; chains.len()];
    for pair in ends.chunks_exact(2) {
        match *pair {
            [(_, from, true), (_, to, false)] | [(_, to, false), (_, from, true)] => follower[from] = to,
            _ => anyhow::bail!("a ring crosses itself at 180 degrees"),
        }
    }
    let mut pieces = Vec::new();
    let mut used = vec![false; chains.len()];
    for start in 0..chains.len() {
        let mut piece = Vec::new();
        let mut at = start;
        while !used[at] {
            used[at] = true;
            piece.extend(&chains[at]);
            at = follower[at];
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(points: &[[i32; 2]]) -> Vec<GridPoint> {
        points.iter().map(|point| point.map(|degrees| degrees * UNITS_PER_DEGREE)).collect()
    }

    fn area_in_square_degrees(ring: &[GridPoint]) -> i32 {
        let next = ring.iter().cycle().skip(1);
        let sum: i64 = ring
            .iter()
            .zip(next)
            .map(|(a, b)| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1]))
            .sum();
        (sum / 2 / i64::from(UNITS_PER_DEGREE).pow(2)) as i32
    }

    #[test]
    fn a_square_across_the_edge_becomes_two() {
        let pieces = cut(&ring(&[[170, 0], [-170, 0], [-170, 10], [170, 10]])).expect("cuts");
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces.iter().map(|piece| area_in_square_degrees(piece)).collect::<Vec<_>>(), [100, 100]);
        assert!(pieces[0].iter().all(|point| point[0] > 0) && pieces[1].iter().all(|point| point[0] < 0));
    }

    #[test]
    fn a_comb_across_the_edge_becomes_its_teeth() {
        let comb =
            ring(&[[170, 0], [-170, 0], [-170, 2], [175, 2], [175, 4], [-170, 4], [-170, 6], [170, 6]]);
        let pieces = cut(&comb).expect("cuts");
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.iter().map(|piece| area_in_square_degrees(piece)).sum::<i32>(), 90);
    }

    #[test]
    fn rings_that_touch_the_edge_stay_whole() {
        for side in [1, -1] {
            let touching = ring(&[[170 * side, 0], [180 * side, 0], [180 * side, 10], [170 * side, 10]]);
            assert_eq!(cut(&touching).expect("cuts"), [touching]);
        }
        let from_east = cut(&ring(&[[180, 0], [-179, 0], [-179, 5], [180, 5]])).expect("cuts");
        assert_eq!(from_east, [ring(&[[-180, 0], [-179, 0], [-179, 5], [-180, 5]])]);
    }

    #[test]
    fn the_ring_round_the_pole_is_closed_along_the_bottom() {
        let pieces = cut(&ring(&[[-170, -70], [-60, -70], [60, -70], [170, -70]])).expect("cuts");
        assert_eq!(pieces.len(), 1);
        let south: Vec<_> = pieces[0].iter().filter(|point| point[1] == CUT_LATITUDE).collect();
        assert_eq!(south, [&[RIGHT_EDGE, CUT_LATITUDE], &[-RIGHT_EDGE, CUT_LATITUDE]]);
        assert_eq!(area_in_square_degrees(&pieces[0]).abs(), 5418, "360 by 15.05 degrees");
    }

    #[test]
    fn holes_follow_the_piece_they_lie_in() {
        let outline = ring(&[[160, 0], [-160, 0], [-160, 10], [160, 10]]);
        let hole = ring(&[[-170, 4], [-168, 4], [-168, 6], [-170, 6]]);
        let polygons = polygons_of_map(&[outline, hole.clone()]).expect("cuts");
        assert_eq!(polygons.iter().map(|polygon| polygon.rings.len()).collect::<Vec<_>>(), [1, 2]);
        let clockwise: Vec<_> = hole.into_iter().rev().collect();
        assert_eq!(polygons[1].rings[1], clockwise);
    }
}

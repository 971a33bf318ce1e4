//! Reads the TopoJSON of world-atlas and its kin: quantised, delta-coded arcs, and shapes made of them.
//! Source: the TopoJSON specification 1.0, sections 2.1.2 (transforms), 2.1.3 (arcs) and 2.2.

use anyhow::{Context, Result, bail, ensure};
use connmapperl::world::{GridPoint, UNITS_PER_DEGREE};
use serde_json::Value;

/// A use of an arc by a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArcRef {
    pub index: usize,
    pub reversed: bool,
}

/// Arcs end to end; they close.
pub type RingRefs = Vec<ArcRef>;
/// The outline, then the holes.
pub type PolygonRefs = Vec<RingRefs>;

pub struct Shape {
    pub name: String,
    /// Three letters, mostly ISO 3166-1 alpha-3.
    pub a3: String,
    pub polygons: Vec<PolygonRefs>,
}

pub struct Topology {
    pub arcs: Vec<Vec<GridPoint>>,
    pub land: Vec<PolygonRefs>,
    pub countries: Vec<Shape>,
}

impl Topology {
    pub fn parse(text: &str) -> Result<Self> {
        let root: Value = serde_json::from_str(text)?;
        let scale = pair(&root["transform"]["scale"]).context("transform.scale")?;
        let translate = pair(&root["transform"]["translate"]).context("transform.translate")?;
        let arcs = list(&root["arcs"]).context("arcs")?;
        let arcs = arcs.iter().map(|arc| decoded(arc, scale, translate)).collect::<Result<Vec<_>>>()?;
        let geometries = |object: &str| list(&root["objects"][object]["geometries"]).context("geometries");
        let land = geometries("land")?.iter().map(polygons).collect::<Result<Vec<_>>>()?.concat();
        let countries = geometries("countries")?.iter().map(shape).collect::<Result<Vec<_>>>()?;
        let refs = countries.iter().flat_map(|country| &country.polygons).chain(&land).flatten().flatten();
        ensure!(refs.map(|arc| arc.index).max() < Some(arcs.len()), "an arc is used but not there");
        Ok(Self { arcs, land, countries })
    }
}

fn decoded(arc: &Value, scale: [f64; 2], translate: [f64; 2]) -> Result<Vec<GridPoint>> {
    let mut at = [0.0; 2];
    let mut points = Vec::new();
    for step in list(arc)? {
        let step = pair(step)?;
        at = [at[0] + step[0], at[1] + step[1]];
        points.push([0, 1].map(|axis| {
            let degrees = at[axis] * scale[axis] + translate[axis];
            (degrees * f64::from(UNITS_PER_DEGREE)).round() as i32
        }));
    }
    Ok(points)
}

fn shape(value: &Value) -> Result<Shape> {
    let text = |key: &str| {
        value["properties"][key].as_str().map(str::to_owned).context("a country lacks a property")
    };
    Ok(Shape { name: text("name")?, a3: text("a3")?, polygons: polygons(value)? })
}

fn polygons(value: &Value) -> Result<Vec<PolygonRefs>> {
    let arcs = &value["arcs"];
    match value["type"].as_str() {
        Some("Polygon") => Ok(vec![polygon(arcs)?]),
        Some("MultiPolygon") => list(arcs)?.iter().map(polygon).collect(),
        other => bail!("geometry of type {other:?}"),
    }
}

fn polygon(value: &Value) -> Result<PolygonRefs> {
    list(value)?.iter().map(|ring| list(ring)?.iter().map(arc_ref).collect()).collect()
}

/// A negative number is the one's complement of an arc's index, walked backwards.
fn arc_ref(value: &Value) -> Result<ArcRef> {
    let number = value.as_i64().context("an arc's index is no integer")?;
    Ok(ArcRef { index: (if number < 0 { !number } else { number }) as usize, reversed: number < 0 })
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("not a list")
}

fn pair(value: &Value) -> Result<[f64; 2]> {
    match list(value)?.as_slice() {
        [x, y, ..] => Ok([x.as_f64().context("no number")?, y.as_f64().context("no number")?]),
        _ => bail!("not a pair"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcs_are_summed_scaled_and_walked_backwards() {
        let text = r#"{
            "transform": {"scale": [0.5, 0.25], "translate": [-180, -90]},
            "arcs": [[[0, 0], [2, 4], [-1, 0]], [[1, 4], [-1, -4]]],
            "objects": {
                "land": {"geometries": [{"type": "MultiPolygon", "arcs": [[[0, 1]]]}]},
                "countries": {"geometries": [
                    {"type": "Polygon", "arcs": [[-2, -1]], "properties": {"name": "Utopia", "a3": "UTO"}}
                ]}
            }
        }"#;
        let world = Topology::parse(text).expect("parses");
        assert_eq!(world.arcs[0], [[-1_800_000, -900_000], [-1_790_000, -890_000], [-1_795_000, -890_000]]);
        let backwards = |index| ArcRef { index, reversed: true };
        assert_eq!(world.countries[0].polygons, [[[backwards(1), backwards(0)]]]);
        assert!(Topology::parse(&text.replace("[-2, -1]", "[-3]")).is_err(), "arc 2 is not there");
    }
}

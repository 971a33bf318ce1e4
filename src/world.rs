//! The world that the map shows: land as triangles, coasts and borders as lines, and the table of countries, decoded
//! from `resources/world.bin` (baked by `cargo xtask bake-world`). Points are longitude and latitude in degrees; how
//! they are projected and drawn is decided elsewhere. Natural Earth 1:50m, public domain.

mod codec;

pub use codec::{Baked, BakedLevel, CUT_LATITUDE, GridPoint, UNITS_PER_DEGREE, WorldError};

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use crate::model::CountryCode;

static COUNTRY_NAMES: LazyLock<HashMap<CountryCode, String>> = LazyLock::new(|| {
    let countries = World::embedded().map(|world| world.countries).unwrap_or_default();
    countries.into_iter().filter_map(|country| Some((country.code?, country.name))).collect()
});

/// English short name of a country; empty for a code that is none. The table is decoded when somebody asks for the first
/// time.
pub fn country_name(code: CountryCode) -> &'static str {
    COUNTRY_NAMES.get(&code).map_or("", String::as_str)
}

/// Its name, or its code where that is no country's.
pub fn country_words(code: CountryCode) -> Arc<str> {
    match country_name(code) {
        "" => code.as_str().into(),
        name => name.into(),
    }
}

/// The world in several levels of detail.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// From the coarsest to the full one; at least one.
    levels: Vec<Level>,
    pub countries: Vec<Country>,
}

/// All that is drawn of the world, in one level of detail.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Level {
    /// Looks like the full one as long as the whole globe, 360 degrees, is at most this many pixels wide.
    pub max_world_width_px: u32,
    /// Longitude, latitude in degrees. Rings are cut at 180 degrees, so no triangle crosses the map's edge.
    pub land_vertices: Vec<[f32; 2]>,
    /// Three a triangle, counter-clockwise with north up.
    pub land_indices: Vec<u32>,
    /// Where land meets water. Edges that exist only because the map ends there are not among them.
    pub coasts: Lines,
    /// Where land meets land of another country.
    pub borders: Lines,
}

/// A row of the country table: every ISO 3166-1 country, and the few shapes of the map that have no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    pub code: Option<CountryCode>,
    /// English short name.
    pub name: String,
    /// The point deepest inside the largest part of the country, fit for a label.
    label: GridPoint,
}

impl Country {
    /// `label` is in units of the grid, see [`UNITS_PER_DEGREE`].
    pub fn new(code: Option<CountryCode>, name: String, label: GridPoint) -> Self {
        Self { code, name, label }
    }

    /// Where a label of the country belongs, longitude and latitude in degrees.
    pub fn label_lon_lat(&self) -> [f32; 2] {
        codec::degrees_from_grid(self.label)
    }
}

impl World {
    /// The world that is part of the program.
    pub fn embedded() -> Result<Self, WorldError> {
        Self::from_bytes(include_bytes!("../resources/world.bin"))
    }

    /// Decodes a baked world. Any bytes are safe to give; those that are not a whole world are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WorldError> {
        Baked::decode(bytes).map(Self::from)
    }

    /// All levels, from the coarsest to the full one.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Index of the coarsest level that still looks full when the globe's 360 degrees are this many pixels wide.
    pub fn level_for_width(&self, world_width_px: f32) -> usize {
        let fine = self.levels.iter().position(|level| world_width_px <= level.max_world_width_px as f32);
        fine.unwrap_or(self.levels.len().saturating_sub(1))
    }

    pub fn country(&self, code: CountryCode) -> Option<&Country> {
        self.countries.iter().find(|country| country.code == Some(code))
    }
}

impl From<Baked> for World {
    fn from(baked: Baked) -> Self {
        Self { levels: baked.levels.iter().map(Level::from).collect(), countries: baked.countries }
    }
}

impl From<&BakedLevel> for Level {
    fn from(baked: &BakedLevel) -> Self {
        let mut level = Self { max_world_width_px: baked.max_world_width_px, ..Self::default() };
        for ring in &baked.land_rings {
            level.land_vertices.extend(ring.iter().map(|&point| codec::degrees_from_grid(point)));
            for coast in codec::coasts_of_ring(ring) {
                level.coasts.push(coast);
            }
        }
        level.land_indices = baked.land_triangles.as_flattened().to_vec();
        for border in &baked.borders {
            level.borders.push(border.iter().copied());
        }
        level
    }
}

/// Polylines, one after the other. A line whose last point is its first is closed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    /// Longitude, latitude in degrees.
    pub points: Vec<[f32; 2]>,
    /// Index in `points` of each line's first point; a line ends where the next one starts.
    pub starts: Vec<u32>,
}

/// A straight piece of a line with its neighbours, as a mitred join needs them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// The point before `from`; equals `from` where an open line starts.
    pub before: [f32; 2],
    pub from: [f32; 2],
    pub to: [f32; 2],
    /// The point after `to`; equals `to` where an open line ends.
    pub after: [f32; 2],
}

impl Lines {
    fn push(&mut self, line: impl IntoIterator<Item = GridPoint>) {
        self.starts.push(self.points.len() as u32);
        self.points.extend(line.into_iter().map(codec::degrees_from_grid));
    }

    /// Each line as a slice of its points.
    pub fn iter(&self) -> impl Iterator<Item = &[[f32; 2]]> {
        let ends = self.starts.iter().skip(1).copied().chain([self.points.len() as u32]);
        self.starts
            .iter()
            .zip(ends)
            .map(|(&start, end)| self.points.get(start as usize..end as usize).unwrap_or_default())
    }

    /// Every segment of every line, with its neighbours.
    pub fn segments(&self) -> impl Iterator<Item = Segment> {
        self.iter().flat_map(|line| {
            let last = line.len().saturating_sub(1);
            let closed = line.len() > 2 && line[0] == line[last];
            (0..last).map(move |i| Segment {
                before: if i > 0 { line[i - 1] } else { line[if closed { last - 1 } else { 0 }] },
                from: line[i],
                to: line[i + 1],
                after: if i + 2 <= last { line[i + 2] } else { line[if closed { 1 } else { last }] },
            })
        })
    }

    pub fn segment_count(&self) -> usize {
        self.iter().map(|line| line.len().saturating_sub(1)).sum()
    }
}

#[cfg(test)]
mod tests;

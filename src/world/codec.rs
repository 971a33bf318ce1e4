//! The file format of the baked world, both ways. No panic on any bytes, and no memory taken on the word of a count.
//!
//! Layout: magic, version (u32), checksum of the rest (u64), all little endian; then LEB128 numbers, signed ones
//! zigzag. Per level: pixel width, land rings, triangles, borders. Points are steps from the point before in
//! ten-thousandths of a degree (11 m), corners of triangles steps up from corner to corner. Coasts are not stored: they are the
//! land rings without the edges where the map was cut.

use thiserror::Error;

use super::Country;
use crate::model::CountryCode;

const MAGIC: [u8; 8] = *b"cmworld\n";
const VERSION: u32 = 1;
/// Magic, version, checksum.
const HEADER_BYTES: usize = 8 + 4 + 8;

/// Steps of the grid in one degree: finer than the source's own grid, and an `i16` pair of steps spans 3 degrees.
pub const UNITS_PER_DEGREE: i32 = 10_000;
/// Longitude of the map's right edge, in grid units.
const CUT_LONGITUDE: i32 = 180 * UNITS_PER_DEGREE;
/// Where the land of Antarctica is closed, in grid units: the edge of the projection, 85.05 degrees south.
pub const CUT_LATITUDE: i32 = -(8505 * UNITS_PER_DEGREE / 100);

/// Longitude and latitude in ten-thousandths of a degree.
pub type GridPoint = [i32; 2];

/// Why bytes are not a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WorldError {
    #[error("not a baked world")]
    Magic,
    #[error("baked world of version {0}, this program reads version {VERSION}")]
    Version(u32),
    #[error("the baked world is damaged: its checksum does not fit")]
    Checksum,
    #[error("the baked world ends too early")]
    Truncated,
    #[error("the baked world holds a value out of range")]
    OutOfRange,
}

/// The world as the file holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baked {
    /// From the coarsest to the full one; at least one.
    pub levels: Vec<BakedLevel>,
    pub countries: Vec<Country>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BakedLevel {
    pub max_world_width_px: u32,
    /// Outlines of land, counter-clockwise, and its holes, clockwise, without a repeated last point, within +-180
    /// degrees.
    pub land_rings: Vec<Vec<GridPoint>>,
    /// Indices into all points of `land_rings`, one ring after the other. Small where each triangle starts with its
    /// lowest index and triangles are sorted.
    pub land_triangles: Vec<[u32; 3]>,
    pub borders: Vec<Vec<GridPoint>>,
}

pub(super) fn degrees_from_grid([lon, lat]: GridPoint) -> [f32; 2] {
    [lon, lat].map(|units| (f64::from(units) / f64::from(UNITS_PER_DEGREE)) as f32)
}

/// The stretches of a land ring that are coast: all of it, closed, or what the cuts at the map's edges leave.
pub(super) fn coasts_of_ring(ring: &[GridPoint]) -> Vec<Vec<GridPoint>> {
    if ring.len() < 2 {
        return Vec::new();
    }
    let is_cut = |i: usize| {
        let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
        (a[0] == b[0] && a[0].abs() == CUT_LONGITUDE) || (a[1] <= CUT_LATITUDE && b[1] <= CUT_LATITUDE)
    };
    let Some(first_cut) = (0..ring.len()).find(|&i| is_cut(i)) else {
        return vec![ring.iter().chain(ring.first()).copied().collect()];
    };
    let mut coasts = Vec::new();
    let mut coast = Vec::new();
    for i in (1..=ring.len()).map(|step| (first_cut + step) % ring.len()) {
        coast.push(ring[i]);
        if is_cut(i) {
            coasts.push(std::mem::take(&mut coast));
        }
    }
    coasts.retain(|coast| coast.len() > 1);
    coasts
}

impl Baked {
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Writer(Vec::new());
        body.count(self.levels.len());
        for level in &self.levels {
            body.unsigned(level.max_world_width_px);
            body.lines(&level.land_rings);
            body.count(level.land_triangles.len());
            let mut previous = 0;
            for &[a, b, c] in &level.land_triangles {
                for (from, to) in [(previous, a), (a, b), (b, c)] {
                    body.unsigned(to.wrapping_sub(from));
                }
                previous = a;
            }
            body.lines(&level.borders);
        }
        body.count(self.countries.len());
        for country in &self.countries {
            body.0.extend(country.code.map_or([0; 2], |code| code.0));
            body.count(country.name.len());
            body.0.extend(country.name.as_bytes());
            body.point([0, 0], country.label);
        }
        [&MAGIC[..], &VERSION.to_le_bytes(), &checksum(&body.0).to_le_bytes(), &body.0].concat()
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, WorldError> {
        let (header, body) = bytes.split_at_checked(HEADER_BYTES).ok_or(WorldError::Magic)?;
        let mut header = Reader(header);
        if header.array()? != MAGIC {
            return Err(WorldError::Magic);
        }
        let version = u32::from_le_bytes(header.array()?);
        if version != VERSION {
            return Err(WorldError::Version(version));
        }
        if u64::from_le_bytes(header.array()?) != checksum(body) {
            return Err(WorldError::Checksum);
        }
        let baked = Reader(body).world()?;
        if baked.levels.is_empty() { Err(WorldError::OutOfRange) } else { Ok(baked) }
    }
}

/// FNV-1a, 64 bits: guards against a damaged file, not against malice.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

struct Writer(Vec<u8>);

impl Writer {
    fn unsigned(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Lengths of the baked world are far below `u32::MAX`; more would not decode, which the baker checks.
    fn count(&mut self, count: usize) {
        self.unsigned(count as u32);
    }

    fn step(&mut self, from: i32, to: i32) {
        let step = to.wrapping_sub(from);
        self.unsigned(((step << 1) ^ (step >> 31)) as u32);
    }

    fn point(&mut self, from: GridPoint, to: GridPoint) {
        self.step(from[0], to[0]);
        self.step(from[1], to[1]);
    }

    fn lines(&mut self, lines: &[Vec<GridPoint>]) {
        self.count(lines.len());
        let mut previous = [0, 0];
        for line in lines {
            self.count(line.len());
            for &point in line {
                self.point(previous, point);
                previous = point;
            }
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], WorldError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(WorldError::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    fn unsigned(&mut self) -> Result<u32, WorldError> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).map_err(|_| WorldError::OutOfRange);
            }
        }
        Err(WorldError::OutOfRange)
    }

    /// A count of things that take at least `bytes_each` bytes, so never more than the rest of the file holds.
    fn count(&mut self, bytes_each: usize) -> Result<usize, WorldError> {
        let count = self.unsigned()? as usize;
        if count > self.0.len() / bytes_each { Err(WorldError::Truncated) } else { Ok(count) }
    }

    fn step(&mut self, from: i32) -> Result<i32, WorldError> {
        let zigzag = self.unsigned()?;
        Ok(from.wrapping_add((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32)))
    }

    fn point(&mut self, from: GridPoint) -> Result<GridPoint, WorldError> {
        let point = [self.step(from[0])?, self.step(from[1])?];
        let on_globe = point[0].unsigned_abs() <= CUT_LONGITUDE as u32
            && point[1].unsigned_abs() <= CUT_LONGITUDE as u32 / 2;
        if on_globe { Ok(point) } else { Err(WorldError::OutOfRange) }
    }

    fn lines(&mut self) -> Result<Vec<Vec<GridPoint>>, WorldError> {
        let count = self.count(1)?;
        let mut lines = Vec::with_capacity(count);
        let mut previous = [0, 0];
        for _ in 0..count {
            let points = self.count(2)?;
            let mut line = Vec::with_capacity(points);
            for _ in 0..points {
                previous = self.point(previous)?;
                line.push(previous);
            }
            lines.push(line);
        }
        Ok(lines)
    }

    fn level(&mut self) -> Result<BakedLevel, WorldError> {
        let max_world_width_px = self.unsigned()?;
        let land_rings = self.lines()?;
        let vertices = land_rings.iter().map(Vec::len).sum::<usize>();
        let triangles = self.count(3)?;
        let mut land_triangles = Vec::with_capacity(triangles);
        let mut previous = 0;
        for _ in 0..triangles {
            let a = self.unsigned()?.wrapping_add(previous);
            let b = self.unsigned()?.wrapping_add(a);
            let triangle = [a, b, self.unsigned()?.wrapping_add(b)];
            if triangle.iter().any(|&index| index as usize >= vertices) {
                return Err(WorldError::OutOfRange);
            }
            land_triangles.push(triangle);
            previous = a;
        }
        Ok(BakedLevel { max_world_width_px, land_rings, land_triangles, borders: self.lines()? })
    }

    fn country(&mut self) -> Result<Country, WorldError> {
        let code = match self.array()? {
            [0, 0] => None,
            letters if letters.iter().all(u8::is_ascii_uppercase) => Some(CountryCode(letters)),
            _ => return Err(WorldError::OutOfRange),
        };
        let length = self.count(1)?;
        let (name, rest) = self.0.split_at_checked(length).ok_or(WorldError::Truncated)?;
        self.0 = rest;
        let name = String::from_utf8(name.to_vec()).map_err(|_| WorldError::OutOfRange)?;
        Ok(Country::new(code, name, self.point([0, 0])?))
    }

    fn world(&mut self) -> Result<Baked, WorldError> {
        let levels = (0..self.count(4)?).map(|_| self.level()).collect::<Result<_, _>>()?;
        let countries = (0..self.count(5)?).map(|_| self.country()).collect::<Result<_, _>>()?;
        if self.0.is_empty() { Ok(Baked { levels, countries }) } else { Err(WorldError::OutOfRange) }
    }
}

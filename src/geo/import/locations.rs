//! MaxMind's Locations files: the names of places that a Blocks file refers to by number. Found beside the
//! Blocks file by content; its name only settles which of several languages or editions is read.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    error::ImportError,
    file::DataFile,
    input::Input,
    layout::{Detected, detect},
    text::{Rows, country_from_bytes},
};
use crate::model::CountryCode;

pub struct Location {
    pub country: Option<CountryCode>,
    pub region: Arc<str>,
    pub city: Arc<str>,
}

#[derive(Default)]
pub struct Locations(HashMap<u32, Location>);

impl Locations {
    pub fn get(&self, geoname_id: &[u8]) -> Option<&Location> {
        self.0.get(&number(geoname_id)?)
    }

    /// The Locations of a Blocks file, out of the same folder or zip file. Of several, that whose name begins as the
    /// Blocks file's does, then the English one, then the first by name.
    pub fn beside(blocks: &DataFile) -> Result<Self, ImportError> {
        let edition = edition(&blocks.shown());
        let rank = |file: &DataFile| {
            let path = file.shown();
            (self::edition(&path) != edition, !is_english(&path), path)
        };
        let Some(found) = blocks.others().into_iter().filter(is_locations).min_by_key(rank) else {
            return Err(ImportError::NotATable {
                path: blocks.shown(),
                expected: "its Locations file (such as GeoLite2-City-Locations-en.csv) in the same folder",
                found: "none".into(),
            });
        };
        Self::read(&found)
    }

    fn read(file: &DataFile) -> Result<Self, ImportError> {
        let path = file.shown();
        let mut rows = Rows::new(Input::open(file)?.into_reader(), false, &path);
        rows.advance()?;
        let header: Vec<_> = rows.row.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let column = |name: &str| header.iter().position(|known| known == name);
        let (country, region) = (column("country_iso_code"), column("subdivision_1_name"));
        let city = column("city_name");
        let mut names: HashMap<String, Arc<str>> = HashMap::new();
        let mut shared = |text: &str| match names.get(text) {
            Some(name) => name.clone(),
            None => names.entry(text.to_owned()).or_insert(text.into()).clone(),
        };
        let mut locations = Self::default();
        while rows.advance()? {
            if rows.row.len() != header.len() {
                return Err(rows.expected(format!("{} columns", header.len()), rows.row.len().to_string()));
            }
            let id = rows.field(Some(0));
            let Some(id) = number(id) else {
                return Err(rows.expected("a geoname_id", super::error::quoted(id)));
            };
            let location = Location {
                country: country_from_bytes(rows.field(country)),
                region: shared(&rows.text(region)),
                city: shared(&rows.text(city)),
            };
            locations.0.insert(id, location);
        }
        Ok(locations)
    }
}

fn number(field: &[u8]) -> Option<u32> {
    std::str::from_utf8(field.trim_ascii()).ok()?.parse().ok()
}

fn is_locations(file: &DataFile) -> bool {
    Input::open(file).is_ok_and(|input| {
        !input.is_binary() && detect(&input.head, input.head_is_all) == Detected::Locations
    })
}

/// `GeoLite2-City` of `GeoLite2-City-Blocks-IPv4.csv` and of `GeoLite2-City-Locations-en.csv`.
fn edition(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    ["-Blocks-", "-Locations-"]
        .iter()
        .find_map(|mark| name.split_once(mark))
        .map(|(edition, _)| edition.into())
}

fn is_english(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains("-en."))
}

//! Reads the rows of a CSV or TSV table whose layout is known. The first row that does not fit ends the
//! reading.

use std::{borrow::Cow, io::Read, path::Path};

use csv::{ByteRecord, Reader};

use super::{
    error::{ImportError, quoted},
    headerless::{asn_from_bytes, degrees_from_bytes, is_unknown},
    layout::{Layout, is_blank, reader_builder},
    locations::Locations,
    table::{Details, TableBuilder},
};
use crate::model::CountryCode;

/// Bytes read at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// Rows of a text, with the number of the line on which each begins.
pub struct Rows<'a, R> {
    reader: Reader<R>,
    path: &'a Path,
    pub row: ByteRecord,
}

impl<'a, R: Read> Rows<'a, R> {
    pub fn new(reader: R, tabs: bool, path: &'a Path) -> Self {
        let reader = reader_builder(tabs).buffer_capacity(BUFFER_BYTES).from_reader(reader);
        Self { reader, path, row: ByteRecord::new() }
    }

    /// Reads the next row that is not blank; `false` at the end.
    pub fn advance(&mut self) -> Result<bool, ImportError> {
        loop {
            let line = self.reader.position().line();
            match self.reader.read_byte_record(&mut self.row) {
                Ok(true) if is_blank(&self.row) => {}
                Ok(more) => return Ok(more),
                Err(source) => {
                    return Err(ImportError::CutOff {
                        path: self.path.to_owned(),
                        line: line.saturating_sub(1),
                        source: source.into(),
                    });
                }
            }
        }
    }

    /// An error in the present row.
    pub fn expected(&self, expected: impl Into<String>, found: impl Into<String>) -> ImportError {
        ImportError::Line {
            path: self.path.to_owned(),
            line: self.row.position().map_or(0, csv::Position::line),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// A field of the present row; empty where the row has none there or it says "unknown".
    pub fn field(&self, column: Option<usize>) -> &[u8] {
        column.and_then(|column| self.row.get(column)).filter(|field| !is_unknown(field)).unwrap_or_default()
    }

    /// The same as text. Bytes that are no UTF-8 become U+FFFD: a name is no reason to refuse a table.
    pub fn text(&self, column: Option<usize>) -> Cow<'_, str> {
        String::from_utf8_lossy(self.field(column).trim_ascii())
    }
}

/// `reader` gives the file from its first byte.
pub fn read(
    reader: impl Read,
    layout: &Layout,
    locations: Option<&Locations>,
    path: &Path,
) -> Result<TableBuilder, ImportError> {
    let mut builder = TableBuilder::default();
    let mut rows = Rows::new(reader, layout.tabs, path);
    if layout.has_header {
        rows.advance()?;
    }
    while rows.advance()? {
        if rows.row.len() != layout.columns {
            return Err(rows.expected(format!("{} columns", layout.columns), rows.row.len().to_string()));
        }
        let Some(mut range) = layout.addresses.read(&rows.row) else {
            return Err(rows.expected("a range of addresses", quoted(&joined(&rows.row))));
        };
        if layout.hosts_only {
            range = range.with_network_and_broadcast();
        }
        if let Some(record) = read_details(&rows, layout, locations, &mut builder)? {
            builder.push(range, record);
        }
    }
    Ok(builder)
}

fn read_details<R: Read>(
    rows: &Rows<R>,
    layout: &Layout,
    locations: Option<&Locations>,
    builder: &mut TableBuilder,
) -> Result<Option<u32>, ImportError> {
    let (city, region) = (rows.text(layout.city), rows.text(layout.region));
    let organisation = rows.text(layout.organisation);
    let mut details = Details {
        point: read_point(rows, layout)?,
        city: &city,
        region: &region,
        country: country_from_bytes(rows.field(layout.country)),
        asn: read_asn(rows, layout)?.map(|number| (number, organisation.as_ref())),
    };
    let mut keys = layout.geonames.iter().map(|&column| rows.field(Some(column)));
    if let (Some(locations), Some(key)) = (locations, keys.find(|key| !key.is_empty())) {
        // A key that is missing there leaves the place without a name.
        if let Some(location) = locations.get(key) {
            details.city = &location.city;
            details.region = &location.region;
            details.country = location.country;
        }
    }
    Ok(builder.record(&details))
}

fn read_point<R: Read>(rows: &Rows<R>, layout: &Layout) -> Result<Option<(f32, f32)>, ImportError> {
    let Some((lat, lon)) = layout.point else { return Ok(None) };
    let (lat, lon) = (rows.field(Some(lat)), rows.field(Some(lon)));
    if lat.is_empty() && lon.is_empty() {
        return Ok(None);
    }
    match (degrees_from_bytes(lat, 90.0), degrees_from_bytes(lon, 180.0)) {
        (Some(lat), Some(lon)) => Ok(Some((lat, lon))),
        (None, _) => Err(rows.expected("a latitude from -90 to 90", quoted(lat))),
        (_, None) => Err(rows.expected("a longitude from -180 to 180", quoted(lon))),
    }
}

fn read_asn<R: Read>(rows: &Rows<R>, layout: &Layout) -> Result<Option<u32>, ImportError> {
    let field = rows.field(layout.asn);
    let number = asn_from_bytes(field).ok_or_else(|| rows.expected("an AS number", quoted(field)))?;
    // 0 is reserved and stands for "not routed".
    Ok((number != 0).then_some(number))
}

/// `ZZ` is what DB-IP writes for "nowhere".
pub fn country_from_bytes(field: &[u8]) -> Option<CountryCode> {
    let text = std::str::from_utf8(field.trim_ascii()).ok()?;
    CountryCode::from_text(text).filter(|code| code.as_str() != "ZZ")
}

fn joined(row: &ByteRecord) -> Vec<u8> {
    row.iter().collect::<Vec<_>>().join(&b","[..])
}

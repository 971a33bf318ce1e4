//! The image: every column of the embedded tables in one run of bytes, and the header that says what lies where.
//! The baked file is this header and the image in compressed blocks; the cache file is the same header, byte for
//! byte, and the image itself. Nothing is read or written here.

use serde::{Deserialize, Serialize};

use crate::{
    geo::table::{Columns, KeyLayout, RangeTable, Watch},
    model::{Asn, CountryCode, Place},
};

/// Goes up whenever a reader of the older format would misread the newer one.
pub const FORMAT_VERSION: u32 = 2;
/// First bytes of the baked file and of the cache file.
const MAGIC: &str = "connmapperl geo tables";
/// The header's size in both files: one page, so that the image behind it is page-aligned when mapped.
pub const HEADER_BYTES: usize = 4096;
/// More than any image this program reads, so that a damaged header cannot ask for all of the memory.
const MAX_IMAGE_BYTES: u64 = 256 << 20;

/// Columns start at cache lines.
const COLUMN_ALIGNMENT: usize = 64;

/// Bytes of an id in the packed tables.
pub const PLACE_ID_BYTES: usize = 2;
pub const SYSTEM_ID_BYTES: usize = 3;

/// Where a column lies in the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span(u64, u64);

impl Span {
    /// Where the column starts in the image.
    pub fn offset(self) -> u64 {
        self.0
    }

    /// Bytes of the column.
    pub fn len(self) -> usize {
        self.1 as usize
    }

    pub fn is_empty(self) -> bool {
        self.1 == 0
    }

    /// The column's bytes; none where the span reaches beyond the image.
    #[inline(always)]
    pub fn of(self, image: &[u8]) -> &[u8] {
        image.get(self.0 as usize..self.0.saturating_add(self.1) as usize).unwrap_or_default()
    }
}

/// Names one below the other: the end of each (u32), and all of them as one UTF-8 text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameSpans {
    ends: Span,
    text: Span,
}

impl NameSpans {
    /// Name number `index`, empty where there is none.
    pub fn name<'a>(self, image: &'a [u8], index: usize, watch: &impl Watch) -> &'a str {
        let ends = self.ends.of(image).as_chunks::<4>().0;
        let end = |i: usize| {
            let end = ends.get(i)?;
            watch.look(end);
            Some(u32::from_le_bytes(*end) as usize)
        };
        let from = index.checked_sub(1).map_or(Some(0), end);
        let bytes = from.zip(end(index)).and_then(|(from, to)| self.text.of(image).get(from..to));
        bytes
            .inspect(|bytes| watch.look(bytes))
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

/// The columns of a [`RangeTable`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSpans([Span; 5]);

impl TableSpans {
    /// In the order of [`Columns::in_order`].
    pub fn columns(self) -> [Span; 5] {
        self.0
    }

    pub fn table(self, layout: KeyLayout, image: &[u8]) -> RangeTable<'_> {
        RangeTable::new(layout, self.0.map(|span| span.of(image)))
    }
}

/// Where everything lies. Row 0 of places, regions, countries and systems is empty: the answer "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Address ranges to ids of places and systems.
    pub ipv4: TableSpans,
    pub ipv6: TableSpans,
    /// Of each place: degrees north and east in hundredths (i16), country (u8) and region (u16).
    pub lats: Span,
    pub lons: Span,
    pub place_countries: Span,
    pub place_regions: Span,
    pub cities: NameSpans,
    pub regions: NameSpans,
    /// Two letters each.
    pub country_codes: Span,
    /// AS number of each system (u32), and the organisation behind it.
    pub as_numbers: Span,
    pub organisations: NameSpans,
}

/// How much there is; shown to people, not needed for reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub places: usize,
    pub ipv4_place_rows: usize,
    pub ipv6_place_rows: usize,
    pub systems: usize,
    pub ipv4_system_rows: usize,
    pub ipv6_system_rows: usize,
}

/// A compressed part of the baked file; they follow one another behind the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub compressed_bytes: u64,
    pub bytes: u64,
}

/// The parts of the baked file in their order: four packed tables, and the end of the image as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frames {
    pub ipv4_places: Frame,
    pub ipv6_places: Frame,
    pub ipv4_systems: Frame,
    pub ipv6_systems: Frame,
    pub names: Frame,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub format_version: u32,
    /// Dates of the source data, `YYYY-MM-DD`.
    pub city_date: String,
    pub asn_date: String,
    pub counts: Counts,
    pub layout: Layout,
    pub frames: Frames,
    pub image_bytes: u64,
    /// CRC-32 of the image.
    pub image_crc32: u32,
}

/// Why bytes are not a header this program reads.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    #[error("not a file of geographic tables")]
    NotOurs,
    #[error("header is damaged (checksum differs)")]
    Damaged,
    #[error("header cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("format version {0}, this program reads {FORMAT_VERSION}")]
    OtherVersion(u32),
    #[error("header needs {0} bytes, there are {HEADER_BYTES}")]
    TooLarge(usize),
    #[error("image of {0} bytes is larger than the limit of {MAX_IMAGE_BYTES}")]
    ImageTooLarge(u64),
}

impl Header {
    /// The header as it stands in both files: a line with magic and checksum, then the values as JSON, then spaces.
    pub fn to_bytes(&self) -> Result<Vec<u8>, HeaderError> {
        let values = serde_json::to_string(self)?;
        let body_bytes = HEADER_BYTES - first_line(0).len();
        if values.len() >= body_bytes {
            return Err(HeaderError::TooLarge(values.len() + first_line(0).len() + 1));
        }
        let body = format!("{values:<width$}\n", width = body_bytes - 1);
        let mut bytes = first_line(crc32(body.as_bytes())).into_bytes();
        bytes.extend_from_slice(body.as_bytes());
        Ok(bytes)
    }

    /// Reads the header at the start of `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HeaderError> {
        let bytes = bytes.get(..HEADER_BYTES).ok_or(HeaderError::NotOurs)?;
        if !bytes.starts_with(MAGIC.as_bytes()) {
            return Err(HeaderError::NotOurs);
        }
        let (line, body) = bytes.split_at(first_line(0).len());
        if line != first_line(crc32(body)).as_bytes() {
            return Err(HeaderError::Damaged);
        }
        let header: Self = serde_json::from_slice(body)?;
        if header.format_version != FORMAT_VERSION {
            return Err(HeaderError::OtherVersion(header.format_version));
        }
        if header.image_bytes > MAX_IMAGE_BYTES {
            return Err(HeaderError::ImageTooLarge(header.image_bytes));
        }
        Ok(header)
    }
}

fn first_line(body_crc32: u32) -> String {
    format!("{MAGIC}, header checksum {body_crc32:08x}\n")
}

pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

impl Layout {
    /// Place number `id`.
    pub fn place(&self, image: &[u8], id: usize, watch: &impl Watch) -> Place {
        let degrees = |span: Span| f32::from(i16::from_le_bytes(entry(span, image, id, watch))) / 100.0;
        let region = u16::from_le_bytes(entry(self.place_regions, image, id, watch));
        let [country] = entry(self.place_countries, image, id, watch);
        let code = entry::<2>(self.country_codes, image, country.into(), watch);
        Place {
            lat: degrees(self.lats),
            lon: degrees(self.lons),
            city: self.cities.name(image, id, watch).into(),
            region: self.regions.name(image, region.into(), watch).into(),
            country: std::str::from_utf8(&code).ok().and_then(CountryCode::from_text),
        }
    }

    /// Autonomous system number `id` of the table.
    pub fn system(&self, image: &[u8], id: usize, watch: &impl Watch) -> Asn {
        let organisation = self.organisations.name(image, id, watch).into();
        Asn { number: self.as_number(image, id, watch), organisation }
    }

    pub fn as_number(&self, image: &[u8], system: usize, watch: &impl Watch) -> u32 {
        u32::from_le_bytes(entry(self.as_numbers, image, system, watch))
    }
}

/// Entry `index` of a column of `N`-byte entries, zeros where there is none.
#[inline(always)]
fn entry<const N: usize>(span: Span, image: &[u8], index: usize, watch: &impl Watch) -> [u8; N] {
    let Some(found) = span.of(image).as_chunks().0.get(index) else { return [0; N] };
    watch.look(found);
    *found
}

/// Puts columns one behind the other; for the converter and for tests.
#[derive(Debug, Default)]
pub struct ImageBuilder {
    pub image: Vec<u8>,
}

impl ImageBuilder {
    pub fn column(&mut self, bytes: &[u8]) -> Span {
        self.image.resize(self.image.len().next_multiple_of(COLUMN_ALIGNMENT), 0);
        let span = Span(self.image.len() as u64, bytes.len() as u64);
        self.image.extend_from_slice(bytes);
        span
    }

    pub fn names<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> NameSpans {
        let (mut ends, mut text) = (Vec::new(), String::new());
        for name in names {
            text.push_str(name);
            ends.extend_from_slice(&(text.len() as u32).to_le_bytes());
        }
        NameSpans { ends: self.column(&ends), text: self.column(text.as_bytes()) }
    }

    pub fn table(&mut self, columns: &Columns) -> TableSpans {
        TableSpans(columns.in_order().map(|column| self.column(column)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::table::Trusted;

    fn header() -> Header {
        Header {
            format_version: FORMAT_VERSION,
            city_date: "2026-06-05".into(),
            asn_date: "2026-06-17".into(),
            counts: Counts::default(),
            layout: Layout { lats: Span(3, 4), ..Layout::default() },
            frames: Frames::default(),
            image_bytes: 1 << 20,
            image_crc32: 30,
        }
    }

    #[test]
    fn a_header_is_one_page_and_comes_back() {
        let bytes = header().to_bytes().unwrap();
        assert_eq!(bytes.len(), HEADER_BYTES);
        assert_eq!(Header::from_bytes(&bytes).unwrap(), header());
    }

    #[test]
    fn damage_in_any_byte_of_a_header_is_noticed() {
        let bytes = header().to_bytes().unwrap();
        for at in 0..HEADER_BYTES {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(Header::from_bytes(&damaged).is_err(), "byte {at}");
        }
        assert!(Header::from_bytes(&bytes[..HEADER_BYTES - 1]).is_err());
    }

    #[test]
    fn a_newer_format_is_refused() {
        let newer = Header { format_version: FORMAT_VERSION + 1, ..header() }.to_bytes().unwrap();
        assert!(matches!(Header::from_bytes(&newer), Err(HeaderError::OtherVersion(3))));
    }

    #[test]
    fn names_come_back_and_missing_ones_are_empty() {
        let mut builder = ImageBuilder::default();
        builder.column(b"something before");
        let names = builder.names(["", "Zürich", "", "Rio"]);
        let found: Vec<_> = (0..6).map(|i| names.name(&builder.image, i, &Trusted)).collect();
        assert_eq!(found, ["", "Zürich", "", "Rio", "", ""]);
        assert_eq!(names.name(&builder.image[..20], 1, &Trusted), "", "a cut image");
    }
}

//! Tells from the first rows of a text which of the known tables it is, and which column holds what.

use std::fmt;

use csv::{ByteRecord, ReaderBuilder};

use super::{address::AddressRange, error::quoted, headerless::HEADERLESS, producer::Producer};

/// Rows looked at; the layout that fits most of them is taken, so that one broken row does not hide the
/// format.
const SAMPLE_ROWS: usize = 200;

/// Byte order mark that some programs put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where a row names its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressColumns {
    Network(usize),
    Range { start: usize, end: usize },
}

impl AddressColumns {
    pub fn read(self, row: &ByteRecord) -> Option<AddressRange> {
        match self {
            Self::Network(column) => {
                AddressRange::from_network(std::str::from_utf8(row.get(column)?).ok()?.trim())
            }
            Self::Range { start, end } => AddressRange::from_bounds(row.get(start)?, row.get(end)?),
        }
    }
}

/// Columns count from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub producer: Producer,
    pub tabs: bool,
    pub has_header: bool,
    /// Number of columns of every row.
    pub columns: usize,
    pub addresses: AddressColumns,
    /// Latitude and longitude, degrees.
    pub point: Option<(usize, usize)>,
    pub city: Option<usize>,
    pub region: Option<usize>,
    pub country: Option<usize>,
    pub asn: Option<usize>,
    pub organisation: Option<usize>,
    /// Keys into MaxMind's Locations file, the best first; empty for all other formats.
    pub geonames: Vec<usize>,
    /// Ranges run from the first to the last host of a network (connmap).
    pub hosts_only: bool,
}

impl Layout {
    /// Nothing but a range in the first two columns.
    pub const RANGE: Self = Self {
        producer: Producer::Other,
        tabs: false,
        has_header: false,
        columns: 2,
        addresses: AddressColumns::Range { start: 0, end: 1 },
        point: None,
        city: None,
        region: None,
        country: None,
        asn: None,
        organisation: None,
        geonames: Vec::new(),
        hosts_only: false,
    };
}

/// What the beginning of a text turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Detected {
    Table(Layout),
    /// MaxMind's names of places, which belong to a Blocks file and are no table of their own.
    Locations,
    /// With the first line as it is.
    Unknown(String),
}

impl fmt::Display for Detected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(layout) => write!(f, "a table of {}", layout.producer.label()),
            Self::Locations => f.write_str("a Locations file, which is read together with its Blocks file"),
            Self::Unknown(line) => write!(f, "text that begins with {line}"),
        }
    }
}

/// `head` is the beginning of the file; `is_all` says that nothing follows it.
pub fn detect(head: &[u8], is_all: bool) -> Detected {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    // The last line of an excerpt may be cut anywhere.
    let end = if is_all { head.len() } else { head.iter().rposition(|&byte| byte == b'\n').unwrap_or(0) };
    let head = &head[..end];
    let significant = |line: &&[u8]| !line.trim_ascii().is_empty() && !line.starts_with(b"#");
    let Some(first) = head.split(|&byte| byte == b'\n').find(significant) else {
        return Detected::Unknown("nothing".into());
    };
    let tabs = first.contains(&b'\t');
    let mut reader = reader_builder(tabs).from_reader(head);
    let rows: Vec<_> =
        reader.byte_records().map_while(Result::ok).filter(|row| !is_blank(row)).take(SAMPLE_ROWS).collect();
    let by_header = rows.first().and_then(|row| from_header(row, tabs));
    by_header.or_else(|| from_shape(&rows, head, tabs)).unwrap_or_else(|| Detected::Unknown(quoted(first)))
}

/// Reads rows of any length, comments left out. Fields between tabs are never quoted.
pub fn reader_builder(tabs: bool) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).comment(Some(b'#'));
    if tabs {
        builder.delimiter(b'\t').quoting(false);
    }
    builder
}

pub fn is_blank(row: &ByteRecord) -> bool {
    row.iter().all(|field| field.trim_ascii().is_empty())
}

fn from_header(row: &ByteRecord, tabs: bool) -> Option<Detected> {
    let names: Vec<String> = row
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase().replace([' ', '-'], "_"))
        .collect();
    let column = |known: &[&str]| known.iter().find_map(|known| names.iter().position(|name| name == known));
    if column(&["geoname_id"]) == Some(0) && column(&["locale_code"]).is_some() {
        return Some(Detected::Locations);
    }
    let network = column(&["network", "cidr"]).map(AddressColumns::Network);
    let addresses = network.or_else(|| {
        let start = column(&["start_ip", "ip_start", "ip_from", "range_start", "network_start_ip", "start"])?;
        let end = column(&["end_ip", "ip_end", "ip_to", "range_end", "network_last_ip", "end"])?;
        Some(AddressColumns::Range { start, end })
    })?;
    let geonames: Vec<_> = ["geoname_id", "registered_country_geoname_id", "represented_country_geoname_id"]
        .iter()
        .filter_map(|name| column(&[name]))
        .collect();
    let producer = match () {
        () if !geonames.is_empty() || column(&["autonomous_system_number"]).is_some() => Producer::MaxMind,
        () if column(&["as_domain"]).is_some() && column(&["continent"]).is_some() => Producer::IpInfo,
        () if column(&["ip_from"]).is_some() => Producer::Ip2Location,
        () => Producer::Other,
    };
    let lat = column(&["latitude", "lat"]);
    let lon = column(&["longitude", "lon", "lng"]);
    let layout = Layout {
        producer,
        tabs,
        has_header: true,
        columns: names.len(),
        addresses,
        point: lat.zip(lon),
        city: column(&["city", "city_name"]),
        region: column(&["region", "region_name", "stateprov", "state1", "state", "subdivision_1_name"]),
        country: column(&["country_code", "country_iso_code", "country"]),
        asn: column(&["asn", "as_number", "autonomous_system_number"]),
        organisation: column(&[
            "as_name",
            "as_organization",
            "autonomous_system_organization",
            "organization",
        ]),
        geonames,
        hosts_only: false,
    };
    let tells_something = layout.point.is_some()
        || layout.country.is_some()
        || layout.asn.is_some()
        || !layout.geonames.is_empty();
    tells_something.then_some(Detected::Table(layout))
}

fn from_shape(rows: &[ByteRecord], head: &[u8], tabs: bool) -> Option<Detected> {
    let fitting = |shape: &super::headerless::Shape| {
        let fits = |row: &&ByteRecord| Layout::RANGE.addresses.read(row).is_some() && (shape.fits)(row);
        rows.iter().filter(|row| shape.tabs == tabs && fits(row)).count()
    };
    // The first of the best: `max_by_key` would take the last.
    let shape = HEADERLESS.iter().rev().max_by_key(|shape| fitting(shape))?;
    if fitting(shape) * 2 <= rows.len() {
        return None;
    }
    let mut layout = (shape.layout)();
    layout.tabs = tabs;
    layout.columns = rows.iter().find(|row| (shape.fits)(row))?.len();
    if layout.producer == Producer::DbIp && layout.point.is_none() && is_tor(head) {
        layout.producer = Producer::Tor;
    }
    Some(Detected::Table(layout))
}

/// Lists of countries look alike; Tor's begin with a comment.
fn is_tor(head: &[u8]) -> bool {
    head.starts_with(b"#")
}

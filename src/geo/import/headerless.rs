//! The known tables that have no header line, told apart by what stands in their columns. Sources of the
//! column orders: the field lists that the producers publish.

use csv::ByteRecord;

use super::{layout::Layout, producer::Producer};

pub struct Shape {
    pub tabs: bool,
    /// Whether a row looks like one of this table; the two address columns are checked beforehand.
    pub fits: fn(&ByteRecord) -> bool,
    pub layout: fn() -> Layout,
}

/// Where two fit equally many rows, the earlier is taken.
pub const HEADERLESS: &[Shape] = &[
    // iptoasn: start, end, AS number, country, description.
    Shape {
        tabs: true,
        fits: |row| row.len() == 5 && is_asn(&row[2]) && is_country(&row[3]),
        layout: || Layout {
            producer: Producer::IpToAsn,
            asn: Some(2),
            country: Some(3),
            organisation: Some(4),
            ..Layout::RANGE
        },
    },
    // iptoasn's list of countries.
    Shape {
        tabs: true,
        fits: |row| row.len() == 3 && is_country(&row[2]),
        layout: || Layout { producer: Producer::IpToAsn, country: Some(2), ..Layout::RANGE },
    },
    // DB-IP City Lite: start, end, continent, country, province, city, latitude, longitude.
    Shape {
        tabs: false,
        fits: |row| {
            row.len() == 8
                && is_two_letters(&row[3])
                && is_degrees(&row[6], 90.0)
                && is_degrees(&row[7], 180.0)
        },
        layout: || Layout {
            producer: Producer::DbIp,
            country: Some(3),
            region: Some(4),
            city: Some(5),
            point: Some((6, 7)),
            ..Layout::RANGE
        },
    },
    // ip-location-db's form of it: start, end, country, two provinces, city, postcode, latitude, longitude,
    // time zone.
    Shape {
        tabs: false,
        fits: |row| {
            row.len() == 10
                && is_country(&row[2])
                && (row[9].is_empty() || row[9].contains(&b'/'))
                && is_degrees(&row[7], 90.0)
                && is_degrees(&row[8], 180.0)
        },
        layout: || Layout {
            producer: Producer::IpLocationDb,
            country: Some(2),
            region: Some(3),
            city: Some(5),
            point: Some((7, 8)),
            ..Layout::RANGE
        },
    },
    // IP2Location DB5 and above: start, end, country, its name, region, city, latitude, longitude, and more.
    Shape {
        tabs: false,
        fits: |row| {
            row.len() >= 8
                && is_country(&row[2])
                && !is_two_letters(&row[3])
                && is_degrees(&row[6], 90.0)
                && is_degrees(&row[7], 180.0)
        },
        layout: || Layout {
            producer: Producer::Ip2Location,
            country: Some(2),
            region: Some(4),
            city: Some(5),
            point: Some((6, 7)),
            ..Layout::RANGE
        },
    },
    // IP2Location ASN: start, end, network, AS number, its name.
    Shape {
        tabs: false,
        fits: |row| row.len() == 5 && (row[2].contains(&b'/') || is_unknown(&row[2])) && is_asn(&row[3]),
        layout: || Layout {
            producer: Producer::Ip2Location,
            asn: Some(3),
            organisation: Some(4),
            ..Layout::RANGE
        },
    },
    // connmap: first host, last host, latitude, longitude.
    Shape {
        tabs: false,
        fits: |row| {
            let is_point = |lat: &[u8], lon: &[u8]| {
                let fraction = lat.contains(&b'.') || lon.contains(&b'.');
                (lat.is_empty() && lon.is_empty())
                    || (fraction && is_degrees(lat, 90.0) && is_degrees(lon, 180.0))
            };
            row.len() == 4 && is_point(&row[2], &row[3])
        },
        layout: || Layout {
            producer: Producer::Connmap,
            point: Some((2, 3)),
            hosts_only: true,
            ..Layout::RANGE
        },
    },
    // DB-IP's and ip-location-db's: start, end, AS number, organisation.
    Shape {
        tabs: false,
        fits: |row| row.len() == 4 && is_asn(&row[2]),
        layout: || Layout {
            producer: Producer::AsnList,
            asn: Some(2),
            organisation: Some(3),
            ..Layout::RANGE
        },
    },
    // IP2Location DB1 to DB4: start, end, country, its name, and columns without coordinates.
    Shape {
        tabs: false,
        fits: |row| (4..=7).contains(&row.len()) && is_country(&row[2]) && !is_two_letters(&row[3]),
        layout: || Layout { producer: Producer::Ip2Location, country: Some(2), ..Layout::RANGE },
    },
    // DB-IP Country Lite and Tor's geoip: start, end, country.
    Shape {
        tabs: false,
        fits: |row| row.len() == 3 && is_country(&row[2]),
        layout: || Layout { producer: Producer::DbIp, country: Some(2), ..Layout::RANGE },
    },
];

/// How the formats write "not known" in any column. iptoasn's `None` is not among them: a town has that name.
pub fn is_unknown(field: &[u8]) -> bool {
    matches!(field.trim_ascii(), b"" | b"-")
}

fn is_two_letters(field: &[u8]) -> bool {
    matches!(field.trim_ascii(), [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic())
}

fn is_country(field: &[u8]) -> bool {
    is_two_letters(field) || is_unknown(field) || matches!(field.trim_ascii(), b"None" | b"??")
}

fn is_asn(field: &[u8]) -> bool {
    asn_from_bytes(field).is_some()
}

fn is_degrees(field: &[u8], limit: f32) -> bool {
    is_unknown(field) || degrees_from_bytes(field, limit).is_some()
}

/// `13335` or `AS13335`; 0 where the field says that it is not known. `None` for anything else.
pub fn asn_from_bytes(field: &[u8]) -> Option<u32> {
    if is_unknown(field) {
        return Some(0);
    }
    let field = field.trim_ascii();
    let digits = field.strip_prefix(b"AS").or_else(|| field.strip_prefix(b"as")).unwrap_or(field);
    let digits = std::str::from_utf8(digits).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Degrees from -`limit` to `limit`.
pub fn degrees_from_bytes(field: &[u8], limit: f32) -> Option<f32> {
    let degrees: f32 = std::str::from_utf8(field.trim_ascii()).ok()?.parse().ok()?;
    (degrees.abs() <= limit).then_some(degrees)
}

//! Lines of the registries' `delegated-*-extended-latest` files, and of the plain ones with 7 fields. Owns what a line
//! says; joining records of one holder is the index's.
//!
//! Format: <https://www.apnic.net/about-apnic/corporate-documents/documents/resource-guidelines/rir-statistics-exchange-format/>

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::keys::{Range, ipv6_range, range_text};

/// What a line holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// The records are those of the whole file, as far as it tells.
    Header {
        registry: &'a str,
        end_date: Option<String>,
        records: Option<u64>,
    },
    /// Records of one type.
    Summary {
        records: Option<u64>,
    },
    Record(Record<'a>),
}

/// One range of addresses or AS numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub registry: &'a str,
    /// Two letters, or empty.
    pub country_code: &'a str,
    pub range: Range,
    /// As in the file: addresses, AS numbers, or for IPv6 the length of the prefix.
    pub value: u64,
    /// As in the file, `YYYYMMDD`; empty where unknown.
    pub date: &'a str,
    /// `allocated`, `assigned`, `available`, `reserved`.
    pub status: &'a str,
    /// Names the holder within this registry and this file; empty where none is told.
    pub opaque_id: &'a str,
    /// Number of its fields, as the line has them.
    pub fields: usize,
}

impl Record<'_> {
    /// Start of the range as text: an address, or a number.
    pub fn start_text(&self) -> String {
        range_text(self.range).0
    }
}

/// Reads a line; `None` for comments and empty ones.
///
/// # Errors
/// Why it cannot be used.
pub fn parse(line: &[u8]) -> Result<Option<Line<'_>>, &'static str> {
    let line = std::str::from_utf8(line).map_err(|_| "not ASCII text")?.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let mut fields = [""; 10];
    let mut count = 0;
    for (i, field) in line.split('|').enumerate() {
        count = i + 1;
        if let Some(slot) = fields.get_mut(i) {
            *slot = field.trim();
        }
    }
    if fields[0].starts_with(|c: char| c.is_ascii_digit()) {
        return header(&fields, count).map(Some);
    }
    if count >= 6 && fields[count.min(10) - 1] == "summary" {
        return Ok(Some(Line::Summary { records: fields[4].parse().ok() }));
    }
    if count < 7 {
        return Err("fewer than 7 fields");
    }
    record(&fields, count).map(|record| Some(Line::Record(record)))
}

fn header<'a>(fields: &[&'a str; 10], count: usize) -> Result<Line<'a>, &'static str> {
    let [version, registry, serial, records, _start, end, ..] = *fields;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if count < 6 || !digits(version) || !is_registry(registry) {
        return Err("not a header, though it begins with a digit");
    }
    let end_date = iso_date(end).or_else(|| iso_date(serial));
    Ok(Line::Header { registry, end_date, records: records.parse().ok() })
}

fn record<'a>(fields: &[&'a str; 10], count: usize) -> Result<Record<'a>, &'static str> {
    let [registry, country_code, kind, start, value, date, status, opaque_id, ..] = *fields;
    if !is_registry(registry) {
        return Err("no registry's name");
    }
    if !(country_code.is_empty() || country_code.len() == 2 && is_alphabetic(country_code)) {
        return Err("the country code has not two letters");
    }
    let value: u64 = value.parse().map_err(|_| "the count is no number")?;
    let range = range(kind, start, value)?;
    if !(date.is_empty() || date == "00000000" || iso_date(date).is_some()) {
        return Err("the date is not YYYYMMDD");
    }
    if status.is_empty() || !is_alphabetic(status) {
        return Err("the status is no word");
    }
    let date = if date == "00000000" { "" } else { date };
    Ok(Record { registry, country_code, range, value, date, status, opaque_id, fields: count })
}

fn range(kind: &str, start: &str, value: u64) -> Result<Range, &'static str> {
    let end = |start: u32| {
        let more = value.checked_sub(1).ok_or("the count is 0")?;
        let more = u32::try_from(more).map_err(|_| "the count is too large")?;
        start.checked_add(more).ok_or("the range reaches over the end of all numbers")
    };
    match kind {
        "asn" => {
            let start = start.parse().map_err(|_| "the start is no AS number")?;
            Ok(Range::Asn(start, end(start)?))
        }
        "ipv4" => {
            let start = u32::from(start.parse::<Ipv4Addr>().map_err(|_| "the start is no IPv4 address")?);
            Ok(Range::V4(start, end(start)?))
        }
        "ipv6" => {
            let start = start.parse::<Ipv6Addr>().map_err(|_| "the start is no IPv6 address")?;
            let length = u8::try_from(value).ok().filter(|&length| length <= 128);
            let length = length.ok_or("the prefix is longer than 128")?;
            if IpAddr::V6(start).is_unspecified() && length == 0 {
                return Err("the prefix is all addresses");
            }
            Ok(ipv6_range(start, length))
        }
        _ => Err("the type is none of asn, ipv4, ipv6"),
    }
}

fn is_alphabetic(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_registry(text: &str) -> bool {
    !text.is_empty() && text.len() <= 16 && is_alphabetic(text)
}

/// `YYYY-MM-DD` out of `YYYYMMDD`.
pub fn iso_date(text: &str) -> Option<String> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = digits.then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))?;
    crate::geo::date::Date::from_text(&text).map(|_| text)
}

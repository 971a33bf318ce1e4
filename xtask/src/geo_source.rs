//! Reads the databases that the embedded tables are made from: DB-IP City Lite as flat MMDB files, one for each IP
//! version, and the ASN table as CSV (`first,last,number,organisation`, addresses as decimal integers or as text).

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
};

use anyhow::{Context, Result, bail, ensure};
use connmapperl::{geo::date::Date, model::CountryCode};
use maxminddb::Reader;
use serde::Deserialize;

use crate::geo_ranges::{Range, merged};

/// One record of a city database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct City {
    pub country: CountryCode,
    /// May be empty.
    pub region: String,
    /// Without the district in parentheses; may be empty.
    pub name: String,
    /// Hundredths of degrees.
    pub lat_e2: i16,
    pub lon_e2: i16,
}

#[derive(Deserialize)]
struct FlatRecord<'a> {
    country_code: &'a str,
    state1: Option<&'a str>,
    city: Option<&'a str>,
    latitude: f32,
    longitude: f32,
}

impl City {
    fn from_record(record: &FlatRecord) -> Result<Self> {
        let FlatRecord { country_code, state1, city, latitude, longitude } = record;
        ensure!(latitude.abs() <= 90.0 && longitude.abs() <= 180.0, "position {latitude}, {longitude}");
        Ok(Self {
            country: CountryCode::from_text(country_code)
                .with_context(|| format!("country {country_code:?}"))?,
            region: state1.unwrap_or_default().to_owned(),
            name: without_district(city.unwrap_or_default()).to_owned(),
            lat_e2: (latitude * 100.0).round() as i16,
            lon_e2: (longitude * 100.0).round() as i16,
        })
    }

    /// The record of a city database for one address.
    pub fn look_up(reader: &Reader<Vec<u8>>, address: IpAddr) -> Result<Option<Self>> {
        let record = reader.lookup(address)?.decode::<FlatRecord>()?;
        record.map(|record| Self::from_record(&record)).transpose()
    }

    /// Degrees north and east.
    pub fn lat_lon(&self) -> (f64, f64) {
        (f64::from(self.lat_e2) / 100.0, f64::from(self.lon_e2) / 100.0)
    }
}

/// `Amsterdam (Amsterdam-Centrum)` is Amsterdam.
fn without_district(city: &str) -> &str {
    match city.split_once(" (") {
        Some((name, rest)) if rest.ends_with(')') && !name.is_empty() => name.trim_end(),
        _ => city,
    }
}

/// Distinct cities of several databases; ranges name them by index + 1.
#[derive(Default)]
pub struct Cities {
    pub cities: Vec<City>,
    index: HashMap<City, u32>,
}

impl Cities {
    fn id(&mut self, city: City) -> u32 {
        let next = self.cities.len() as u32 + 1;
        let cities = &mut self.cities;
        *self.index.entry(city).or_insert_with_key(|city| {
            cities.push(city.clone());
            next
        })
    }
}

/// A city database: its ranges in ascending order, and the day it was built.
pub struct CityTable {
    pub ranges: Vec<Range>,
    pub date: Date,
}

/// Reads a whole city database, adding its cities to `cities`.
pub fn read_city_mmdb(path: &Path, cities: &mut Cities) -> Result<CityTable> {
    let reader = open_mmdb(path)?;
    let mut id_of_record = HashMap::new();
    let mut ranges = Vec::new();
    for network in reader.networks(Default::default())? {
        let network = network?;
        let (Some(record), block) = (network.offset(), network.network()?) else { continue };
        let id = match id_of_record.get(&record) {
            Some(&id) => id,
            None => {
                let Some(record_values) = network.decode::<FlatRecord>()? else { continue };
                let city = City::from_record(&record_values).with_context(|| format!("record of {block}"))?;
                let id = cities.id(city);
                id_of_record.insert(record, id);
                id
            }
        };
        let (first, bits) = integer(block.ip());
        let host_bits = bits - u32::from(block.prefix());
        ranges.push(Range { first, last: first | ((1 << host_bits) - 1), id });
    }
    ensure!(ranges.windows(2).all(|pair| pair[0].last < pair[1].first), "networks are not in order");
    let date = Date::from_system_time(reader.metadata().build_time()?);
    Ok(CityTable { ranges: merged(ranges), date })
}

pub fn open_mmdb(path: &Path) -> Result<Reader<Vec<u8>>> {
    Reader::open_readfile(path).with_context(|| path.display().to_string())
}

/// Names of the organisations by AS number, gathered over several tables.
pub type Organisations = HashMap<u32, String>;

/// More overlapping pairs than this mean a damaged file; the one of 2026-06-17 has a single one.
const MAX_OVERLAPS: usize = 16;

/// Reads an ASN table; the ids of its ranges are AS numbers. Where ranges overlap, the one that starts later wins.
pub fn read_asn_csv(path: &Path, organisations: &mut Organisations) -> Result<Vec<Range>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(path)
        .with_context(|| path.display().to_string())?;
    let mut ranges: Vec<Range> = Vec::new();
    let mut overlaps = 0;
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, |position| position.line());
        let at = || format!("{}: line {line}", path.display());
        let [first, last, number, name] = std::array::from_fn(|i| record.get(i).unwrap_or_default());
        let (first, last) = (address(first).with_context(at)?, address(last).with_context(at)?);
        let number: u32 = number.parse().with_context(at)?;
        ensure!(first <= last, "{}: the range ends before it starts", at());
        if number == 0 {
            continue;
        }
        organisations.entry(number).or_insert_with(|| name.to_owned());
        match ranges.last_mut() {
            Some(before) if before.first >= first => bail!("{}: not in ascending order", at()),
            Some(before) if before.last >= first => {
                overlaps += 1;
                ensure!(overlaps <= MAX_OVERLAPS, "{}: more than {MAX_OVERLAPS} overlapping ranges", at());
                println!("  {}: overlaps the range before it, which is cut", at());
                before.last = first - 1;
            }
            _ => {}
        }
        ranges.push(Range { first, last, id: number });
    }
    Ok(merged(ranges))
}

fn address(text: &str) -> Result<u128> {
    match text.parse::<u128>() {
        Ok(number) => Ok(number),
        Err(_) => Ok(integer(text.parse().with_context(|| format!("address {text:?}"))?).0),
    }
}

/// An address as an integer, and its width in bits.
pub fn integer(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (u32::from(v4).into(), Ipv4Addr::BITS),
        IpAddr::V6(v6) => (v6.into(), Ipv6Addr::BITS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn districts_are_not_part_of_a_city() {
        assert_eq!(without_district("Amsterdam (Amsterdam-Centrum)"), "Amsterdam");
        assert_eq!(without_district("Halle (Saale) Nord"), "Halle (Saale) Nord");
        assert_eq!(without_district("(unnamed)"), "(unnamed)");
        assert_eq!(without_district("Lyon"), "Lyon");
    }

    #[test]
    fn addresses_are_read_as_integers_and_as_text() {
        assert_eq!(address("1.0.0.0").unwrap(), 1 << 24);
        assert_eq!(address("16777216").unwrap(), 1 << 24);
        assert_eq!(address("2001::").unwrap(), 0x2001 << 112);
        assert!(address("1.0.0").is_err());
    }
}

//! The table that every reader fills: columns of address ranges, and what stands behind their values, each
//! distinct place, organisation and name once.

use std::{collections::HashMap, hash::Hash, net::IpAddr, sync::Arc};

use super::{
    Kind,
    address::AddressRange,
    columns::{Columns, ColumnsBuilder, Span},
    country_points::point_of_country,
};
use crate::{
    geo::{GeoSource, SourceInfo},
    model::{Asn, CountryCode, Place, plain_address},
};

/// Index that stands for "has none".
const NONE: u32 = u32::MAX;

/// What one row of a file says of its addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Details<'a> {
    /// Degrees north and east.
    pub point: Option<(f32, f32)>,
    pub city: &'a str,
    pub region: &'a str,
    pub country: Option<CountryCode>,
    /// Number and organisation.
    pub asn: Option<(u32, &'a str)>,
}

impl Details<'_> {
    /// 0 degrees north, 0 degrees east is what files write for "unknown"; it is never a place.
    fn known_point(&self) -> Option<(f32, f32)> {
        self.point.filter(|&point| point != (0.0, 0.0))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Record {
    place: u32,
    asn: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct PlaceKey {
    point_bits: Option<(u32, u32)>,
    city: u32,
    region: u32,
    country: Option<CountryCode>,
}

/// Gives each distinct value a number, counting from 0.
struct Numbered<T>(HashMap<T, u32>);

impl<T: Hash + Eq> Numbered<T> {
    fn number(&mut self, value: T) -> u32 {
        // Rows are fewer than 2^32: the limit on a file's size sees to that.
        let next = self.0.len() as u32;
        *self.0.entry(value).or_insert(next)
    }

    fn into_values(self) -> Vec<T> {
        let mut values: Vec<_> = self.0.into_iter().collect();
        values.sort_unstable_by_key(|&(_, number)| number);
        values.into_iter().map(|(value, _)| value).collect()
    }
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

/// Takes rows in the order of the file.
#[derive(Default)]
pub struct TableBuilder {
    names: Numbered<Arc<str>>,
    places: Numbered<PlaceKey>,
    asns: Numbered<(u32, u32)>,
    records: Numbered<Record>,
    v4: ColumnsBuilder<u32>,
    v6: ColumnsBuilder<u128>,
}

impl TableBuilder {
    fn name(&mut self, text: &str) -> u32 {
        match self.names.0.get(text) {
            Some(&number) => number,
            None => self.names.number(text.into()),
        }
    }

    /// The number to pass to `push`, or `None` where the row says nothing.
    pub fn record(&mut self, details: &Details) -> Option<u32> {
        let point = details.known_point();
        let place = if point.is_some() || details.country.is_some() {
            let key = PlaceKey {
                point_bits: point.map(|(lat, lon)| (lat.to_bits(), lon.to_bits())),
                city: self.name(details.city),
                region: self.name(details.region),
                country: details.country,
            };
            self.places.number(key)
        } else {
            NONE
        };
        let asn = match details.asn {
            Some((number, organisation)) => {
                let organisation = self.name(organisation);
                self.asns.number((number, organisation))
            }
            None => NONE,
        };
        (place != NONE || asn != NONE).then(|| self.records.number(Record { place, asn }))
    }

    pub fn push(&mut self, range: AddressRange, record: u32) {
        match range {
            AddressRange::V4(start, end) => self.v4.push(Span { start, end, value: record }),
            AddressRange::V6(start, end) => self.v6.push(Span { start, end, value: record }),
        }
    }

    /// `None` where no row says anything. The name, date and attribution of `info` are taken as they are.
    pub fn finish(self, mut info: SourceInfo) -> Option<(Kind, ImportedTable)> {
        let keys = self.places.into_values();
        let kind = match () {
            () if keys.iter().any(|key| key.point_bits.is_some()) => Kind::Places,
            () if !self.asns.0.is_empty() => Kind::Asns,
            () => Kind::Countries,
        };
        let names = self.names.into_values();
        let name = |number: u32| names.get(number as usize).cloned().unwrap_or_default();
        let places: Vec<_> = keys
            .into_iter()
            .map(|key| {
                let point = key.point_bits.map(|(lat, lon)| (f32::from_bits(lat), f32::from_bits(lon)));
                let by_country = || point_of_country(key.country?);
                let (lat, lon) = if kind == Kind::Countries { by_country()? } else { point? };
                Some(Place { lat, lon, city: name(key.city), region: name(key.region), country: key.country })
            })
            .collect();
        let asns: Vec<_> = self
            .asns
            .into_values()
            .into_iter()
            .map(|(number, organisation)| Asn { number, organisation: name(organisation) })
            .collect();
        info.has_places = places.iter().any(Option::is_some);
        info.has_asns = !asns.is_empty();
        let table = ImportedTable {
            v4: self.v4.finish(),
            v6: self.v6.finish(),
            records: self.records.into_values(),
            places,
            asns,
            info,
        };
        (table.info.has_places || table.info.has_asns).then_some((kind, table))
    }
}

/// A foreign file in memory.
pub struct ImportedTable {
    v4: Columns<u32>,
    v6: Columns<u128>,
    records: Vec<Record>,
    /// `None` where a file with coordinates or ASNs says of some addresses the country alone.
    places: Vec<Option<Place>>,
    asns: Vec<Asn>,
    info: SourceInfo,
}

impl ImportedTable {
    fn record(&self, address: IpAddr) -> Option<Record> {
        let record = match plain_address(address) {
            IpAddr::V4(address) => self.v4.get(address.into()),
            IpAddr::V6(address) => self.v6.get(address.into()),
        }?;
        self.records.get(record as usize).copied()
    }
}

impl GeoSource for ImportedTable {
    fn place(&self, address: IpAddr) -> Option<Place> {
        self.places.get(self.record(address)?.place as usize)?.clone()
    }

    fn asn(&self, address: IpAddr) -> Option<Asn> {
        self.asns.get(self.record(address)?.asn as usize).cloned()
    }

    fn info(&self) -> &SourceInfo {
        &self.info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> SourceInfo {
        SourceInfo {
            name: "test".into(),
            date: None,
            attribution: String::new(),
            has_places: false,
            has_asns: false,
        }
    }

    #[test]
    fn a_table_without_a_word_is_none() {
        let mut builder = TableBuilder::default();
        assert_eq!(builder.record(&Details { point: Some((0.0, 0.0)), ..Default::default() }), None);
        assert!(builder.finish(info()).is_none());
    }

    #[test]
    fn equal_rows_share_one_record_and_later_rows_win() {
        let mut builder = TableBuilder::default();
        let fast = Details { asn: Some((64500, "Fast")), ..Default::default() };
        let slow = Details { asn: Some((64501, "Slow")), ..Default::default() };
        let first = builder.record(&fast).unwrap();
        let second = builder.record(&slow).unwrap();
        assert_eq!(builder.record(&fast), Some(first));
        builder.push(AddressRange::V4(5, 9), first);
        builder.push(AddressRange::V4(5, 9), second);
        let (kind, table) = builder.finish(info()).unwrap();
        assert_eq!(kind, Kind::Asns);
        assert_eq!(table.asn("0.0.0.7".parse().unwrap()).unwrap().number, 64501);
        assert_eq!(table.place("0.0.0.7".parse().unwrap()), None);
        assert_eq!((table.info().has_places, table.info().has_asns), (false, true));
    }

    #[test]
    fn a_country_alone_has_a_point_only_in_a_table_of_countries() {
        let country = Details { country: CountryCode::from_text("IS"), ..Default::default() };
        let mut countries = TableBuilder::default();
        let record = countries.record(&country).unwrap();
        countries.push(AddressRange::V4(0, 9), record);
        let (kind, table) = countries.finish(info()).unwrap();
        assert_eq!(kind, Kind::Countries);
        let place = table.place("0.0.0.1".parse().unwrap()).unwrap();
        assert!((63.0..67.0).contains(&place.lat) && (-25.0..-13.0).contains(&place.lon), "{place:?}");

        let mut mixed = TableBuilder::default();
        let record = mixed.record(&country).unwrap();
        mixed.push(AddressRange::V4(0, 9), record);
        let other = mixed.record(&Details { asn: Some((64500, "")), ..country }).unwrap();
        mixed.push(AddressRange::V4(20, 29), other);
        assert_eq!(mixed.finish(info()).unwrap().1.place("0.0.0.1".parse().unwrap()), None);
    }
}

//! What registries say of autonomous systems beside the tables, and when that counts more. Owns the question and the
//! rule; where the answers come from is decided elsewhere.
//!
//! A number is the table's wherever it has one. Its organisation is the registry's where the table has no name, or where
//! the registry's source is of a later day than the table that told the number. Of what bears no date nobody knows that
//! it is later: then the table's name stays. Where no table knows the holder of an address, the origin of its innermost
//! registered route stands in.

use std::{net::IpAddr, sync::Arc};

use super::{GeoSource, SourceInfo, date::Date};
use crate::model::Asn;

/// A registry that answers for each connection: from memory, or nearly so.
pub trait Registry: Send + Sync {
    /// The organisation behind an AS number, or `None` where it has no name for it.
    fn organisation(&self, number: u32) -> Option<Organisation>;
    /// The AS number that the innermost route around an address names, or `None`.
    fn origin(&self, address: IpAddr) -> Option<u32>;
    fn info(&self) -> &SourceInfo;
}

/// Who is behind an AS number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Never empty.
    pub name: Arc<str>,
    /// Day of the source.
    pub date: Option<Date>,
}

/// What a table has told, with the registry's name where that counts more.
pub(super) fn with_better_name(asn: Asn, table: &dyn GeoSource, registry: &dyn Registry) -> Asn {
    let Some(registered) = registry.organisation(asn.number) else {
        return asn;
    };
    let is_later = || {
        let of_table = table.systems_date().and_then(Date::from_text);
        registered.date.zip(of_table).is_some_and(|(date, of_table)| date > of_table)
    };
    if asn.organisation.is_empty() || is_later() { Asn { organisation: registered.name, ..asn } } else { asn }
}

/// What stands in where no table knows the holder.
pub(super) fn by_route(address: IpAddr, registry: &dyn Registry) -> Option<Asn> {
    let number = registry.origin(address)?;
    let organisation = registry.organisation(number).map(|found| found.name).unwrap_or_default();
    Some(Asn { number, organisation })
}

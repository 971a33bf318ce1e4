//! Two short answers that a map asks for each connection: who is behind an AS number, and which number a route names
//! around an address.

use std::{cmp::Reverse, net::IpAddr};

use super::names::{organisation, text};
use crate::whois::{
    Whois,
    as_org::Record,
    detect::Kind,
    index::{Index, Meta},
    keys::{IdKind, Range, parse_asn, parse_range, single},
    rpsl::{self, Class},
};

/// Objects around an address that are read until one is a route: networks lie some eight deep, routes fewer.
const MOST_AROUND: usize = 32;
/// Records of one AS number, or with one hash of an id: a file has one, and after accidents some more.
const MOST_ALIKE: usize = 4;
/// What names an aut-num, best first.
const NAMES: [&str; 4] = ["org-name", "owner", "descr", "as-name"];

impl Whois {
    /// Name of the organisation behind an AS number, and the source that says so: as-org2info's, else that of an
    /// aut-num, its organisation's before its own. Of several sources of a kind the newest that has one.
    pub fn organisation_of(&self, number: u32) -> Option<(String, &Meta)> {
        let as_org = self.newest_first(Kind::AsOrg).into_iter();
        as_org.map(|index| (of_as_org(index, number), index)).find_map(named).or_else(|| {
            let rpsl = self.newest_first(Kind::Rpsl).into_iter();
            rpsl.map(|index| (self.of_aut_num(index, number), index)).find_map(named)
        })
    }

    /// Origin of the most specific route around an address. Of several for one network the newest source's, and of these
    /// the last.
    pub fn origin_of(&self, address: IpAddr) -> Option<u32> {
        let innermost =
            self.newest_first(Kind::Rpsl).into_iter().filter_map(|index| innermost_route(index, address));
        innermost.min_by_key(|&(addresses, _)| addresses).map(|(_, origin)| origin)
    }

    fn newest_first(&self, kind: Kind) -> Vec<&Index> {
        let mut indexes: Vec<_> = self.of_kind(kind).collect();
        indexes.sort_by_key(|index| Reverse(index.meta().date.as_deref()));
        indexes
    }

    fn of_aut_num(&self, index: &Index, number: u32) -> Option<String> {
        let records = index.in_range(Range::Asn(number, number), MOST_ALIKE);
        records.0.into_iter().find_map(|record| {
            let bytes = index.record(record)?;
            let text = rpsl::decode(&bytes);
            let attributes = rpsl::attributes(&text);
            let organisation = rpsl::value_of(&attributes, "org").and_then(|id| self.organisation_name(id));
            organisation.or_else(|| first_name(&attributes))
        })
    }

    /// Organisations may be in another dump than aut-nums.
    fn organisation_name(&self, id: &str) -> Option<String> {
        self.of_kind(Kind::Rpsl).find_map(|index| {
            index.with_id(IdKind::Object, id, MOST_ALIKE).0.into_iter().find_map(|record| {
                let bytes = index.record(record)?;
                let text = rpsl::decode(&bytes);
                let attributes = rpsl::attributes(&text);
                let (class, key) = attributes.first()?;
                let is_it = class.eq_ignore_ascii_case("organisation") && key.eq_ignore_ascii_case(id);
                is_it.then(|| first_name(&attributes)).flatten()
            })
        })
    }
}

fn named((name, index): (Option<String>, &Index)) -> Option<(String, &Meta)> {
    Some((name.filter(|name| !name.is_empty())?, index.meta()))
}

fn first_name(attributes: &[(&str, String)]) -> Option<String> {
    NAMES.iter().find_map(|name| rpsl::value_of(attributes, name)).map(str::to_owned)
}

fn of_as_org(index: &Index, number: u32) -> Option<String> {
    let records = index.in_range(Range::Asn(number, number), MOST_ALIKE);
    records.0.into_iter().find_map(|record| {
        let text = text(index, record)?;
        let Record::System { id, .. } = Record::from_text(&text)? else { return None };
        organisation(index, id).map(|(name, _)| name).filter(|name| !name.is_empty())
    })
}

/// How many addresses the innermost route has, and its origin.
fn innermost_route(index: &Index, address: IpAddr) -> Option<(u128, u32)> {
    index.in_range(single(address), MOST_AROUND).0.into_iter().find_map(|record| {
        let bytes = index.record(record)?;
        let class = Class::from_name(rpsl::attribute_name(&bytes)?)?;
        if !matches!(class, Class::Route | Class::Route6) {
            return None;
        }
        let text = rpsl::decode(&bytes);
        let attributes = rpsl::attributes(&text);
        // AS0 says that nobody may announce it (RFC 7607).
        let origin = parse_asn(rpsl::value_of(&attributes, "origin")?).filter(|&number| number != 0)?;
        let addresses_less_one = match parse_range(&attributes.first()?.1).ok()? {
            Range::V4(first, last) => (last - first).into(),
            Range::V6(first, last) => last - first,
            Range::Asn(..) => return None,
        };
        Some((addresses_less_one, origin))
    })
}

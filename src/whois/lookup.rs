//! Puts answers together out of the open indexes. Holders are joined within one file only: their ids are good for a day
//! in some registries.

mod brief;
mod names;

use std::sync::Arc;

use super::{
    Whois,
    answer::{Answer, Delegation, Object, Source},
    delegated::{self, Line},
    detect::Kind,
    index::Index,
    keys::{IdKind, Range, parse_range, range_text},
    rpsl::{self, Class, peers::peers},
};

/// Ranges of one answer: more are nobody's to read, and memory has an end.
pub const MOST_RANGES: usize = 1_000;
/// Records of one holder: the largest has some thousand.
pub const MOST_OF_HOLDER: usize = 5_000;
/// Objects of a kind that one answer has of a source.
pub const MOST_OBJECTS: usize = 8;

/// How much is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Delegation, names and the aut-num of the system that was asked for or that announces the address.
    Brief,
    /// All objects and all that a holder has, too.
    Full,
}

impl Whois {
    /// What is known of an address or a range. `announced_by` is the AS number that announces it, where that is known.
    pub fn addresses(&self, range: Range, announced_by: Option<u32>, depth: Depth) -> Answer {
        let mut answer = Answer::default();
        let (first, joined) = self.delegations(range, &mut answer);
        if let (Some(index), Depth::Full) = (first, depth) {
            self.holder(index, joined.as_deref().unwrap_or_default(), &mut answer);
            answer.holder_ranges.clear();
        }
        let own = announced_by.into_iter();
        self.add_names(own.chain(asns(&answer.holder_asns)).collect(), announced_by, &mut answer);
        // A brief answer has no numbers of the holder.
        let systems = announced_by.into_iter().chain(asns(&answer.holder_asns)).take(MOST_OF_HOLDER);
        let aut_nums = systems.map(|number| self.aut_nums(number)).find(|found| !found.is_empty());
        answer.aut_nums = aut_nums.unwrap_or_default();
        if depth == Depth::Full {
            self.network_objects(range, &mut answer);
            self.organisation_objects(&mut answer);
        }
        answer
    }

    /// What is known of an AS number.
    pub fn system(&self, number: u32, depth: Depth) -> Answer {
        let mut answer = Answer::default();
        let (first, joined) = self.delegations(Range::Asn(number, number), &mut answer);
        if let (Some(index), Depth::Full) = (first, depth) {
            self.holder(index, joined.as_deref().unwrap_or_default(), &mut answer);
        }
        self.add_names(
            [number].into_iter().chain(asns(&answer.holder_asns)).collect(),
            Some(number),
            &mut answer,
        );
        answer.aut_nums = self.aut_nums(number);
        if depth == Depth::Full {
            self.organisation_objects(&mut answer);
        }
        answer
    }

    /// Objects with this key: an organisation, a set, a role or a person.
    pub fn objects(&self, key: &str) -> Vec<Object> {
        let mut found = Vec::new();
        for index in self.of_kind(Kind::Rpsl) {
            let records = index.with_id(IdKind::Object, key, MOST_OBJECTS);
            let objects =
                records.into_iter().filter_map(|record| object(index, record)).map(|(_, object)| object);
            // Another key may have the same hash.
            found.extend(objects.filter(|object| object.text.to_lowercase().contains(&key.to_lowercase())));
        }
        found
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Index> {
        self.indexes().iter().filter(move |index| index.meta().kind == kind)
    }

    /// Adds what registries gave; tells the index of the first one that has a holder, and that holder.
    fn delegations(&self, range: Range, answer: &mut Answer) -> (Option<&Index>, Option<String>) {
        let mut found = Vec::new();
        for index in self.of_kind(Kind::Delegated) {
            let source = Arc::new(Source::from(index.meta()));
            let records = index.in_range(range, MOST_RANGES + 1);
            let read = records.into_iter().filter_map(|record| delegation(index, record, &source));
            found.extend(read.map(|delegation| (index, delegation)));
        }
        // What somebody holds comes before what is free, and a registry's own file before one of all registries.
        found.sort_by_key(|(index, delegation)| {
            let is_free = matches!(delegation.status.as_str(), "available" | "reserved");
            (is_free, !index.meta().registry.eq_ignore_ascii_case(&delegation.registry))
        });
        answer.cut |= found.len() > MOST_RANGES;
        found.truncate(MOST_RANGES);
        let holder = found.iter().find_map(|&(index, ref delegation)| {
            Some((index, format!("{}|{}", delegation.registry, delegation.opaque_id.as_ref()?)))
        });
        answer.delegations = found.into_iter().map(|(_, delegation)| delegation).collect();
        holder.unzip()
    }

    /// Adds all that a holder has, out of the file that names it.
    fn holder(&self, index: &Index, holder: &str, answer: &mut Answer) {
        let source = Arc::new(Source::from(index.meta()));
        for record in index.with_id(IdKind::Holder, holder, MOST_OF_HOLDER) {
            let Some(delegation) = delegation(index, record, &source) else {
                continue;
            };
            let id = delegation.opaque_id.as_deref().unwrap_or_default();
            if format!("{}|{id}", delegation.registry) == holder {
                let is_asn = delegation.start.parse::<u32>().is_ok();
                if is_asn { &mut answer.holder_asns } else { &mut answer.holder_ranges }.push(delegation);
            }
        }
        answer.holder_asns.sort_by_key(|delegation| delegation.start.parse::<u32>().unwrap_or_default());
    }

    fn aut_nums(&self, number: u32) -> Vec<Object> {
        let range = Range::Asn(number, number);
        let read = |index| {
            let records = Index::in_range(index, range, MOST_OBJECTS);
            records.into_iter().filter_map(move |record| object(index, record)).map(|(_, object)| object)
        };
        self.of_kind(Kind::Rpsl).flat_map(read).collect()
    }

    fn network_objects(&self, range: Range, answer: &mut Answer) {
        for index in self.of_kind(Kind::Rpsl) {
            let (mut networks, mut routes) = (Vec::new(), Vec::new());
            let records = index.in_range(range, MOST_RANGES);
            for (class, object) in records.into_iter().filter_map(|record| object(index, record)) {
                let is_route = matches!(class, Class::Route | Class::Route6);
                let list = if is_route { &mut routes } else { &mut networks };
                // The registry's root object says only who writes the file.
                if list.len() < MOST_OBJECTS && !is_everything(&object.title) {
                    list.push(object);
                } else {
                    answer.cut |= list.len() >= MOST_OBJECTS;
                }
            }
            answer.networks.extend(networks);
            answer.routes.extend(routes);
        }
    }

    fn organisation_objects(&self, answer: &mut Answer) {
        let mut ids: Vec<String> = Vec::new();
        for object in answer.aut_nums.iter().chain(answer.networks.first()) {
            let attributes = rpsl::attributes(&object.text);
            ids.extend(rpsl::value_of(&attributes, "org").map(str::to_owned));
        }
        ids.sort();
        ids.dedup();
        answer.organisation_objects = ids.iter().flat_map(|id| self.objects(id)).take(MOST_OBJECTS).collect();
    }
}

fn asns(delegations: &[Delegation]) -> impl Iterator<Item = u32> {
    let numbers = |delegation: &Delegation| {
        let start = delegation.start.parse().unwrap_or(u32::MAX);
        start..=delegation.end.parse().unwrap_or(start)
    };
    delegations.iter().flat_map(numbers).take(MOST_OF_HOLDER)
}

fn delegation(index: &Index, record: u32, source: &Arc<Source>) -> Option<Delegation> {
    let line = index.record(record)?;
    let Ok(Some(Line::Record(record))) = delegated::parse(&line) else {
        return None;
    };
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (start, end) = range_text(record.range);
    Some(Delegation {
        registry: record.registry.to_owned(),
        country_code: filled(record.country_code),
        start,
        end,
        size: record.value,
        status: record.status.to_owned(),
        date: filled(record.date),
        opaque_id: filled(record.opaque_id),
        source: Arc::clone(source),
    })
}

fn object(index: &Index, record: u32) -> Option<(Class, Object)> {
    let bytes = index.record(record)?;
    let class = Class::from_name(rpsl::attribute_name(&bytes)?)?;
    let text = rpsl::decode(&bytes).into_owned();
    let attributes = rpsl::attributes(&text);
    let (name, value) = attributes.first()?;
    let title = format!("{}: {value}", name.to_lowercase());
    let peers = if class == Class::AutNum { peers(&attributes) } else { Vec::new() };
    Some((class, Object { title, peers, source: Arc::new(index.meta().into()), text }))
}

fn is_everything(title: &str) -> bool {
    let range = title.split_once(": ").and_then(|(_, key)| parse_range(key).ok());
    matches!(range, Some(Range::V4(0, u32::MAX) | Range::V6(0, u128::MAX)))
}

//! Puts answers together out of the open indexes. Holders are joined within one file only: their ids are good for a day
//! in some registries.

mod brief;
mod names;

use std::{collections::HashSet, sync::Arc};

use super::{
    Whois,
    answer::{Answer, Delegation, LeftOut, Object, Source},
    delegated::{self, Line},
    detect::Kind,
    index::Index,
    keys::{IdKind, Range, parse_range, range_text},
    rpsl::{self, Class, peers::peers},
};

/// How long an answer may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of what registries gave.
    pub delegations: usize,
    /// Records of the holder.
    pub of_holder: usize,
    /// Autonomous systems whose organisations' names are looked for.
    pub systems: usize,
    /// Objects of a kind out of each source, and organisations beside these.
    pub objects: usize,
    /// Objects of each source that are looked at for these.
    looked_at: usize,
    /// Names that are found.
    pub names: usize,
}

impl Limits {
    pub const NONE: Self = Self {
        delegations: usize::MAX,
        of_holder: usize::MAX,
        systems: usize::MAX,
        objects: usize::MAX,
        looked_at: usize::MAX,
        names: usize::MAX,
    };
}

impl Default for Limits {
    /// More is nobody's to read, and memory has an end. The largest holder has some thousand records.
    fn default() -> Self {
        Self {
            delegations: 1_000,
            of_holder: 5_000,
            systems: 200,
            objects: 8,
            looked_at: 1_000,
            names: 1_000,
        }
    }
}

/// Numbers that are gone through, whatever the limits: a block may have four thousand million.
const MOST_SYSTEMS: usize = 100_000;

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
        // A brief answer has no numbers of the holder.
        let systems = self.systems(announced_by, &mut answer);
        self.add_names(systems.clone(), announced_by, &mut answer);
        for number in systems {
            self.aut_nums(number, &mut answer);
            if !answer.aut_nums.is_empty() {
                break;
            }
        }
        if depth == Depth::Full {
            self.network_objects(range, &mut answer);
            self.organisation_objects(&mut answer);
        }
        self.finished(answer)
    }

    /// What is known of an AS number.
    pub fn system(&self, number: u32, depth: Depth) -> Answer {
        let mut answer = Answer::default();
        let (first, joined) = self.delegations(Range::Asn(number, number), &mut answer);
        if let (Some(index), Depth::Full) = (first, depth) {
            self.holder(index, joined.as_deref().unwrap_or_default(), &mut answer);
        }
        let systems = self.systems(Some(number), &mut answer);
        self.add_names(systems, Some(number), &mut answer);
        self.aut_nums(number, &mut answer);
        if depth == Depth::Full {
            self.organisation_objects(&mut answer);
        }
        self.finished(answer)
    }

    fn finished(&self, mut answer: Answer) -> Answer {
        answer.cut = answer.left_out != LeftOut::default();
        answer.damaged = self.damaged();
        answer
    }

    /// Objects with this key, all of them: an organisation, a set, a role or a person.
    pub fn objects(&self, key: &str) -> Vec<Object> {
        let mut found = Vec::new();
        for index in self.of_kind(Kind::Rpsl) {
            let (records, _) = index.with_id(IdKind::Object, key, usize::MAX);
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
            let (records, left_out) = index.in_range(range, self.limits().delegations);
            answer.left_out.delegations += left_out;
            let read = records.into_iter().filter_map(|record| delegation(index, record, &source));
            found.extend(read.map(|delegation| (index, delegation)));
        }
        // What somebody holds comes before what is free, and a registry's own file before one of all registries.
        found.sort_by_key(|(index, delegation)| {
            let is_free = matches!(delegation.status.as_str(), "available" | "reserved");
            (is_free, !index.meta().registry.eq_ignore_ascii_case(&delegation.registry))
        });
        answer.left_out.delegations += found.len().saturating_sub(self.limits().delegations) as u64;
        found.truncate(self.limits().delegations);
        let holder = found.iter().find_map(|&(index, ref delegation)| {
            Some((index, format!("{}|{}", delegation.registry, delegation.opaque_id.as_ref()?)))
        });
        answer.delegations = found.into_iter().map(|(_, delegation)| delegation).collect();
        holder.unzip()
    }

    /// Adds all that a holder has, out of the file that names it.
    fn holder(&self, index: &Index, holder: &str, answer: &mut Answer) {
        let source = Arc::new(Source::from(index.meta()));
        let (records, left_out) = index.with_id(IdKind::Holder, holder, self.limits().of_holder);
        answer.left_out.of_holder += left_out;
        for record in records {
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

    /// A number and the holder's, each once.
    fn systems(&self, own: Option<u32>, answer: &mut Answer) -> Vec<u32> {
        let numbers = |delegation: &Delegation| {
            let start = delegation.start.parse().unwrap_or(u32::MAX);
            start..=delegation.end.parse().unwrap_or(start)
        };
        let (all, most) = (answer.holder_asns.iter(), self.limits().of_holder.min(MOST_SYSTEMS));
        let count = all.clone().map(|delegation| delegation.size).sum::<u64>() + u64::from(own.is_some());
        answer.left_out.systems += count.saturating_sub(most as u64);
        let mut seen = HashSet::new();
        let systems = own.into_iter().chain(all.flat_map(numbers)).take(most);
        systems.filter(|number| seen.insert(*number)).collect()
    }

    fn aut_nums(&self, number: u32, answer: &mut Answer) {
        for index in self.of_kind(Kind::Rpsl) {
            let (records, left_out) = index.in_range(Range::Asn(number, number), self.limits().objects);
            answer.left_out.objects += left_out;
            let objects = records.into_iter().filter_map(|record| object(index, record));
            answer.aut_nums.extend(objects.map(|(_, object)| object));
        }
    }

    fn network_objects(&self, range: Range, answer: &mut Answer) {
        let limits = self.limits();
        for index in self.of_kind(Kind::Rpsl) {
            let (mut networks, mut routes) = (Vec::new(), Vec::new());
            let (records, left_out) = index.in_range(range, limits.looked_at);
            answer.left_out.objects += left_out;
            for (class, object) in records.into_iter().filter_map(|record| object(index, record)) {
                let is_route = matches!(class, Class::Route | Class::Route6);
                let list = if is_route { &mut routes } else { &mut networks };
                // The registry's root object says only who writes the file.
                if is_everything(&object.title) {
                    continue;
                }
                if list.len() < limits.objects {
                    list.push(object);
                } else {
                    answer.left_out.objects += 1;
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
        let mut objects = ids.iter().flat_map(|id| self.objects(id));
        answer.organisation_objects = objects.by_ref().take(self.limits().objects).collect();
        answer.left_out.objects += objects.count() as u64;
    }
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

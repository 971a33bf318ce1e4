//! Names of organisations and autonomous systems: those of a number, and numbers by name.

use std::{collections::HashSet, sync::Arc};

use crate::whois::{
    Whois,
    answer::{Answer, Found, Name, Source},
    as_org::Record,
    detect::Kind,
    index::Index,
    keys::{IdKind, Range, parse_asn, words},
    rpsl,
};

impl Whois {
    /// Adds the organisations of these numbers, each name once, and the name of `of` alone.
    pub(super) fn add_names(&self, mut numbers: Vec<u32>, of: Option<u32>, answer: &mut Answer) {
        answer.left_out.systems += numbers.len().saturating_sub(self.limits().systems) as u64;
        numbers.truncate(self.limits().systems);
        for index in self.of_kind(Kind::AsOrg) {
            let source = Arc::new(Source::from(index.meta()));
            for &number in &numbers {
                for record in index.in_range(Range::Asn(number, number), 2).0 {
                    let Some(text) = text(index, record) else { continue };
                    let Some(Record::System { name, id, .. }) = Record::from_text(&text) else { continue };
                    let source = Arc::clone(&source);
                    if of == Some(number) && !name.is_empty() {
                        let (name, of) = (name.to_owned(), format!("AS{number}"));
                        answer.systems.push(Name {
                            name,
                            of,
                            country_code: None,
                            source: Arc::clone(&source),
                        });
                    }
                    let organisation = organisation(index, id);
                    if let Some((name, country_code)) = organisation
                        && answer.organisations.iter().all(|other| other.name != name)
                    {
                        answer.organisations.push(Name { name, of: id.to_owned(), country_code, source });
                    }
                }
            }
        }
    }

    /// Organisations and autonomous systems in whose name each word of `text` begins a word, `most` at most and whether
    /// there are more. Case does not matter.
    pub fn by_name(&self, text: &str, most: usize) -> (Vec<Found>, bool) {
        let wanted: Vec<_> = words(text).collect();
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        for index in self.indexes().iter().filter(|index| index.meta().kind != Kind::Delegated) {
            let source = Arc::new(Source::from(index.meta()));
            for record in with_words(index, &wanted) {
                let answer = match index.meta().kind {
                    Kind::AsOrg => by_as_org(index, record, &wanted, &source),
                    _ => by_object(index, record, &wanted, &source),
                };
                let Some(answer) = answer else { continue };
                // A system is told by its organisation, where that is found too.
                if !seen.insert((answer.source.name.clone(), answer.id.clone())) {
                    continue;
                }
                if found.len() == most {
                    return (found, true);
                }
                found.push(answer);
            }
        }
        (found, false)
    }
}

fn with_words(index: &Index, wanted: &[String]) -> Vec<u32> {
    let mut lists: Vec<_> = wanted.iter().map(|word| index.with_word(word)).collect();
    lists.sort_by_key(Vec::len);
    let mut lists = lists.into_iter();
    let Some(mut records) = lists.next() else {
        return Vec::new();
    };
    for other in lists {
        records.retain(|record| other.binary_search(record).is_ok());
    }
    records
}

/// Whether a name has them all: words that are long are cut in the index, and each might be of another name.
fn has_words(name: &str, wanted: &[String]) -> bool {
    let has: Vec<_> = words(name).collect();
    wanted.iter().all(|word| has.iter().any(|other| other.starts_with(word.as_str())))
}

fn by_as_org(index: &Index, record: u32, wanted: &[String], source: &Arc<Source>) -> Option<Found> {
    let text = text(index, record)?;
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let found = match Record::from_text(&text)? {
        Record::Organisation { id, name, country, .. } => Found {
            name: name.to_owned(),
            id: id.to_owned(),
            country_code: filled(country),
            asns: members(index, id),
            source: Arc::clone(source),
        },
        Record::System { number, name, id, .. } => {
            // Its organisation's own name may be the better one, and is found by other words.
            let organisation = organisation(index, id);
            let country_code = organisation.and_then(|(_, country)| country);
            let id = format!("AS{number}");
            Found { name: name.to_owned(), id, country_code, asns: vec![number], source: Arc::clone(source) }
        }
    };
    has_words(&found.name, wanted).then_some(found)
}

fn by_object(index: &Index, record: u32, wanted: &[String], source: &Arc<Source>) -> Option<Found> {
    let bytes = index.record(record)?;
    let text = rpsl::decode(&bytes);
    let attributes = rpsl::attributes(&text);
    let names = ["org-name", "owner", "descr", "as-name"];
    let has = |name: &&str| rpsl::value_of(&attributes, name).is_some_and(|value| has_words(value, wanted));
    let name = rpsl::value_of(&attributes, names.iter().find(|name| has(name))?)?.to_owned();
    let (class, key) = attributes.first()?;
    let asns =
        if class.eq_ignore_ascii_case("aut-num") { parse_asn(key).into_iter().collect() } else { Vec::new() };
    let id = asns.first().map_or_else(|| key.clone(), |number| format!("AS{number}"));
    let country_code = rpsl::value_of(&attributes, "country").map(str::to_owned);
    Some(Found { name, id, country_code, asns, source: Arc::clone(source) })
}

fn members(index: &Index, id: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    for record in index.with_id(IdKind::Member, id, usize::MAX).0 {
        let Some(text) = text(index, record) else { continue };
        if let Some(Record::System { number, id: other, .. }) = Record::from_text(&text)
            && other.eq_ignore_ascii_case(id)
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    numbers
}

/// Name and country of an organisation of as-org2info; none where the file does not have it.
pub(super) fn organisation(index: &Index, id: &str) -> Option<(String, Option<String>)> {
    index.with_id(IdKind::Organisation, id, 4).0.into_iter().find_map(|record| {
        let text = text(index, record)?;
        match Record::from_text(&text)? {
            Record::Organisation { id: other, name, country, .. } if other.eq_ignore_ascii_case(id) => {
                Some((name.to_owned(), (!country.is_empty()).then(|| country.to_owned())))
            }
            _ => None,
        }
    })
}

pub(super) fn text(index: &Index, record: u32) -> Option<String> {
    String::from_utf8(index.record(record)?).ok()
}

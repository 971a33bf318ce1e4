//! Whose a file is: the source that most of its objects name, or the registry that most of its records do. A registry's dump
//! has objects of others among its own, in any order, so no single one of them tells.

use crate::whois::rpsl;

/// More are in no dump. What comes after so many is not told apart: one that most objects name is among the first.
const MOST_SOURCES: usize = 64;
const ATTRIBUTE: &[u8] = b"source";

/// How many objects name which source, in lower case.
#[derive(Default)]
pub struct Tally {
    counts: Vec<(Vec<u8>, u64)>,
}

impl Tally {
    pub fn add(&mut self, object: &[u8], line_starts: &[usize]) {
        if let Some(source) = source_of(object, line_starts) {
            self.count(source);
        }
    }

    /// Counts one that names this source.
    pub fn count(&mut self, source: &[u8]) {
        match self.counts.iter().position(|(known, _)| known.eq_ignore_ascii_case(source)) {
            Some(at) => self.counts[at].1 += 1,
            None if self.counts.len() < MOST_SOURCES => self.counts.push((source.to_ascii_lowercase(), 1)),
            None => {}
        }
    }

    /// How many name this source.
    pub fn of(&self, source: &str) -> u64 {
        let same = self.counts.iter().find(|(known, _)| known.eq_ignore_ascii_case(source.as_bytes()));
        same.map_or(0, |(_, count)| *count)
    }

    /// The source that most have; of several the first by name, so that no order matters.
    pub fn winner(&self) -> Option<String> {
        let (name, _) = self.counts.iter().min_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)))?;
        Some(rpsl::decode(name).into_owned())
    }
}

/// Its value, without a comment. It mostly is the last attribute, so lines are looked at from there.
fn source_of<'a>(object: &'a [u8], line_starts: &[usize]) -> Option<&'a [u8]> {
    line_starts.iter().rev().find_map(|&start| {
        let line = object.get(start..)?;
        let is_source = rpsl::attribute_name(line.get(..=ATTRIBUTE.len())?)?.eq_ignore_ascii_case(ATTRIBUTE);
        let value = is_source.then(|| &line[ATTRIBUTE.len() + 1..])?;
        let value = value.split(|&byte| byte == b'\n' || byte == b'#').next()?.trim_ascii();
        (!value.is_empty()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn winner(objects: &[&str]) -> Option<String> {
        let mut tally = Tally::default();
        for object in objects {
            let starts: Vec<_> =
                std::iter::once(0).chain(object.match_indices('\n').map(|(at, _)| at + 1)).collect();
            tally.add(object.as_bytes(), &starts);
        }
        tally.winner()
    }

    #[test]
    fn the_source_that_most_name_wins_in_any_order() {
        let (apnic, jpnic) = ("role: A\nsource:  APNIC # Filtered\n", "role: B\nSOURCE: jpnic\n");
        assert_eq!(winner(&[jpnic, apnic, apnic]).as_deref(), Some("apnic"));
        assert_eq!(winner(&[apnic, jpnic, apnic]).as_deref(), Some("apnic"));
        assert_eq!(winner(&[jpnic, apnic]).as_deref(), Some("apnic"));
        assert_eq!(winner(&[apnic, jpnic]).as_deref(), Some("apnic"));
        assert_eq!(winner(&["role: C\nsource:\nsources: x\nsource", "role: D\n source: x\n"]), None);
        assert_eq!(winner(&[]), None);
    }
}

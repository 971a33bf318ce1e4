//! What could be typed next: names of fields, and values that are known to occur. Reads a text that is still being
//! typed, so nothing in it is an error.

use std::ops::Range;

use super::{
    field::Field,
    needle::Needle,
    scan::{Head, Scanner, head},
    spell,
    term::{Reason, direction_word, protocol_word},
};
use crate::model::{CountryCode, Direction, Protocol};

/// What a list under an input line shows without scrolling.
pub const MAX_COMPLETIONS: usize = 12;

/// A word of fewer letters is in too many values to offer them.
const LETTERS_FOR_VALUES: usize = 2;

/// Values to offer, each list with the likeliest first. What is empty is passed over.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    pub programs: Vec<&'a str>,
    pub organisations: Vec<&'a str>,
    /// Autonomous systems with the name of their organisation.
    pub systems: Vec<(u32, &'a str)>,
    /// Countries with their English name.
    pub countries: Vec<(CountryCode, &'a str)>,
    pub cities: Vec<&'a str>,
    pub agents: Vec<&'a str>,
    /// Labels of rules.
    pub rules: Vec<&'a str>,
    /// Ports with what they are for.
    pub ports: Vec<(u16, &'a str)>,
}

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Bytes of the text that it replaces; lies between characters.
    pub range: Range<usize>,
    /// Stands there instead, in quotes where it needs them. Ends with a colon where a value is to follow.
    pub text: String,
    /// What it is, to be shown beside it; may be empty.
    pub about: String,
}

/// What fits where the cursor stands, the best first, at most [`MAX_COMPLETIONS`]. `cursor` counts bytes; within a
/// character it is taken to stand before it, and after the text at its end.
pub fn completions(text: &str, cursor: usize, known: &Known<'_>) -> Vec<Completion> {
    let cursor = text.floor_char_boundary(cursor);
    let Some(Spot { range, typed, field }) = spot(text, cursor) else { return Vec::new() };
    let needle = Needle::new(&typed);
    let mut found: Vec<Candidate> = match field {
        Some(field) => values(field, known),
        None => {
            let mut found = conditions();
            found.retain(|candidate| rank(candidate, &needle) == Some(0));
            if typed.chars().count() >= LETTERS_FOR_VALUES {
                found.extend(values_with_field(known));
            }
            found
        }
    };
    found.retain(|candidate| rank(candidate, &needle).is_some());
    found.sort_by_key(|candidate| rank(candidate, &needle));
    found.truncate(MAX_COMPLETIONS);
    let completion = |Candidate { text, about, .. }| Completion { range: range.clone(), text, about };
    found.into_iter().map(completion).collect()
}

/// What is being typed.
struct Spot {
    /// What a completion takes the place of.
    range: Range<usize>,
    /// Its part before the cursor, without quotes.
    typed: String,
    /// The field whose value it is; `None` for the beginning of a condition.
    field: Option<Field>,
}

/// `None` where nothing can be offered: within a quoted free text, in or behind an unknown name, before a colon.
fn spot(text: &str, cursor: usize) -> Option<Spot> {
    let mut scan = Scanner::new(text);
    loop {
        scan.skip_space();
        let start = scan.at();
        if start >= cursor {
            return Some(Spot { range: cursor..cursor, typed: String::new(), field: None });
        }
        let mut behind = scan;
        let is_sign =
            behind.eat("(") || behind.eat(")") || behind.eat_or() || behind.eat_and() || behind.eat_not();
        let is_letters = scan.rest().starts_with(char::is_alphabetic);
        // `or` may still become `org`.
        if is_sign && (!is_letters || behind.at() < cursor) {
            scan = behind;
        } else if scan.is_before('"') {
            let (_, is_closed) = scan.quoted();
            if cursor <= scan.at() || !is_closed {
                return None;
            }
        } else {
            let word = scan.word_ahead();
            match head(word) {
                Head::Plain if cursor <= start + word.len() => {
                    let typed = text[start..cursor].to_owned();
                    return Some(Spot { range: start..start + word.len(), typed, field: None });
                }
                Head::Plain => scan.skip(word.len()),
                Head::Named { bytes, .. } if cursor < start + bytes => return None,
                Head::Named { field, bytes, .. } => {
                    scan.skip(bytes);
                    if let Some((range, typed)) = value_spot(text, cursor, &mut scan) {
                        return field.map(|field| Spot { range, typed, field: Some(field) });
                    }
                }
            }
        }
    }
}

/// Passes a field's values, up to the one with the cursor.
fn value_spot(text: &str, cursor: usize, scan: &mut Scanner<'_>) -> Option<(Range<usize>, String)> {
    loop {
        let start = scan.at();
        if cursor < start {
            return Some((cursor..cursor, String::new()));
        }
        let is_quoted = scan.is_before('"');
        let is_closed = if is_quoted {
            scan.quoted().1
        } else {
            scan.bare_value();
            true
        };
        if cursor <= scan.at() {
            let before = &text[start..cursor];
            let typed = if is_quoted { Scanner::new(before).quoted().0 } else { before.to_owned() };
            // Without its closing quote, what follows the cursor is not known to belong to the value.
            return Some((start..if is_closed { scan.at() } else { cursor }, typed));
        }
        if !scan.eat(",") {
            return None;
        }
        scan.skip_space();
    }
}

/// Something to offer, and the words by which it is found.
struct Candidate {
    text: String,
    about: String,
    keys: Vec<String>,
}

/// 0 where a key begins with what was typed, 1 where one contains it.
fn rank(candidate: &Candidate, typed: &Needle) -> Option<u8> {
    let rank = |key: &String| {
        let start = key.char_indices().nth(typed.folded().chars().count()).map_or(key.len(), |(at, _)| at);
        if typed.is(&key[..start]) { Some(0) } else { typed.is_in(key).then_some(1) }
    };
    candidate.keys.iter().filter_map(rank).min()
}

/// Names of fields, and the reasons that stand alone.
fn conditions() -> Vec<Candidate> {
    let fields = Field::ALL.into_iter().map(|field| Candidate {
        text: format!("{field}:"),
        about: field.wants().to_owned(),
        keys: field.names().iter().map(ToString::to_string).collect(),
    });
    fields.chain(reasons()).collect()
}

fn reasons() -> impl Iterator<Item = Candidate> {
    Reason::ALL.into_iter().map(|reason| {
        let about = reason.0.map_or("without a place", |_| "without a place, for this reason");
        candidate(reason.word(), about, [reason.word()])
    })
}

fn values_with_field(known: &Known<'_>) -> impl Iterator<Item = Candidate> {
    let fields = Field::ALL.into_iter().filter(|field| field.is_named() || matches!(field, Field::Asn));
    fields.flat_map(|field| {
        values(field, known)
            .into_iter()
            .map(move |found| Candidate { text: format!("{field}:{}", found.text), ..found })
    })
}

fn values(field: Field, known: &Known<'_>) -> Vec<Candidate> {
    let names = |names: &[&str]| {
        let named = names.iter().filter(|name| !name.is_empty());
        named.map(|name| candidate(&spell::value(name), "", [*name])).collect()
    };
    match field {
        Field::Program => names(&known.programs),
        Field::Organisation => names(&known.organisations),
        Field::City => names(&known.cities),
        Field::Agent => names(&known.agents),
        Field::Rule => names(&known.rules),
        Field::Asn => {
            let system = |(number, organisation): &(u32, &str)| {
                let number = number.to_string();
                candidate(&number, organisation, [&number, &format!("AS{number}"), organisation])
            };
            known.systems.iter().map(system).collect()
        }
        Field::Country => {
            let country =
                |(code, name): &(CountryCode, &str)| candidate(code.as_str(), name, [code.as_str(), name]);
            known.countries.iter().map(country).collect()
        }
        Field::Port | Field::LocalPort | Field::PeerPort => {
            let port =
                |(port, use_): &(u16, &str)| candidate(&port.to_string(), use_, [&port.to_string(), *use_]);
            known.ports.iter().map(port).collect()
        }
        Field::Network => Vec::new(),
        Field::Direction => {
            let words = [Direction::Inbound, Direction::Outbound].map(direction_word);
            words.into_iter().map(|word| candidate(word, "", [word])).collect()
        }
        Field::Protocol => {
            let words = [Protocol::Tcp, Protocol::Udp].map(protocol_word);
            words.into_iter().map(|word| candidate(word, "", [word])).collect()
        }
        Field::Is => reasons().collect(),
    }
}

fn candidate<const N: usize>(text: &str, about: &str, keys: [&str; N]) -> Candidate {
    Candidate { text: text.to_owned(), about: about.to_owned(), keys: keys.map(str::to_owned).into() }
}

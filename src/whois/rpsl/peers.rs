//! Neighbours out of the policies of an aut-num: what stands behind `from` and `to`. People write policies in many ways,
//! right and wrong, so this looks for words and judges nothing else.

use std::collections::BTreeMap;

use serde::Serialize;

/// Attributes that tell of neighbours, and whether these come from there (import) or go there.
const POLICIES: [(&str, bool); 8] = [
    ("import", true),
    ("export", false),
    ("default", false),
    ("mp-import", true),
    ("mp-export", false),
    ("mp-default", false),
    ("import-via", true),
    ("export-via", false),
];

/// One neighbour: `AS1234`, an as-set, or a peering-set, in capitals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Peer {
    pub name: String,
    /// Something is taken from it.
    pub import: bool,
    /// Something is told to it, or everything sent there.
    pub export: bool,
}

/// Neighbours of an aut-num, by number and then by name, each once.
pub fn peers(attributes: &[(&str, String)]) -> Vec<Peer> {
    let mut found: BTreeMap<(u64, String), (bool, bool)> = BTreeMap::new();
    for (name, value) in attributes {
        let Some(&(_, import)) = POLICIES.iter().find(|(policy, _)| name.eq_ignore_ascii_case(policy)) else {
            continue;
        };
        for neighbour in neighbours(value) {
            let number = neighbour[2..].parse::<u32>().map_or(u64::MAX, u64::from);
            let directions = found.entry((number, neighbour)).or_default();
            directions.0 |= import;
            directions.1 |= !import;
        }
    }
    let peer = |((_, name), (import, export))| Peer { name, import, export };
    found.into_iter().map(peer).collect()
}

fn neighbours(policy: &str) -> Vec<String> {
    let mut found = Vec::new();
    // Set behind `from` and `to` until a word that is no part of a peering.
    let mut listening = false;
    let mut depth = 0_u32;
    for token in tokens(policy) {
        let word = token.to_ascii_uppercase();
        match word.as_str() {
            "FROM" | "TO" => (listening, depth) = (true, 0),
            "(" if listening => depth += 1,
            ")" if listening => depth = depth.saturating_sub(1),
            "OR" | "AND" | "EXCEPT" if listening && depth > 0 => {}
            // Without parentheses an expression is wrong, and meant all the same.
            "OR" | "AND" if listening => {}
            // A slip of whoever wrote it: there is no such neighbour, and the next is meant.
            _ if listening && is_too_large(&word) => {}
            _ if listening && is_neighbour(&word) => found.push(word),
            _ => listening = false,
        }
    }
    found
}

/// Words, with parentheses, braces, semicolons and commas as words of their own.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let is_sign = |c: char| matches!(c, '(' | ')' | '{' | '}' | ';' | ',');
    text.split_whitespace().flat_map(move |piece| piece.split_inclusive(is_sign)).flat_map(move |piece| {
        let sign = piece.char_indices().next_back().filter(|&(_, c)| is_sign(c));
        let (word, sign) = sign.map_or((piece, ""), |(at, _)| piece.split_at(at));
        [word, sign].into_iter().filter(|part| !part.is_empty())
    })
}

/// Digits behind `AS`.
fn number(word: &str) -> Option<&str> {
    let digits = word.strip_prefix("AS")?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// Whether it is an AS number beyond 32 bits.
fn is_too_large(word: &str) -> bool {
    number(word).is_some_and(|digits| digits.parse::<u32>().is_err())
}

fn is_neighbour(word: &str) -> bool {
    let name = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.'))
    };
    match (word.strip_prefix("AS"), word.strip_prefix("PRNG-")) {
        (Some(_), _) if number(word).is_some() => true,
        // `AS-FOO`, and `AS1:AS-FOO`.
        (Some(rest), _) => {
            name(rest) && (rest.starts_with('-') || rest.contains(":AS") || rest.contains(":PRNG-"))
        }
        (None, Some(rest)) => name(rest),
        (None, None) => false,
    }
}

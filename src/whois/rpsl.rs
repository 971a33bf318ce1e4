//! Objects of routing registries' databases (RPSL, RFC 2622 and 4012) as their dumps have them. Owns what belongs to an
//! object and what its attributes say; `objects` cuts a dump into them, `keys` says what each is found by, `peers` reads
//! policies.

pub mod keys;
pub mod objects;
pub mod peers;

use std::borrow::Cow;

/// Kinds of objects that are kept; others are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    AutNum,
    Inetnum,
    Inet6num,
    Route,
    Route6,
    Organisation,
    AsSet,
    Person,
    Role,
}

impl Class {
    /// By the name of an object's first attribute.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        let known: [(&[u8], Self); 9] = [
            (b"route", Self::Route),
            (b"inetnum", Self::Inetnum),
            (b"person", Self::Person),
            (b"aut-num", Self::AutNum),
            (b"role", Self::Role),
            (b"organisation", Self::Organisation),
            (b"route6", Self::Route6),
            (b"inet6num", Self::Inet6num),
            (b"as-set", Self::AsSet),
        ];
        known.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, class)| class)
    }
}

/// Name of the attribute that a line begins, without the colon.
pub fn attribute_name(line: &[u8]) -> Option<&[u8]> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let end = line.iter().position(|&byte| !is_part(byte))?;
    (line[end] == b':' && line[0].is_ascii_alphabetic()).then(|| &line[..end])
}

/// Whether a line goes on with the value before it.
pub fn continues(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t' | b'+'))
}

/// Text of an object: UTF-8 where it is that, else latin-1, whose bytes are code points.
pub fn decode(object: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(object) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(object.iter().map(|&byte| char::from(byte)).collect()),
    }
}

/// Attributes of an object in order: name as written, and value with its lines joined by blanks, comments left out.
/// Lines that are none are passed over.
pub fn attributes(object: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in object.lines() {
        let (name, value) = if continues(line.as_bytes()) {
            (None, &line[1..])
        } else {
            match attribute_name(line.as_bytes()) {
                Some(name) => (Some(&line[..name.len()]), &line[name.len() + 1..]),
                None => continue,
            }
        };
        let value = value.split('#').next().unwrap_or_default().trim();
        match (name, found.last_mut()) {
            (Some(name), _) => found.push((name, value.to_owned())),
            (None, Some((_, whole))) => {
                if !whole.is_empty() && !value.is_empty() {
                    whole.push(' ');
                }
                whole.push_str(value);
            }
            (None, None) => {}
        }
    }
    found
}

/// Value of the first attribute of this name that has one.
pub fn value_of<'a>(attributes: &'a [(&str, String)], name: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|(other, value)| other.eq_ignore_ascii_case(name) && !value.is_empty())
        .map(|(_, value)| value.as_str())
}

//! What an RPSL object is found by, out of its first attribute and its names.

use std::borrow::Cow;

use super::{Class, attribute_name, continues, decode};
use crate::whois::keys::{IdKind, Key, Range, parse_asn, parse_range};

/// Hands each key of an object to `take`, those that are names where it is told where its lines start.
///
/// # Errors
/// Why the object cannot be found by anything.
pub fn keys(
    class: Class,
    object: &[u8],
    line_starts: Option<&[usize]>,
    mut take: impl FnMut(Key),
) -> Result<(), &'static str> {
    let text = decode(object);
    let first = text.lines().next().unwrap_or_default();
    let key = first.split_once(':').map_or("", |(_, value)| value);
    let mut key = key.split('#').next().unwrap_or_default().trim();
    // The value may stand on a line of its own.
    if key.is_empty() {
        let next = text.lines().nth(1).filter(|line| continues(line.as_bytes())).unwrap_or_default();
        key = next.get(1..).unwrap_or_default().split('#').next().unwrap_or_default().trim();
    }
    if key.is_empty() {
        return Err("its first attribute has no value");
    }
    match class {
        Class::AutNum => {
            let number = parse_asn(key).ok_or("no AS number")?;
            take(Key::Range(Range::Asn(number, number)));
        }
        Class::Inetnum | Class::Inet6num | Class::Route | Class::Route6 => {
            take(Key::Range(parse_range(key)?));
            return Ok(());
        }
        Class::Organisation | Class::AsSet => take(Key::Id(IdKind::Object, key)),
        // Found by their handles alone: there is no search for people.
        Class::Person | Class::Role => {
            let handle = first_line_of(&text, "nic-hdl").ok_or("it has no nic-hdl")?;
            take(Key::Id(IdKind::Object, handle));
            return Ok(());
        }
    }
    if let Some(line_starts) = line_starts.filter(|_| matches!(class, Class::AutNum | Class::Organisation)) {
        match text {
            Cow::Borrowed(text) => names(line_starts.iter().map(|&start| text.get(start..)), take),
            Cow::Owned(text) => names(lines(&text).map(Some), take),
        }
    }
    Ok(())
}

/// Names in attributes, line by line, out of texts that begin with a line. Most lines are none, and told by their first letter.
fn names<'a>(texts: impl Iterator<Item = Option<&'a str>>, mut take: impl FnMut(Key)) {
    let (mut is_described, mut goes_on, mut goes_on_describing) = (false, false, false);
    let value_of = |text: &'a str| text.split('#').next().unwrap_or_default().trim();
    for text in texts.flatten() {
        if goes_on && continues(text.as_bytes()) {
            let line = lines(text).next().unwrap_or_default();
            let value = value_of(line.get(1..).unwrap_or_default());
            if !value.is_empty() {
                take(Key::Name(value));
                is_described |= goes_on_describing;
            }
            continue;
        }
        goes_on = false;
        if !matches!(text.as_bytes().first(), Some(b'a' | b'd' | b'o' | b'A' | b'D' | b'O')) {
            continue;
        }
        let line = lines(text).next().unwrap_or_default();
        let Some(name) = attribute_name(line.as_bytes()) else { continue };
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        let is_name = is("as-name") || is("org-name") || is("owner");
        // What follows the first description is an address more often than a name.
        let is_first = !is_described && is("descr");
        (goes_on, goes_on_describing) = (is_name || is_first, is_first);
        let value = value_of(&line[name.len() + 1..]);
        if goes_on && !value.is_empty() {
            take(Key::Name(value));
            is_described |= is_first;
        }
    }
}

/// First line of the value of the first attribute of this name that has one.
pub fn first_line_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    lines(text).find_map(|line| {
        let found =
            attribute_name(line.as_bytes()).filter(|found| found.eq_ignore_ascii_case(name.as_bytes()))?;
        let value = line[found.len() + 1..].split('#').next()?.trim();
        (!value.is_empty()).then_some(value)
    })
}

/// As `str::lines`, which looks for their ends with a slower search.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    ends.map(move |end| {
        let line = text.get(start..end).unwrap_or_default();
        start = end + 1;
        line
    })
}

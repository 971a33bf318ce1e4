//! What an RPSL object is found by, out of its first attribute and its names.

use super::{Class, attribute_name, continues, decode};
use crate::whois::keys::{IdKind, Key, Range, parse_asn, parse_range};

/// Hands each key of an object to `take`.
///
/// # Errors
/// Why the object cannot be found by anything.
pub fn keys(class: Class, object: &[u8], mut take: impl FnMut(Key)) -> Result<(), &'static str> {
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
            let handle = values(&text, &["nic-hdl"]).next().ok_or("it has no nic-hdl")?;
            take(Key::Id(IdKind::Object, handle));
            return Ok(());
        }
    }
    match class {
        Class::AutNum => {
            values(&text, &["as-name", "owner", "org-name"]).for_each(|name| take(Key::Name(name)));
            // What follows the first is an address more often than a name.
            values(&text, &["descr"]).take(1).for_each(|name| take(Key::Name(name)));
        }
        Class::Organisation => values(&text, &["org-name"]).for_each(|name| take(Key::Name(name))),
        _ => {}
    }
    Ok(())
}

/// First lines of the values of attributes of these names.
fn values<'a>(text: &'a str, names: &[&str]) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(move |line| {
        let name = attribute_name(line.as_bytes())?;
        names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes())).then_some(())?;
        let value = line[name.len() + 1..].split('#').next()?.trim();
        (!value.is_empty()).then_some(value)
    })
}

//! Reads the values of a field into the condition that they make.

use std::ops::Range;

use super::{
    field::Field,
    needle::Needle,
    network::Network,
    problem::{Found, ParseError, Problem},
    term::{Country, Name, PortRange, Reason, Side, Term},
};
use crate::model::{CountryCode, Direction, Protocol};

/// A value's text without its quotes, and where it stands.
pub(super) struct Value {
    pub text: String,
    pub range: Range<usize>,
}

/// `values` is not empty.
pub(super) fn term_from_values(field: Field, exact: bool, values: &[Value]) -> Result<Term, ParseError> {
    let names = |name| {
        let values = each(values, |value| needle(field, exact, value))?;
        Ok(Term::Name { name, exact, values })
    };
    let ports =
        |side| Ok(Term::Port { side, ranges: each(values, |value| plain(field, value, range_from_text))? });
    match field {
        Field::Program => names(Name::Program),
        Field::Organisation => names(Name::Organisation),
        Field::City => names(Name::City),
        Field::Agent => names(Name::Agent),
        Field::Rule => names(Name::Rule),
        Field::Country => {
            let values = each(values, |value| match country_code(&value.text) {
                Some(code) => Ok(Country::Code(code)),
                None => needle(field, exact, value).map(Country::Name),
            })?;
            Ok(Term::Country { exact, values })
        }
        Field::Asn => Ok(Term::Asn(each(values, |value| plain(field, value, asn_from_text))?)),
        Field::Port => ports(Side::Either),
        Field::LocalPort => ports(Side::Local),
        Field::PeerPort => ports(Side::Peer),
        Field::Network => Ok(Term::Network(each(values, |value| plain(field, value, Network::from_text))?)),
        Field::Direction => {
            Ok(Term::Direction(each(values, |value| plain(field, value, direction_from_text))?))
        }
        Field::Protocol => Ok(Term::Protocol(each(values, |value| plain(field, value, protocol_from_text))?)),
        Field::Is => Ok(Term::Is(each(values, |value| plain(field, value, Reason::from_word))?)),
    }
}

fn each<T>(values: &[Value], read: impl Fn(&Value) -> Result<T, ParseError>) -> Result<Vec<T>, ParseError> {
    values.iter().map(read).collect()
}

/// An empty value is in every name, so it asks for nothing; but a name can be empty.
fn needle(field: Field, exact: bool, value: &Value) -> Result<Needle, ParseError> {
    if value.text.is_empty() && !exact {
        return Err(ParseError { range: value.range.clone(), problem: Problem::EmptyValue(field) });
    }
    Ok(Needle::new(&value.text))
}

fn plain<T>(field: Field, value: &Value, read: impl Fn(&str) -> Option<T>) -> Result<T, ParseError> {
    read(value.text.trim()).ok_or_else(|| {
        let problem = Problem::Value { field, found: Found::from_text(&value.text) };
        ParseError { range: value.range.clone(), problem }
    })
}

fn country_code(text: &str) -> Option<CountryCode> {
    // Everybody says UK, ISO 3166-1 says GB.
    let code = if text.eq_ignore_ascii_case("uk") { "GB" } else { text };
    CountryCode::from_text(code)
}

fn asn_from_text(text: &str) -> Option<u32> {
    let digits = match text.get(..2) {
        Some(start) if start.eq_ignore_ascii_case("as") => &text[2..],
        _ => text,
    };
    number(digits)
}

/// `443`, `1000-2000`, `1000..2000`, `>1023`, `>=1024`, `<1024`, `<=1023`.
fn range_from_text(text: &str) -> Option<PortRange> {
    let (first, last) = if let Some(first) = text.strip_prefix(">=") {
        (number(first)?, u16::MAX)
    } else if let Some(last) = text.strip_prefix("<=") {
        (0, number(last)?)
    } else if let Some(below) = text.strip_prefix('>') {
        (number::<u16>(below)?.checked_add(1)?, u16::MAX)
    } else if let Some(above) = text.strip_prefix('<') {
        (0, number::<u16>(above)?.checked_sub(1)?)
    } else if let Some((first, last)) = text.split_once("..").or_else(|| text.split_once('-')) {
        (number(first)?, number(last)?)
    } else {
        let port = number(text)?;
        (port, port)
    };
    (first <= last).then_some(PortRange { first, last })
}

/// Digits alone: the standard library also takes a plus sign.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

fn direction_from_text(text: &str) -> Option<Direction> {
    match text.to_ascii_lowercase().as_str() {
        "in" | "inbound" | "incoming" => Some(Direction::Inbound),
        "out" | "outbound" | "outgoing" => Some(Direction::Outbound),
        _ => None,
    }
}

fn protocol_from_text(text: &str) -> Option<Protocol> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    }
}

//! Writes values and texts so that they read back as themselves, in quotes where bare they would not.

use std::borrow::Cow;

use super::{expr::Expr, field::Field, parse, scan::ends_word, term::Term};

/// A condition that only this value meets, such as `prog="Web Content"` or `port:443`; for a menu, or for a click on
/// what a list shows. It is read by [`Filter::parse`](super::Filter::parse) if the field can have the value, and can
/// be put beside any other condition.
pub fn condition(field: Field, value: &str) -> String {
    let sign = if field.is_named() { '=' } else { ':' };
    // Only names are quoted for a colon, and an address is full of them.
    let bare = matches!(field, Field::Network) && !value.is_empty() && !value.contains(ends_value);
    let value = if bare { Cow::Borrowed(value) } else { self::value(value) };
    format!("{field}{sign}{value}")
}

/// A value of a name, behind `:` or `=`.
pub(super) fn value(value: &str) -> Cow<'_, str> {
    // With a colon, `cc:1:2:3:4:5:6:7` would be an address; a second `=` belongs to the first.
    let bare = !value.is_empty() && !value.contains(|c| ends_value(c) || c == ':') && !value.starts_with('=');
    if bare && !value.contains("&&") { value.into() } else { quoted(value).into() }
}

/// A free text.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    // Quotes hold no further question, so a text that has any is not asked.
    let is_bare = !text.contains(ends_word)
        && matches!(parse::expression(text), Ok(Expr::Term(Term::Text(read))) if read.typed() == text);
    if is_bare { text.into() } else { quoted(text).into() }
}

fn ends_value(c: char) -> bool {
    ends_word(c) || c == ','
}

fn quoted(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            written.push('\\');
        }
        written.push(c);
    }
    written.push('"');
    written
}

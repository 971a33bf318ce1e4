//! What can be wrong with a filter's text, and how it is said: what stands there, and what was expected.

use std::{fmt, ops::Range};

use super::{
    field::Field,
    parse::{MAX_DEPTH, MAX_TERMS},
};

/// What an error quotes of a text, in characters, so that a message stays one line on the screen.
const QUOTED_CHARS: usize = 32;

/// The first thing in a text that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ParseError {
    /// Bytes of the text to underline; lies between characters, and is empty only where something is missing.
    pub range: Range<usize>,
    pub problem: Problem,
}

/// What is wrong, in one line that needs no place beside it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("expected a condition, such as port:443, or a text; found {0}")]
    NoCondition(Found),
    #[error(
        "there is no field {name}{}; put a text with a colon or an equals sign in quotes",
        .nearest.map(|field| format!(", did you mean {field}?")).unwrap_or_default()
    )]
    UnknownField { name: Found, nearest: Option<Field> },
    #[error("{field} wants {}; found {found}", .field.wants())]
    Value { field: Field, found: Found },
    #[error("this text is empty and would be found everywhere")]
    EmptyText,
    #[error("{0}:\"\" would match everything; {0}=\"\" matches where it is empty")]
    EmptyValue(Field),
    #[error("expected a closing quote; a quote within the text is written \\\"")]
    OpenQuote,
    #[error("expected ) for this parenthesis")]
    OpenParenthesis,
    #[error("expected ( somewhere before this parenthesis")]
    StrayParenthesis,
    #[error("expected at most {MAX_DEPTH} parentheses and negations within each other")]
    TooDeep,
    #[error("expected at most {MAX_TERMS} conditions and values")]
    TooMany,
}

/// A part of the text as a message quotes it: shortened, and with control characters spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found(String);

impl Found {
    pub(super) fn from_text(text: &str) -> Self {
        let mut shown: String = text.chars().take(QUOTED_CHARS).flat_map(spelled_out).collect();
        if text.chars().nth(QUOTED_CHARS).is_some() {
            shown.push('…');
        }
        Self(shown)
    }
}

fn spelled_out(c: char) -> impl Iterator<Item = char> {
    let (plain, escaped) = if c.is_control() { (None, Some(c.escape_default())) } else { (Some(c), None) };
    plain.into_iter().chain(escaped.into_iter().flatten())
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("nothing") } else { write!(f, "`{}`", self.0) }
    }
}

//! The filter language: one line of text that says which connections are meant. This folder owns the grammar, what is
//! wrong with a text and where, whether a connection matches, and what could be typed next. It knows no window and no
//! table of countries: names that a connection does not carry itself (its country's, its rule's, its agent's) are
//! given with it, see [`Subject`]. `docs/filter.md` tells users the same in fewer words.
//!
//! ```text
//! filter    = [ any ]                                  nothing at all matches everything
//! any       = all { ( "or" | "|" | "||" ) all }
//! all       = unary { [ "and" | "&" | "&&" ] unary }   binds tighter than `or`
//! unary     = ( "!" | "-" | "not" ) unary | "(" any ")" | condition
//! condition = field ( ":" | "=" | "==" | "!=" ) value { "," value }
//!           | reason                                   the words of `is:`, such as `lan`
//!           | network                                  an address with a prefix length
//!           | text                                     part of any text that is shown
//! value     = bare | quoted
//! text      = bare | quoted
//! quoted    = `"` { any character, `\"` for a quote, `\\` for a backslash } `"`
//! ```
//!
//! * A bare word ends at a blank, a parenthesis, a quote, `|` or `&&`; a bare value also at a comma. `-`, `!` and `&`
//!   within a word are part of it, and a word in quotes is a text whatever it looks like.
//! * Letters before the first `:` or `=` of a word are a field's name, in either case. One to four hexadecimal digits
//!   before a colon are the beginning of an IPv6 address, unless they are a field's name (`cc`).
//! * `:` asks whether a name contains the value, `=` whether it is the value; fields of numbers know no difference.
//!   `!=` is `=` turned round.
//! * Several values are joined by commas, and one of them has to match. Blanks after a comma are skipped.
//! * Case is ignored, letter by letter, in all scripts.

mod complete;
mod expr;
mod field;
mod free_text;
mod needle;
mod network;
mod parse;
mod problem;
mod scan;
mod spell;
mod subject;
mod term;
mod value;

use std::{fmt, str::FromStr};

pub use complete::{Completion, Known, MAX_COMPLETIONS, completions};
pub use field::Field;
pub use parse::{MAX_DEPTH, MAX_TERMS};
pub use problem::{ParseError, Problem};
pub use spell::condition;
pub use subject::Subject;

/// What connections are meant. Prints itself in the language, in a form that reads back as the same filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(expr::Expr);

impl Filter {
    /// Reads a text; blanks alone mean everything.
    ///
    /// # Errors
    ///
    /// Names the first thing that cannot be read, and where it stands.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse::expression(text).map(Self)
    }

    /// Whether this connection is meant. Allocates nothing, so it can be asked of every connection at every key press.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.0.matches(subject)
    }

    /// Whether it is the filter of the empty text, which leaves nothing out.
    pub fn is_everything(&self) -> bool {
        self.0.is_everything()
    }
}

impl FromStr for Filter {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod complete_tests;
#[cfg(test)]
mod laws_tests;
#[cfg(test)]
mod tests;

//! Walks over a filter's text: blanks, bare words, quoted texts, and what a word begins with. Reading for real and
//! reading what is half typed both go this way, so they agree on where a word ends.

use std::{net::IpAddr, ops::Range};

use super::{field::Field, network::Network};

/// A place in a text. Always at the start of a character, or at the text's end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Bytes from the text's start.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    pub fn is_before(&self, start: char) -> bool {
        self.rest().starts_with(start)
    }

    pub fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Passes a token if it comes next.
    pub fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub fn eat_or(&mut self) -> bool {
        self.eat("||") || self.eat("|") || self.eat_keyword("or")
    }

    pub fn eat_and(&mut self) -> bool {
        self.eat("&&") || self.eat_keyword("&") || self.eat_keyword("and")
    }

    pub fn eat_not(&mut self) -> bool {
        self.eat("!") || self.eat("-") || self.eat_keyword("not")
    }

    /// `self` is a copy.
    pub fn is_before_or(mut self) -> bool {
        self.eat_or()
    }

    /// Passes a whole bare word in either case.
    fn eat_keyword(&mut self, keyword: &str) -> bool {
        let word = self.word_ahead();
        let found = word.eq_ignore_ascii_case(keyword);
        if found {
            self.skip(word.len());
        }
        found
    }

    /// The bare word that starts here, which is not passed; empty where none does.
    pub fn word_ahead(&self) -> &'a str {
        self.bare(|_| false)
    }

    /// Passes the bare value that starts here, which ends at a comma too.
    pub fn bare_value(&mut self) -> &'a str {
        let value = self.bare(|c| c == ',');
        self.skip(value.len());
        value
    }

    fn bare(&self, ends_too: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let ends = |(at, c): &(usize, char)| ends_word(*c) || ends_too(*c) || rest[*at..].starts_with("&&");
        let end = rest.char_indices().find(ends).map_or(rest.len(), |(at, _)| at);
        &rest[..end]
    }

    /// Passes so many bytes of the word ahead.
    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Passes the text between the quote that stands here and the next, and says whether there was a next; if not,
    /// all that is left is the text.
    pub fn quoted(&mut self) -> (String, bool) {
        let mut read = String::new();
        let mut letters = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = letters.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return (read, true);
                }
                '\\' => {
                    let escaped = letters.next_if(|(_, next)| matches!(next, '"' | '\\'));
                    read.push(escaped.map_or(c, |(_, escaped)| escaped));
                }
                _ => read.push(c),
            }
        }
        self.at = self.text.len();
        (read, false)
    }

    /// What has been passed since then.
    pub fn since(&self, start: usize) -> &'a str {
        &self.text[self.range_from(start)]
    }

    pub fn range_from(&self, start: usize) -> Range<usize> {
        start..self.at
    }
}

/// Ends every bare word.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '|' | '"')
}

/// What a bare word begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head<'a> {
    /// No name: the word stands for itself.
    Plain,
    Named {
        name: &'a str,
        /// None where no field has this name.
        field: Option<Field>,
        negated: bool,
        exact: bool,
        /// Length of the name with what follows it.
        bytes: usize,
    },
}

/// Tells a field's name from a word that only holds a colon, such as an IPv6 address.
pub(super) fn head(word: &str) -> Head<'_> {
    let Some(at) = word.find([':', '=']) else { return Head::Plain };
    let exact = word[at..].starts_with('=');
    let before = &word[..at];
    let (name, negated) = match before.strip_suffix('!') {
        Some(name) if exact => (name, true),
        _ => (before, false),
    };
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) || is_address(word) {
        return Head::Plain;
    }
    let field = Field::from_name(name);
    let begins_address = !exact && name.len() <= 4 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if field.is_none() && begins_address {
        return Head::Plain;
    }
    let bytes = at + if word[at..].starts_with("==") { 2 } else { 1 };
    Head::Named { name, field, negated, exact, bytes }
}

fn is_address(word: &str) -> bool {
    word.parse::<IpAddr>().is_ok() || Network::from_text(word).is_some()
}

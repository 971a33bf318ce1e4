//! TOML that people write by hand: what is wrong with it is told by line and column. What it says is for others.

use serde::de::DeserializeOwned;

/// What is wrong, and where: line and column from 1, in characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct TomlError {
    pub line: usize,
    pub column: usize,
    pub what: String,
}

/// # Errors
/// When it is no TOML, or says something else than what is wanted.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, TomlError> {
    toml::from_str(text)
        .map_err(|error| place(text, error.span().map_or(0, |span| span.start), error.message().to_owned()))
}

/// A mistake at so many bytes from the beginning of a text.
pub fn place(text: &str, at: usize, what: String) -> TomlError {
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    TomlError { line, column, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_has_its_line_and_column_counted_in_characters() {
        let error = parse::<toml::Table>("a = 1\nü = 2\n").unwrap_err();
        assert_eq!((error.line, error.column), (2, 1));
        assert!(error.to_string().starts_with("line 2, column 1: "), "{error}");
        assert_eq!(parse::<toml::Table>("a = 'ü' b").unwrap_err().column, 9);
    }
}

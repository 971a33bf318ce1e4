//! A text to look for, with upper and lower case taken for the same. The text is folded once; what it is looked for
//! in is folded letter by letter as it is read, so a look allocates nothing.

use std::fmt;

use super::spell;

/// Keeps the text as it was typed, for printing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    typed: String,
    folded: String,
}

impl Needle {
    pub fn new(text: &str) -> Self {
        Self { typed: text.to_owned(), folded: text.chars().map(fold).collect() }
    }

    pub fn typed(&self) -> &str {
        &self.typed
    }

    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// Whether `text` contains it. The empty needle is in everything.
    pub fn is_in(&self, text: &str) -> bool {
        let wanted = self.folded.as_bytes();
        let Some((first, others)) = wanted.split_first() else { return true };
        if text.is_ascii() {
            // Most texts are, and then bytes will do. A needle that is not ASCII is in none of them.
            let bytes = text.as_bytes();
            let Some(last_start) = bytes.len().checked_sub(wanted.len()) else { return false };
            let upper = first.to_ascii_uppercase();
            return bytes[..=last_start].iter().enumerate().any(|(at, byte)| {
                (byte == first || *byte == upper)
                    && bytes[at + 1..][..others.len()].eq_ignore_ascii_case(others)
            });
        }
        text.char_indices().any(|(at, _)| {
            let mut read = text[at..].chars().map(fold);
            self.folded.chars().all(|wanted| read.next() == Some(wanted))
        })
    }

    /// Whether `text` is the same but for case.
    pub fn is(&self, text: &str) -> bool {
        text.chars().map(fold).eq(self.folded.chars())
    }

    /// The one or the other.
    pub fn meets(&self, text: &str, exactly: bool) -> bool {
        if exactly { self.is(text) } else { self.is_in(text) }
    }
}

impl fmt::Display for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&spell::value(&self.typed))
    }
}

/// Lower case of one letter. Only the dotted capital I has two, an i and a dot, and the dot is left out: people type
/// `izmir`. The sigma at the end of a word is taken for any other, because a letter does not know what follows it.
fn fold(letter: char) -> char {
    match letter.to_lowercase().next() {
        Some('ς') => 'σ',
        lower => lower.unwrap_or(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_in_all_scripts() {
        let found = |needle: &str, text: &str| Needle::new(needle).is_in(text);
        assert!(found("FOX", "firefox") && found("fox", "FIREFOX") && found("", ""));
        assert!(!found("fix", "firefox") && !found("firefoxes", "firefox"));
        assert!(found("zÜr", "Zürich") && found("москва", "МОСКВА, RU") && found("οδος", "ΟΔΟΣ"));
        // The last one holds the Kelvin sign.
        assert!(found("izmir", "İzmir") && found("İZMİR", "Izmir") && found("k", "300 \u{212a}"));
        assert!(!found("ü", "u") && !found("u", "ü"));
    }

    #[test]
    fn the_whole_is_more_than_a_part() {
        let needle = Needle::new("Ssh");
        assert!(needle.is("sSH") && needle.is_in("sshd") && !needle.is("sshd") && !needle.is("ss"));
        assert!(Needle::new("").is("") && !Needle::new("").is("x"));
    }
}

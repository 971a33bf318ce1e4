//! Colours for SQL: its own words, texts, figures and remarks, and the place of an error.

use std::ops::Range;

use bevy_egui::egui::{
    Color32, Stroke,
    text::{LayoutJob, TextFormat},
};

use super::super::style::mono;
use crate::components::theme::{Theme, size};

const WORDS: [&str; 44] = [
    "all",
    "and",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "collate",
    "cross",
    "desc",
    "distinct",
    "else",
    "end",
    "except",
    "exists",
    "from",
    "group",
    "having",
    "in",
    "inner",
    "intersect",
    "is",
    "join",
    "left",
    "like",
    "limit",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "over",
    "partition",
    "recursive",
    "select",
    "then",
    "union",
    "using",
    "values",
    "when",
    "where",
    "with",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Word,
    Text,
    Remark,
}

/// The text laid out for the editor. `error`: line and column, from 1.
pub(super) fn job(text: &str, error: Option<(usize, usize)>, wrap_width: f32, theme: &Theme) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = wrap_width;
    let wrong = error.map(|(line, column)| wrong_range(text, line, column));
    for (range, kind) in pieces(text) {
        for (range, is_wrong) in split(range, wrong.as_ref()) {
            job.append(&text[range], 0.0, format(kind, is_wrong, theme));
        }
    }
    job
}

fn format(kind: Kind, is_wrong: bool, theme: &Theme) -> TextFormat {
    let colours = &theme.colours;
    let colour = match kind {
        Kind::Plain => colours.text,
        Kind::Word => colours.accent,
        Kind::Text => colours.good,
        Kind::Remark => colours.text_faint,
    };
    let mut format = TextFormat::simple(mono(size::TEXT), colour.egui());
    if is_wrong {
        format.underline = Stroke::new(1.5, colours.error.egui());
        format.background = colours.error.egui().gamma_multiply(0.22);
    } else {
        format.background = Color32::TRANSPARENT;
    }
    format
}

/// The bytes from the place of the error to the end of its word; all of the line where no word stands there.
fn wrong_range(text: &str, line: usize, column: usize) -> Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let of_line = text[start..].lines().next().unwrap_or_default();
    let from = of_line.char_indices().nth(column.saturating_sub(1)).map_or(of_line.len(), |(at, _)| at);
    let word =
        of_line[from..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(of_line.len() - from);
    // A sign is as long as itself.
    let first = of_line[from..].chars().next().map_or(0, char::len_utf8);
    match word.max(first) {
        0 => start..start + of_line.len(),
        length => start + from..start + from + length,
    }
}

fn split(range: Range<usize>, wrong: Option<&Range<usize>>) -> impl Iterator<Item = (Range<usize>, bool)> {
    let wrong = wrong.cloned().unwrap_or(range.end..range.end);
    let inner = wrong.start.clamp(range.start, range.end)..wrong.end.clamp(range.start, range.end);
    [(range.start..inner.start, false), (inner.clone(), true), (inner.end..range.end, false)]
        .into_iter()
        .filter(|(range, _)| !range.is_empty())
}

/// The text cut where its colour changes.
fn pieces(text: &str) -> Vec<(Range<usize>, Kind)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, kind) = if rest.starts_with("--") {
            (rest.find('\n').unwrap_or(rest.len()), Kind::Remark)
        } else if first == '\'' {
            (rest[1..].find('\'').map_or(rest.len(), |end| end + 2), Kind::Text)
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let is_word = WORDS.binary_search(&rest[..end].to_ascii_lowercase().as_str()).is_ok();
            (end, if is_word { Kind::Word } else { Kind::Plain })
        } else {
            (first.len_utf8(), Kind::Plain)
        };
        pieces.push((at..at + length, kind));
        at += length;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str, line: usize, column: usize) -> &str {
        &text[wrong_range(text, line, column)]
    }

    #[test]
    fn words_stand_in_order_for_the_search() {
        assert!(WORDS.is_sorted());
    }

    #[test]
    fn words_texts_and_remarks_are_told_apart_and_nothing_is_lost() {
        let text = "Select peer -- ö\nFROM x WHERE y = 'a b";
        let kinds: Vec<_> = pieces(text)
            .into_iter()
            .filter(|(_, kind)| *kind != Kind::Plain)
            .map(|(range, kind)| (&text[range], kind))
            .collect();
        let expected = [
            ("Select", Kind::Word),
            ("-- ö", Kind::Remark),
            ("FROM", Kind::Word),
            ("WHERE", Kind::Word),
            ("'a b", Kind::Text),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(job(text, Some((1, 3)), 100.0, &Theme::DARK).text, text);
    }

    #[test]
    fn the_place_of_an_error_is_its_word_its_sign_or_its_line() {
        assert_eq!(wrong("SELECT peer,\n  nonsense, x", 2, 3), "nonsense");
        assert_eq!(wrong("SELECT ) FROM", 1, 8), ")");
        assert_eq!(wrong("SELECT ä", 1, 9), "SELECT ä", "the end of a line");
        assert_eq!(wrong("", 1, 1), "");
        assert_eq!(wrong("x", 7, 7), "");
    }
}

//! The text of a filter as it stands in the box: what cannot be read is red and underlined.

use std::ops::Range;

use bevy_egui::egui::{
    Stroke,
    text::{LayoutJob, TextFormat},
};

use super::super::style::mono;
use crate::components::theme::{Theme, size};

/// `wrong`: bytes of the text that cannot be read, between characters; empty where something is missing.
pub(super) fn job(text: &str, wrong: Option<Range<usize>>, theme: &Theme) -> LayoutJob {
    let (plain, error) = (theme.colours.text.egui(), theme.colours.error.egui());
    let mut job = LayoutJob::default();
    job.wrap.max_rows = 1;
    job.wrap.max_width = f32::INFINITY;
    let format = |colour| TextFormat { font_id: mono(size::TEXT), color: colour, ..TextFormat::default() };
    let wrong = wrong.map(|wrong| seen(text, wrong)).unwrap_or(text.len()..text.len());
    job.append(&text[..wrong.start], 0.0, format(plain));
    job.append(&text[wrong.clone()], 0.0, TextFormat { underline: Stroke::new(1.0, error), ..format(error) });
    job.append(&text[wrong.end..], 0.0, format(plain));
    job
}

/// Where something is missing, the character before it is marked. The text may have been edited since.
fn seen(text: &str, wrong: Range<usize>) -> Range<usize> {
    let end = text.floor_char_boundary(wrong.end);
    let start = text.floor_char_boundary(wrong.start).min(end);
    if start < end {
        return start..end;
    }
    match text[..end].char_indices().next_back() {
        Some((before, _)) => before..end,
        None => end..end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_marked_and_what_is_missing_by_what_stands_before_it() {
        assert_eq!(seen("port:x y", 5..6), 5..6);
        assert_eq!(seen("prog:", 5..5), 4..5);
        assert_eq!(seen("", 0..0), 0..0);
        assert_eq!(seen("ö", 1..9), 0..2, "of another text");
        let job = job("cc:ö port:x", Some(10..11), &Theme::DARK);
        assert_eq!(job.text, "cc:ö port:x");
    }
}

//! Text from afar, made fit to be shown: nothing in it steers a terminal, turns other text around or hides.

use super::{MAX_NOTE_CHARS, MAX_NOTES};

/// At most `most_chars` characters of a text; controls, what turns text around and what cannot be seen become `?`.
pub fn clean(text: &str, most_chars: usize) -> String {
    let shown = |character| if is_treacherous(character) { '?' } else { character };
    text.chars().take(most_chars).map(shown).collect()
}

/// What an agent says about its method, fit to be shown.
pub fn notes_from_wire(notes: &[String]) -> Vec<String> {
    notes.iter().take(MAX_NOTES).map(|note| clean(note, MAX_NOTE_CHARS)).collect()
}

/// Controls, what Unicode calls default-ignorable (bidirectional marks, overrides and isolates, zero-width characters,
/// fillers, variation selectors, tags), line and paragraph separators, and format characters that show nothing.
fn is_treacherous(character: char) -> bool {
    if character < '\u{7f}' {
        return character.is_ascii_control();
    }
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_deceives_is_shown_as_question_marks() {
        assert_eq!(clean("web1", 64), "web1");
        assert_eq!(clean("Zürich – 東京", 64), "Zürich – 東京");
        assert_eq!(clean("\u{1b}[2Jweb\u{202e}1\u{200b}\n", 64), "?[2Jweb?1??");
        assert_eq!(clean("\u{1d173}\u{13430}\u{e0041}\u{3164}", 64), "????");
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(clean("aé東😀", 2), "aé");
        assert_eq!(clean("aé東😀", 9), "aé東😀");
        assert_eq!(clean(&"x".repeat(10_000_000), 64).len(), 64);
    }

    #[test]
    fn few_notes_are_kept() {
        let notes = notes_from_wire(&vec!["\u{7}".repeat(1_000); 1_000]);
        assert_eq!(notes, vec!["?".repeat(MAX_NOTE_CHARS); MAX_NOTES]);
    }
}

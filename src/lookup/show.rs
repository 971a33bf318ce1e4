//! Foreign bytes as text that may be shown: what would move the cursor, hide text or turn its direction is replaced.

/// Stands for what is not shown.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// A line for showing. Bytes that are no UTF-8 and control characters become U+FFFD, a tab a space.
pub(super) fn line(bytes: &[u8]) -> String {
    clean(bytes, |c| if c == '\t' { ' ' } else { REPLACEMENT })
}

/// Lines for showing: as [`line()`], but line ends and tabs are kept. CR LF, which whois servers send, is one line end.
pub(super) fn text(bytes: &[u8]) -> String {
    clean(bytes, |c| if matches!(c, '\n' | '\t') { c } else { REPLACEMENT })
}

fn clean(bytes: &[u8], control: impl Fn(char) -> char) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    text.chars()
        .map(|c| match c {
            _ if c.is_control() => control(c),
            _ if is_unseen(c) => REPLACEMENT,
            _ => c,
        })
        .collect()
}

/// Whether a character is none to be seen, and does something to those around it: control characters, what turns the
/// direction of writing, which could make an address look like another, and Unicode's own line ends.
pub fn is_unseen(c: char) -> bool {
    let turns_or_ends =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns_or_ends
}

/// A name that others have chosen, as part of a line: what is unseen in it, line ends and tabs too, becomes a question mark,
/// which any terminal has.
pub fn in_line(text: &str) -> String {
    text.chars().map(|c| if is_unseen(c) { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_is_not_shown() {
        assert_eq!(line(b"a\x1b[31mb\tc\x7f"), "a\u{fffd}[31mb c\u{fffd}");
        assert_eq!(line("é \u{202e}x\u{85}".as_bytes()), "é \u{fffd}x\u{fffd}");
        assert_eq!(line(b"\xff!"), "\u{fffd}!");
    }

    #[test]
    fn lines_of_a_text_stay_lines() {
        assert_eq!(text(b"a\r\nb\tc\n\rd"), "a\nb\tc\n\u{fffd}d");
        assert_eq!(line(b"a\nb"), "a\u{fffd}b");
    }

    #[test]
    fn a_name_in_a_line_begins_no_other_and_turns_none() {
        assert_eq!(in_line("a\nb\tc\x1b[2J\u{9b}\u{202e}\u{2066}\u{61c}\u{2028}é ü"), "a?b?c?[2J?????é ü");
    }
}

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
            // What turns the direction of writing could make an address look like another.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => REPLACEMENT,
            // Line ends of Unicode.
            '\u{2028}' | '\u{2029}' => REPLACEMENT,
            _ => c,
        })
        .collect()
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
}

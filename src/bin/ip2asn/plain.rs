//! Text as a terminal may have it: what others wrote into a registry, or made a file's name of, moves no cursor and sets no
//! title. Control characters but tab and the end of a line become question marks.

use std::io::{self, Write};

/// The first byte of the control characters U+0080 to U+009F in UTF-8.
const C1_LEAD: u8 = 0xc2;

pub struct Plain<W> {
    inner: W,
    /// The last byte was [`C1_LEAD`], and is not written yet.
    holds_lead: bool,
    clean: Vec<u8>,
}

impl<W: Write> Plain<W> {
    pub const fn new(inner: W) -> Self {
        Self { inner, holds_lead: false, clean: Vec::new() }
    }
}

impl<W: Write> Write for Plain<W> {
    /// Takes all of it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.clean.clear();
        for &byte in bytes {
            if std::mem::take(&mut self.holds_lead) {
                match byte {
                    0x80..=0x9f => {
                        self.clean.push(b'?');
                        continue;
                    }
                    _ => self.clean.push(C1_LEAD),
                }
            }
            match byte {
                C1_LEAD => self.holds_lead = true,
                b'\n' | b'\t' => self.clean.push(byte),
                byte if byte.is_ascii_control() => self.clean.push(b'?'),
                byte => self.clean.push(byte),
            }
        }
        self.inner.write_all(&self.clean)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(parts: &[&[u8]]) -> Vec<u8> {
        let mut plain = Plain::new(Vec::new());
        parts.iter().for_each(|part| plain.write_all(part).unwrap());
        plain.inner
    }

    #[test]
    fn control_characters_are_no_longer_any_and_all_else_stays() {
        assert_eq!(plain(&[b"a\tb\n"]), b"a\tb\n");
        assert_eq!(plain(&[b"\x1b]0;x\x07\0\x7f\r"]), b"?]0;x????");
        assert_eq!(plain(&["Ñandú · ü".as_bytes()]), "Ñandú · ü".as_bytes());
        assert_eq!(plain(&["a\u{9b}31m".as_bytes()]), b"a?31m");
        assert_eq!(plain(&[b"\xc2", b"\x9b", b"\xc2", b"\xb7"]), "?·".as_bytes());
    }
}

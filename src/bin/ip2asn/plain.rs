//! Text as a terminal may have it: what others wrote into a registry, or made a file's name of, moves no cursor, sets no title
//! and turns no text around. What is unseen but tabs and the end of a line becomes question marks. Whoever has read enough of it
//! and closed the pipe is no fault: the rest is written to nobody, and the work goes on.

use std::{
    io::{self, Write},
    str::from_utf8,
};

use connmapperl::lookup::show::is_unseen;

pub struct Plain<W> {
    inner: W,
    /// The beginning of a character that is not whole yet.
    held: Vec<u8>,
    clean: Vec<u8>,
    is_heard: bool,
}

impl<W: Write> Plain<W> {
    pub const fn new(inner: W) -> Self {
        Self { inner, held: Vec::new(), clean: Vec::new(), is_heard: true }
    }

    /// Whether somebody still reads.
    pub const fn is_heard(&self) -> bool {
        self.is_heard
    }

    fn heard(&mut self, done: io::Result<()>) -> io::Result<()> {
        match done {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.is_heard = false,
            done => return done,
        }
        Ok(())
    }

    /// Takes the next byte of a character of several. What is none passes as it is.
    fn hold(&mut self, byte: u8) {
        self.held.push(byte);
        match from_utf8(&self.held) {
            Ok(c) if c.chars().any(is_unseen) => self.clean.push(b'?'),
            Err(error) if error.error_len().is_none() => return,
            _ => self.clean.extend(&self.held),
        }
        self.held.clear();
    }
}

impl<W: Write> Write for Plain<W> {
    /// Takes all of it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.clean.clear();
        for &byte in bytes {
            if !byte.is_ascii() {
                self.hold(byte);
                continue;
            }
            // Of a character that never became whole.
            self.clean.append(&mut self.held);
            match byte {
                b'\n' | b'\t' => self.clean.push(byte),
                byte if byte.is_ascii_control() => self.clean.push(b'?'),
                byte => self.clean.push(byte),
            }
        }
        if self.is_heard {
            let done = self.inner.write_all(&self.clean);
            self.heard(done)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.inner.flush();
        self.heard(done)
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
        assert_eq!(plain(&["a\u{202e}b\u{2066}\u{20ac}".as_bytes()]), "a?b?\u{20ac}".as_bytes());
        assert_eq!(plain(&[b"\xe2", b"\x80", b"\xae", b"\xf0\x9f", b"\x8c\x8d"]), "?🌍".as_bytes());
    }
}

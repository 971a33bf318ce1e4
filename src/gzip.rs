//! Reads what gzip has packed, of one member or several behind each other. Zeros behind the last one are no part of it: what
//! copies tapes and blocks of disks fills up with them, and gzip itself reads over them. Anything else there is an error.

use std::io::{self, BufRead, ErrorKind, Read};

use flate2::bufread::GzDecoder;

pub const MAGIC: &[u8] = &[0x1f, 0x8b];

/// The text of all members.
pub struct Unpacked<R> {
    /// `None` behind the last one.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Unpacked<R> {
    pub fn new(packed: R) -> Self {
        Self { member: Some(GzDecoder::new(packed)) }
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let has_more = has_more(member.get_mut())?;
            self.member =
                self.member.take().filter(|_| has_more).map(|member| GzDecoder::new(member.into_inner()));
        }
        Ok(0)
    }
}

/// Reads over zeros; tells whether anything is behind them.
fn has_more(packed: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = match packed.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            bytes => bytes?,
        };
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let (is_end, is_all) = (bytes.is_empty(), zeros == bytes.len());
        packed.consume(zeros);
        if is_end || !is_all {
            return Ok(!is_end);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        // What is read at a time ends anywhere.
        Unpacked::new(BufReader::with_capacity(7, packed)).read_to_end(&mut text).map(|_| text)
    }

    #[test]
    fn members_and_zeros_behind_them_are_read_to_the_end() {
        let two = [packed(b"one "), packed(b""), packed(b"two")].concat();
        assert_eq!(unpacked(&two).unwrap(), b"one two");
        for zeros in [1, 7, 8, 10_000] {
            assert_eq!(unpacked(&[two.clone(), vec![0; zeros]].concat()).unwrap(), b"one two", "{zeros}");
        }
        assert_eq!(unpacked(&[packed(b"one "), vec![0; 9], packed(b"two")].concat()).unwrap(), b"one two");
    }

    #[test]
    fn what_is_cut_or_has_something_else_behind_it_is_an_error() {
        let whole = packed(b"some text that is packed");
        assert!((1..whole.len()).all(|length| unpacked(&whole[..length]).is_err()));
        for behind in [&b"x"[..], b"\0\0x", b"\0\0\x1f\x8b"] {
            assert!(unpacked(&[&whole, behind].concat()).is_err(), "{behind:?}");
        }
    }
}

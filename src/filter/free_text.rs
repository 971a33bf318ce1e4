//! A text that may stand anywhere in what is shown of a connection. Addresses and AS numbers have no text until they are
//! shown; they are written into a buffer on the stack, and only where the text could be part of one.

use std::{fmt, fmt::Write, net::IpAddr};

use super::{needle::Needle, subject::Subject};

/// Longest peer: 39 characters of IPv6, brackets, scope and port. Longest AS number: 12.
const LINE_BYTES: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FreeText {
    needle: Needle,
    may_be_in_peer: bool,
    may_be_in_asn: bool,
}

impl FreeText {
    pub fn new(text: &str) -> Self {
        let needle = Needle::new(text);
        let holds_only = |letters: &str| needle.folded().chars().all(|c| letters.contains(c));
        let (may_be_in_peer, may_be_in_asn) =
            (holds_only("0123456789abcdef.:[]%"), holds_only("as0123456789"));
        Self { needle, may_be_in_peer, may_be_in_asn }
    }

    /// A bare word; an address is looked for in the form in which addresses are shown.
    pub fn from_word(word: &str) -> Self {
        match word.parse::<IpAddr>() {
            Ok(address) => Self::new(&address.to_canonical().to_string()),
            Err(_) => Self::new(word),
        }
    }

    pub fn typed(&self) -> &str {
        self.needle.typed()
    }

    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let texts = [
            subject.program(),
            subject.organisation(),
            subject.city(),
            subject.country_name,
            subject.region(),
            subject.rule,
            subject.agent,
        ];
        // Two letters are in too many words to be a part of a code.
        let is_code = || {
            let code = subject.place.ok().and_then(|place| place.country);
            code.is_some_and(|code| self.needle.is(code.as_str()))
        };
        let is_in_peer = || self.may_be_in_peer && self.is_in(format_args!("{}", subject.observation.peer));
        let is_in_asn = || {
            self.may_be_in_asn && subject.asn.is_some_and(|asn| self.is_in(format_args!("as{}", asn.number)))
        };
        texts.into_iter().any(|text| self.needle.is_in(text)) || is_code() || is_in_peer() || is_in_asn()
    }

    fn is_in(&self, text: fmt::Arguments<'_>) -> bool {
        let mut line = Line { bytes: [0; LINE_BYTES], len: 0 };
        // What does not fit is cut off; see LINE_BYTES.
        let _cut = line.write_fmt(text);
        self.needle.is_in(line.as_str())
    }
}

struct Line {
    bytes: [u8; LINE_BYTES],
    len: usize,
}

impl Line {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

//! The fields that a condition can name: how they are spelled, what they want, and which one was probably meant.

use std::fmt;

/// A property of a connection that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Asn,
    Organisation,
    Program,
    Country,
    City,
    Port,
    LocalPort,
    PeerPort,
    Network,
    Agent,
    Rule,
    Direction,
    Protocol,
    Is,
}

/// A field's names, the first of which is printed, and what it wants as a value.
struct Spelling {
    names: &'static [&'static str],
    wants: &'static str,
}

impl Field {
    /// In the order in which they are offered.
    pub const ALL: [Self; 14] = [
        Self::Asn,
        Self::Organisation,
        Self::Program,
        Self::Country,
        Self::City,
        Self::Port,
        Self::LocalPort,
        Self::PeerPort,
        Self::Network,
        Self::Agent,
        Self::Rule,
        Self::Direction,
        Self::Protocol,
        Self::Is,
    ];

    const fn spelling(self) -> Spelling {
        let (names, wants): (&[&str], _) = match self {
            Self::Asn => (&["asn", "as"], "a number, such as 13335 or AS13335"),
            Self::Organisation => (
                &["org", "organisation", "organization"],
                "part of an organisation's name, such as cloudflare",
            ),
            Self::Program => {
                (&["prog", "program", "process", "app"], "part of a program's name, such as firefox")
            }
            Self::Country => (&["cc", "country"], "a country's two letters, such as DE, or part of its name"),
            Self::City => (&["city"], "part of a city's name, such as berlin"),
            Self::Port => (&["port"], "a port of either end, from 0 to 65535, or a range such as 1000-2000"),
            Self::LocalPort => {
                (&["lport", "localport"], "a local port, from 0 to 65535, or a range such as 1000-2000")
            }
            Self::PeerPort => (
                &["rport", "peerport", "remoteport"],
                "a peer's port, from 0 to 65535, or a range such as 1000-2000",
            ),
            Self::Network => (
                &["net", "ip", "peer", "addr"],
                "a peer's address or network, such as 10.0.0.0/8 or 2001:db8::1",
            ),
            Self::Agent => (&["client", "agent"], "part of an agent's name, such as web1"),
            Self::Rule => (&["rule", "label"], "part of a rule's label, such as \"Web Surfing\""),
            Self::Direction => (&["dir", "direction"], "in or out"),
            Self::Protocol => (&["proto", "protocol"], "tcp or udp"),
            Self::Is => (&["is"], "lan, loopback, cgnat, multicast, reserved, noentry or noplace"),
        };
        Spelling { names, wants }
    }

    /// As it is printed and offered.
    pub const fn name(self) -> &'static str {
        self.spelling().names[0]
    }

    /// All names that are read, the printed one first.
    pub const fn names(self) -> &'static [&'static str] {
        self.spelling().names
    }

    /// What stands behind the colon, in words that follow "wants".
    pub const fn wants(self) -> &'static str {
        self.spelling().wants
    }

    /// Whether its values are names, which `:` and `=` compare differently.
    pub const fn is_named(self) -> bool {
        matches!(
            self,
            Self::Organisation | Self::Program | Self::Country | Self::City | Self::Agent | Self::Rule
        )
    }

    /// Takes any of its names in either case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.names().iter().any(|known| known.eq_ignore_ascii_case(name)))
    }

    /// The field that somebody who typed this name most likely meant: one that begins so, else one that a slip or
    /// two turn into it.
    pub(super) fn nearest(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if name.len() > LONGEST_SLIP_BYTES {
            return None;
        }
        let slips_allowed = if name.len() < 4 { 1 } else { 2 };
        let all_names =
            || Self::ALL.into_iter().flat_map(|field| field.names().iter().map(move |known| (field, *known)));
        let begun = all_names().find(|(_, known)| name.len() > 1 && known.starts_with(&name));
        let slipped = || {
            all_names()
                .map(|(field, known)| (slips(name.as_bytes(), known.as_bytes()), field))
                .filter(|(slips, _)| *slips <= slips_allowed)
                .min_by_key(|(slips, _)| *slips)
        };
        begun.map(|(field, _)| field).or_else(|| slipped().map(|(_, field)| field))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The longest name has 12 letters; what is much longer is no slip of it.
const LONGEST_SLIP_BYTES: usize = 16;

/// Letters to add, drop, exchange, or swap with their neighbour, to get from one word to the other (optimal string
/// alignment distance).
fn slips(one: &[u8], other: &[u8]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let exchanged = last[j] + usize::from(a != b);
            let mut least = exchanged.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        let slips = |one: &str, other: &str| slips(one.as_bytes(), other.as_bytes());
        assert_eq!([slips("", ""), slips("port", "port"), slips("", "is")], [0, 0, 2]);
        assert_eq!([slips("prot", "port"), slips("prt", "port"), slips("posts", "port")], [1, 1, 2]);
    }

    #[test]
    fn names_are_their_own() {
        for field in Field::ALL {
            for name in field.names() {
                assert_eq!(Field::from_name(name), Some(field));
                assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()), "{name}");
            }
        }
    }
}

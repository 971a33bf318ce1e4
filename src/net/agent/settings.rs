//! What an agent must know before it starts.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use super::{
    backoff::BackoffBounds, clock::Clock, kept_secret::KeptSecret, outbox::Bounds, pulse::PulseBounds,
};
use crate::net::{tls::Fingerprint, wire::DEFAULT_PORT};

/// Everything [`super::run()`] needs.
#[derive(Clone, Debug)]
pub struct Settings {
    pub server: ServerAddress,
    /// Of the display's certificate.
    pub pin: Fingerprint,
    pub secret: KeptSecret,
    /// As this machine would like to be called.
    pub name: Arc<str>,
    /// Where the number of a machine is kept that has none of its own, first to last.
    pub state_folders: Vec<PathBuf>,
    /// Time between two looks at the sockets while they are cheap.
    pub shortest_tick: Duration,
    pub outbox: Bounds,
    pub backoff: BackoffBounds,
    pub pulse: PulseBounds,
    pub clock: Arc<dyn Clock>,
}

/// Where the display listens: `HOST`, `HOST:PORT`, `IPV6` or `[IPV6]:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no address of a display: HOST, HOST:PORT or [IPV6]:PORT is")]
pub struct AddressError(String);

impl FromStr for ServerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let error = || AddressError(text.escape_debug().to_string());
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or_else(error)?;
                match after.strip_prefix(':') {
                    None if !after.is_empty() => return Err(error()),
                    port => (host, port),
                }
            }
            // More than one colon is an IPv6 address without a port.
            None => match text.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (text, None),
            },
        };
        let port = port.map_or(Ok(DEFAULT_PORT), str::parse).map_err(|_| error())?;
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '[' | ']' | '@');
        if host.is_empty() || port == 0 || host.contains(is_odd) {
            return Err(error());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, host, port) in [
            ("map.example", "map.example", 6789),
            ("map.example:7000", "map.example", 7000),
            ("192.0.2.1:1", "192.0.2.1", 1),
            ("2001:db8::1", "2001:db8::1", 6789),
            ("[2001:db8::1]:7000", "2001:db8::1", 7000),
            ("[fe80::1%eth0]", "fe80::1%eth0", 6789),
            (" map\n", "map", 6789),
        ] {
            assert_eq!(text.parse(), Ok(ServerAddress { host: host.to_owned(), port }), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_told() {
        for text in
            ["", ":6789", "map:", "map:0", "map:70000", "map:x", "[::1", "[::1]x", "https://map", "a b"]
        {
            assert!(text.parse::<ServerAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_printed_so_that_it_can_be_read_again() {
        for text in ["map.example:7000", "[2001:db8::1]:7000"] {
            assert_eq!(text.parse::<ServerAddress>().unwrap().to_string(), text);
        }
    }
}

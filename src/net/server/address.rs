//! Where the listener listens: how a person writes it, and the socket that comes of it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    str::FromStr,
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, sockopt},
};

use crate::net::wire::DEFAULT_PORT;

/// Connections that the kernel keeps until they are taken: a thousand agents that all come back at once.
const BACKLOG: i32 = 1_024;

/// What follows `--listen`: `ADDR:PORT`, `PORT`, `ADDR` or `[V6]:PORT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenAddress {
    /// `None`: all addresses of this machine.
    pub ip: Option<IpAddr>,
    pub port: u16,
}

impl Default for ListenAddress {
    fn default() -> Self {
        Self { ip: None, port: DEFAULT_PORT }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no place to listen: give ADDRESS:PORT, a PORT, an ADDRESS, or [IPV6]:PORT, in digits")]
pub struct ListenAddressError(String);

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let wrong = || ListenAddressError(text.to_owned());
        if let Ok(port) = text.parse() {
            return Ok(Self { ip: None, port });
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { ip: Some(address.ip()), port: address.port() });
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        bare.parse().map(|ip| Self { ip: Some(ip), port: DEFAULT_PORT }).map_err(|_| wrong())
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&SocketAddr::new(self.ip.unwrap_or(Ipv6Addr::UNSPECIFIED.into()), self.port), f)
    }
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(
        "cannot listen on {0}: the port is in use, perhaps by another connmapperl; end that one, or give another port \
         with --listen"
    )]
    InUse(SocketAddr),
    #[error(
        "cannot listen on {0}: this machine does not have that address; give one that `ip address` lists, or the port \
         alone for all of them"
    )]
    NotOurs(SocketAddr),
    #[error(
        "cannot listen on {0}: ports below 1024 are for root alone here; give a higher one with --listen"
    )]
    NotPermitted(SocketAddr),
    #[error("cannot listen on {0}: {1}")]
    Other(SocketAddr, std::io::Error),
}

impl ListenAddress {
    /// A socket that listens and does not block. Without an address it takes both IPv6 and IPv4, or IPv4 alone where the
    /// machine has no IPv6.
    ///
    /// # Errors
    /// Name the address, and what mends it.
    pub fn bind(self) -> Result<TcpListener, BindError> {
        let Some(ip) = self.ip else {
            let all = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), self.port);
            return match listen(all) {
                Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL | Errno::PROTONOSUPPORT) => {
                    let all = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), self.port);
                    listen(all).map_err(|errno| because(all, errno))
                }
                result => result.map_err(|errno| because(all, errno)),
            };
        };
        let address = SocketAddr::new(ip, self.port);
        listen(address).map_err(|errno| because(address, errno))
    }
}

fn because(address: SocketAddr, errno: Errno) -> BindError {
    match errno {
        Errno::ADDRINUSE => BindError::InUse(address),
        Errno::ADDRNOTAVAIL => BindError::NotOurs(address),
        Errno::ACCESS | Errno::PERM => BindError::NotPermitted(address),
        errno => BindError::Other(address, errno.into()),
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, Errno> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    // A display that starts again need not wait until the connections of the last one are forgotten.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_addresses_in_many_ways() {
        let read = |text: &str| text.parse::<ListenAddress>().map(|read| (read.ip, read.port));
        let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        assert_eq!(read("7000"), Ok((None, 7000)));
        assert_eq!(read(" 192.0.2.7 "), Ok((ip("192.0.2.7"), DEFAULT_PORT)));
        assert_eq!(read("192.0.2.7:7000"), Ok((ip("192.0.2.7"), 7000)));
        assert_eq!(read("[2001:db8::1]:7000"), Ok((ip("2001:db8::1"), 7000)));
        assert_eq!(read("[2001:db8::1]"), Ok((ip("2001:db8::1"), DEFAULT_PORT)));
        assert_eq!(read("::1"), Ok((ip("::1"), DEFAULT_PORT)));
        for bad in
            ["", "65536", "-1", "example.org", "192.0.2.7:", "192.0.2:80", "[::1]:x", ":6789", "*:6789"]
        {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains(&format!("\"{bad}\"")), "{error}");
        }
    }

    #[test]
    fn without_an_address_both_families_are_heard() {
        let listener = ListenAddress { ip: None, port: 0 }.bind().unwrap();
        let address = listener.local_addr().unwrap();
        std::net::TcpStream::connect(("127.0.0.1", address.port())).unwrap();
        if address.is_ipv6() {
            std::net::TcpStream::connect(("::1", address.port())).unwrap();
        }
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let taken = ListenAddress { ip: Some(Ipv4Addr::LOCALHOST.into()), port: 0 }.bind().unwrap();
        let address = taken.local_addr().unwrap();
        let again = ListenAddress { ip: Some(address.ip()), port: address.port() }.bind().unwrap_err();
        assert!(matches!(again, BindError::InUse(named) if named == address), "{again}");
        let foreign = "192.0.2.1".parse::<ListenAddress>().unwrap().bind().unwrap_err().to_string();
        assert!(
            foreign.contains("192.0.2.1:6789") && foreign.contains("does not have that address"),
            "{foreign}"
        );
    }
}

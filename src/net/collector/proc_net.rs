//! The fallback source: the text tables `/proc/net/{tcp,tcp6,udp,udp6}`, where netlink is refused. Slower, without
//! counters and close events, and the status says so.

use std::{
    fs,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use super::source::{Coverage, ScanError, SeenSocket, SocketSource};
use crate::model::{CollectorMethod, Protocol, Traffic, plain_address};

/// The thread's own tables: `/proc/net` shows the network namespace of the process's first thread.
const TABLES: &str = "/proc/thread-self/net";

const ESTABLISHED: u8 = 1;
const CLOSE: u8 = 7;
const LISTEN: u8 = 10;

pub struct ProcSource {
    why: String,
}

impl ProcSource {
    /// `why` the better way is closed, for the status.
    pub fn new(why: String) -> Self {
        Self { why }
    }
}

impl SocketSource for ProcSource {
    fn method(&self) -> CollectorMethod {
        CollectorMethod::ProcTables
    }

    fn scan(&mut self, _traffic: bool, seen: &mut Vec<SeenSocket>) -> Result<Coverage, ScanError> {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            each_socket(protocol, false, |socket| {
                if socket.peer.port() != 0 {
                    seen.push(socket);
                }
            })?;
        }
        // The kernel fills a page of text at a time and finds its place again by counting.
        Ok(Coverage::InParts)
    }

    fn listening_ports(&mut self, ports: &mut Vec<(Protocol, u16)>) -> Result<(), ScanError> {
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            each_socket(protocol, true, |socket| ports.push((protocol, socket.local.port())))?;
        }
        Ok(())
    }

    fn notes(&self, notes: &mut Vec<String>) {
        notes.push(format!("Reading /proc/net, without traffic counters: {}.", self.why));
    }
}

/// Reads both families' tables of `protocol`: the established sockets, or those that listen (of UDP the
/// unconnected ones). A family that the kernel lacks has no table, and that is no error.
pub fn each_socket(
    protocol: Protocol,
    listening: bool,
    mut each: impl FnMut(SeenSocket),
) -> Result<(), ScanError> {
    let (names, unconnected) = match protocol {
        Protocol::Tcp => (["tcp", "tcp6"], LISTEN),
        Protocol::Udp => (["udp", "udp6"], CLOSE),
    };
    let wanted = if listening { unconnected } else { ESTABLISHED };
    for name in names {
        match fs::read(format!("{TABLES}/{name}")) {
            Ok(table) => {
                // The first line is the heading.
                for line in table.split(|&byte| byte == b'\n').skip(1) {
                    if let Some((_, socket)) =
                        socket_from_line(line, protocol).filter(|&(state, _)| state == wanted)
                    {
                        each(socket);
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && name.ends_with('6') => {}
            Err(source) => return Err(ScanError::Refused { what: "/proc/net", source }),
        }
    }
    Ok(())
}

/// Reads one line of a table into the socket's state and the socket; `None` for anything else.
///
/// Columns: number, local `ADDRESS:PORT`, peer, state, queues, timer, retransmissions, user id, timeout, inode.
pub fn socket_from_line(line: &[u8], protocol: Protocol) -> Option<(u8, SeenSocket)> {
    let line = std::str::from_utf8(line).ok()?;
    let mut columns = line.split_ascii_whitespace().skip(1);
    let local = endpoint_from_hex(columns.next()?)?;
    let peer = endpoint_from_hex(columns.next()?)?;
    let state = u8::from_str_radix(columns.next()?, 16).ok()?;
    let uid = columns.nth(3)?.parse().ok()?;
    let inode = columns.nth(1)?.parse().ok()?;

    // TCP has one socket for a pair of endpoints, which gets its inode when it is accepted. UDP may have several.
    let inode_in_identity = if protocol == Protocol::Udp { inode } else { 0 };
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let identity = hasher.hash_one((protocol, local, peer, inode_in_identity));
    let socket = SeenSocket {
        identity,
        inode,
        uid,
        protocol,
        local,
        peer,
        traffic: Traffic::default(),
        direction: None,
        owner: None,
    };
    Some((state, socket))
}

/// Addresses are printed as 32-bit words in the machine's byte order, ports as plain numbers.
fn endpoint_from_hex(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    if !address.is_ascii() {
        return None;
    }
    let word = |index: usize| -> Option<[u8; 4]> {
        let digits = address.get(index * 8..index * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for index in 0..4 {
                bytes[index * 4..index * 4 + 4].copy_from_slice(&word(index)?);
            }
            plain_address(Ipv6Addr::from(bytes).into())
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = "   1: 0A00020F:A2B4 08080808:01BB 01 00000000:00000000 02:000006A3 00000000  1000        0 \
                        48213 2 0000000000000000 20 4 30 10 -1";

    #[test]
    #[cfg(target_endian = "little")]
    fn a_line_gives_endpoints_user_and_inode() {
        let (state, socket) = socket_from_line(LINE.as_bytes(), Protocol::Tcp).unwrap();
        assert_eq!(state, ESTABLISHED);
        assert_eq!(socket.local, "15.2.0.10:41652".parse().unwrap());
        assert_eq!(socket.peer, "8.8.8.8:443".parse().unwrap());
        assert_eq!((socket.uid, socket.inode), (1000, 48213));
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn mapped_addresses_are_ipv4_and_words_are_swapped() {
        let mapped = endpoint_from_hex("0000000000000000FFFF000001010101:0035").unwrap();
        assert_eq!(mapped, "1.1.1.1:53".parse().unwrap());
        let plain = endpoint_from_hex("00470626004700470000000011110000:01BB").unwrap();
        assert_eq!(plain, "[2606:4700:4700:4700::1111]:443".parse().unwrap());
    }

    #[test]
    fn identity_of_tcp_outlives_its_acceptance() {
        let unaccepted = LINE.replace("48213", "0");
        let identity = |line: &str, protocol| socket_from_line(line.as_bytes(), protocol).unwrap().1.identity;
        assert_eq!(identity(LINE, Protocol::Tcp), identity(&unaccepted, Protocol::Tcp));
        assert_ne!(identity(LINE, Protocol::Udp), identity(&unaccepted, Protocol::Udp));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = socket_from_line(&bytes, Protocol::Tcp);
        }

        #[test]
        fn cut_lines_are_no_sockets_or_whole_ones(at in 0..LINE.len()) {
            let _ = socket_from_line(&LINE.as_bytes()[..at], Protocol::Tcp);
        }
    }
}

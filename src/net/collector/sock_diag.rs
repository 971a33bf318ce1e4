//! The kernel's socket diagnosis messages as bytes: requests are built and answers are read here, without any
//! socket. Nothing panics on any bytes. Layouts: `linux/netlink.h`, `linux/inet_diag.h`, `linux/tcp.h`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::source::SeenSocket;
use crate::model::{Protocol, Traffic, plain_address};

/// Message type that walks TCP over IPv4 and IPv6 in one go.
const TCPDIAG_GETSOCK: u16 = 18;
/// Message type that names one family and protocol.
const SOCK_DIAG_BY_FAMILY: u16 = 20;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_DUMP: u16 = 0x300;
/// The table changed under the dump.
const NLM_F_DUMP_INTR: u16 = 0x10;

const NLMSG_HEADER_BYTES: usize = 16;
const INET_DIAG_MSG_BYTES: usize = 72;

const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_PROTOCOL: u16 = 10;

const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// Kernel's numbers of socket states (`TCP_ESTABLISHED` ...), as bits of a mask.
pub mod states {
    pub const ESTABLISHED: u32 = 1 << 1;
    /// Established once and not any more, though the socket is still there: FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT,
    /// LAST_ACK and CLOSING.
    pub const HALF_CLOSED: u32 = 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11;
    /// What an unconnected UDP socket is in.
    pub const CLOSE: u32 = 1 << 7;
    pub const LISTEN: u32 = 1 << 10;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

/// A question to the kernel, built once and sent often.
#[derive(Clone, Debug)]
pub struct Request {
    bytes: Vec<u8>,
    /// What the answers are about, where they do not say it themselves.
    pub protocol: Protocol,
}

impl Request {
    /// Asks for all TCP sockets of both families in any of `states`.
    pub fn tcp(states: u32, traffic: bool) -> Self {
        // Layout of `inet_diag_req`: family, two prefix lengths, extensions, socket id, states, device.
        let mut body = vec![0, 0, 0, if traffic { 1 << (INET_DIAG_INFO - 1) } else { 0 }];
        body.extend_from_slice(&[0; 48]);
        body.extend_from_slice(&states.to_ne_bytes());
        body.extend_from_slice(&[0; 4]);
        Self::new(TCPDIAG_GETSOCK, &body, Protocol::Tcp)
    }

    /// Asks for all UDP sockets of one family in any of `states`. The kernel keeps no byte counters for UDP.
    pub fn udp(family: Family, states: u32) -> Self {
        // Layout of `inet_diag_req_v2`: family, protocol, extensions, padding, states, socket id.
        let family = if family == Family::V4 { AF_INET } else { AF_INET6 };
        let mut body = vec![family, IPPROTO_UDP, 0, 0];
        body.extend_from_slice(&states.to_ne_bytes());
        body.extend_from_slice(&[0; 48]);
        Self::new(SOCK_DIAG_BY_FAMILY, &body, Protocol::Udp)
    }

    fn new(kind: u16, body: &[u8], protocol: Protocol) -> Self {
        let length = (NLMSG_HEADER_BYTES + body.len()) as u32;
        let mut bytes = Vec::with_capacity(length as usize);
        bytes.extend_from_slice(&length.to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&(NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(body);
        Self { bytes, protocol }
    }

    /// The bytes to send; the answers will carry `sequence`.
    pub fn numbered(&mut self, sequence: u32) -> &[u8] {
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        &self.bytes
    }
}

/// One netlink message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub sequence: u32,
    /// The kernel says that the table changed while it was read.
    pub interrupted: bool,
    pub content: Content<'a>,
}

#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// Bytes for [`socket_from_bytes`].
    Socket(&'a [u8]),
    /// End of a dump.
    Done,
    /// The kernel's error number, positive.
    Error(i32),
    Other,
}

/// Bytes that are no netlink message: where they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub offset: usize,
}

/// Walks the messages of one datagram; ends after the first [`Malformed`].
pub struct Messages<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Messages<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.offset..).filter(|rest| !rest.is_empty())?;
        let Some((message, length)) = message_from_bytes(rest) else {
            let offset = std::mem::replace(&mut self.offset, self.bytes.len());
            return Some(Err(Malformed { offset }));
        };
        self.offset = self.offset.saturating_add(aligned(length));
        Some(Ok(message))
    }
}

fn message_from_bytes(bytes: &[u8]) -> Option<(Message<'_>, usize)> {
    let length = u32_at(bytes, 0)? as usize;
    let kind = u16_at(bytes, 4)?;
    let flags = u16_at(bytes, 6)?;
    let sequence = u32_at(bytes, 8)?;
    let body = bytes.get(NLMSG_HEADER_BYTES..length)?;
    let content = match kind {
        NLMSG_DONE => match u32_at(body, 0).map(|code| code as i32) {
            Some(code) if code < 0 => Content::Error(code.saturating_neg()),
            _ => Content::Done,
        },
        NLMSG_ERROR => Content::Error((u32_at(body, 0)? as i32).saturating_neg()),
        TCPDIAG_GETSOCK | SOCK_DIAG_BY_FAMILY => Content::Socket(body),
        _ => Content::Other,
    };
    Some((Message { sequence, interrupted: flags & NLM_F_DUMP_INTR != 0, content }, length))
}

/// What one socket message tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiagSocket {
    pub socket: SeenSocket,
    /// Whether its counters prove that it was established at some time; see [`was_established`].
    pub was_established: bool,
}

/// Reads an `inet_diag_msg` and its attributes. `protocol` is what was asked for; a message that names its own
/// wins. `None` for bytes that are too short, another family or another protocol.
pub fn socket_from_bytes(bytes: &[u8], protocol: Protocol) -> Option<DiagSocket> {
    let fixed = bytes.get(..INET_DIAG_MSG_BYTES)?;
    let family = fixed[0];
    let local = address_from_bytes(family, fixed.get(8..24)?)?;
    let peer = address_from_bytes(family, fixed.get(24..40)?)?;
    let cookie = u64::from(u32_at(fixed, 44)?) | u64::from(u32_at(fixed, 48)?) << 32;

    let mut protocol = protocol;
    let mut info: &[u8] = &[];
    let mut rest = bytes.get(INET_DIAG_MSG_BYTES..)?;
    while let (Some(length), Some(kind)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let Some(value) = rest.get(4..usize::from(length)) else { break };
        match (kind, value) {
            (INET_DIAG_INFO, value) => info = value,
            (INET_DIAG_PROTOCOL, [IPPROTO_TCP, ..]) => protocol = Protocol::Tcp,
            (INET_DIAG_PROTOCOL, [IPPROTO_UDP, ..]) => protocol = Protocol::Udp,
            (INET_DIAG_PROTOCOL, _) => return None,
            _ => {}
        }
        rest = rest.get(aligned(usize::from(length))..).unwrap_or(&[]);
    }
    // Only TCP has a `tcp_info`; the attribute of the same number holds something else elsewhere.
    let info = if protocol == Protocol::Tcp { info } else { &[] };

    Some(DiagSocket {
        socket: SeenSocket {
            identity: cookie,
            inode: u64::from(u32_at(fixed, 68)?),
            uid: u32_at(fixed, 64)?,
            protocol,
            local: SocketAddr::new(local, u16_be_at(fixed, 4)?),
            peer: SocketAddr::new(peer, u16_be_at(fixed, 6)?),
            traffic: traffic_from_tcp_info(info),
            direction: None,
            owner: None,
        },
        was_established: was_established(info),
    })
}

fn address_from_bytes(family: u8, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        AF_INET => Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(..4)?).ok()?))),
        AF_INET6 => Some(plain_address(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into())),
        _ => None,
    }
}

/// Reads a `tcp_info` of any kernel: a shorter one has fewer counters. Sent bytes are payload without
/// retransmissions where the kernel counts those (4.19), else what the peer acknowledged.
fn traffic_from_tcp_info(info: &[u8]) -> Traffic {
    let sent = u64_at(info, 200).zip(u64_at(info, 208)).map(|(sent, again)| sent.saturating_sub(again));
    Traffic {
        sent_bytes: sent.or_else(|| u64_at(info, 120)),
        received_bytes: u64_at(info, 128),
        rtt_micros: u32_at(info, 68).filter(|&micros| micros > 0),
    }
}

/// A destroyed socket is in state CLOSE whatever it went through; its counters still tell. The first round trip
/// is measured, and the opening SYN counts as an acknowledged byte, only when the handshake came to its end.
fn was_established(info: &[u8]) -> bool {
    let rtt = u32_at(info, 68).unwrap_or(0);
    let acknowledged = u64_at(info, 120).unwrap_or(0);
    let received = u64_at(info, 128).unwrap_or(0);
    rtt > 0 || acknowledged > 0 || received > 0
}

/// Netlink messages and attributes begin at multiples of four bytes.
fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(offset..offset + 2)?.try_into().ok()?))
}

fn u16_be_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(offset..offset + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(offset..offset + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(offset..offset + 8)?.try_into().ok()?))
}

#[cfg(test)]
#[path = "sock_diag_tests.rs"]
mod tests;

//! The netlink source: asks the kernel for its socket table (`NETLINK_SOCK_DIAG`). One request walks TCP of both
//! families, two walk UDP; the state filter works in the kernel. Owns the dump socket; bytes are read in
//! `sock_diag`, close events in `destroy`.

use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::{
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, sockopt},
};

use super::{
    destroy::CloseEvents,
    proc_net,
    sock_diag::{Content, Family, Message, Messages, Request, socket_from_bytes, states},
    source::{Coverage, ScanError, SeenSocket, SocketSource},
};
use crate::model::{CollectorMethod, Protocol};

/// The kernel fills at most 32 KiB a read; twice that leaves room for a kernel that would fill more.
const RECEIVE_BUFFER_BYTES: usize = 64 * 1024;
/// The kernel answers in the same system call; a silence this long is a fault, not a delay.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

pub struct NetlinkSource {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
    requests: Requests,
    /// `None` without the right to listen for them; then the reason stands beside it.
    close_events: Result<CloseEvents, Errno>,
    /// Kernels may be built without UDP diagnosis; its text tables are then read instead.
    udp_is_refused: bool,
}

struct Requests {
    tcp: Request,
    tcp_with_traffic: Request,
    udp: [Request; 2],
    tcp_listening: Request,
    udp_unconnected: [Request; 2],
    tcp_half_closed: Request,
}

impl NetlinkSource {
    /// Opens the socket and asks once, so that a refusal is known at the start. Close events are joined if
    /// `close_events` is set and the process may (root).
    pub fn open(close_events: bool) -> Result<Self, ScanError> {
        let both = |states| [Family::V4, Family::V6].map(|family| Request::udp(family, states));
        let mut source = Self {
            socket: open_socket().map_err(refused)?,
            sequence: 0,
            buffer: vec![0; RECEIVE_BUFFER_BYTES],
            requests: Requests {
                tcp: Request::tcp(states::ESTABLISHED, false),
                tcp_with_traffic: Request::tcp(states::ESTABLISHED, true),
                udp: both(states::ESTABLISHED),
                tcp_listening: Request::tcp(states::LISTEN, false),
                udp_unconnected: both(states::CLOSE),
                tcp_half_closed: Request::tcp(states::HALF_CLOSED, false),
            },
            close_events: if close_events { CloseEvents::join() } else { Err(Errno::PERM) },
            udp_is_refused: false,
        };
        source.scan(false, &mut Vec::new())?;
        Ok(source)
    }

    fn dump(&mut self, pick: impl Fn(&mut Requests) -> &mut Request, each: impl FnMut(SeenSocket)) -> Dump {
        let dump = self.dump_once(pick, each);
        if !matches!(dump, Ok(Coverage::Whole | Coverage::InParts)) {
            // What is left of a broken dump must not answer the next request.
            self.socket = open_socket().map_err(refused)?;
        }
        dump
    }

    fn dump_once(
        &mut self,
        pick: impl Fn(&mut Requests) -> &mut Request,
        mut each: impl FnMut(SeenSocket),
    ) -> Dump {
        self.sequence = self.sequence.wrapping_add(1);
        let request = pick(&mut self.requests);
        let protocol = request.protocol;
        rustix::net::send(&self.socket, request.numbered(self.sequence), SendFlags::empty())
            .map_err(refused)?;

        let mut coverage = Coverage::Whole;
        let mut parts = 0;
        loop {
            let length = match rustix::net::recv(&self.socket, &mut self.buffer[..], RecvFlags::TRUNC) {
                Ok((_, length)) => length,
                Err(Errno::INTR) => continue,
                // The kernel had no room for a part of its answer.
                Err(Errno::NOBUFS) => return Ok(Coverage::Incomplete),
                Err(errno) => return Err(refused(errno)),
            };
            if length > self.buffer.len() {
                coverage = Coverage::Incomplete;
                self.buffer.resize(length.next_power_of_two(), 0);
                continue;
            }
            let mut ended = false;
            for message in Messages::new(&self.buffer[..length]) {
                let message =
                    message.map_err(|malformed| ScanError::Malformed { offset: malformed.offset })?;
                let Message { sequence, interrupted, content } = message;
                if sequence != self.sequence {
                    continue;
                }
                if interrupted {
                    coverage = Coverage::Incomplete;
                }
                match content {
                    Content::Socket(bytes) => {
                        if let Some(diag) = socket_from_bytes(bytes, protocol) {
                            each(diag.socket);
                        }
                    }
                    Content::Done => ended = true,
                    Content::Error(code) => return Err(refused(Errno::from_raw_os_error(code))),
                    Content::Other => {}
                }
            }
            if ended {
                return Ok(coverage);
            }
            parts += 1;
            if parts > 1 {
                coverage = coverage.max(Coverage::InParts);
            }
        }
    }

    /// UDP of both families, or its text tables where the kernel has no UDP diagnosis.
    fn dump_udp(
        &mut self,
        pick: impl Fn(&mut Requests) -> &mut [Request; 2],
        listening: bool,
        mut each: impl FnMut(SeenSocket),
    ) -> Dump {
        let mut coverage = Coverage::Whole;
        for family in 0..2 {
            if self.udp_is_refused {
                return proc_net::each_socket(Protocol::Udp, listening, each).map(|()| Coverage::Whole);
            }
            match self.dump(|requests| &mut pick(requests)[family], &mut each) {
                Ok(part) => coverage = coverage.max(part),
                Err(ScanError::Refused { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    self.udp_is_refused = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(coverage)
    }
}

type Dump = Result<Coverage, ScanError>;

impl SocketSource for NetlinkSource {
    fn method(&self) -> CollectorMethod {
        if self.close_events.is_ok() { CollectorMethod::Events } else { CollectorMethod::Polling }
    }

    fn scan(&mut self, traffic: bool, seen: &mut Vec<SeenSocket>) -> Dump {
        let tcp = self.dump(
            |requests| if traffic { &mut requests.tcp_with_traffic } else { &mut requests.tcp },
            |socket| seen.push(socket),
        )?;
        let udp = self.dump_udp(
            |requests| &mut requests.udp,
            false,
            |socket| {
                // Name resolvers connect UDP sockets to port 0 to learn their own address: nobody talks there.
                if socket.peer.port() != 0 {
                    seen.push(socket);
                }
            },
        )?;
        Ok(tcp.max(udp))
    }

    fn listening_ports(&mut self, ports: &mut Vec<(Protocol, u16)>) -> Result<(), ScanError> {
        self.dump(|requests| &mut requests.tcp_listening, |s| ports.push((s.protocol, s.local.port())))?;
        self.dump_udp(
            |requests| &mut requests.udp_unconnected,
            true,
            |s| ports.push((s.protocol, s.local.port())),
        )?;
        Ok(())
    }

    fn destroyed(&mut self, destroyed: &mut Vec<SeenSocket>) -> Result<(), ScanError> {
        match &mut self.close_events {
            Ok(events) => events.read(&mut self.buffer, destroyed).map_err(refused),
            Err(_) => Ok(()),
        }
    }

    fn half_closed(&mut self, identities: &mut Vec<u64>) -> Result<(), ScanError> {
        if self.close_events.is_ok() {
            self.dump(|requests| &mut requests.tcp_half_closed, |socket| identities.push(socket.identity))?;
        }
        Ok(())
    }

    fn wakes_on(&self) -> Option<BorrowedFd<'_>> {
        self.close_events.as_ref().ok().map(CloseEvents::fd)
    }

    fn notes(&self, notes: &mut Vec<String>) {
        match &self.close_events {
            Ok(events) if events.overruns() > 0 => notes.push(format!(
                "The kernel dropped close events {} times: some connections shorter than a tick were missed.",
                events.overruns()
            )),
            Ok(_) => {}
            Err(_) => notes.push(
                "Connections shorter than a tick may be missed: the kernel's close events need root.".into(),
            ),
        }
        if self.udp_is_refused {
            notes.push("This kernel has no UDP diagnosis: UDP is read from /proc/net.".into());
        }
    }
}

fn open_socket() -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        Some(netlink::SOCK_DIAG),
    )?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(ANSWER_TIMEOUT))?;
    Ok(socket)
}

fn refused(errno: Errno) -> ScanError {
    ScanError::Refused { what: "netlink", source: errno.into() }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[test]
    fn a_cut_answer_is_noticed_and_the_next_one_is_whole() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = listener.local_addr().unwrap();
        let _clients: Vec<_> = (0..20).map(|_| TcpStream::connect(endpoint).unwrap()).collect();
        let ours = |seen: &[SeenSocket]| -> HashSet<u64> {
            seen.iter().filter(|socket| socket.peer == endpoint).map(|socket| socket.identity).collect()
        };

        let mut source = NetlinkSource::open(false).unwrap();
        source.buffer = vec![0; 300];
        let mut seen = Vec::new();
        // Whose sockets were cut off depends on how many others this machine has.
        assert_eq!(source.scan(true, &mut seen).unwrap(), Coverage::Incomplete);

        seen.clear();
        while source.scan(true, &mut seen).unwrap() == Coverage::Incomplete {
            seen.clear();
        }
        assert_eq!(ours(&seen).len(), 20);
    }
}

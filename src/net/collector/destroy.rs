//! The kernel's close events: a message for each TCP socket as it is destroyed, by which connections are seen
//! that lived between two scans. Needs CAP_NET_ADMIN (root). UDP groups are not joined: name resolvers connect
//! UDP sockets only to learn an address, nothing in an event tells those from real ones, and without them
//! the next scan sees a UDP socket go anyway.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::{
    io::Errno,
    net::{AddressFamily, RecvFlags, SocketFlags, SocketType, netlink, sockopt},
};

use super::{
    sock_diag::{Content, Messages, socket_from_bytes},
    source::{SeenSocket, UID_NOT_TOLD},
};
use crate::model::Protocol;

/// Bits of `SKNLGRP_INET_TCP_DESTROY` (1) and `SKNLGRP_INET6_TCP_DESTROY` (3) in a netlink address.
const TCP_DESTROY_GROUPS: u32 = 1 << 0 | 1 << 2;
/// Room for over 10,000 closings between two reads: an event of 380 bytes occupies about a kilobyte.
const KERNEL_BUFFER_BYTES: usize = 16 << 20;

pub struct CloseEvents {
    socket: OwnedFd,
    overruns: u64,
}

impl CloseEvents {
    /// Joins the groups; `EPERM` where the process may not.
    pub fn join() -> Result<Self, Errno> {
        Self::join_with_room(KERNEL_BUFFER_BYTES)
    }

    fn join_with_room(kernel_buffer_bytes: usize) -> Result<Self, Errno> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(netlink::SOCK_DIAG),
        )?;
        sockopt::set_socket_recv_buffer_size_force(&socket, kernel_buffer_bytes)?;
        rustix::net::bind(&socket, &netlink::SocketAddrNetlink::new(0, TCP_DESTROY_GROUPS))?;
        Ok(Self { socket, overruns: 0 })
    }

    pub fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// How often the kernel had to drop events because they were not read in time.
    pub fn overruns(&self) -> u64 {
        self.overruns
    }

    /// Appends the sockets destroyed since the last call that had been established. They have no inode and no
    /// user id any more.
    pub fn read(&mut self, buffer: &mut [u8], destroyed: &mut Vec<SeenSocket>) -> Result<(), Errno> {
        loop {
            let length = match rustix::net::recv(&self.socket, &mut *buffer, RecvFlags::TRUNC) {
                Ok((_, length)) => length,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(Errno::NOBUFS) => {
                    self.overruns += 1;
                    continue;
                }
                Err(errno) => return Err(errno),
            };
            // A cut or unreadable event is a lost event.
            let Some(bytes) = buffer.get(..length) else {
                self.overruns += 1;
                continue;
            };
            for message in Messages::new(bytes) {
                match message.map(|message| message.content) {
                    Ok(Content::Socket(bytes)) => destroyed.extend(closed_connection_from_bytes(bytes)),
                    Ok(_) => {}
                    Err(_) => self.overruns += 1,
                }
            }
        }
    }
}

/// `None` for listeners, for attempts that were never answered, and for bytes that are no TCP socket.
fn closed_connection_from_bytes(bytes: &[u8]) -> Option<SeenSocket> {
    let diag = socket_from_bytes(bytes, Protocol::Tcp)?;
    let has_peer = !diag.socket.peer.ip().is_unspecified() && diag.socket.peer.port() != 0;
    let told = diag.was_established && has_peer && diag.socket.protocol == Protocol::Tcp;
    told.then_some(SeenSocket { uid: UID_NOT_TOLD, ..diag.socket })
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn events_that_the_kernel_had_to_drop_are_counted() {
        let Ok(mut events) = CloseEvents::join_with_room(1) else {
            println!("skipped: close events need root");
            return;
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut destroyed = Vec::new();
        // The kernel tells from a thread of its own, some time after the close: so again, until it had too much.
        for _ in 0..1_000 {
            for _ in 0..100 {
                drop(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
                drop(listener.accept().unwrap());
            }
            events.read(&mut [0; 4096], &mut destroyed).unwrap();
            if events.overruns() > 0 {
                break;
            }
        }
        assert!(events.overruns() > 0);
    }
}

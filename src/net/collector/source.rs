//! The collector's seam: what a source of sockets must give, and nothing of how it is done. Netlink, the text
//! tables of `/proc` and synthetic scenes all stand behind [`SocketSource`].

use std::{
    io,
    net::SocketAddr,
    os::fd::BorrowedFd,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::model::{CollectorMethod, Direction, Owner, Protocol, Traffic};

/// One established socket as a source sees it, before the collector knows whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenSocket {
    /// The same for one socket at every scan, different for any two sockets of one scan.
    pub identity: u64,
    /// Inode of the socket file, by which processes hold it; 0 while no process does (not accepted yet).
    pub inode: u64,
    /// User id that owns the socket; `u32::MAX` where the source cannot tell.
    pub uid: u32,
    pub protocol: Protocol,
    /// Plain IPv4 where it was IPv4-mapped; so is `peer`.
    pub local: SocketAddr,
    pub peer: SocketAddr,
    /// All `None` where the source was not asked or cannot tell.
    pub traffic: Traffic,
    /// Set by a source that knows it; the collector then does not look for listening ports.
    pub direction: Option<Direction>,
    /// Set by a source that knows it; the collector then does not look into `/proc`.
    pub owner: Option<Owner>,
}

/// The user id that stands for "not told".
pub const UID_NOT_TOLD: u32 = u32::MAX;

/// How far one scan can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// Every socket is in it.
    Whole,
    /// The kernel handed the table over in parts. A socket that died between two parts may have made the kernel
    /// step over a living one, so a missing socket is not yet a closed one.
    InParts,
    /// Some were lost on the way: nothing may be called closed.
    Incomplete,
}

#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("cannot read the socket table by {what}: {source}")]
    Refused { what: &'static str, source: io::Error },
    #[error("the kernel's answer about sockets is malformed at byte {offset}")]
    Malformed { offset: usize },
}

/// Where sockets come from.
pub trait SocketSource: Send {
    fn method(&self) -> CollectorMethod;

    /// Milliseconds since the Unix epoch; a scene of the past or the future brings its own clock.
    fn now_unix_millis(&self) -> i64 {
        wall_clock_unix_millis()
    }

    /// Appends every established socket to `seen`; the same one twice does no harm. Counters are wanted only
    /// when `traffic` is set: they cost.
    fn scan(&mut self, traffic: bool, seen: &mut Vec<SeenSocket>) -> Result<Coverage, ScanError>;

    /// Appends every port that is listened on.
    fn listening_ports(&mut self, ports: &mut Vec<(Protocol, u16)>) -> Result<(), ScanError>;

    /// Appends established sockets destroyed since the last call, with their final counters.
    fn destroyed(&mut self, _destroyed: &mut Vec<SeenSocket>) -> Result<(), ScanError> {
        Ok(())
    }

    /// Appends the identities of sockets that have been established earlier, are no more, and will still be
    /// told by [`Self::destroyed`]. Asked once, before the first scan.
    fn half_closed(&mut self, _identities: &mut Vec<u64>) -> Result<(), ScanError> {
        Ok(())
    }

    /// Readable when [`Self::destroyed`] has something to tell.
    fn wakes_on(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Appends why this source is not the best one, a sentence each.
    fn notes(&self, _notes: &mut Vec<String>) {}
}

/// Wall clock, milliseconds since the Unix epoch; 0 for a clock set before it.
pub fn wall_clock_unix_millis() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

//! Whose socket it is: from the inode of a socket to the program that holds it, by reading the links under
//! `/proc/*/fd`. Those reads are dear, so each open file is read once and remembered, nothing is read while no new
//! inode is asked for, and a search stops when all are found.
//!
//! How a search goes, each step only for what the last one left:
//! 1. sockets read earlier on the way to others (one link each, to be sure);
//! 2. unread files of the processes that held the last sockets found, then of all others, newest first;
//! 3. all files once more, for descriptors that stood for something else when they were read.
//!
//! Step 3 is left out for other users' sockets where this user may not look: it would fail each time.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use rustix::io::Errno;

use super::proc_fds::{OpenFiles, Processes};
use crate::model::Owner;

/// Processes that held the last sockets found, and are looked at first.
const RECENT_PROCESSES: usize = 8;
/// There always is one of this number; where it is not listed, `/proc` hides other users' processes (`hidepid`).
const FIRST_PROCESS: u32 = 1;
/// Nobody we know.
const SOMEBODY: u32 = u32::MAX;

/// A socket whose owner is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub inode: u64,
    pub uid: u32,
}

pub struct Owners {
    processes: Processes,
    own_uid: u32,
    /// What each file read so far was; 0 stands for anything but a socket.
    files: HashMap<u32, HashMap<u32, u64>>,
    /// Where each socket read so far is held.
    places: HashMap<u64, (u32, u32)>,
    names: HashMap<u32, Arc<str>>,
    recent: Vec<u32>,
    /// Users some of whose processes may not be looked into, as of the last full listing.
    denied_uids: HashSet<u32>,
    pids: Vec<u32>,
    fds: Vec<u32>,
}

impl Owners {
    /// Reads processes at `root` (`/proc`); an error where there is none.
    pub fn new(root: &Path) -> Result<Self, Errno> {
        Ok(Self {
            processes: Processes::at(root)?,
            own_uid: rustix::process::geteuid().as_raw(),
            files: HashMap::new(),
            places: HashMap::new(),
            names: HashMap::new(),
            recent: Vec::new(),
            denied_uids: HashSet::new(),
            pids: Vec::new(),
            fds: Vec::new(),
        })
    }

    /// System calls made so far.
    pub fn calls(&self) -> u64 {
        self.processes.calls()
    }

    /// Finds the owners of all `wanted`. `found` is asked to take each inode with its owner, once.
    pub fn find(&mut self, wanted: &[Wanted], mut found: impl FnMut(u64, Owner)) {
        let mut missing: HashMap<u64, u32> = wanted.iter().map(|wanted| (wanted.inode, wanted.uid)).collect();
        self.names.clear();
        self.find_in_places(&mut missing, &mut found);
        if missing.is_empty() {
            return;
        }
        for pid in self.recent.clone() {
            self.search(pid, Unread::Only, &mut missing, &mut found);
        }
        if !missing.is_empty() {
            self.list_processes();
            self.search_all(Unread::Only, &mut missing, &mut found);
        }
        if missing.values().any(|&uid| uid == self.own_uid || self.denied_uids.is_empty()) {
            self.search_all(Unread::AndRead, &mut missing, &mut found);
        }
        for (inode, uid) in missing {
            found(inode, if self.may_look(uid) { Owner::Unknown } else { Owner::NotPermitted });
        }
    }

    /// The socket is gone: its descriptor will stand for something else.
    pub fn forget(&mut self, inode: u64) {
        if let Some((pid, fd)) = self.places.remove(&inode)
            && let Some(files) = self.files.get_mut(&pid)
        {
            files.remove(&fd);
        }
    }

    /// Whether every process that may hold a socket of `uid` could be looked into.
    fn may_look(&self, uid: u32) -> bool {
        !self.denied_uids.contains(&uid) && (uid == self.own_uid || self.denied_uids.is_empty())
    }

    fn find_in_places(&mut self, missing: &mut HashMap<u64, u32>, found: &mut impl FnMut(u64, Owner)) {
        missing.retain(|&inode, _| {
            let Some(&(pid, fd)) = self.places.get(&inode) else { return true };
            let still_there = self
                .processes
                .open_files(pid)
                .and_then(|files| self.processes.socket_inode(&files, fd))
                .is_ok_and(|now| now == Some(inode));
            if !still_there {
                self.forget(inode);
                return true;
            }
            match self.program(pid) {
                Some(owner) => found(inode, owner),
                None => return true,
            }
            false
        });
    }

    fn list_processes(&mut self) {
        self.pids.clear();
        // An unreadable /proc leaves the list empty: all owners are then unknown, which is shown.
        let _ = self.processes.pids(&mut self.pids);
        self.pids.sort_unstable_by(|a, b| b.cmp(a));
        self.denied_uids.clear();
        if self.pids.last() != Some(&FIRST_PROCESS) {
            self.denied_uids.insert(SOMEBODY);
        }
        let living: HashSet<u32> = self.pids.iter().copied().collect();
        self.files.retain(|pid, _| living.contains(pid));
        self.places.retain(|_, (pid, _)| living.contains(pid));
        self.recent.retain(|pid| living.contains(pid));
    }

    fn search_all(
        &mut self,
        unread: Unread,
        missing: &mut HashMap<u64, u32>,
        found: &mut impl FnMut(u64, Owner),
    ) {
        let pids = std::mem::take(&mut self.pids);
        for &pid in &pids {
            if missing.is_empty() {
                break;
            }
            self.search(pid, unread, missing, found);
        }
        self.pids = pids;
    }

    /// Looks for `missing` among the files of one process.
    fn search(
        &mut self,
        pid: u32,
        unread: Unread,
        missing: &mut HashMap<u64, u32>,
        found: &mut impl FnMut(u64, Owner),
    ) {
        if missing.is_empty() {
            return;
        }
        // Any other error means that the process ended meanwhile, and its sockets with it.
        if let Err(Errno::ACCESS | Errno::PERM) = self.search_files(pid, unread, missing, found) {
            // Where even this is denied it counts as another user.
            let uid = self.processes.uid(pid).unwrap_or(SOMEBODY);
            self.denied_uids.insert(uid);
        }
    }

    fn search_files(
        &mut self,
        pid: u32,
        unread: Unread,
        missing: &mut HashMap<u64, u32>,
        found: &mut impl FnMut(u64, Owner),
    ) -> Result<(), Errno> {
        let files = self.processes.open_files(pid)?;
        let mut fds = std::mem::take(&mut self.fds);
        fds.clear();
        let listed = self.processes.fds(&files, &mut fds);
        // New sockets have the highest numbers more often than not.
        for &fd in fds.iter().rev() {
            let known = self.files.get(&pid).and_then(|files| files.get(&fd));
            if unread == Unread::Only && known.is_some() {
                continue;
            }
            let Some(inode) = self.read(pid, &files, fd)? else { continue };
            if missing.contains_key(&inode)
                && let Some(owner) = self.program(pid)
            {
                missing.remove(&inode);
                found(inode, owner);
                if missing.is_empty() {
                    break;
                }
            }
        }
        self.fds = fds;
        listed
    }

    /// Reads one file and remembers it; `None` for no socket, or one closed meanwhile.
    fn read(&mut self, pid: u32, files: &OpenFiles, fd: u32) -> Result<Option<u64>, Errno> {
        let inode = match self.processes.socket_inode(files, fd) {
            Ok(inode) => inode,
            Err(errno @ (Errno::ACCESS | Errno::PERM)) => return Err(errno),
            Err(_) => return Ok(None),
        };
        let before = self.files.entry(pid).or_default().insert(fd, inode.unwrap_or(0));
        if let Some(before) = before.filter(|&before| self.places.get(&before) == Some(&(pid, fd))) {
            self.places.remove(&before);
        }
        if let Some(inode) = inode {
            self.places.insert(inode, (pid, fd));
        }
        Ok(inode)
    }

    /// The process as an owner, put in front of the recent ones; `None` if it ended.
    fn program(&mut self, pid: u32) -> Option<Owner> {
        let name = match self.names.get(&pid) {
            Some(name) => name.clone(),
            None => {
                let name = self.processes.comm(pid).ok()?;
                self.names.insert(pid, name.clone());
                self.recent.retain(|&recent| recent != pid);
                self.recent.insert(0, pid);
                self.recent.truncate(RECENT_PROCESSES);
                name
            }
        };
        Some(Owner::Program { pid, name })
    }
}

/// Which files of a process are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unread {
    Only,
    AndRead,
}

#[cfg(test)]
#[path = "owners_tests.rs"]
mod tests;

//! Reads processes and their open files under `/proc`, and counts what that costs in system calls. Which ones to
//! read is decided in `owners`.

use std::{
    fs::File,
    io::Read,
    mem::MaybeUninit,
    os::fd::{AsRawFd, OwnedFd},
    path::Path,
    sync::Arc,
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, RawDir},
    io::Errno,
};

/// Longest link that matters: `socket:[` and 20 digits and `]`.
const LINK_BYTES: usize = 32;
/// Directory entries read at a time: about 1,300 file descriptors.
const DIRECTORY_BUFFER_BYTES: usize = 32 * 1024;
/// The kernel cuts a process's name at 15 bytes.
const COMM_BYTES: usize = 16;

/// The process table, by default at `/proc`.
pub struct Processes {
    root: OwnedFd,
    buffer: Vec<MaybeUninit<u8>>,
    calls: u64,
}

/// The open files of one process.
pub struct OpenFiles {
    directory: OwnedFd,
    of_this_process: bool,
}

impl Processes {
    pub fn at(root: &Path) -> Result<Self, Errno> {
        let root = rustix::fs::open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { root, buffer: vec![MaybeUninit::uninit(); DIRECTORY_BUFFER_BYTES], calls: 0 })
    }

    /// System calls made so far, but for closing files.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Appends the process ids that there are.
    pub fn pids(&mut self, pids: &mut Vec<u32>) -> Result<(), Errno> {
        let directory = self.open("./")?;
        self.numbers(&directory, pids)
    }

    /// Opens the list of a process's files; `EACCES` where it may not be seen.
    pub fn open_files(&mut self, pid: u32) -> Result<OpenFiles, Errno> {
        let of_this_process = pid == std::process::id();
        self.open(&format!("{pid}/fd")).map(|directory| OpenFiles { directory, of_this_process })
    }

    /// Appends the file descriptors of a process, without the one that this very look needs.
    pub fn fds(&mut self, files: &OpenFiles, fds: &mut Vec<u32>) -> Result<(), Errno> {
        let listed = self.numbers(&files.directory, fds);
        if files.of_this_process {
            fds.retain(|&fd| i64::from(fd) != i64::from(files.directory.as_raw_fd()));
        }
        listed
    }

    /// The inode of the socket that a file descriptor stands for, or `None` for any other file.
    pub fn socket_inode(&mut self, files: &OpenFiles, fd: u32) -> Result<Option<u64>, Errno> {
        self.calls += 1;
        let mut link = [0_u8; LINK_BYTES];
        let name = fd.to_string();
        let length = rustix::fs::readlinkat_raw(&files.directory, name.as_str(), &mut link[..])?;
        Ok(inode_from_link(link.get(..length).unwrap_or(&[])))
    }

    /// The name of a process, as `ss` and `lsof` print it.
    pub fn comm(&mut self, pid: u32) -> Result<Arc<str>, Errno> {
        self.calls += 2;
        let file = rustix::fs::openat(
            &self.root,
            format!("{pid}/comm"),
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut name = Vec::with_capacity(COMM_BYTES);
        File::from(file)
            .read_to_end(&mut name)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let name = name.strip_suffix(b"\n").unwrap_or(&name);
        Ok(String::from_utf8_lossy(name).into())
    }

    /// User id of a process.
    pub fn uid(&mut self, pid: u32) -> Result<u32, Errno> {
        self.calls += 1;
        Ok(rustix::fs::statat(&self.root, pid.to_string(), AtFlags::empty())?.st_uid)
    }

    fn open(&mut self, path: &str) -> Result<OwnedFd, Errno> {
        self.calls += 1;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.root, path, flags, Mode::empty())
    }

    fn numbers(&mut self, directory: &OwnedFd, numbers: &mut Vec<u32>) -> Result<(), Errno> {
        let mut entries = RawDir::new(directory, &mut self.buffer);
        loop {
            // A batch of entries is one call; the last call finds none.
            self.calls += u64::from(entries.is_buffer_empty());
            let Some(entry) = entries.next() else { return Ok(()) };
            numbers.extend(entry?.file_name().to_str().ok().and_then(|name| name.parse::<u32>().ok()));
        }
    }
}

fn inode_from_link(link: &[u8]) -> Option<u64> {
    let digits = link.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_socket_links_have_inodes() {
        assert_eq!(inode_from_link(b"socket:[48213]"), Some(48213));
        for other in ["/dev/null", "pipe:[48213]", "socket:[]", "socket:[12", "anon_inode:[eventfd]"] {
            assert_eq!(inode_from_link(other.as_bytes()), None, "{other}");
        }
    }
}

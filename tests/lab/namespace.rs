//! A network namespace that lives as long as its value.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{fs::File, io, os::fd::AsFd, os::fd::AsRawFd, process::Command};

use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

pub struct Namespace {
    file: File,
}

impl Namespace {
    /// Needs root.
    pub fn new() -> io::Result<Self> {
        on_a_thread_of_its_own(|| {
            // SAFETY: the file table stays shared; only the thread's network changes, and the thread ends here.
            unsafe { unshare_unsafe(UnshareFlags::NEWNET)? };
            Ok(Self { file: File::open("/proc/thread-self/ns/net")? })
        })
    }

    /// Where other programs find it: `nsenter --net=PATH`, `ip link set DEVICE netns PATH`.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }

    /// Runs `work` inside: sockets opened and programs started there belong to this namespace.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        on_a_thread_of_its_own(|| {
            move_into_link_name_space(self.file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        })
    }

    /// `ip ARGUMENTS` inside; panics with what it said if it failed.
    pub fn ip(&self, arguments: &str) {
        let output = self.run(|| Command::new("ip").args(arguments.split(' ')).output()).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ip {arguments}: {said}");
    }
}

/// A thread's namespace is its own, so one that moves is not used for anything else afterwards.
fn on_a_thread_of_its_own<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

//! Over a process table made of folders and links, so that every system call is the test's own doing.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use super::*;

struct FakeProc {
    folder: tempfile::TempDir,
}

impl FakeProc {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn fd_path(&self, pid: u32, fd: u32) -> PathBuf {
        self.folder.path().join(format!("{pid}/fd/{fd}"))
    }

    fn process(&self, pid: u32, name: &str) -> &Self {
        fs::create_dir_all(self.fd_path(pid, 0).parent().unwrap()).unwrap();
        fs::write(self.folder.path().join(format!("{pid}/comm")), format!("{name}\n")).unwrap();
        self
    }

    fn file(&self, pid: u32, fd: u32, target: &str) -> &Self {
        let path = self.fd_path(pid, fd);
        let _ = fs::remove_file(&path);
        symlink(target, path).unwrap();
        self
    }

    fn socket(&self, pid: u32, fd: u32, inode: u64) -> &Self {
        self.file(pid, fd, &format!("socket:[{inode}]"))
    }

    fn bystanders(&self) {
        for pid in 100..140 {
            self.process(pid, "other").file(pid, 0, "/dev/null");
        }
    }

    fn owners(&self) -> Owners {
        Owners::new(self.folder.path()).unwrap()
    }
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Owners of `inodes`, by name, in their order.
fn find(owners: &mut Owners, inodes: &[u64]) -> Vec<String> {
    let wanted: Vec<_> = inodes.iter().map(|&inode| Wanted { inode, uid: own_uid() }).collect();
    let mut found = HashMap::new();
    owners.find(&wanted, |inode, owner| assert!(found.insert(inode, owner).is_none(), "{inode} told twice"));
    inodes.iter().map(|inode| found[inode].name().to_owned()).collect()
}

#[test]
fn every_socket_gets_the_program_that_holds_it() {
    let proc = FakeProc::new();
    proc.process(10, "firefox").socket(10, 5, 501).socket(10, 6, 502).file(10, 7, "pipe:[503]");
    proc.process(20, "sshd: me").socket(20, 3, 601);
    fs::create_dir(proc.folder.path().join("self")).unwrap();
    assert_eq!(find(&mut proc.owners(), &[502, 601, 501, 503]), ["firefox", "sshd: me", "firefox", "?"]);
}

#[test]
fn nothing_asked_costs_nothing() {
    let proc = FakeProc::new();
    proc.process(10, "firefox").socket(10, 5, 501);
    let mut owners = proc.owners();
    find(&mut owners, &[501]);
    let calls = owners.calls();
    find(&mut owners, &[]);
    owners.forget(501);
    assert_eq!(owners.calls(), calls);
}

#[test]
fn a_new_socket_of_a_busy_program_costs_few_calls() {
    let proc = FakeProc::new();
    proc.bystanders();
    proc.process(10, "firefox");
    let inodes: Vec<u64> = (0..300).collect();
    for &inode in &inodes {
        proc.socket(10, 10 + inode as u32, 1000 + inode);
    }
    let mut owners = proc.owners();
    find(&mut owners, &inodes.iter().map(|inode| 1000 + inode).collect::<Vec<_>>());

    for round in 0..20 {
        // One socket goes, and a new one takes its descriptor.
        let fd = 10 + round * 7;
        owners.forget(1000 + u64::from(fd) - 10);
        let inode = 5000 + u64::from(round);
        proc.socket(10, fd, inode);
        let before = owners.calls();
        assert_eq!(find(&mut owners, &[inode]), ["firefox"]);
        let calls = owners.calls() - before;
        assert!(calls <= 8, "{calls} calls");
    }
}

#[test]
fn sockets_read_before_they_were_asked_for_are_found_at_once() {
    let proc = FakeProc::new();
    proc.process(10, "firefox");
    // The second one is still connecting when the first one is looked for.
    proc.socket(10, 5, 501).socket(10, 6, 502);
    proc.bystanders();
    let mut owners = proc.owners();
    assert_eq!(find(&mut owners, &[501, 999]), ["firefox", "?"]);
    let before = owners.calls();
    assert_eq!(find(&mut owners, &[502]), ["firefox"]);
    assert!(owners.calls() - before <= 4);
}

#[test]
fn a_descriptor_that_was_a_file_and_became_a_socket_is_found() {
    let proc = FakeProc::new();
    proc.process(10, "curl").file(10, 5, "/etc/hosts");
    let mut owners = proc.owners();
    assert_eq!(find(&mut owners, &[501]), ["?"]);
    proc.socket(10, 5, 501);
    assert_eq!(find(&mut owners, &[501]), ["curl"]);
}

#[test]
fn a_socket_that_moved_to_another_program_is_found_there() {
    let proc = FakeProc::new();
    proc.process(10, "inetd").socket(10, 5, 501).process(20, "ftpd");
    let mut owners = proc.owners();
    assert_eq!(find(&mut owners, &[501]), ["inetd"]);
    fs::remove_dir_all(proc.folder.path().join("10")).unwrap();
    proc.socket(20, 0, 501);
    assert_eq!(find(&mut owners, &[501]), ["ftpd"]);
}

#[test]
fn where_others_are_hidden_their_sockets_are_not_permitted_rather_than_nobodys() {
    let owner = |owners: &mut Owners, uid| {
        let mut told = None;
        owners.find(&[Wanted { inode: 601, uid }], |_, owner| told = Some(owner));
        told.unwrap()
    };
    let proc = FakeProc::new();
    proc.process(10, "firefox").socket(10, 5, 501);
    let mut owners = proc.owners();
    assert_eq!(owner(&mut owners, own_uid() + 1), Owner::NotPermitted);
    assert_eq!(owner(&mut owners, own_uid()), Owner::Unknown);
    proc.process(1, "init");
    assert_eq!(owner(&mut owners, own_uid() + 1), Owner::Unknown);
}

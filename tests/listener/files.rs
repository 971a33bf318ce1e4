//! What keeps a listener from starting: each names the file or address and what mends it, and leaves nothing half done.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use connmapperl::net::server::{CERTIFICATE_FILE, KEY_FILE, ListenAddress, ListenSettings, spawn};
use crossbeam_channel::bounded;

use crate::display::{Display, lenient, settings};

fn error(settings: ListenSettings) -> String {
    let (to_taker, _taker) = bounded(1);
    match spawn(settings, to_taker) {
        Ok(_) => panic!("it listens"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_port_in_use_is_named() {
    let display = Display::start();
    let address = display.listener.address();
    let folder = tempfile::tempdir().unwrap();
    let listen = ListenAddress { ip: Some(address.ip()), port: address.port() };
    let text = error(ListenSettings { listen, ..settings(folder.path(), lenient()) });
    assert!(text.contains(&address.to_string()) && text.contains("--listen"), "{text}");
}

#[test]
fn a_key_that_others_may_read_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let display = settings(folder.path(), lenient());
    drop(spawn(display.clone(), bounded(1).0).unwrap());
    let key = folder.path().join(KEY_FILE);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let text = error(display);
    assert!(text.contains(KEY_FILE) && text.contains("chmod 600"), "{text}");
}

#[test]
fn an_empty_certificate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let display = settings(folder.path(), lenient());
    drop(spawn(display.clone(), bounded(1).0).unwrap());
    fs::write(folder.path().join(CERTIFICATE_FILE), "").unwrap();
    let text = error(display);
    assert!(text.contains(CERTIFICATE_FILE) && text.contains("no certificate"), "{text}");
}

#[test]
fn a_bad_register_is_named_by_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("agents.json"), "{\n\"version\": 1,\n\"agents\": 7}").unwrap();
    let text = error(settings(folder.path(), lenient()));
    assert!(text.contains("agents.json") && text.contains("line 3"), "{text}");
}

/// A file system with room for so many bytes; unmounted at the end.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(bytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={bytes},mode=0700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "connmapperl-test"])
            .arg(folder.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder)),
            Ok(output) => {
                println!("skipped: cannot mount a tmpfs: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                println!("skipped: no mount ({error})");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_leaves_no_half_pair() {
    // Pages are 4 KB: room for one of both files.
    let Some(disk) = SmallDisk::mount(4_096) else { return };
    let text = error(settings(disk.path(), lenient()));
    assert!(text.contains(CERTIFICATE_FILE) && text.contains("space"), "{text}");
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0, "nothing is left");

    fs::write(disk.path().join("ballast"), [0; 4_096]).unwrap();
    let text = error(settings(disk.path(), lenient()));
    assert!(text.contains(KEY_FILE) && text.contains("space"), "{text}");
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 1);
}

#[test]
fn a_full_disk_leaves_the_register_as_it_was() {
    let Some(disk) = SmallDisk::mount(16_384) else { return };
    let register = connmapperl::net::server::Register::open(disk.path()).unwrap();
    register.add("web1").unwrap();
    let before = fs::read(register.path()).unwrap();
    let room = 16_384 - 2 * 4_096;
    fs::write(disk.path().join("ballast"), vec![0; room]).unwrap();
    fs::write(disk.path().join("more"), [0; 4_096]).unwrap_or_default();
    let text = register.add("web2").unwrap_err().to_string();
    assert!(text.contains("agents.json") && text.contains("unchanged"), "{text}");
    assert_eq!(fs::read(register.path()).unwrap(), before);
}

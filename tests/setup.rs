//! `scripts/setup.sh` on machines made up of fake commands: what it says and does where something is missing. Nothing
//! is installed.

#![cfg(test)]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// What the script itself uses of a system.
const TOOLS: [&str; 12] =
    ["bash", "env", "awk", "sed", "sort", "head", "grep", "paste", "tr", "cat", "dirname", "touch"];

const LIBRARIES: [&str; 8] = [
    "libvulkan.so.1",
    "libxkbcommon.so.0",
    "libxkbcommon-x11.so.0",
    "libX11.so.6",
    "libX11-xcb.so.1",
    "libXcursor.so.1",
    "libXi.so.6",
    "libwayland-client.so.0",
];

struct Machine {
    folder: TempDir,
}

impl Machine {
    /// Has a current cargo and everything else, and is run by root.
    fn complete() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        for tool in TOOLS {
            let paths = std::env::var_os("PATH").unwrap();
            let real = std::env::split_paths(&paths).map(|path| path.join(tool)).find(|path| path.exists());
            symlink(real.unwrap_or_else(|| panic!("no {tool} here")), machine.folder.path().join(tool))
                .unwrap();
        }
        machine
            .with("cargo", "echo 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)'")
            .with("rustc", "echo 'rustc 2.0.1'")
            .with("cc", "cat >/dev/null")
            .with("id", "echo 0")
            .with_libraries(&LIBRARIES)
    }

    fn with(self, command: &str, script: &str) -> Self {
        let path = self.folder.path().join(command);
        fs::write(&path, format!("#!/usr/bin/env bash\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn without(self, command: &str) -> Self {
        fs::remove_file(self.folder.path().join(command)).unwrap();
        self
    }

    fn with_libraries(self, names: &[&str]) -> Self {
        self.with("ldconfig", &printing(names))
    }

    /// Two libraries come only with `apt-get install`.
    fn with_apt(self) -> Self {
        let (late, early): (Vec<_>, Vec<_>) =
            LIBRARIES.into_iter().partition(|name| ["libXi.so.6", "libX11-xcb.so.1"].contains(name));
        let installed = self.file("installed").display().to_string();
        let ldconfig = format!("{}\nif [ -e {installed} ]; then\n{}\nfi", printing(&early), printing(&late));
        let apt = format!("echo \"apt-get $*\"; case $1 in install) touch {installed};; esac");
        self.with("ldconfig", &ldconfig).with("apt-get", &apt)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Whether it succeeded, and all that it said.
    fn set_up(&self, purpose: &str) -> (bool, String) {
        let output = Command::new(self.file("bash"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/setup.sh"))
            .arg(purpose)
            .env_clear()
            .env("PATH", self.folder.path())
            .env("VK_DRIVER_FILES", "some.json")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }
}

/// A script that lists libraries as ldconfig does.
fn printing(names: &[&str]) -> String {
    let lines: String =
        names.iter().map(|name| format!("\t{name} (libc6,x86-64) => /lib/{name}\n")).collect();
    format!("cat <<'END'\n{lines}END")
}

#[test]
fn a_complete_machine_is_left_in_peace() {
    assert_eq!(Machine::complete().set_up("run"), (true, String::new()));
}

#[test]
fn an_older_cargo_is_told_the_command_that_mends_it() {
    let old = Machine::complete().with("cargo", "echo 'cargo 1.75.0 (1d8b05cdd 2023-11-20)'");
    let (fine, said) = old.set_up("run");
    assert!(!fine && said.contains("1.75.0") && said.contains("install rustup"), "{said}");
    let (fine, said) = old.with("rustup", "").set_up("run");
    assert!(!fine && said.contains("rustup update stable") && said.lines().count() == 1, "{said}");

    let (fine, said) = Machine::complete().without("cargo").set_up("run");
    assert!(!fine && said.contains("Install rustup") && said.lines().count() == 1, "{said}");
    // A rustup that has no toolchain fails when it is asked for a version.
    let (fine, said) = Machine::complete().with("cargo", "exit 1").with("rustup", "").set_up("run");
    assert!(!fine && said.contains("rustup default stable"), "{said}");
}

#[test]
fn debian_gets_what_is_missing_installed() {
    let machine = Machine::complete().with_apt();
    let (fine, said) = machine.set_up("run");
    assert!(fine, "{said}");
    assert!(said.contains("which are missing: libx11-xcb1 libxi6\n"), "{said}");
    assert!(said.contains("apt-get install -y --no-install-recommends libx11-xcb1 libxi6"), "{said}");
    assert_eq!(machine.set_up("run"), (true, String::new()), "the second time all is there");
}

#[test]
fn without_root_and_terminal_packages_are_named() {
    let machine = Machine::complete().with_apt().with("id", "echo 1000");
    let (fine, said) = machine.set_up("run");
    assert!(!fine && said.ends_with("apt-get install libx11-xcb1 libxi6\n"), "{said}");
    // A sudo that would ask for a password.
    let (fine, said) = machine.with("sudo", "exit 1").set_up("run");
    assert!(!fine && said.ends_with("sudo apt-get install libx11-xcb1 libxi6\n"), "{said}");
}

#[test]
fn other_distributions_are_told_their_names() {
    for (manager, wanted) in [
        ("dnf", "sudo dnf install libX11-xcb libXi"),
        ("pacman", "sudo pacman -S libx11 libxi"),
        ("zypper", "sudo zypper install libX11-xcb1 libXi6"),
    ] {
        let machine = Machine::complete().with_apt().without("apt-get").with(manager, "echo must not run");
        let (fine, said) = machine.set_up("run");
        assert!(!fine && said.contains("libX11-xcb.so.1 libXi.so.6") && said.contains(wanted), "{said}");
        assert!(!said.contains("must not run"));
    }
}

#[test]
fn tests_need_more_than_running_does() {
    let machine = Machine::complete().with("apt-get", "echo \"apt-get $*\"");
    for tool in ["Xvfb", "xclip", "ip", "import", "xprop"] {
        fs::write(machine.file(tool), "").unwrap();
        fs::set_permissions(machine.file(tool), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let (fine, said) = machine.set_up("test");
    assert!(!fine && said.contains("which are missing: xdotool openbox\n"), "{said}");
    assert!(said.ends_with("Still missing after the installation: xdotool openbox\n"), "{said}");
}

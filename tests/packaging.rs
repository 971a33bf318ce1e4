//! `make install` and `make uninstall` as a packager runs them, with stand-ins for the programs, and what is installed
//! as desktops read it.

#![cfg(test)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const PROGRAMS: [&str; 3] = ["connmapperl", "ip2asn", "connmapperl-client"];

fn source(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

/// An empty system to install into, and programs that were built.
struct System {
    folder: tempfile::TempDir,
}

impl System {
    fn new() -> Self {
        let system = Self { folder: tempfile::tempdir().unwrap() };
        for program in PROGRAMS {
            system.write(&format!("built/{program}"), program);
            system.write(&format!("built/{program}.licences"), "of libraries");
        }
        fs::create_dir(system.path("root")).unwrap();
        system
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn write(&self, below: &str, contents: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
    }

    /// With nothing on the path but the system's own commands: no cargo.
    fn make(&self, target: &str, prefix: &str, programs: &[&str]) -> Output {
        Command::new("make")
            .args(["--no-print-directory", target])
            .arg(format!("PROGRAMS={}", programs.join(" ")))
            .arg(format!("PREFIX={prefix}"))
            .arg(format!("DESTDIR={}", self.path("root").display()))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("BUILT", self.path("built"))
            .output()
            .unwrap()
    }

    fn made(&self, target: &str, prefix: &str, programs: &[&str]) {
        let output = self.make(target, prefix, programs);
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
    }

    /// All files, by their path in the system.
    fn files(&self) -> BTreeSet<String> {
        let root = self.path("root");
        let mut found = BTreeSet::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(format!("/{}", path.strip_prefix(&root).unwrap().display()));
                }
            }
        }
        found
    }
}

/// Whether a command is here; says so where not.
fn is_here(command: &str) -> bool {
    let found = Command::new(command).arg("--version").output().is_ok();
    if !found {
        println!("skipped: {command} is not installed");
    }
    found
}

#[test]
fn what_is_installed_is_taken_away_again_and_nothing_else() {
    let system = System::new();
    for file in [
        "etc/connmapperl/token",
        "home/me/.local/share/connmapperl/history.sqlite",
        "usr/local/bin/other",
        "usr/local/share/man/man1/connmapperl-other.1",
        "usr/local/share/doc/ip2asn/note-of-the-administrator",
    ] {
        system.write(&format!("root/{file}"), "kept");
    }
    let before = system.files();
    system.made("install", "/usr/local", &PROGRAMS);
    let installed = system.files();
    for file in [
        "bin/connmapperl",
        "bin/connmapperl-client",
        "bin/ip2asn",
        "lib/systemd/system/connmapperl-client.service",
        "share/applications/connmapperl.desktop",
        "share/bash-completion/completions/ip2asn",
        "share/doc/connmapperl/LIBRARY-LICENSES",
        "share/doc/connmapperl/NOTICE",
        "share/doc/connmapperl/examples/connmapperlrc",
        "share/doc/connmapperl-client/LIBRARY-LICENSES",
        "share/doc/ip2asn/LIBRARY-LICENSES",
        "share/doc/ip2asn/LICENSE-MIT",
        "share/fish/vendor_completions.d/connmapperl.fish",
        "share/icons/hicolor/scalable/apps/connmapperl.svg",
        "share/man/man1/connmapperl-client.1",
        "share/man/man1/connmapperl-list.1",
        "share/man/man1/ip2asn.1",
        "share/zsh/site-functions/_connmapperl-client",
    ] {
        assert!(installed.contains(&format!("/usr/local/{file}")), "{file} is not installed: {installed:#?}");
    }
    system.made("uninstall", "/usr/local", &PROGRAMS);
    assert_eq!(system.files(), before);
    assert!(!system.path("root/usr/local/share/doc/connmapperl").exists());
}

#[test]
fn one_program_comes_and_goes_alone() {
    let system = System::new();
    system.made("install", "/usr", &["ip2asn"]);
    let alone = system.files();
    assert!(alone.contains("/usr/bin/ip2asn"), "{alone:?}");
    assert!(!alone.iter().any(|file| file.contains("connmapperl")), "{alone:?}");
    system.made("install", "/usr", &["connmapperl", "connmapperl-client"]);
    system.made("uninstall", "/usr", &["connmapperl"]);
    system.made("uninstall", "/usr", &["connmapperl-client"]);
    assert_eq!(system.files(), alone);
}

#[test]
fn what_was_not_built_is_named_with_the_remedy() {
    for missing in ["built/ip2asn", "built/ip2asn.licences"] {
        let system = System::new();
        fs::remove_file(system.path(missing)).unwrap();
        let output = system.make("install", "/usr", &["ip2asn"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("make build"), "{said}");
        assert!(said.contains(missing), "{said}");
        assert_eq!(system.files(), BTreeSet::new());
    }
}

#[test]
fn the_service_starts_the_agent_that_was_installed_with_it() {
    let system = System::new();
    system.made("install", "/opt/map", &["connmapperl-client"]);
    let unit = system.read("root/opt/map/lib/systemd/system/connmapperl-client.service");
    let started: Vec<_> = unit.lines().filter_map(|line| line.strip_prefix("ExecStart=")).collect();
    assert_eq!(started, ["/opt/map/bin/connmapperl-client"]);
    assert_eq!(system.read("root/opt/map/bin/connmapperl-client"), "connmapperl-client");
}

#[test]
fn a_unit_to_be_unpacked_anywhere_names_no_folder() {
    let system = System::new();
    system.made("install", "/", &["connmapperl", "connmapperl-client"]);
    for unit in ["system/connmapperl-client.service", "user/connmapperl-wall.service"] {
        let unit = system.read(&format!("root/lib/systemd/{unit}"));
        assert!(unit.contains("\nExecStart=connmapperl"), "{unit}");
    }
}

#[test]
fn desktops_find_the_program_its_description_and_icons_of_each_size() {
    let system = System::new();
    system.made("install", "/usr", &["connmapperl"]);
    let share = system.path("root/usr/share");
    let icons: Vec<_> =
        system.files().into_iter().filter(|file| file.ends_with("/connmapperl.png")).collect();
    assert!(icons.len() >= 8, "{icons:?}");
    for icon in icons {
        let png = fs::read(system.path("root").join(icon.trim_start_matches('/'))).unwrap();
        let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        // The first chunk's width and height.
        let size = format!("/{}x{}/", side(16), side(20));
        assert!(icon.contains(&size), "{icon} is {size}");
    }
    let checked = |command: &str, arguments: &[&str], file: PathBuf| {
        if is_here(command) {
            let output = Command::new(command).args(arguments).arg(file).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
        }
    };
    checked("desktop-file-validate", &[], share.join("applications/connmapperl.desktop"));
    let metainfo = fs::read_dir(share.join("metainfo")).unwrap().next().unwrap().unwrap();
    checked("appstreamcli", &["validate", "--no-net"], metainfo.path());
}

#[test]
fn the_maintainer_and_the_id_for_software_centres_are_of_one_domain() {
    let manifest = fs::read_to_string(source("Cargo.toml")).unwrap();
    let maintainer = manifest.split("\nmaintainer = \"").nth(1).unwrap().split('"').next().unwrap();
    let domain = maintainer.split(['@', '>']).nth(1).unwrap();
    let turned: Vec<_> = domain.split('.').rev().collect();
    let id = format!("{}.connmapperl", turned.join("."));
    let system = System::new();
    system.made("install", "/usr", &["connmapperl"]);
    let metainfo = system.read(&format!("root/usr/share/metainfo/{id}.metainfo.xml"));
    assert!(metainfo.contains(&format!("<id>{id}</id>")), "{metainfo}");
}

#[test]
fn man_pages_are_set_without_a_complaint() {
    if !is_here("man") {
        return;
    }
    let system = System::new();
    system.made("install", "/usr", &PROGRAMS);
    let pages: Vec<_> = system.files().into_iter().filter(|file| file.ends_with(".1")).collect();
    assert!(pages.len() > 3, "{pages:?}");
    for page in pages {
        let output = Command::new("man")
            .args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8"])
            .arg(system.path("root").join(page.trim_start_matches('/')))
            .env("MANWIDTH", "80")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{page}: {said}");
        let text = system.read(&format!("root{page}"));
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
            assert!(text.contains(&format!("\n.SH {section}\n")), "{page} has no {section}");
        }
    }
}

#[test]
fn the_debian_package_asks_for_what_the_setup_asks_for() {
    let setup = fs::read_to_string(source("scripts/setup.sh")).unwrap();
    let table = setup.split("needs_run='").nth(1).unwrap().split('\'').next().unwrap();
    let manifest = fs::read_to_string(source("Cargo.toml")).unwrap();
    let package = manifest.split("[package.metadata.deb.variants.connmapperl]").nth(1).unwrap();
    let asked: Vec<_> = package
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.starts_with("depends = ") || line.starts_with("recommends = "))
        .flat_map(|line| line.split([' ', ',', '"', '|']))
        .collect();
    let needed = table.lines().filter_map(|line| line.split_whitespace().nth(1));
    // What builds is not what runs.
    let needed: Vec<_> = needed.filter(|package| !package.starts_with("gcc")).collect();
    assert!(needed.len() > 5, "{needed:?}");
    for package in needed {
        assert!(asked.contains(&package), "{package} is not asked for: {asked:?}");
    }
}

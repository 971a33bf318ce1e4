//! `scripts/licences.sh` beside the program itself: what goes with it names each library that is linked into it, and has
//! the text of its licence. Which program that is depends on what the tests are built of; `make test` builds all three.

#![cfg(test)]

use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// The greatest program that was built, and with it all the features.
fn program() -> (&'static str, &'static str) {
    let display = option_env!("CARGO_BIN_EXE_connmapperl").map(|path| ("connmapperl", path));
    let whois = option_env!("CARGO_BIN_EXE_ip2asn").map(|path| ("ip2asn", path));
    display.or(whois).unwrap_or(("connmapperl-client", env!("CARGO_BIN_EXE_connmapperl-client")))
}

/// `name-version` of libraries whose code can panic: the place in their sources is in the program.
fn linked_into(program: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(program);
    let after = text.split("/registry/src/").skip(1);
    let folder = after.filter_map(|rest| Some(rest.split('/').nth(1)?.to_owned()));
    // Beside such places there are others, of names that have been cut off and run together.
    folder.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))).collect()
}

struct Licences {
    /// Name, version and licence.
    libraries: Vec<[String; 3]>,
    /// Names of libraries whose texts are there.
    with_text: BTreeSet<String>,
}

fn licences_of(program: &str) -> Licences {
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/licences.sh"))
        .arg(program)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let list = text.split("\n\n").nth(1).unwrap();
    let libraries = list.lines().map(|line| {
        let (library, licence) = line.split_once(": ").unwrap();
        let (name, version) = library.split_once(' ').unwrap();
        [name, version, licence].map(str::to_owned)
    });
    let with_text = text
        .split("\n\nOf ")
        .skip(1)
        .flat_map(|rest| rest.split(":\n\n").next().unwrap().split([',', ' ', '\n']))
        .map(str::to_owned);
    Licences { libraries: libraries.collect(), with_text: with_text.collect() }
}

#[test]
fn each_library_that_is_linked_is_named_with_the_text_of_its_licence() {
    let (name, path) = program();
    let licences = licences_of(name);
    let named: BTreeSet<_> =
        licences.libraries.iter().map(|[name, version, _]| format!("{name}-{version}")).collect();
    let linked = linked_into(&fs::read(path).unwrap());
    assert!(linked.len() > 10, "{name} names few sources: {linked:?}");
    let missing: Vec<_> = linked.difference(&named).collect();
    assert!(missing.is_empty(), "linked into {name}, and not in the list: {missing:?}");
    for [name, version, licence] in licences.libraries {
        // The one licence of these that asks for nothing.
        let has_text = licence == "CC0-1.0" || licences.with_text.contains(&name);
        assert!(has_text, "{name} {version} ({licence}) has no text");
    }
}

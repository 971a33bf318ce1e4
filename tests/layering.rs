//! The floors of the house, as ARCHITECTURE.md draws them: which folder may import what, where features are told
//! apart, how long a file gets, and that each module says what it owns. Reads the sources as text.

#![cfg(test)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// In a folder (or file, without its ending), paths that begin like one of these are not used.
struct Floor {
    folders: &'static [&'static str],
    never: &'static [&'static [&'static str]],
}

const WORLD_AND_UP: &[&str] = &["crate::components", "crate::systems", "crate::app", "crate::cli"];
const EDGES: &[&str] = &[
    "crate::net",
    "crate::enrich",
    "crate::history",
    "crate::lookup",
    "crate::download",
    "crate::config",
    "crate::signals",
];
const INPUT_AND_OUTPUT: &[&str] =
    &["tokio", "rustls", "tokio_rustls", "rusqlite", "rustix", "memmap2", "ureq"];
const SIDE_EFFECTS: &[&str] = &[
    "std::fs",
    "std::thread",
    "std::process",
    "std::time::SystemTime",
    "std::time::Instant",
    "crossbeam_channel",
];
const DISPLAY: &[&str] = &["bevy", "bevy_egui", "egui", "egui_extras", "winit"];
const DOORS: &[&str] = &["crate::app", "crate::cli"];

/// The first that names a file counts, so exceptions stand before the rule.
const FLOORS: &[Floor] = &[
    // Words.
    Floor { folders: &["model"], never: &[&["crate"], DISPLAY, INPUT_AND_OUTPUT, SIDE_EFFECTS] },
    // Sums, without thread, socket, clock or file.
    Floor {
        folders: &[
            "projection",
            "hilbert",
            "rules",
            "filter",
            "tally",
            "wall",
            "world",
            "demo",
            "id_map",
            "prefetch",
            "gzip",
            "zip",
            "toml_text",
        ],
        never: &[WORLD_AND_UP, EDGES, DISPLAY, INPUT_AND_OUTPUT, SIDE_EFFECTS],
    },
    // Decodes on two threads, which end before it returns.
    Floor {
        folders: &["geo/embedded"],
        never: &[WORLD_AND_UP, EDGES, DISPLAY, &["tokio", "crossbeam_channel"]],
    },
    // Sums over tables, which are opened here too.
    Floor {
        folders: &["geo", "asn", "whois"],
        never: &[WORLD_AND_UP, EDGES, DISPLAY, &["tokio", "std::thread", "crossbeam_channel"]],
    },
    // Edges.
    Floor {
        folders: &["net", "enrich", "history", "lookup", "download", "config", "scene_source", "signals"],
        never: &[WORLD_AND_UP, DISPLAY],
    },
    // The world, and the one place in it that starts and stops edges.
    Floor { folders: &["components"], never: &[&["crate::systems"], EDGES, INPUT_AND_OUTPUT, DOORS] },
    Floor {
        folders: &["systems/services"],
        never: &[&["crate::systems::render", "crate::systems::ui"], DOORS],
    },
    // Windows, which do not know each other.
    Floor { folders: &["systems/render"], never: &[&["crate::systems::ui"], EDGES, INPUT_AND_OUTPUT, DOORS] },
    Floor { folders: &["systems/ui"], never: &[&["crate::systems::render"], EDGES, INPUT_AND_OUTPUT, DOORS] },
    Floor {
        folders: &["systems"],
        never: &[&["crate::systems::render", "crate::systems::ui"], EDGES, INPUT_AND_OUTPUT, DOORS],
    },
];

const MOST_LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_under(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_under(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every module of the package: its path from `src` without the ending, `/mod` left out, and its text.
fn modules() -> Vec<(String, String)> {
    let src = root().join("src");
    let modules: Vec<_> = files_under(&src, "rs")
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&src).unwrap().with_extension("").display().to_string();
            (name.strip_suffix("/mod").unwrap_or(&name).to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    assert!(modules.len() > 10, "found only {} modules", modules.len());
    modules
}

fn is_of_tests(module: &str) -> bool {
    module.rsplit('/').next().is_some_and(|name| name == "tests" || name.ends_with("_tests"))
}

/// A module's code without comments, and without the tests at its end: they may look anywhere.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// All paths that code names, `use` trees unfolded, `self` and `super` put in full.
fn paths(module: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(|c: char| c.is_alphabetic() || c == '_') {
        rest = &rest[at..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(rest.len());
        let word = &rest[..end.max(1)];
        if word == "use" {
            let tree_end = rest.find(';').unwrap_or(rest.len());
            unfold("", &rest[end..tree_end].split_whitespace().collect::<String>(), &mut found);
            rest = &rest[tree_end..];
        } else {
            if word.contains("::") {
                found.push(word.to_owned());
            }
            rest = &rest[word.len()..];
        }
    }
    found.iter().map(|path| in_full(module, path)).collect()
}

/// Appends the paths of a `use` tree without blanks, such as `crate::{model::Asn,net}`.
fn unfold(before: &str, tree: &str, found: &mut Vec<String>) {
    let mut depth = 0;
    let mut start = 0;
    let mut parts = Vec::new();
    for (at, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&tree[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tree[start..]);
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        match part.split_once('{') {
            Some((path, inner)) => {
                unfold(&format!("{before}{path}"), inner.strip_suffix('}').unwrap_or(inner), found)
            }
            None => found.push(format!("{before}{part}")),
        }
    }
}

fn in_full(module: &str, path: &str) -> String {
    let mut from: Vec<&str> = module.split('/').collect();
    let mut relative = false;
    let mut rest = path.strip_prefix("::").unwrap_or(path);
    loop {
        if let Some(after) = rest.strip_prefix("super::") {
            from.pop();
            (rest, relative) = (after, true);
        } else if let Some(after) = rest.strip_prefix("self::") {
            (rest, relative) = (after, true);
        } else {
            break;
        }
    }
    if relative {
        ["crate"].into_iter().chain(from).chain([rest]).collect::<Vec<_>>().join("::")
    } else {
        rest.to_owned()
    }
}

fn begins_with(path: &str, start: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// What a module names that its floor forbids.
fn breaches(module: &str, text: &str) -> Vec<String> {
    let lies_in = |folder: &str| module == folder || module.starts_with(&format!("{folder}/"));
    let Some(floor) = FLOORS.iter().find(|floor| floor.folders.iter().any(|folder| lies_in(folder))) else {
        return Vec::new();
    };
    let forbidden = |path: &String| floor.never.concat().iter().any(|start| begins_with(path, start));
    paths(module, &code(text)).into_iter().filter(forbidden).collect()
}

#[test]
fn imports_point_down() {
    let found: Vec<_> = modules()
        .iter()
        .filter(|(module, _)| !is_of_tests(module))
        .flat_map(|(module, text)| {
            breaches(module, text).into_iter().map(move |path| format!("src/{module} uses {path}"))
        })
        .collect();
    assert!(found.is_empty(), "floors of the house (see ARCHITECTURE.md):\n{}", found.join("\n"));
}

#[test]
fn the_check_sees_what_it_should() {
    let source =
        "use crate::{model::{Asn, Place}, net::collector};\nfn f() { crate::systems::x(); } // bevy::App\n";
    assert_eq!(breaches("rules/parse", source), ["crate::net::collector", "crate::systems::x"]);
    assert_eq!(breaches("net/collector", source), ["crate::systems::x"]);
    assert_eq!(breaches("app", source), [""; 0]);
    assert_eq!(
        breaches("systems/ui/key", "use super::super::render::dots;"),
        ["crate::systems::render::dots"]
    );
    assert_eq!(
        breaches("net", "use bevy::prelude::*;\n#[cfg(test)] mod tests { use winit::x; }"),
        ["bevy::prelude::*"]
    );
    assert_eq!(
        breaches("geo/x", "use network::a; use bevyish::b; let c = self.crate_name::<u8>();"),
        [""; 0]
    );
    assert_eq!(breaches("model", "use crate::rules::Rule;"), ["crate::rules::Rule"]);
    assert_eq!(breaches("systems/services", "use crate::net::collector; use tokio::spawn;"), [""; 0]);
}

#[test]
fn features_are_told_apart_in_lib_alone() {
    let found: Vec<_> = modules()
        .into_iter()
        .filter(|(module, text)| {
            module != "lib"
                && code(text).lines().any(|line| line.contains("cfg") && line.contains("feature ="))
        })
        .map(|(module, _)| module)
        .collect();
    assert!(found.is_empty(), "cfg(feature) outside src/lib.rs: {found:?}");
}

#[test]
fn modules_say_what_they_own() {
    let silent: Vec<_> = modules()
        .into_iter()
        .filter(|(module, text)| !is_of_tests(module) && !text.starts_with("//!"))
        .map(|(module, _)| module)
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top of {silent:?}");
}

#[test]
fn files_stay_short() {
    let folders = ["src", "tests", "benches", "xtask", "assets"].map(|folder| root().join(folder));
    let long: Vec<_> = folders
        .iter()
        .flat_map(|folder| [files_under(folder, "rs"), files_under(folder, "wgsl")].concat())
        .filter(|path| !path.components().any(|part| part.as_os_str() == "target"))
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .collect();
    assert!(long.is_empty(), "over {MOST_LINES} lines; split by what they own: {long:?}");
}

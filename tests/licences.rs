//! Every package that the program is built from has a licence that deny.toml allows. The same check as
//! `cargo deny check licenses`, for machines that have only cargo.

#![cfg(test)]

use std::{collections::HashSet, fs, path::Path, process::Command};

use serde_json::Value;

/// Quoted strings of an array in deny.toml, as cargo-deny reads it. Understands what that file holds, not all of TOML.
fn array_after(text: &str, start: &str) -> Vec<String> {
    let after =
        &text[text.find(start).unwrap_or_else(|| panic!("no `{start}` in deny.toml")) + start.len()..];
    let inner = &after[..after.find(']').unwrap()];
    inner.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

struct Allowed {
    everywhere: Vec<String>,
    /// A package and what it alone may have.
    exceptions: Vec<(String, Vec<String>)>,
}

impl Allowed {
    fn from_toml(text: &str) -> Self {
        let exceptions = text.lines().filter_map(|line| {
            let name = line.trim_start().strip_prefix("{ crate = \"")?.split('"').next()?;
            Some((name.to_owned(), array_after(line, "allow = [")))
        });
        Self { everywhere: array_after(text, "\nallow = ["), exceptions: exceptions.collect() }
    }

    fn allows(&self, package: &str, licence: &str) -> bool {
        let own =
            self.exceptions.iter().filter(|(name, _)| name == package).flat_map(|(_, licences)| licences);
        self.everywhere.iter().chain(own).any(|allowed| allowed == licence)
    }

    /// Whether an SPDX expression can be met. The older `MIT/Apache-2.0` means OR.
    fn meets(&self, package: &str, expression: &str) -> bool {
        let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let words: Vec<_> = spaced.split_whitespace().collect();
        let mut at = 0;
        let met = self.any_of(package, &words, &mut at);
        met && at == words.len()
    }

    fn any_of(&self, package: &str, words: &[&str], at: &mut usize) -> bool {
        let mut met = self.all_of(package, words, at);
        while words.get(*at) == Some(&"OR") {
            *at += 1;
            met |= self.all_of(package, words, at);
        }
        met
    }

    fn all_of(&self, package: &str, words: &[&str], at: &mut usize) -> bool {
        let mut met = self.one(package, words, at);
        while words.get(*at) == Some(&"AND") {
            *at += 1;
            met &= self.one(package, words, at);
        }
        met
    }

    fn one(&self, package: &str, words: &[&str], at: &mut usize) -> bool {
        let Some(&word) = words.get(*at) else { return false };
        *at += 1;
        if word == "(" {
            let met = self.any_of(package, words, at);
            *at += 1;
            return met;
        }
        match words.get(*at..*at + 2) {
            Some(["WITH", exception]) => {
                *at += 2;
                self.allows(package, &format!("{word} WITH {exception}"))
            }
            _ => self.allows(package, word),
        }
    }
}

#[test]
fn every_package_has_an_allowed_licence() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let allowed = Allowed::from_toml(&fs::read_to_string(root.join("deny.toml")).unwrap());
    let rustc =
        Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into())).arg("-vV").output().unwrap();
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--all-features", "--filter-platform", host])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();

    // `packages` lists other platforms' too; what is built is in the resolved graph.
    let built: HashSet<_> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["id"])
        .map(Value::to_string)
        .collect();
    let packages: Vec<_> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| built.contains(&package["id"].to_string()))
        .collect();
    assert!(packages.len() > 200, "only {} packages: the display is missing", packages.len());
    let refused: Vec<_> = packages
        .iter()
        .map(|package| {
            (package["name"].as_str().unwrap(), package["license"].as_str().unwrap_or("none given"))
        })
        .filter(|(name, licence)| !allowed.meets(name, licence))
        .collect();
    assert!(refused.is_empty(), "not allowed by deny.toml: {refused:?}");
}

#[test]
fn expressions_are_understood() {
    let allowed = Allowed::from_toml(
        "[licenses]\nallow = [\n \"MIT\",\n \"Apache-2.0 WITH LLVM-exception\", \"ISC\"]\nexceptions = [\n    { crate = \
         \"fonts\", allow = [\"OFL-1.1\"] },\n]\n",
    );
    for met in
        ["MIT", "GPL-3.0 OR MIT", "MIT/GPL-3.0", "(GPL-3.0 OR ISC) AND MIT", "Apache-2.0 WITH LLVM-exception"]
    {
        assert!(allowed.meets("any", met), "{met}");
    }
    for unmet in ["GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "MIT AND (GPL-3.0 OR OFL-1.1)", "", "MIT MIT"] {
        assert!(!allowed.meets("any", unmet), "{unmet}");
    }
    assert!(allowed.meets("fonts", "MIT AND OFL-1.1"));
}

//! What the programs say, read from their sources: texts between quotes, with `…` where something is put in. And what the
//! book explains of it: list items that begin with code.

use std::{fs, path::Path};

/// Scripts that speak to people.
const SCRIPTS: [&str; 4] = [
    "scripts/setup.sh",
    "scripts/install.sh",
    "scripts/licences.sh",
    "packaging/openwrt/connmapperl-client.init",
];

/// Every text of the programs, and scripts as they stand, but for their variables.
pub fn said_by_programs() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut said = Vec::new();
    gather(&root.join("src"), &mut said);
    let scripts = SCRIPTS.map(|script| fs::read_to_string(root.join(script)).unwrap());
    said.extend(scripts.iter().map(|script| without_variables(script)));
    said
}

fn gather(folder: &Path, said: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, said);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            said.extend(as_written(&fs::read_to_string(path).unwrap()));
        }
    }
}

/// `$name` and `$(command)` as `…`.
fn without_variables(script: &str) -> String {
    let mut text = String::new();
    let mut rest = script;
    while let Some((before, after)) = rest.split_once('$') {
        text += before;
        text.push('…');
        rest = match after.strip_prefix('(') {
            Some(command) => command.split_once(')').map_or("", |(_, behind)| behind),
            None => after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'),
        };
    }
    text + rest
}

/// Texts of a Rust source, as they are printed: escapes unfolded, `…` for each placeholder.
pub fn as_written(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '\'', '/', '#']) {
        let before = rest[..at].chars().next_back();
        rest = &rest[at..];
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, behind)| behind);
        } else if rest.starts_with("#\"") && before == Some('r') {
            let (text, behind) = rest[2..].split_once("\"#").unwrap_or((&rest[2..], ""));
            found.push(with_gaps(text));
            rest = behind;
        } else if let Some(text) = rest.strip_prefix('"') {
            let (text, behind) = until_quote(text);
            found.push(with_gaps(&text));
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('\'') {
            // A character, or else a lifetime.
            rest = behind
                .strip_prefix('\\')
                .and_then(|escape| escape.get(1..)?.split_once('\''))
                .map(|(_, behind)| behind)
                .or_else(|| {
                    let mut one = behind.chars();
                    one.next();
                    one.as_str().strip_prefix('\'')
                })
                .unwrap_or(behind);
        } else {
            rest = &rest[1..];
        }
    }
    found
}

/// A text up to its closing quote, and what stands behind that.
fn until_quote(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut characters = source.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => match characters.next() {
                // The text goes on in the next line, after its blanks.
                Some('\n') => characters = characters.as_str().trim_start().chars(),
                Some('n') => text.push('\n'),
                Some(escaped) => text.push(escaped),
                None => {}
            },
            c => text.push(c),
        }
    }
    (text, characters.as_str())
}

fn with_gaps(text: &str) -> String {
    let mut gapped = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let is_doubled = matches!(c, '{' | '}') && characters.peek() == Some(&c);
        if is_doubled {
            characters.next();
            gapped.push(c);
        } else if c == '{' {
            characters.by_ref().find(|c| *c == '}');
            gapped.push('…');
        } else {
            gapped.push(c);
        }
    }
    gapped
}

/// Messages of a chapter: code at the beginning of a list item, in one backquote or two.
pub fn explained(chapter: &str) -> Vec<String> {
    let items = chapter.lines().filter_map(|line| line.strip_prefix("- `"));
    items
        .filter_map(|item| match item.strip_prefix('`') {
            Some(item) => item.split_once("``"),
            None => item.split_once('`'),
        })
        .map(|(message, _)| message.trim().to_owned())
        .collect()
}

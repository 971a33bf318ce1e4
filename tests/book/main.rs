//! The book under `docs/book` is true: what it tells to type works, its questions find something, its links lead somewhere,
//! and the messages that it explains are the programs' own. Reads the sources of the book, needs no mdBook, no network, no
//! display and no root; what cannot be tried here says why in the book itself, and is counted.

#![cfg(test)]

mod messages;
mod page;
mod session;

use std::{collections::BTreeSet, fs};

use crate::{
    messages::{as_written, explained, said_by_programs},
    page::{Block, Page},
    session::Session,
};

/// The recipes of the book.
const FEWEST_RECIPES: usize = 15;
/// A chapter on troubles that explains fewer has lost some.
const FEWEST_MESSAGES: usize = 100;
/// Of a message: a shorter one could stand in many texts.
const FEWEST_CHARACTERS: usize = 8;
/// What blocks are written in. One that says nothing, or something else, could hide from the tests.
const LANGUAGES: [&str; 5] = ["sh", "sql", "toml", "csv", "text"];

#[test]
fn what_the_book_tells_to_type_works() {
    let (mut worked, mut failed, mut untried, mut skipped) = (0, Vec::new(), Vec::new(), Vec::new());
    for page in page::chapters() {
        // Whoever reads a chapter types it from the top; what one line makes, a later one may use.
        let session = Session::new();
        for block in page.blocks().filter(|block| block.language == "sh") {
            let place = format!("{}:{}", page.name, block.line);
            if let Some(reason) = block.untested {
                untried.push(format!("{place}: {reason}"));
                continue;
            }
            let output = session.type_in(&block.text);
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                worked += 1;
            } else if said.contains("no graphics adapter") {
                skipped.push(place);
            } else {
                failed.push(format!("{place}: {}\n{said}", output.status));
            }
        }
    }
    println!("{worked} blocks of commands work; {} are not tried:", untried.len());
    untried.iter().for_each(|line| println!("  {line}"));
    skipped.iter().for_each(|place| println!("skipped: {place}: needs a graphics adapter"));
    assert!(failed.is_empty(), "what the book tells to type fails:\n{}", failed.join("\n"));
    assert!(worked > 0, "nothing was tried");
}

/// With `--help` behind it a command line is read, up to there, and nothing else is done.
#[test]
fn what_is_not_tried_is_understood_by_the_programs() {
    let session = Session::new();
    let mut read = 0;
    for page in page::chapters() {
        for block in page.blocks().filter(|block| block.untested.is_some()) {
            let text = block.text.replace("\\\n", " ");
            let is_ours = |line: &&str| {
                let program = line.split(' ').next().unwrap_or_default();
                session::PROGRAMS.iter().any(|(name, _)| *name == program)
            };
            for line in text.lines().filter(is_ours) {
                let output = session.type_in(&format!("{line} --help"));
                let (place, said) =
                    (format!("{}:{}", page.name, block.line), String::from_utf8_lossy(&output.stderr));
                assert!(output.status.success(), "{place}: {said}");
                read += 1;
            }
        }
    }
    assert!(read > 0, "nothing was read");
}

#[test]
fn files_that_are_copied_are_there() {
    let repository = page::readme().folder().to_owned();
    let mut seen = 0;
    for page in page::chapters() {
        for block in page.blocks().filter(|block| block.language == "sh") {
            for word in block.text.split_whitespace().filter(|word| word.starts_with("packaging/")) {
                assert!(repository.join(word).is_file(), "{}:{}: {word}", page.name, block.line);
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "no file was looked for");
}

#[test]
fn recipes_find_what_they_are_for() {
    let session = Session::new();
    let (mut asked, mut failed) = (0, Vec::new());
    for page in page::chapters() {
        for block in page.blocks().filter(|block| block.language == "sql") {
            let output = session.ask(&block.text);
            let rows = String::from_utf8_lossy(&output.stdout).lines().count().saturating_sub(1);
            asked += 1;
            if !output.status.success() || rows == 0 {
                let said = String::from_utf8_lossy(&output.stderr);
                failed.push(format!("{}:{}: {rows} rows\n{said}", page.name, block.line));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(asked >= FEWEST_RECIPES, "{asked} recipes");
}

#[test]
fn blocks_say_what_they_are_written_in() {
    for page in page::chapters() {
        for block in page.blocks() {
            let (name, line, language) = (&page.name, block.line, block.language);
            assert!(LANGUAGES.contains(&language), "{name}:{line}: `{language}` is none of {LANGUAGES:?}");
            assert!(block.untested.is_none() || language == "sh", "{name}:{line}: only commands are tried");
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let pages: Vec<Page> = page::all().into_iter().chain([page::readme()]).collect();
    let mut broken = Vec::new();
    for page in &pages {
        for link in page.links().iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').map_or((&**link, None), |(file, at)| (file, Some(at)));
            let target = if file.is_empty() { page.path.clone() } else { page.folder().join(file) };
            // What lies outside of the book's sources is not in the book that is built.
            let is_within = page.folder() != page::folder() || !file.contains("..");
            let has_anchor = anchor.is_none_or(|anchor| {
                let there = pages.iter().find(|other| other.path == target);
                there.is_some_and(|there| there.anchors().contains(anchor))
            });
            if !is_within || !target.exists() || !has_anchor {
                broken.push(format!("{}: {link}", page.name));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_chapter_is_in_the_table_of_contents() {
    let summary = page::all().into_iter().find(|page| page.name == "SUMMARY.md").unwrap();
    let listed: BTreeSet<String> = summary.links().into_iter().collect();
    let there: BTreeSet<String> = page::chapters().into_iter().map(|page| page.name).collect();
    assert_eq!(listed, there);
}

#[test]
fn explained_messages_are_the_programs_own() {
    let said = said_by_programs();
    assert!(said.len() > 1_000, "the sources are understood: {} texts", said.len());
    let chapter = page::all().into_iter().find(|page| page.name == "troubleshooting.md").unwrap();
    let explained = explained(&chapter.text);
    let strange: Vec<&str> = explained
        .iter()
        .map(String::as_str)
        .filter(|message| {
            message.chars().count() < FEWEST_CHARACTERS || !said.iter().any(|text| text.contains(message))
        })
        .collect();
    assert!(strange.is_empty(), "no program says this:\n{}", strange.join("\n"));
    assert!(explained.len() >= FEWEST_MESSAGES, "{} messages", explained.len());
    println!("{} messages are explained", explained.len());
}

#[test]
fn the_checks_see_what_they_should() {
    let page = Page::of(
        "x.md",
        "# One `two`, three\n```sh\ntrue\n```\n<!-- untested: needs root -->\n```sh\n[a](b)\n```\n\
         [c](d.md#e) ![f](g.png) `[h](i)` <https://j.k>\n## One two three\n",
    );
    let blocks: Vec<Block<'_>> = page.blocks().collect();
    assert_eq!((blocks[0].line, &*blocks[0].text, blocks[0].untested), (2, "true\n", None));
    assert_eq!((blocks[1].line, blocks[1].untested), (6, Some("needs root")));
    assert_eq!(page.links(), ["d.md#e", "g.png"]);
    assert_eq!(page.anchors(), BTreeSet::from(["one-two-three".to_owned(), "one-two-three-1".to_owned()]));

    let source = "// \"no\"\nlet c = '\"'; f::<'a>(\"cannot read {path}: \\\n     {0:?} \\\"x\\\" {{y}}\", r#\"raw \"text\"\"#);";
    assert_eq!(as_written(source), ["cannot read …: … \"x\" {y}", "raw \"text\""]);
    let items = explained("- `one …: two` is so.\n- plain\n  `three`\n- `` four `five` `` too\n- ``six``");
    assert_eq!(items, ["one …: two", "four `five`", "six"]);

    let session = Session::new();
    assert!(session.type_in("connmapperl query --list | head -n 1 > first\ntest -s first").status.success());
    assert!(
        !session.type_in("connmapperl query --nonsense | cat").status.success(),
        "the first in a pipe counts"
    );
    assert!(!session.type_in("false\ntrue").status.success(), "each line counts");
    assert!(!session.ask("SELECT nonsense FROM connections").status.success());
    assert!(fs::exists(session.working_folder().join("first")).unwrap());
}

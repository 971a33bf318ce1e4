//! Pages of the book as text: blocks of code, links and headings. Knows as much Markdown as the book is written in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const FENCE: &str = "```";
const UNTESTED: &str = "<!-- untested:";
const INCLUDE: &str = "{{#include ";

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/book/src")
}

/// Chapters and table of contents, by name.
pub fn all() -> Vec<Page> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md"))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| Page::of(&name, &fs::read_to_string(folder().join(&name)).unwrap()))
        .collect()
}

pub fn chapters() -> Vec<Page> {
    all().into_iter().filter(|page| page.name != "SUMMARY.md").collect()
}

/// The front page, which leads into the book.
pub fn readme() -> Page {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    Page { name: "README.md".to_owned(), path, text }
}

pub struct Page {
    pub name: String,
    pub path: PathBuf,
    pub text: String,
}

/// Code between fences.
pub struct Block<'a> {
    pub language: &'a str,
    /// Of its first fence, from 1.
    pub line: usize,
    pub text: String,
    /// Why it is not tried, by the comment in the line above it.
    pub untested: Option<&'a str>,
}

impl Page {
    pub fn of(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), path: folder().join(name), text: text.to_owned() }
    }

    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap()
    }

    pub fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let mut lines = (1..).zip(self.text.lines());
        let mut above = "";
        std::iter::from_fn(move || {
            let (line, language) = loop {
                let (line, text) = lines.next()?;
                if let Some(language) = text.trim().strip_prefix(FENCE) {
                    break (line, language.trim());
                }
                above = text.trim();
            };
            let untested = above.strip_prefix(UNTESTED).map(|rest| rest.trim_end_matches("-->").trim());
            above = "";
            let inside = lines.by_ref().map(|(_, text)| text).take_while(|text| text.trim() != FENCE);
            let text = inside.map(|line| format!("{line}\n")).collect();
            Some(Block { language, line, text, untested })
        })
    }

    /// Targets of links and pictures, outside of code.
    pub fn links(&self) -> Vec<String> {
        let text = self.prose();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        targets.map(str::to_owned).collect()
    }

    /// By which headings are named in links: as mdBook makes them.
    pub fn anchors(&self) -> BTreeSet<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let text = self.whole();
        let headings = without_blocks(&text).filter_map(|line| {
            let title = line.trim_start_matches('#');
            (title.len() < line.len()).then(|| title.strip_prefix(' ')).flatten().map(str::to_owned)
        });
        headings
            .map(|title| {
                let slug: String = title
                    .trim()
                    .chars()
                    .filter_map(|c| match c {
                        ' ' => Some('-'),
                        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
                        _ => None,
                    })
                    .collect();
                let before = seen.entry(slug.clone()).or_default();
                *before += 1;
                if *before == 1 { slug } else { format!("{slug}-{}", *before - 1) }
            })
            .collect()
    }

    /// With what it includes.
    fn whole(&self) -> String {
        let mut whole = String::new();
        for line in self.text.lines() {
            match line.trim().strip_prefix(INCLUDE).and_then(|rest| rest.strip_suffix("}}")) {
                Some(wanted) => whole += &self.included(wanted),
                None => whole += line,
            }
            whole.push('\n');
        }
        whole
    }

    /// A file, or what stands in it between the lines of an anchor.
    fn included(&self, wanted: &str) -> String {
        let (file, anchor) = wanted.split_once(':').unwrap_or((wanted, ""));
        let text = fs::read_to_string(self.folder().join(file))
            .unwrap_or_else(|error| panic!("{}: {file}: {error}", self.name));
        if anchor.is_empty() {
            return text;
        }
        let [start, end] = ["ANCHOR", "ANCHOR_END"].map(|word| format!("<!-- {word}: {anchor} -->"));
        let part = text.split_once(&start).and_then(|(_, rest)| rest.split_once(&end));
        part.unwrap_or_else(|| panic!("{}: {file} has no anchor {anchor}", self.name)).0.to_owned()
    }

    /// Without blocks and pieces of code.
    fn prose(&self) -> String {
        let text = self.whole();
        without_blocks(&text)
            .map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join(" ") + "\n")
            .collect()
    }
}

fn without_blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim().starts_with(FENCE);
        is_inside ^= is_fence;
        !is_inside && !is_fence && !line.starts_with("    ")
    })
}

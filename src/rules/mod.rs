//! Which connection is drawn in which colour, and which of them shows its text: the lines of `connmapperlrc`.
//! This file owns the rules and the question "which rule does this connection match?"; the file beside it reads the
//! format and names what is wrong with a line. Finding and re-reading the file is for others.

pub mod connmaprc;
mod parse;

use std::{collections::HashMap, fmt, sync::Arc};

use serde::Serialize;

pub use parse::{MAX_FILE_BYTES, Problem, RuleError};

/// The shipped rules, in effect where no file of the user's own is found.
pub const BUILT_IN: &str = include_str!("../../connmapperlrc");

/// Whose port a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Local,
    Peer,
}

impl Side {
    /// As the file writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Peer => "peer",
        }
    }
}

/// A colour as the file gives it: sRGB-encoded (not linear), alpha not multiplied in, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rgba {
    pub red: f32,
    pub green: f32,
    pub blue: f32,
    pub alpha: f32,
}

impl Rgba {
    pub const fn to_array(self) -> [f32; 4] {
        [self.red, self.green, self.blue, self.alpha]
    }
}

/// One line of `connmapperlrc`. Prints itself as such a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    pub label: Arc<str>,
    pub side: Side,
    /// Never 0. A rule knows one port, so this is also the port by which a connection matched.
    pub port: u16,
    pub color: Rgba,
    /// Dot and text, or dot only.
    pub show_text: bool,
    /// Line of the file, counted from 1.
    pub line: u32,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rgba { red, green, blue, alpha } = self.color;
        let (label, side) = (self.label.replace('"', "\"\""), self.side.name());
        write!(
            f,
            "\"{label}\",{side},{},{red},{green},{blue},{alpha},{}",
            self.port,
            u8::from(self.show_text)
        )
    }
}

/// A row of the colour key: all rules that carry the same text.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub text: Arc<str>,
    /// Of the first of its rules.
    pub color: Rgba,
    /// Whether any of its rules shows text.
    pub show_text: bool,
    /// Places in [`Rules::rules`], in the file's order; never empty.
    pub rules: Vec<usize>,
}

/// The rules of one file, in the file's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    rules: Vec<Rule>,
    labels: Vec<Label>,
    /// For each rule its place in `labels`.
    label_of_rule: Vec<usize>,
    first_by_port: HashMap<(Side, u16), usize>,
}

impl Rules {
    /// Reads a file's bytes. Good lines become rules whatever is wrong with the others; each bad line is one error.
    pub fn parse(bytes: &[u8]) -> (Self, Vec<RuleError>) {
        let (rules, errors) = parse::rules_from_bytes(bytes);
        (Self::new(rules), errors)
    }

    /// The shipped rules.
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN.as_bytes()).0
    }

    /// Takes rules in the order in which they are to be tried.
    pub fn new(rules: Vec<Rule>) -> Self {
        let mut labels: Vec<Label> = Vec::new();
        let mut place_of_label: HashMap<Arc<str>, usize> = HashMap::new();
        let mut label_of_rule = Vec::with_capacity(rules.len());
        let mut first_by_port = HashMap::with_capacity(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            let place = *place_of_label.entry(rule.label.clone()).or_insert_with(|| {
                labels.push(Label {
                    text: rule.label.clone(),
                    color: rule.color,
                    show_text: false,
                    rules: Vec::new(),
                });
                labels.len() - 1
            });
            labels[place].rules.push(index);
            labels[place].show_text |= rule.show_text;
            label_of_rule.push(place);
            first_by_port.entry((rule.side, rule.port)).or_insert(index);
        }
        Self { rules, labels, label_of_rule, first_by_port }
    }

    /// All rules, in the file's order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Place in [`Self::rules`] of the first rule that matches a connection. Takes the same time however many
    /// rules there are.
    pub fn matching(&self, local_port: u16, peer_port: u16) -> Option<usize> {
        let local = self.first_by_port.get(&(Side::Local, local_port));
        let peer = self.first_by_port.get(&(Side::Peer, peer_port));
        local.into_iter().chain(peer).min().copied()
    }

    /// Rows of the colour key, in the order in which the file first names them.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Place in [`Self::labels`] of a rule's row, or `None` where there is no such rule.
    pub fn label_of(&self, rule: usize) -> Option<usize> {
        self.label_of_rule.get(rule).copied()
    }
}

#[cfg(test)]
mod tests;

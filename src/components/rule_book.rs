//! The rules in force and what the user switched off and on since they were read.

use bevy::prelude::Resource;

use crate::rules::Rules;

/// Switches are kept by label and outlive a reload of the file.
#[derive(Resource, Debug)]
pub struct RuleBook {
    pub rules: Rules,
    /// Where the rules came from, as shown.
    pub source: String,
    pub all_text: bool,
    /// By label index.
    text: Vec<bool>,
    hidden: Vec<bool>,
}

impl RuleBook {
    pub fn new(rules: Rules, source: String) -> Self {
        let mut book = Self { rules, source, all_text: true, text: Vec::new(), hidden: Vec::new() };
        book.text = book.text_of_file();
        book.hidden = vec![false; book.rules.labels().len()];
        book
    }

    /// Takes new rules; the file's own switches win over those of this session, as in the original.
    pub fn replace(&mut self, rules: Rules, source: String) {
        let hidden: Vec<_> = self
            .rules
            .labels()
            .iter()
            .zip(&self.hidden)
            .filter(|(_, hidden)| **hidden)
            .map(|(label, _)| label.text.clone())
            .collect();
        self.rules = rules;
        self.source = source;
        self.text = self.text_of_file();
        self.hidden = self.rules.labels().iter().map(|label| hidden.contains(&label.text)).collect();
    }

    /// Index of the label a rule belongs to; one past the last label for no rule.
    pub fn label_of(&self, rule: Option<usize>) -> usize {
        rule.and_then(|rule| self.rules.label_of(rule)).unwrap_or(self.rules.labels().len())
    }

    /// Whether dots of this label carry text; connections without a rule carry none, as in the original.
    pub fn shows_text(&self, label: usize) -> bool {
        self.all_text && self.text_is_on(label)
    }

    /// The label's own switch, whatever the switch for all text says.
    pub fn text_is_on(&self, label: usize) -> bool {
        self.text.get(label).copied().unwrap_or(false)
    }

    pub fn is_hidden(&self, label: usize) -> bool {
        self.hidden.get(label).copied().unwrap_or(false)
    }

    pub fn toggle_text(&mut self, label: usize) {
        if let Some(text) = self.text.get_mut(label) {
            *text = !*text;
        }
    }

    pub fn toggle_hidden(&mut self, label: usize) {
        if let Some(hidden) = self.hidden.get_mut(label) {
            *hidden = !*hidden;
        }
    }

    /// A label shows text where any of its lines says so.
    fn text_of_file(&self) -> Vec<bool> {
        let rules = self.rules.rules();
        self.rules
            .labels()
            .iter()
            .map(|label| label.rules.iter().any(|rule| rules[*rule].show_text))
            .collect()
    }
}

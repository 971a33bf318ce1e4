//! The rules in force and what the user switched off and on since they were read.

use std::collections::BTreeSet;

use bevy::prelude::Resource;

use crate::{model::Observation, rules::Rules};

/// Switches are kept by label and outlive a reload of the file.
#[derive(Resource, Debug)]
pub struct RuleBook {
    pub rules: Rules,
    /// Where the rules came from, as shown.
    pub source: String,
    pub all_text: bool,
    /// By label index; `None` where the user has not switched.
    text: Vec<Option<bool>>,
    hidden: Vec<bool>,
    /// Counts the rules that took the place of others.
    replaced: u64,
}

impl RuleBook {
    pub fn new(rules: Rules, source: String) -> Self {
        let mut book =
            Self { rules, source, all_text: true, text: Vec::new(), hidden: Vec::new(), replaced: 0 };
        book.text = vec![None; book.rules.labels().len()];
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
        self.replaced += 1;
        self.rules = rules;
        self.source = source;
        self.text = vec![None; self.rules.labels().len()];
        self.hidden = self.rules.labels().iter().map(|label| hidden.contains(&label.text)).collect();
    }

    /// How often other rules were read: labels have other numbers since.
    pub const fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Index of the rule that a connection matches, by its ports.
    pub fn rule_of(&self, seen: &Observation) -> Option<usize> {
        self.rules.matching(seen.local.port(), seen.peer.port())
    }

    /// Index of the label a rule belongs to; one past the last label for no rule.
    pub fn label_of(&self, rule: Option<usize>) -> usize {
        rule.and_then(|rule| self.rules.label_of(rule)).unwrap_or(self.rules.labels().len())
    }

    /// Index of the label of that text; one past the last for none, or for one that exists no more.
    pub fn label_named(&self, text: Option<&str>) -> usize {
        let labels = self.rules.labels();
        labels.iter().position(|label| Some(&*label.text) == text).unwrap_or(labels.len())
    }

    /// Whether a connection that matched this rule carries text: as the user switched its label, else as the rule's
    /// own line says. Connections without a rule carry none, as in the original.
    pub fn shows_text(&self, rule: usize) -> bool {
        let switch = self.rules.label_of(rule).and_then(|label| *self.text.get(label)?);
        let own = self.rules.rules().get(rule).is_some_and(|rule| rule.show_text);
        self.all_text && switch.unwrap_or(own)
    }

    /// The label's own switch, whatever the switch for all text says: on where any of its lines shows text.
    pub fn text_is_on(&self, label: usize) -> bool {
        let own = self.rules.labels().get(label).is_some_and(|label| label.show_text);
        self.text.get(label).copied().flatten().unwrap_or(own)
    }

    pub fn is_hidden(&self, label: usize) -> bool {
        self.hidden.get(label).copied().unwrap_or(false)
    }

    pub fn toggle_text(&mut self, label: usize) {
        let on = self.text_is_on(label);
        if let Some(text) = self.text.get_mut(label) {
            *text = Some(!on);
        }
    }

    /// Whether there is a rule of that text.
    pub fn has_label(&self, text: &str) -> bool {
        self.rules.labels().iter().any(|label| &*label.text == text)
    }

    /// What was switched, by the text of the labels: rules that are hidden, those with text and those without.
    pub fn switches(&self) -> [BTreeSet<String>; 3] {
        let labels = self.rules.labels();
        let named = |is_meant: &dyn Fn(usize) -> bool| {
            let meant = labels.iter().enumerate().filter(|(at, _)| is_meant(*at));
            meant.map(|(_, label)| label.text.to_string()).collect()
        };
        let text = |at: usize| self.text.get(at).copied().flatten();
        [
            named(&|at| self.is_hidden(at)),
            named(&|at| text(at) == Some(true)),
            named(&|at| text(at) == Some(false)),
        ]
    }

    /// Takes switches as [`Self::switches`] tells them. Those of labels that are no more are none.
    pub fn put_switches(
        &mut self,
        hidden: &BTreeSet<String>,
        with_text: &BTreeSet<String>,
        without_text: &BTreeSet<String>,
    ) {
        let labels = self.rules.labels();
        self.hidden = labels.iter().map(|label| hidden.contains(&*label.text)).collect();
        let text = labels.iter().map(|label| match &*label.text {
            text if with_text.contains(text) => Some(true),
            text if without_text.contains(text) => Some(false),
            _ => None,
        });
        self.text = text.collect();
    }

    pub fn toggle_hidden(&mut self, label: usize) {
        if let Some(hidden) = self.hidden.get_mut(label) {
            *hidden = !*hidden;
        }
    }
}

//! Which connections are meant by all that the map shows: the filter that is in force, the text that it is typed as, and
//! whether a connection passes it. `systems/filtering` decides; the language is in `filter`.

use std::sync::Arc;

use bevy::prelude::{Component, Resource};

use super::{
    connection::Agents,
    rule_book::RuleBook,
    time_travel::{Only, Wishes},
};
use crate::{
    filter::{Filter, ParseError, Subject},
    model::{AgentId, LocatedConnection},
    world::country_name,
};

/// More saved filters than anybody finds again.
pub const MOST_SAVED: usize = 64;

/// Whether a connection is shown, counted and listed. Where there is no filter all are.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes(pub bool);

impl Default for Passes {
    fn default() -> Self {
        Self(true)
    }
}

/// The filter in force. Changes only when other connections are meant.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct ActiveFilter(pub Arc<Filter>);

impl ActiveFilter {
    /// For an order to whoever reads the past; nothing where all connections are meant.
    pub fn only(&self, wishes: &Wishes) -> Option<Only> {
        (!self.0.is_everything()).then(|| Only { filter: Arc::clone(&self.0), wish: wishes.next() })
    }
}

/// The box in which it is typed.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterBox {
    text: String,
    problem: Option<ParseError>,
    /// In the order in which they were saved.
    pub saved: Vec<String>,
}

impl FilterBox {
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with the text. The last one that was right stays in force.
    pub const fn problem(&self) -> Option<&ParseError> {
        self.problem.as_ref()
    }

    /// Takes a text. Returns the filter that it means; where a condition at its end is not complete, what stands before
    /// that. Nothing comes of a text with something else wrong in it.
    pub fn set(&mut self, text: String) -> Option<Filter> {
        let parsed = Filter::parse(&text);
        self.text = text;
        match parsed {
            Ok(filter) => {
                self.problem = None;
                Some(filter)
            }
            Err(problem) => {
                let is_last = problem.range.end >= self.text.trim_end().len();
                self.problem = Some(problem);
                is_last.then(|| Filter::parse(without_last_word(&self.text)).ok()).flatten()
            }
        }
    }

    /// The text with one condition more.
    pub fn with(&self, condition: &str) -> String {
        let known = self.text.trim();
        if self.problem.is_some() || known.is_empty() {
            return condition.to_owned();
        }
        // A filter prints itself with the parentheses that it needs beside another condition.
        let joined = format!("({known}) {condition}");
        Filter::parse(&joined).map_or_else(|_| condition.to_owned(), |filter| filter.to_string())
    }

    /// Keeps the text, if it means something.
    pub fn save(&mut self) -> bool {
        let text = self.text.trim();
        let is_worth = self.problem.is_none() && !text.is_empty() && self.saved.len() < MOST_SAVED;
        let is_new = is_worth && !self.saved.iter().any(|known| known == text);
        if is_new {
            self.saved.push(text.to_owned());
        }
        is_new
    }
}

fn without_last_word(text: &str) -> &str {
    let text = text.trim_end();
    text.rfind(char::is_whitespace).map_or("", |blank| &text[..blank])
}

/// Names of what connections know by number.
#[derive(Clone, Copy)]
pub struct SubjectNames<'a> {
    pub book: &'a RuleBook,
    pub agents: &'a Agents,
}

impl<'a> SubjectNames<'a> {
    /// A connection as the filter sees it.
    pub fn subject(&self, connection: &'a LocatedConnection, rule: Option<usize>) -> Subject<'a> {
        let country = connection.place.as_ref().ok().and_then(|place| place.country);
        let rule = rule.and_then(|rule| self.book.rules.rules().get(rule));
        Subject::new(
            connection,
            country.map_or("", country_name),
            rule.map_or("", |rule| &rule.label),
            self.agent(connection.key.agent),
        )
    }

    fn agent(&self, agent: AgentId) -> &'a str {
        let agents = &self.agents.0;
        agents.binary_search_by_key(&agent, |known| known.agent).map_or("", |at| &agents[at].name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_wrong_says_where_and_leaves_the_last_filter_in_force() {
        let mut filter_box = FilterBox::default();
        assert_eq!(filter_box.set("port:443".to_owned()), Filter::parse("port:443").ok());
        assert_eq!(
            filter_box.set("port:443 prog:".to_owned()),
            Filter::parse("port:443").ok(),
            "not complete yet"
        );
        assert_eq!(filter_box.set("prog: port:443".to_owned()), None);
        let problem = filter_box.problem().map(|problem| problem.range.start);
        assert!(problem.is_some_and(|at| at <= 5), "{problem:?}");
        filter_box.set("port:443 prog:".to_owned());
        let problem = filter_box.problem().map(|problem| problem.range.start);
        assert!(problem.is_some_and(|at| at >= 9), "{problem:?}");
        assert!(filter_box.set(String::new()).is_some_and(|filter| filter.is_everything()));
    }

    #[test]
    fn a_condition_is_added_to_all_of_what_stands_there() {
        let mut filter_box = FilterBox::default();
        assert_eq!(filter_box.with("cc:DE"), "cc:DE");
        filter_box.set("port:443 or prog:ssh".to_owned());
        let both = Filter::parse(&filter_box.with("cc:DE")).unwrap();
        assert_eq!(both, Filter::parse("(port:443 or prog:ssh) cc:DE").unwrap());
        filter_box.set("port:".to_owned());
        assert_eq!(filter_box.with("cc:DE"), "cc:DE", "nobody can add to what is wrong");
    }

    #[test]
    fn a_filter_is_saved_once_and_only_if_it_can_be_read() {
        let mut filter_box = FilterBox::default();
        assert!(!filter_box.save(), "everything is no filter");
        filter_box.set(" cc:DE ".to_owned());
        assert!(filter_box.save() && !filter_box.save());
        filter_box.set("cc:".to_owned());
        assert!(!filter_box.save());
        assert_eq!(filter_box.saved, ["cc:DE"]);
    }
}

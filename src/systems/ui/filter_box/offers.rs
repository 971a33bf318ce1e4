//! What could be typed next, below the box: saved filters while nothing is typed, and names of fields and values that occur
//! on the map.

use std::{cmp::Reverse, collections::HashMap, hash::Hash};

use bevy::prelude::MessageWriter;
use bevy_egui::egui::{self, Align2, RichText, Ui};

use super::super::{
    row,
    style::{mono, sans},
};
use crate::{
    components::{
        action::{FilterAction, UiAction},
        connection::Agents,
        rule_book::RuleBook,
        theme::{Theme, size},
    },
    filter::{Completion, Known, completions},
    model::{CountryCode, LocatedConnection, Owner},
    world::country_name,
};

/// Saved filters that are offered without a letter typed.
const MOST_SAVED_SHOWN: usize = 8;
/// Values of each kind that are kept to be offered: those that occur most.
const MOST_VALUES: usize = 2_000;

/// What occurs on the map, the most frequent first.
#[derive(Default)]
pub(super) struct KnownValues {
    programs: Vec<String>,
    organisations: Vec<String>,
    systems: Vec<(u32, String)>,
    countries: Vec<CountryCode>,
    cities: Vec<String>,
    ports: Vec<u16>,
    agents: Vec<String>,
    rules: Vec<String>,
}

/// How often something was seen.
struct Counts<T>(HashMap<T, u32>);

impl<T: Hash + Eq + Ord> Counts<T> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn see(&mut self, value: T) {
        *self.0.entry(value).or_default() += 1;
    }

    fn by_number(self) -> Vec<T> {
        let mut values: Vec<(T, u32)> = self.0.into_iter().collect();
        values.sort_unstable_by(|(a, seen_a), (b, seen_b)| (Reverse(seen_a), a).cmp(&(Reverse(seen_b), b)));
        values.into_iter().take(MOST_VALUES).map(|(value, _)| value).collect()
    }
}

impl KnownValues {
    pub(super) fn of<'a>(
        connections: impl Iterator<Item = &'a LocatedConnection>,
        book: &RuleBook,
        agents: &Agents,
    ) -> Self {
        let (mut programs, mut organisations, mut cities) = (Counts::new(), Counts::new(), Counts::new());
        let (mut systems, mut countries, mut ports) = (Counts::new(), Counts::new(), Counts::new());
        for connection in connections {
            if let Owner::Program { name, .. } = &connection.observation.owner {
                programs.see(&**name);
            }
            ports.see(connection.observation.peer.port());
            if let Some(asn) = &connection.asn {
                organisations.see(&*asn.organisation);
                systems.see((asn.number, &*asn.organisation));
            }
            if let Ok(place) = &connection.place {
                cities.see(&*place.city);
                place.country.into_iter().for_each(|country| countries.see(country));
            }
        }
        let owned = |counts: Counts<&str>| counts.by_number().into_iter().map(str::to_owned).collect();
        Self {
            programs: owned(programs),
            organisations: owned(organisations),
            cities: owned(cities),
            systems: systems
                .by_number()
                .into_iter()
                .map(|(number, name)| (number, name.to_owned()))
                .collect(),
            countries: countries.by_number(),
            ports: ports.by_number(),
            agents: agents.0.iter().map(|agent| agent.name.to_string()).collect(),
            rules: book.rules.labels().iter().map(|label| label.text.to_string()).collect(),
        }
    }

    fn known(&self) -> Known<'_> {
        fn texts(values: &[String]) -> Vec<&str> {
            values.iter().map(String::as_str).collect()
        }
        Known {
            programs: texts(&self.programs),
            organisations: texts(&self.organisations),
            systems: self.systems.iter().map(|(number, name)| (*number, name.as_str())).collect(),
            countries: self.countries.iter().map(|code| (*code, country_name(*code))).collect(),
            cities: texts(&self.cities),
            agents: texts(&self.agents),
            rules: texts(&self.rules),
            ports: self.ports.iter().map(|port| (*port, "")).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// A whole filter.
    Saved(String),
    Completion(Completion),
}

/// What is offered for a text with the cursor at a place.
#[derive(Default)]
pub(super) struct Offers {
    of: Option<(String, usize, usize)>,
    offers: Vec<Offer>,
    choice: Option<usize>,
}

impl Offers {
    /// `cursor` is in characters.
    pub(super) fn refresh(&mut self, text: &str, cursor: usize, known: &KnownValues, saved: &[String]) {
        let is_same =
            |(of, at, number): &(String, usize, usize)| of == text && *at == cursor && *number == saved.len();
        if self.of.as_ref().is_some_and(is_same) {
            return;
        }
        self.of = Some((text.to_owned(), cursor, saved.len()));
        self.choice = None;
        let bytes = text.char_indices().nth(cursor).map_or(text.len(), |(byte, _)| byte);
        let saved = saved.iter().rev().filter(|_| text.trim().is_empty()).take(MOST_SAVED_SHOWN);
        let found = completions(text, bytes, &known.known()).into_iter();
        // What stands there already needs no offer.
        let found = found.filter(|completion| text.get(completion.range.clone()) != Some(&completion.text));
        self.offers = saved.cloned().map(Offer::Saved).chain(found.map(Offer::Completion)).collect();
    }

    pub(super) fn choose_next(&mut self) {
        self.choice = match self.choice {
            Some(choice) if choice + 1 < self.offers.len() => Some(choice + 1),
            Some(_) => None,
            None => Some(0).filter(|_| !self.offers.is_empty()),
        };
    }

    pub(super) fn choose_previous(&mut self) {
        self.choice = match self.choice {
            Some(choice) => choice.checked_sub(1),
            None => self.offers.len().checked_sub(1),
        };
    }

    pub(super) const fn has_choice(&self) -> bool {
        self.choice.is_some()
    }

    pub(super) fn chosen_or_first(&self) -> Option<Offer> {
        self.offers.get(self.choice.unwrap_or(0)).cloned()
    }

    /// A row each. Returns the one that was clicked.
    pub(super) fn show(
        &self,
        ui: &mut Ui,
        theme: &Theme,
        actions: &mut MessageWriter<UiAction>,
    ) -> Option<Offer> {
        if self.offers.is_empty() {
            return None;
        }
        ui.add_space(size::GRID * 0.5);
        ui.separator();
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut clicked = None;
        for (index, offer) in self.offers.iter().enumerate() {
            let (rect, response) = row::place(ui, ui.available_width(), row::ROW_HEIGHT, theme);
            if self.choice == Some(index) {
                ui.painter().rect_filled(rect.expand2(egui::vec2(4.0, 0.0)), 4.0, theme.colours.hover.egui());
            }
            let (text, about) = match offer {
                Offer::Saved(text) => (text.as_str(), "saved"),
                Offer::Completion(completion) => (completion.text.as_str(), completion.about.as_str()),
            };
            let colours = &theme.colours;
            let about_width = row::text(
                ui,
                rect.right_center(),
                Align2::RIGHT_CENTER,
                about,
                sans(size::TEXT_SMALL),
                colours.text_faint.egui(),
            );
            let room =
                egui::Rect::from_min_max(rect.min, rect.max - egui::vec2(about_width + size::GRID, 0.0));
            row::clipped(ui, room, text, mono(size::TEXT), colours.text.egui());
            if let Offer::Saved(text) = offer {
                response.context_menu(|ui| {
                    if ui.button(RichText::new("Forget this filter")).clicked() {
                        actions.write(UiAction::Filter(FilterAction::Forget(text.clone())));
                        ui.close();
                    }
                });
            }
            if response.clicked() {
                clicked = Some(offer.clone());
            }
        }
        clicked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(offers: &Offers) -> Vec<&str> {
        fn text(offer: &Offer) -> &str {
            match offer {
                Offer::Saved(text) => text,
                Offer::Completion(completion) => &completion.text,
            }
        }
        offers.offers.iter().map(text).collect()
    }

    #[test]
    fn saved_filters_come_first_while_nothing_is_typed_and_values_of_the_map_afterwards() {
        let known = KnownValues { programs: vec!["firefox".into(), "ssh".into()], ..KnownValues::default() };
        let saved = ["cc:DE".to_owned(), "!lan".to_owned()];
        let mut offers = Offers::default();
        offers.refresh("", 0, &known, &saved);
        assert_eq!(texts(&offers)[..2], ["!lan", "cc:DE"], "the last one saved comes first");
        offers.refresh("prog:f", 6, &known, &saved);
        assert_eq!(texts(&offers), ["firefox"]);
        offers.refresh("prog:firefox", 12, &known, &saved);
        assert!(texts(&offers).is_empty(), "it stands there");
    }

    #[test]
    fn arrows_go_through_the_offers_and_back_to_none() {
        let mut offers = Offers::default();
        offers.refresh("", 0, &KnownValues::default(), &["a".to_owned()]);
        let all = offers.offers.len();
        assert!(!offers.has_choice());
        offers.choose_previous();
        assert_eq!(offers.choice, Some(all - 1));
        offers.choose_next();
        assert_eq!(offers.choice, None);
        offers.choose_next();
        assert_eq!(offers.chosen_or_first(), Some(Offer::Saved("a".to_owned())));
    }

    #[test]
    fn what_occurs_most_is_offered_first() {
        let mut counts = Counts::new();
        ["b", "a", "c", "a", "c", "c"].into_iter().for_each(|value| counts.see(value));
        assert_eq!(counts.by_number(), ["c", "a", "b"]);
    }
}

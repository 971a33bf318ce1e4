//! What was never seen before: countries and autonomous systems that had no connection as far as the recording goes back,
//! or since the program began where nothing is recorded.

use std::{collections::VecDeque, sync::Arc};

use bevy::{platform::collections::HashSet, prelude::Resource};

use crate::{
    model::{CountryCode, LocatedConnection},
    world::country_words,
};

/// Older ones are no news.
const MOST_NEWS: usize = 8;

/// One of them, and when it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    pub what: Arc<str>,
    pub unix_millis: i64,
}

#[derive(Resource, Debug, Default)]
pub struct Firsts {
    countries: HashSet<CountryCode>,
    systems: HashSet<u32>,
    /// What was known before has been told; until then nothing is news.
    is_taught: bool,
    /// When the recording is asked, if it is not being asked; Unix milliseconds.
    ask_at_millis: Option<i64>,
    /// The newest first.
    news: VecDeque<First>,
}

impl Firsts {
    /// What was seen before, and is no news. What comes from now on may be.
    pub fn teach(
        &mut self,
        countries: impl IntoIterator<Item = CountryCode>,
        systems: impl IntoIterator<Item = u32>,
    ) {
        self.countries.extend(countries);
        self.systems.extend(systems);
        self.is_taught = true;
    }

    /// Whether the recording is to be asked now. It is asked once, and again where it could not tell.
    pub fn wants_to_ask(&mut self, now_millis: i64) -> bool {
        now_millis >= *self.ask_at_millis.get_or_insert(now_millis)
    }

    pub const fn has_asked(&mut self) {
        self.ask_at_millis = Some(i64::MAX);
    }

    /// The recording could not tell: it may be too young, or just being written.
    pub const fn ask_again_at(&mut self, millis: i64) {
        self.ask_at_millis = Some(millis);
    }

    pub const fn is_taught(&self) -> bool {
        self.is_taught
    }

    /// Looks at one that has opened.
    pub fn see(&mut self, connection: &LocatedConnection, unix_millis: i64) {
        let country = connection.place.as_ref().ok().and_then(|place| place.country);
        if let Some(country) = country.filter(|country| self.countries.insert(*country)) {
            self.tell(country_words(country), unix_millis);
        }
        if let Some(asn) = connection.asn.as_ref().filter(|asn| self.systems.insert(asn.number)) {
            let name = match asn.organisation.is_empty() {
                true => format!("AS{}", asn.number),
                false => format!("AS{} {}", asn.number, asn.organisation),
            };
            self.tell(name.into(), unix_millis);
        }
    }

    fn tell(&mut self, what: Arc<str>, unix_millis: i64) {
        if !self.is_taught {
            return;
        }
        self.news.truncate(MOST_NEWS - 1);
        self.news.push_front(First { what, unix_millis });
    }

    /// The newest first.
    pub fn news(&self) -> impl Iterator<Item = &First> {
        self.news.iter()
    }
}

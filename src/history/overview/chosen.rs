//! What a stretch of time holds of some connections alone. No sum tells which they are, so every row is read; whoever asks
//! may give up on the way.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use rusqlite::params;

use super::{
    super::reader::{COLUMNS, Recorded},
    Counted, Opened, Player, SpanSet,
    density::{stretch_ms, stretch_of},
};
use crate::{
    filter::{Filter, Subject},
    model::AgentId,
    tally::{Spot, Tally},
    world::country_name,
};

/// Whether a connection is one of them; `None` when nobody waits for the answer any more.
pub type Choice<'a> = &'a mut dyn FnMut(&Recorded) -> Option<bool>;

/// Of a place by its bits, label and agent.
type Group = (Option<[u32; 2]>, Option<Arc<str>>, AgentId);

impl Player {
    /// Whether a filter leaves a row; `None` once `is_waited_for` says no. The row's rule and its agent are those of then.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn choice<'a, F: FnMut() -> bool + 'a>(
        &self,
        filter: &'a Filter,
        mut is_waited_for: F,
    ) -> rusqlite::Result<impl FnMut(&Recorded) -> Option<bool> + use<'a, F>> {
        let agents: HashMap<AgentId, Arc<str>> = self.agents()?.into_iter().collect();
        Ok(move |recorded: &Recorded| {
            if !is_waited_for() {
                return None;
            }
            let connection = &recorded.connection;
            let country = connection.place.as_ref().ok().and_then(|place| place.country);
            let rule = recorded.rule.as_deref().unwrap_or_default();
            let agent = agents.get(&connection.key.agent).map_or("", |name| name);
            Some(filter.matches(&Subject::new(connection, country.map_or("", country_name), rule, agent)))
        })
    }

    /// As [`Player::span_set`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn chosen_span_set(
        &mut self,
        from_ms: i64,
        to_ms: i64,
        most: usize,
        choice: Choice<'_>,
    ) -> rusqlite::Result<Option<SpanSet>> {
        self.at_one_moment(|player| {
            let mut found = Found { most, ..Found::default() };
            for recorded in player.seek_rows(from_ms)? {
                match choice(&recorded) {
                    Some(true) => found.add(recorded),
                    Some(false) => {}
                    None => return Ok(None),
                }
            }
            let is_whole = player.each_chosen(from_ms + 1, to_ms, choice, |recorded| found.add(recorded))?;
            Ok(is_whole.then(|| found.set()))
        })
    }

    /// As [`Player::density`]; exact, whatever the length of a stretch.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn chosen_density(
        &mut self,
        from_ms: i64,
        to_ms: i64,
        stretches: u32,
        choice: Choice<'_>,
    ) -> rusqlite::Result<Option<Vec<Opened>>> {
        let length_ms = stretch_ms(from_ms, to_ms, stretches);
        let mut counts: BTreeMap<(u32, Option<Arc<str>>), u64> = BTreeMap::new();
        let is_whole = self.each_chosen(from_ms, to_ms, choice, |recorded| {
            let stretch = stretch_of(recorded.id.opened_ms, from_ms, length_ms, stretches);
            *counts.entry((stretch, recorded.rule)).or_default() += 1;
        })?;
        let opened = |((stretch, rule), count)| Opened { stretch, rule, count };
        Ok(is_whole.then(|| counts.into_iter().map(opened).collect()))
    }

    /// All that was ever recorded, counted by place and label.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn chosen_places(&mut self, choice: Choice<'_>) -> rusqlite::Result<Option<Tally>> {
        let mut tally = Tally::default();
        let is_whole = self.each_chosen(i64::MIN, i64::MAX, choice, |recorded| {
            if let Ok(place) = &recorded.connection.place {
                tally.add(Spot::new(place.lat, place.lon), recorded.rule, 1);
            }
        })?;
        Ok(is_whole.then_some(tally))
    }

    /// Opened from one moment up to another, both included, oldest first. Returns whether it came to the end.
    pub(in crate::history) fn each_chosen(
        &mut self,
        from_ms: i64,
        to_ms: i64,
        choice: Choice<'_>,
        mut see: impl FnMut(Recorded),
    ) -> rusqlite::Result<bool> {
        let rows = format!(
            "SELECT {COLUMNS} FROM connection WHERE opened_ms >= ?1 AND opened_ms <= ?2 ORDER BY opened_ms, n"
        );
        let mut rows = self.database.prepare_cached(&rows)?;
        let mut rows = rows.query(params![from_ms, to_ms])?;
        while let Some(row) = rows.next()? {
            let Some(recorded) = self.texts.read(&self.database, row)? else {
                continue;
            };
            match choice(&recorded) {
                Some(true) => see(recorded),
                Some(false) => {}
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// Adds up a set, and keeps the newest of it.
#[derive(Default)]
struct Found {
    most: usize,
    newest: VecDeque<Recorded>,
    total: u64,
    groups: HashMap<Group, u64>,
}

impl Found {
    fn add(&mut self, recorded: Recorded) {
        let connection = &recorded.connection;
        let place = connection.place.as_ref().ok().map(|place| [place.lat.to_bits(), place.lon.to_bits()]);
        *self.groups.entry((place, recorded.rule.clone(), connection.key.agent)).or_default() += 1;
        self.total += 1;
        self.newest.push_back(recorded);
        if self.newest.len() > self.most {
            self.newest.pop_front();
        }
    }

    fn set(self) -> SpanSet {
        let is_all = self.total <= self.most as u64;
        let groups = self.groups.into_iter().filter(|_| !is_all);
        let mut sums: Vec<Counted> = groups
            .map(|((place, rule, agent), count)| {
                let lat_lon = place.map(|bits| bits.map(f32::from_bits));
                Counted { lat_lon, rule, agent, count }
            })
            .collect();
        let place = |lat_lon: Option<[f32; 2]>| lat_lon.map(|degrees| degrees.map(f32::to_bits));
        sums.sort_unstable_by(|a, b| {
            (place(a.lat_lon), &a.rule, a.agent).cmp(&(place(b.lat_lon), &b.rule, b.agent))
        });
        SpanSet { newest: self.newest.into(), total: self.total, sums }
    }
}

//! Counts for the lists of those with the most connections, now and then while they are shown.

use std::{hash::Hash, sync::Arc, time::Duration};

use bevy::{platform::collections::HashMap, prelude::*, time::Real};

use super::elapsed;
use crate::{
    components::{
        connection::{Connection, Trail},
        filtering::Passes,
        top_lists::{MOST_ROWS, TopLists},
        wall::{Wall, shows_beside},
    },
    model::Owner,
    wall::Part,
    world::country_words,
};

/// Nobody reads faster, and a hundred thousand take some milliseconds.
const COUNTED_EVERY: Duration = Duration::from_secs(3);

pub(super) fn count(
    time: Option<Res<Time<Real>>>,
    mut wall: ResMut<Wall>,
    open: Query<(&Connection, &Passes), Without<Trail>>,
    changed: Query<(), Or<(Changed<Connection>, Changed<Passes>, Added<Trail>)>>,
    mut lists: ResMut<TopLists>,
    mut counted: Local<Option<Duration>>,
) {
    let wall = wall.bypass_change_detection();
    if !shows_beside(Some(wall), Part::Top) {
        (*counted, wall.lists_due) = (None, None);
        return;
    }
    let now = elapsed(time.as_deref());
    if let Some(counted) = *counted {
        if wall.lists_due.is_none() && !changed.is_empty() {
            wall.lists_due = Some(counted + COUNTED_EVERY);
        }
        if wall.lists_due.is_none_or(|due| now < due) {
            return;
        }
    }
    (*counted, wall.lists_due) = (Some(now), None);
    let (mut countries, mut systems, mut programs) =
        (Counts::default(), Counts::default(), Counts::default());
    for (connection, _) in open.iter().filter(|(_, passes)| passes.0) {
        let connection = &*connection.0;
        countries.add(connection.place.as_ref().ok().and_then(|place| place.country));
        systems.add(connection.asn.as_ref().map(|asn| (asn.number, &asn.organisation)));
        programs.add(match &connection.observation.owner {
            Owner::Program { name, .. } => Some(name),
            Owner::NotPermitted | Owner::Unknown => None,
        });
    }
    lists.set_if_neq(TopLists {
        countries: countries.most(country_words),
        systems: systems.most(|(number, organisation)| match organisation.is_empty() {
            true => format!("AS{number}").into(),
            false => Arc::clone(organisation),
        }),
        programs: programs.most(|name| (**name).into()),
    });
}

struct Counts<K>(HashMap<K, usize>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Copy + Eq + Hash + Ord> Counts<K> {
    fn add(&mut self, key: Option<K>) {
        if let Some(key) = key {
            *self.0.entry(key).or_default() += 1;
        }
    }

    /// Those with the most, and of as many each time in the same order.
    fn most(self, name: impl Fn(K) -> Arc<str>) -> Vec<(Arc<str>, usize)> {
        let mut all: Vec<(K, usize)> = self.0.into_iter().collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        all.into_iter().take(MOST_ROWS).map(|(key, count)| (name(key), count)).collect()
    }
}

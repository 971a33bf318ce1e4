//! Every connection is counted once, when it has a place for the first time: what was open at the start, and what opens
//! afterwards. One that is told again (in a full set, or by an agent that was away) is known, and what comes from a
//! recording is not counted at all.

use bevy::prelude::*;

use super::{MapSystems, filtering::pass};
use crate::{
    components::{
        connection::{Agents, Connection, MatchedRule, OpenConnections, Position},
        filtering::{ActiveFilter, Passes, SubjectNames},
        history_circles::HistoryCircles,
        rule_book::RuleBook,
    },
    model::LocatedConnection,
    tally::Spot,
};

pub(super) fn plugin(app: &mut App) {
    // Before anything that closed within this frame goes.
    app.init_resource::<HistoryCircles>().add_systems(Update, count.in_set(MapSystems::Classify).after(pass));
}

fn count(
    book: Res<RuleBook>,
    open: Res<OpenConnections>,
    mut history: ResMut<HistoryCircles>,
    came: Query<(&Connection, &MatchedRule, &Passes, &Position), Added<Position>>,
) {
    for (connection, matched, passes, position) in &came {
        let key = connection.0.key;
        if key.agent.is_recorded() || !history.is_new(key) {
            continue;
        }
        let rule = matched.0.and_then(|rule| book.rules.rules().get(rule));
        history.count(Spot::new(position.lat, position.lon), rule.map(|rule| rule.label.clone()), passes.0);
        history.forget_closed(open.0.len(), |key| open.0.contains_key(key));
    }
}

/// Counts a connection that opened while the map shows the past, and has no entity.
pub(super) fn count_unseen(world: &mut World, connection: &LocatedConnection) {
    let Ok(place) = &connection.place else {
        return;
    };
    let (book, agents) = (world.resource::<RuleBook>(), world.resource::<Agents>());
    let rule = book.rule_of(&connection.observation);
    let names = SubjectNames { book, agents };
    let passes = world.resource::<ActiveFilter>().0.matches(&names.subject(connection, rule));
    let label = rule.and_then(|rule| book.rules.rules().get(rule)).map(|rule| rule.label.clone());
    let spot = Spot::new(place.lat, place.lon);
    let mut history = world.resource_mut::<HistoryCircles>();
    if history.is_new(connection.key) {
        history.count(spot, label, passes);
    }
}

//! Every connection is counted once, when it has a place for the first time: what was open at the start, and what opens
//! afterwards. One that is told again (in a full set, or by an agent that was away) is known, and what comes from a
//! recording is not counted at all.

use bevy::prelude::*;

use super::{MapSystems, classify::classify};
use crate::{
    components::{
        connection::{Connection, MatchedRule, OpenConnections, Position},
        history_circles::HistoryCircles,
        rule_book::RuleBook,
    },
    model::LocatedConnection,
    tally::Spot,
};

pub(super) fn plugin(app: &mut App) {
    // Before anything that closed within this frame goes.
    app.init_resource::<HistoryCircles>()
        .add_systems(Update, count.in_set(MapSystems::Classify).after(classify));
}

fn count(
    book: Res<RuleBook>,
    open: Res<OpenConnections>,
    mut history: ResMut<HistoryCircles>,
    came: Query<(&Connection, &MatchedRule, &Position), Added<Position>>,
) {
    for (connection, matched, position) in &came {
        let key = connection.0.key;
        if key.agent.is_recorded() || !history.is_new(key) {
            continue;
        }
        let rule = matched.0.and_then(|rule| book.rules.rules().get(rule));
        history.count(Spot::new(position.lat, position.lon), rule.map(|rule| rule.label.clone()));
        history.forget_closed(open.0.len(), |key| open.0.contains_key(key));
    }
}

/// Counts a connection that opened while the map shows the past, and has no entity.
pub(super) fn count_unseen(world: &mut World, connection: &LocatedConnection) {
    let Ok(place) = &connection.place else {
        return;
    };
    let rules = &world.resource::<RuleBook>().rules;
    let seen = &connection.observation;
    let rule = rules.matching(seen.local.port(), seen.peer.port()).and_then(|rule| rules.rules().get(rule));
    let label = rule.map(|rule| rule.label.clone());
    let spot = Spot::new(place.lat, place.lon);
    let mut history = world.resource_mut::<HistoryCircles>();
    if history.is_new(connection.key) {
        history.count(spot, label);
    }
}

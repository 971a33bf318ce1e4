//! The sums under the map: how many sockets there are, how many are drawn, and why the others are not.

use bevy::prelude::*;

use super::MapSystems;
use crate::{
    components::{
        account::Account,
        connection::{Connection, MatchedRule, Position, Trail},
        fleet::HiddenAgents,
        map_view::MapView,
        rule_book::RuleBook,
    },
    model::Owner,
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, count.in_set(MapSystems::Account));
}

type Open = (&'static Connection, &'static MatchedRule, Option<&'static Position>);
type CameOrChanged = Or<(Changed<Connection>, Changed<MatchedRule>, Added<Trail>)>;

fn count(
    mut account: ResMut<Account>,
    book: Res<RuleBook>,
    (view, hidden_agents): (Res<MapView>, Res<HiddenAgents>),
    open: Query<Open, Without<Trail>>,
    changed: Query<(), CameOrChanged>,
    mut gone: RemovedComponents<Connection>,
) {
    let some_gone = gone.read().count() > 0;
    if changed.is_empty()
        && !some_gone
        && !book.is_changed()
        && !view.is_changed()
        && !hidden_agents.is_changed()
    {
        return;
    }
    let home = MapView::home(view.size_px, view.px_per_point);
    let mut sums = Account::with_labels(book.rules.labels().len());
    for (connection, matched, position) in &open {
        sums.total += 1;
        let agent = connection.0.key.agent;
        *sums.by_agent.entry(agent).or_default() += 1;
        if hidden_agents.hides(agent) {
            sums.hidden += 1;
            continue;
        }
        sums.unnamed += usize::from(!matches!(connection.0.observation.owner, Owner::Program { .. }));
        let label = book.label_of(matched.0);
        sums.by_label[label] += 1;
        match &connection.0.place {
            Err(reason) => sums.add_without_place(*reason),
            Ok(_) if book.is_hidden(label) => sums.hidden += 1,
            Ok(_) => {
                sums.on_map += 1;
                let beyond = position.is_some_and(|position| home.screen_place(position.map).beyond_edge);
                sums.beyond_edge += usize::from(beyond);
            }
        }
    }
    account.set_if_neq(sums);
}

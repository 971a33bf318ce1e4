//! The sums under the map: how many sockets there are, how many are drawn, and why the others are not. Of a stretch of the
//! past with more of them than are shown one by one the sums come from the history.

use std::sync::Arc;

use bevy::prelude::*;

use super::MapSystems;
use crate::{
    components::{
        account::Account,
        connection::{Connection, MatchedRule, Position, Trail},
        filtering::Passes,
        fleet::HiddenAgents,
        map_view::MapView,
        rule_book::RuleBook,
        time_travel::{SpanSums, TimeTravel},
    },
    model::Owner,
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, count.in_set(MapSystems::Account));
}

type Open = (&'static Connection, &'static MatchedRule, &'static Passes, Option<&'static Position>);
type CameOrChanged = Or<(Changed<Connection>, Changed<MatchedRule>, Changed<Passes>, Added<Trail>)>;

fn count(
    mut account: ResMut<Account>,
    (book, travel): (Res<RuleBook>, Res<TimeTravel>),
    (view, hidden_agents): (Res<MapView>, Res<HiddenAgents>),
    open: Query<Open, Without<Trail>>,
    changed: Query<(), CameOrChanged>,
    mut gone: RemovedComponents<Connection>,
    mut summed: Local<Option<Arc<SpanSums>>>,
) {
    let some_gone = gone.read().count() > 0;
    // The same ones, not equal ones: they are long.
    let other_sums = summed.as_ref().map(Arc::as_ptr) != travel.sums.as_ref().map(Arc::as_ptr);
    if changed.is_empty()
        && !some_gone
        && !other_sums
        && !book.is_changed()
        && !view.is_changed()
        && !hidden_agents.is_changed()
    {
        return;
    }
    let home = MapView::home(view.size_px, view.px_per_point);
    let mut sums = Account::with_labels(book.rules.labels().len());
    for (connection, matched, passes, position) in &open {
        if !passes.0 {
            sums.filtered_out += 1;
            continue;
        }
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
    if let Some(all) = &travel.sums {
        take_sums(&mut sums, all, &book);
    }
    if other_sums {
        summed.clone_from(&travel.sums);
    }
    account.set_if_neq(sums);
}

/// What is counted one by one is a part of it.
fn take_sums(sums: &mut Account, all: &SpanSums, book: &RuleBook) {
    let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    sums.by_label.fill(0);
    for (label, count) in &all.by_label {
        sums.by_label[book.label_named(label.as_deref())] += whole(*count);
    }
    sums.by_agent = all.by_agent.iter().map(|(agent, count)| (*agent, whole(*count))).collect();
    let before = sums.total;
    sums.total = whole(all.total);
    sums.set_without_place_unexplained(whole(all.without_place));
    (sums.beyond_edge, sums.unnamed) = (0, 0);
    sums.on_map = sums.total.saturating_sub(sums.not_shown()).max(before.min(sums.on_map));
}

//! The filter in force, and which connections pass it: each when it is new or told of anew, all of them when the filter,
//! the rules or an agent's name changed.

use std::sync::Arc;

use bevy::prelude::*;

use super::{MapSystems, cards::pick, classify::classify};
use crate::{
    components::{
        action::{FilterAction, Overlays, UiAction},
        connection::{Agents, Connection, MatchedRule},
        filtering::{ActiveFilter, FilterBox, Passes, SubjectNames},
        rule_book::RuleBook,
    },
    model::AgentId,
};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<ActiveFilter>()
        .init_resource::<FilterBox>()
        .add_systems(Update, obey.after(pick).in_set(MapSystems::Interact))
        .add_systems(Update, pass.after(classify).in_set(MapSystems::Classify));
}

pub(super) fn obey(
    mut actions: MessageReader<UiAction>,
    mut overlays: ResMut<Overlays>,
    mut filter_box: ResMut<FilterBox>,
    mut active: ResMut<ActiveFilter>,
) {
    for action in actions.read() {
        let UiAction::Filter(action) = action else {
            continue;
        };
        let text = match action {
            FilterAction::Set(text) => text.clone(),
            FilterAction::Add(condition) => filter_box.with(condition),
            FilterAction::Clear => {
                overlays.filter = false;
                String::new()
            }
            FilterAction::Save => {
                filter_box.save();
                continue;
            }
            FilterAction::Forget(text) => {
                filter_box.saved.retain(|saved| saved != text);
                continue;
            }
        };
        if let Some(filter) = filter_box.set(text) {
            active.set_if_neq(ActiveFilter(Arc::new(filter)));
        }
    }
}

pub(super) fn pass(
    active: Res<ActiveFilter>,
    book: Res<RuleBook>,
    agents: Res<Agents>,
    mut names_known: Local<Vec<(AgentId, Arc<str>)>>,
    mut connections: Query<(Ref<Connection>, Ref<MatchedRule>, &mut Passes)>,
) {
    if active.0.is_everything() && !active.is_changed() {
        return;
    }
    // Agents tell of themselves every few seconds, and hardly ever another name.
    let now = || agents.0.iter().map(|agent| (agent.agent, &agent.name));
    let renamed = agents.is_changed() && !now().eq(names_known.iter().map(|(agent, name)| (*agent, name)));
    if renamed {
        *names_known = now().map(|(agent, name)| (agent, Arc::clone(name))).collect();
    }
    let all = active.is_changed() || book.is_changed() || renamed;
    let names = SubjectNames { book: &book, agents: &agents };
    for (connection, matched, mut passes) in &mut connections {
        if all || connection.is_changed() || matched.is_changed() {
            passes.set_if_neq(Passes(active.0.matches(&names.subject(&connection.0, matched.0))));
        }
    }
}

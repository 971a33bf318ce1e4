//! Every connection finds its rule: when it is new or told of anew, and all of them when the rules were read again.

use bevy::prelude::*;

use super::MapSystems;
use crate::components::{
    connection::{Connection, MatchedRule},
    rule_book::RuleBook,
};

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, classify.in_set(MapSystems::Classify));
}

pub(super) fn classify(book: Res<RuleBook>, mut connections: Query<(Ref<Connection>, &mut MatchedRule)>) {
    let all = book.is_changed();
    for (connection, mut matched) in &mut connections {
        if all || connection.is_changed() {
            matched.set_if_neq(MatchedRule(book.rule_of(&connection.0.observation)));
        }
    }
}

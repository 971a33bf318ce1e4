//! Opens cards where somebody clicks, keeps them true while their connection lives, and closes them. What is asked from a
//! card needs threads, and is done by `services`, which reads the same messages.

use std::sync::Arc;

use bevy::prelude::*;

use super::{MapSystems, interact::step_back, sql};
use crate::components::{
    action::{CardAction, ListKind, Overlays, UiAction},
    cards::{About, Card, CardConnection, CardTools, Cards},
    connection::{Connection, MatchedRule, OpenConnections, Position, Trail},
    dots::DotRow,
    hilbert_view::HilbertView,
    inspect::{Look, Looks},
    map_clock::MapClock,
    map_view::MapView,
    second_window::SecondWindow,
    sql::SqlDesk,
    time_travel::TimeTravel,
};

/// A click finds dots within this many points.
const REACH_POINTS: f32 = 9.0;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Cards>()
        .init_resource::<CardTools>()
        .add_systems(
            Update,
            (obey, pick).chain().after(step_back).after(sql::obey).in_set(MapSystems::Interact),
        )
        .add_systems(Update, follow.in_set(MapSystems::Account));
}

pub(super) fn obey(mut actions: MessageReader<UiAction>, mut cards: ResMut<Cards>) {
    for action in actions.read() {
        let UiAction::Card(action) = action else {
            continue;
        };
        match action {
            CardAction::Open(connection) => open(&mut cards, connection.clone()),
            CardAction::LookUp => drop(cards.add(About::Typed)),
            CardAction::Close(number) => cards.close(*number),
            CardAction::ToFront(number) => cards.to_front(*number),
            CardAction::Cancel(number) => {
                if let Some(asked) = cards.get_mut(*number).and_then(|card| card.asked.as_ref()) {
                    asked.cancel();
                }
            }
            CardAction::Ask { .. } => {}
        }
    }
}

/// One that is open already comes to the front.
fn open(cards: &mut Cards, connection: CardConnection) {
    match cards.of(&connection.connection) {
        Some(number) => {
            cards.to_front(number);
            cards.raised = (number, cards.raised.1.wrapping_add(1));
        }
        None => drop(cards.add(About::Connection(connection))),
    }
}

type Dot = (&'static Connection, &'static MatchedRule, Option<&'static Position>, &'static DotRow);

/// A click on one dot opens its card; where several lie, their list.
pub(super) fn pick(
    mut actions: MessageReader<UiAction>,
    dots: Query<Dot, Without<Trail>>,
    (view, space, second): (Res<MapView>, Res<HilbertView>, Res<SecondWindow>),
    desk: Res<SqlDesk>,
    mut cards: ResMut<Cards>,
    (mut looks, mut overlays): (ResMut<Looks>, ResMut<Overlays>),
    mut revealed: Local<u64>,
) {
    // A dot of an answer lies there, and was meant.
    let is_plotted = std::mem::replace(&mut *revealed, desk.reveals) != desk.reveals;
    for action in actions.read() {
        let UiAction::PickAt { pane, px } = action else {
            continue;
        };
        if is_plotted {
            continue;
        }
        let Some(picture) = second.picture_of(*pane, (&view, &space)) else {
            continue;
        };
        let mut near = dots.iter().filter(|(connection, _, position, row)| {
            let away = || picture.points_between(*px, &connection.0, *position);
            row.0.is_some() && away().is_some_and(|away| away <= REACH_POINTS)
        });
        match (near.next(), near.next()) {
            (Some((connection, rule, ..)), None) => {
                let connection = Arc::clone(&connection.0);
                open(
                    &mut cards,
                    CardConnection { connection, rule: rule.0, is_closed: false, ended_unix_millis: None },
                );
            }
            (Some(_), Some(_)) => {
                let look = looks.add(Look { picture, px: *px });
                overlays.lists.push(ListKind::Near(look));
            }
            (None, _) => {}
        }
    }
}

/// Cards show a connection as it is now, and as it was last once it has closed.
pub(super) fn follow(
    open: Res<OpenConnections>,
    connections: Query<(&Connection, &MatchedRule), Without<Trail>>,
    (clock, travel): (Res<MapClock>, Res<TimeTravel>),
    mut cards: ResMut<Cards>,
) {
    let cards = cards.bypass_change_detection();
    for Card { about, .. } in &mut cards.open {
        let About::Connection(known) = about else {
            continue;
        };
        let entity = open.0.get(&known.connection.key);
        match entity.and_then(|entity| connections.get(*entity).ok()) {
            Some((connection, rule)) => {
                (known.is_closed, known.ended_unix_millis, known.rule) = (false, None, rule.0);
                if !Arc::ptr_eq(&known.connection, &connection.0) {
                    known.connection = Arc::clone(&connection.0);
                }
            }
            // While the map shows another time it knows nothing of this one's.
            None if known.connection.key.agent.is_recorded() == travel.is_now() || known.is_closed => {}
            None => {
                (known.is_closed, known.ended_unix_millis) = (true, Some(clock.now_unix_millis()));
            }
        }
    }
}

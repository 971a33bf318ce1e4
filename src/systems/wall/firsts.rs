//! Learns which countries and systems are known, and looks at what opens for others.

use bevy::prelude::*;

use crate::components::{
    connection::Connection,
    filtering::Passes,
    firsts::Firsts,
    map_clock::MapClock,
    time_travel::{PastLink, PastOrder, TimeTravel},
};

/// Where nothing is recorded so many milliseconds pass first: what opens then is what always does.
const LEARNING_MILLIS: i64 = 60_000;

/// Asks the recording what it knows, once. Where there is none, time does.
pub(super) fn learn(
    link: Option<Res<PastLink>>,
    clock: Res<MapClock>,
    mut firsts: ResMut<Firsts>,
    mut began: Local<Option<i64>>,
) {
    if firsts.is_taught() {
        return;
    }
    let now = clock.now_unix_millis();
    match link {
        Some(link) => {
            let firsts = firsts.bypass_change_detection();
            if firsts.wants_to_ask(now) && link.sums.try_send(PastOrder::Known).is_ok() {
                firsts.has_asked();
            }
        }
        None if now - *began.get_or_insert(now) >= LEARNING_MILLIS => firsts.teach([], []),
        None => {}
    }
}

/// What comes back from the past was seen before, and what does not pass the filter is nobody's news.
pub(super) fn see(
    travel: Res<TimeTravel>,
    clock: Res<MapClock>,
    came: Query<(&Connection, &Passes), Added<Connection>>,
    mut firsts: ResMut<Firsts>,
) {
    if travel.is_now() && !came.is_empty() {
        let firsts = firsts.bypass_change_detection();
        let passing = came.iter().filter(|(_, passes)| passes.0);
        passing.for_each(|(connection, _)| firsts.see(&connection.0, clock.now_unix_millis()));
    }
}

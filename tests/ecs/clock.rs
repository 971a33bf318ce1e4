//! The clock over months, and put back: times on the graphics card stay right, and nothing moves or fades for ever.

use connmapperl::components::{animation::FADE_MILLIS, map_clock::MapClock};

use crate::stage::{Stage, connection, place_of};

const DAY_MILLIS: i64 = 24 * 3_600_000;

#[test]
fn a_new_epoch_rewrites_every_row() {
    let mut stage = Stage::new();
    for id in 0..40 {
        stage.open(&connection(id, 443, place_of(id)));
    }
    stage.frame();
    stage.pass(20 * DAY_MILLIS);
    assert!(stage.frame().is_empty(), "32 bits hold 20 days");
    let mut late = connection(40, 443, place_of(40));
    late.opened_unix_millis = stage.now();
    stage.open(&late);
    stage.frame();
    stage.pass(5 * DAY_MILLIS);
    assert_eq!(stage.frame(), vec![0..41]);
    let clock = *stage.resource::<MapClock>();
    assert!(clock.now_epoch_millis() < 1 << 31);
    let mut born: Vec<u32> = stage.card.iter().map(|dot| dot.born_millis).collect();
    born.sort_unstable();
    assert_eq!(born.pop(), Some(clock.epoch_millis_from_unix(late.opened_unix_millis)));
    assert!(born.iter().all(|born| *born == 0), "older than the epoch is long ago");
    stage.close(3);
    let closing = stage.entity(3);
    stage.frame();
    assert_eq!(stage.dot_of(closing).unwrap().ended_millis, clock.now_epoch_millis());
    assert!(stage.frame().is_empty());
}

#[test]
fn a_clock_put_back_keeps_nothing_moving_for_an_hour() {
    let mut stage = Stage::new();
    for id in 0..2 {
        stage.open(&connection(id, 443, place_of(id)));
    }
    stage.frame();
    stage.close(0);
    stage.frame();
    stage.pass(-3_600_000);
    stage.frame();
    stage.pass(FADE_MILLIS);
    stage.frame();
    assert!(!stage.is_moving());
    assert_eq!((stage.card.len(), stage.trails().len(), stage.open_count()), (1, 0, 1));
}

#[test]
fn an_agent_whose_clock_is_ahead_keeps_nothing_moving() {
    let mut stage = Stage::new();
    let mut ahead = connection(1, 443, place_of(1));
    ahead.opened_unix_millis += DAY_MILLIS;
    stage.open(&ahead);
    stage.frame();
    assert!(stage.is_moving());
    stage.send(connmapperl::model::Located::Closed {
        key: crate::stage::key(1),
        unix_millis: stage.now() + DAY_MILLIS,
        traffic: Default::default(),
    });
    stage.frame();
    stage.pass(FADE_MILLIS);
    stage.frame();
    assert!(!stage.is_moving());
    assert!(stage.card.is_empty());
}

//! The life of one connection: it opens, is told of again, moves, closes, fades and is gone.

use bevy::prelude::*;
use connmapperl::{
    components::{
        animation::{FADE_MILLIS, PULSE_MILLIS},
        connection::{Age, Connection, MatchedRule, Position},
        dots::{DOT_BYTES, Dots},
        map_clock::MapClock,
    },
    model::{Located, NoPlace, Owner, Traffic},
};

use crate::stage::{NOON, Stage, colour, connection, key, place, place_of};

#[test]
fn an_opened_connection_has_position_rule_age_and_a_dot() {
    let mut stage = Stage::new();
    stage.open(&connection(7, 22, place(13.4, 52.5)));
    stage.frame();
    assert_eq!(stage.open_count(), 1);
    let entity = stage.app.world().entity(stage.entity(7));
    assert_eq!(entity.get::<Position>(), Some(&Position::new(52.5, 13.4)));
    assert_eq!(entity.get::<MatchedRule>(), Some(&MatchedRule(Some(1))));
    assert_eq!(entity.get::<Age>(), Some(&Age { born_unix_millis: NOON }));
    let dot = stage.dot(7).unwrap();
    assert_eq!(dot.lon_lat, [13.4, 52.5]);
    assert_eq!(colour(dot), [0, 65_535, 0, 0x8000], "green at half strength, as the graphics card gets it");
    assert_eq!(dot.born_millis, stage.resource::<MapClock>().now_epoch_millis());
    assert_eq!(dot.ended_millis, 0);
    assert_eq!(stage.card.len(), 1);
}

#[test]
fn counters_upload_nothing_and_wake_nothing() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    let (uploaded, account) = (stage.uploaded_bytes(), stage.account().clone());
    assert_eq!(uploaded, DOT_BYTES as u64);
    let counters = Traffic { sent_bytes: Some(5), received_bytes: Some(1 << 40), rtt_micros: Some(31_000) };
    stage.send(Located::Updated { key: key(1), traffic: Some(counters), owner: None });
    stage.app.world_mut().clear_trackers();
    stage.app.update();
    let entity = stage.entity(1);
    assert!(!stage.resource::<Dots>().has_dirty());
    assert!(stage.app.world().entity(entity).get_ref::<Connection>().is_some_and(|it| !it.is_changed()));
    assert_eq!(stage.app.world().get::<Connection>(entity).unwrap().0.observation.traffic, counters);
    assert!(stage.frame().is_empty());
    assert_eq!(stage.uploaded_bytes(), uploaded);
    assert_eq!(*stage.account(), account);
}

#[test]
fn a_program_found_later_is_counted_and_uploads_nothing() {
    let mut stage = Stage::new();
    let mut unnamed = connection(1, 443, place_of(1));
    let named = std::mem::replace(&mut unnamed.observation.owner, Owner::Unknown);
    stage.open(&unnamed);
    stage.frame();
    assert_eq!(stage.account().unnamed, 1);
    stage.send(Located::Updated { key: key(1), traffic: None, owner: Some(named) });
    assert!(stage.frame().is_empty());
    assert_eq!(stage.account().unnamed, 0);
}

#[test]
fn a_closed_connection_fades_and_is_gone() {
    let mut stage = Stage::new();
    for id in 0..3 {
        stage.open(&connection(id, 443, place_of(id)));
    }
    stage.frame();
    stage.pass(10_000);
    let (closing, last) = (stage.entity(0), stage.entity(2));
    stage.close(0);
    stage.frame();
    assert_eq!(stage.open_count(), 2);
    let dot = stage.dot_of(closing).unwrap();
    assert_eq!(dot.ended_millis, stage.resource::<MapClock>().now_epoch_millis());
    assert_eq!(stage.account().total, 2, "what fades is no socket any more");

    stage.pass(FADE_MILLIS - 1);
    assert!(stage.frame().is_empty(), "fading is the shader's work");
    assert!(stage.dot_of(closing).is_some() && stage.is_moving());
    stage.pass(1);
    stage.frame();
    assert!(stage.app.world().get_entity(closing).is_err());
    assert_eq!(stage.card.len(), 2);
    assert_eq!(
        stage.dot_of(last).unwrap().lon_lat,
        [-148.0, -50.0],
        "the last row moved and is still its own"
    );
    assert!(!stage.is_moving());
}

#[test]
fn a_close_told_late_fades_for_the_rest_only() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    let long_ago = stage.now();
    stage.pass(10 * FADE_MILLIS);
    stage.send(Located::Closed { key: key(1), unix_millis: long_ago, traffic: Traffic::default() });
    stage.frame();
    stage.frame();
    assert_eq!((stage.open_count(), stage.card.len(), stage.trails().len()), (0, 0, 0));
}

#[test]
fn a_connection_without_place_has_no_dot_and_goes_at_once() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, Err(NoPlace::Lan)));
    stage.frame();
    let entity = stage.entity(1);
    assert!(stage.card.is_empty() && !stage.is_moving());
    stage.close(1);
    stage.frame();
    assert!(stage.app.world().get_entity(entity).is_err());
    assert_eq!(stage.account().total, 0);
}

#[test]
fn opened_twice_is_one() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    stage.open(&connection(1, 443, place_of(1)));
    assert!(stage.frame().is_empty());
    assert_eq!((stage.open_count(), stage.card.len(), stage.account().total), (1, 1, 1));
}

#[test]
fn other_facts_on_an_open_connection_take_effect() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    stage.open(&connection(1, 22, place_of(2)));
    stage.frame();
    let dot = stage.dot(1).unwrap();
    assert_eq!(
        (dot.lon_lat, colour(dot)),
        ([-148.0, -50.0], [0, 65_535, 0, 0x8000]),
        "place and rule are the new ones"
    );
    assert_eq!(stage.card.len(), 1);
}

#[test]
fn words_about_unknown_connections_are_nothing() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    stage.close(99);
    stage.send(Located::Updated {
        key: key(99),
        traffic: Some(Traffic::default()),
        owner: Some(Owner::Unknown),
    });
    assert!(stage.frame().is_empty());
    assert_eq!((stage.open_count(), stage.trails().len()), (1, 0));
}

#[test]
fn opened_and_closed_within_a_frame_fades_like_any_other() {
    let mut stage = Stage::new();
    stage.open(&connection(1, 443, place_of(1)));
    stage.close(1);
    stage.open(&connection(2, 443, Err(NoPlace::Loopback)));
    stage.close(2);
    stage.frame();
    assert_eq!((stage.open_count(), stage.trails().len(), stage.card.len()), (0, 1, 1));
    assert_ne!(stage.card[0].ended_millis, 0);
    stage.pass(FADE_MILLIS);
    stage.frame();
    assert_eq!((stage.trails().len(), stage.card.len()), (0, 0));
}

#[test]
fn a_full_set_closes_ghosts_and_brings_no_pulse() {
    let mut stage = Stage::new();
    for id in 0..3 {
        stage.open(&connection(id, 443, place_of(id)));
    }
    stage.frame();
    stage.pass(60_000);
    stage.full_set(&[&connection(1, 443, place_of(1)), &connection(5, 22, place_of(5))]);
    stage.frame();
    assert_eq!((stage.open_count(), stage.trails().len(), stage.card.len()), (2, 2, 4));
    assert_eq!(stage.dot(5).unwrap().born_millis, 0, "it was open before the map heard of it");
    stage.pass(FADE_MILLIS);
    stage.frame();
    assert_eq!((stage.open_count(), stage.trails().len(), stage.card.len()), (2, 0, 2));
}

#[test]
fn a_connection_whose_place_is_lost_leaves_no_dot_behind() {
    let mut stage = Stage::new();
    for id in 0..2 {
        stage.open(&connection(id, 443, place_of(id)));
    }
    stage.frame();
    stage.full_set(&[&connection(0, 443, Err(NoPlace::NoEntry)), &connection(1, 443, place_of(1))]);
    stage.frame();
    assert_eq!(stage.card.len(), 1);
    assert_eq!(stage.account().without_place(NoPlace::NoEntry), 1);
    stage.full_set(&[&connection(0, 443, place_of(0)), &connection(1, 443, place_of(1))]);
    stage.frame();
    assert_eq!(stage.card.len(), 2);
    // Lost and closed before the next frame.
    stage.full_set(&[&connection(0, 443, Err(NoPlace::NoEntry)), &connection(1, 443, place_of(1))]);
    stage.close(0);
    stage.frame();
    stage.pass(FADE_MILLIS);
    stage.frame();
    assert_eq!((stage.card.len(), stage.trails().len()), (1, 0));
    assert_eq!(stage.dot(1).unwrap().lon_lat, [-149.0, -50.0]);
}

#[test]
fn the_picture_moves_until_the_last_pulse_and_fade_and_no_longer() {
    let mut stage = Stage::new();
    assert!(!stage.is_moving());
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    stage.pass(PULSE_MILLIS - 1);
    stage.frame();
    assert!(stage.is_moving());
    stage.pass(1);
    stage.frame();
    assert!(!stage.is_moving());
    stage.full_set(&[&connection(1, 443, place_of(1)), &connection(2, 443, place_of(2))]);
    stage.frame();
    assert!(!stage.is_moving(), "what was open long ago has no pulse");
    stage.close(1);
    stage.frame();
    stage.pass(FADE_MILLIS - 1);
    stage.frame();
    assert!(stage.is_moving());
    stage.pass(1);
    stage.frame();
    assert!(!stage.is_moving());
}

//! What closed connections leave on the map in each of the time-lapse styles.

use bevy::prelude::*;
use connmapperl::{
    components::{
        action::UiAction,
        animation::FADE_MILLIS,
        fleet::HiddenAgents,
        map_clock::MapClock,
        rule_book::RuleBook,
        time_travel::BackToNow,
        trails::{LapseStyle, TimeLapse, TrailInstance, Trails},
    },
    model::{AgentId, Located},
};

use crate::stage::{NOON, Stage, connection, place_of};

/// Opens and closes connections at places; those of even numbers are of one rule, the others of another.
fn visit(stage: &mut Stage, ids: impl Iterator<Item = (u64, u64)> + Clone) {
    for (id, place) in ids.clone() {
        let port = if place % 2 == 0 { 443 } else { 22 };
        stage.open(&connection(id, port, place_of(place)));
    }
    stage.frame();
    ids.for_each(|(id, _)| stage.close(id));
    stage.frame();
}

fn lapsing(style: LapseStyle) -> Stage {
    let mut stage = Stage::new();
    stage.app.world_mut().resource_mut::<TimeLapse>().style = style;
    stage
}

fn rows(stage: &Stage) -> Vec<TrailInstance> {
    stage.resource::<Trails>().rows().to_vec()
}

/// What went up to the graphics card since the last time, in rows.
fn uploaded(stage: &mut Stage) -> u64 {
    let mut trails = stage.app.world_mut().resource_mut::<Trails>();
    let before = trails.uploaded_rows;
    trails.take_dirty(&mut Vec::new());
    trails.uploaded_rows - before
}

#[test]
fn with_dots_alone_nothing_stays() {
    let mut stage = lapsing(LapseStyle::Dots);
    visit(&mut stage, (0..5).map(|n| (n, n)));
    assert!(rows(&stage).is_empty());
    stage.pass(FADE_MILLIS);
    stage.frame();
    assert!(stage.card.is_empty() && stage.resource::<Trails>().due_unix_millis.is_none());
}

#[test]
fn a_place_leaves_one_trail_with_its_last_end() {
    let mut stage = lapsing(LapseStyle::Trails);
    visit(&mut stage, [(1, 0), (2, 0), (3, 1)].into_iter());
    assert_eq!(rows(&stage).len(), 2);
    assert_eq!(uploaded(&mut stage), 2);
    stage.pass(60_000);
    visit(&mut stage, std::iter::once((4, 0)));
    let clock = *stage.resource::<MapClock>();
    let ends: Vec<u32> = rows(&stage).iter().map(|row| row.ended_millis).collect();
    assert_eq!(ends, [60_000, 0].map(|since| clock.epoch_millis_from_unix(NOON + since)));
    assert_eq!(uploaded(&mut stage), 1, "the other did not change");
    stage.pass(FADE_MILLIS);
    stage.frame();
    assert!(stage.card.is_empty(), "the dots are gone");
    assert_eq!((rows(&stage).len(), uploaded(&mut stage)), (2, 0));
}

#[test]
fn pictures_are_drawn_while_trails_fade_and_not_afterwards() {
    let mut stage = lapsing(LapseStyle::Trails);
    stage.act(UiAction::NextTrailLength);
    stage.frame();
    assert_eq!(stage.resource::<TimeLapse>().length.as_secs(), 6 * 3_600, "the next after an hour");
    stage.app.world_mut().resource_mut::<TimeLapse>().length = std::time::Duration::from_secs(60);
    visit(&mut stage, std::iter::once((1, 0)));
    let began = stage.resource::<Trails>().pictures();
    let mut pictures = 0;
    while let Some(due) = stage.resource::<Trails>().due_unix_millis {
        assert!(due > stage.now(), "never at once again");
        stage.pass(due - stage.now());
        stage.frame();
        uploaded(&mut stage);
        pictures += 1;
        assert!(pictures < 1_000);
    }
    let passed = stage.now() - NOON;
    assert!((60_000..61_000).contains(&passed), "they were looked after until they were gone: {passed}");
    assert!(pictures <= 256 + 2, "no more pictures than steps of fading: {pictures}");
    assert!(stage.resource::<Trails>().pictures() > began);
}

#[test]
fn what_is_integrated_costs_no_picture_until_something_comes() {
    let mut stage = lapsing(LapseStyle::Integrating);
    visit(&mut stage, (0..5).map(|n| (n, n)));
    uploaded(&mut stage);
    stage.pass(5_000);
    stage.frame();
    let drawn = stage.resource::<Trails>().pictures();
    for _ in 0..10 {
        stage.pass(3_600_000);
        stage.frame();
    }
    assert_eq!(stage.resource::<Trails>().pictures(), drawn);
    assert!(stage.resource::<Trails>().due_unix_millis.is_none());
}

#[test]
fn the_key_goes_round_and_dots_alone_forget() {
    let mut stage = lapsing(LapseStyle::Trails);
    visit(&mut stage, (0..3).map(|n| (n, n)));
    stage.act(UiAction::NextLapseStyle);
    stage.frame();
    assert_eq!((stage.resource::<TimeLapse>().style, rows(&stage).len()), (LapseStyle::Integrating, 3));
    stage.act(UiAction::NextLapseStyle);
    stage.frame();
    assert_eq!((stage.resource::<TimeLapse>().style, rows(&stage).len()), (LapseStyle::Dots, 0));
}

#[test]
fn what_is_hidden_leaves_no_visible_trail() {
    let mut stage = lapsing(LapseStyle::Integrating);
    visit(&mut stage, (0..4).map(|n| (n, n)));
    let visible = |stage: &Stage| rows(stage).iter().filter(|row| row.rgba[3] > 0).count();
    assert_eq!(visible(&stage), 4);
    stage.app.world_mut().resource_mut::<RuleBook>().toggle_hidden(0);
    stage.frame();
    assert_eq!(visible(&stage), 2);
    stage.app.world_mut().resource_mut::<HiddenAgents>().toggle(AgentId::THIS_MACHINE);
    stage.frame();
    assert_eq!(visible(&stage), 0);
    stage.app.world_mut().resource_mut::<HiddenAgents>().toggle(AgentId::THIS_MACHINE);
    stage.app.world_mut().resource_mut::<RuleBook>().toggle_hidden(0);
    stage.frame();
    assert_eq!(visible(&stage), 4, "and comes back");
}

#[test]
fn another_time_has_its_own_trails() {
    let mut stage = lapsing(LapseStyle::Trails);
    visit(&mut stage, (0..3).map(|n| (n, n)));
    let mut travel = stage.app.world_mut().resource_mut::<connmapperl::components::time_travel::TimeTravel>();
    travel.shown = connmapperl::components::time_travel::Shown::Moment;
    *stage.app.world_mut().resource_mut::<BackToNow>() = BackToNow { is_wanted: false, is_asked: true };
    stage.send(Located::FullSet(Vec::new()));
    stage.frame();
    assert!(rows(&stage).is_empty());
}

#[test]
fn a_new_epoch_moves_the_trails_too() {
    let mut stage = lapsing(LapseStyle::Integrating);
    stage.pass(20 * 86_400_000);
    stage.frame();
    let mut late = connection(1, 443, place_of(1));
    late.opened_unix_millis = stage.now();
    stage.open(&late);
    stage.frame();
    stage.close(1);
    stage.frame();
    let ended = stage.now();
    stage.pass(5 * 86_400_000);
    stage.frame();
    let clock = *stage.resource::<MapClock>();
    assert_eq!(rows(&stage)[0].ended_millis, clock.epoch_millis_from_unix(ended));
    assert!(rows(&stage)[0].ended_millis > 0);
}

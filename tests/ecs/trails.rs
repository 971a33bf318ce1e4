//! What closed connections leave on the map in each of the time-lapse styles.

use bevy::prelude::*;
use connmapperl::{
    components::{
        action::UiAction,
        animation::{Animation, FADE_MILLIS},
        fleet::HiddenAgents,
        map_clock::MapClock,
        palette::Palette,
        rule_book::RuleBook,
        time_travel::{BackToNow, TimeTravel},
        trails::{LapseStyle, TRAIL_BYTES, TimeLapse, TrailInstance, Trails},
    },
    model::{AgentId, Located, Traffic},
};

use crate::stage::{NOON, Stage, connection, key, place, place_of, rules};

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
    // The test moves the clock on, so it does not rest.
    stage.app.world_mut().resource_mut::<TimeTravel>().is_playing = true;
    stage
}

fn rows(stage: &Stage) -> Vec<TrailInstance> {
    stage.resource::<Trails>().rows().to_vec()
}

/// What went up to the graphics card since the last time, in rows.
fn uploaded(stage: &mut Stage) -> u64 {
    let mut trails = stage.app.world_mut().resource_mut::<Trails>();
    let before = trails.uploaded_bytes;
    trails.take_dirty(&mut Vec::new());
    (trails.uploaded_bytes - before) / TRAIL_BYTES as u64
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
    let visible = |stage: &Stage| rows(stage).iter().filter(|row| row.rgba[3] >> 8 > 0).count();
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
    let mut travel = stage.app.world_mut().resource_mut::<TimeTravel>();
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

/// 255 for one, in linear light.
fn hues(stage: &Stage) -> Vec<[u8; 3]> {
    let hue = |row: &TrailInstance| [0, 1, 2].map(|channel| (row.rgba[channel] >> 8) as u8);
    rows(stage).iter().map(hue).collect()
}

fn places(stage: &Stage) -> Vec<[f32; 2]> {
    rows(stage).iter().map(|row| row.lon_lat).collect()
}

#[test]
fn what_moved_on_leaves_its_old_place() {
    let mut stage = lapsing(LapseStyle::Trails);
    stage.open(&connection(1, 443, place(10.0, 20.0)));
    stage.frame();
    stage.open(&connection(1, 443, place(30.0, 20.0)));
    stage.frame();
    assert_eq!(places(&stage), [[10.0, 20.0]]);
    // Moved and closed between two frames.
    stage.open(&connection(1, 443, place(50.0, 20.0)));
    stage.close(1);
    stage.frame();
    assert_eq!(places(&stage), [[10.0, 20.0], [30.0, 20.0], [50.0, 20.0]]);
}

#[test]
fn with_motion_reduced_trails_are_left_all_the_same() {
    let mut stage = lapsing(LapseStyle::Trails);
    stage.app.world_mut().resource_mut::<Animation>().reduced = true;
    visit(&mut stage, (0..8).map(|n| (n, n)));
    // There and gone between two frames.
    stage.open(&connection(20, 443, place_of(20)));
    stage.close(20);
    stage.frame();
    assert_eq!((stage.card.len(), rows(&stage).len()), (0, 9));
}

#[test]
fn a_close_told_late_leaves_a_trail_as_old_as_it_is() {
    let mut stage = lapsing(LapseStyle::Trails);
    stage.open(&connection(1, 443, place_of(1)));
    stage.frame();
    stage.pass(600_000);
    let unix_millis = stage.now() - 300_000;
    stage.send(Located::Closed { key: key(1), unix_millis, traffic: Traffic::default() });
    stage.frame();
    let ends: Vec<u32> = rows(&stage).iter().map(|row| row.ended_millis).collect();
    assert_eq!(ends, [stage.resource::<MapClock>().epoch_millis_from_unix(unix_millis)]);
}

#[test]
fn trails_follow_their_rule_by_its_name() {
    let mut stage = lapsing(LapseStyle::Integrating);
    visit(&mut stage, (0..2).map(|n| (n, n)));
    assert_eq!(hues(&stage), [[255, 0, 0], [0, 255, 0]]);
    let mut book = stage.app.world_mut().resource_mut::<RuleBook>();
    // Another label comes first, Web is blue from now on, and nobody knows SSH any more.
    book.replace(rules("Mail,peer,25,1,1,0,1,1\nWeb,peer,443,0,0,1,1,1\n"), "a test".to_owned());
    stage.frame();
    assert_eq!(hues(&stage), [[0, 0, 255], [0, 255, 0]]);
    stage.act(UiAction::ToggleLabelDots { label: 1 });
    stage.frame();
    assert_eq!(rows(&stage).iter().map(|row| row.rgba[3] >> 8 > 0).collect::<Vec<_>>(), [false, true]);
    stage.act(UiAction::ToggleLabelDots { label: 1 });
    stage.act(UiAction::TogglePalette);
    stage.frame();
    assert_eq!(*stage.resource::<Palette>(), Palette::ColourBlindSafe);
    assert_ne!(hues(&stage)[0], [0, 0, 255]);
}

#[test]
fn two_colours_of_one_label_are_two_trails() {
    let mut stage = lapsing(LapseStyle::Integrating);
    for (id, port) in [(1, 443), (2, 80), (3, 443)] {
        stage.open(&connection(id, port, place_of(0)));
        stage.frame();
        stage.close(id);
        stage.frame();
    }
    assert_eq!(hues(&stage), [[255, 0, 0], [0, 0, 255]]);
}

#[test]
fn many_connections_at_one_place_are_one_brighter_trail() {
    let mut stage = lapsing(LapseStyle::Integrating);
    for id in 0..50 {
        visit(&mut stage, std::iter::once((id, 0)));
        stage.pass(3 * 3_600_000);
    }
    visit(&mut stage, std::iter::once((50, 2)));
    let exposures: Vec<u16> = rows(&stage).iter().map(|row| row.rgba[3] & 0xff).collect();
    assert!(exposures.len() == 2 && (100..200).contains(&exposures[0]), "{exposures:?}");
    assert_eq!(exposures[1], 0);
}

#[test]
fn churn_is_drawn_together_and_what_is_hidden_goes_at_once() {
    let mut stage = lapsing(LapseStyle::Integrating);
    stage.app.world_mut().resource_mut::<Animation>().on_software = true;
    visit(&mut stage, std::iter::once((1_000, 1_001)));
    stage.pass(2_000);
    stage.frame();
    let pictures = |stage: &Stage| stage.resource::<Trails>().pictures();
    let before = pictures(&stage);
    // Ten seconds, ten frames a second, with something new in each.
    for id in 0..101 {
        visit(&mut stage, std::iter::once((id, id)));
        stage.pass(100);
        stage.frame();
    }
    let drawn = pictures(&stage) - before;
    assert!((8..=11).contains(&drawn), "{drawn} in ten seconds");
    visit(&mut stage, std::iter::once((500, 500)));
    let before = pictures(&stage);
    stage.pass(10);
    stage.frame();
    assert_eq!(pictures(&stage), before, "what is new waits");
    stage.act(UiAction::ToggleLabelDots { label: 1 });
    stage.frame();
    assert_eq!(pictures(&stage), before + 1);
    stage.act(UiAction::ToggleLabelText { label: 1 });
    stage.pass(5_000);
    stage.frame();
    assert_eq!(pictures(&stage), before + 1, "texts are no trails");
}

//! A wall goes through its scene: what it shows, when, and what becomes of the map.

use std::time::Duration;

use bevy::{prelude::*, time::Real};
use connmapperl::{
    components::{
        action::{FilterAction, UiAction},
        firsts::Firsts,
        hilbert_view::HilbertView,
        history_circles::HistoryCircles,
        map_view::MapView,
        notices::{Notices, Severity},
        top_lists::TopLists,
        trails::{LapseStyle, TimeLapse, Trails},
        wall::Wall,
    },
    wall::Scene,
};

use crate::stage::{Stage, connection, place};

const TWO: &str = "[[view]]\nsecs = 60\ntrails = 'fading'\nparts = ['top']\n\
                   [[view]]\nshow = 'hilbert'\nsecs = 30\nparts = ['circles']\n";

fn wall(scene: &str) -> Stage {
    let mut stage = Stage::new();
    stage.app.insert_resource(Time::<Real>::default());
    stage.app.insert_resource(Wall::new(Scene::parse(scene).unwrap()));
    later(&mut stage, 0);
    stage
}

fn later(stage: &mut Stage, millis: u64) {
    stage.app.world_mut().resource_mut::<Time<Real>>().advance_by(Duration::from_millis(millis));
    stage.frame();
}

#[test]
fn views_follow_one_another_and_each_is_shown_as_its_scene_says() {
    let mut stage = wall(TWO);
    assert_eq!(stage.resource::<TimeLapse>().style, LapseStyle::Trails);
    assert!(!stage.resource::<HilbertView>().is_shown && !stage.resource::<HistoryCircles>().shown);
    for _ in 0..60 {
        later(&mut stage, 1_000);
    }
    assert!(stage.resource::<Wall>().is_changing() && !stage.resource::<HilbertView>().is_shown);
    later(&mut stage, 500);
    assert!(stage.resource::<HilbertView>().is_shown && stage.resource::<HistoryCircles>().shown);
    assert_eq!(stage.resource::<TimeLapse>().style, LapseStyle::Dots);
    for _ in 0..32 {
        later(&mut stage, 1_000);
    }
    assert!(!stage.resource::<HilbertView>().is_shown);
}

#[test]
fn trails_go_with_the_view_that_had_them() {
    let mut stage = wall(TWO);
    stage.open(&connection(1, 443, place(8.0, 47.0)));
    stage.frame();
    stage.close(1);
    stage.frame();
    assert_eq!(stage.resource::<Trails>().rows().len(), 1);
    for _ in 0..62 {
        later(&mut stage, 1_000);
    }
    assert_eq!(stage.resource::<Trails>().rows().len(), 0);
}

#[test]
fn nobody_closes_a_wall_with_escape() {
    let mut stage = wall(TWO);
    stage.act(UiAction::Back);
    stage.frame();
    assert!(stage.app.should_exit().is_none());
    let mut stage = Stage::new();
    stage.act(UiAction::Back);
    stage.frame();
    assert!(stage.app.should_exit().is_some(), "but a window");
}

#[test]
fn the_map_glides_to_where_the_connections_are_and_back_with_the_next_view() {
    let mut stage = wall("[[view]]\nsecs = 60\nzoom = 'activity'\n[[view]]\nsecs = 60\n");
    later(&mut stage, 1_000);
    assert!(stage.resource::<MapView>().is_home(), "there are none yet");
    for id in 0..20 {
        stage.open(&connection(id, 443, place(8.0 + id as f32 * 0.2, 47.0)));
    }
    stage.frame();
    later(&mut stage, 100);
    assert!(stage.resource::<Wall>().is_changing());
    later(&mut stage, 2_000);
    let map = stage.resource::<MapView>();
    assert!(map.zoom > 3.0 && !stage.resource::<Wall>().is_changing(), "{map:?}");
    later(&mut stage, 60_000);
    later(&mut stage, 1_000);
    assert!(stage.resource::<MapView>().is_home());
}

#[test]
fn lists_count_what_is_open_and_are_made_for_nobody_else() {
    let mut stage = wall(TWO);
    for id in 0..5 {
        stage.open(&connection(id, 443, place(8.0, 47.0)));
    }
    stage.frame();
    later(&mut stage, 4_000);
    let lists = stage.resource::<TopLists>().clone();
    assert_eq!(lists.programs.first().map(|(_, count)| *count), Some(5), "{lists:?}");
    // What changes soon after is counted later, and there is a frame for it though nothing else moves.
    let until_next = |stage: &Stage, millis| {
        stage.resource::<Wall>().until_next(Duration::from_millis(millis), 0).unwrap()
    };
    assert!(until_next(&stage, 4_000) > Duration::from_secs(50));
    later(&mut stage, 100);
    stage.close(0);
    later(&mut stage, 100);
    assert_eq!(stage.resource::<TopLists>(), &lists);
    let due = until_next(&stage, 4_200);
    assert!((2_000..=3_000).contains(&due.as_millis()), "{due:?}");
    later(&mut stage, 3_000);
    assert_eq!(stage.resource::<TopLists>().programs.first().map(|(_, count)| *count), Some(4));
    let mut bare = wall("[[view]]\nsecs = 60\n");
    bare.open(&connection(1, 443, place(8.0, 47.0)));
    bare.frame();
    later(&mut bare, 4_000);
    assert_eq!(*bare.resource::<TopLists>(), TopLists::default());
}

#[test]
fn notices_go_by_themselves_but_for_errors() {
    let mut stage = wall(TWO);
    let mut notices = stage.app.world_mut().resource_mut::<Notices>();
    notices.say(Severity::Warning, "An agent", vec!["is gone".to_owned()]);
    notices.say(Severity::Error, "A disk", vec!["is full".to_owned()]);
    later(&mut stage, 1_000);
    later(&mut stage, 60_000);
    assert_eq!(stage.resource::<Notices>().0.len(), 2);
    later(&mut stage, 61_000);
    let left: Vec<_> = stage.resource::<Notices>().0.iter().map(|notice| notice.topic.as_str()).collect();
    assert_eq!(left, ["A disk"]);
}

#[test]
fn what_was_never_seen_before_is_news_once() {
    let mut stage = wall(TWO);
    stage.open(&connection(1, 443, place(8.0, 47.0)));
    stage.frame();
    assert_eq!(stage.resource::<Firsts>().news().count(), 0, "it learns first");
    stage.app.world_mut().resource_mut::<Firsts>().teach([], [1]);
    let mut other = connection(2, 443, place(8.0, 47.0));
    other.asn = Some(connmapperl::model::Asn { number: 64_500, organisation: "Example".into() });
    stage.open(&other);
    stage.frame();
    let news: Vec<_> = stage.resource::<Firsts>().news().map(|first| first.what.to_string()).collect();
    assert_eq!(news, ["AS64500 Example"]);
    let mut unwanted = connection(4, 443, place(8.0, 47.0));
    unwanted.asn = Some(connmapperl::model::Asn { number: 64_501, organisation: "Other".into() });
    stage.act(UiAction::Filter(FilterAction::Set("asn:64500".to_owned())));
    stage.open(&unwanted);
    stage.frame();
    assert_eq!(stage.resource::<Firsts>().news().count(), 1, "it does not pass the filter");
    let again = connmapperl::model::LocatedConnection { key: crate::stage::key(3), ..other };
    stage.open(&again);
    stage.frame();
    assert_eq!(stage.resource::<Firsts>().news().count(), 1);
}

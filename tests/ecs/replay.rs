//! The past on the map: played, stepped through, scrubbed and shown in stretches; and the way back to now.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicI64, Ordering},
};

use bevy::prelude::*;
use connmapperl::{
    components::{
        account::Account,
        action::{FilterAction, Pane, UiAction},
        connection::{Agents, OpenConnections},
        history_circles::HistoryCircles,
        inspect::Looks,
        map_clock::MapClock,
        map_view::MapView,
        marks::{LayerName, Marks},
        notices::Notices,
        rule_book::RuleBook,
        time_travel::{
            BackToNow, Edge, Edges, PastOrder, ReplayAtStart, Shown, Span, TimeAction, TimeTravel, Timeline,
        },
    },
    model::Located,
    systems::services::past::Reader,
};
use rusqlite::Connection as Database;

use crate::{
    past::{HOUR, Past, Row, SECOND, THREE, begin, open_at, reader},
    stage::{Stage, connection, place_of},
};

#[test]
fn the_past_plays_at_its_speed_and_rests_at_its_end() {
    let mut past = Past::new(&THREE);
    past.act(TimeAction::ToggleSkipIdle);
    past.show(0);
    assert_eq!((past.shown(), past.travel().shown), (BTreeSet::from([0]), Shown::Moment));
    let clock = past.stage.resource::<MapClock>();
    assert!(clock.is_held() && clock.now_unix_millis() == begin());
    past.stage.app.world_mut().resource_mut::<TimeTravel>().speed = 10;
    past.act(TimeAction::PlayOrPause);
    past.frame_after(0);
    let mut passed = 0;
    while passed < 70 * SECOND {
        past.frame_after(100);
        // What a frame asks for is shown by the next.
        let at = past.travel().at_ms - begin();
        assert_eq!(at, passed.min(HOUR + 3 * SECOND));
        assert_eq!(past.shown(), open_at(&THREE, at), "at {at}");
        passed += 10 * 100;
    }
    past.stage.app.world_mut().resource_mut::<TimeTravel>().speed = 100_000;
    (0..3).for_each(|_| past.frame_after(100));
    assert_eq!((past.travel().at_ms, past.travel().is_playing), (begin() + HOUR + 3 * SECOND, false));
    assert!(past.shown().is_empty());
}

#[test]
fn without_a_choice_the_end_of_the_recording_is_played() {
    let mut past = Past::new(&[(0, Some(SECOND)), (30 * HOUR, Some(30 * HOUR + SECOND))]);
    past.act(TimeAction::ToggleSkipIdle);
    past.act(TimeAction::PlayOrPause);
    past.settle();
    assert_eq!(past.travel().at_ms, begin() + 6 * HOUR + 2 * SECOND, "the last day of it, whenever that was");
    assert!(past.travel().is_playing);
}

#[test]
fn a_wall_begins_with_the_past() {
    let mut past = Past::new(&THREE);
    let span = Span { from_ms: begin() + SECOND, to_ms: begin() + HOUR };
    let edges = Edges { from: Edge::At(span.from_ms), to: Edge::At(span.to_ms) };
    past.stage.app.insert_resource(ReplayAtStart { edges, speed: 600, loops: true, secs: None });
    // The stage has begun already; the window's program has this before its first frame.
    past.stage.app.world_mut().run_schedule(Startup);
    past.settle();
    let travel = past.travel();
    assert_eq!((travel.at_ms, travel.speed, travel.range), (span.from_ms, 600, Some(span)));
    assert!(travel.is_playing && travel.loops);
    assert_eq!(past.shown(), BTreeSet::from([0]));
}

#[test]
fn a_wall_that_plays_the_last_seconds_plays_those_of_each_turn() {
    static NOW: AtomicI64 = AtomicI64::new(0);
    let mut past = Past::new(&THREE);
    let path = past.folder.path().join("history.sqlite");
    past.reader = Reader::new(path).with_clock(|| NOW.load(Ordering::Relaxed));
    NOW.store(begin() + 8 * SECOND, Ordering::Relaxed);
    let edges = Edges { from: Edge::Ago(7 * SECOND), to: Edge::Ago(0) };
    past.stage.app.insert_resource(ReplayAtStart { edges, speed: 100, loops: true, secs: None });
    past.stage.app.world_mut().run_schedule(Startup);
    past.settle();
    let span = |from, to| Some(Span { from_ms: begin() + from * SECOND, to_ms: begin() + to * SECOND });
    assert_eq!((past.travel().range, past.travel().at_ms), (span(1, 8), begin() + SECOND));
    NOW.store(begin() + 12 * SECOND, Ordering::Relaxed);
    // To its end at a hundred times the speed, and more than once.
    (0..30).for_each(|_| past.frame_after(10));
    assert_eq!((past.travel().range, past.travel().is_playing), (span(5, 12), true));
    // A stretch of one's own is the same each time.
    past.act(TimeAction::Select(Span { from_ms: begin(), to_ms: begin() + SECOND }));
    past.settle();
    past.act(TimeAction::PlayOrPause);
    (0..10).for_each(|_| past.frame_after(10));
    assert_eq!(past.travel().range, span(0, 1));
}

#[test]
fn idle_time_is_passed_over() {
    let mut past = Past::new(&THREE);
    past.show(11 * SECOND);
    past.stage.app.world_mut().resource_mut::<TimeTravel>().speed = 1;
    past.act(TimeAction::PlayOrPause);
    for _ in 0..12 {
        past.frame_after(50);
    }
    assert!(past.travel().at_ms >= begin() + HOUR, "an hour took half a second");
    assert_eq!(past.shown(), BTreeSet::from([HOUR]));
}

#[test]
fn a_loop_begins_again() {
    let mut past = Past::new(&THREE);
    past.act(TimeAction::ToggleLoop);
    past.show(HOUR + SECOND);
    past.stage.app.world_mut().resource_mut::<TimeTravel>().speed = 600;
    past.act(TimeAction::PlayOrPause);
    let mut seen = Vec::new();
    for _ in 0..40 {
        past.frame_after(10);
        seen.push(past.travel().at_ms - begin());
    }
    assert!(past.travel().is_playing);
    assert!(seen.windows(2).any(|two| two[1] < two[0] && two[1] < 10 * SECOND), "{seen:?}");
}

#[test]
fn steps_go_from_event_to_event_and_back() {
    let mut past = Past::new(&THREE);
    past.show(0);
    let mut stops = Vec::new();
    for _ in 0..5 {
        past.act(TimeAction::StepForward);
        past.settle();
        stops.push(past.travel().at_ms - begin());
    }
    assert_eq!(stops, [4 * SECOND, 6 * SECOND, 10 * SECOND, HOUR, HOUR + 2 * SECOND]);
    assert!(past.shown().is_empty());
    past.act(TimeAction::StepBack);
    past.settle();
    assert_eq!(past.shown(), BTreeSet::from([HOUR]));
    past.act(TimeAction::StepBack);
    past.settle();
    assert_eq!(past.shown(), BTreeSet::from([0, 4 * SECOND]), "the moment at which something opened before");
}

#[test]
fn another_moment_is_there_at_once() {
    let mut past = Past::new(&THREE);
    past.stage.full_set(&[&connection(1, 443, place_of(1))]);
    past.stage.frame();
    past.show(5 * SECOND);
    assert_eq!(past.shown(), BTreeSet::from([0, 4 * SECOND]));
    assert!(past.stage.trails().is_empty(), "nothing fades: it was another time");
    assert!(!past.stage.is_moving(), "and nothing opened just now");
    assert_eq!(past.stage.card.len(), 2, "one dot each");
    past.show(HOUR + SECOND);
    assert_eq!((past.shown(), past.stage.trails().len()), (BTreeSet::from([HOUR]), 0));
    let names: Vec<_> = past.stage.resource::<Agents>().0.iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, ["here", "router"]);
}

#[test]
fn a_scrub_that_is_faster_than_the_disk_shows_its_last_moment() {
    let mut past = Past::new(&THREE);
    for at in [1, 2, 3, HOUR + SECOND] {
        past.act(TimeAction::Scrub { at_ms: begin() + at });
        past.stage.frame();
    }
    assert_eq!(past.orders.len(), 1, "one order is on its way, however many were wanted");
    past.settle();
    assert_eq!((past.shown(), past.orders.len()), (BTreeSet::from([HOUR]), 0));
}

/// Connections that last an hour each, ten minutes apart.
fn many() -> Vec<Row> {
    (0..100).map(|n| (n * HOUR / 6, Some(n * HOUR / 6 + HOUR))).collect()
}

fn of_span(rows: &[Row], span: Span) -> BTreeSet<i64> {
    let (from, to) = (span.from_ms - begin(), span.to_ms - begin());
    let is_in = |(opened, closed): &&Row| *opened <= to && closed.is_none_or(|closed| closed > from);
    rows.iter().filter(is_in).map(|(opened, _)| *opened).collect()
}

#[test]
fn a_stretch_shows_all_that_was_open_in_it_and_is_what_plays() {
    let rows = many();
    let mut past = Past::new(&rows);
    let span = Span { from_ms: begin() + 3 * HOUR + 1, to_ms: begin() + 5 * HOUR };
    past.act(TimeAction::Select(span));
    past.settle();
    let expected = of_span(&rows, span);
    assert_eq!((past.shown(), past.travel().shown), (expected.clone(), Shown::Span(span)));
    let account = past.stage.resource::<Account>();
    assert_eq!((account.total, account.by_label.iter().sum()), (expected.len(), expected.len()));
    past.stage.app.world_mut().resource_mut::<TimeTravel>().speed = 100_000;
    past.act(TimeAction::PlayOrPause);
    past.frame_after(0);
    assert_eq!(past.orders.len(), 0);
    (0..4).for_each(|_| past.frame_after(250));
    assert_eq!(
        (past.travel().at_ms, past.travel().is_playing),
        (span.to_ms, false),
        "to its end and no further"
    );
}

#[test]
fn a_stretch_with_too_much_in_it_is_summed() {
    let rows = many();
    let mut past = Past::new(&rows);
    past.reader = reader(&past.folder.path().join("history.sqlite")).showing_at_most(10);
    let span = Span { from_ms: begin(), to_ms: begin() + 12 * HOUR };
    past.act(TimeAction::Select(span));
    past.settle();
    let expected = of_span(&rows, span);
    let newest: BTreeSet<i64> = expected.iter().rev().take(10).copied().collect();
    assert_eq!(past.shown(), newest);
    let account = past.stage.account().clone();
    assert_eq!(account.total, expected.len());
    let web = expected.iter().filter(|opened| *opened / (HOUR / 6) % 2 == 0).count();
    assert_eq!(account.by_label, [web, expected.len() - web, 0]);
    assert_eq!(account.total, account.on_map + account.not_shown());
    let places =
        |past: &Past| past.stage.resource::<Marks>().layer(LayerName::Span).map_or(0, |it| it.points().len());
    assert_eq!(places(&past), expected.len(), "every place is lit");
    past.stage.app.world_mut().resource_mut::<RuleBook>().toggle_hidden(0);
    past.settle();
    assert_eq!(places(&past), expected.len() - web, "but those of a hidden rule");
    past.show(0);
    assert_eq!((places(&past), past.stage.account().total), (0, 1), "and none of it stays");
}

fn filter(past: &mut Past, text: &str) {
    past.stage.act(UiAction::Filter(FilterAction::Set(text.to_owned())));
    past.settle();
}

#[test]
fn a_filter_leaves_its_part_of_moments_stretches_and_the_timeline() {
    let mut past = Past::new(&THREE);
    past.act(TimeAction::ToggleTimeline);
    filter(&mut past, "client:router");
    let opened = |past: &Past| {
        let density = past.stage.resource::<Timeline>().density.clone().unwrap();
        density.opened.iter().flatten().sum::<u32>()
    };
    assert_eq!(opened(&past), 1);
    past.show(5 * SECOND);
    let account = |past: &Past| (past.stage.account().total, past.stage.account().filtered_out);
    assert_eq!((past.shown().len(), account(&past)), (2, (1, 1)));
    past.act(TimeAction::Select(Span { from_ms: begin(), to_ms: begin() + HOUR }));
    past.settle();
    assert_eq!((past.shown(), account(&past)), (BTreeSet::from([4 * SECOND]), (1, 0)));
    filter(&mut past, "rule:web");
    assert_eq!((past.shown(), account(&past)), (BTreeSet::from([0, HOUR]), (2, 0)), "asked anew");
    assert_eq!(opened(&past), 2);
    filter(&mut past, "");
    assert_eq!((past.shown().len(), opened(&past)), (3, 3));
}

#[test]
fn a_stretch_that_is_on_its_way_comes_as_the_filter_is_then() {
    let mut past = Past::new(&THREE);
    let whole = Span { from_ms: begin(), to_ms: begin() + HOUR };
    past.show(5 * SECOND);
    past.act(TimeAction::Select(whole));
    past.stage.frame();
    assert_eq!(past.orders.len(), 1, "it is on its way");
    filter(&mut past, "port:22");
    assert_eq!((past.shown(), past.travel().shown), (BTreeSet::from([4 * SECOND]), Shown::Span(whole)));
    // Another one is on its way while this one is shown.
    let half = Span { from_ms: begin(), to_ms: begin() + 5 * SECOND };
    past.act(TimeAction::Select(half));
    past.stage.frame();
    filter(&mut past, "port:443");
    assert_eq!((past.shown(), past.travel().shown), (BTreeSet::from([0]), Shown::Span(half)));
    // Who goes back to now is not held up.
    past.act(TimeAction::GoLive);
    past.stage.act(UiAction::Filter(FilterAction::Clear));
    past.settle();
    assert!(past.stage.resource::<BackToNow>().is_wanted);
}

#[test]
fn sums_of_a_stretch_are_of_what_the_filter_leaves() {
    let rows: Vec<Row> = (0..40).map(|n| (n * SECOND, Some(n * SECOND + 500))).collect();
    let mut past = Past::new(&rows);
    past.reader = reader(&past.folder.path().join("history.sqlite")).showing_at_most(5);
    filter(&mut past, "port:22");
    past.act(TimeAction::Select(Span { from_ms: begin(), to_ms: begin() + HOUR }));
    past.settle();
    let account = past.stage.account();
    assert_eq!((account.total, &account.by_label[..]), (20, &[0, 20, 0][..]));
    assert_eq!(past.shown().len(), 5, "the newest one by one");
}

#[test]
fn circles_under_a_filter_are_of_the_recording_and_go_on() {
    let mut past = Past::new(&THREE);
    past.stage.open(&connection(1, 443, place_of(1)));
    past.stage.open(&connection(2, 22, place_of(2)));
    past.stage.act(UiAction::ToggleHistory);
    past.settle();
    let shown = |past: &Past| past.stage.resource::<HistoryCircles>().shown_tally().connections();
    assert_eq!(shown(&past), 2, "of this session");
    filter(&mut past, "port:443");
    assert_eq!(shown(&past), 2, "both that were recorded");
    past.stage.open(&connection(3, 443, place_of(3)));
    past.stage.open(&connection(4, 22, place_of(4)));
    past.settle();
    assert_eq!(shown(&past), 3);
    // Changes are drawn together, now and then.
    past.stage.pass(10 * SECOND);
    past.settle();
    let circles = past.stage.resource::<Marks>().layer(LayerName::History).map_or(0, |it| it.points().len());
    assert_eq!(circles, 3);
    filter(&mut past, "");
    assert_eq!(shown(&past), 4, "all of this session again");
}

#[test]
fn a_look_at_a_place_brings_what_was_recorded_there() {
    let mut past = Past::new(&THREE);
    let recorded = |past: &Past| -> Vec<i64> {
        let looks = past.stage.resource::<Looks>();
        looks.recorded(0).iter().map(|it| it.opened_unix_millis - begin()).collect()
    };
    // The first place is where the equator meets Greenwich, the others lie a degree or two beside it.
    let px = past.stage.resource::<MapView>().px_from_lon_lat(0.0, 0.0).px;
    past.stage.act(UiAction::LookAt { pane: Pane::Main, px });
    past.settle();
    assert_eq!(recorded(&past), [HOUR, 4 * SECOND, 0], "newest first");
    filter(&mut past, "port:22");
    assert_eq!(recorded(&past), [4 * SECOND], "asked anew");
    past.show(0);
    past.stage.act(UiAction::LookAt { pane: Pane::Main, px });
    past.settle();
    assert!(past.stage.resource::<Looks>().recorded(1).is_empty(), "it is all from there");
}

#[test]
fn what_happens_meanwhile_is_counted_and_now_comes_back_whole() {
    let mut past = Past::new(&THREE);
    past.show(5 * SECOND);
    let counted = |past: &Past| past.stage.resource::<HistoryCircles>().tally().connections();
    assert_eq!(counted(&past), 0, "what is replayed was counted when it happened");
    past.stage.open(&connection(1, 443, place_of(1)));
    past.stage.open(&connection(2, 443, place_of(2)));
    past.stage.close(2);
    past.frame_after(0);
    assert_eq!((past.shown(), counted(&past)), (BTreeSet::from([0, 4 * SECOND]), 2));
    past.act(TimeAction::GoLive);
    past.frame_after(0);
    assert!(past.stage.resource::<BackToNow>().is_wanted);
    assert_eq!(past.shown().len(), 2, "the past stays until now is there");
    // As the services do when the enriching thread has been asked.
    *past.stage.app.world_mut().resource_mut::<BackToNow>() = BackToNow { is_wanted: false, is_asked: true };
    past.stage.full_set(&[&connection(1, 443, place_of(1)), &connection(3, 22, place_of(3))]);
    past.stage.open(&connection(4, 22, place_of(4)));
    past.frame_after(0);
    assert_eq!((past.travel().shown, past.stage.open_count(), past.stage.trails().len()), (Shown::Now, 3, 0));
    assert!(!past.stage.resource::<MapClock>().is_held());
    assert_eq!(counted(&past), 4, "each of them once");
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut past = Past::new(&THREE);
    past.stage.full_set(&[&connection(1, 443, place_of(1))]);
    past.act(TimeAction::Scrub { at_ms: begin() });
    past.stage.frame();
    past.act(TimeAction::GoLive);
    past.settle();
    assert_eq!((past.travel().shown, past.stage.open_count()), (Shown::Now, 1));
}

#[test]
fn a_history_that_cannot_be_read_is_told_and_now_stays() {
    let mut past = Past::new(&THREE);
    past.stage.full_set(&[&connection(1, 443, place_of(1))]);
    std::fs::write(
        past.folder.path().join("history.sqlite"),
        "no database at all, but long enough to be looked at",
    )
    .unwrap();
    past.act(TimeAction::PlayOrPause);
    past.settle();
    let said = format!("{:?}", past.stage.resource::<Notices>());
    assert!(said.contains("history.sqlite"), "{said}");
    assert!(past.travel().is_now() && !past.travel().is_playing);
    assert_eq!(past.stage.resource::<OpenConnections>().0.len(), 1);
}

#[test]
fn a_timeline_that_cannot_be_read_is_told_and_the_map_goes_on() {
    let mut past = Past::new(&THREE);
    past.show(5 * SECOND);
    let mut reader = Reader::new(past.folder.path().join("nowhere.sqlite"));
    for answer in reader.answers(&PastOrder::Density { view: None, stretches: 10, only: None }) {
        past.answers.try_send(answer).unwrap();
    }
    past.settle();
    let said = format!("{:?}", past.stage.resource::<Notices>());
    assert!(said.contains("nowhere.sqlite does not exist"), "{said}");
    assert_eq!((past.shown(), past.travel().shown), (BTreeSet::from([0, 4 * SECOND]), Shown::Moment));
}

#[test]
fn an_order_that_finds_no_room_goes_when_there_is_some() {
    let mut past = Past::new(&THREE);
    // Two are on their way that nobody waits for any more: as many as there is room for.
    for at in [0, 1] {
        past.act(TimeAction::Scrub { at_ms: begin() + at });
        past.stage.frame();
        past.act(TimeAction::GoLive);
        past.stage.frame();
    }
    assert_eq!(past.orders.len(), 2);
    past.act(TimeAction::Scrub { at_ms: begin() + 5 * SECOND });
    past.stage.frame();
    assert_eq!(past.orders.len(), 2);
    past.settle();
    assert_eq!(past.shown(), BTreeSet::from([0, 4 * SECOND]));
}

#[test]
fn rows_that_cannot_be_shown_are_one_notice_and_the_others_play() {
    let mut past = Past::new(&THREE);
    let database = Database::open(past.folder.path().join("history.sqlite")).unwrap();
    database.execute("UPDATE connection SET peer_port = 65536 WHERE opened_ms = ?1", [begin()]).unwrap();
    past.show(5 * SECOND);
    assert_eq!(past.shown(), BTreeSet::from([4 * SECOND]));
    past.show(0);
    past.act(TimeAction::Select(Span { from_ms: begin(), to_ms: begin() + HOUR }));
    past.settle();
    assert_eq!(past.shown(), BTreeSet::from([4 * SECOND, HOUR]));
    let notices = past.stage.resource::<Notices>().0.iter();
    let said: Vec<_> = notices.flat_map(|it| &it.lines).filter(|line| line.contains("passed over")).collect();
    assert_eq!(said, ["1 row passed over: peer's port out of range"]);
}

#[test]
fn without_a_history_there_is_no_past_and_that_is_told() {
    let mut stage = Stage::new();
    stage.send(Located::FullSet(Vec::new()));
    stage.act(UiAction::Time(TimeAction::PlayOrPause));
    stage.frame();
    assert!(format!("{:?}", stage.resource::<Notices>()).contains("nothing is recorded"));
    assert!(stage.resource::<TimeTravel>().is_now());
}

//! What was heard of addresses, below the dots of the address space: of the recording, of what opens, of a stretch, and of
//! what a filter leaves.

use connmapperl::{
    components::{
        action::{FilterAction, Pane, SpaceAction, UiAction},
        hilbert_view::{HilbertView, SpaceColour},
        history::HistoryFacts,
        inspect::Looks,
        space_cells::SpaceCells,
        space_ground::{SpaceGround, age_number, rule_number},
        space_heat::SpaceHeat,
        time_travel::{BackToNow, Span, TimeAction, TimeTravel},
    },
    hilbert::{Family, Prefix, ground::PLAIN},
    model::LocatedConnection,
};

use crate::{
    past::{HOUR, Past, SECOND, THREE, begin},
    stage::{Stage, connection, place},
};

/// Of the peer of all rows of the past.
const PEER: &str = "1.1.1.1";

fn with_peer(id: u64, peer: &str, opened_ms: i64) -> LocatedConnection {
    let mut connection = connection(id, 443, place(8.0, 47.0));
    connection.observation.peer = peer.parse().unwrap();
    connection.opened_unix_millis = opened_ms;
    connection
}

fn key(address: &str) -> u32 {
    address.parse::<Prefix>().unwrap().first()
}

fn heard(stage: &Stage, address: &str) -> u32 {
    let heat = stage.resource::<SpaceHeat>();
    heat.heard(Family::V4).map_or(0, |heard| heard.heat.count(key(address)))
}

fn shown(past: &mut Past) {
    past.stage.act(UiAction::Space(SpaceAction::Toggle));
    // The flight takes a second or so.
    (0..20).for_each(|_| past.frame_after(100));
}

#[test]
fn without_a_recording_what_is_open_is_heard_and_what_opens() {
    let mut stage = Stage::new();
    stage.open(&with_peer(1, "9.9.9.9:443", 0));
    stage.frame();
    assert!(stage.resource::<SpaceHeat>().peers().is_none(), "nobody has looked yet");
    stage.act(UiAction::Space(SpaceAction::Toggle));
    stage.frame();
    stage.open(&with_peer(2, "9.9.9.9:443", stage.now()));
    stage.open(&with_peer(3, "203.0.113.7:443", stage.now()));
    stage.frame();
    assert_eq!((heard(&stage, "9.9.9.9"), heard(&stage, "203.0.113.7")), (2, 1));
    stage.close(2);
    stage.frame();
    assert_eq!(heard(&stage, "9.9.9.9"), 2, "it was heard all the same");
    stage.act(UiAction::Filter(FilterAction::Set("net:203.0.113.0/24".to_owned())));
    stage.frame();
    assert_eq!((heard(&stage, "9.9.9.9"), heard(&stage, "203.0.113.7")), (0, 1), "at once");
}

#[test]
fn a_reset_in_a_scene_forgets_what_fades() {
    let mut stage = Stage::new();
    for (id, peer) in [(1, "9.9.9.9:443"), (2, "203.0.113.7:443")] {
        stage.open(&with_peer(id, peer, stage.now()));
    }
    stage.act(UiAction::Space(SpaceAction::Toggle));
    stage.frame();
    stage.close(1);
    stage.frame();
    stage.act(UiAction::ResetHistory);
    stage.frame();
    assert_eq!((heard(&stage, "9.9.9.9"), heard(&stage, "203.0.113.7")), (0, 1));
}

#[test]
fn the_recording_is_heard_and_what_opens_from_then_on() {
    let mut past = Past::new(&THREE);
    written(&mut past, 0);
    shown(&mut past);
    assert_eq!(heard(&past.stage, PEER), 3);
    let now = past.stage.now();
    past.stage.open(&with_peer(7, "1.1.1.1:443", now));
    // Was open before the recording was asked, and so is in it.
    past.stage.open(&with_peer(8, "1.1.1.1:22", now - HOUR));
    past.settle();
    assert_eq!(heard(&past.stage, PEER), 4);
}

#[test]
fn what_opens_while_the_recording_is_read_is_heard_once_it_is() {
    let mut past = Past::new(&THREE);
    written(&mut past, 0);
    past.stage.act(UiAction::Space(SpaceAction::Toggle));
    past.stage.frame();
    let now = past.stage.now();
    past.stage.open(&with_peer(7, "1.1.1.1:443", now));
    past.stage.frame();
    assert!(past.stage.resource::<SpaceHeat>().is_waiting);
    past.settle();
    assert_eq!(heard(&past.stage, PEER), 4);
}

#[test]
fn a_stretch_and_a_filter_leave_others_dark() {
    let mut past = Past::new(&THREE);
    shown(&mut past);
    past.act(TimeAction::Select(Span { from_ms: begin(), to_ms: begin() + 5 * SECOND }));
    past.settle();
    assert_eq!(heard(&past.stage, PEER), 2);
    past.stage.act(UiAction::Filter(FilterAction::Set("port:22".to_owned())));
    past.settle();
    assert_eq!(heard(&past.stage, PEER), 1);
    back_to_now(&mut past, &[]);
    assert_eq!(heard(&past.stage, PEER), 1, "of all that was recorded one is left");
    past.stage.act(UiAction::Filter(FilterAction::Clear));
    past.settle();
    assert_eq!(heard(&past.stage, PEER), 3);
}

#[test]
fn colours_of_what_was_heard_are_those_of_the_newest() {
    let mut past = Past::new(&THREE);
    shown(&mut past);
    let number = |past: &Past, address: &str| {
        past.stage.resource::<SpaceGround>().ground().map_or(PLAIN, |ground| ground.number(key(address)))
    };
    past.stage.app.world_mut().resource_mut::<HilbertView>().colour = SpaceColour::Age;
    past.settle();
    // Not quite a day.
    assert_eq!(number(&past, PEER), age_number(1));
    let now = past.stage.now();
    past.stage.open(&with_peer(7, "1.1.1.9:443", now));
    past.settle();
    assert_eq!(number(&past, PEER), age_number(0), "of its /24");
    past.stage.app.world_mut().resource_mut::<HilbertView>().colour = SpaceColour::Rule;
    past.settle();
    let rule = number(&past, PEER);
    assert!(rule != PLAIN && number(&past, "8.8.8.8") == PLAIN);
    past.stage.open(&with_peer(8, "8.8.8.8:443", now));
    past.settle();
    assert_eq!(number(&past, "8.8.8.8"), rule, "both are connections to 443");
    past.stage.open(&with_peer(9, "8.8.9.8:9", now));
    past.settle();
    let labels = past.stage.resource::<connmapperl::components::rule_book::RuleBook>().rules.labels().len();
    assert_eq!(number(&past, "8.8.9.8"), rule_number(labels), "no rule matches");
}

#[test]
fn single_addresses_have_cells_from_near_and_nothing_changes_without_need() {
    let mut past = Past::new(&THREE);
    shown(&mut past);
    assert!(past.stage.resource::<SpaceCells>().rows().is_empty());
    past.stage.act(UiAction::Space(SpaceAction::ShowBlock(Pane::Main, "1.1.1.0/24".parse().unwrap())));
    // It flies there.
    (0..10).for_each(|_| past.frame_after(100));
    let cells = past.stage.resource::<SpaceCells>();
    assert_eq!((cells.rows().len(), cells.rows()[0].side), (1, 1));
    let changes = cells.changes();
    past.settle();
    assert_eq!(past.stage.resource::<SpaceCells>().changes(), changes);
}

#[test]
fn a_look_at_addresses_goes_on_with_the_recording() {
    let mut past = Past::new(&THREE);
    shown(&mut past);
    let px = past.stage.resource::<HilbertView>().px_of_key(key(PEER));
    past.stage.act(UiAction::LookAt { pane: Pane::Main, px });
    past.settle();
    assert_eq!(past.stage.resource::<Looks>().recorded(0).len(), 3);
    let far = past.stage.resource::<HilbertView>().px_of_key(key("200.1.1.1"));
    past.stage.act(UiAction::LookAt { pane: Pane::Main, px: far });
    past.settle();
    assert!(past.stage.resource::<Looks>().recorded(1).is_empty());
}

/// From the past back to now, with all that is open.
fn back_to_now(past: &mut Past, open: &[&LocatedConnection]) {
    past.act(TimeAction::GoLive);
    *past.stage.app.world_mut().resource_mut::<BackToNow>() = BackToNow { is_wanted: false, is_asked: true };
    past.stage.full_set(open);
    past.settle();
}

#[test]
fn nothing_is_counted_twice_after_a_look_at_the_past_whoever_looks_at_addresses_meanwhile() {
    for is_hidden in [false, true] {
        let mut past = Past::new(&THREE);
        written(&mut past, 0);
        shown(&mut past);
        let open = with_peer(7, "1.1.1.1:443", past.stage.now());
        past.stage.open(&open);
        past.settle();
        assert_eq!(heard(&past.stage, PEER), 4);
        if is_hidden {
            shown(&mut past);
        }
        past.show(0);
        back_to_now(&mut past, &[&open]);
        if is_hidden {
            shown(&mut past);
        }
        past.settle();
        // By the clock that is live again it opened long ago: it is for the recording to tell.
        assert_eq!(heard(&past.stage, PEER), 3, "hidden: {is_hidden}");
    }
}

/// A recording that is written, which has forgotten all so many times.
fn written(past: &mut Past, resets: u64) {
    past.stage.app.insert_resource(HistoryFacts { resets, ..HistoryFacts::default() });
    past.settle();
}

#[test]
fn a_reset_forgets_what_has_closed_and_asks_again_once_that_is_gone() {
    let mut past = Past::new(&THREE);
    written(&mut past, 0);
    shown(&mut past);
    let now = past.stage.now();
    past.stage.open(&with_peer(7, "9.9.9.9:443", now));
    past.settle();
    past.stage.act(UiAction::ResetHistory);
    past.settle();
    assert_eq!((heard(&past.stage, PEER), heard(&past.stage, "9.9.9.9")), (0, 1));
    past.stage.act(UiAction::Filter(FilterAction::Set("port:22".to_owned())));
    past.settle();
    past.stage.act(UiAction::Filter(FilterAction::Clear));
    past.settle();
    assert_eq!(heard(&past.stage, PEER), 0, "no filter brings back what is on its way out");
    // This one could not be: another program may record into it.
    written(&mut past, 1);
    assert_eq!((heard(&past.stage, PEER), heard(&past.stage, "9.9.9.9")), (3, 1));
}

#[test]
fn a_reset_while_a_stretch_is_shown_is_no_exception() {
    let mut past = Past::new(&THREE);
    written(&mut past, 0);
    shown(&mut past);
    past.act(TimeAction::Select(Span { from_ms: begin(), to_ms: begin() + 5 * SECOND }));
    past.settle();
    assert_eq!(heard(&past.stage, PEER), 2);
    past.stage.act(UiAction::ResetHistory);
    past.settle();
    assert_eq!(heard(&past.stage, PEER), 0);
    rusqlite::Connection::open(past.folder.path().join("history.sqlite"))
        .and_then(|database| database.execute_batch("DELETE FROM connection"))
        .unwrap();
    written(&mut past, 1);
    assert_eq!(heard(&past.stage, PEER), 0);
}

#[test]
fn a_scene_beside_a_recording_is_heard_besides_it_and_a_reset_leaves_it_alone() {
    let mut past = Past::new(&THREE);
    past.stage.open(&with_peer(7, "9.9.9.9:443", past.stage.now() - HOUR));
    shown(&mut past);
    let both = |past: &Past| (heard(&past.stage, PEER), heard(&past.stage, "9.9.9.9"));
    assert_eq!(both(&past), (3, 1));
    past.stage.act(UiAction::Filter(FilterAction::Set("port:22".to_owned())));
    past.settle();
    past.stage.act(UiAction::Filter(FilterAction::Clear));
    past.stage.act(UiAction::ResetHistory);
    past.settle();
    assert_eq!(both(&past), (3, 1), "nobody records here, so nothing is forgotten");
}

#[test]
fn where_the_recording_cannot_be_read_what_is_open_is_heard_and_another_look_tries_again() {
    let mut past = Past::new(&THREE);
    let reader = std::mem::replace(&mut past.reader, crate::past::reader("/nowhere/history.sqlite".as_ref()));
    past.stage.open(&with_peer(7, "9.9.9.9:443", past.stage.now() - HOUR));
    shown(&mut past);
    assert_eq!((heard(&past.stage, PEER), heard(&past.stage, "9.9.9.9")), (0, 1));
    shown(&mut past);
    past.reader = reader;
    shown(&mut past);
    assert_eq!((heard(&past.stage, PEER), heard(&past.stage, "9.9.9.9")), (3, 1));
}

#[test]
fn a_replay_does_not_ask_anew_while_the_recording_grows() {
    let mut past = Past::new(&THREE);
    shown(&mut past);
    past.show(0);
    let asked = past.stage.resource::<SpaceHeat>().number;
    let mut travel = past.stage.app.world_mut().resource_mut::<TimeTravel>();
    travel.recorded = travel.recorded.map(|span| Span { to_ms: span.to_ms + HOUR, ..span });
    past.settle();
    assert_eq!(past.stage.resource::<SpaceHeat>().number, asked);
}

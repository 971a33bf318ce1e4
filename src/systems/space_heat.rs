//! What was heard of addresses: asked of the recording when the address space is first seen and when other connections are
//! meant, and counted from then on. Without a recording, as in a scene, it begins with what is open.

use std::sync::Arc;

use bevy::prelude::*;

use super::{MapSystems, filtering::pass, space_ground::Colouring};
use crate::{
    components::{
        action::UiAction,
        animation::Animation,
        connection::{Connection, MatchedRule, Trail},
        filtering::{ActiveFilter, Passes},
        hilbert_view::HilbertView,
        history::HistoryFacts,
        map_clock::MapClock,
        rule_book::RuleBook,
        second_window::{SecondWindow, shows_space},
        space_ground::SpaceGround,
        space_heat::{Meant, Opened, SpaceHeat},
        time_travel::{Only, PastLink, PastOrder, Shown, Span, TimeTravel, Wishes},
    },
    hilbert::{Family, Peers},
};

/// What is written to the recording lies in it by then. Milliseconds.
const WRITTEN_AFTER_MS: i64 = 3_000;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<SpaceHeat>()
        // What has come is in the answer to a question that is asked in the same frame.
        .add_systems(Update, (count, ask).chain().after(pass).in_set(MapSystems::Classify))
        .add_systems(Update, show.in_set(MapSystems::Place));
}

/// The last tells those that have closed, and fade.
type Known = (&'static Connection, &'static MatchedRule, &'static Passes, Has<Trail>);

fn ask(
    (view, second): (Res<HilbertView>, Res<SecondWindow>),
    (link, facts): (Option<Res<PastLink>>, Option<Res<HistoryFacts>>),
    (travel, filtered): (Res<TimeTravel>, Res<ActiveFilter>),
    (clock, book): (Res<MapClock>, Res<RuleBook>),
    known: Query<Known>,
    (wishes, mut actions): (Local<Wishes>, MessageReader<UiAction>),
    mut heat: ResMut<SpaceHeat>,
) {
    let resets = actions.read().filter(|action| **action == UiAction::ResetHistory).count() as u64;
    // Where somebody else records, or nobody does, nothing of what was recorded is forgotten.
    let is_reset = resets > 0 && (link.is_none() || facts.is_some());
    let done = facts.as_ref().map_or(u64::MAX, |facts| facts.resets);
    if is_reset && facts.is_some() {
        let heat = heat.bypass_change_detection();
        heat.resets_awaited = heat.resets_awaited.max(done) + resets;
    }
    let is_forgetting = heat.resets_awaited > done;
    let meant = Meant { span: span_meant(&travel, &heat), filter: Arc::clone(&filtered.0), is_forgetting };
    if !shows_space(&view, &second) {
        // While nobody looks nothing else is counted; what was is no part of another time or filter, nor of what was
        // forgotten. What could not be read is tried again.
        let has_failed = std::mem::take(&mut heat.bypass_change_detection().has_failed);
        heat.bypass_change_detection().meant.take_if(|known| is_reset || has_failed || *known != meant);
        return;
    }
    if heat.meant.as_ref() == Some(&meant) && !is_reset {
        if heat.has_failed && heat.is_waiting {
            put_without_recording(&mut heat, &known, &book, true);
        }
        return;
    }
    heat.bypass_change_detection().has_failed = false;
    let is_of_now = meant.span.is_none();
    // What has closed is forgotten from now on. What the recording says of it counts once it has forgotten all.
    let Some(link) = link.filter(|_| !is_forgetting) else {
        wishes.next();
        heat.ask(meant, i64::MIN);
        put_without_recording(&mut heat, &known, &book, !is_forgetting && !is_reset);
        return;
    };
    // What is open and is not being recorded, as in a scene, is in no recording either.
    let is_recorded = facts.is_some_and(|facts| facts.keep.records);
    let now_ms = clock.now_unix_millis();
    let recorded_until_ms = if is_recorded { now_ms - WRITTEN_AFTER_MS } else { now_ms };
    let asked = meant.span.unwrap_or(Span { from_ms: 0, to_ms: recorded_until_ms });
    let only = Only { filter: Arc::clone(&meant.filter), wish: wishes.next() };
    let number = heat.number.wrapping_add(1);
    if link.addresses.try_send(PastOrder::Peers { number, span: asked, only }).is_ok() {
        let after_ms = if is_recorded { recorded_until_ms } else { i64::MIN };
        heat.ask(meant, after_ms);
        if is_of_now {
            for opened in on_map(&known, &book, after_ms, true) {
                heat.count(opened);
            }
        }
    }
}

/// What is open takes the place of an answer; in a stretch of the past nothing does.
fn put_without_recording(heat: &mut SpaceHeat, known: &Query<Known>, book: &RuleBook, with_closed: bool) {
    heat.recorded_until_ms = i64::MIN;
    heat.forget_since();
    if heat.until_ms().is_none() {
        for opened in on_map(known, book, i64::MIN, with_closed) {
            heat.count(opened);
        }
    }
    heat.put(Box::default());
}

/// The stretch that is shown or played; `None` for all up to now. All that was recorded grows while it is played: as long as
/// nothing else is chosen it is that of the beginning.
fn span_meant(travel: &TimeTravel, heat: &SpaceHeat) -> Option<Span> {
    let known = heat.meant.as_ref().and_then(|meant| meant.span);
    match (travel.shown, travel.range, travel.recorded) {
        (Shown::Now, ..) => None,
        (Shown::Span(span), ..) => Some(span),
        (Shown::Moment, None, Some(recorded)) => {
            let is_grown = |known: &Span| known.from_ms == recorded.from_ms && known.to_ms <= recorded.to_ms;
            Some(known.filter(is_grown).unwrap_or(recorded))
        }
        (Shown::Moment, ..) => travel.played(),
    }
}

/// Of what is on the map those that opened after a moment and pass the filter; with what has closed since, or without.
fn on_map<'a>(
    known: &'a Query<Known>,
    book: &'a RuleBook,
    after_ms: i64,
    with_closed: bool,
) -> impl Iterator<Item = Opened> + use<'a> {
    known
        .iter()
        .filter(move |(connection, _, passes, has_closed)| {
            passes.0 && connection.0.opened_unix_millis > after_ms && (with_closed || !has_closed)
        })
        .map(|(connection, matched, ..)| opened(connection, matched, book))
}

fn opened(connection: &Connection, matched: &MatchedRule, book: &RuleBook) -> Opened {
    let rule = matched.0.and_then(|rule| book.rules.rules().get(rule));
    Opened { connection: Arc::clone(&connection.0), label: rule.map(|rule| rule.label.clone()) }
}

fn count(
    (view, travel): (Res<HilbertView>, Res<TimeTravel>),
    (clock, book): (Res<MapClock>, Res<RuleBook>),
    came: Query<Known, Added<Connection>>,
    mut heat: ResMut<SpaceHeat>,
    mut ground: ResMut<SpaceGround>,
) {
    // What comes back from the past is part of the answer that is asked for next.
    let is_counted = heat.meant.as_ref().is_some_and(|meant| meant.span.is_none());
    if !is_counted || !travel.is_now() || came.is_empty() {
        return;
    }
    let colouring = Colouring { colour: view.colour, book: &book, now_ms: clock.now_unix_millis() };
    let heat = heat.bypass_change_detection();
    let after_ms = heat.recorded_until_ms;
    for (connection, matched, passes, _) in &came {
        if !passes.0 || connection.0.opened_unix_millis <= after_ms {
            continue;
        }
        if heat.count(opened(connection, matched, &book)) && view.colour.is_of_heard() {
            let key = Family::key_of(connection.0.observation.peer.ip());
            colour_anew(
                heat.peers(),
                key.filter(|(family, _)| *family == view.family),
                &colouring,
                &mut ground,
            );
        }
    }
}

fn colour_anew(
    peers: Option<&Peers>,
    key: Option<(Family, u32)>,
    colouring: &Colouring<'_>,
    ground: &mut SpaceGround,
) {
    if let (Some(peers), Some((family, key)), Some(ground)) = (peers, key, ground.ground_mut())
        && let Some(last) = peers.of(family).newest.of(key)
    {
        ground.set(key, colouring.number(last, peers));
    }
}

/// Lets the picture have what was counted, now and then: each time it is drawn anew.
pub(super) fn show(
    (view, second): (Res<HilbertView>, Res<SecondWindow>),
    (clock, animation): (Res<MapClock>, Res<Animation>),
    mut heat: ResMut<SpaceHeat>,
    mut shown: Local<(u64, i64)>,
) {
    let heat = heat.bypass_change_detection();
    heat.due_unix_millis = None;
    if !shows_space(&view, &second) || !heat.is_newer_than_shown(view.family) {
        return;
    }
    let now = clock.now_unix_millis();
    let (changes, at_millis) = *shown;
    let due = at_millis + animation.between_pictures_millis(0);
    // Another time is shown at once, and a clock that was put back holds up nothing.
    if changes == heat.changes() && (at_millis..due).contains(&now) {
        heat.due_unix_millis = Some(due);
        return;
    }
    *shown = (heat.changes(), now);
    heat.show(view.family);
}

//! The past on the map. Obeys what the user asks of time, winds the tape while it plays, and asks whoever reads the
//! history, one thing after the other; what comes back is shown by `take`. Knows no file and no thread.

mod ask;
mod span;
mod take;
mod tape;

pub(in crate::systems) use ask::places as ask_places;
pub use take::{play_to, show_moment, take_recording};

use std::time::Duration;

use bevy::{prelude::*, time::Real};

use super::{MapSystems, circles, filtering, ingest::ingest, sql};
use crate::components::{
    action::UiAction,
    animation::Animation,
    filtering::ActiveFilter,
    map_clock::MapClock,
    notices::{Notices, Severity},
    time_travel::{
        BackToNow, PastLink, PastOrder, ReplayAtStart, Shown, Span, TimeAction, TimeTravel, Timeline,
    },
};
use tape::{Tape, Wanted};

/// What the notices of the past are about.
const TOPIC: &str = "The past";
/// Rows that cannot be shown have a notice of their own, which others do not replace.
const ROWS_TOPIC: &str = "The past, in part";
/// A frame that came late, after a sleep say, is no reason to jump.
const LONGEST_STEP: Duration = Duration::from_millis(250);
/// How far before the end of the recording a replay begins when nothing was chosen.
const USUAL_REPLAY_MILLIS: i64 = 24 * 3_600_000;
pub(super) fn plugin(app: &mut App) {
    app.init_resource::<TimeTravel>()
        .init_resource::<BackToNow>()
        .init_resource::<Timeline>()
        .init_resource::<Tape>()
        .add_systems(Startup, begin)
        .add_systems(
            Update,
            (
                (obey, ask::density, ask::places, ask::near)
                    .chain()
                    .after(filtering::obey)
                    .after(circles::obey)
                    .in_set(MapSystems::Interact),
                (take::take, wind).chain().before(ingest).in_set(MapSystems::Ingest),
                span::draw.after(sql::draw).in_set(MapSystems::Place),
            ),
        );
}

/// A wall may begin with the past.
fn begin(at_start: Option<Res<ReplayAtStart>>, mut travel: ResMut<TimeTravel>, mut tape: ResMut<Tape>) {
    if let Some(at_start) = at_start {
        turn(*at_start, &mut travel, &mut tape);
    }
}

fn turn(what: ReplayAtStart, travel: &mut TimeTravel, tape: &mut Tape) {
    let ReplayAtStart { edges, speed, loops, secs } = what;
    // What has its time is not to be over sooner.
    let skips_idle = travel.skips_idle && secs.is_none();
    *travel = TimeTravel {
        edges: Some(edges),
        speed,
        loops,
        turn_secs: secs,
        skips_idle,
        is_playing: true,
        ..travel.clone()
    };
    tape.want(Wanted::Turn(edges));
}

pub(super) fn obey(
    mut actions: MessageReader<UiAction>,
    link: Option<Res<PastLink>>,
    clock: Res<MapClock>,
    mut travel: ResMut<TimeTravel>,
    mut timeline: ResMut<Timeline>,
    mut back: ResMut<BackToNow>,
    mut tape: ResMut<Tape>,
    mut notices: ResMut<Notices>,
) {
    for action in actions.read() {
        let UiAction::Time(action) = action else {
            continue;
        };
        if link.is_none() && *action != TimeAction::ToggleTimeline {
            let line = "there is none: nothing is recorded here";
            notices.say(Severity::Info, TOPIC, vec![line.to_owned()]);
            continue;
        }
        match *action {
            TimeAction::ToggleTimeline => timeline.is_open = !timeline.is_open,
            TimeAction::GoLive => {
                (travel.is_playing, travel.range, travel.edges) = (false, None, None);
                tape.forget();
                back.is_wanted = !travel.is_now();
            }
            TimeAction::Scrub { at_ms } => {
                // Outside of the stretch that was chosen it is left.
                travel.range = travel.range.filter(|range| range.contains(at_ms));
                travel.edges = travel.edges.filter(|_| travel.range.is_some());
                tape.want(Wanted::Moment(at_ms));
            }
            TimeAction::Select(span) => {
                (travel.is_playing, travel.range, travel.edges) = (false, Some(span), None);
                tape.want(Wanted::Span(span));
            }
            TimeAction::Turn(what) => turn(what, &mut travel, &mut tape),
            TimeAction::PlayOrPause => play_or_pause(&mut travel, &mut tape),
            TimeAction::StepForward => {
                travel.is_playing = false;
                tape.steps = !travel.is_now();
            }
            TimeAction::StepBack => {
                travel.is_playing = false;
                let before_ms = if travel.is_now() { clock.now_unix_millis() } else { travel.at_ms };
                tape.want(Wanted::Before(before_ms));
            }
            TimeAction::Faster => travel.faster(),
            TimeAction::Slower => travel.slower(),
            TimeAction::ToggleLoop => travel.loops = !travel.loops,
            TimeAction::ToggleSkipIdle => travel.skips_idle = !travel.skips_idle,
            TimeAction::View(span) => timeline.view = Some(span),
        }
    }
}

/// From now or from a stretch the tape is wound to where it is to begin; a tape that ran out begins again.
fn play_or_pause(travel: &mut TimeTravel, tape: &mut Tape) {
    if travel.is_playing {
        travel.is_playing = false;
        return;
    }
    travel.is_playing = true;
    let played = travel.played();
    match travel.shown {
        Shown::Now => tape.want(match travel.range {
            Some(range) => beginning(travel, range),
            None => Wanted::Last(USUAL_REPLAY_MILLIS),
        }),
        Shown::Span(span) => tape.want(Wanted::Moment(span.from_ms)),
        Shown::Moment => {
            if let Some(played) = played
                && !(played.from_ms..played.to_ms).contains(&travel.at_ms)
            {
                tape.want(beginning(travel, played));
            }
        }
    }
}

/// Of what is played, or of what that is by now.
fn beginning(travel: &TimeTravel, played: Span) -> Wanted {
    travel.edges.map_or(Wanted::Moment(played.from_ms), Wanted::Turn)
}

/// Asks for the next stretch of the tape while it plays, and for what else is wanted. One order is on its way at a time,
/// so a scrub that is faster than the disk skips what nobody waits for any more.
fn wind(
    link: Option<Res<PastLink>>,
    time: Option<Res<Time<Real>>>,
    mut travel: ResMut<TimeTravel>,
    mut animation: ResMut<Animation>,
    mut tape: ResMut<Tape>,
    (filtered, back): (Res<ActiveFilter>, Res<BackToNow>),
) {
    // A stretch is of those that the filter leaves: the one that comes next, or else the one that is shown.
    if filtered.is_changed() && !back.is_wanted && !back.is_asked {
        let shown = match travel.shown {
            Shown::Span(span) => Some(Wanted::Span(span)),
            Shown::Now | Shown::Moment => None,
        };
        let next = tape.wanted.or(tape.sent.filter(|_| tape.waits)).or(shown);
        if let Some(Wanted::Span(span)) = next {
            tape.want(Wanted::Span(span));
        }
    }
    let scale = if travel.shown == Shown::Moment { travel.speed } else { 1 };
    if animation.time_scale != scale {
        animation.time_scale = scale;
    }
    let passed = time.map_or(Duration::ZERO, |time| time.delta());
    let Some(link) = link else {
        return;
    };
    tape.owed = (tape.owed + passed).min(LONGEST_STEP);
    if tape.waits {
        // What is on its way may take long, and something else is wanted.
        if tape.wanted.is_some() {
            tape.wishes.next();
        }
        return;
    }
    let passed = std::mem::take(&mut tape.owed);
    if let Some(wanted) = tape.wanted.take() {
        let ticket = tape.ticket;
        let order = match wanted {
            Wanted::Moment(at_ms) => PastOrder::Seek { ticket, at_ms },
            Wanted::Span(span) => PastOrder::Span { ticket, span, only: filtered.only(&tape.wishes) },
            Wanted::Turn(edges) => PastOrder::Turn { ticket, edges },
            Wanted::Last(length_ms) => PastOrder::SeekLast { ticket, length_ms },
            Wanted::Before(before_ms) => PastOrder::Previous { ticket, before_ms },
        };
        match tape.send(&link, order) {
            true => tape.sent = Some(wanted),
            false => tape.wanted = Some(wanted),
        }
    } else if travel.shown != Shown::Moment {
        tape.steps = false;
    } else if let Some(to_ms) = goal(&mut travel, &mut tape, passed) {
        let ticket = tape.ticket;
        tape.sent = None;
        tape.send(&link, PastOrder::Advance { ticket, to_ms });
    }
}

/// How far the tape goes now, if it moves.
fn goal(travel: &mut TimeTravel, tape: &mut Tape, passed: Duration) -> Option<i64> {
    if std::mem::take(&mut tape.steps) {
        return tape.next_ms;
    }
    if !travel.is_playing {
        return None;
    }
    let end = travel.played().map_or(travel.at_ms, |played| played.to_ms);
    if travel.at_ms >= end {
        match travel.played().filter(|played| travel.loops && played.len_ms() > 0) {
            Some(played) => tape.want(beginning(travel, played)),
            None => travel.is_playing = false,
        }
        return None;
    }
    let step_ms = tape.step_ms(passed, travel.speed);
    let goal = if travel.skips_idle { tape.over_idle(travel, step_ms) } else { travel.at_ms + step_ms };
    Some(goal.min(end))
}

/// Whether frames are drawn one after the other: while the tape plays.
pub(super) const fn is_winding(travel: &TimeTravel) -> bool {
    travel.is_playing && !travel.is_now()
}

//! What the past answered becomes what the map shows.

use bevy::prelude::*;

use super::{
    ROWS_TOPIC, TOPIC,
    tape::{Tape, Wanted},
};
use crate::{
    components::{
        animation::Animation,
        connection::Agents,
        filtering::ActiveFilter,
        firsts::Firsts,
        history_circles::HistoryCircles,
        inspect::Looks,
        map_clock::MapClock,
        notices::{Notices, Severity},
        space_heat::SpaceHeat,
        time_travel::{BackToNow, PastAnswer, PastLink, Shown, Span, TIMELINE_TICKET, TimeTravel, Timeline},
    },
    model::{AgentStatus, Located, LocatedConnection},
    systems::ingest::{apply, show_at_once},
};

/// Answers taken a frame; more of them than orders can be on their way.
const ANSWERS_A_FRAME: usize = 8;

/// A recording that could not tell what it knows is asked again.
const KNOWN_AGAIN_MILLIS: i64 = 10_000;

/// Works on the whole world, as `ingest` does.
pub(super) fn take(world: &mut World) {
    let Some(link) = world.get_resource::<PastLink>() else {
        return;
    };
    let answers = link.answers.clone();
    for answer in answers.try_iter().take(ANSWERS_A_FRAME) {
        match answer {
            PastAnswer::Recording { agents, span } => take_recording(world, agents, span),
            PastAnswer::Density { density, took } => {
                let mut timeline = world.resource_mut::<Timeline>();
                (timeline.density, timeline.took) = (Some(density), took);
                timeline.answers += 1;
            }
            PastAnswer::Places { filter, tally } => {
                if world.resource::<ActiveFilter>().0 == filter {
                    world.resource_mut::<HistoryCircles>().set_filtered(Some(tally));
                }
            }
            PastAnswer::Peers { number, peers } => {
                let mut heat = world.resource_mut::<SpaceHeat>();
                if heat.number == number {
                    heat.put(peers);
                }
            }
            PastAnswer::Known { countries, systems } => {
                world.resource_mut::<Firsts>().teach(countries, systems);
            }
            PastAnswer::NotKnown => {
                let now = world.resource::<MapClock>().now_unix_millis();
                world.resource_mut::<Firsts>().ask_again_at(now + KNOWN_AGAIN_MILLIS);
            }
            PastAnswer::Near { number, connections } => {
                world.resource_mut::<Looks>().remember(number, connections);
            }
            PastAnswer::GivenUp { ticket } if is_awaited(world, ticket) => {}
            PastAnswer::Set { ticket, at_ms, turn, connections, next_ms } if is_awaited(world, ticket) => {
                world.resource_mut::<Tape>().next_ms = next_ms;
                let mut travel = world.resource_mut::<TimeTravel>();
                if let Some(turn) = turn {
                    travel.begin_turn(turn);
                }
                show_moment(world, at_ms, connections);
            }
            PastAnswer::SpanSet { ticket, span, connections, sums } if is_awaited(world, ticket) => {
                world.resource_mut::<Tape>().next_ms = None;
                show(world, Shown::Span(span), span.to_ms, connections);
                world.resource_mut::<TimeTravel>().sums = sums;
            }
            PastAnswer::Changes { ticket, told, reached_ms, next_ms } if is_awaited(world, ticket) => {
                world.resource_mut::<Tape>().next_ms = next_ms;
                play_to(world, reached_ms, told);
            }
            PastAnswer::Previous { ticket, at_ms } if is_awaited(world, ticket) => {
                if let Some(at_ms) = at_ms {
                    world.resource_mut::<Tape>().want(Wanted::Moment(at_ms));
                }
            }
            PastAnswer::Failed { ticket, reason } if is_awaited(world, ticket) => {
                let mut travel = world.resource_mut::<TimeTravel>();
                travel.is_playing = false;
                let is_now = travel.is_now();
                world.resource_mut::<BackToNow>().is_wanted = !is_now;
                world.resource_mut::<Notices>().say(Severity::Warning, TOPIC, vec![reason]);
            }
            PastAnswer::Failed { ticket: TIMELINE_TICKET, reason } => {
                world.resource_mut::<Timeline>().answers += 1;
                world.resource_mut::<Notices>().say(Severity::Warning, TOPIC, vec![reason]);
            }
            PastAnswer::PeersFailed { number, reason } => {
                let mut heat = world.resource_mut::<SpaceHeat>();
                // What is open is shown all the same.
                heat.has_failed |= heat.number == number;
                world.resource_mut::<Notices>().say(Severity::Warning, TOPIC, vec![reason]);
            }
            PastAnswer::PassedOver { line } => {
                world.resource_mut::<Notices>().say(Severity::Warning, ROWS_TOPIC, vec![line]);
            }
            // Of an order that nobody waits for any more.
            PastAnswer::Set { .. }
            | PastAnswer::SpanSet { .. }
            | PastAnswer::Changes { .. }
            | PastAnswer::Previous { .. }
            | PastAnswer::GivenUp { .. }
            | PastAnswer::Failed { .. } => {}
        }
    }
}

fn is_awaited(world: &mut World, ticket: u64) -> bool {
    let mut tape = world.resource_mut::<Tape>();
    let is_awaited = tape.waits && tape.ticket == ticket;
    if is_awaited {
        tape.waits = false;
        tape.ticket += 1;
    }
    is_awaited
}

/// Who is in the recording, and from when to when it goes.
pub fn take_recording(world: &mut World, recorded: Vec<AgentStatus>, span: Option<Span>) {
    let mut agents = world.resource_mut::<Agents>();
    let is_known = agents.0.iter().filter(|agent| agent.agent.is_recorded()).eq(&recorded);
    if !is_known {
        agents.0.retain(|agent| !agent.agent.is_recorded());
        agents.0.extend(recorded);
        agents.0.sort_by_key(|agent| agent.agent);
    }
    world.resource_mut::<TimeTravel>().recorded = span;
}

/// The map shows a moment of the past, at which these connections were open.
pub fn show_moment(world: &mut World, at_ms: i64, connections: Vec<LocatedConnection>) {
    show(world, Shown::Moment, at_ms, connections);
}

/// Time goes on to `at_ms`, and this is what happened on the way.
pub fn play_to(world: &mut World, at_ms: i64, told: Vec<Located>) {
    move_clock(world, at_ms);
    for located in told {
        apply(world, located);
    }
}

fn show(world: &mut World, shown: Shown, at_ms: i64, connections: Vec<LocatedConnection>) {
    *world.resource_mut::<BackToNow>() = BackToNow::default();
    let mut travel = world.resource_mut::<TimeTravel>();
    (travel.shown, travel.sums) = (shown, None);
    move_clock(world, at_ms);
    world.resource_mut::<Animation>().until_unix_millis = at_ms;
    show_at_once(world, connections);
}

fn move_clock(world: &mut World, to_ms: i64) {
    world.resource_mut::<TimeTravel>().at_ms = to_ms;
    let mut clock = world.resource_mut::<MapClock>();
    let clock_mut = clock.bypass_change_detection();
    clock_mut.hold(true);
    if clock_mut.set(to_ms) {
        clock.set_changed();
    }
}

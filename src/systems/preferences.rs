//! What somebody chose in the window, apart from what the window shows: put into it at the start, and looked for afterwards
//! whenever something of it changed. Writing it down is for `services/preferences`.

use std::collections::BTreeSet;

use bevy::{ecs::system::SystemParam, prelude::*};

use super::{MapSystems, ingest::ingest};
use crate::{
    components::{
        action::Overlays,
        animation::Animation,
        connection::Agents,
        fleet::{AgentRings, HiddenAgents},
        hilbert_view::HilbertView,
        history_circles::HistoryCircles,
        inspect::HiddenColumns,
        palette::Palette,
        preferences::{Preferences, SpaceLook},
        rule_book::RuleBook,
        theme::Theme,
        time_travel::Timeline,
        trails::TimeLapse,
        wall::Wall,
    },
    hilbert::{Family, Orientation},
};

/// Agents that are hidden as soon as they are known, by name.
#[derive(Resource, Debug, Default)]
pub(super) struct HiddenByName(BTreeSet<String>);

pub(super) fn plugin(app: &mut App) {
    // Passers-by change nothing of a wall, and its scene is nobody's wish for a window.
    let is_no_wall = not(resource_exists::<Wall>);
    app.init_resource::<Preferences>()
        .init_resource::<HiddenColumns>()
        .init_resource::<HiddenByName>()
        .init_resource::<Timeline>()
        .add_systems(
            Update,
            (
                hide_clients.after(ingest).in_set(MapSystems::Ingest),
                note.run_if(is_no_wall).in_set(MapSystems::Account),
            ),
        );
}

/// Makes a window begin with them.
pub fn put(world: &mut World, preferences: &Preferences) {
    let it = preferences.clone();
    world.insert_resource(if it.light { Theme::LIGHT } else { Theme::DARK });
    world.insert_resource(if it.colour_blind { Palette::ColourBlindSafe } else { Palette::Rules });
    world.resource_mut::<Animation>().reduced = it.reduced_motion;
    world.insert_resource(AgentRings(it.rings));
    world.insert_resource(it.lapse);
    world.resource_mut::<HistoryCircles>().shown = it.circles;
    world.resource_mut::<Timeline>().is_open = it.timeline;
    world.resource_mut::<Overlays>().fullscreen = it.fullscreen;
    let mut book = world.resource_mut::<RuleBook>();
    book.all_text = it.texts;
    book.put_switches(&it.hidden_rules, &it.rules_with_text, &it.rules_without_text);
    let mut space = world.resource_mut::<HilbertView>();
    (space.colour, space.shows_curve) = (it.space.colour, it.space.curve);
    space.orientation = if it.space.transposed { Orientation::Transposed } else { Orientation::Usual };
    space.family = if it.space.ipv6 { Family::V6 } else { Family::V4 };
    world.insert_resource(HiddenColumns(it.hidden_columns));
    world.insert_resource(HiddenByName(it.hidden_clients));
    world.insert_resource(preferences.clone());
}

fn hide_clients(agents: Res<Agents>, mut by_name: ResMut<HiddenByName>, mut hidden: ResMut<HiddenAgents>) {
    if by_name.0.is_empty() || !agents.is_changed() {
        return;
    }
    for agent in &agents.0 {
        if by_name.0.remove(&*agent.name) && !hidden.hides(agent.agent) {
            hidden.toggle(agent.agent);
        }
    }
}

/// All that is chosen somewhere.
#[derive(SystemParam)]
pub(super) struct Shown<'w> {
    theme: Res<'w, Theme>,
    palette: Res<'w, Palette>,
    animation: Res<'w, Animation>,
    book: Res<'w, RuleBook>,
    rings: Res<'w, AgentRings>,
    circles: Res<'w, HistoryCircles>,
    timeline: Res<'w, Timeline>,
    lapse: Res<'w, TimeLapse>,
    space: Res<'w, HilbertView>,
    columns: Res<'w, HiddenColumns>,
    overlays: Res<'w, Overlays>,
    agents: Res<'w, Agents>,
    hidden_agents: Res<'w, HiddenAgents>,
    hidden_by_name: Res<'w, HiddenByName>,
}

/// Names are looked at only where they may be others: most frames change none.
pub(super) fn note(shown: Shown, mut known: ResMut<Preferences>) {
    let it = known.bypass_change_detection();
    let look = SpaceLook {
        colour: shown.space.colour,
        curve: shown.space.shows_curve,
        transposed: shown.space.orientation == Orientation::Transposed,
        ipv6: shown.space.family == Family::V6,
    };
    let mut is_other = put_other(&mut it.light, !shown.theme.is_dark)
        | put_other(&mut it.colour_blind, *shown.palette == Palette::ColourBlindSafe)
        | put_other(&mut it.reduced_motion, shown.animation.reduced)
        | put_other(&mut it.texts, shown.book.all_text)
        | put_other(&mut it.rings, shown.rings.0)
        | put_other(&mut it.circles, shown.circles.shown)
        | put_other(&mut it.timeline, shown.timeline.is_open)
        | put_other(&mut it.lapse, *shown.lapse)
        | put_other(&mut it.space, look)
        | put_other(&mut it.fullscreen, shown.overlays.fullscreen);
    if shown.book.is_changed() {
        let known = [&mut it.hidden_rules, &mut it.rules_with_text, &mut it.rules_without_text];
        for (known, mut now) in known.into_iter().zip(shown.book.switches()) {
            // Rules that the file of today does not have may be in that of tomorrow.
            now.extend(known.iter().filter(|name| !shown.book.has_label(name)).cloned());
            is_other |= put_other(known, now);
        }
    }
    if shown.hidden_agents.is_changed() || shown.hidden_by_name.is_changed() {
        let hidden = shown.agents.0.iter().filter(|agent| shown.hidden_agents.hides(agent.agent));
        let names = hidden.map(|agent| agent.name.to_string());
        // Those that have not come yet are still hidden.
        let names = names.chain(shown.hidden_by_name.0.iter().cloned()).collect();
        is_other |= put_other(&mut it.hidden_clients, names);
    }
    if shown.columns.is_changed() {
        is_other |= put_other(&mut it.hidden_columns, shown.columns.0.clone());
    }
    if is_other {
        known.set_changed();
    }
}

fn put_other<T: PartialEq>(known: &mut T, now: T) -> bool {
    let is_other = *known != now;
    if is_other {
        *known = now;
    }
    is_other
}

//! Writes the dots for the graphics card: only those of connections that came, moved, ended or changed colour.

use bevy::prelude::*;

use super::MapSystems;
use crate::{
    components::{
        connection::{Age, Agents, Connection, MatchedRule, Position, SpaceKey, Trail},
        dots::{DotInstance, DotRow, Dots, Flags, packed_cell},
        filtering::Passes,
        fleet::{AgentRings, HiddenAgents, colour_of},
        hilbert_view::HilbertView,
        map_clock::MapClock,
        palette::Palette,
        rule_book::RuleBook,
        second_window::{SecondWindow, shows_space},
        theme::Theme,
        time_travel::TimeTravel,
    },
    hilbert::Orientation,
    model::{AgentId, AgentLink, AgentStatus},
};

/// Of dots whose agent is cut off.
const LOST_ALPHA: f32 = 0.35;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, write_changed.in_set(MapSystems::Place));
}

pub(super) type Drawn = (
    Entity,
    Ref<'static, Connection>,
    Option<Ref<'static, Position>>,
    Option<&'static SpaceKey>,
    Ref<'static, MatchedRule>,
    Ref<'static, Age>,
    Ref<'static, Passes>,
    Option<Ref<'static, Trail>>,
);

pub(super) fn write_changed(
    clock: Res<MapClock>,
    book: Res<RuleBook>,
    palette: Res<Palette>,
    (theme, travel): (Res<Theme>, Res<TimeTravel>),
    (space, second): (Res<HilbertView>, Res<SecondWindow>),
    (hidden_agents, rings, agents): (Res<HiddenAgents>, Res<AgentRings>, Res<Agents>),
    mut drawn_as: Local<DrawnAs>,
    mut dots: ResMut<Dots>,
    drawn: Query<Drawn>,
    mut rows: Query<&mut DotRow>,
) {
    // One agent's dots need not be told from another's.
    let reporting = agents.0.iter().filter(|agent| agent.agent.is_recorded() != travel.is_now()).count();
    let now = DrawnAs {
        ringed: rings.0 && reporting > 1,
        lost: agents.0.iter().filter(|agent| is_lost(agent)).map(|agent| agent.agent).collect(),
        shows_space: shows_space(&space, &second),
    };
    let restyled = palette.is_changed() || theme.is_changed() || hidden_agents.is_changed();
    let all = book.is_changed() || restyled || clock.is_changed() || *drawn_as != now;
    if *drawn_as != now {
        *drawn_as = now;
    }
    for (entity, connection, position, space_key, matched, age, passes, trail) in &drawn {
        let ended = trail.as_ref().is_some_and(Ref::is_added);
        let redrawn = connection.is_changed()
            || position.as_ref().is_some_and(Ref::is_changed)
            || matched.is_changed()
            || age.is_changed()
            || passes.is_changed();
        if !(all || ended || redrawn) {
            continue;
        }
        let label = book.label_of(matched.0);
        let agent = connection.0.key.agent;
        let own = matched.0.and_then(|rule| book.rules.rules().get(rule)).map(|rule| rule.color);
        let rgba = palette.rgba(label, own, &theme);
        let ring = if drawn_as.ringed { colour_of(agent) as u8 + 1 } else { 0 };
        let flags = Flags::new(ring, position.is_some(), space_key.map(|it| it.family));
        let dot = DotInstance {
            lon_lat: position.as_ref().map_or([0.0; 2], |position| [position.lon, position.lat]),
            cell: space_key.map_or(0, |it| packed_cell(Orientation::Usual.cell(it.key))),
            rgba: of_agent(rgba, drawn_as.lost.contains(&agent), flags),
            born_millis: clock.epoch_millis_from_unix(age.born_unix_millis),
            // 0 means open, so the end is never 0.
            ended_millis: trail
                .map_or(0, |trail| clock.epoch_millis_from_unix(trail.ended_unix_millis).max(1)),
        };
        let has_spot = position.is_some() || (drawn_as.shows_space && space_key.is_some());
        let hidden = !has_spot || !passes.0 || book.is_hidden(label) || hidden_agents.hides(agent);
        let Ok(mut row) = rows.get_mut(entity) else {
            continue;
        };
        match (row.0, hidden) {
            (Some(row), false) => dots.bypass_change_detection().set(row, dot),
            (None, false) => row.0 = Some(dots.push(entity, dot)),
            (Some(_), true) => remove_row(&mut dots, &mut rows, entity),
            (None, true) => {}
        }
    }
}

/// How agents show in their dots.
#[derive(Default, PartialEq)]
pub(super) struct DrawnAs {
    ringed: bool,
    /// Those that are cut off: whether their connections are open nobody knows.
    lost: Vec<AgentId>,
    /// Connections without a place on earth have one in the address space.
    shows_space: bool,
}

fn is_lost(agent: &AgentStatus) -> bool {
    matches!(agent.link, AgentLink::Lost { .. })
}

/// Dims the dots of lost agents, and puts the flags below the alpha.
fn of_agent([r, g, b, alpha]: [u16; 4], is_lost: bool, flags: Flags) -> [u16; 4] {
    let alpha = if is_lost { (f32::from(alpha) * LOST_ALPHA) as u16 } else { alpha };
    [r, g, b, flags.under(alpha)]
}

/// Takes an entity's dot off the map; the row it leaves is filled by the last one.
pub(super) fn remove_row(dots: &mut Dots, rows: &mut Query<&mut DotRow>, entity: Entity) {
    if let Ok(mut row) = rows.get_mut(entity)
        && let Some(row) = row.0.take()
        && let Some(moved) = dots.remove(row)
        && let Ok(mut moved) = rows.get_mut(moved)
    {
        moved.0 = Some(row);
    }
}

/// The same for who works on the whole world.
pub(super) fn remove_row_at_once(world: &mut World, entity: Entity) {
    let Some(row) = world.get_mut::<DotRow>(entity).and_then(|mut row| row.0.take()) else {
        return;
    };
    if let Some(moved) = world.resource_mut::<Dots>().remove(row)
        && let Some(mut moved) = world.get_mut::<DotRow>(moved)
    {
        moved.0 = Some(row);
    }
}

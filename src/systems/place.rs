//! Writes the dots for the graphics card: only those of connections that came, moved, ended or changed colour.

use bevy::prelude::*;

use super::MapSystems;
use crate::{
    components::{
        connection::{Age, Agents, Connection, MatchedRule, Position, Trail},
        dots::{DotInstance, DotRow, Dots},
        filtering::Passes,
        fleet::{AgentRings, HiddenAgents, colour_of},
        map_clock::MapClock,
        palette::Palette,
        rule_book::RuleBook,
        theme::Theme,
        time_travel::TimeTravel,
    },
    model::{AgentId, AgentLink, AgentStatus},
};

/// Of dots whose agent is cut off.
const LOST_ALPHA: f32 = 0.35;

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, write_changed.in_set(MapSystems::Place));
}

pub(super) type Drawn = (
    Entity,
    &'static Connection,
    Ref<'static, Position>,
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
    };
    let restyled = palette.is_changed() || theme.is_changed() || hidden_agents.is_changed();
    let all = book.is_changed() || restyled || clock.is_changed() || *drawn_as != now;
    if *drawn_as != now {
        *drawn_as = now;
    }
    for (entity, connection, position, matched, age, passes, trail) in &drawn {
        let ended = trail.as_ref().is_some_and(Ref::is_added);
        let redrawn =
            position.is_changed() || matched.is_changed() || age.is_changed() || passes.is_changed();
        if !(all || ended || redrawn) {
            continue;
        }
        let label = book.label_of(matched.0);
        let agent = connection.0.key.agent;
        let own = matched.0.and_then(|rule| book.rules.rules().get(rule)).map(|rule| rule.color);
        let rgba = palette.rgba(label, own, &theme);
        let dot = DotInstance {
            lon_lat: [position.lon, position.lat],
            rgba: of_agent(rgba, agent, &drawn_as),
            born_millis: clock.epoch_millis_from_unix(age.born_unix_millis),
            // 0 means open, so the end is never 0.
            ended_millis: trail
                .map_or(0, |trail| clock.epoch_millis_from_unix(trail.ended_unix_millis).max(1)),
        };
        let hidden = !passes.0 || book.is_hidden(label) || hidden_agents.hides(agent);
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
}

fn is_lost(agent: &AgentStatus) -> bool {
    matches!(agent.link, AgentLink::Lost { .. })
}

/// Dims the dots of lost agents, and puts the number of the agent's colour, from 1, into the lower byte of the alpha; 0
/// for no ring.
fn of_agent([r, g, b, alpha]: [u16; 4], agent: AgentId, drawn_as: &DrawnAs) -> [u16; 4] {
    let alpha = if drawn_as.lost.contains(&agent) { (f32::from(alpha) * LOST_ALPHA) as u16 } else { alpha };
    let ring = if drawn_as.ringed { colour_of(agent) as u16 + 1 } else { 0 };
    [r, g, b, (alpha & 0xff00) | ring]
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

//! What agents told becomes entities: opened, updated, closed, or all anew. Takes a bounded share a frame, waits for
//! nothing, and asks for another frame when more is waiting. While the map shows the past, what is told now is counted
//! and not drawn.

use std::sync::Arc;

use bevy::{platform::collections::HashSet, prelude::*, window::RequestRedraw};
use crossbeam_channel::Receiver;

use super::{MapSystems, clock::wall_unix_millis, count::count_unseen, place::remove_row_at_once};
use crate::{
    components::{
        connection::{Age, Agents, Connection, MatchedRule, OpenConnections, Position, SpaceKey, Trail},
        dots::DotRow,
        firsts::Firsts,
        fleet::HiddenAgents,
        hilbert_view::{HilbertView, key_of},
        history_circles::HistoryCircles,
        map_clock::MapClock,
        second_window::{SecondWindow, shows_space},
        time_travel::{BackToNow, Shown, TimeTravel},
        trails::Trails,
        wall::Wall,
    },
    model::{AgentStatus, ConnectionKey, Located, LocatedConnection},
};

/// Messages taken a frame. Spawning this many takes a few milliseconds.
const MESSAGES_A_FRAME: usize = 2_048;
/// Connections that were open before the map learned of them have long settled.
const LONG_AGO_UNIX_MILLIS: i64 = 0;

/// Where connections come from: this machine, agents, a scene or a recording.
#[derive(Resource)]
pub struct Feed(pub Receiver<Located>);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(Update, ingest.in_set(MapSystems::Ingest));
}

/// Works on the whole world: a connection may open and close within one frame.
pub(super) fn ingest(world: &mut World) {
    let Some(feed) = world.get_resource::<Feed>() else {
        return;
    };
    let receiver = feed.0.clone();
    for message in receiver.try_iter().take(MESSAGES_A_FRAME) {
        if world.resource::<TimeTravel>().is_now() {
            apply(world, message);
        } else {
            apply_unseen(world, message);
        }
    }
    if !receiver.is_empty() && world.contains_resource::<Messages<RequestRedraw>>() {
        world.write_message(RequestRedraw);
    }
}

/// One message becomes what the map shows.
pub(super) fn apply(world: &mut World, message: Located) {
    match message {
        Located::Opened(connection) => {
            let born = connection.opened_unix_millis;
            open(world, connection, born);
        }
        Located::Updated { key, traffic, owner } => update(world, key, |connection| {
            if let Some(traffic) = traffic {
                let connection = &mut connection.bypass_change_detection().0;
                Arc::make_mut(connection).observation.traffic.update(traffic);
            }
            if let Some(owner) = owner {
                Arc::make_mut(&mut connection.0).observation.owner = owner;
            }
        }),
        Located::Closed { key, unix_millis, .. } => close(world, key, unix_millis),
        Located::FullSet(connections) => replace_all(world, connections),
        Located::Status(status) => take_status(world, status),
        Located::AgentGone(agent) => {
            world.resource_mut::<Agents>().0.retain(|known| known.agent != agent);
            world.resource_mut::<HiddenAgents>().forget(agent);
        }
    }
}

/// What is told now while the map shows the past. All that is open, when it was asked for, brings the map back to now.
fn apply_unseen(world: &mut World, message: Located) {
    match message {
        Located::FullSet(connections) if world.resource::<BackToNow>().is_asked => {
            *world.resource_mut::<BackToNow>() = BackToNow::default();
            world.resource_mut::<TimeTravel>().shown = Shown::Now;
            let mut clock = world.resource_mut::<MapClock>();
            clock.hold(false);
            clock.set(wall_unix_millis());
            show_at_once(world, connections);
        }
        Located::Opened(connection) => {
            count_unseen(world, &connection);
            if world.contains_resource::<Wall>() {
                world.resource_mut::<Firsts>().see(&connection, connection.opened_unix_millis);
            }
        }
        Located::FullSet(connections) => connections.iter().for_each(|it| count_unseen(world, it)),
        Located::Status(_) | Located::AgentGone(_) => apply(world, message),
        Located::Closed { key, .. } => world.resource_mut::<HistoryCircles>().forget(key),
        Located::Updated { .. } => {}
    }
}

/// Another time: what was shown goes without fading, and nothing has opened just now.
pub(super) fn show_at_once(world: &mut World, connections: Vec<LocatedConnection>) {
    let shown: Vec<Entity> = world.query_filtered::<Entity, With<Connection>>().iter(world).collect();
    for entity in shown {
        remove_row_at_once(world, entity);
        world.despawn(entity);
    }
    world.resource_mut::<OpenConnections>().0.clear();
    world.resource_mut::<Trails>().clear();
    for connection in connections {
        open(world, Arc::new(connection), LONG_AGO_UNIX_MILLIS);
    }
}

fn open(world: &mut World, connection: Arc<LocatedConnection>, born_unix_millis: i64) {
    let key = connection.key;
    if world.resource::<OpenConnections>().0.contains_key(&key) {
        replace(world, connection);
        return;
    }
    let (position, space_key) = (position_of(&connection), key_of(&connection));
    // An agent's clock may be ahead of the picture's; nothing is born in the future.
    let born_unix_millis = born_unix_millis.min(world.resource::<MapClock>().now_unix_millis());
    let mut entity = world.spawn((Connection(connection), MatchedRule::default(), Age { born_unix_millis }));
    if let Some((family, key)) = space_key {
        entity.insert((SpaceKey { family, key }, DotRow::default()));
    }
    if let Some(position) = position {
        entity.insert((position, DotRow::default()));
    }
    let entity = entity.id();
    world.resource_mut::<OpenConnections>().0.insert(key, entity);
}

/// New facts on a connection that is open already; its place may have moved.
fn replace(world: &mut World, connection: Arc<LocatedConnection>) {
    let Some(entity) = world.resource::<OpenConnections>().0.get(&connection.key).copied() else {
        return;
    };
    let (position, space_key) = (position_of(&connection), key_of(&connection));
    let same = world.get::<Connection>(entity).is_some_and(|known| known.0 == connection);
    if same {
        return;
    }
    if position.is_none() {
        remove_row_at_once(world, entity);
    }
    let mut entity = world.entity_mut(entity);
    match position {
        Some(position) if entity.get::<Position>() != Some(&position) => {
            entity.insert(position);
            entity.insert_if_new(DotRow::default());
        }
        Some(_) => {}
        None => {
            entity.remove::<Position>();
        }
    }
    match space_key {
        Some((family, key)) => {
            entity.insert(SpaceKey { family, key });
            entity.insert_if_new(DotRow::default());
        }
        None => {
            entity.remove::<SpaceKey>();
        }
    }
    entity.insert(Connection(connection));
}

fn update(world: &mut World, key: ConnectionKey, change: impl FnOnce(&mut Mut<Connection>)) {
    let Some(entity) = world.resource::<OpenConnections>().0.get(&key).copied() else {
        return;
    };
    if let Some(mut connection) = world.get_mut::<Connection>(entity) {
        change(&mut connection);
    }
}

fn close(world: &mut World, key: ConnectionKey, unix_millis: i64) {
    let Some(entity) = world.resource_mut::<OpenConnections>().0.remove(&key) else {
        return;
    };
    // The picture's clock, not the agent's, rules how long it fades.
    let now = world.resource::<MapClock>().now_unix_millis();
    let shows_space = shows_space(world.resource::<HilbertView>(), world.resource::<SecondWindow>());
    let mut entity = world.entity_mut(entity);
    if entity.contains::<Position>() || (shows_space && entity.contains::<SpaceKey>()) {
        entity.insert(Trail { ended_unix_millis: unix_millis.min(now) });
    } else {
        // It may have been drawn until this frame.
        let entity = entity.id();
        remove_row_at_once(world, entity);
        world.despawn(entity);
    }
}

fn replace_all(world: &mut World, connections: Vec<LocatedConnection>) {
    let now = world.resource::<MapClock>().now_unix_millis();
    let open_now: HashSet<ConnectionKey> = connections.iter().map(|connection| connection.key).collect();
    let gone: Vec<ConnectionKey> = world
        .resource::<OpenConnections>()
        .0
        .keys()
        .filter(|key| !open_now.contains(*key))
        .copied()
        .collect();
    for key in gone {
        close(world, key, now);
    }
    for connection in connections.into_iter().map(Arc::new) {
        if world.resource::<OpenConnections>().0.contains_key(&connection.key) {
            replace(world, connection);
        } else {
            open(world, connection, LONG_AGO_UNIX_MILLIS);
        }
    }
}

fn take_status(world: &mut World, status: AgentStatus) {
    let mut agents = world.resource_mut::<Agents>();
    match agents.0.binary_search_by_key(&status.agent, |known| known.agent) {
        Ok(index) => agents.0[index] = status,
        Err(index) => agents.0.insert(index, status),
    }
}

fn position_of(connection: &LocatedConnection) -> Option<Position> {
    connection.place.as_ref().ok().map(|place| Position::new(place.lat, place.lon))
}

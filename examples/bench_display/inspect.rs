//! What somebody waits for who looks at things while 100,000 connections are open: the list of what lies near the pointer,
//! a list of all of them, at rest and while a hundredth of them changes, and a filter. Given is what a frame takes more
//! than the same frame without; drawing itself is not part of it.

use connmapperl::{
    components::action::{FilterAction, ListKind, Pane, UiAction},
    model::{ConnectionId, LocatedConnection},
};

use super::{
    Goals,
    frames::{Changing, Map, flood},
    median,
};

const CONNECTIONS: usize = 100_000;
/// The list of what lies near, with the connections of this session alone.
const LIST_MILLIS: f64 = 50.0;
/// A frame more of this is a list that scrolls at thirty frames a second.
const SCROLL_MILLIS: f64 = 33.0;
const ROUNDS: usize = 7;
/// Central Europe, in the scene's picture of 1280x720.
const CROWDED_PX: [f32; 2] = [660.0, 250.0];

pub fn bench(goals: &mut Goals) -> anyhow::Result<()> {
    let (look, open) = flood()?;
    let mut map = Map::new(look)?;
    map.show(many(&open));
    println!("\n{CONNECTIONS} connections open; milliseconds before drawing, medians of {ROUNDS}");
    let bare = map.cost(Changing::Nothing)?.world;
    println!("  a frame in which nothing changes        {bare:>8.1}");
    let busy = map.cost(Changing::OnePercent)?.world;
    println!("  a frame in which 1 % changes            {busy:>8.1}");
    let near = median(rounds(|_| {
        let shown = map.ask(UiAction::LookAt { pane: Pane::Main, px: CROWDED_PX })?;
        map.ask(UiAction::Back)?;
        Ok(shown - bare)
    })?);
    println!("  the list of what lies near              {near:>8.1} more (goal {LIST_MILLIS})");
    goals.at_most("list of what lies near", near, LIST_MILLIS, "ms");
    let all = median(rounds(|_| {
        let shown = map.ask(UiAction::OpenList(ListKind::All))?;
        map.ask(UiAction::Back)?;
        Ok(shown - bare)
    })?);
    println!("  the list of all of them                 {all:>8.1} more");
    let filter = median(rounds(|round| {
        let port = 440 + round;
        let shown = map.ask(UiAction::Filter(FilterAction::Set(format!("port:{port}"))))?;
        map.ask(UiAction::Filter(FilterAction::Set(String::new())))?;
        Ok(shown - bare)
    })?);
    println!("  another filter                          {filter:>8.1} more");
    map.ask(UiAction::OpenList(ListKind::All))?;
    let still = map.cost(Changing::Nothing)?.world - bare;
    println!("  while it is open and nothing changes    {still:>8.1} more (goal {SCROLL_MILLIS})");
    let moving = map.cost(Changing::OnePercent)?.world - busy;
    println!("  while it is open and 1 % changes        {moving:>8.1} more (goal {SCROLL_MILLIS})");
    goals.at_most("open list at rest", still, SCROLL_MILLIS, "ms");
    goals.at_most("open list while 1 % changes", moving, SCROLL_MILLIS, "ms");
    Ok(())
}

/// The scene's connections several times over.
fn many(open: &[LocatedConnection]) -> Vec<LocatedConnection> {
    let numbered = (1..).zip(open.iter().cycle()).take(CONNECTIONS);
    numbered
        .map(|(number, connection)| {
            let mut connection = connection.clone();
            connection.key.connection = ConnectionId(number);
            connection
        })
        .collect()
}

fn rounds(mut round: impl FnMut(usize) -> anyhow::Result<f64>) -> anyhow::Result<Vec<f64>> {
    (0..ROUNDS).map(&mut round).collect()
}

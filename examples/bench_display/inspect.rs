//! What somebody waits for who looks at things while 100,000 connections are open: the list of what lies near the pointer,
//! a list of all of them, at rest and while a hundredth of them changes, and a filter. Given is what a frame takes more
//! than the same frame without; drawing itself is not part of it.

use connmapperl::{
    components::action::{FilterAction, ListKind, Pane, UiAction},
    model::{ConnectionId, LocatedConnection},
};

use super::{
    figures::{Figure, Figures, Goal},
    frames::{SIZE_PX, median_frame},
    map::{Changing, Map, flood},
    median,
};

const CONNECTIONS: usize = 100_000;
/// The list of what lies near, with the connections of this session alone.
const LIST_MILLIS: Goal = Goal::AtMost(50.0);
/// A frame more of this is a list that scrolls at thirty frames a second.
const SCROLL_MILLIS: Goal = Goal::AtMost(33.0);
const ROUNDS: usize = 7;
/// Central Europe, in the scene's picture of 1280x720.
const CROWDED_PX: [f32; 2] = [660.0, 250.0];

pub fn bench(figures: &mut Figures) -> anyhow::Result<()> {
    let (look, open) = flood()?;
    let mut map = Map::new(look, SIZE_PX)?;
    map.show(many(&open));
    figures.group(format!("{CONNECTIONS} connections open, time before drawing, medians of {ROUNDS}"));
    figures.graphics(map.adapter()?);
    let bare = median_frame(&mut map, Changing::Nothing)?.1;
    figures.add(Figure::new("a frame in which nothing changes", bare, "ms"));
    let busy = median_frame(&mut map, Changing::OnePercent)?.1;
    figures.add(Figure::new("a frame in which 1 % changes", busy, "ms"));
    let near = median(rounds(|_| {
        let shown = map.ask(UiAction::LookAt { pane: Pane::Main, px: CROWDED_PX })?;
        map.ask(UiAction::Back)?;
        Ok(shown - bare)
    })?);
    figures.add(Figure::new("more with the list of what lies near", near, "ms").goal(LIST_MILLIS));
    let all = median(rounds(|_| {
        let shown = map.ask(UiAction::OpenList(ListKind::All))?;
        map.ask(UiAction::Back)?;
        Ok(shown - bare)
    })?);
    figures.add(Figure::new("more with the list of all of them", all, "ms"));
    let filter = median(rounds(|round| {
        let port = 440 + round;
        let shown = map.ask(UiAction::Filter(FilterAction::Set(format!("port:{port}"))))?;
        map.ask(UiAction::Filter(FilterAction::Set(String::new())))?;
        Ok(shown - bare)
    })?);
    figures.add(Figure::new("more with another filter", filter, "ms"));
    map.ask(UiAction::OpenList(ListKind::All))?;
    let still = median_frame(&mut map, Changing::Nothing)?.1 - bare;
    figures.add(Figure::new("more while it is open and nothing changes", still, "ms").goal(SCROLL_MILLIS));
    let moving = median_frame(&mut map, Changing::OnePercent)?.1 - busy;
    figures.add(Figure::new("more while it is open and 1 % changes", moving, "ms").goal(SCROLL_MILLIS));
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

//! Frames over points that stand still: a full table of the history's circles, and a million rows of an answer, each at
//! a place of its own. A hundredth of the live dots above them moves; the points themselves cost a frame when they come.

use std::{sync::Arc, time::Duration};

use connmapperl::{
    components::{
        history_circles::HistoryCircles,
        sql::{Answer, SqlDesk},
    },
    enrich::{DataFolders, Sources},
    history::{
        create_or_migrate,
        query::{Limits, Progress, Table, ask},
    },
    systems::{
        render::uploads,
        services::sql::{Found, plot_of},
    },
    tally::{Spot, Tally},
};

use super::{
    figures::{Figure, Figures, Goal},
    frames::{SIZE_PX, median_frame},
    map::{Changing, Map, flood},
};

const LIVE: usize = 1_000;
const FEW: usize = 10_000;
const FULL_TABLE: usize = 65_000;
const MILLION: usize = 1_000_000;
/// Frame of many points over frame of few, as long as none of them changes.
const GOAL: Goal = Goal::AtMost(2.0);
/// For what stands still.
const NOTHING: Goal = Goal::AtMost(0.0);

#[derive(Clone, Copy)]
enum Points {
    None,
    Circles(usize),
    Rows(usize),
}

pub fn bench(figures: &mut Figures) -> anyhow::Result<()> {
    let (look, open) = flood()?;
    let mut map = Map::new(look, SIZE_PX)?;
    figures.group(format!("points that stand still, {LIVE} live dots of which 1 % move"));
    figures.graphics(map.adapter()?);
    map.show(open.into_iter().take(LIVE).collect());
    let mut few = None;
    let all = [
        Points::None,
        Points::Circles(FEW),
        Points::Circles(FULL_TABLE),
        Points::Rows(FEW),
        Points::Rows(MILLION),
    ];
    for points in all {
        put(&mut map, points)?;
        let come = map.frame()?;
        let before = map.uploads().rows(uploads::Table::Marks);
        let (total, _) = median_frame(&mut map, Changing::OnePercent)?;
        let uploaded = map.uploads().rows(uploads::Table::Marks) - before;
        let name = match points {
            Points::None => "none".to_owned(),
            Points::Circles(count) => format!("{count} circles"),
            Points::Rows(count) => format!("{count} rows plotted"),
        };
        let is_few = matches!(points, Points::Circles(FEW) | Points::Rows(FEW));
        if is_few {
            few = Some(total);
        }
        let frame = Figure::new(format!("frame over {name}"), total, "ms");
        figures.add(match few.filter(|_| !is_few) {
            Some(few) if map.is_software() => frame.beside("one over 10,000", few).goal(GOAL),
            Some(few) => frame.beside("one over 10,000", few),
            None => frame,
        });
        figures.add(Figure::new(format!("frame in which {name} come"), come, "ms"));
        figures.add(Figure::new(format!("uploaded of {name}"), uploaded as f64, "bytes").goal(NOTHING));
    }
    Ok(())
}

fn put(map: &mut Map, points: Points) -> anyhow::Result<()> {
    let (mut tally, mut plots) = (Tally::default(), Vec::new());
    match points {
        Points::None => {}
        Points::Circles(count) => {
            for place in 0..count {
                let (lat, lon) = ((place / 360) as f32 * 0.9 - 85.0, (place % 360) as f32 - 180.0);
                tally.add(Spot::new(lat, lon), None, 1 + place as u64 % 100);
            }
        }
        Points::Rows(count) => {
            let found = Arc::new(Found::new(rows(count)?));
            let (name, took) = ("rows".to_owned(), Duration::ZERO);
            let answer = Answer { id: count as u64, name, rows: found, took, is_cut: false, sorting: None };
            plots.extend(plot_of(answer, Sources::open(&DataFolders::default()).geography()));
        }
    }
    let mut circles = map.world().resource_mut::<HistoryCircles>();
    circles.replace(tally);
    circles.shown = true;
    map.world().resource_mut::<SqlDesk>().plots = plots;
    Ok(())
}

/// As many rows as places, all over the world.
fn rows(count: usize) -> anyhow::Result<Table> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("history.sqlite");
    create_or_migrate(&mut rusqlite::Connection::open(&path)?)?;
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT {count}) \
         SELECT i / 1000 * 0.17 - 85 AS lat, i % 1000 * 0.36 - 180 AS lon FROM n"
    );
    let geography = Arc::new(Sources::open(&DataFolders::default()).geography().clone());
    let table = ask(&path, geography, &sql, Limits::default(), &Arc::new(Progress::default()))?;
    anyhow::ensure!(table.len() == count, "{} rows, not {count}", table.len());
    Ok(table)
}

//! A year with ten million connections, made once through the real writer, and what the map asks of it.

use std::{path::Path, sync::Arc, time::Instant};

use anyhow::{Context, Result};
use connmapperl::{
    enrich::Record,
    history::{Player, Store},
    model::Located,
    rules::Rules,
};

use crate::figures::{Figure, Figures};
use crate::made::{Made, Parts, START_MS, city_lat, key, mixed};

const ROWS: u32 = 10_000_000;
const YEAR_MS: i64 = 365 * 86_400_000;
const DAY_MS: i64 = 86_400_000;
const ROWS_A_BATCH: u32 = 256;
const ROUNDS: u32 = 20;
/// As many stretches as the timeline has, and connections as the map shows one by one.
const STRETCHES: u32 = 320;
const MOST_SHOWN: usize = 4_096;
/// As a list shows of what was recorded.
const MOST_NEAR: usize = 500;

fn opened_ms(id: u32) -> i64 {
    START_MS + i64::from(id) * YEAR_MS / i64::from(ROWS)
}

/// One in sixteen lasts up to eighteen hours, the others up to four seconds.
fn lasted_ms(id: u32) -> i64 {
    let chance = mixed(u64::from(id)) as i64;
    if chance >> 40 & 15 == 0 { chance & 0x3ff_ffff } else { chance & 0xfff }
}

pub fn make(path: &Path) -> Result<()> {
    let rules = Rules::built_in();
    let mut store = Store::open(path, START_MS)?;
    store.begin(START_MS)?;
    let parts = Parts::new();
    // Ends that come later: when, and whose.
    let mut ends = std::collections::BTreeSet::new();
    for first in (0..ROWS).step_by(ROWS_A_BATCH as usize) {
        let last = (first + ROWS_A_BATCH).min(ROWS) - 1;
        let now_ms = opened_ms(last) + 1;
        let mut records = Vec::new();
        for id in first..=last {
            let mut connection = parts.usual_connection(id);
            connection.opened_unix_millis = opened_ms(id);
            records.push(Record::Told(Located::Opened(Arc::new(connection))));
            ends.insert((opened_ms(id) + lasted_ms(id), id));
        }
        while let Some(&(unix_millis, id)) = ends.first().filter(|(at_ms, _)| *at_ms <= now_ms) {
            ends.pop_first();
            let (key, traffic) = (key(id), Made::traffic(id as usize));
            records.push(Record::Told(Located::Closed { key, unix_millis, traffic }));
        }
        store.write(&records, &rules, now_ms)?;
        store.settle_if_due(now_ms)?;
    }
    Ok(store.end(START_MS + YEAR_MS)?)
}

/// Wall-clock time, for that is what somebody waits.
pub fn measure(path: &Path, figures: &mut Figures) -> Result<()> {
    let (first, last) = Player::open(path)?.span(i64::MAX)?.context("nothing was recorded")?;
    let moment = |round: u32| first + (mixed(u64::from(round)) >> 1) as i64 % (last - first);
    let mut player = Player::open(path)?;
    let mut report = |what: &str, rounds: u32, work: &mut dyn FnMut(&mut Player, u32) -> Result<usize>| {
        let (mut worst, mut sum, mut size) = (0.0_f64, 0.0, 0);
        for round in 0..rounds {
            let start = Instant::now();
            size = work(&mut player, round)?;
            let millis = start.elapsed().as_secs_f64() * 1e3;
            (worst, sum) = (worst.max(millis), sum + millis);
        }
        figures.group(format!("{what} (gives {size})"));
        figures.add(Figure::new("on average", sum / f64::from(rounds), "ms"));
        figures.add(Figure::new("at most", worst, "ms"));
        anyhow::Ok(())
    };
    report("seek to a random moment", ROUNDS, &mut |player, round| Ok(player.seek(moment(round))?.len()))?;
    report("density of the whole", 3, &mut |player, _| Ok(player.density(first, last, STRETCHES)?.len()))?;
    report("density of a day", ROUNDS, &mut |player, round| {
        Ok(player.density(moment(round), moment(round) + DAY_MS, STRETCHES)?.len())
    })?;
    for (what, length_ms, rounds) in [
        ("span set of the whole", last - first, 3),
        ("span set of a month", 30 * DAY_MS, 5),
        ("span set of a day", DAY_MS, ROUNDS),
        ("span set of an hour", DAY_MS / 24, ROUNDS),
    ] {
        report(what, rounds, &mut |player, round| {
            let from_ms = if length_ms == last - first { first } else { moment(round).min(last - length_ms) };
            Ok(player.span_set(from_ms, from_ms + length_ms, MOST_SHOWN)?.sums.len())
        })?;
    }
    // The cities lie on one line, by how many connections go there.
    for (what, first_city, cities) in [
        ("the newest near a busy place", 0, 50),
        ("near some place", 5_000, 50),
        ("near a rare one", 19_990, 5),
    ] {
        let lats = city_lat(first_city)..city_lat(first_city + cities);
        report(what, 5, &mut |player, _| {
            let found = player.newest_at(|lat, _| lats.contains(&lat), MOST_NEAR, &mut |_| Some(true))?;
            Ok(found.map_or(0, |found| found.len()))
        })?;
    }
    Ok(())
}

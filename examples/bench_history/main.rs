//! What it costs to write the detailed history and to play it, beside SQLite without any of our code.
//!
//! `cargo xtask bench history`, or `cargo run --example bench_history --no-default-features --features history`. Ends
//! with an error where a goal is missed. Times are those of the thread's CPU, so that a busy machine matters little; the
//! least of three rounds, taken in turns.
//!
//! With the name of a file it makes a year of ten million connections there, unless it is there, and measures what the map
//! asks of it.

mod bare;
#[path = "../support/figures.rs"]
mod figures;
mod made;
mod year;

use std::{fs, path::Path, process::ExitCode, sync::Arc};

use anyhow::{Context, Result, ensure};
use connmapperl::{
    history::{Player, Store},
    rules::Rules,
};
use rustix::time::{ClockId, clock_gettime};

use crate::{
    figures::{Figure, Figures, Goal},
    made::{Made, START_MS},
};

/// Connections; enough that a random index outgrows SQLite's cache.
const ROWS: u32 = 400_000;
const ROUNDS: usize = 3;
const OF_BARE: Goal = Goal::AtLeast(0.6);
const OF_INDEXED: Goal = Goal::AtLeast(5.0);
const BYTES_A_ROW: Goal = Goal::AtMost(70.0);
const OF_SELECT: Goal = Goal::AtLeast(0.7);
const IDLE_MEGABYTES_AN_HOUR: Goal = Goal::AtMost(5.0);
/// Events that the replay takes at a time.
const EVENTS_AT_A_TIME: usize = 4_096;

fn main() -> ExitCode {
    figures::run("history", |figures, words| match words {
        [file, ..] => of_a_year(Path::new(file), figures),
        [] => measure(figures),
    })
}

fn of_a_year(file: &Path, figures: &mut Figures) -> Result<()> {
    figures.harness = "history-year".to_owned();
    if !file.exists() {
        year::make(file)?;
    }
    year::measure(file, figures)
}

fn measure(figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let made = Made::new(ROWS);

    let [mut ours, mut bare, mut indexed] = [f64::MAX; 3];
    let [our_file, bare_file, indexed_file] =
        ["ours", "bare", "indexed"].map(|name| folder.path().join(name));
    for _ in 0..ROUNDS {
        for file in [&our_file, &bare_file, &indexed_file] {
            let _ = fs::remove_file(file);
        }
        ours = ours.min(written(&made, &our_file)?);
        bare = bare.min(bare::written(&made, &bare_file, bare::CLUSTERED)?);
        indexed = indexed.min(bare::written(&made, &indexed_file, bare::INDEXED)?);
    }
    let rate = |secs| f64::from(ROWS) / secs;
    let wrote = || Figure::new("the writer", rate(ours), "rows/s");
    figures.add(wrote().beside("a bare loop", rate(bare)).goal(OF_BARE));
    figures.add(wrote().beside("a bare loop with four indexes", rate(indexed)).goal(OF_INDEXED));
    let row_bytes = bare::bytes_of_rows(&our_file)? / f64::from(ROWS);
    figures.add(Figure::new("a row", row_bytes, "bytes").goal(BYTES_A_ROW));

    let [mut played, mut selected, mut numbers] = [f64::MAX; 3];
    for _ in 0..ROUNDS {
        played = played.min(cpu_secs(|| replayed(&our_file))?);
        selected = selected.min(cpu_secs(|| bare::selected(&our_file, bare::WITH_TEXTS))?);
        numbers = numbers.min(cpu_secs(|| bare::selected(&our_file, bare::NUMBERS))?);
    }
    let played = || Figure::new("the player", rate(played), "rows/s");
    figures.add(played().beside("a bare SELECT, texts included", rate(selected)).goal(OF_SELECT));
    figures.add(played().beside("a bare SELECT of numbers alone", rate(numbers)));
    let idle = idle_hour(&folder.path().join("idle"))?;
    let idle = Figure::new("written in an hour of 200 steady connections", idle, "MB");
    figures.add(idle.goal(IDLE_MEGABYTES_AN_HOUR));
    Ok(())
}

/// Of this thread.
fn cpu_secs(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let before = now();
    work()?;
    Ok(now() - before)
}

/// Returns seconds of CPU.
fn written(made: &Made, path: &Path) -> Result<f64> {
    let rules = Rules::built_in();
    let mut store = Store::open(path, START_MS)?;
    let mut secs = cpu_secs(|| Ok(store.begin(START_MS)?))?;
    for batch in made.batches() {
        secs += cpu_secs(|| {
            store.write(&batch.records, &rules, batch.now_ms)?;
            Ok(store.settle_if_due(batch.now_ms)?)
        })?;
    }
    Ok(secs + cpu_secs(|| Ok(store.end(made.end_ms())?))?)
}

fn replayed(path: &Path) -> Result<()> {
    let mut player = Player::open(path)?;
    let (first, last) = player.span(i64::MAX)?.context("nothing was recorded")?;
    player.seek(first - 1)?;
    let (mut told, mut count) = (Vec::new(), 0);
    loop {
        told.clear();
        let is_there = player.advance(last, EVENTS_AT_A_TIME, &mut told)?;
        count += told.len();
        if is_there {
            break;
        }
    }
    ensure!(count == 2 * ROWS as usize, "{count} openings and closings of {ROWS} connections");
    Ok(())
}

/// Megabytes that go to the disk while nothing opens and nothing closes, with counters of all of them each second.
fn idle_hour(path: &Path) -> Result<f64> {
    let rules = Arc::new(Rules::built_in());
    let made = Made::new(200);
    let mut store = Store::open(path, START_MS)?;
    store.begin(START_MS)?;
    store.write(&made.openings(), &rules, START_MS)?;
    let before = bytes_written()?;
    for sec in 1..=3_600 {
        let now_ms = START_MS + sec * 1_000;
        store.write(&made.counters(), &rules, now_ms)?;
        if sec % 5 == 0 {
            store.mark(now_ms)?;
        }
        store.settle_if_due(now_ms)?;
    }
    Ok((bytes_written()? - before) / 1e6)
}

/// By all writes of this process, wherever they end.
fn bytes_written() -> Result<f64> {
    let io = fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.context("no wchar in /proc/self/io")?.parse()?)
}

//! What it costs to write the detailed history and to play it, beside SQLite without any of our code.
//!
//! `cargo xtask bench history`, or `cargo run --example bench_history --no-default-features --features history`. Ends
//! with an error where a goal is missed. Times are those of the thread's CPU, so that a busy machine matters little; the
//! least of three rounds, taken in turns.
//!
//! With the name of a file it makes a year of ten million connections there, unless it is there, and measures what the map
//! asks of it.

mod bare;
mod made;
mod year;

use std::{fs, path::Path, process::ExitCode, sync::Arc};

use anyhow::{Context, Result, ensure};
use connmapperl::{
    history::{Player, Store},
    rules::Rules,
};
use rustix::time::{ClockId, clock_gettime};

use crate::made::{Made, START_MS};

/// Connections; enough that a random index outgrows SQLite's cache.
const ROWS: u32 = 400_000;
const ROUNDS: usize = 3;
const LEAST_OF_BARE: f64 = 0.6;
const LEAST_OF_INDEXED: f64 = 5.0;
const MOST_BYTES_A_ROW: f64 = 70.0;
const LEAST_OF_SELECT: f64 = 0.7;
const MOST_IDLE_MEGABYTES_AN_HOUR: f64 = 5.0;
/// Events that the replay takes at a time.
const EVENTS_AT_A_TIME: usize = 4_096;

fn main() -> ExitCode {
    let result = match std::env::args_os().nth(1) {
        Some(file) => of_a_year(Path::new(&file)).map(|()| Vec::new()),
        None => run(),
    };
    match result {
        Ok(missed) if missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            missed.iter().for_each(|goal| println!("MISSED: {goal}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("bench_history: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn of_a_year(file: &Path) -> Result<()> {
    if !file.exists() {
        year::make(file)?;
    }
    year::measure(file)
}

fn run() -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let made = Made::new(ROWS);
    let mut missed = Vec::new();
    let mut goal = |what: &str, value: f64, at_least: bool, limit: f64| {
        println!("{what:<58} {value:>8.2}   goal {} {limit}", if at_least { ">=" } else { "<=" });
        if (value < limit) == at_least {
            missed.push(format!("{what}: {value:.2}"));
        }
    };

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
    for (what, secs) in [("the writer", ours), ("bare loop", bare), ("bare loop, four indexes", indexed)] {
        println!("{what:<58} {:>8.0} rows/s", f64::from(ROWS) / secs);
    }
    goal("rows a second, of a bare loop's", bare / ours, true, LEAST_OF_BARE);
    goal("rows a second, times those with four indexes", indexed / ours, true, LEAST_OF_INDEXED);
    goal("bytes a row", bare::bytes_of_rows(&our_file)? / f64::from(ROWS), false, MOST_BYTES_A_ROW);

    let [mut played, mut selected, mut numbers] = [f64::MAX; 3];
    for _ in 0..ROUNDS {
        played = played.min(cpu_secs(|| replayed(&our_file))?);
        selected = selected.min(cpu_secs(|| bare::selected(&our_file, bare::WITH_TEXTS))?);
        numbers = numbers.min(cpu_secs(|| bare::selected(&our_file, bare::NUMBERS))?);
    }
    println!("{:<58} {:>8.0} rows/s", "the player", f64::from(ROWS) / played);
    println!("{:<58} {:>8.0} rows/s", "bare SELECT of the same, texts included", f64::from(ROWS) / selected);
    println!("{:<58} {:>8.0} rows/s", "bare SELECT of numbers alone", f64::from(ROWS) / numbers);
    goal("rows a second read, of a bare SELECT's", selected / played, true, LEAST_OF_SELECT);
    let idle = idle_hour(&folder.path().join("idle"))?;
    goal("megabytes written in an hour of 200 steady connections", idle, false, MOST_IDLE_MEGABYTES_AN_HOUR);
    Ok(missed)
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

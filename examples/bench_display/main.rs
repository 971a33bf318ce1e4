//! What the display costs: frames of many dots, and the program from its start. Everything stands beside something
//! else from the same run. Ends with an error where a goal is missed; the goals are for a software adapter.
//!
//! `cargo build && cargo run --example bench_display [frames|inspect|points|program|space]`; without a word all.
//!
//! - `frames`: the map at 1280x720, off the screen, through the plugins of the window and of stills; each frame ends
//!   when the adapter has done its work.
//! - `inspect`: lists and filters over 100,000 open connections.
//! - `points`: the same over tens of thousands of circles, and over a million plotted rows.
//! - `space`: the address space while it is panned, with a million addresses on it.
//! - `program`: the program as it was built last, in an Xvfb of its own: start to first dots, memory, idling; and
//!   `connmapperl list`.

mod frames;
mod home;
mod inspect;
mod points;
mod program;
mod screen;
mod space;

use std::{process::ExitCode, time::Duration};

fn main() -> ExitCode {
    let word = std::env::args().nth(1).unwrap_or_default();
    let mut goals = Goals::default();
    // Figures from a machine that is busy with something else say little.
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load of the machine before: {}", load.split(' ').next().unwrap_or("unknown"));
    let ran = (|| {
        if matches!(word.as_str(), "" | "program") {
            program::bench(&mut goals)?;
        }
        if matches!(word.as_str(), "" | "frames") {
            frames::bench(&mut goals)?;
        }
        if matches!(word.as_str(), "" | "inspect") {
            inspect::bench(&mut goals)?;
        }
        if matches!(word.as_str(), "" | "points") {
            points::bench(&mut goals)?;
        }
        if matches!(word.as_str(), "" | "space") {
            space::bench(&mut goals)?;
        }
        anyhow::Ok(())
    })();
    if let Err(error) = ran {
        eprintln!("bench_display: {error:#}");
        return ExitCode::FAILURE;
    }
    goals.missed.iter().for_each(|goal| println!("MISSED: {goal}"));
    if goals.missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Goals {
    missed: Vec<String>,
}

impl Goals {
    fn at_most(&mut self, what: &str, found: f64, most: f64, unit: &str) {
        if found > most {
            self.missed.push(format!("{what}: {found:.1} {unit}, not at most {most} {unit}"));
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// NaN for none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

//! What the display costs: frames of many dots, and the program from its start. Everything stands beside something
//! else from the same run. Ends with an error where a goal is missed; the goals are for a software adapter.
//!
//! `cargo build && cargo run --example bench_display [frames|gpu|inspect|points|program|space|wall]`; without a word all but
//! `gpu` and `wall`.
//!
//! - `frames`: the map at 1280x720, off the screen, through the plugins of the window and of stills; each frame ends
//!   when the adapter has done its work.
//! - `gpu`: full maps of up to a million points at 1920x1080 and 3840x2160, on whatever draws here, with no display server;
//!   pictures of them, start, and a table for `docs/performance.md`.
//! - `inspect`: lists and filters over 100,000 open connections.
//! - `points`: the same over tens of thousands of circles, and over a million plotted rows.
//! - `space`: the address space while it is panned, with a million addresses on it.
//! - `program`: the program as it was built last, in an Xvfb of its own: start to first dots, memory, idling; and
//!   `connmapperl list`.
//! - `wall`: the same in front of 10, 200 and 1,000 connections, which stand still and then come and go, for a minute each
//!   (`--secs N`); frames, processor time and memory, beside connmap where that is installed, and a picture of each.

mod adapter_clock;
#[path = "../support/figures.rs"]
mod figures;
mod frames;
mod gpu;
mod home;
mod inspect;
mod map;
mod points;
mod program;
mod screen;
mod space;
mod start;
mod table;
mod wall;

use std::{process::ExitCode, time::Duration};

use anyhow::bail;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().collect();
    if let [_, word, width, height] = words.as_slice()
        && word == "first-frame"
    {
        return first_frame([width, height]);
    }
    figures::run("display", |figures, words| {
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        figures.harness = match words.as_slice() {
            [] => "display".to_owned(),
            ["wall", ..] => "wall".to_owned(),
            ["gpu", ..] => "gpu".to_owned(),
            [word, ..] => format!("display-{word}"),
        };
        match words.as_slice() {
            [] => {
                for part in [program::bench, frames::bench, inspect::bench, points::bench, space::bench] {
                    part(figures)?;
                }
                Ok(())
            }
            ["program"] => program::bench(figures),
            ["frames"] => frames::bench(figures),
            ["inspect"] => inspect::bench(figures),
            ["points"] => points::bench(figures),
            ["space"] => space::bench(figures),
            ["gpu"] => gpu::bench(figures, None),
            ["gpu", kind] => gpu::bench(figures, Some(kind)),
            ["wall"] => wall::bench(figures, wall::WATCHED),
            ["wall", "--secs", secs] => wall::bench(figures, Duration::from_secs(secs.parse()?)),
            other => bail!("{other:?} is none of its parts"),
        }
    })
}

/// The child of `gpu` that draws one picture.
fn first_frame(size_px: [&String; 2]) -> ExitCode {
    let drawn = size_px[0].parse().and_then(|width| Ok([width, size_px[1].parse()?]));
    match drawn.map_err(Into::into).and_then(start::draw) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("first-frame: {error:#}");
            ExitCode::FAILURE
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

//! Frames are drawn when something visible changes, and only then. Counted by the trace that the map's pass leaves.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use crate::desktop::{Desktop, Window, eventually};

const WATCHED: Duration = Duration::from_secs(8);
/// The turn of a minute draws one and sets a new alarm, which draws another; a collector on a busy machine may change
/// its pace, which is shown. A program that did not sleep would draw a hundred and more.
pub const STILL_FRAMES: usize = 5;

fn open<'a>(desktop: &'a Desktop, scene: &str) -> Option<Window<'a>> {
    let log = "warn,connmapperl::systems::render=trace";
    desktop.open_with(&["--demo", scene], |command| {
        command.env("RUST_LOG", log);
    })
}

fn frames(window: &Window) -> usize {
    window.log().lines().filter(|line| line.contains("frame drawn")).count()
}

#[test]
fn a_still_scene_draws_no_frames() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = open(&desktop, "antimeridian") else { return };
    window.rest();
    assert!(frames(&window) > 0, "the trace is not there: {}", window.log());
    let before = frames(&window);
    // Not a wait for something: the claim is about this while.
    sleep(WATCHED);
    let drawn = frames(&window) - before;
    assert!(drawn <= STILL_FRAMES, "{drawn} frames in {WATCHED:?}");

    // It sleeps, but lightly.
    window.key("t");
    eventually("a frame after a key", || (frames(&window) > before + drawn).then_some(()));
}

#[test]
fn a_scene_that_goes_on_is_drawn() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = open(&desktop, "world") else { return };
    let (began, before) = (Instant::now(), frames(&window));
    eventually("frames", || (frames(&window) >= before + 20).then_some(()));
    println!("20 frames in {:?}", began.elapsed());
}

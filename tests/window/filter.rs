//! The filter's box: what is typed there counts at once, and the keys that end it.

use crate::desktop::{Desktop, Region, eventually, picture::is_like};

const SCENE: [&str; 2] = ["--demo", "antimeridian"];
/// Where that scene has texts, and no panel is.
const EAST: Region = Region::new([1000, 120], [1270, 640]);
/// The box at the top, and the chip that stands there when it is closed.
const BOX: Region = Region::new([360, 48], [920, 90]);
const CHIP: Region = Region::new([500, 48], [780, 80]);
/// Of errors, in the dark theme.
const RED: [u8; 3] = [0xff, 0x6b, 0x6b];

#[test]
fn what_is_typed_counts_at_once_and_escape_takes_it_back() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    window.leave();
    let bare = window.shows("texts", |picture| picture.bright(EAST) > 500);
    window.key("slash");
    window.shows("the box", |picture| picture.changed(&bare, BOX) > 5_000);
    window.write("prog:nothing-is-called-so");
    window.shows("an empty map", |picture| picture.bright(EAST) < bare.bright(EAST) / 4);
    window.write(" port:x");
    window.shows("what is wrong", |picture| picture.count(BOX, is_like(RED)) > 20);
    window.key("Escape");
    window.shows("all of it", |picture| picture.same_in(&bare, EAST) && picture.same_in(&bare, BOX));
}

#[test]
fn enter_keeps_the_filter_and_its_chip_takes_it_away() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    window.leave();
    let bare = window.shows("texts", |picture| picture.bright(EAST) > 500);
    window.key("slash");
    window.shows("the box", |picture| picture.changed(&bare, BOX) > 5_000);
    // An offer is taken, and what is typed behind it comes behind it.
    window.write("prog:thu\tport:993");
    window.key("Return");
    let kept = window.shows("a chip", |picture| picture.changed(&bare, CHIP) > 500);
    window.key("slash");
    window.shows("the box with the filter", |picture| picture.changed(&kept, BOX) > 5_000);
    window.ctrl("a");
    window.ctrl("c");
    eventually("the filter", || (window.clipboard() == "prog:thunderbird port:993").then_some(()));
    window.key("Escape");
    window.shows("no filter", |picture| picture.same_in(&bare, BOX));
}

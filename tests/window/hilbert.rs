//! All addresses on a Hilbert curve: there and back by a key, what lies under the pointer, and a block that is flown to.

use crate::desktop::{Desktop, Region, eventually};

const SCENE: [&str; 2] = ["--demo", "antimeridian"];
/// Where that scene has texts on the world, beside the square and its texts.
const WEST: Region = Region::new([20, 130], [250, 375]);
/// Within the square, where 240.0.0.0/4 is: nobody may use it, and it has no dots.
const RESERVED: Region = Region::new([800, 60], [940, 150]);
/// The panel about it, and the part of that which tells of the block under the pointer.
const PANEL: Region = Region::new([1000, 46], [1260, 206]);
const POINTED: Region = Region::new([1000, 374], [1260, 460]);
const FIELD: [i32; 2] = [1130, 160];

#[test]
fn z_flies_to_the_address_space_and_back() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    window.leave();
    let world = window.shows("texts", |picture| picture.bright(WEST) > 200);
    window.key("z");
    let space = window.shows("the square and its panel", |picture| {
        picture.changed(&world, PANEL) > 8_000 && picture.bright(WEST) * 4 < world.bright(WEST)
    });
    // The block that is pointed at is told, and a block that is typed is flown to.
    window.point([870, 100]);
    window.shows("what is pointed at", |picture| picture.changed(&space, POINTED) > 600);
    window.leave();
    window.shows("nothing", |picture| picture.same_in(&space, POINTED));
    window.click(FIELD);
    window.write("10.0.0.0/8");
    window.key("Return");
    window.shows("another block", |picture| picture.changed(&space, RESERVED) > 500);
    window.key("Home");
    window.shows("all of it", |picture| picture.same_in(&space, RESERVED));
    window.key("z");
    window.shows("the world", |picture| picture.same_in(&world, WEST));
}

/// Two of them lie side by side on the screen, with their panels.
const HALF: [u32; 2] = [900, 500];
const CORNER: [i32; 2] = [1000, 560];
/// Where the account is in a window of that size.
const ACCOUNT: Region = Region::new([690, 440], [890, 468]);
/// On the square, away from its middle.
const ON_SQUARE: [i32; 2] = [400, 200];
const BESIDE: &str = "connmapperl: all addresses";

#[test]
fn shift_z_opens_the_address_space_beside_the_map() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    window.resize(HALF);
    window.move_to(CORNER);
    window.leave();
    window.shows("a small map with its account", |picture| picture.bright(ACCOUNT) > 100);
    window.key_with("shift", "z");
    let beside = eventually("a second window", || window.other(BESIDE));
    beside.resize(HALF);
    beside.move_near([4, 30]);
    // What the pointer lies on is told: a frame of both, after all moves.
    beside.point(ON_SQUARE);
    let square = Region::new([252, 50], [648, 450]);
    let space = beside.shows("the address space", |picture| {
        // The square begins between these two once the window has its size.
        picture.bright(picture.whole()) > 200 && picture.rgb([290, 300]) != picture.rgb([20, 300])
    });
    let world = window.rest();
    beside.wheel(ON_SQUARE, 4);
    let near = beside.shows("cells come near", |picture| picture.changed(&space, square) > 20_000);
    window.shows("the map as it was", |picture| picture.same_map(&world));
    // What lies there is listed in the main window.
    beside.tap_with("3", ON_SQUARE);
    window.shows("a list", |picture| picture.changed(&world, picture.map()) > 2_000);
    // That has the keys, so that Esc closes it; a click beside the square gives them back.
    beside.tap([20, 300]);
    beside.key("Home");
    beside.shows("all of it", |picture| {
        picture.changed(&near, square) > 20_000 && picture.rgb([20, 300]) == picture.rgb([200, 300])
    });
    beside.key("Escape");
    eventually("one window", || window.other(BESIDE).is_none().then_some(()));
    window.key("Escape");
    window.shows("the map alone", |picture| picture.same_map(&world));
    // Again, to be closed by the same key, and with the main window.
    window.key_with("shift", "z");
    eventually("a second window", || window.other(BESIDE));
    window.key_with("shift", "z");
    eventually("one window", || window.other(BESIDE).is_none().then_some(()));
}

//! The simple history: `h` shows circles, `s` saves them, `l` loads them after one question. A scene has a file of its
//! own.

use std::{fs, path::PathBuf};

use crate::desktop::{Desktop, Picture, Region, Window, eventually, picture::is_like};

const SCENE: [&str; 2] = ["--demo", "antimeridian"];
/// The map at the right of the key, between the badge and the status line.
const MAP: Region = Region::new([260, 90], [1280, 600]);
/// The Atlantic, where the scene has nothing.
const OCEAN: Region = Region::new([560, 430], [600, 560]);
/// Where the dialog lies.
const MIDDLE: Region = Region::new([440, 290], [840, 430]);
/// Where notices are.
const NOTICES: Region = Region::new([880, 46], [1270, 90]);

/// The map with all that the scene has open.
fn full_map(window: &Window) -> Picture {
    window.shows("texts", |picture| picture.bright(MAP) > 1_500)
}

fn file(desktop: &Desktop) -> PathBuf {
    desktop.home.path().join("data/connmapperl/history-places-demo.csv")
}

/// Rows of a history file, each with its place and count.
fn rows(desktop: &Desktop) -> Vec<String> {
    let text = fs::read_to_string(file(desktop)).unwrap_or_default();
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("lat"))
        .map(str::to_owned)
        .collect()
}

fn write(desktop: &Desktop, rows: &str) {
    let count = rows.lines().count();
    let text = format!("# connmapperl history-places 1\nlat,lon,count,label\n{rows}# {count} rows\n");
    desktop.home.write("data/connmapperl/history-places-demo.csv", &text);
}

/// In the middle of the ocean, large enough to be seen.
const ATLANTIC: &str = "-20.000,-17.000,5000,\n";

fn is_dialog(picture: &Picture, bare: &Picture) -> bool {
    picture.bright(MIDDLE) > bare.bright(MIDDLE) + 200
}

fn says(picture: &Picture, color: [u8; 3]) -> bool {
    picture.count(NOTICES, is_like(color)) > 20
}

const INFO: [u8; 3] = [0x5A, 0xC8, 0xFA];
const WARNING: [u8; 3] = [0xFF, 0xB4, 0x54];

fn saved(window: &Window, desktop: &Desktop, what: &str, holds: impl Fn(&[String]) -> bool) {
    window.key("s");
    eventually(what, || Some(rows(desktop)).filter(|rows| holds(rows)));
}

#[test]
fn h_shows_circles_under_the_dots_and_hides_them_again() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    let bare = full_map(&window);
    window.key("h");
    let circles = window.shows("circles", |picture| picture.changed(&bare, picture.map()) > 400);
    assert!(circles.bright(circles.map()) * 10 > bare.bright(bare.map()) * 9, "dots and texts lie over them");
    window.key("h");
    window.shows("the bare map", |picture| picture.same_map(&bare));
}

#[test]
fn s_saves_and_l_asks_once_whether_to_add_or_to_replace() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    full_map(&window);
    window.key("s");
    let own = eventually("a file", || Some(rows(&desktop)).filter(|rows| !rows.is_empty()));
    window.shows("what was saved", |picture| says(picture, INFO));

    write(&desktop, ATLANTIC);
    let bare = window.rest();
    window.key("l");
    window.shows("the question", |picture| is_dialog(picture, &bare));
    window.key("Escape");
    window.shows("no question", |picture| !is_dialog(picture, &bare) && picture.same_in(&bare, OCEAN));

    window.key("l");
    window.shows("the question", |picture| is_dialog(picture, &bare));
    window.key("Return");
    window.shows("the loaded circle", |picture| {
        !is_dialog(picture, &bare) && picture.changed(&bare, OCEAN) > 1_000
    });
    saved(&window, &desktop, "both together", |rows| rows.len() == own.len() + 1);

    write(&desktop, ATLANTIC);
    window.key("l");
    window.shows("the question", |picture| is_dialog(picture, &bare));
    window.key_with("shift", "Return");
    window.shows("no question", |picture| !is_dialog(picture, &bare));
    saved(&window, &desktop, "the file's alone", |rows| rows == [ATLANTIC.trim()]);
}

#[test]
fn a_damaged_file_is_told_with_its_line_and_changes_nothing() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    full_map(&window);
    window.key("l");
    window.shows("that there is no file", |picture| says(picture, WARNING));
    saved(&window, &desktop, "a file", |rows| !rows.is_empty());
    let own = rows(&desktop);
    let bare = window.shows("what was saved", |picture| says(picture, INFO));

    write(&desktop, &format!("{ATLANTIC}{}", ATLANTIC.replace("5000", "many")));
    window.key("l");
    window.shows("a warning", |picture| says(picture, WARNING) && !is_dialog(picture, &bare));
    let log = window.log();
    assert!(log.contains("history-places-demo.csv") && log.contains("line 4"), "{log}");
    saved(&window, &desktop, "the same as before", |rows| *rows == own);
}

//! What lies where somebody points: beside the pointer while it hovers, in a list after a right click.

use crate::desktop::{Desktop, Region, eventually, picture::is_bright};

const SCENE: [&str; 2] = ["--demo", "antimeridian"];
/// Where that scene has texts, and no panel is.
const EAST: Region = Region::new([1000, 120], [1270, 640]);
/// A dot of the scene in Alaska, and where the words about it are.
const ALASKA: [i32; 2] = [48, 234];
const WORDS: Region = Region::new([62, 250], [360, 350]);
/// Below that dot, where its list comes, at the left edge of the window.
const LIST: Region = Region::new([20, 270], [600, 360]);
/// Where the other list comes alone.
const ELSEWHERE: Region = Region::new([1100, 310], [1270, 520]);
/// Its word for closing it.
const CLOSE: Region = Region::new([1034, 284], [1068, 302]);

#[test]
fn hovering_names_a_dot_and_a_right_click_lists_what_lies_there() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    let bare = window.shows("texts", |picture| picture.bright(EAST) > 500);
    window.point(ALASKA);
    window.shows("words beside the pointer", |picture| picture.changed(&bare, WORDS) > 2_000);
    window.leave();
    window.shows("no words", |picture| picture.same_in(&bare, WORDS));

    window.tap_with("3", ALASKA);
    window.leave();
    let list = window.shows("a list", |picture| picture.changed(&bare, LIST) > 10_000);
    // What lies elsewhere has a list of its own, and both stay.
    window.tap_with("3", [1240, 560]);
    window.leave();
    window.shows("two lists", |picture| picture.changed(&list, ELSEWHERE) > 5_000);
    window.key("Escape");
    window.shows("one list", |picture| picture.same_in(&list, ELSEWHERE) && picture.same_in(&list, LIST));
    let close = eventually("its word", || list.find(CLOSE, is_bright)).center();
    window.click(close);
    window.shows("no list", |picture| picture.same_in(&bare, LIST));
}

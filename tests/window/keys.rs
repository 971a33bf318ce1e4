//! Keys, and clicks in the key, the status line and the exit corner.

use crate::desktop::{
    Desktop, Home, Picture, Region, eventually,
    picture::{Rgb, is_bright, is_like},
};

/// Peers near both edges, and no motion once it is drawn.
const SCENE: [&str; 2] = ["--demo", "antimeridian"];
const BLUE: Rgb = [0, 51, 255];
const RED: Rgb = [255, 0, 0];

/// The map at the right of the key, between the badge and the status line.
const MAP: Region = Region::new([260, 90], [1280, 600]);
/// Where the colour boxes of so few rules are.
const KEY: Region = Region::new([34, 550], [50, 650]);
/// Where notices are.
const NOTICES: Region = Region::new([880, 46], [1270, 90]);
/// Where a list or the help opens.
const MIDDLE: Region = Region::new([400, 250], [900, 450]);

/// Rules that match connections of the scene, the first in one colour.
fn rules(home: &Home, [r, g, b]: [f32; 3], more: &str) -> String {
    let text = format!("\"Web\",local,443,{r},{g},{b},1,1\n\"Mail\",local,993,0,1,0,1,0\n{more}");
    home.write("rules", &text).display().to_string()
}

fn blue_rules(home: &Home) -> String {
    rules(home, [0.0, 0.2, 1.0], "")
}

fn is_blue([r, g, b]: Rgb) -> bool {
    b > 140 && r < 90 && g < 140
}

fn is_red([r, g, b]: Rgb) -> bool {
    r > 140 && g < 90 && b < 90
}

/// Texts may find other places than before.
fn has_as_many_texts(picture: &Picture, before: &Picture) -> bool {
    picture.bright(MAP) * 10 > before.bright(MAP) * 9
}

fn color_box(picture: &Picture, color: Rgb) -> Region {
    picture.find(KEY, is_like(color)).expect("a box in the key")
}

#[test]
fn t_hides_all_texts_and_shows_them_again() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    let with = window.shows("texts", |picture| picture.bright(MAP) > 1_500);
    window.key("t");
    let without = window.shows("no texts", |picture| picture.bright(MAP) * 2 < with.bright(MAP));
    window.key("t");
    window.shows("texts again", |picture| has_as_many_texts(picture, &with));
    assert!(!has_as_many_texts(&without, &with));
}

#[test]
fn c_reads_a_changed_rules_file_and_tells_its_bad_lines() {
    let Some(desktop) = Desktop::start() else { return };
    let path = blue_rules(&desktop.home);
    let Some(window) = desktop.open(&[&SCENE[..], &["--config", &path]].concat()) else { return };
    let is_in = |color: Rgb, is_hue: fn(Rgb) -> bool| {
        move |picture: &Picture| picture.count(KEY, is_like(color)) > 30 && picture.count(MAP, is_hue) > 50
    };
    let blue = window.shows("blue dots", is_in(BLUE, is_blue));
    assert_eq!(blue.count(KEY, is_like(RED)) + blue.count(MAP, is_red), 0);

    rules(&desktop.home, [1.0, 0.0, 0.0], "");
    window.key("c");
    let red = window.shows("red dots", is_in(RED, is_red));
    assert_eq!(red.count(KEY, is_like(BLUE)) + red.count(MAP, is_blue), 0);

    let is_notice = |picture: &Picture| picture.count(NOTICES, is_like([0xFF, 0xB4, 0x54])) > 20;
    assert!(!is_notice(&red));
    rules(&desktop.home, [0.0, 0.2, 1.0], "\"Bad\",local,70000,1,1,1,1,1\n");
    window.key("c");
    window.shows("a notice, and the good rules at work", |picture| {
        is_notice(picture) && is_in(BLUE, is_blue)(picture)
    });
    let log = window.log();
    assert!(log.contains("line 3") && log.contains("70000"), "{log}");

    rules(&desktop.home, [1.0, 0.0, 0.0], "");
    window.key("c");
    window.shows("the notice gone", |picture| !is_notice(picture) && is_in(RED, is_red)(picture));
}

#[test]
fn f11_and_f_toggle_full_screen_and_esc_leaves_it() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    let before = window.geometry();
    assert_eq!(before.size, [1280, 720]);
    let is_full = || eventually("full screen", || (window.geometry().size == desktop.size).then_some(()));
    let is_back = || eventually("the window", || (window.geometry() == before).then_some(()));
    for (there, back) in [("F11", "F11"), ("f", "f"), ("F11", "Escape")] {
        window.key(there);
        is_full();
        window.shows("a map all over the screen", |picture| {
            picture.size == desktop.size && picture.shades() > 50
        });
        window.key(back);
        is_back();
        window.shows("a map in the window", |picture| picture.size == before.size && picture.shades() > 50);
    }
}

#[test]
fn f1_and_question_mark_show_the_keys_and_esc_closes_one_thing_at_a_time() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    let bare = window.rest();
    for key in ["F1", "question"] {
        window.key(key);
        window.shows("the help", |picture| picture.bright(MIDDLE) > bare.bright(MIDDLE) + 500);
        window.key("Escape");
        window.shows("the bare map", |picture| picture.same_in(&bare, MIDDLE));
    }
    window.key("a");
    window.shows("the list", |picture| picture.bright(MIDDLE) > bare.bright(MIDDLE) + 500);
    window.key("F1");
    window.shows("the help over the list", |picture| picture.changed(&bare, picture.map()) > 100_000);
    window.key("Escape");
    window.shows("the list", |picture| picture.bright(MIDDLE) > bare.bright(MIDDLE) + 500);
    window.key("Escape");
    window.shows("the bare map", |picture| picture.same_in(&bare, MIDDLE));
    window.key("Escape");
    assert_eq!(window.exit_code(), Some(0));
}

#[test]
fn a_click_on_a_color_box_switches_text_and_with_shift_dots() {
    let Some(desktop) = Desktop::start() else { return };
    let path = blue_rules(&desktop.home);
    let Some(window) = desktop.open(&[&SCENE[..], &["--config", &path]].concat()) else { return };
    let first = window.shows("texts", |picture| picture.bright(MAP) > 1_500);
    let at = color_box(&first, BLUE).center();
    let full = first.count(KEY, is_like(BLUE));

    window.click(at);
    window.shows("an empty box, and no texts", |picture| {
        picture.count(KEY, is_like(BLUE)) * 3 < full * 2 && picture.bright(MAP) * 2 < first.bright(MAP)
    });
    window.click(at);
    window.shows("texts again", |picture| {
        picture.count(KEY, is_like(BLUE)) == full && has_as_many_texts(picture, &first)
    });

    window.shift_click(at);
    let hidden =
        window.shows("no blue dots", |picture| picture.count(MAP, is_blue) * 20 < first.count(MAP, is_blue));
    assert!(hidden.bright(MAP) * 2 < first.bright(MAP), "hidden dots carry no text");
    window.shift_click(at);
    window.shows("blue dots again", |picture| {
        picture.count(MAP, is_blue) * 10 > first.count(MAP, is_blue) * 9 && has_as_many_texts(picture, &first)
    });
}

#[test]
fn a_click_on_a_rule_or_a_figure_opens_the_list_behind_it() {
    let Some(desktop) = Desktop::start() else { return };
    let path = blue_rules(&desktop.home);
    let Some(window) = desktop.open(&[&SCENE[..], &["--config", &path]].concat()) else { return };
    let bare = window.rest();
    let [x, y] = color_box(&bare, BLUE).center();
    let is_open = |picture: &Picture| picture.bright(MIDDLE) > bare.bright(MIDDLE) + 500;

    window.click([x + 30, y]);
    let of_rule = window.shows("the list of the rule", is_open);
    window.key("Escape");
    window.shows("the bare map", |picture| picture.same_in(&bare, MIDDLE));

    // The account of all sockets begins with their number.
    let [right, bottom] = bare.size;
    let account = bare.find(Region::new([right / 2, bottom - 54], [right - 20, bottom - 36]), is_bright);
    let [left, _] = account.expect("the account").min;
    window.click([i32::try_from(left).unwrap() + 12, i32::try_from(bottom).unwrap() - 46]);
    window.shows("the list of all sockets", |picture| is_open(picture) && !picture.same_map(&of_rule));
}

#[test]
fn the_exit_button_shows_under_the_pointer_alone_and_ends_the_program() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&SCENE) else { return };
    let corner = Region::new([1236, 0], [1280, 44]);
    let bare = window.rest();
    assert_eq!(bare.bright(corner), 0);
    window.point(corner.center());
    window.shows("the button", |picture| picture.bright(corner) > 20);
    window.leave();
    window.shows("the bare map", |picture| picture.same_in(&bare, MIDDLE));
    window.press(corner.center());
    assert_eq!(window.exit_code(), Some(0));
}

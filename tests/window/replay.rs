//! The timeline and the past in the window: opened, played, shown in stretches, and left again; and the time-lapse styles.

use crate::desktop::{
    Desktop, Home, Picture, Region, Window, eventually,
    picture::{Rgb, is_like},
};

/// The timeline of a window of 1280 to 720, and what stands at its left and over it.
const BAR: Region = Region::new([250, 645], [900, 684]);
const STATE: Region = Region::new([34, 684], [160, 700]);
const CLOCK: Region = Region::new([120, 664], [200, 682]);
const CAPTION: Region = Region::new([380, 20], [900, 84]);
/// Where the history's only place is: São Paulo; the scene has nothing there.
const BRAZIL: Region = Region::new([440, 500], [510, 580]);
/// Of the rule for port 443 of the other side.
const SURFING: Rgb = [0xAD, 0xD9, 0xFF];
const ACCENT: Rgb = [0x5A, 0xC8, 0xFA];
const AMBER: Rgb = [0xFF, 0xB4, 0x54];

/// An hour, in which connections to São Paulo open every ten seconds, each for a minute.
fn history(home: &Home) -> String {
    home.history(
            "INSERT INTO agent VALUES (1, 'here');
             INSERT INTO rule VALUES (1, 'Web Surfing');
             INSERT INTO place VALUES (1, -23.5, -46.6, 'São Paulo', '', 'BR');
             WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 360)
             INSERT INTO connection (opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, peer_port, rule, place)
             SELECT 1764000000000 + i * 10000, 0, 60000, 1, 0, 0, 1, 50000, 16843009, 443, 1, 1 FROM n;
             INSERT INTO recording VALUES (1, 1764000000000, 1764003660000, 1);",
    )
}

fn open<'a>(desktop: &'a Desktop, more: &[&str]) -> Option<Window<'a>> {
    let history = history(&desktop.home);
    desktop.open(&[&["--demo", "antimeridian", "--history", &history], more].concat())
}

fn like(picture: &Picture, region: Region, wanted: Rgb) -> usize {
    picture.count(region, is_like(wanted))
}

#[test]
fn the_past_is_opened_played_and_left_by_keys() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = open(&desktop, &[]) else { return };
    window.shows("a scene that is now", |picture| like(picture, STATE, AMBER) > 20);
    window.key("Tab");
    window.shows("the timeline in the rule's colour", |picture| like(picture, BAR, SURFING) > 500);
    window.key("space");
    // While it plays it never rests.
    eventually("a replay", || {
        let is_replay = |picture: &Picture| {
            like(picture, STATE, ACCENT) > 20 && picture.bright(CAPTION) > 100 && picture.bright(BRAZIL) > 4
        };
        Some(window.picture()).filter(is_replay)
    });
    // Paused, the date stays and nothing moves any more.
    window.key("space");
    let before = window.rest();
    assert!(like(&before, STATE, ACCENT) > 20);
    window.key("Right");
    window.shows("another moment after a step", |picture| picture.changed(&before, CLOCK) > 0);
    window.key("End");
    window.shows("now", |picture| like(picture, STATE, AMBER) > 20 && like(picture, STATE, ACCENT) == 0);
    window.key("Tab");
    window.shows("no timeline", |picture| like(picture, BAR, SURFING) < 50);
}

#[test]
fn a_click_shows_a_moment_and_a_drag_a_stretch() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = open(&desktop, &[]) else { return };
    window.key("Tab");
    window.shows("the timeline in the rule's colour", |picture| like(picture, BAR, SURFING) > 500);
    window.click([560, 668]);
    let moment = window.shows("a moment of the past", |picture| {
        like(picture, STATE, ACCENT) > 20 && picture.bright(BRAZIL) > 4
    });
    window.drag([420, 668], [200, 0]);
    window.shows("a stretch of it", |picture| {
        like(picture, STATE, ACCENT) > 20 && picture.changed(&moment, STATE) > 20
    });
    window.key("End");
    window.shows("now", |picture| like(picture, STATE, AMBER) > 20);
}

#[test]
fn the_style_of_time_lapse_is_named() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&["--demo", "antimeridian"]) else { return };
    let dots = window.rest();
    window.key("x");
    let trails = window.shows("trails by name", |picture| picture.changed(&dots, STATE) > 20);
    window.key_with("shift", "x");
    let longer = window.shows("longer ones", |picture| picture.changed(&trails, STATE) > 4);
    window.key("x");
    window.shows("integrating", |picture| picture.changed(&longer, STATE) > 20);
    window.key("x");
    window.shows("dots alone again", |picture| picture.same_in(&dots, STATE));
}

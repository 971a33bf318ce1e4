//! A connection to a known address, made by a known program in network namespaces of its own: the dot is clicked, and the
//! card says who and where. Needs root too, for the namespaces.

use crate::{
    desktop::{Desktop, Region, eventually},
    lab::{How, Lab, target},
};

/// Between the panels at the top and at the bottom.
const MAP: Region = Region::new([250, 60], [1280, 640]);
/// Where a card's first value is, from its top left corner.
const FIRST_VALUE: [i32; 2] = [100, 54];
/// As the program places a card beside a dot in the right half of the window.
const CARD_WIDTH: i32 = 430;
const CARD_HEIGHT: i32 = 320;

/// Only the rule of this test has such a colour.
fn is_magenta([r, g, b]: [u8; 3]) -> bool {
    r > 80 && b > 80 && r.abs_diff(b) < 40 && u32::from(g) * 4 < u32::from(r.min(b)) * 3
}

#[test]
fn the_card_of_a_clicked_dot_names_the_peer_that_is_known() {
    let Some(desktop) = Desktop::start() else { return };
    // In Japan, which is in the right half of the map.
    let Some(lab) = Lab::with_targets(&[target(How::Out, "133.11.0.1", 443, "firefox", 1)]) else { return };
    let rules = desktop.home.write("rules", "\"Test\",peer,443,1,0,1,1,0\n");
    let window = lab.home.run(|| desktop.open(&["--config", rules.to_str().unwrap()]));
    let Some(window) = window else { return };
    let [x, y] = eventually("the dot", || window.picture().find(MAP, is_magenta)).center();
    window.rest();
    let bare = window.picture();
    window.click([x, y]);
    let [left, top] = [x - CARD_WIDTH - 48, (y - 120).clamp(20, 720 - CARD_HEIGHT - 80)];
    let corner = |value: i32| u32::try_from(value).unwrap();
    let card =
        Region::new([corner(left), corner(top)], [corner(left + CARD_WIDTH), corner(top + CARD_HEIGHT - 60)]);
    window.shows("a card", |picture| picture.changed(&bare, card) > 20_000);
    window.select_line([left + FIRST_VALUE[0], top + FIRST_VALUE[1]]);
    window.ctrl("c");
    eventually("the peer in the clipboard", || window.clipboard().contains("133.11.0.1:443").then_some(()));
    window.key("Escape");
    window.leave();
    window.shows("no card", |picture| picture.changed(&bare, card) < 2_000);
}

/// A card for what is typed, as it opens in the middle of the window: where its buttons are, and the word that copies an
/// answer.
const TYPED: Region = Region::new([452, 208], [880, 350]);
const LOOKUP: [i32; 2] = [604, 296];
const WEB_LOG: [i32; 2] = [678, 296];
const OWN_COMMAND: [i32; 2] = [745, 296];
const COPY: [i32; 2] = [851, 364];

#[test]
fn the_buttons_of_a_card_answer_from_this_machine_and_the_answer_can_be_copied() {
    let Some(desktop) = Desktop::start() else { return };
    let line = "203.0.113.9 - - [26/Nov/2026:10:00:00 +0000] \"GET /wanted HTTP/1.1\" 200 1";
    let other = "198.51.100.1 - - [26/Nov/2026:10:00:01 +0000] \"GET /other HTTP/1.1\" 200 1";
    let log = desktop.home.write("access.log", &format!("{line}\n{other}\n"));
    let settings = format!(
        "weblog = {:?}\n\n[[command]]\nname = \"Say it\"\nrun = [\"printf\", \"said %s\", \"{{ip}}\"]\n",
        log.display().to_string()
    );
    desktop.home.write("config/connmapperl/settings.toml", &settings);
    let Some(window) = desktop.open(&["--demo", "antimeridian"]) else { return };
    window.leave();
    let bare = window.rest();
    window.key("i");
    window.shows("the card", |picture| picture.changed(&bare, TYPED) > 20_000);
    window.write("203.0.113.9");
    for (button, answer) in [
        (OWN_COMMAND, "said 203.0.113.9"),
        (WEB_LOG, line),
        (LOOKUP, "203.0.113.9\n  no autonomous system\n  no place: reserved"),
    ] {
        window.click(button);
        eventually(answer, || {
            window.click(COPY);
            (window.clipboard().trim_end() == answer).then_some(())
        });
    }
}

//! The screen of an X server stays lit while a wall is on it, and goes blank again when that has ended.

use x11rb::{
    connection::Connection,
    protocol::{
        screensaver::{ConnectionExt as _, State},
        xproto::{Blanking, ConnectionExt as _, Exposures},
    },
};

use crate::desktop::{Desktop, eventually};

/// The server blanks its screen after so long without a hand.
const BLANK_AFTER_SECS: i16 = 1;

#[test]
fn a_wall_keeps_the_screen_lit() {
    let Some(desktop) = Desktop::start() else { return };
    let (server, screen) = x11rb::connect(Some(desktop.display.as_str())).unwrap();
    let root = server.setup().roots[screen].root;
    server
        .set_screen_saver(BLANK_AFTER_SECS, 0, Blanking::PREFERRED, Exposures::NOT_ALLOWED)
        .unwrap()
        .check()
        .unwrap();
    let state = || server.screensaver_query_info(root).unwrap().reply().unwrap();
    let is_blank = || state().state == u8::from(State::ON);
    eventually("a screen that is blank", || is_blank().then_some(()));

    let Some(wall) = desktop.open(&["--demo", "churn", "--wall"]) else { return };
    let long_idle = 3 * u32::from(BLANK_AFTER_SECS.unsigned_abs()) * 1_000;
    eventually("a long time without a hand", || {
        assert!(!is_blank(), "the screen of a wall went blank");
        (state().ms_since_user_input > long_idle).then_some(())
    });
    drop(wall);
    eventually("a screen that is blank again", || is_blank().then_some(()));
}

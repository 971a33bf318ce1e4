//! Another machine let in, seen and sent away, with the window alone: its dialog, its list of agents, an agent's card.

use std::{os::unix::fs::PermissionsExt, process::Command};

use crate::desktop::{
    Desktop, Picture, Process, Region, Window, eventually, has_program,
    picture::{Rgb, is_like},
};

const CLIENT: &str = env!("CARGO_BIN_EXE_connmapperl-client");
/// Lamp of an agent that reports.
const GREEN: Rgb = [0x4C, 0xD9, 0x8A];
/// The lamps below this machine's, in the list at the top left.
const OTHER_LAMPS: Region = Region::new([36, 84], [48, 180]);
const MIDDLE: Region = Region::new([440, 215], [840, 500]);
/// Of the dialog while the port is open: the field for a name.
const NAME_FIELD: [i32; 2] = [440, 342];
/// Of the dialog that shows a token: the first word `copy`, which takes the line that keeps the token.
const COPY_TOKEN: [i32; 2] = [938, 374];
/// Of the card.
const REVOKE: [i32; 2] = [481, 446];

/// Where the program says that it listens.
fn listening_address(window: &Window) -> String {
    eventually("a port", || {
        let log = window.log();
        let (_, rest) = log.split_once("listening for agents on ")?;
        rest.split_once(';').map(|(address, _)| address.to_owned())
    })
}

fn lamp(picture: &Picture) -> Option<Region> {
    picture.find(OTHER_LAMPS, is_like(GREEN))
}

#[test]
fn a_machine_is_let_in_seen_and_sent_away_by_hand() {
    let Some(desktop) = Desktop::start() else { return };
    if !has_program("xclip") {
        println!("skipped: xclip is not installed");
        return;
    }
    let folder = desktop.home.path().join("fleet");
    let arguments = ["--fleet", folder.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let Some(window) = desktop.open(&arguments) else { return };
    let address = listening_address(&window);

    window.key("n");
    eventually("the dialog", || (window.picture().bright(MIDDLE) > 500).then_some(()));
    window.tap(NAME_FIELD);
    window.text("web1");
    window.key("Return");
    let register = folder.join("agents.json");
    eventually("the entry", || std::fs::read_to_string(&register).ok().filter(|text| text.contains("web1")));

    // The window draws the token in its next frame; a click before that copies another line.
    let line = eventually("the token", || {
        window.tap(COPY_TOKEN);
        Some(window.clipboard()).filter(|text| text.contains("cmt_"))
    });
    let token = line.split_whitespace().find(|word| word.starts_with("cmt_")).unwrap();
    let token_file = desktop.home.write("token", token);
    std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(!std::fs::read_to_string(&register).unwrap().contains(token), "the register keeps no token");
    window.key("n");

    let (mut client, log): (Command, _) = desktop.home.logged(CLIENT, "client");
    client.args(["--server", &address, "--cert"]).arg(folder.join("server-cert.pem"));
    client.args(["--name", "web1", "--verbose", "--token-file"]).arg(&token_file);
    let _client = Process::spawn(&mut client);
    let lamp_at = eventually("its lamp", || lamp(&window.picture())).center();

    window.tap_with("3", [lamp_at[0] + 60, lamp_at[1]]);
    eventually("its card", || (window.picture().bright(MIDDLE) > 500).then_some(()));
    // It asks once.
    window.tap(REVOKE);
    window.tap(REVOKE);
    eventually("the end of its link", || {
        std::fs::read_to_string(&log).unwrap().contains("revoked").then_some(())
    });
    eventually("no lamp", || lamp(&window.picture()).is_none().then_some(()));
    assert!(std::fs::read_to_string(&register).unwrap().contains("revoked_unix_secs"));
}

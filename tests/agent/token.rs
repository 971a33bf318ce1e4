//! The token's file while the agent runs: the display gives another one, or the file is lost.

use std::{fs, time::Duration};

use connmapperl::net::{
    agent::{KeptSecret, Notice, SecretFile},
    wire::messages::{Hello, Reason},
};

use crate::{
    display::{Display, Peer},
    in_process,
    program::{Home, TOKEN},
    wait_for,
};

const ROTATED: &str = "cmt_1_another-token-that-nobody-may-see";

/// As a display that was told `agents rotate`: refuses the old token until the new one comes.
async fn let_in_with(display: &Display, token: &str) -> (Peer, Hello) {
    loop {
        let (peer, hello) = display.greet().await;
        if hello.secret == token {
            return (peer, hello);
        }
        assert_eq!(hello.secret, TOKEN);
        peer.refuse(Reason::WrongSecret, "Another token is needed.").await;
    }
}

#[test]
fn a_rotated_token_needs_no_restart() {
    wait_for(async {
        let display = Display::new().await;
        for is_named in [false, true] {
            let home = Home::for_display(&display);
            let address = display.address().to_string();
            let token = home.path("token").display().to_string();
            let arguments = ["--server", &address, "--verbose", "--token-file", &token];
            let mut agent = home.start(if is_named { &arguments } else { &arguments[..3] });
            let peer = display.welcome(0, true).await;
            peer.refuse(Reason::Revoked, "The display has another token now.").await;
            // Whoever rotates a token carries it here a while later: the agent waits already, and for up to a minute.
            let mut lines = agent.lines_to("refuses this agent");
            home.replace("token", ROTATED, 0o600);
            let_in_with(&display, ROTATED).await;
            lines.extend(agent.lines_to("has read another token"));
            assert!(lines.iter().all(|line| !line.contains(TOKEN) && !line.contains(ROTATED)), "{lines:?}");
        }
    });
}

#[test]
fn a_token_that_is_there_already_is_used_at_once() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let mut agent = home.report_to(display.address());
        let (peer, _) = display.greet().await;
        home.replace("token", ROTATED, 0o600);
        peer.refuse(Reason::WrongSecret, "Another token is needed.").await;
        let lines = agent.lines_to("refuses this agent");
        assert!(lines.iter().any(|line| line.contains("has read another token")), "{lines:?}");
        let (_, hello) = display.greet().await;
        assert_eq!(hello.secret, ROTATED);
    });
}

#[test]
fn what_became_of_the_file_is_told_with_its_name() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let mut agent = home.start(&["--server", &display.address().to_string()]);
        let (peer, _) = display.greet().await;
        home.replace("token", ROTATED, 0o644);
        peer.refuse(Reason::WrongSecret, "Another token is needed.").await;
        let lines = agent.lines_to("refuses this agent");
        let remedy = format!("chmod 600 {}", home.path("token").display());
        assert!(
            matches!(&lines[..], [told, _] if told.contains(&remedy) && told.contains("goes on with")),
            "{lines:?}"
        );
    });
}

#[test]
fn without_its_file_the_agent_goes_on_with_the_token_it_had_and_says_so_once() {
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let path = home.path("token");
        let agent = in_process::Agent::new(&display, |settings| {
            settings.pulse.silence = Duration::from_secs(60);
            settings.secret =
                KeptSecret::from_file(SecretFile { path: path.clone(), is_guarded: false }).unwrap();
        });
        let peer = display.welcome(0, true).await;
        fs::remove_file(&path).unwrap();
        peer.cut();
        for reason in [Reason::Closing, Reason::WrongSecret, Reason::WrongSecret, Reason::Closing] {
            let (peer, hello) = display.greet().await;
            assert_eq!(hello.secret, TOKEN);
            peer.refuse(reason, "Not now.").await;
        }
        display.greet().await;
        let told: Vec<_> =
            agent.notices().into_iter().filter(|notice| !matches!(notice, Notice::Failed { .. })).collect();
        assert!(
            matches!(&told[..], [Notice::Connected { .. }, Notice::SecretKept { problem }]
                if problem.contains(&path.display().to_string())),
            "{told:?}"
        );
    });
}

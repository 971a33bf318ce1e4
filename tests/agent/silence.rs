//! Time: heartbeats, a display that falls silent, and how soon an agent comes back. In this process, with times short
//! enough to wait for.

use std::time::Duration;

use connmapperl::net::{
    agent::Failure,
    wire::messages::{AgentSays, Heartbeat, Reason, ServerSays},
};

use crate::{
    display::Display,
    in_process::{Agent, HEARTBEAT, SILENCE},
    wait_for,
};

#[test]
fn where_nothing_changes_nothing_is_sent_but_heartbeats() {
    wait_for(async {
        let display = Display::new().await;
        let _agent = Agent::new(&display, |settings| settings.pulse.silence = Duration::from_secs(60));
        let mut peer = display.welcome(0, true).await;
        let snapshot = peer.next_snapshot().await;
        assert_eq!((snapshot.base_sequence, snapshot.connections.len()), (0, 0));
        for _ in 0..5 {
            match peer.next().await.unwrap() {
                AgentSays::Heartbeat(heartbeat) => assert_eq!(heartbeat.echo_unix_micros, 0),
                AgentSays::Status(status) => assert_eq!(status.notes, Vec::<String>::new()),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn heartbeats_answer_those_of_the_display() {
    wait_for(async {
        let display = Display::new().await;
        let _agent = Agent::new(&display, |settings| settings.pulse.silence = Duration::from_secs(60));
        let mut peer = display.welcome(0, true).await;
        peer.say(ServerSays::Heartbeat(Heartbeat { unix_micros: 42, ..Heartbeat::default() })).await;
        let mut answer = peer.next_heartbeat().await;
        while answer.echo_unix_micros == 0 {
            answer = peer.next_heartbeat().await;
        }
        assert_eq!(answer.echo_unix_micros, 42);
        let later = peer.next_heartbeat().await;
        let passed = later.unix_micros - answer.unix_micros;
        assert!(passed > 0);
        // The echo says when it was heard, by a clock that nobody sets; the wall clock runs alike.
        assert!((later.held_micros - answer.held_micros - passed).abs() < 10_000);
    });
}

#[test]
fn a_display_that_falls_silent_is_left() {
    wait_for(async {
        let display = Display::new().await;
        let agent = Agent::new(&display, |_| {});
        let mut peer = display.welcome(0, true).await;
        while peer.next().await.is_some() {}
        // The old link is still open here; the agent has come back all the same.
        let _peer = display.welcome(0, true).await;
        let failures = agent.failures();
        assert!(matches!(failures[..], [(Failure::Silent { .. }, true, _)]), "{failures:?}");
    });
}

#[test]
fn a_display_that_lives_is_not_left() {
    wait_for(async {
        let display = Display::new().await;
        let agent = Agent::new(&display, |_| {});
        let mut peer = display.welcome(0, true).await;
        let mut heard = 0;
        while heard < 3 * SILENCE.as_millis() / HEARTBEAT.as_millis() {
            peer.next_heartbeat().await;
            peer.say(ServerSays::Heartbeat(Heartbeat { unix_micros: 1, ..Heartbeat::default() })).await;
            heard += 1;
        }
        assert_eq!(agent.failures(), []);
    });
}

#[test]
fn the_same_failure_is_told_once() {
    wait_for(async {
        let display = Display::new().await;
        let agent = Agent::new(&display, |_| {});
        for sentence in ["Not yet.", "Not yet.", "Not yet.", "Never."] {
            let (peer, _) = display.greet().await;
            peer.refuse(Reason::WrongSecret, sentence).await;
        }
        // The next attempt shows that the last one has been told.
        display.greet().await;
        let told: Vec<_> = agent.failures().iter().map(|(_, is_new, _)| *is_new).collect();
        assert_eq!(told[..4], [true, false, false, true]);
    });
}

#[test]
fn who_is_refused_is_let_in_once_it_is_mended() {
    wait_for(async {
        let display = Display::new().await;
        let longest = Duration::from_secs(60);
        let agent = Agent::new(&display, |settings| settings.backoff.longest = longest);
        drop(display.accept_tcp().await);
        let (peer, _) = display.greet().await;
        drop(peer);
        let delays: Vec<_> = agent.failures().into_iter().map(|(.., again_after)| again_after).collect();
        // Jitter aside, failures of the network are tried again soon.
        assert!(delays.iter().all(|delay| *delay < Duration::from_secs(1)), "{delays:?}");
    });
}

#[test]
fn frames_that_mean_nothing_end_the_link_and_not_the_agent() {
    wait_for(async {
        let display = Display::new().await;
        let agent = Agent::new(&display, |settings| settings.pulse.silence = Duration::from_secs(60));
        let bad = [&[0xff, 0xff, 0xff, 0xff][..], &[0, 0, 0, 2, 0xff, 0xff]];
        for bytes in bad {
            let mut peer = display.accept().await;
            peer.next().await.unwrap();
            peer.say_bytes(bytes).await;
            let mut peer = display.welcome(0, true).await;
            peer.next_snapshot().await;
            peer.say_bytes(bytes).await;
        }
        // Open until the failures are counted: its end would be one more.
        let _peer = display.welcome(0, true).await;
        let failures = agent.failures();
        assert_eq!(failures.len(), 4);
        for (failure, ..) in failures {
            assert!(matches!(failure, Failure::Malformed { .. }), "{failure}");
        }
    });
}

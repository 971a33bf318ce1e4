//! Who is let in, and who is cut off: tokens, the shared password, and what the register says of both.

use std::collections::HashSet;

use connmapperl::{
    model::AgentLink,
    net::{
        server::{FleetMessage, Importance, Limits, News, Proof},
        wire::messages::{Hello, Reason},
    },
};

use crate::{
    agent::{hello, opened, wait_until},
    display::{Display, lenient},
};

const PASSWORD: &str = "correct horse battery";

fn with_password() -> Display {
    let display = Display::start();
    display.register().set_password(Some(PASSWORD)).unwrap();
    display
}

#[test]
fn wrong_secrets_are_refused_and_told() {
    let display = Display::start();
    let (mut good, id, token) = display.agent("web1");
    let last = if token.ends_with('0') { '1' } else { '0' };
    let almost = format!("{}{last}", &token[..token.len() - 1]);
    let other_number = token.replacen("cmt_1_", "cmt_2_", 1);
    for wrong in [almost.as_str(), &other_number, "", "cmt_", "hunter2hunter2", "passwordhere"] {
        assert_eq!(display.connect().greet(hello("web1", wrong)), Err(Reason::WrongSecret), "{wrong}");
    }
    assert_eq!(display.listener.counters().wrong_secrets, 6);
    let (importance, line) = display.notice("refused");
    assert!(importance == Importance::Warning && line.contains("127.0.0.1: its token is none of"), "{line}");
    let is_line = |message: &FleetMessage| matches!(message, FleetMessage::Notice { .. });
    let more = display.taker.try_iter().filter(is_line).count();
    assert_eq!(more, 0, "one line a minute");
    display.still_hears(&mut good, id, 1);
}

#[test]
fn a_revoked_agent_is_cut_off_and_the_others_stay() {
    let display = Display::start();
    let (mut bad, bad_id, token) = display.agent("bad");
    let (mut good, good_id, _) = display.agent("good");
    display.register().revoke("bad").unwrap();
    assert_eq!(bad.refusal(), Reason::Revoked);
    display.gone(bad_id);
    assert_eq!(display.notice("revoked").1, "\"bad\" is revoked");
    display.still_hears(&mut good, good_id, 1);
    assert_eq!(display.connect().greet(hello("bad", &token)), Err(Reason::Revoked));
    assert_eq!(display.listener.counters().revoked, 2);
}

#[test]
fn a_revoked_agent_is_cut_off_though_the_taker_takes_nothing() {
    let display = Display::with(lenient(), 4);
    let (away, away_id, _) = display.agent("away");
    drop(away);
    display.lost(away_id);
    let (mut idle, idle_id, _) = display.agent("idle");
    let (mut busy, busy_id, _) = display.agent("busy");
    let (mut rotated, _, _) = display.agent("rotated");
    // Two messages of each agent may be on their way, so two agents fill it; a third message of one waits for room.
    for sequence in 1..=3 {
        busy.events(sequence, vec![opened(sequence)]);
        rotated.events(sequence, vec![opened(sequence)]);
    }
    wait_until("the taker's room is full", || display.taker.is_full());
    // From here on nothing is taken.
    display.register().revoke("away").unwrap();
    display.register().revoke("busy").unwrap();
    assert_eq!(busy.refusal(), Reason::Revoked);
    display.register().revoke("idle").unwrap();
    assert_eq!(idle.refusal(), Reason::Revoked);
    display.register().rotate("rotated").unwrap();
    assert_eq!(rotated.refusal(), Reason::Revoked);
    assert!(display.taker.is_full());
    // And once there is room again, it is told.
    let mut gone = HashSet::new();
    while gone.len() < 3 {
        gone.insert(display.find(|agent, news| matches!(news, News::Gone { .. }).then_some(agent)));
    }
    assert_eq!(gone, HashSet::from([away_id, idle_id, busy_id]));
}

#[test]
fn a_rotated_token_cuts_off_the_old_one_alone() {
    let display = Display::start();
    let (mut web, web_id, old) = display.agent("web1");
    let (mut good, good_id, _) = display.agent("good");
    let new = display.register().rotate("web1").unwrap();
    assert_eq!(web.refusal(), Reason::Revoked);
    display.lost(web_id);
    assert_eq!(display.connect().greet(hello("web1", &old)), Err(Reason::WrongSecret));
    assert!(display.connect().greet(hello("web1", &new)).is_ok());
    assert_eq!(display.connected("web1").agent, web_id, "the same agent");
    display.still_hears(&mut good, good_id, 1);
}

#[test]
fn a_new_name_is_shown_at_once() {
    let display = Display::start();
    let (_agent, id, _) = display.agent("web1");
    display.register().rename("web1", "Frankfurt").unwrap();
    let status = display.connected("Frankfurt");
    assert_eq!(status.agent, id);
}

#[test]
fn a_bad_register_changes_nothing_and_is_told() {
    let display = Display::start();
    let (mut agent, id, _) = display.agent("web1");
    std::fs::write(display.register().path(), "{\n  nonsense").unwrap();
    let (importance, line) = display.notice("agents.json");
    assert!(importance == Importance::Warning && line.contains("line 2"), "{line}");
    display.still_hears(&mut agent, id, 1);
}

#[test]
fn the_shared_password_lets_machines_in_under_names_of_their_own() {
    let display = with_password();
    let named = |machine: u8| {
        let hello = Hello { machine_id: vec![machine; 16], ..hello("web1", PASSWORD) };
        let mut agent = display.connect();
        let welcome = agent.greet(hello).unwrap();
        (agent, display.connected(&welcome.agent_name))
    };
    let (mut one, first) = named(1);
    let (mut other, second) = named(2);
    assert_eq!((&*first.name, &*second.name), ("web1", "web1 (2)"));
    assert_ne!(first.agent, second.agent);
    assert_eq!(display.listener.counters().taken_names, 1);
    for (agent, id) in [(&mut one, first.agent), (&mut other, second.agent)] {
        agent.snapshot(0, &[]);
        display.still_hears(agent, id, 1);
    }
    // They stand in the register, so that they can be renamed and revoked.
    wait_until("both are written down", || display.register().list().unwrap().len() == 2);
    let agents = display.register().list().unwrap();
    assert!(agents.iter().all(|agent| matches!(agent.proof, Proof::Password { .. })));
    display.register().revoke("web1 (2)").unwrap();
    display.gone(second.agent);
    let again = Hello { machine_id: vec![2; 16], ..hello("web1", PASSWORD) };
    assert_eq!(display.connect().greet(again), Err(Reason::Revoked));
}

#[test]
fn wrong_passwords_are_refused_and_the_well_known_one_always() {
    let display = with_password();
    for wrong in ["correct horse", "passwordhere", ""] {
        assert_eq!(display.connect().greet(hello("web1", wrong)), Err(Reason::WrongSecret), "{wrong}");
    }
}

#[test]
fn another_password_cuts_off_who_came_with_the_old_one() {
    let display = with_password();
    let mut old = display.connect();
    old.greet(hello("old", PASSWORD)).unwrap();
    let id = display.connected("old").agent;
    let (mut token, token_id, _) = display.agent("token");
    display.register().set_password(Some("another horse battery")).unwrap();
    assert_eq!(old.refusal(), Reason::Revoked);
    display.lost(id);
    display.still_hears(&mut token, token_id, 1);
}

#[test]
fn a_token_is_for_one_machine_at_a_time() {
    let display = Display::start();
    let (mut first, id, token) = display.agent("web1");
    let other = || Hello { machine_id: vec![9; 16], ..hello("web1", &token) };
    assert_eq!(display.connect().greet(other()), Err(Reason::InUse));
    display.still_hears(&mut first, id, 1);
    drop(first);
    display.lost(id);
    assert!(display.connect().greet(other()).is_ok());
    assert_eq!(display.listener.counters().tokens_in_use, 1);
}

#[test]
fn the_same_machine_anew_takes_its_place() {
    let display = Display::start();
    let (mut old, id, token) = display.agent("web1");
    old.events(1, vec![opened(1)]);
    assert_eq!(display.events(id).len(), 1);
    let mut new = display.connect();
    let welcome = new.greet(hello("web1", &token)).unwrap();
    assert_eq!((welcome.resume_after, welcome.needs_snapshot), (1, false));
    assert_eq!(old.refusal(), Reason::Replaced);
    assert_eq!(display.connected("web1").agent, id);
    display.still_hears(&mut new, id, 2);
    assert_eq!(display.listener.counters().replaced, 1);
}

#[test]
fn more_agents_than_allowed_are_sent_away() {
    let display = Display::with(Limits { agents: 1, ..lenient() }, 64);
    let (mut first, id, _) = display.agent("first");
    let (_, token) = display.register().add("second").unwrap();
    assert_eq!(display.connect().greet(hello("second", &token)), Err(Reason::TooMany));
    display.still_hears(&mut first, id, 1);
}

#[test]
fn people_hear_of_the_new_and_the_outdated() {
    let display = Display::start();
    let (_, token) = display.register().add("web1").unwrap();
    let old = Hello { program_version: "0.0.9".to_owned(), ..hello("web1", &token) };
    display.connect().greet(old).unwrap();
    assert!(display.notice("first time").1.starts_with("\"web1\" (127.0.0.1)"));
    assert!(display.notice("0.0.9").1.contains("\"web1\" runs version 0.0.9"));
    let status = display.connected("web1");
    let AgentLink::Connected { program_version, is_outdated, .. } = status.link else { panic!() };
    assert!(is_outdated && &*program_version == "0.0.9");
    wait_until("written down", || display.register().list().unwrap()[0].last_seen_unix_secs.is_some());
}

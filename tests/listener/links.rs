//! Links that end and come again: what is resumed, what is skipped, what needs a snapshot, and when an agent is gone.

use std::time::Duration;

use connmapperl::{
    model::{AgentId, AgentLink},
    net::{
        server::{Identity, KnownAgent, Limits, News},
        wire::messages::{AgentSays, Hello, Reason, ServerSays},
    },
};

use crate::{
    agent::{closed, hello, opened, snapshot, unix_micros, wait_until},
    display::{Display, is_opening, lenient, sequences},
};

#[test]
fn what_was_had_is_resumed_and_skipped() {
    let display = Display::start();
    let (mut agent, id, token) = display.agent("web1");
    agent.events(1, vec![opened(1), opened(2), opened(3)]);
    assert_eq!(sequences(&display.events(id)), [1, 2, 3]);
    agent.acknowledged(3);
    drop(agent);
    let lost = display.lost(id);
    assert_eq!(&*lost.name, "web1");

    let mut agent = display.connect();
    let welcome = agent.greet(hello("web1", &token)).unwrap();
    assert_eq!((welcome.resume_after, welcome.needs_snapshot), (3, false));
    agent.events(2, vec![opened(2), opened(3), closed(1)]);
    agent.events(3, vec![opened(3)]);
    let events = display.events(id);
    assert_eq!(sequences(&events), [4]);
    assert!(!is_opening(&events[0]));
    wait_until("all repeated ones are counted", || display.listener.counters().repeated_events == 3);
}

#[test]
fn what_did_not_reach_the_taker_comes_again() {
    let display = Display::with(lenient(), 4);
    let (mut agent, id, token) = display.agent("web1");
    display.snapshot(id);
    // The taker takes two, is done with none, and then the link goes.
    for sequence in 1..=5 {
        agent.events(sequence, vec![opened(sequence)]);
    }
    let held: Vec<_> = (0..2).map(|_| display.next()).collect();
    drop(agent);
    drop(held);
    let mut agent = display.connect();
    let welcome = agent.greet(hello("web1", &token)).unwrap();
    assert!(!welcome.needs_snapshot && welcome.resume_after >= 2, "{welcome:?}");
    for sequence in welcome.resume_after + 1..=5 {
        agent.events(sequence, vec![opened(sequence)]);
    }
    let mut had = vec![1, 2];
    while had.last() != Some(&5) {
        had.extend(sequences(&display.events(id)));
    }
    assert_eq!(had, [1, 2, 3, 4, 5]);
}

#[test]
fn a_gap_needs_a_snapshot() {
    let display = Display::start();
    let (mut good, good_id, _) = display.agent("good");
    let (mut agent, id, token) = display.agent("web1");
    display.still_hears(&mut agent, id, 1);
    agent.events(3, vec![opened(3)]);
    assert_eq!(agent.refusal(), Reason::Gap);
    assert_eq!(display.listener.counters().gaps, 1);
    let mut agent = display.connect();
    let welcome = agent.greet(hello("web1", &token)).unwrap();
    assert_eq!((welcome.resume_after, welcome.needs_snapshot), (1, true));
    agent.snapshot(2, &[1, 2]);
    agent.events(3, vec![opened(3)]);
    display.lost(id);
    assert_eq!(display.snapshot(id), (true, vec![1, 2]));
    assert_eq!(sequences(&display.events(id)), [3]);
    display.still_hears(&mut good, good_id, 1);
}

#[test]
fn an_agent_that_owes_a_snapshot_may_not_do_without() {
    let display = Display::start();
    let (agent, id, token) = display.agent("web1");
    drop(agent);
    display.lost(id);
    let mut agent = display.connect();
    assert!(agent.greet(Hello { run_id: 2, ..hello("web1", &token) }).unwrap().needs_snapshot);
    agent.events(1, vec![opened(1)]);
    assert_eq!(agent.refusal(), Reason::Gap);
}

#[test]
fn another_run_says_whether_the_machine_has_started_anew() {
    let display = Display::start();
    let (agent, id, token) = display.agent("web1");
    assert_eq!(display.snapshot(id), (false, vec![]));
    drop(agent);
    for (run_id, boot, same_boot) in [(2, 7, true), (3, 8, false), (4, 8, true)] {
        let mut agent = display.connect();
        let hello = Hello { run_id, boot_id: vec![boot; 16], ..hello("web1", &token) };
        let welcome = agent.greet(hello).unwrap();
        assert_eq!((welcome.resume_after, welcome.needs_snapshot), (0, true));
        agent.say(AgentSays::Snapshot(snapshot(run_id, &[10, 11], true))).unwrap();
        agent.say(AgentSays::Snapshot(snapshot(run_id, &[12], false))).unwrap();
        assert_eq!(display.snapshot(id), (same_boot, vec![10, 11, 12]), "run {run_id}");
        agent.acknowledged(run_id);
    }
}

fn known(agent: u32, token: u32, name: &str) -> KnownAgent {
    KnownAgent {
        agent: AgentId(agent),
        identity: Identity::Token(token),
        name: name.into(),
        boot: Some([7; 16]),
        runs: [(1, 40)].into(),
        is_gone: false,
    }
}

#[test]
fn an_agent_that_the_taker_knows_from_before_goes_on_there() {
    let Display { listener, folder, .. } = Display::start();
    let (_, token) = listener.register().add("web1").unwrap();
    drop(listener);
    for (run_id, boot, resume_after, same_boot) in [(1, 7, 40, true), (2, 7, 0, true), (2, 8, 0, false)] {
        let folder_again = tempfile::tempdir().unwrap();
        for file in ["agents.json", "server-cert.pem", "server-key.pem"] {
            std::fs::copy(folder.path().join(file), folder_again.path().join(file)).unwrap();
        }
        let display = Display::again(folder_again, lenient(), 64, vec![known(9, 1, "web1")]);
        let mut agent = display.connect();
        let hello = Hello { run_id, boot_id: vec![boot; 16], ..hello("web1", &token) };
        let welcome = agent.greet(hello).unwrap();
        assert_eq!((welcome.resume_after, welcome.needs_snapshot), (resume_after, true));
        agent.snapshot(50, &[10]);
        assert_eq!(display.snapshot(AgentId(9)), (same_boot, vec![10]), "run {run_id}");
    }
}

#[test]
fn who_was_revoked_while_nobody_listened_is_gone_at_once_and_who_never_comes_in_time() {
    let Display { listener, folder, .. } = Display::start();
    for name in ["web1", "web2"] {
        listener.register().add(name).unwrap();
    }
    listener.register().revoke("web1").unwrap();
    drop(listener);
    let limits = Limits { lost_kept: Duration::from_millis(300), ..lenient() };
    let display = Display::again(folder, limits, 64, vec![known(8, 1, "web1"), known(9, 2, "web2")]);
    display.gone(AgentId(8));
    display.gone(AgentId(9));
}

#[test]
fn a_link_that_broke_is_told_of_in_plain_words() {
    let display = Display::start();
    let (agent, id, _) = display.agent("web1");
    drop(agent);
    display.lost(id);
    let (_, line) = display.notice("is lost");
    assert_eq!(line, "\"web1\" is lost: the link broke");
    assert!(!line.contains("docs.rs"), "{line}");
}

#[test]
fn an_order_that_came_among_events_takes_nothing_from_the_next() {
    let long = Duration::from_secs(3_600);
    let display = Display::with(Limits { heartbeat: long, silence: long, ..lenient() }, 1_024);
    let (mut agent, _, _) = display.agent("web1");
    display.register().rename("web1", "Frankfurt").unwrap();
    for sequence in 1.. {
        agent.events(sequence, vec![opened(sequence)]);
        let is_renamed = display.find(|_, news| match news {
            News::Status(status) => Some(&*status.name == "Frankfurt"),
            News::Events { .. } => Some(false),
            _ => None,
        });
        if is_renamed {
            break;
        }
    }
    // Nothing else wakes its session any more.
    display.register().revoke("web1").unwrap();
    assert_eq!(agent.refusal(), Reason::Revoked);
}

#[test]
fn who_was_told_lost_is_told_back() {
    let display = Display::start();
    let (agent, id, token) = display.agent("web1");
    drop(agent);
    display.lost(id);
    display.notice("is lost");
    let mut agent = display.connect();
    agent.greet(hello("web1", &token)).unwrap();
    assert_eq!(display.notice("web1").1, "\"web1\" is back");
    // That it is lost once more within the minute is not told, and so neither is its return.
    drop(agent);
    display.lost(id);
    let mut agent = display.connect();
    agent.greet(hello("web1", &token)).unwrap();
    let (_, token) = display.register().add("web2").unwrap();
    let mut other = display.connect();
    other.greet(hello("web2", &token)).unwrap();
    let (_, line) = display.notice("\"web");
    assert!(line.starts_with("\"web2\""), "{line}");
}

#[test]
fn a_silent_agent_is_lost_and_later_gone() {
    let silence = Duration::from_millis(200);
    let limits = Limits { silence, lost_kept: Duration::from_millis(300), ..lenient() };
    let display = Display::with(limits, 64);
    let (mut agent, id, token) = display.agent("web1");
    agent.snapshot(0, &[1]);
    let lost = display.lost(id);
    let AgentLink::Lost { since_unix_millis } = lost.link else { panic!() };
    assert!((0..60_000).contains(&(unix_micros() / 1_000 - since_unix_millis)));
    assert!(display.notice("is lost").1.starts_with("\"web1\" is lost"));
    assert!(agent.hear().is_none(), "the link is closed");
    display.gone(id);
    // It has its number again, and starts over.
    let mut agent = display.connect();
    assert!(agent.greet(hello("web1", &token)).unwrap().needs_snapshot);
    assert_eq!(display.connected("web1").agent, id);
}

#[test]
fn both_sides_say_that_they_live() {
    let display = Display::with(Limits { heartbeat: Duration::from_millis(20), ..lenient() }, 64);
    let (mut agent, _, _) = display.agent("web1");
    let beats = (0..5).filter(|_| matches!(agent.hear_any(), Some(ServerSays::Heartbeat(_)))).count();
    assert_eq!(beats, 5);
}

#[test]
fn times_are_the_displays() {
    let display = Display::with(Limits { heartbeat: Duration::from_millis(20), ..lenient() }, 64);
    let (_, token) = display.register().add("web1").unwrap();
    let hour = 3_600_000;
    let mut ahead = hello("web1", &token);
    ahead.unix_millis += hour;
    let mut agent = display.connect();
    agent.greet(ahead).unwrap();
    // People see the clock from the second answer on.
    agent.answer_heartbeat(hour * 1_000);
    agent.answer_heartbeat(hour * 1_000);
    agent.snapshot(0, &[]);
    let offset = |link: &AgentLink| match link {
        AgentLink::Connected { clock_offset_millis, .. } => *clock_offset_millis,
        _ => None,
    };
    let status = display.status(|status| offset(&status.link).is_some());
    assert!(offset(&status.link).unwrap().abs_diff(hour) < 30_000, "{:?}", status.link);
    let mut events = crate::agent::events(1, vec![opened(1)]);
    events.unix_millis += hour;
    events.changes[0].millis = -5_000;
    let expected = events.unix_millis - hour - 5_000;
    agent.say(AgentSays::Events(events)).unwrap();
    let event = display.find(|_, news| match news {
        News::Events { events, .. } => Some(events[0].clone()),
        _ => None,
    });
    assert!(event.unix_millis.abs_diff(expected) < 30_000, "{} {expected}", event.unix_millis);
}

#[test]
fn surplus_connections_are_left_out_until_others_close() {
    let display = Display::with(Limits { connections: 2, ..lenient() }, 64);
    let (mut agent, id, _) = display.agent("busy");
    agent.snapshot(0, &[1, 2, 3]);
    display.snapshot(id);
    assert_eq!(display.snapshot(id).1, [1, 2]);
    agent.events(1, vec![opened(4), closed(1), opened(5), opened(6), closed(4)]);
    assert_eq!(sequences(&display.events(id)), [2, 3, 5]);
    assert_eq!(display.listener.counters().surplus_connections, 3);
    agent.acknowledged(5);
}

#[test]
fn a_listener_that_ends_says_goodbye() {
    let Display { listener, taker, folder } = Display::start();
    let (_, token) = listener.register().add("web1").unwrap();
    let mut agent = crate::agent::Agent::connect(listener.address(), listener.fingerprint()).unwrap();
    agent.greet(hello("web1", &token)).unwrap();
    let address = listener.address();
    drop(listener);
    assert_eq!(agent.refusal(), Reason::Closing);
    let gone = |message| match message {
        connmapperl::net::server::FleetMessage::Agent(news) => matches!(news.news, News::Gone { .. }),
        connmapperl::net::server::FleetMessage::Notice { .. } => false,
    };
    assert!(taker.iter().any(gone), "and then the channel closes");
    std::net::TcpStream::connect(address).unwrap_err();
    drop(folder);
}

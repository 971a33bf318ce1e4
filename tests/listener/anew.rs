//! An agent that has fewer events than were known of its run, because it was set back or the log was another's: it is
//! believed, and nothing of it stands in the table twice.

use std::collections::HashMap;

use connmapperl::{
    enrich::{OpenTable, Snapshot},
    geo::Geography,
    model::{AgentId, Located},
    net::{
        server::{Importance, News},
        wire::messages::{AgentSays, Hello, Reason},
    },
};

use crate::{
    agent::{closed, hello, opened, snapshot, socket},
    display::{Display, lenient, sequences},
};

/// Lays what comes of an agent over a table, as the enriching thread does, until an event with that number came. Returns
/// how many connections opened and closed.
fn lay(display: &Display, table: &mut OpenTable, of: AgentId, until: u64) -> (usize, usize) {
    let (nowhere, mut changes) = (Geography::default(), Vec::new());
    display.find(|agent, news| match news {
        News::Snapshot { run, same_boot, unix_millis, connections } if agent == of => {
            let (run, same_boot, unix_millis) = (*run, *same_boot, *unix_millis);
            let snapshot = Snapshot { run, same_boot, unix_millis, connections: connections.clone() };
            changes.extend(table.take_snapshot(agent, snapshot, &nowhere));
            None
        }
        News::Events { run, events } if agent == of => {
            let taken = events.iter().cloned().filter_map(|it| table.take_remote(agent, *run, it, &nowhere));
            changes.extend(taken);
            events.iter().any(|event| event.sequence == until).then_some(())
        }
        _ => None,
    });
    let opened = changes.iter().filter(|change| matches!(change, Located::Opened(_))).count();
    let closed = changes.iter().filter(|change| matches!(change, Located::Closed { .. })).count();
    (opened, closed)
}

/// The last byte of each peer's address: [`socket`] makes it from the number that it is given.
fn open_peers(table: &OpenTable) -> Vec<u8> {
    let last = |ip: std::net::IpAddr| match ip {
        std::net::IpAddr::V4(ip) => ip.octets()[3],
        std::net::IpAddr::V6(ip) => ip.octets()[15],
    };
    let mut peers: Vec<_> = table.all().iter().map(|open| last(open.observation.peer.ip())).collect();
    peers.sort_unstable();
    peers
}

#[test]
fn a_run_of_which_the_log_knows_more_is_believed_once_and_goes_on() {
    let display = Display::that_knows(HashMap::from([(7, 100)]), lenient(), 1_024);
    let (_, token) = display.register().add("web1").unwrap();
    let hello = || Hello { run_id: 7, ..hello("web1", &token) };
    let (mut good, good_id, _) = display.agent("good");
    let mut agent = display.connect();
    let welcome = agent.greet(hello()).unwrap();
    assert_eq!((welcome.resume_after, welcome.needs_snapshot), (100, true));
    let id = display.connected("web1").agent;
    agent.snapshot(60, &[1, 2]);
    agent.events(61, vec![opened(3), closed(1)]);
    let (importance, line) = display.notice("of its run");
    assert!(importance == Importance::Warning && line.contains("60") && line.contains("100"), "{line}");
    assert_eq!(display.snapshot(id).1, [1, 2]);
    assert_eq!(sequences(&display.events(id)), [61, 62]);
    agent.acknowledged(62);
    drop(agent);

    let mut agent = display.connect();
    let welcome = agent.greet(hello()).unwrap();
    assert_eq!((welcome.resume_after, welcome.needs_snapshot), (62, false), "from now on it is as any other");
    agent.events(63, vec![closed(2)]);
    assert_eq!(sequences(&display.events(id)), [63]);
    agent.acknowledged(63);
    assert_eq!(display.listener.counters().runs_anew, 1);
    assert_eq!(display.listener.counters().malformed_frames, 0);
    display.still_hears(&mut good, good_id, 1);
}

#[test]
fn an_agent_that_was_set_back_doubles_nothing() {
    let display = Display::start();
    let (mut agent, id, token) = display.agent("web1");
    let mut table = OpenTable::default();
    agent.events(1, (1..=4).map(opened).collect());
    assert_eq!(lay(&display, &mut table, id, 4), (4, 0));
    agent.acknowledged(4);
    drop(agent);

    // As it was after its second event; since then it has given number 3 to another connection.
    let mut agent = display.connect();
    assert_eq!(agent.greet(hello("web1", &token)).unwrap().resume_after, 4);
    let mut back = snapshot(3, &[1, 2, 3], false);
    back.connections[2].socket = Some(socket(9));
    agent.say(AgentSays::Snapshot(back)).unwrap();
    agent.events(4, vec![opened(4), closed(1)]);
    assert_eq!(lay(&display, &mut table, id, 5), (2, 3), "9 and 4 open; 3, the old 4 and 1 close");
    assert_eq!(open_peers(&table), [2, 4, 9]);
    agent.acknowledged(5);
    // What it closes is what it means.
    agent.events(6, vec![closed(3), closed(2)]);
    assert_eq!(lay(&display, &mut table, id, 7), (0, 2));
    assert_eq!((open_peers(&table), table.senseless_events), (vec![4], 0));
    assert_eq!(display.listener.counters().runs_anew, 1);
}

#[test]
fn only_the_first_word_of_a_link_may_be_older() {
    let display = Display::start();
    let (mut agent, id, token) = display.agent("web1");
    display.still_hears(&mut agent, id, 1);
    agent.snapshot(0, &[]);
    assert_eq!(agent.refusal(), Reason::Malformed);
    assert_eq!(display.listener.counters().malformed_frames, 1);
    let mut agent = display.connect();
    assert!(agent.greet(hello("web1", &token)).unwrap().needs_snapshot);
    agent.snapshot(1, &[1]);
    display.still_hears(&mut agent, id, 2);
}

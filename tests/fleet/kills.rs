//! Killed without warning, again and again.

use std::time::{Duration, Instant};

use crate::{
    house::{House, PATIENCE, Traffic, until},
    ledger::Ledger,
};

const KILLS: usize = 100;
/// A polling agent that looks every 20 ms sees every connection that lives this long, on a busy machine too.
const LIFE: Duration = Duration::from_millis(700);

/// Spreads the moments of the kills, the same in every run.
fn pause_millis(kill: usize) -> u64 {
    (kill as u64 * 37) % 120
}

#[test]
fn a_hundred_kills_of_the_listener_lose_nothing_and_double_nothing() {
    let house = House::new();
    let mut traffic = Traffic::new();
    let mut listener = Some(house.serve());
    let _agent = house.agent("token");
    for kill in 0..KILLS {
        traffic.open();
        // Something came through this one.
        let before = house.lines().len();
        traffic.open();
        until("a line more", || {
            traffic.close_older_than(LIFE);
            house.lines().len() > before
        });
        std::thread::sleep(Duration::from_millis(pause_millis(kill)));
        drop(listener.take());
        traffic.open();
        traffic.close_older_than(LIFE);
        listener = Some(house.serve());
    }
    let end = Instant::now() + LIFE;
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    traffic.close_older_than(Duration::ZERO);
    let all = traffic.ports.len();
    let end = Instant::now() + PATIENCE;
    let closed = || house.histories(traffic.to).values().map(|(_, closed)| closed).sum::<usize>();
    while closed() < all && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    let histories = house.histories(traffic.to);
    for (port, uses) in traffic.uses() {
        let history = histories.get(&port);
        assert_eq!(history, Some(&(uses, uses)), "openings and closings: {}", house.story(port));
    }
    assert_eq!(Ledger::read(&house.lines()).faults, [""; 0]);
}

#[test]
fn a_hundred_kills_of_the_agent_double_nothing_and_close_nothing_that_lives() {
    let house = House::new();
    let (mut held, mut traffic) = (Traffic::new(), Traffic::new());
    (0..10).for_each(|_| {
        held.open();
    });
    let _listener = house.serve();
    let connected = || house.count(|line| line["event"] == "agent" && line["link"]["state"] == "connected");
    for kill in 0..KILLS {
        let before = connected();
        let agent = house.agent("token");
        until("a link", || connected() > before);
        traffic.open();
        std::thread::sleep(Duration::from_millis(pause_millis(kill)));
        drop(agent);
        traffic.close_older_than(LIFE);
    }
    let _agent = house.agent("token");
    traffic.open();
    until("the last one", || {
        let histories = house.histories(traffic.to);
        traffic.ports.last().is_some_and(|port| histories.contains_key(port))
    });
    traffic.close_older_than(Duration::ZERO);
    until("all that was opened to be closed", || {
        house.histories(traffic.to).values().all(|(opened, closed)| opened == closed)
    });
    let uses = traffic.uses();
    for (port, (opened, closed)) in house.histories(traffic.to) {
        assert_eq!(opened, closed, "{}", house.story(port));
        // What lived while no agent ran is missing, as it must be.
        assert!(opened <= uses[&port], "{}", house.story(port));
    }
    let histories = house.histories(held.to);
    for port in &held.ports {
        assert_eq!(histories.get(port), Some(&(1, 0)), "port {port}, which is open all the time");
    }
    assert_eq!(Ledger::read(&house.lines()).faults, [""; 0]);
    assert!(PATIENCE > LIFE);
}

const ROUNDS: usize = 36;

#[test]
fn whoever_is_killed_every_opened_line_has_its_closed_line() {
    let house = House::new();
    let (mut held, mut traffic) = (Traffic::new(), Traffic::new());
    (0..10).for_each(|_| {
        held.open();
    });
    let (mut listener, mut agent) = (Some(house.serve()), Some(house.agent("token")));
    let told = |to: &Traffic, port: u16| house.histories(to.to).contains_key(&port);
    for round in 0..ROUNDS {
        let port = traffic.open();
        until("its line", || told(&traffic, port));
        // Some that are told in one run end while nobody looks, others stay.
        match round % 6 {
            0 => drop(listener.take()),
            1 => drop(agent.take()),
            2 => (drop(agent.take()), drop(listener.take())).0,
            3 => (drop(listener.take()), drop(agent.take())).0,
            4 => {
                drop(agent.take());
                // The display hears of the next run, and only then ends too.
                agent = Some(house.agent("token"));
                let port = traffic.open();
                until("the next run", || told(&traffic, port));
                drop(listener.take());
            }
            _ => {
                drop(listener.take());
                drop(agent.take());
                agent = Some(house.agent("token"));
            }
        }
        traffic.open();
        std::thread::sleep(Duration::from_millis(pause_millis(round)));
        traffic.close_some(round);
        let _ = listener.get_or_insert_with(|| house.serve());
        let _ = agent.get_or_insert_with(|| house.agent("token"));
        if round == ROUNDS / 2 {
            house.move_log();
        }
    }
    let port = traffic.open();
    until("the last one", || told(&traffic, port));
    traffic.close_older_than(Duration::ZERO);
    let open_to = |to: &Traffic| {
        let (to, ledger) = (to.to.to_string(), Ledger::read(&house.lines()));
        ledger.open.into_values().filter(|line| line["peer"] == *to).count()
    };
    until("all that was closed to be told", || open_to(&traffic) == 0);
    let ledger = Ledger::read(&house.lines());
    assert_eq!(ledger.faults, [""; 0]);
    assert!(ledger.runs.len() > ROUNDS / 2, "{:?}", ledger.runs);
    assert_eq!(open_to(&held), held.ports.len());
    let histories = house.histories(held.to);
    assert!(held.ports.iter().all(|port| histories[port] == (1, 0)), "{histories:?}");

    // An agent no longer: now all that was ever opened is closed.
    let revoked = house.home.connmapperl(&["agents", "revoke", "web1", "--fleet", "."]).output().unwrap();
    assert!(revoked.status.success(), "{revoked:?}");
    until("its end", || house.count(|line| line["event"] == "gone") == 1);
    let ledger = Ledger::read(&house.lines());
    assert_eq!((&ledger.faults, ledger.open.len()), (&Vec::new(), 0));
    assert!(ledger.opened() > ROUNDS + held.ports.len());
}

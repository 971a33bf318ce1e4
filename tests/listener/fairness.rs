//! Many agents at once: none delays another, and none makes the display grow.

use std::{
    io::ErrorKind,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use connmapperl::net::server::{AgentNews, FleetMessage, News};

use crate::{
    agent::{opened, wait_until},
    display::{Display, lenient},
};

#[test]
fn a_flood_from_one_agent_lets_the_others_through() {
    // A taker that is slower than the flood: the channel has room for few messages.
    let display = Display::with(lenient(), 4);
    let (mut flood, flood_id, _) = display.agent("flood");
    let (mut calm, calm_id, _) = display.agent("calm");
    let (stop, said) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut sequence = 1;
            while !stop.load(Ordering::Relaxed) {
                flood.events(sequence, vec![opened(sequence); 100]);
                sequence += 100;
                said.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut floods = 0;
        for sequence in 1..=20 {
            // The flood fills all that it may before the other one says a word.
            let before = floods;
            while floods < before + 5 {
                floods += usize::from(next_of(&display, flood_id) == Some(true));
            }
            calm.events(sequence, vec![opened(sequence)]);
            let sent_at = display.listener.counters().events;
            let mut between = 0;
            while next_of(&display, calm_id) != Some(true) {
                between += 1;
                assert!(between < 200, "{between} messages of the flood came first");
            }
            assert!(display.listener.counters().events > sent_at);
        }
        stop.store(true, Ordering::Relaxed);
        // So that whoever writes can go on.
        while said.load(Ordering::Relaxed) > 0 && display.taker.try_recv().is_ok() {}
        scope.spawn(|| while display.taker.recv_timeout(std::time::Duration::from_millis(500)).is_ok() {});
    });
}

/// Takes one message; whether it holds events of that agent.
fn next_of(display: &Display, of: connmapperl::model::AgentId) -> Option<bool> {
    match display.next() {
        FleetMessage::Agent(AgentNews { agent, news, delivery }) => {
            delivery.unwrap().done();
            Some(agent == of && matches!(news, News::Events { .. }))
        }
        FleetMessage::Notice { .. } => None,
    }
}

#[test]
fn whoever_is_not_taken_from_is_not_read_from() {
    let display = Display::with(lenient(), 1_024);
    let (mut agent, id, _) = display.agent("web1");
    display.snapshot(id);
    agent.set_nonblocking(true);
    // Until the kernel's buffers are full, and the listener has what it may have.
    let (mut sequence, mut stuck) = (1, 0);
    let mut held = Vec::new();
    while stuck < 200 {
        match agent.try_events(sequence, vec![opened(1); 100]) {
            Ok(()) => (sequence, stuck) = (sequence + 100, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                stuck += 1;
                thread::sleep(std::time::Duration::from_millis(1));
            }
            Err(error) => panic!("{error}"),
        }
        held.extend(display.taker.try_iter());
        assert!(sequence < 10_000_000, "it is read without end");
    }
    let events = |held: &[FleetMessage]| {
        let is_events = |message: &&FleetMessage| {
            matches!(message, FleetMessage::Agent(AgentNews { news: News::Events { .. }, .. }))
        };
        held.iter().filter(is_events).count()
    };
    assert_eq!(events(&held), 2, "two are on their way, and no more are read");
    assert_eq!(display.listener.counters().events, 200);
    // Done with one, there is room for one.
    let first = held.iter().position(|message| {
        matches!(message, FleetMessage::Agent(AgentNews { news: News::Events { .. }, .. }))
    });
    let FleetMessage::Agent(AgentNews { delivery, .. }) = held.remove(first.unwrap()) else { panic!() };
    delivery.unwrap().done();
    wait_until("the next is read", || display.listener.counters().events == 300);
}

#[test]
fn a_trickling_agent_delays_nobody() {
    let display = Display::start();
    let (mut slow, _, _) = display.agent("slow");
    let (mut quick, quick_id, _) = display.agent("quick");
    slow.say_bytes(&50_000_u32.to_be_bytes()).unwrap();
    for sequence in 1..=100 {
        slow.say_bytes(&[0]).unwrap();
        display.still_hears(&mut quick, quick_id, sequence);
    }
}

#[test]
fn strangers_that_fill_the_room_go_in_time() {
    let limits = connmapperl::net::server::Limits {
        strangers: 4,
        strangers_time: std::time::Duration::from_millis(200),
        ..lenient()
    };
    let display = Display::with(limits, 64);
    let (mut agent, id, _) = display.agent("web1");
    let address = display.listener.address();
    let crowd: Vec<_> = (0..12).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    display.still_hears(&mut agent, id, 1);
    // Somebody who has a token gets in all the same.
    display.agent("late");
    assert!(display.listener.counters().no_hello >= 4);
    drop(crowd);
}

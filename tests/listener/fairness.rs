//! Many agents at once: none delays another, and none makes the display grow.

use std::{
    io::ErrorKind,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use connmapperl::{
    model::AgentId,
    net::{
        server::{AgentNews, FleetMessage, Limits, News},
        wire::messages::AgentSays,
    },
};

use crate::{
    agent::{events, opened, wait_until},
    display::{Display, lenient},
};

#[test]
fn a_flood_from_one_agent_lets_the_others_through() {
    // A taker that is slower than the flood: the channel has room for few messages.
    let display = Display::with(lenient(), 4);
    let (mut flood, flood_id, _) = display.agent("flood");
    let (mut calm, calm_id, _) = display.agent("calm");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let flooding = scope.spawn(|| {
            let mut sequence = 1;
            while !stop.load(Ordering::Relaxed) {
                // Nobody reads when the test has failed.
                let events = AgentSays::Events(events(sequence, vec![opened(sequence); 100]));
                if flood.say(events).is_err() {
                    return;
                }
                sequence += 100;
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
            let mut between = 0;
            while next_of(&display, calm_id) != Some(true) {
                between += 1;
                assert!(between < 200, "{between} messages of the flood came first");
            }
        }
        stop.store(true, Ordering::Relaxed);
        // So that whoever writes can go on, and see that.
        while !flooding.is_finished() {
            let _ = display.taker.recv_timeout(Duration::from_millis(1));
        }
    });
}

/// Takes one message; whether it holds events of that agent.
fn next_of(display: &Display, of: AgentId) -> Option<bool> {
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
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => panic!("{error}"),
        }
        held.extend(display.taker.try_iter());
        assert!(sequence < 10_000_000, "it is read without end");
    }
    let count = |held: &[FleetMessage]| {
        let is_events = |message: &&FleetMessage| {
            matches!(message, FleetMessage::Agent(AgentNews { news: News::Events { .. }, .. }))
        };
        held.iter().filter(is_events).count()
    };
    assert_eq!(count(&held), 2, "two are on their way, and no more are read");
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
fn what_waited_for_room_goes_on_without_another_word() {
    let display = Display::with(Limits { heartbeat: Duration::from_secs(3_600), ..lenient() }, 64);
    let (mut agent, id, _) = display.agent("web1");
    display.snapshot(id);
    // All in one record: three frames more than may be on their way, and then silence.
    let mut bytes = Vec::new();
    for sequence in 1..=5 {
        let says = Some(AgentSays::Events(events(sequence, vec![opened(sequence)])));
        connmapperl::net::wire::encode_frame(
            &connmapperl::net::wire::messages::AgentFrame { says },
            &mut bytes,
        );
    }
    agent.say_bytes(&bytes).unwrap();
    wait_until("two are read", || display.listener.counters().events == 2);
    for sequence in 1..=5 {
        assert_eq!(crate::display::sequences(&display.events(id)), [sequence]);
    }
}

//! Connections that do not say who they are: they hold up nobody from another address, and those behind one address wait
//! for their turn. Where nobody's time is over within an hour, whoever gets in does so by the rules.

use std::{
    io::{self, Read},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use connmapperl::net::server::{Importance, Limits};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

use crate::{
    agent::{Agent, PATIENCE, hello, wait_until},
    display::{Display, lenient},
};

fn limits(strangers: usize, strangers_of_one: usize, waiting_strangers: usize) -> Limits {
    let strangers_time = Duration::from_secs(3_600);
    Limits { strangers, strangers_of_one, waiting_strangers, strangers_time, ..lenient() }
}

/// A connection from 127.0.0.`host` that says nothing.
fn silent(display: &Display, host: u8) -> TcpStream {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 0))).unwrap();
    connect(&socket, &display.listener.address()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Waits until the other side has hung up.
fn is_hung_up_on(mut stream: &TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    }
}

fn crowded_out(display: &Display) -> u64 {
    display.listener.counters().crowded_out
}

#[test]
fn a_flood_from_one_address_holds_up_nobody_from_another() {
    let display = Display::with(limits(8, 4, 16), 64);
    let (mut before, before_id, _) = display.agent("before");
    let flood: Vec<_> = (0..100).map(|_| silent(&display, 2)).collect();
    // Four have their turn, sixteen wait for it.
    wait_until("the others are turned away", || crowded_out(&display) == 80);
    assert!(is_hung_up_on(&flood[99]));
    let (importance, line) = display.notice("127.0.0.2");
    assert!(importance == Importance::Warning && line.contains("do not say who they are"), "{line}");

    display.agent("newcomer");
    display.still_hears(&mut before, before_id, 1);
    assert_eq!(crowded_out(&display), 80);
    assert_eq!(display.listener.counters().no_hello, 0, "nobody's time was over");
}

#[test]
fn where_the_room_is_full_a_newcomer_gets_the_place_of_the_oldest_of_most() {
    let display = Display::with(limits(4, 3, 16), 64);
    let most: Vec<_> = (0..3).map(|_| silent(&display, 2)).collect();
    let one = silent(&display, 3);
    let waiting = silent(&display, 2);
    wait_until("the room is full", || display.listener.counters().accepted == 5);
    display.agent("newcomer");
    assert!(is_hung_up_on(&most[0]));
    wait_until("one is counted", || crowded_out(&display) == 1);
    // The newcomer's place was given back; one of those that waited has it now, and again the oldest goes.
    display.agent("another");
    assert!(is_hung_up_on(&most[1]));
    wait_until("another is counted", || crowded_out(&display) == 2);
    assert_eq!(display.listener.counters().no_hello, 0, "nobody's time was over");
    drop((one, waiting));
}

#[test]
fn those_behind_one_address_wait_for_their_turn() {
    let display = Display::with(limits(4, 2, 64), 1_024);
    let tokens: Vec<_> =
        (0..40).map(|number| display.register().add(&format!("web{number}")).unwrap().1).collect();
    let connections: Vec<_> = tokens.iter().map(|_| silent(&display, 1)).collect();
    wait_until("all are there", || display.listener.counters().accepted == 40);
    let agents: Vec<_> = connections
        .into_iter()
        .zip(&tokens)
        .enumerate()
        .map(|(number, (tcp, token))| {
            let mut agent = Agent::over(tcp, display.listener.fingerprint()).unwrap();
            agent.greet(hello(&format!("web{number}"), token)).unwrap();
            agent
        })
        .collect();
    wait_until("all are let in", || display.listener.counters().connects == 40);
    assert_eq!(crowded_out(&display), 0);
    drop(agents);
}

#[test]
fn whose_address_failed_meanwhile_waits_in_vain() {
    let display = Display::with(Limits { failures: 1, ..limits(4, 1, 16) }, 64);
    let first = silent(&display, 2);
    let second = silent(&display, 2);
    wait_until("both are there", || display.listener.counters().accepted == 2);
    drop(first);
    assert!(is_hung_up_on(&second));
    let counters = display.listener.counters();
    assert_eq!((counters.no_hello, counters.refused_addresses), (1, 1));
}

#[test]
fn strangers_that_fill_the_room_go_in_time() {
    let limits = Limits { strangers: 4, strangers_time: Duration::from_millis(500), ..lenient() };
    let display = Display::with(limits, 64);
    let (mut agent, id, _) = display.agent("web1");
    let address = display.listener.address();
    let crowd: Vec<_> = (0..12).map(|_| TcpStream::connect(address).unwrap()).collect();
    display.still_hears(&mut agent, id, 1);
    // Somebody who has a token gets in all the same.
    display.agent("late");
    assert!(display.listener.counters().no_hello >= 4);
    drop(crowd);
}

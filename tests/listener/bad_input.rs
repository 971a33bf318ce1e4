//! What comes from strangers and from broken agents: each is counted, said, and does the others no harm.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    time::Duration,
};

use connmapperl::{
    model::AgentLink,
    net::{
        server::{Counters, Limits},
        tls::Fingerprint,
        wire::{
            MAX_FRAME_BYTES,
            messages::{self, AgentSays, Change, Reason, Status, What},
        },
    },
};

use crate::{
    agent::{Agent, PATIENCE, closed, events, hello, opened, snapshot, socket, wait_until},
    display::{Display, lenient, sequences},
};

fn raw(display: &Display, says: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(display.listener.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(says).unwrap();
    let mut answer = Vec::new();
    // It may hang up on what it has not read.
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn counted(display: &Display, what: &str, count: impl Fn(Counters) -> u64) {
    wait_until(what, || count(display.listener.counters()) == 1);
}

/// An agent that is let in does something; afterwards another one is still heard.
fn beside_a_good_agent(does: impl FnOnce(&Display)) {
    let display = Display::start();
    let (mut good, id, _) = display.agent("good");
    does(&display);
    display.still_hears(&mut good, id, 1);
}

#[test]
fn garbage_before_tls() {
    beside_a_good_agent(|display| {
        raw(display, b"\0\0\0\x05hello");
        counted(display, "not TLS", |counters| counters.not_tls);
        assert!(display.notice("not TLS").1.contains("127.0.0.1"));
    });
}

#[test]
fn garbage_that_begins_like_tls() {
    beside_a_good_agent(|display| {
        raw(display, &[22; 600]);
        counted(display, "not TLS", |counters| counters.not_tls);
    });
}

#[test]
fn plain_http_is_told_what_is_here() {
    beside_a_good_agent(|display| {
        let answer = raw(display, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("connmapperl"), "{answer}");
        counted(display, "HTTP", |counters| counters.plain_http);
    });
}

#[test]
fn tls_below_1_3_is_refused() {
    let display = Display::start();
    let address = display.listener.address().to_string();
    let (mut good, id, _) = display.agent("good");
    let s_client = |version: &str| {
        let command = Command::new("openssl")
            .args(["s_client", version, "-connect", &address])
            .stdin(Stdio::null())
            .output();
        command.map(|output| String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let Ok(old) = s_client("-tls1_2") else {
        println!("skipped: no openssl");
        return;
    };
    assert!(old.contains("alert protocol version") && !old.contains("BEGIN CERTIFICATE"), "{old}");
    counted(&display, "old TLS", |counters| counters.old_tls);
    assert!(display.notice("older than 1.3").1.contains("127.0.0.1"));
    let new = s_client("-tls1_3").unwrap();
    assert!(new.contains("BEGIN CERTIFICATE") && new.contains("TLSv1.3"), "{new}");
    display.still_hears(&mut good, id, 1);
}

#[test]
fn who_says_nothing_is_cut_in_time() {
    // As long as an honest agent may need on a busy machine.
    let display = Display::with(Limits { strangers_time: Duration::from_secs(1), ..lenient() }, 64);
    let (mut good, id, _) = display.agent("good");
    let mut tls = display.connect();
    let mut half = display.connect();
    half.say_bytes(&[0, 0, 1]).unwrap();
    assert_eq!(raw(&display, b""), b"", "not even TLS");
    assert!(tls.hear().is_none(), "TLS without Hello");
    assert!(half.hear().is_none(), "half a Hello");
    wait_until("all counted", || display.listener.counters().no_hello == 3);
    assert!(display.notice("did not say who it is").1.contains("127.0.0.1"));
    display.still_hears(&mut good, id, 1);
}

#[test]
fn who_hangs_up_in_the_midst_is_counted() {
    beside_a_good_agent(|display| {
        // A record of TLS that is cut short, TLS without a Hello, and half a Hello.
        let mut stream = TcpStream::connect(display.listener.address()).unwrap();
        stream.write_all(&[22, 3, 1, 2, 0, 1, 0, 1]).unwrap();
        drop(stream);
        drop(display.connect());
        display.connect().say_bytes(&[0, 0, 1]).unwrap();
        wait_until("all counted", || display.listener.counters().no_hello == 3);
        assert!(display.notice("did not say who it is").1.contains("127.0.0.1"));
    });
}

#[test]
fn who_expects_another_certificate_is_told_of() {
    beside_a_good_agent(|display| {
        let other = Fingerprint([7; 32]);
        let refused = Agent::connect(display.listener.address(), other).err().unwrap().to_string();
        // What the agent's program makes of it: see `refusals` in the agent's tests.
        assert!(refused.contains(&display.listener.fingerprint().to_string()), "{refused}");
        counted(display, "failed TLS", |counters| counters.failed_tls);
        let (_, line) = display.notice("certificate");
        assert!(
            line.contains("127.0.0.1: TLS failed: it does not take this display's certificate"),
            "{line}"
        );
    });
}

#[test]
fn first_frames_that_are_no_hello() {
    let display = Display::start();
    let (mut good, id, _) = display.agent("good");
    let refused = |says: &dyn Fn(&mut Agent)| {
        let mut agent = display.connect();
        says(&mut agent);
        assert_eq!(agent.refusal(), Reason::Malformed);
    };
    refused(&|agent| agent.events(1, vec![opened(1)]));
    refused(&|agent| agent.say_bytes(&[0, 0, 0, 4, 255, 255, 255, 255]).unwrap());
    refused(&|agent| agent.say_bytes(&[0, 0, 0, 0]).unwrap());
    for bad in [vec![], vec![0; 15], vec![0; 17], vec![0; 4_000]] {
        refused(&|agent| {
            let hello = hello("web1", "cmt_");
            agent.say(AgentSays::Hello(messages::Hello { machine_id: bad.clone(), ..hello })).unwrap();
        });
    }
    wait_until("all counted", || display.listener.counters().bad_hellos == 7);
    assert!(display.notice("it is no agent").1.contains("127.0.0.1"));
    display.still_hears(&mut good, id, 1);
}

#[test]
fn a_hello_of_ten_megabytes_is_refused_with_a_word() {
    beside_a_good_agent(|display| {
        let long = "n".repeat(10 << 20);
        let mut agent = display.connect();
        // It need not get through.
        let _ = agent.say(AgentSays::Hello(hello(&long, "secret")));
        assert_eq!(agent.refusal(), Reason::Malformed);
        counted(display, "bad Hello", |counters| counters.bad_hellos);
    });
}

#[test]
fn an_old_protocol_is_told_so() {
    let display = Display::start();
    let old = messages::Hello { protocol_version: 0, ..hello("web1", "x") };
    assert_eq!(display.connect().greet(old), Err(Reason::Version));
    counted(&display, "old version", |counters| counters.old_versions);
}

#[test]
fn names_are_made_fit_to_be_shown() {
    let display = Display::start();
    let (mut good, id, _) = display.agent("good");
    display.register().set_password(Some("correct horse")).unwrap();
    let shown = |machine: u8, name: &str| {
        let mut hello = hello(name, "correct horse");
        hello.machine_id = vec![machine; 16];
        display.connect().greet(hello).unwrap();
        display.status(|status| matches!(status.link, AgentLink::Connected { .. })).name.to_string()
    };
    assert_eq!(shown(1, "a\u{1b}[2Jb\n\u{202e}gpj.exe\u{200f}"), "a?[2Jb??gpj.exe?");
    assert_eq!(shown(2, &"é".repeat(1_500)), "é".repeat(64));
    assert_eq!(shown(3, "web1"), "web1");
    assert_eq!(shown(4, " \t "), "unnamed");
    assert_eq!(display.listener.counters().unfit_names, 3);
    display.still_hears(&mut good, id, 1);
}

#[test]
fn frames_of_an_agent_that_make_no_sense() {
    let says: [(&str, &dyn Fn(&mut Agent)); 9] = [
        ("no message", &|agent| agent.say_bytes(&[0, 0, 0, 4, 255, 255, 255, 255]).unwrap()),
        ("too long", &|agent| {
            agent.say_bytes(&(MAX_FRAME_BYTES as u32 + 1).to_be_bytes()).unwrap();
        }),
        ("a second Hello", &|agent| agent.say(AgentSays::Hello(hello("web1", "x"))).unwrap()),
        ("event 0", &|agent| agent.events(0, vec![opened(1)])),
        ("numbers beyond the last", &|agent| agent.events(u64::MAX, vec![opened(1), opened(2)])),
        ("no address", &|agent| {
            let bad = messages::Socket { peer_v4: None, ..socket(1) };
            agent.events(1, vec![Change { connection: 1, millis: 0, what: Some(What::Opened(bad)) }]);
        }),
        ("a program that was never named", &|agent| {
            let owner = messages::Owner { program: 7, pid: 1, not_permitted: false };
            let bad = messages::Socket { owner: Some(owner), ..socket(1) };
            agent.events(1, vec![Change { connection: 1, millis: 0, what: Some(What::Opened(bad)) }]);
        }),
        ("events within a snapshot", &|agent| {
            agent.say(AgentSays::Snapshot(snapshot(5, &[1], true))).unwrap();
            agent.events(1, vec![opened(2)]);
        }),
        ("two snapshots in one", &|agent| {
            agent.say(AgentSays::Snapshot(snapshot(5, &[1], true))).unwrap();
            agent.say(AgentSays::Snapshot(snapshot(6, &[1], false))).unwrap();
        }),
    ];
    let display = Display::start();
    let (mut good, good_id, _) = display.agent("good");
    for (number, (what, says)) in says.iter().enumerate() {
        let (mut bad, id, _) = display.agent(&format!("bad {number}"));
        says(&mut bad);
        assert_eq!(bad.refusal(), Reason::Malformed, "{what}");
        display.lost(id);
        display.still_hears(&mut good, good_id, number as u64 + 1);
    }
    assert_eq!(display.listener.counters().malformed_frames, 9);
}

#[test]
fn a_truncated_frame_ends_with_the_link() {
    beside_a_good_agent(|display| {
        let (mut agent, id, _) = display.agent("cut");
        agent.say_bytes(&[0, 0, 1, 0, 1, 2, 3]).unwrap();
        drop(agent);
        display.lost(id);
        assert_eq!(display.listener.counters().malformed_frames, 0);
    });
}

#[test]
fn a_frame_that_trickles_is_cut() {
    let display = Display::with(Limits { silence: Duration::from_millis(300), ..lenient() }, 64);
    let (mut slow, id, _) = display.agent("slow");
    // A byte is never far, but the frame never ends.
    slow.say_bytes(&60_000_u32.to_be_bytes()).unwrap();
    let mut said = 0;
    while slow.say_bytes(&[0]).is_ok() {
        std::thread::sleep(Duration::from_millis(10));
        said += 1;
        assert!(said < 2_000, "never cut");
    }
    display.lost(id);
    assert_eq!(display.listener.counters().silent, 1);
}

#[test]
fn events_of_unknown_connections_are_passed_on() {
    let display = Display::start();
    let (mut agent, id, _) = display.agent("web1");
    let changed = Change { connection: 8, millis: 0, what: Some(What::Updated(Default::default())) };
    agent.events(1, vec![closed(7), changed, opened(9)]);
    // What to make of them is the taker's business; the table takes no notice.
    assert_eq!(sequences(&display.events(id)), [1, 2, 3]);
    agent.acknowledged(3);
    assert_eq!(display.listener.counters().unknown_connections, 2);
}

#[test]
fn changes_of_newer_agents_count_in_the_sequence() {
    let display = Display::start();
    let (mut agent, id, _) = display.agent("web1");
    let newer = Change { connection: 8, millis: 0, what: None };
    agent.events(1, vec![opened(1), newer, opened(2)]);
    assert_eq!(sequences(&display.events(id)), [1, 3]);
    agent.events(4, vec![newer]);
    assert_eq!(sequences(&display.events(id)), [0; 0]);
    agent.acknowledged(4);
    assert_eq!(display.listener.counters().unknown_changes, 2);
}

#[test]
fn a_status_is_cleaned_and_cut() {
    let display = Display::start();
    let (mut agent, id, _) = display.agent("web1");
    let notes = vec!["one\u{7}two".to_owned(); 20].into_iter().chain(["x".repeat(5_000)]).collect();
    agent.say(AgentSays::Status(Status { method: 99, tick_millis: 250, notes })).unwrap();
    let status = display.status(|status| status.agent == id && status.tick_millis == 250);
    assert_eq!(status.notes, vec!["one?two"; 8]);
    agent.say(AgentSays::Events(events(1, vec![opened(1)]))).unwrap();
    assert_eq!(sequences(&display.events(id)), [1]);
}

#[test]
fn too_many_failures_bar_an_address_for_a_while() {
    let display = Display::with(Limits { failures: 3, ..Limits::default() }, 64);
    for _ in 0..3 {
        raw(&display, b"nonsense");
    }
    wait_until("three failures", || display.listener.counters().not_tls == 3);
    assert_eq!(raw(&display, b"GET / HTTP/1.1\r\n\r\n"), b"");
    counted(&display, "refused by address", |counters| counters.refused_addresses);
    assert_eq!(display.listener.counters().plain_http, 0);
}

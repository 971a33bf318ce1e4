//! Laws of the wire: what is said comes out the same on the other side however the bytes are cut, what a newer program
//! says besides is skipped, and nobody can make the reader hold or decode more than it should.

#![cfg(test)]

mod future;
mod limits;
#[path = "../support/wire_bytes.rs"]
mod wire_bytes;

use std::{net::SocketAddr, sync::Arc};

use connmapperl::{
    model::{Change, CollectorMethod, Direction, Observation, Owner, Protocol, Traffic, plain_address},
    net::wire::{
        DICTIONARY_ENTRIES, Frames, FromWire, MAX_FRAME_BYTES, ProgramNames, ProgramNumbers, WireError,
        change_from_wire, clean, encode_frame,
        messages::{self, AgentFrame, AgentSays, Events, Hello, Status, Updated, What},
        method_from_wire, notes_from_wire, wire_from_change, wire_from_method,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use prost::Message;

fn addresses() -> impl Strategy<Value = SocketAddr> {
    (any::<std::net::IpAddr>(), any::<u16>())
        .prop_map(|(address, port)| SocketAddr::new(plain_address(address), port))
}

fn traffics() -> impl Strategy<Value = Traffic> {
    (any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<u32>>()).prop_map(
        |(sent_bytes, received_bytes, rtt_micros)| Traffic { sent_bytes, received_bytes, rtt_micros },
    )
}

/// Names that are fit to be shown; what is not is another test's business.
fn owners() -> impl Strategy<Value = Owner> {
    prop_oneof![
        (any::<u32>(), "[a-zA-Zäß東 :()/._-]{0,15}")
            .prop_map(|(pid, name)| Owner::Program { pid, name: name.into() }),
        Just(Owner::NotPermitted),
        Just(Owner::Unknown),
    ]
}

fn observations() -> impl Strategy<Value = Observation> {
    let protocols = select(vec![Protocol::Tcp, Protocol::Udp]);
    let directions = select(vec![Direction::Inbound, Direction::Outbound]);
    (protocols, addresses(), addresses(), directions, owners(), any::<u32>(), traffics()).prop_map(
        |(protocol, local, peer, direction, owner, uid, traffic)| Observation {
            protocol,
            local,
            peer,
            direction,
            owner,
            uid,
            traffic,
        },
    )
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        observations().prop_map(Change::Opened),
        (option::of(traffics()), option::of(owners()))
            .prop_map(|(traffic, owner)| Change::Updated { traffic, owner }),
        option::of(traffics()).prop_map(|traffic| Change::Closed { traffic }),
    ]
}

fn encoded(says: AgentSays) -> Vec<u8> {
    let mut out = Vec::new();
    encode_frame(&AgentFrame { says: Some(says) }, &mut out);
    out
}

fn events(changes: &[Change], numbers: &mut ProgramNumbers) -> Events {
    let mut programs = Vec::new();
    let changes = changes
        .iter()
        .zip(1..)
        .map(|(change, connection)| messages::Change {
            connection,
            millis: -7,
            what: Some(wire_from_change(change, numbers, &mut programs)),
        })
        .collect();
    Events { first_sequence: 1, unix_millis: 1_765_432_100_000, programs, changes }
}

/// All frames, with the bytes handed over in pieces that end at the cuts.
fn read_in_pieces<M: Message + Default>(bytes: &[u8], cuts: &[usize]) -> Vec<M> {
    let mut frames = Frames::new(MAX_FRAME_BYTES);
    let mut found = Vec::new();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([bytes.len()]).collect();
    ends.sort_unstable();
    let mut from = 0;
    for end in ends {
        frames.push(&bytes[from..end]);
        from = end;
        while let Some(message) = frames.next_message().unwrap() {
            found.push(message);
        }
    }
    assert!(!frames.is_in_the_middle());
    assert_eq!(frames.capacity(), 0, "an idle reader holds nothing");
    found
}

proptest! {
    #[test]
    fn changes_come_out_as_they_went_in(
        ticks in vec(vec(changes(), 1..20), 1..5),
        cuts in vec(any::<usize>(), 0..40),
    ) {
        let mut numbers = ProgramNumbers::default();
        let sent: Vec<u8> =
            ticks.iter().flat_map(|tick| encoded(AgentSays::Events(events(tick, &mut numbers)))).collect();
        let mut names = ProgramNames::default();
        let mut came = Vec::new();
        for frame in read_in_pieces::<AgentFrame>(&sent, &cuts) {
            let Some(AgentSays::Events(events)) = frame.says else { panic!("{frame:?}") };
            events.programs.iter().for_each(|program| names.learn(program));
            for change in &events.changes {
                let FromWire::Change(change) = change_from_wire(change, &names).unwrap() else { panic!() };
                came.push(change);
            }
        }
        prop_assert_eq!(came, ticks.concat());
    }

    #[test]
    fn a_status_comes_out_as_it_went_in(
        method in select(vec![
            CollectorMethod::Events, CollectorMethod::Polling, CollectorMethod::ProcTables, CollectorMethod::Demo,
        ]),
        tick_millis: u32,
        notes in vec("[ -~ä東]{0,80}", 0..8),
        cuts in vec(any::<usize>(), 0..40),
    ) {
        let status = Status { method: wire_from_method(method) as i32, tick_millis, notes: notes.clone() };
        let frames: Vec<AgentFrame> = read_in_pieces(&encoded(AgentSays::Status(status)), &cuts);
        let [AgentFrame { says: Some(AgentSays::Status(came)) }] = frames.as_slice() else { panic!() };
        prop_assert_eq!(method_from_wire(came.method), method);
        prop_assert_eq!(came.tick_millis, tick_millis);
        prop_assert_eq!(notes_from_wire(&came.notes), notes);
    }

    #[test]
    fn any_bytes_do_no_harm(data in vec(any::<u8>(), 0..2_000)) {
        wire_bytes::read_as_listener(&data);
        wire_bytes::read_as_agent(&data);
    }

    /// Most random bytes end at the first length; these are frames with a few bytes changed.
    #[test]
    fn damaged_frames_do_no_harm(
        tick in vec(changes(), 1..20),
        damage in vec((any::<usize>(), any::<u8>()), 1..8),
        cut: u8,
    ) {
        let mut data = vec![cut];
        data.extend(encoded(AgentSays::Events(events(&tick, &mut ProgramNumbers::default()))));
        for (at, byte) in damage {
            let at = at % data.len();
            data[at] = byte;
        }
        wire_bytes::read_as_listener(&data);
        wire_bytes::read_as_agent(&data);
    }

    #[test]
    fn cleaned_text_holds_nothing_that_deceives(text: String, most_chars in 0..50_usize) {
        let cleaned = clean(&text, most_chars);
        prop_assert!(!cleaned.contains(deceives));
        prop_assert_eq!(cleaned.chars().count(), text.chars().count().min(most_chars));
        let kept = cleaned.chars().zip(text.chars()).all(|(now, before)| now == before || now == '?');
        prop_assert!(kept, "characters stay where they were: {cleaned:?}");
        prop_assert_eq!(clean(&cleaned, most_chars), cleaned);
    }

    #[test]
    fn the_dictionary_stays_right_under_any_number_of_names(
        ticks in vec(vec(0..3 * DICTIONARY_ENTRIES, 1..1_500), 1..12),
    ) {
        let (mut numbers, mut names) = (ProgramNumbers::default(), ProgramNames::default());
        for tick in ticks {
            let mut news = Vec::new();
            let sent: Vec<(u32, Arc<str>)> = tick
                .iter()
                .map(|name| {
                    let name = format!("program {name}").into();
                    (numbers.number(&name, &mut news), name)
                })
                .collect();
            // All names of a frame are learnt before the first change is read.
            news.iter().for_each(|program| names.learn(program));
            for (number, name) in sent {
                prop_assert_eq!(names.name(number), Some(&name));
            }
        }
    }
}

/// Written down apart from the codec's own list: Unicode 16, `Cc`, `Zl`, `Zp`, `Default_Ignorable_Code_Point` and the
/// `Cf` that show nothing.
fn deceives(character: char) -> bool {
    const FIRST_AND_LAST: [(u32, u32); 26] = [
        (0x0000, 0x001f),
        (0x007f, 0x009f),
        (0x00ad, 0x00ad),
        (0x034f, 0x034f),
        (0x061c, 0x061c),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x2028, 0x202e),
        (0x2060, 0x206f),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfff8),
        (0xfff9, 0xfffb),
        (0x13430, 0x1343f),
        (0x1bca0, 0x1bca3),
        (0x1d173, 0x1d17a),
        (0xe0000, 0xe0001),
        (0xe0002, 0xe001f),
        (0xe0020, 0xe007f),
        (0xe0080, 0xe00ff),
        (0xe0100, 0xe01ef),
        (0xe01f0, 0xe0fff),
    ];
    FIRST_AND_LAST.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(character)))
}

#[test]
fn every_character_is_cleaned_or_kept() {
    for character in '\0'..=char::MAX {
        let cleaned = clean(character.encode_utf8(&mut [0; 4]), 1);
        assert!(!cleaned.contains(deceives), "{character:?}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let names = ProgramNames::default();
    let whole = messages::Socket { local_v4: Some(1), peer_v6_high: Some(0), ..Default::default() };
    let read = |socket| {
        change_from_wire(&messages::Change { what: Some(What::Opened(socket)), ..Default::default() }, &names)
    };
    assert!(read(whole).is_ok());
    assert_eq!(read(messages::Socket { local_v4: None, ..whole }), Err(WireError::Address));
    assert_eq!(read(messages::Socket { peer_port: 65_536, ..whole }), Err(WireError::Port(65_536)));
    let owner = Some(messages::Owner { program: 5, ..Default::default() });
    assert_eq!(read(messages::Socket { owner, ..whole }), Err(WireError::Program(5)));
}

#[test]
fn addresses_are_plain_and_scopes_stand_only_where_they_mean_something() {
    let seen = |local: &str, peer: &str| Observation {
        protocol: Protocol::Tcp,
        local: local.parse().unwrap(),
        peer: peer.parse().unwrap(),
        direction: Direction::Inbound,
        owner: Owner::Unknown,
        uid: 0,
        traffic: Traffic::default(),
    };
    for (sent, came) in [
        (seen("[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:2"), seen("192.0.2.1:1", "192.0.2.2:2")),
        (seen("[fe80::1%7]:1", "[fe80::2%7]:2"), seen("[fe80::1%7]:1", "[fe80::2%7]:2")),
        (seen("[2001:db8::1]:1", "[fe80::2%7]:2"), seen("[2001:db8::1]:1", "[fe80::2%7]:2")),
        (seen("[2001:db8::1%7]:1", "[::]:0"), seen("[2001:db8::1]:1", "[::]:0")),
    ] {
        let what = wire_from_change(&Change::Opened(sent), &mut ProgramNumbers::default(), &mut Vec::new());
        let change = messages::Change { what: Some(what), ..Default::default() };
        let read = change_from_wire(&change, &ProgramNames::default());
        assert_eq!(read, Ok(FromWire::Change(Change::Opened(came))));
    }
}

#[test]
fn nothing_that_changed_is_told_apart_from_a_counter_that_is_zero() {
    let zero = Traffic { sent_bytes: Some(0), ..Traffic::default() };
    for traffic in [None, Some(Traffic::default()), Some(zero)] {
        let what = wire_from_change(
            &Change::Updated { traffic, owner: None },
            &mut ProgramNumbers::default(),
            &mut Vec::new(),
        );
        let What::Updated(Updated { traffic: sent, .. }) = what else { panic!() };
        assert_eq!(sent.map(|sent| sent.sent_bytes), traffic.map(|traffic| traffic.sent_bytes));
        let change = messages::Change { what: Some(what), ..Default::default() };
        let change = messages::Change::decode(change.encode_to_vec().as_slice()).unwrap();
        let read = change_from_wire(&change, &ProgramNames::default());
        assert_eq!(read, Ok(FromWire::Change(Change::Updated { traffic, owner: None })));
    }
}

#[test]
fn a_hello_in_a_log_shows_no_secret() {
    let hello = Hello { secret: "cmt_1_abc".to_owned(), agent_name: "web1".to_owned(), ..Hello::default() };
    let printed = format!("{:?}", AgentFrame { says: Some(AgentSays::Hello(hello)) });
    assert!(printed.contains("web1") && !printed.contains("cmt_1_abc"), "{printed}");
}

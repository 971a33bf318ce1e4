//! What nobody can make the reader hold, decode or mix up.

use std::sync::Arc;

use connmapperl::net::wire::{
    DICTIONARY_ENTRIES, FULL_FRAME_BYTES, FrameError, Frames, MAX_FIRST_FRAME_BYTES, MAX_FRAME_BYTES,
    MAX_FRAME_ITEMS, MAX_PROGRAM_CHARS, ProgramNames, ProgramNumbers, encode_frame,
    messages::{
        self, AgentFrame, AgentSays, Closed, Events, Program, ServerFrame, ServerSays, Status, Welcome, What,
    },
};
use prost::Message;

use super::encoded;

/// As a bad sender has it: two bytes each on the wire, more than a hundred behind it.
#[test]
fn frames_of_many_empty_parts_are_refused_before_they_are_decoded() {
    let refused = |says: AgentSays| {
        let mut frames = Frames::new(MAX_FRAME_BYTES);
        frames.push(&encoded(says));
        frames.next_message::<AgentFrame>().err()
    };
    let too_many = Some(FrameError::TooManyItems { most: MAX_FRAME_ITEMS });
    let changes = |count| Events { changes: vec![messages::Change::default(); count], ..Default::default() };
    assert_eq!(refused(AgentSays::Events(changes(30_000))), too_many);
    assert_eq!(refused(AgentSays::Events(changes(MAX_FRAME_ITEMS))), too_many);
    assert_eq!(refused(AgentSays::Events(changes(MAX_FRAME_ITEMS - 1))), None);
    let notes = vec![String::new(); 30_000];
    assert_eq!(refused(AgentSays::Status(Status { notes, ..Default::default() })), too_many);

    // The same field again and again is merged into one message.
    let events = AgentFrame { says: Some(AgentSays::Events(changes(10))) }.encode_to_vec().repeat(1_000);
    let mut frames = Frames::new(MAX_FRAME_BYTES);
    frames.push(&u32::try_from(events.len()).unwrap().to_be_bytes());
    frames.push(&events);
    assert_eq!(frames.next_message::<AgentFrame>().err(), too_many);
}

/// The shortest changes that an agent can have: nothing but closings, of connections with low numbers.
#[test]
fn a_full_frame_never_has_too_many_parts() {
    let mut closings = Events { first_sequence: u64::MAX, unix_millis: i64::MAX, ..Default::default() };
    let what = Some(What::Closed(Closed { traffic: None }));
    for connection in 1.. {
        closings.changes.push(messages::Change { connection, millis: 0, what });
        if closings.encoded_len() > FULL_FRAME_BYTES {
            break;
        }
    }
    let mut frames = Frames::new(MAX_FRAME_BYTES);
    frames.push(&encoded(AgentSays::Events(closings)));
    assert!(matches!(frames.next_message::<AgentFrame>(), Ok(Some(_))));
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_anything_of_it_is_kept() {
    let mut frames = Frames::new(MAX_FIRST_FRAME_BYTES);
    frames.push(&u32::MAX.to_be_bytes());
    let error = FrameError::TooLong { bytes: u32::MAX as usize, most: MAX_FIRST_FRAME_BYTES };
    assert_eq!(frames.next_message::<AgentFrame>(), Err(error.clone()));
    for _ in 0..1_000 {
        frames.push(&[0; 10_000]);
    }
    assert_eq!(frames.capacity(), 0);
    assert_eq!(frames.next_message::<AgentFrame>(), Err(error));
}

/// Much of it in one read: what has been cut off is not moved again and again.
#[test]
fn many_small_frames_in_one_read_are_cut_one_by_one() {
    let mut small = Vec::new();
    let says = ServerSays::Welcome(Welcome { protocol_version: 1, ..Default::default() });
    encode_frame(&ServerFrame { says: Some(says) }, &mut small);
    let mut frames = Frames::new(MAX_FRAME_BYTES);
    frames.push(&small.repeat(100_000));
    let mut count = 0;
    while frames.next_message::<ServerFrame>().unwrap().is_some() {
        count += 1;
        frames.push(&[]);
    }
    assert_eq!(count, 100_000);
    assert_eq!(frames.capacity(), 0);
}

/// A number is reused while changes of the same frame still mean its old name, if it is reused too early.
#[test]
fn a_frame_may_hold_an_old_name_and_as_many_new_ones_as_fit() {
    let (mut numbers, mut names) = (ProgramNumbers::default(), ProgramNames::default());
    let name = |index: usize| Arc::<str>::from(index.to_string());
    let mut news = Vec::new();
    (0..DICTIONARY_ENTRIES).for_each(|index| _ = numbers.number(&name(index), &mut news));
    news.drain(..).for_each(|program| names.learn(&program));
    let oldest = numbers.number(&name(0), &mut news);
    assert_eq!(news, [], "the oldest is known");
    (0..MAX_FRAME_ITEMS).for_each(|index| _ = numbers.number(&name(DICTIONARY_ENTRIES + index), &mut news));
    assert_eq!(news.len(), MAX_FRAME_ITEMS);
    news.iter().for_each(|program| names.learn(program));
    assert_eq!(names.name(oldest), Some(&name(0)));
}

#[test]
fn names_are_cut_and_cleaned_on_both_sides() {
    let mut news = Vec::new();
    let number = ProgramNumbers::default().number(&"\u{202e}x".repeat(5_000_000).into(), &mut news);
    let fit = "?x".repeat(MAX_PROGRAM_CHARS / 2);
    assert_eq!(news, [Program { number, name: fit.clone() }]);
    let mut names = ProgramNames::default();
    names.learn(&Program { number, name: "\u{202e}x".repeat(500) });
    assert_eq!(names.name(number), Some(&fit.into()));
    for number in [0, u32::MAX] {
        names.learn(&Program { number, name: "nobody".to_owned() });
        assert_eq!(names.name(number), None);
    }
}

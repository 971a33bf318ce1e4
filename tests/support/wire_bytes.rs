//! What must hold of any bytes that come over the link: the codec never panics, holds no more than it may, gives the same
//! messages however the bytes were cut, and what it takes survives another way over the wire. The fuzz targets and the
//! test over their corpus run the same functions.

use connmapperl::{
    model::{Change, Owner},
    net::wire::{
        Frames, FromWire, LAST_UNIX_MILLIS, MAX_FIRST_FRAME_BYTES, MAX_FRAME_BYTES, MAX_FRAME_ITEMS,
        MAX_NAME_CHARS, MAX_NOTE_CHARS, MAX_NOTES, MAX_PROGRAM_CHARS, ProgramNames, ProgramNumbers,
        age_millis, change_from_wire, change_sequence, clean, clock_sample, encode_frame, event_time,
        messages::{self, AgentFrame, AgentSays, Events, ServerFrame, ServerSays, Snapshot},
        method_from_wire, notes_from_wire, observation_from_wire, opened_time, wire_from_change,
    },
};
use prost::Message;

/// As the listener reads: bytes to frames, frames to what an agent says, that to the words of `model`.
pub fn read_as_listener(data: &[u8]) {
    let mut names = ProgramNames::default();
    for frame in cut_both_ways::<AgentFrame>(data) {
        match frame.says {
            None => {}
            Some(AgentSays::Hello(hello)) => {
                let name = clean(&hello.agent_name, MAX_NAME_CHARS);
                assert!(name.chars().count() <= MAX_NAME_CHARS && !name.contains(char::is_control));
                let _ = method_from_wire(hello.method);
            }
            Some(AgentSays::Snapshot(snapshot)) => read_snapshot(&snapshot, &mut names),
            Some(AgentSays::Events(events)) => read_events(&events, &mut names),
            Some(AgentSays::Heartbeat(heartbeat)) => {
                let _ = clock_sample(&heartbeat, 1_700_000_000_000_000);
            }
            Some(AgentSays::Status(status)) => {
                let notes = notes_from_wire(&status.notes);
                assert!(notes.len() <= MAX_NOTES);
                assert!(notes.iter().all(|note| note.chars().count() <= MAX_NOTE_CHARS));
            }
        }
    }
}

/// As the agent reads.
pub fn read_as_agent(data: &[u8]) {
    for frame in cut_both_ways::<ServerFrame>(data) {
        match frame.says {
            Some(ServerSays::Refused(refused)) => {
                assert!(!clean(&refused.sentence, MAX_NOTE_CHARS).contains(char::is_control));
                let _ = refused.reason();
            }
            Some(ServerSays::Heartbeat(heartbeat)) => {
                let _ = clock_sample(&heartbeat, 1_700_000_000_000_000);
            }
            Some(ServerSays::Welcome(_) | ServerSays::Acknowledged(_)) | None => {}
        }
    }
}

/// The first byte says how the rest is cut; what comes of it must not depend on that.
fn cut_both_ways<M: Message + Default + PartialEq>(data: &[u8]) -> Vec<M> {
    let Some((&cut, data)) = data.split_first() else { return Vec::new() };
    let most = if cut & 1 == 0 { MAX_FRAME_BYTES } else { MAX_FIRST_FRAME_BYTES };
    let messages = all::<M>(data, most, usize::from(cut / 2) + 1);
    assert!(messages == all::<M>(data, most, data.len().max(1)), "another cut gives other messages");
    for message in &messages {
        let mut again = Vec::new();
        encode_frame(message, &mut again);
        let again = all::<M>(&again, again.len(), again.len());
        // What a frame says twice is merged, so it may have more parts than fit the shorter one.
        assert!(again.is_empty() || again == [message.clone_by_wire()], "it changes on its way");
    }
    messages
}

trait CloneByWire: Message + Default {
    fn clone_by_wire(&self) -> Self {
        Self::decode(self.encode_to_vec().as_slice()).unwrap_or_default()
    }
}

impl<M: Message + Default> CloneByWire for M {}

/// All messages up to the first error, read `chunk` bytes at a time.
fn all<M: Message + Default + PartialEq>(data: &[u8], most: usize, chunk: usize) -> Vec<M> {
    let mut frames = Frames::new(most);
    let mut messages = Vec::new();
    for read in data.chunks(chunk) {
        frames.push(read);
        loop {
            match frames.next_message() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => {
                    frames.push(read);
                    assert_eq!(frames.next_message::<M>().err(), Some(error));
                    assert_eq!(frames.capacity(), 0, "what is broken holds nothing");
                    return messages;
                }
            }
        }
        // A growing Vec takes up to twice what it needs.
        assert!(frames.capacity() <= 2 * (most + 4 + read.len()), "{} bytes are held", frames.capacity());
    }
    messages
}

fn read_snapshot(snapshot: &Snapshot, names: &mut ProgramNames) {
    assert!(snapshot.programs.len() + snapshot.connections.len() <= MAX_FRAME_ITEMS);
    snapshot.programs.iter().for_each(|program| names.learn(program));
    for open in &snapshot.connections {
        let opened = opened_time(snapshot.unix_millis, open.age_millis);
        assert!((0..=LAST_UNIX_MILLIS).contains(&opened));
        let _ = age_millis(snapshot.unix_millis, opened);
        if let Some(Ok(seen)) = open.socket.map(|socket| observation_from_wire(&socket, names)) {
            goes_over_again(Change::Opened(seen));
        }
    }
}

fn read_events(events: &Events, names: &mut ProgramNames) {
    assert!(events.programs.len() + events.changes.len() <= MAX_FRAME_ITEMS);
    events.programs.iter().for_each(|program| names.learn(program));
    for (index, change) in events.changes.iter().enumerate() {
        let _ = change_sequence(events.first_sequence, index);
        assert!((0..=LAST_UNIX_MILLIS).contains(&event_time(events.unix_millis, change.millis)));
        if let Ok(FromWire::Change(change)) = change_from_wire(change, names) {
            goes_over_again(change);
        }
    }
}

/// What was taken from the wire is what it says it is, so it can be sent on and comes back the same.
fn goes_over_again(change: Change) {
    if let Change::Opened(seen) = &change
        && let Owner::Program { name, .. } = &seen.owner
    {
        assert!(name.chars().count() <= MAX_PROGRAM_CHARS && !name.contains(char::is_control));
    }
    let (mut numbers, mut news, mut names) = (ProgramNumbers::default(), Vec::new(), ProgramNames::default());
    let what = wire_from_change(&change, &mut numbers, &mut news);
    news.iter().for_each(|program| names.learn(program));
    let wire = messages::Change { connection: 1, millis: 0, what: Some(what) };
    assert_eq!(change_from_wire(&wire.clone_by_wire(), &names), Ok(FromWire::Change(change)));
}

//! How far one link has got with the outbox, and the frames that come next. Each link begins anew: its dictionary of
//! program names is empty, and where it begins is what the display says in its Welcome.

use prost::Message;

use super::outbox::Outbox;
use crate::net::wire::{
    FULL_FRAME_BYTES, ProgramNumbers, encode_frame,
    messages::{self, AgentFrame, AgentSays, Events, Open, Program, Snapshot},
    wire_from_change, wire_from_observation,
};

/// Frames of events are made until this much waits to be written: more would only take up memory.
const ENOUGH_BYTES: usize = 4 * FULL_FRAME_BYTES;

#[derive(Debug)]
pub struct Progress {
    /// Last event that was written, or that the display had before.
    sent: u64,
    snapshot_due: bool,
    numbers: ProgramNumbers,
}

impl Progress {
    /// `resume_after`: last event that the display says it has. `needs_snapshot`: it does not know what was open then.
    pub fn new(outbox: &Outbox, resume_after: u64, needs_snapshot: bool) -> Self {
        // Nobody can have what has not been told yet.
        let sent = resume_after.min(outbox.last_sequence()).max(outbox.before_first());
        let snapshot_due = needs_snapshot || sent != resume_after;
        Self { sent, snapshot_due, numbers: ProgramNumbers::default() }
    }

    /// Last event that was written, or that the display had before.
    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether [`Self::encode`] would have nothing to add.
    pub fn is_up_to_date(&self, outbox: &Outbox) -> bool {
        !self.snapshot_due && self.sent >= outbox.last_sequence()
    }

    /// Appends the next frames to `out`: a snapshot where one is due, and events until it is enough for one write.
    pub fn encode(&mut self, outbox: &Outbox, unix_millis: i64, out: &mut Vec<u8>) {
        if outbox.before_first() > self.sent {
            // Events were dropped before they could be sent.
            self.sent = outbox.before_first();
            self.snapshot_due = true;
        }
        if self.snapshot_due {
            self.snapshot_due = false;
            self.encode_snapshot(outbox, unix_millis, out);
        }
        self.encode_events(outbox, out);
    }

    fn encode_snapshot(&mut self, outbox: &Outbox, unix_millis: i64, out: &mut Vec<u8>) {
        let empty = Snapshot {
            base_sequence: self.sent,
            unix_millis,
            dropped_events: outbox.dropped(),
            ..Snapshot::default()
        };
        let mut snapshot = empty.clone();
        let mut room = Room::default();
        for (connection, entry) in outbox.open_at(self.sent) {
            let mut news = Vec::new();
            let open = Open {
                connection: connection.0,
                opened_sequence: entry.opened_sequence,
                age_millis: unix_millis.saturating_sub(entry.opened_unix_millis).try_into().unwrap_or(0),
                socket: Some(wire_from_observation(&entry.observation, &mut self.numbers, &mut news)),
            };
            if room.is_full() {
                let full = std::mem::replace(&mut snapshot, empty.clone());
                encode(AgentSays::Snapshot(Snapshot { goes_on: true, ..full }), out);
                room = Room::default();
            }
            room.take(&open, &news);
            snapshot.programs.append(&mut news);
            snapshot.connections.push(open);
        }
        encode(AgentSays::Snapshot(snapshot), out);
    }

    fn encode_events(&mut self, outbox: &Outbox, out: &mut Vec<u8>) {
        let enough = out.len() + ENOUGH_BYTES;
        let mut frame = Events::default();
        let mut room = Room::default();
        for event in outbox.events_after(self.sent) {
            if room.is_full() {
                encode(AgentSays::Events(std::mem::take(&mut frame)), out);
                room = Room::default();
                if out.len() >= enough {
                    return;
                }
            }
            let mut news = Vec::new();
            let what = wire_from_change(&event.change, &mut self.numbers, &mut news);
            if frame.changes.is_empty() {
                frame.first_sequence = event.sequence;
                frame.unix_millis = event.unix_millis;
            }
            let change = messages::Change {
                connection: event.connection.0,
                millis: event.unix_millis.saturating_sub(frame.unix_millis),
                what: Some(what),
            };
            room.take(&change, &news);
            frame.programs.append(&mut news);
            frame.changes.push(change);
            self.sent = event.sequence;
        }
        if !frame.changes.is_empty() {
            encode(AgentSays::Events(frame), out);
        }
    }
}

/// What a frame holds so far.
#[derive(Default)]
struct Room {
    used: usize,
}

impl Room {
    const fn is_full(&self) -> bool {
        self.used >= FULL_FRAME_BYTES
    }

    fn take(&mut self, entry: &impl Message, news: &[Program]) {
        /// Tag and length before each.
        const BEFORE_EACH: usize = 4;
        let names: usize = news.iter().map(|program| program.encoded_len() + BEFORE_EACH).sum();
        self.used += entry.encoded_len() + BEFORE_EACH + names;
    }
}

fn encode(says: AgentSays, out: &mut Vec<u8>) {
    encode_frame(&AgentFrame { says: Some(says) }, out);
}

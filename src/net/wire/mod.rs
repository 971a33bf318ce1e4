//! What agents and displays say to each other, in bytes: messages (protobuf), frames (a length before each), and the
//! way from the words of `model` and back. Owns the format alone: it does no I/O, keeps no connection alive and never
//! panics, whatever bytes it is given. `docs/protocol.md` describes the same for writers of other programs.

mod convert;
mod dictionary;
mod frame;
pub mod messages;
mod text;
mod time;

pub use convert::{
    FromWire, WireError, change_from_wire, method_from_wire, observation_from_wire, wire_from_change,
    wire_from_method, wire_from_observation,
};
pub use dictionary::{DICTIONARY_ENTRIES, DICTIONARY_NUMBERS, ProgramNames, ProgramNumbers};
pub use frame::{FrameError, Frames, encode_frame};
pub use text::{clean, notes_from_wire};
pub use time::{
    ClockSample, LAST_UNIX_MILLIS, age_millis, change_sequence, clock_sample, event_time, opened_time,
};

/// Port of the listener, as connmapperl has always had it.
pub const DEFAULT_PORT: u16 = 6789;
/// Version of the messages' meaning. Raised only where an older reader would understand something wrongly; what it may
/// skip needs no new version.
pub const PROTOCOL_VERSION: u32 = 1;
/// Oldest version that is still understood.
pub const OLDEST_PROTOCOL_VERSION: u32 = 1;

/// Length of a frame after its four bytes. Larger sets travel in several frames.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;
/// Changes, connections, names and other parts of a frame together: a short change takes eight bytes on the wire, and
/// the sender of empty ones shall not make the receiver decode megabytes.
pub const MAX_FRAME_ITEMS: usize = MAX_FRAME_BYTES / 16;
/// Whoever has not said who it is may say no more than this.
pub const MAX_FIRST_FRAME_BYTES: usize = 4 * 1024;
/// A sender begins another frame from here on: some 600 openings. However short its changes are, they are then fewer
/// than [`MAX_FRAME_ITEMS`] (seven bytes is the shortest, but for the first 127 connections), and there is ample room
/// for the last one.
pub const FULL_FRAME_BYTES: usize = 27 * 1024;

/// How often either side says that it is still there, when it has nothing else to say.
pub const HEARTBEAT_SECS: u64 = 5;
/// After this long without a word the other side is gone: three heartbeats.
pub const SILENCE_SECS: u64 = 15;

/// Characters of an agent's name that are kept.
pub const MAX_NAME_CHARS: usize = 64;
/// Characters of a program's name that are kept. The kernel keeps 15; a scene or another collector may have longer ones.
pub const MAX_PROGRAM_CHARS: usize = 64;
/// Sentences an agent may say about its method.
pub const MAX_NOTES: usize = 8;
/// Characters of each that are kept.
pub const MAX_NOTE_CHARS: usize = 300;

//! Frames: four bytes of length, most significant first, then that many bytes of message. A reader is told how long a
//! frame may be before it makes room for one, and counts what is in it before it decodes: an empty change takes two
//! bytes on the wire, and more than a hundred behind it.

use prost::{
    Message,
    encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field},
};

/// Bytes of the length before each frame.
pub const LENGTH_BYTES: usize = 4;
/// A frame may hold a field for so many of the bytes it may have at most.
const BYTES_PER_ITEM: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("a frame of {bytes} bytes, where at most {most} are allowed")]
    TooLong { bytes: usize, most: usize },
    #[error("a frame of more than {most} parts")]
    TooManyItems { most: usize },
    #[error("a frame that is no message: {0}")]
    Malformed(String),
}

/// Appends a message with its length to `out`.
pub fn encode_frame(message: &impl Message, out: &mut Vec<u8>) {
    let bytes = message.encoded_len();
    out.reserve(LENGTH_BYTES + bytes);
    out.extend_from_slice(&u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes());
    message.encode_raw(out);
}

/// Gathers bytes as they come and cuts them into messages.
///
/// Holds no more than one frame and what was last pushed, if whoever pushes takes all messages first, and no memory while
/// there is nothing to hold.
#[derive(Debug)]
pub struct Frames {
    bytes: Vec<u8>,
    /// How far `bytes` has been cut.
    start: usize,
    most: usize,
    /// Nothing is taken after it.
    broken: Option<FrameError>,
}

impl Frames {
    /// `most`: bytes a frame may have.
    pub const fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, most, broken: None }
    }

    /// From now on frames may be this long.
    pub const fn allow(&mut self, most: usize) {
        self.most = most;
    }

    /// Takes what was read.
    pub fn push(&mut self, read: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        // Only when it moves less than it frees, or many small frames in one read would cost the square of their number.
        if self.start >= self.bytes.len() - self.start {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(read);
    }

    /// The next message, or `None` until more has come.
    ///
    /// # Errors
    /// After one the stream means nothing any more: the same error comes again, and what is pushed is not kept.
    pub fn next_message<M: Message + Default>(&mut self) -> Result<Option<M>, FrameError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        self.cut().inspect_err(|error| {
            self.bytes = Vec::new();
            self.start = 0;
            self.broken = Some(error.clone());
        })
    }

    fn cut<M: Message + Default>(&mut self) -> Result<Option<M>, FrameError> {
        let rest = &self.bytes[self.start..];
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH_BYTES>() else {
            self.let_go();
            return Ok(None);
        };
        let bytes = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if bytes > self.most {
            return Err(FrameError::TooLong { bytes, most: self.most });
        }
        let Some(body) = rest.get(..bytes) else {
            return Ok(None);
        };
        let most = self.most / BYTES_PER_ITEM;
        if items(body, most) > most {
            return Err(FrameError::TooManyItems { most });
        }
        let message = M::decode(body).map_err(|error| FrameError::Malformed(error.to_string()))?;
        self.start += LENGTH_BYTES + bytes;
        Ok(Some(message))
    }

    /// Whether part of a frame has come and the rest has not.
    pub const fn is_in_the_middle(&self) -> bool {
        self.bytes.len() > self.start
    }

    /// Bytes of memory it holds.
    pub const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    fn let_go(&mut self) {
        if self.start == self.bytes.len() {
            self.bytes = Vec::new();
            self.start = 0;
        }
    }
}

/// Fields of the message and of the messages in it, which is where changes, connections, names and notes stand; no
/// message has a repeated field further down. Stops above `most`, and at what cannot be read: decoding stops there too,
/// or skips it as something that a newer sender knows.
fn items(mut body: &[u8], most: usize) -> usize {
    let mut items = 0;
    while items <= most && !body.is_empty() {
        items += 1;
        let Some(mut within) = take_field(&mut body) else { break };
        while items <= most && !within.is_empty() {
            items += 1;
            if take_field(&mut within).is_none() {
                break;
            }
        }
    }
    items
}

/// Takes a field off the front: the bytes in it, if it is one that can hold a message.
fn take_field<'a>(body: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (number, wire_type) = decode_key(body).ok()?;
    if wire_type != WireType::LengthDelimited {
        skip_field(wire_type, number, body, DecodeContext::default()).ok()?;
        return Some(&[]);
    }
    let length = usize::try_from(decode_varint(body).ok()?).ok()?;
    let (within, rest) = body.split_at_checked(length)?;
    *body = rest;
    Some(within)
}

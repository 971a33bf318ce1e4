//! Frames: four bytes of length, most significant first, then that many bytes of message. A reader is told how long a
//! frame may be before it makes room for one.

use prost::Message;

/// Bytes of the length before each frame.
const LENGTH_BYTES: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("a frame of {bytes} bytes, where at most {most} are allowed")]
    TooLong { bytes: usize, most: usize },
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
#[derive(Debug)]
pub struct Frames {
    bytes: Vec<u8>,
    /// How far `bytes` has been cut.
    start: usize,
    most: usize,
}

impl Frames {
    /// `most`: bytes a frame may have.
    pub const fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, most }
    }

    /// From now on frames may be this long.
    pub const fn allow(&mut self, most: usize) {
        self.most = most;
    }

    /// Takes what was read.
    pub fn push(&mut self, read: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(read);
    }

    /// The next message, or `None` until more has come. An idle reader holds no memory.
    ///
    /// # Errors
    /// After one the stream means nothing any more.
    pub fn next<M: Message + Default>(&mut self) -> Result<Option<M>, FrameError> {
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
        let message = M::decode(body).map_err(|error| FrameError::Malformed(error.to_string()))?;
        self.start += LENGTH_BYTES + bytes;
        Ok(Some(message))
    }

    /// Whether part of a frame has come and the rest has not.
    pub fn is_in_the_middle(&self) -> bool {
        self.bytes.len() > self.start
    }

    fn let_go(&mut self) {
        if self.start == self.bytes.len() {
            self.bytes = Vec::new();
            self.start = 0;
        }
    }
}

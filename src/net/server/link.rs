//! One TLS connection: reads into frames and writes frames, each without a buffer of its own that stays.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use prost::Message;
use tokio::{
    io::{AsyncRead, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::server::TlsStream;

use crate::net::wire::{
    FrameError, Frames, encode_frame,
    messages::{Reason, Refused, ServerFrame, ServerSays},
};

/// Bytes read at a time: one TLS record at most, so that no agent has the thread for long.
const READ_BYTES: usize = 16 * 1024;
/// What TLS may keep of one session in each direction; a record fits.
pub const TLS_BUFFER_BYTES: usize = 16 * 1024;
/// For whoever is sent away: time to hear why. With the look at the register before, less than a second.
const LAST_WORDS: Duration = Duration::from_millis(700);
/// What is read and thrown away meanwhile. Hanging up on unread bytes would take the last words back (RFC 1122,
/// 4.2.2.13).
const MOST_UNHEARD_BYTES: usize = 16 << 20;

thread_local! {
    /// All sessions of a thread read through this one.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

pub struct Link {
    stream: TlsStream<TcpStream>,
    pub frames: Frames,
}

impl Link {
    pub const fn new(stream: TlsStream<TcpStream>, most_frame_bytes: usize) -> Self {
        Self { stream, frames: Frames::new(most_frame_bytes) }
    }

    /// Reads what is there, once. Gives whether the other side has hung up.
    pub fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        READ.with_borrow_mut(|bytes| {
            let mut buffer = ReadBuf::new(bytes);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
            self.frames.push(buffer.filled());
            Poll::Ready(Ok(buffer.filled().is_empty()))
        })
    }

    /// The next whole message, once it is there; `None` where the other side hangs up before.
    pub async fn next<M: Message + Default>(&mut self) -> Result<Option<M>, FrameError> {
        loop {
            if let Some(message) = self.frames.next_message()? {
                return Ok(Some(message));
            }
            if !matches!(poll_fn(|context| self.poll_read(context)).await, Ok(false)) {
                return Ok(None);
            }
        }
    }

    /// Says all of it in one record, if it fits.
    pub async fn say(&mut self, words: impl IntoIterator<Item = ServerSays>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for says in words {
            encode_frame(&ServerFrame { says: Some(says) }, &mut bytes);
        }
        self.stream.write_all(&bytes).await?;
        self.stream.flush().await
    }

    /// Says why, hangs up, and gives the other side a moment to hear it.
    pub async fn refuse(&mut self, reason: Reason, sentence: String) {
        let refused = ServerSays::Refused(Refused { reason: reason.into(), sentence });
        // Whoever does not listen is not told.
        let _ = timeout(LAST_WORDS, async {
            self.say([refused]).await?;
            self.stream.shutdown().await?;
            self.throw_away().await
        })
        .await;
    }

    async fn throw_away(&mut self) -> io::Result<()> {
        let mut thrown = 0;
        while thrown < MOST_UNHEARD_BYTES {
            let stream = &mut self.stream;
            let read = poll_fn(|context| {
                READ.with_borrow_mut(|bytes| {
                    let mut buffer = ReadBuf::new(bytes);
                    ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer))?;
                    Ok::<_, io::Error>(buffer.filled().len()).into()
                })
            });
            match read.await? {
                0 => break,
                read => thrown += read,
            }
        }
        Ok(())
    }
}

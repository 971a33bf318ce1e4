//! A link of an agent to the display: TLS over a blocking socket, read with a time limit.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use connmapperl::net::{
    tls::{Fingerprint, pinned_client_config},
    wire::{
        Frames, MAX_FRAME_BYTES, encode_frame,
        messages::{AgentFrame, AgentSays, Heartbeat, Hello, ServerFrame, ServerSays, Welcome},
    },
};
use rustls::{ClientConfig, ClientConnection, StreamOwned};

const BETWEEN_HEARTBEATS: Duration = Duration::from_secs(4);
/// A busy display lets agents wait.
const PATIENCE: Duration = Duration::from_secs(20);
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Where the display is, and how it is known.
#[derive(Clone)]
pub struct Display {
    address: SocketAddr,
    config: Arc<ClientConfig>,
}

impl Display {
    pub fn new(address: SocketAddr, certificate: &[u8]) -> anyhow::Result<Self> {
        let config = Arc::new(pinned_client_config(Fingerprint::of_pem(certificate)?)?);
        Ok(Self { address, config })
    }
}

pub struct Link {
    stream: StreamOwned<ClientConnection, TcpStream>,
    frames: Frames,
    beat_at: Instant,
    heard: Option<(i64, Instant)>,
}

impl Link {
    pub fn open(display: &Display, mut hello: Hello) -> anyhow::Result<(Self, Welcome)> {
        let mut tcp = TcpStream::connect_timeout(&display.address, PATIENCE)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        let mut session = ClientConnection::new(Arc::clone(&display.config), "connmapperl".try_into()?)?;
        while session.is_handshaking() {
            session.complete_io(&mut tcp)?;
        }
        // The display reads its clock's distance from it: a handshake takes a while on a busy machine.
        hello.unix_millis = unix_micros() / 1_000;
        let mut link = Self {
            stream: StreamOwned::new(session, tcp),
            frames: Frames::new(MAX_FRAME_BYTES),
            beat_at: Instant::now(),
            heard: None,
        };
        link.say(AgentSays::Hello(hello))?;
        match link.hear(Instant::now() + PATIENCE)?.context("no answer in time")? {
            ServerSays::Welcome(welcome) => Ok((link, welcome)),
            other => bail!("{other:?}"),
        }
    }

    pub fn say(&mut self, says: AgentSays) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        encode_frame(&AgentFrame { says: Some(says) }, &mut bytes);
        self.stream.write_all(&bytes)?;
        Ok(self.stream.flush()?)
    }

    pub fn beat_if_due(&mut self, now_micros: i64) -> anyhow::Result<()> {
        if Instant::now() < self.beat_at {
            return Ok(());
        }
        self.beat_at = Instant::now() + BETWEEN_HEARTBEATS;
        let (echo_unix_micros, held_micros) =
            self.heard.map_or((0, 0), |(said, came)| (said, came.elapsed().as_micros() as i64));
        self.say(AgentSays::Heartbeat(Heartbeat { unix_micros: now_micros, echo_unix_micros, held_micros }))
    }

    /// Waits for a word of the display; heartbeats are noted on the way. Nothing where none came until then.
    pub fn hear(&mut self, until: Instant) -> anyhow::Result<Option<ServerSays>> {
        loop {
            match self.frames.next_message::<ServerFrame>()?.and_then(|frame| frame.says) {
                Some(ServerSays::Heartbeat(beat)) => {
                    if self.heard.is_none() {
                        // The display learns the clock early.
                        self.beat_at = Instant::now();
                    }
                    self.heard = Some((beat.unix_micros, Instant::now()));
                    continue;
                }
                Some(says) => return Ok(Some(says)),
                None => {}
            }
            let wait = until.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Ok(None);
            }
            self.stream.sock.set_read_timeout(Some(wait.max(SHORTEST_WAIT)))?;
            let mut bytes = [0; 4_096];
            match self.stream.read(&mut bytes) {
                Ok(0) => bail!("the display hung up"),
                Ok(read) => self.frames.push(&bytes[..read]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Says goodbye.
    pub fn leave(mut self) {
        self.stream.conn.send_close_notify();
        // The display may be gone before.
        let _ = self.stream.flush();
        let _ = self.stream.sock.shutdown(Shutdown::Both);
    }

    /// As when a cable is pulled, but for the word of the kernel.
    pub fn cut(self) {
        let _ = self.stream.sock.shutdown(Shutdown::Both);
    }
}

pub fn unix_micros() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros() as i64
}

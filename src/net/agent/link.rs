//! One link to the display, from the connect to its end: TLS, who we are, what is new in the outbox, heartbeats.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::{ClientConfig, client::Resumption};
use rustls_pki_types::ServerName;
use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split},
    net::{TcpStream, lookup_host},
    sync::watch,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    clock::{Clock, unix_micros},
    failure::Failure,
    identity::Identity,
    progress::Progress,
    pulse::Pulse,
    secret::Secret,
    settings::{ServerAddress, Settings},
    shared::Shared,
};
use crate::{
    model::CollectorMethod,
    net::{
        tls::pinned_client_config,
        wire::{
            Frames, MAX_FRAME_BYTES, PROTOCOL_VERSION, encode_frame,
            messages::{AgentFrame, AgentSays, Hello, ServerFrame, ServerSays, Status, Welcome},
            wire_from_method,
        },
    },
};

/// For the addresses of a name. The resolver itself may take longer; it is not waited for.
const RESOLVE_PATIENCE: Duration = Duration::from_secs(10);
/// For one address to answer, before the next is tried.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// Addresses of a name that are tried.
const MOST_ADDRESSES: usize = 8;
/// From the first byte of TLS to the Welcome.
const GREETING_PATIENCE: Duration = Duration::from_secs(10);
/// Writes of events are at least this far apart, so that closings told between two looks at the sockets share one: half the
/// shortest tick.
const BETWEEN_EVENTS: Duration = Duration::from_millis(50);
/// A look at the clocks at least this often: the machine may have slept, or counters may have come due.
const LOOK_AT_CLOCKS: Duration = Duration::from_secs(1);
/// For the last words when the agent ends.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// A display says little.
const READ_BYTES: usize = 1_024;
/// A buffer that was longer than this once gives its memory back.
const KEPT_BUFFER: usize = 64 * 1024;

/// Why a link ended.
pub(super) enum Ended {
    /// The agent was told to end, and has said its last words.
    Stopped,
    Failed(Failure),
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Who calls, and by what the display knows that.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub settings: &'a Settings,
    pub identity: &'a Identity,
    pub secret: &'a Secret,
    pub method: CollectorMethod,
    /// How long the machine had slept when this attempt began.
    pub asleep_before: Duration,
}

/// A display that has let this agent in.
pub(super) struct Link {
    address: SocketAddr,
    asleep_before: Duration,
    reader: ReadHalf<TlsStream<TcpStream>>,
    writer: WriteHalf<TlsStream<TcpStream>>,
    frames: Frames,
    /// It has acknowledged something.
    was_of_use: bool,
    pub(super) welcome: Welcome,
}

/// TLS as every link of this agent speaks it.
///
/// # Errors
/// When the cryptography that is built in cannot do TLS 1.3, which no build has.
pub(super) fn connector(settings: &Settings) -> Result<TlsConnector, rustls::Error> {
    let mut config: ClientConfig = pinned_client_config(settings.pin)?;
    // Whoever listens on the wire need not learn the display's name, and tickets are memory for one handshake a day.
    config.enable_sni = false;
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Link {
    pub(super) async fn open(caller: Caller<'_>, connector: &TlsConnector) -> Result<Self, Failure> {
        let (address, stream) = connect(&caller.settings.server).await?;
        let greeting = Self::greet(caller, connector, address, stream);
        timeout(GREETING_PATIENCE, greeting).await.unwrap_or(Err(Failure::Slow { address }))
    }

    async fn greet(
        caller: Caller<'_>,
        connector: &TlsConnector,
        address: SocketAddr,
        stream: TcpStream,
    ) -> Result<Self, Failure> {
        let Caller { settings, identity, secret, method, asleep_before } = caller;
        let name = ServerName::IpAddress(address.ip().into());
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|error| Failure::from_handshake(address, &error))?;
        let (reader, writer) = split(stream);
        let frames = Frames::new(MAX_FRAME_BYTES);
        let mut link = Self {
            address,
            asleep_before,
            reader,
            writer,
            frames,
            was_of_use: false,
            welcome: Welcome::default(),
        };

        let hello = Hello {
            protocol_version: PROTOCOL_VERSION,
            agent_name: settings.name.to_string(),
            machine_id: identity.machine_id.clone(),
            boot_id: identity.boot_id.clone(),
            run_id: identity.run_id,
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            method: wire_from_method(method).into(),
            secret: secret.reveal().to_owned(),
            unix_millis: unix_micros() / 1_000,
            tick_millis: millis_u32(settings.shortest_tick),
        };
        let mut out = Vec::new();
        encode_frame(&AgentFrame { says: Some(AgentSays::Hello(hello)) }, &mut out);
        // Not an end yet: what the display said before it hung up is still to be read.
        let written = async {
            link.writer.write_all(&out).await?;
            link.writer.flush().await
        };
        let written = written.await;
        loop {
            if let Some(frame) = link.next_frame()? {
                match frame.says {
                    Some(ServerSays::Welcome(welcome)) => {
                        link.welcome = welcome;
                        return Ok(link);
                    }
                    Some(ServerSays::Refused(refused)) => {
                        return Err(Failure::refused(address, refused.reason, &refused.sentence));
                    }
                    // A newer display may say more.
                    _ => continue,
                }
            }
            let mut read = [0; READ_BYTES];
            match link.reader.read(&mut read).await {
                Ok(0) => return Err(Failure::HungUpEarly { address }),
                Ok(count) => link.frames.push(&read[..count]),
                Err(error) => {
                    return Err(Failure::from_handshake(address, written.as_ref().err().unwrap_or(&error)));
                }
            }
        }
    }

    fn next_frame(&mut self) -> Result<Option<ServerFrame>, Failure> {
        self.frames.next_message().map_err(|error| Failure::from_frame(self.address, &error))
    }

    pub(super) const fn was_of_use(&self) -> bool {
        self.was_of_use
    }

    /// Tells what is new until the link ends or the agent shall.
    pub(super) async fn talk(
        &mut self,
        settings: &Settings,
        shared: &Shared,
        force_snapshot: bool,
        stop: &mut watch::Receiver<bool>,
    ) -> Ended {
        let needs_snapshot = self.welcome.needs_snapshot || force_snapshot;
        let progress = Progress::new(&shared.state().outbox, self.welcome.resume_after, needs_snapshot);
        let clock: &dyn Clock = &*settings.clock;
        let mut talk = Talk {
            progress,
            pulse: Pulse::new(settings.pulse, clock.since_boot()),
            out: Vec::new(),
            written: 0,
            is_writing: false,
            last_events: None,
            told_status: 0,
            ends_at: None,
        };
        // What came in the same breath as the Welcome.
        if let Err(failure) = self.understand(&mut talk, shared, clock) {
            return failure.into();
        }
        let mut read = [0; READ_BYTES];
        loop {
            // Before anything else: what came before the sleep says nothing of the link after it.
            if let Some(slept) = clock.slept_since(self.asleep_before) {
                return Failure::Slept { address: self.address, secs: slept.as_secs() }.into();
            }
            match talk.prepare(shared, clock.since_boot()) {
                Step::Go => {}
                Step::Dead => {
                    let secs = settings.pulse.silence.as_secs();
                    return Failure::Silent { address: self.address, secs }.into();
                }
                Step::LastWordsSaid => return self.part().await,
                Step::OutOfTime => return Ended::Stopped,
            }
            let is_writing = talk.is_writing;
            tokio::select! {
                count = self.reader.read(&mut read) => match count {
                    Ok(0) => return Failure::HungUp { address: self.address }.into(),
                    Ok(count) => {
                        talk.pulse.received(clock.since_boot());
                        self.frames.push(&read[..count]);
                        if let Err(failure) = self.understand(&mut talk, shared, clock) {
                            return failure.into();
                        }
                    }
                    Err(error) => return Failure::from_link(self.address, &error).into(),
                },
                count = write_some(&mut self.writer, &talk.out[talk.written..]), if is_writing => match count {
                    Ok(count) => {
                        // Where all was written before, this was the flush.
                        talk.is_writing = talk.written < talk.out.len();
                        talk.written += count;
                    }
                    // The display may have said why before it hung up.
                    Err(error) => return self.last_answer(&error).await.into(),
                },
                () = shared.changed(), if !is_writing && talk.may_write(clock.since_boot()) => {}
                () = sleep(talk.until_next(clock.since_boot())) => {}
                _ = stop.wait_for(|stop| *stop), if talk.ends_at.is_none() => {
                    talk.ends_at = Some(clock.since_boot() + LAST_WORDS);
                }
            }
        }
    }

    fn understand(&mut self, talk: &mut Talk, shared: &Shared, clock: &dyn Clock) -> Result<(), Failure> {
        while let Some(frame) = self.next_frame()? {
            match frame.says {
                Some(ServerSays::Acknowledged(acknowledged)) => {
                    // Nobody can have what has not been sent.
                    let sequence = acknowledged.sequence.min(talk.progress.sent());
                    let mut state = shared.state();
                    self.was_of_use |= sequence > state.outbox.before_first();
                    state.outbox.acknowledge(sequence);
                }
                Some(ServerSays::Heartbeat(heartbeat)) => talk.pulse.heard(heartbeat, clock.since_boot()),
                Some(ServerSays::Refused(refused)) => {
                    return Err(Failure::refused(self.address, refused.reason, &refused.sentence));
                }
                // A second Welcome says nothing; a newer display may say more.
                Some(ServerSays::Welcome(_)) | None => {}
            }
        }
        Ok(())
    }

    /// What the display still said after it would read no more.
    async fn last_answer(&mut self, error: &io::Error) -> Failure {
        let answer = async {
            let mut read = [0; READ_BYTES];
            loop {
                match self.frames.next_message::<ServerFrame>() {
                    Ok(Some(ServerFrame { says: Some(ServerSays::Refused(refused)) })) => {
                        return Some(refused);
                    }
                    Ok(Some(_)) => continue,
                    Ok(None) => {}
                    Err(_) => return None,
                }
                match self.reader.read(&mut read).await {
                    Ok(count) if count > 0 => self.frames.push(&read[..count]),
                    _ => return None,
                }
            }
        };
        match timeout(LAST_WORDS, answer).await {
            Ok(Some(refused)) => Failure::refused(self.address, refused.reason, &refused.sentence),
            Ok(None) | Err(_) => Failure::from_link(self.address, error),
        }
    }

    /// Says good-bye and waits until the display has read it: whoever closes with something unread resets the
    /// connection, and last words might be lost.
    async fn part(&mut self) -> Ended {
        let parting = async {
            self.writer.shutdown().await?;
            let mut read = [0; READ_BYTES];
            while self.reader.read(&mut read).await? > 0 {}
            Ok::<(), io::Error>(())
        };
        // However it went, nothing more can be done.
        let _ = timeout(LAST_WORDS, parting).await;
        Ended::Stopped
    }
}

/// What a link has in hand.
struct Talk {
    progress: Progress,
    pulse: Pulse,
    out: Vec<u8>,
    /// How much of `out` TLS has taken.
    written: usize,
    /// Not all of `out` is with the kernel yet.
    is_writing: bool,
    last_events: Option<Duration>,
    /// Version of the status that was told last.
    told_status: u64,
    ends_at: Option<Duration>,
}

enum Step {
    Go,
    Dead,
    LastWordsSaid,
    OutOfTime,
}

impl Talk {
    /// Fills the buffer once it is written and it is time again.
    fn prepare(&mut self, shared: &Shared, now: Duration) -> Step {
        if self.ends_at.is_some_and(|ends_at| now >= ends_at) {
            return Step::OutOfTime;
        }
        if self.pulse.is_dead(now) {
            return Step::Dead;
        }
        if self.is_writing || !self.may_write(now) {
            return Step::Go;
        }
        self.written = 0;
        self.out.clear();
        self.out.shrink_to(KEPT_BUFFER);
        let mut state = shared.state();
        if self.told_status != state.status_version {
            self.told_status = state.status_version;
            self.say(AgentSays::Status(state.status.clone()));
        }
        if self.progress.is_up_to_date(&state.outbox) {
            state.outbox.tell_counters(now);
        }
        let unix_micros = unix_micros();
        if state.has_looked && !self.progress.is_up_to_date(&state.outbox) {
            let before = self.progress.sent();
            self.progress.encode(&state.outbox, unix_micros / 1_000, &mut self.out);
            if self.progress.sent() > before {
                self.last_events = Some(now);
            }
        }
        drop(state);
        if self.pulse.is_due(now) || (self.pulse.owes_echo() && !self.out.is_empty()) {
            let heartbeat = self.pulse.heartbeat(unix_micros, now);
            self.say(AgentSays::Heartbeat(heartbeat));
        }
        self.is_writing = !self.out.is_empty();
        if self.is_writing {
            self.pulse.sent(now);
        } else if self.ends_at.is_some() {
            return Step::LastWordsSaid;
        }
        Step::Go
    }

    fn say(&mut self, says: AgentSays) {
        encode_frame(&AgentFrame { says: Some(says) }, &mut self.out);
    }

    fn may_write(&self, now: Duration) -> bool {
        self.ends_at.is_some() || self.until_write(now).is_zero()
    }

    fn until_write(&self, now: Duration) -> Duration {
        self.last_events.map_or(Duration::ZERO, |last| (last + BETWEEN_EVENTS).saturating_sub(now))
    }

    fn until_next(&self, now: Duration) -> Duration {
        let until_write = self.until_write(now);
        if !until_write.is_zero() {
            return until_write;
        }
        let until_end = self.ends_at.map_or(LOOK_AT_CLOCKS, |ends_at| ends_at.saturating_sub(now));
        self.pulse.until_next(now, !self.is_writing).min(LOOK_AT_CLOCKS).min(until_end)
    }
}

/// Gives TLS as much as it takes; of nothing, waits until the kernel has all of it. May be dropped and called again: while
/// there is no room, the display is heard all the same, and so is whoever tells the agent to end.
async fn write_some(writer: &mut WriteHalf<TlsStream<TcpStream>>, rest: &[u8]) -> io::Result<usize> {
    if rest.is_empty() { writer.flush().await.map(|()| 0) } else { writer.write(rest).await }
}

/// How the agent sees its sockets.
pub(super) fn status_from(status: &crate::model::AgentStatus) -> Status {
    Status {
        method: wire_from_method(status.method).into(),
        tick_millis: status.tick_millis,
        notes: status.notes.clone(),
    }
}

/// The first address that answers.
async fn connect(server: &ServerAddress) -> Result<(SocketAddr, TcpStream), Failure> {
    let mut problems = Vec::new();
    for address in addresses(server).await?.into_iter().take(MOST_ADDRESSES) {
        match timeout(CONNECT_PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Each write is a whole tick; without this the next would wait for its acknowledgement.
                return match stream.set_nodelay(true) {
                    Ok(()) => Ok((address, stream)),
                    Err(error) => Err(Failure::Connect(format!("{address}: {error}"))),
                };
            }
            Ok(Err(error)) => problems.push(format!("{address}: {error}")),
            Err(_) => problems.push(format!("{address}: no answer in {} s", CONNECT_PATIENCE.as_secs())),
        }
    }
    Err(Failure::Connect(problems.join("; ")))
}

async fn addresses(server: &ServerAddress) -> Result<Vec<SocketAddr>, Failure> {
    let host = server.host.clone();
    let failure = |problem: String| Failure::Resolve { host: server.host.clone(), problem };
    let found = timeout(RESOLVE_PATIENCE, lookup_host((host, server.port))).await;
    let found = found
        .map_err(|_| failure(format!("no answer in {} s", RESOLVE_PATIENCE.as_secs())))?
        .map_err(|error| failure(error.to_string()))?;
    let addresses: Vec<_> = found.collect();
    if addresses.is_empty() { Err(failure("it has none".to_owned())) } else { Ok(addresses) }
}

pub(super) fn millis_u32(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;

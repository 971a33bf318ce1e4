//! From a connection to an agent's link: TLS, the Hello, who it is, and its seat. All of it within the time that a
//! stranger has.

use std::{future::poll_fn, io, sync::Arc, time::Instant};

use tokio::{
    io::{AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    away::Away,
    clock::{Clock, Moment},
    contents::{Contents, Proof},
    directory::{Credential, Cut, Identity, Newcomer, NoSeat, Seat, shown, tell_to_go},
    link::{Link, TLS_BUFFER_BYTES},
    secret::{Hex, WELL_KNOWN_PASSWORD, number_of_token},
    shared::{Shared, State},
    strangers::Stranger,
};
use crate::{
    model::CollectorMethod,
    net::wire::{
        MAX_FIRST_FRAME_BYTES, MAX_FRAME_BYTES, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, clean,
        messages::{AgentFrame, AgentSays, Hello, ServerSays, Welcome},
        method_from_wire,
    },
};

/// First byte of a TLS connection (RFC 8446, 5.1: handshake).
const TLS_HANDSHAKE: u8 = 22;
const HTTP_METHODS: [&[u8]; 9] =
    [b"GET ", b"HEAD", b"POST", b"PUT ", b"DELE", b"OPTI", b"CONN", b"PATC", b"PRI "];
const HTTP_ANSWER: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
    Here connmapperl listens for its agents, over TLS 1.3. There is no page.\n";
pub const PROGRAM_VERSION: &str = env!("CARGO_PKG_VERSION");
/// `1.22.333-alpha.4` has 16.
const MAX_VERSION_BYTES: usize = 32;

/// An agent that is let in.
pub struct Admitted {
    pub link: Link,
    pub seat: Seat,
    pub identity: Identity,
    pub method: CollectorMethod,
    pub tick_millis: u32,
    pub program_version: Arc<str>,
    pub clock: Clock,
}

/// A connection that is not let in.
pub struct TurnedAway {
    pub away: Away,
    /// By which it can be told.
    pub link: Option<Link>,
}

impl From<Away> for TurnedAway {
    fn from(away: Away) -> Self {
        Self { away, link: None }
    }
}

/// Lets a connection in, within the time that it has.
pub async fn admit(
    shared: &Shared,
    acceptor: &TlsAcceptor,
    tcp: TcpStream,
    stranger: &Stranger,
) -> Result<Admitted, TurnedAway> {
    let admitted = timeout(shared.limits.strangers_time, admit_slowly(shared, acceptor, tcp, stranger)).await;
    admitted.unwrap_or(Err(Away::NoHello.into()))
}

async fn admit_slowly(
    shared: &Shared,
    acceptor: &TlsAcceptor,
    tcp: TcpStream,
    stranger: &Stranger,
) -> Result<Admitted, TurnedAway> {
    let mut link = secure(acceptor, tcp, stranger).await?;
    match introduce(shared, &mut link).await {
        Ok((newcomer, seat, hello, came)) => {
            link.frames.allow(MAX_FRAME_BYTES);
            Ok(Admitted {
                link,
                seat,
                identity: newcomer.identity,
                method: method_from_wire(hello.method),
                tick_millis: hello.tick_millis,
                program_version: clean(&hello.program_version, MAX_VERSION_BYTES).into(),
                clock: Clock::new(hello.unix_millis, came),
            })
        }
        Err(away) => Err(TurnedAway { away, link: Some(link) }),
    }
}

async fn secure(acceptor: &TlsAcceptor, mut tcp: TcpStream, stranger: &Stranger) -> Result<Link, Away> {
    // Acknowledgements are small and should not wait for more. Where that is not to be had they wait.
    let _ = tcp.set_nodelay(true);
    let mut start = [0; 4];
    let mut first = ReadBuf::new(&mut start);
    let read = poll_fn(|context| tcp.poll_peek(context, &mut first)).await;
    stranger.has_spoken();
    let start = first.filled();
    match (read, start.first()) {
        (Err(_), _) | (_, None) => return Err(Away::NoHello),
        (_, Some(&TLS_HANDSHAKE)) => {}
        _ if HTTP_METHODS.iter().any(|method| method.starts_with(start)) => {
            // A courtesy; if it does not get there, nothing is lost.
            let _ = tcp.write_all(HTTP_ANSWER).await;
            let _ = tcp.shutdown().await;
            return Err(Away::PlainHttp);
        }
        _ => return Err(Away::NotTls),
    }
    let accepted = acceptor.accept_with(tcp, |tls| tls.set_buffer_limit(Some(TLS_BUFFER_BYTES))).await;
    accepted.map(|stream| Link::new(stream, MAX_FIRST_FRAME_BYTES)).map_err(|error| why_no_tls(&error))
}

fn why_no_tls(error: &io::Error) -> Away {
    match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::PeerIncompatible(_)) => Away::OldTls,
        Some(rustls::Error::InvalidMessage(_)) => Away::NotTls,
        Some(rustls::Error::AlertReceived(alert)) => {
            Away::FailedTls(format!("it does not take this display's certificate ({alert:?})"))
        }
        Some(error) => Away::FailedTls(error.to_string()),
        None => Away::NoHello,
    }
}

/// Who it is, and Welcome.
async fn introduce(shared: &Shared, link: &mut Link) -> Result<(Newcomer, Seat, Hello, Moment), Away> {
    let frame = link.next::<AgentFrame>().await.map_err(|error| Away::BadHello(error.to_string()))?;
    let frame = frame.ok_or(Away::NoHello)?;
    let came = shared.now();
    let Some(AgentSays::Hello(mut hello)) = frame.says else {
        return Err(Away::BadHello("its first frame is no Hello".to_owned()));
    };
    let version = hello.protocol_version;
    if version < OLDEST_PROTOCOL_VERSION {
        return Err(Away::OldVersion(version));
    }
    let secret = std::mem::take(&mut hello.secret);
    let contents = Arc::clone(&shared.state().contents);
    let newcomer = match identify(shared, &hello, &secret).await {
        // It may have been added a moment ago.
        Err(Away::WrongToken | Away::NoPasswordSet | Away::WrongPassword)
            if shared.look_again(&contents).await =>
        {
            identify(shared, &hello, &secret).await?
        }
        identified => identified?,
    };
    let seat = take_seat(shared, &newcomer).await?;
    let agent_name = seat.orders.borrow().name.to_string();
    if *newcomer.name != agent_name {
        shared.counting.taken_names.one();
    }
    let welcome = Welcome {
        protocol_version: version.min(PROTOCOL_VERSION),
        program_version: PROGRAM_VERSION.to_owned(),
        agent_name,
        resume_after: seat.incoming.had,
        needs_snapshot: !seat.incoming.has_snapshot,
    };
    // Dropped when its time is over, so the seat must be kept by somebody who gives it back.
    let mut seat = Kept { shared, seat: Some(seat) };
    let said = link.say([ServerSays::Welcome(welcome)]).await;
    let Some(seat) = seat.seat.take() else {
        return Err(Away::NoHello);
    };
    if said.is_err() {
        give_back(shared, seat);
        return Err(Away::NoHello);
    }
    Ok((newcomer, seat, hello, came))
}

/// Gives the seat back unless it is taken out.
struct Kept<'a> {
    shared: &'a Shared,
    seat: Option<Seat>,
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            give_back(self.shared, seat);
        }
    }
}

/// The seat is free for the next one when this returns.
pub fn give_back(shared: &Shared, seat: Seat) {
    shared.state().directory.vacate(seat, Instant::now());
}

async fn identify(shared: &Shared, hello: &Hello, secret: &str) -> Result<Newcomer, Away> {
    let (machine, boot) = match (hello.machine_id.as_slice().try_into(), hello.boot_id.as_slice().try_into())
    {
        (Ok(machine), Ok(boot)) => (machine, boot),
        _ => return Err(Away::BadHello("machine_id and boot_id have 16 bytes each".to_owned())),
    };
    let contents = Arc::clone(&shared.state().contents);
    let (identity, credential, name) = match number_of_token(secret) {
        Some(number) => by_token(&contents, number, secret)?,
        None => by_password(shared, &contents, machine, hello, secret).await?,
    };
    Ok(Newcomer { identity, credential, name, machine, boot, run: hello.run_id })
}

fn by_token(contents: &Contents, number: u32, token: &str) -> Result<(Identity, Credential, Arc<str>), Away> {
    let agent = contents.by_number(number).ok_or(Away::WrongToken)?;
    match &agent.proof {
        Proof::Token(hash) if hash.matches(token) => {
            let name = agent.shown_name();
            if agent.is_revoked() {
                return Err(Away::Revoked(name.to_owned()));
            }
            Ok((Identity::Token(number), Credential::Token(*hash), name.into()))
        }
        Proof::Token(_) | Proof::Password { .. } => Err(Away::WrongToken),
    }
}

async fn by_password(
    shared: &Shared,
    contents: &Contents,
    machine: [u8; 16],
    hello: &Hello,
    password: &str,
) -> Result<(Identity, Credential, Arc<str>), Away> {
    if password == WELL_KNOWN_PASSWORD {
        return Err(Away::WellKnownPassword);
    }
    let hash = contents.password.ok_or(Away::NoPasswordSet)?;
    if !shared.passwords.is_right(hash, password).await {
        return Err(Away::WrongPassword);
    }
    let called = shown(&hello.agent_name);
    if called != hello.agent_name {
        shared.counting.unfit_names.one();
    }
    let name = match contents.by_machine(Hex(machine), &called) {
        Some(agent) if agent.is_revoked() => return Err(Away::Revoked(agent.shown_name().to_owned())),
        Some(agent) => agent.shown_name().into(),
        // A name in the register is somebody else's.
        None => {
            let name = contents.free_name(&called);
            if *name != called {
                shared.counting.taken_names.one();
            }
            name
        }
    };
    Ok((Identity::Machine { machine, called }, Credential::Password(hash), name))
}

async fn take_seat(shared: &Shared, newcomer: &Newcomer) -> Result<Seat, Away> {
    loop {
        let taken = {
            let State { directory, contents, .. } = &mut *shared.state();
            let taken = directory.seat(newcomer, shared.limits.agents, Instant::now());
            if let Ok(seat) = &taken {
                directory.check(seat.agent, contents);
            }
            taken
        };
        match taken {
            Ok(seat) => return Ok(seat),
            Err(NoSeat::Full) => return Err(Away::Full),
            Err(NoSeat::InUse) => return Err(Away::InUse(newcomer.name.to_string())),
            Err(NoSeat::Occupied(orders)) => {
                tell_to_go(&orders, Cut::Replaced);
                orders.closed().await;
            }
        }
    }
}

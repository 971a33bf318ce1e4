//! A display made of the protocol's bare rules: it takes one link at a time and does what a test tells it to.

#![allow(dead_code, reason = "each that uses it uses a part of it")]

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use connmapperl::net::{
    tls::{Fingerprint, provider},
    wire::{
        Frames, MAX_FRAME_BYTES, encode_frame,
        messages::{
            Acknowledged, AgentFrame, AgentSays, Events, Heartbeat, Hello, Reason, Refused, ServerFrame,
            ServerSays, Snapshot, Welcome,
        },
    },
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// For anything that must come; far longer than it takes on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

pub struct Display {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    pub certificate: String,
    pub fingerprint: Fingerprint,
}

/// A certificate with its key, as PEM.
pub fn certificate() -> (CertificateDer<'static>, PrivateKeyDer<'static>, String, String) {
    let made = rcgen::generate_simple_self_signed(["connmapperl".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    (made.cert.der().clone(), key.into(), made.cert.pem(), made.signing_key.serialize_pem())
}

impl Display {
    pub async fn new() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub async fn at(address: SocketAddr) -> Self {
        let (der, key, certificate, _) = certificate();
        let fingerprint = Fingerprint::of(&der);
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![der], key)
            .unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)), certificate, fingerprint }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub async fn accept_tcp(&self) -> TcpStream {
        let (stream, _) = soon("a connection", self.listener.accept()).await.unwrap();
        // TLS ends its handshake with a message that nobody answers; without this the Welcome would wait for its
        // acknowledgement, some 40 ms.
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// The next agent, TLS done.
    pub async fn accept(&self) -> Peer {
        let stream = self.accept_tcp().await;
        let stream = Counted { stream, read: 0 };
        let stream = soon("TLS", self.acceptor.accept(stream)).await.unwrap();
        Peer { stream, frames: Frames::new(MAX_FRAME_BYTES) }
    }

    /// TLS with an agent that will not have it, to its end.
    pub async fn finish(&self, stream: TcpStream) -> io::Result<()> {
        soon("the end of TLS", async {
            let mut stream = self.acceptor.accept(stream).await?;
            match stream.read(&mut [0]).await? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                _ => Ok(()),
            }
        })
        .await
    }

    /// The next agent, with its Hello.
    pub async fn greet(&self) -> (Peer, Hello) {
        let mut peer = self.accept().await;
        match peer.next().await {
            Some(AgentSays::Hello(hello)) => (peer, hello),
            other => panic!("no Hello: {other:?}"),
        }
    }

    /// The next agent, welcomed.
    pub async fn welcome(&self, resume_after: u64, needs_snapshot: bool) -> Peer {
        let (mut peer, hello) = self.greet().await;
        peer.say(ServerSays::Welcome(Welcome {
            protocol_version: hello.protocol_version,
            program_version: "0".to_owned(),
            agent_name: hello.agent_name,
            resume_after,
            needs_snapshot,
        }))
        .await;
        peer
    }
}

/// An agent that has come.
pub struct Peer {
    stream: TlsStream<Counted>,
    frames: Frames,
}

/// TCP that knows how much was read.
struct Counted {
    stream: TcpStream,
    read: usize,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let done = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.read += buffer.filled().len() - before;
        done
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Peer {
    /// The next frame, or `None` once the agent has hung up.
    pub async fn next(&mut self) -> Option<AgentSays> {
        soon("a frame", async {
            loop {
                if let Some(frame) = self.frames.next_message::<AgentFrame>().unwrap() {
                    return frame.says;
                }
                let mut read = [0; 16 * 1024];
                match self.stream.read(&mut read).await {
                    Ok(0) | Err(_) => return None,
                    Ok(count) => self.frames.push(&read[..count]),
                }
            }
        })
        .await
    }

    /// Bytes of TCP that the agent has sent, TLS and all.
    pub fn bytes(&self) -> usize {
        self.stream.get_ref().0.read
    }

    pub async fn next_events(&mut self) -> Events {
        loop {
            match self.next().await.expect("the agent hung up") {
                AgentSays::Events(events) => return events,
                AgentSays::Status(_) | AgentSays::Heartbeat(_) => {}
                other => panic!("no events: {other:?}"),
            }
        }
    }

    /// All of its frames as one.
    pub async fn next_snapshot(&mut self) -> Snapshot {
        let mut whole: Option<Snapshot> = None;
        loop {
            match self.next().await.expect("the agent hung up") {
                AgentSays::Snapshot(mut part) => {
                    let goes_on = part.goes_on;
                    match &mut whole {
                        None => whole = Some(part),
                        Some(whole) => {
                            whole.programs.append(&mut part.programs);
                            whole.connections.append(&mut part.connections);
                        }
                    }
                    if !goes_on && let Some(whole) = whole {
                        return whole;
                    }
                }
                AgentSays::Status(_) | AgentSays::Heartbeat(_) => {}
                other => panic!("no snapshot: {other:?}"),
            }
        }
    }

    pub async fn next_heartbeat(&mut self) -> Heartbeat {
        loop {
            if let AgentSays::Heartbeat(heartbeat) = self.next().await.expect("the agent hung up") {
                return heartbeat;
            }
        }
    }

    pub async fn say(&mut self, says: ServerSays) {
        let mut out = Vec::new();
        encode_frame(&ServerFrame { says: Some(says) }, &mut out);
        self.say_bytes(&out).await;
    }

    pub async fn say_bytes(&mut self, bytes: &[u8]) {
        soon("room to write", self.stream.write_all(bytes)).await.unwrap();
        soon("room to write", self.stream.flush()).await.unwrap();
    }

    pub async fn refuse(mut self, reason: Reason, sentence: &str) {
        self.say(ServerSays::Refused(Refused { reason: reason.into(), sentence: sentence.to_owned() })).await;
        let _ = self.stream.shutdown().await;
    }

    pub async fn acknowledge(&mut self, sequence: u64) {
        self.say(ServerSays::Acknowledged(Acknowledged { sequence })).await;
    }

    /// Hangs up without a word, as a killed program does.
    pub fn cut(self) {
        // Without the good-bye of TLS.
        drop(self.stream.into_inner());
    }

    /// Reads so many bytes of TCP, past TLS, so that the link can be cut in the midst of a record.
    pub async fn read_raw(&mut self, bytes: usize) {
        let mut raw = vec![0; bytes];
        let (counted, _) = self.stream.get_mut();
        soon("bytes", counted.stream.read_exact(&mut raw)).await.unwrap();
    }
}

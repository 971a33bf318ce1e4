//! TLS alone: lets everybody in, throws away what comes, and says as much as the listener does, which is a record a
//! second, with a heartbeat in it now and then.

use std::{cell::Cell, net::SocketAddr, path::Path, pin::pin, sync::Arc, time::Duration};

use connmapperl::net::{
    tls::provider,
    wire::{
        encode_frame,
        messages::{Acknowledged, ServerFrame, ServerSays, Welcome},
    },
};
use rustls::{ServerConfig, server::NoServerSessionStorage};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep_until},
};
use tokio_rustls::TlsAcceptor;

const BETWEEN_WORDS: Duration = Duration::from_secs(1);

thread_local! {
    /// Since it had nothing to do last.
    static HAS_READ: Cell<bool> = const { Cell::new(false) };
}

pub struct Sink {
    pub address: SocketAddr,
}

impl Sink {
    /// With the listener's certificate, and a pause like the listener's before it waits to be woken after it has read.
    /// Lives as long as the process, in a thread of that name.
    pub fn start(folder: &Path, thread: &str, pause: Duration) -> anyhow::Result<Self> {
        let certificate = CertificateDer::from_pem_file(folder.join("server-cert.pem"))?;
        let key = PrivateKeyDer::from_pem_file(folder.join("server-key.pem"))?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .on_thread_park(move || {
                if HAS_READ.take() && !pause.is_zero() {
                    std::thread::sleep(pause);
                }
            })
            .build()?;
        std::thread::Builder::new().name(thread.to_owned()).spawn(move || {
            runtime.block_on(async move {
                let acceptor = TlsAcceptor::from(Arc::new(config));
                let socket = TcpListener::from_std(socket)?;
                loop {
                    let (tcp, _) = socket.accept().await?;
                    tokio::spawn(swallow(acceptor.clone(), tcp));
                }
                #[allow(unreachable_code)]
                anyhow::Ok(())
            })
        })?;
        Ok(Self { address })
    }
}

async fn swallow(acceptor: TlsAcceptor, tcp: TcpStream) -> anyhow::Result<()> {
    tcp.set_nodelay(true)?;
    let mut stream = acceptor.accept(tcp).await?;
    let mut bytes = vec![0; 16 * 1024];
    let _hello = stream.read(&mut bytes).await?;
    say(&mut stream, ServerSays::Welcome(Welcome { needs_snapshot: true, ..Welcome::default() })).await?;
    // One timer, as in the listener: to make it anew for each frame would cost more than the frame.
    let (mut timer, mut owes) = (pin!(sleep_until(Instant::now())), false);
    loop {
        tokio::select! {
            read = stream.read(&mut bytes) => {
                if read? == 0 {
                    return Ok(());
                }
                owes = true;
                HAS_READ.set(true);
            }
            () = timer.as_mut(), if owes => {
                say(&mut stream, ServerSays::Acknowledged(Acknowledged { sequence: 1_000 })).await?;
                timer.as_mut().reset(Instant::now() + BETWEEN_WORDS);
                owes = false;
            }
        }
    }
}

async fn say(
    stream: &mut tokio_rustls::server::TlsStream<TcpStream>,
    says: ServerSays,
) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    encode_frame(&ServerFrame { says: Some(says) }, &mut bytes);
    stream.write_all(&bytes).await?;
    Ok(stream.flush().await?)
}

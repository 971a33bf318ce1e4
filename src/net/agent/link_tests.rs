use rcgen::generate_simple_self_signed;
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use rustls::ServerConfig;
use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, server};

use super::*;
use crate::{
    model::{Change, ConnectionId, Direction, Event, Observation, Owner, Protocol, Traffic},
    net::{
        agent::{BackoffBounds, Bounds, KeptSecret, MachineClock, PulseBounds},
        tls::{Fingerprint, provider},
        wire::messages::Acknowledged,
    },
};

/// For anything that must come; far longer than it takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Of the kernel's, at either end: the least that it gives.
const SMALL_BUFFER: usize = 1;
/// More than the kernel takes of them then, and less than TLS does: a flush has to wait.
const EVENTS: u64 = 800;

/// An agent with much to tell, and a display that has let it in and reads nothing from then on.
struct Deaf {
    settings: Settings,
    shared: Shared,
    link: Link,
    display: server::TlsStream<TcpStream>,
}

impl Deaf {
    async fn new(pulse: PulseBounds) -> Self {
        let made = generate_simple_self_signed(["connmapperl".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let settings = settings(Fingerprint::of(made.cert.der()), pulse);
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        set_socket_recv_buffer_size(&listener, SMALL_BUFFER).unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        set_socket_send_buffer_size(&stream, SMALL_BUFFER).unwrap();
        let welcome = async {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            let mut display = acceptor.accept(stream).await.unwrap();
            say(&mut display, ServerSays::Welcome(Welcome::default())).await;
            display
        };
        let identity = Identity { machine_id: vec![1; 16], boot_id: vec![2; 16], run_id: 3 };
        let caller = Caller {
            settings: &settings,
            identity: &identity,
            secret: settings.secret.secret(),
            method: CollectorMethod::Polling,
            asleep_before: settings.clock.asleep(),
        };
        let connector = connector(&settings).unwrap();
        let (display, link) = tokio::join!(welcome, Link::greet(caller, &connector, address, stream));
        let link = link.unwrap_or_else(|failure| panic!("{failure}"));
        let shared = Shared::new(settings.outbox, Arc::clone(&settings.clock));
        tell(&shared);
        Self { settings, shared, link, display }
    }
}

fn settings(pin: Fingerprint, pulse: PulseBounds) -> Settings {
    Settings {
        server: "display".parse().unwrap(),
        pin,
        secret: KeptSecret::fixed(Secret::from_variable("cmt_1_x".into(), "").unwrap()),
        name: "busy".into(),
        state_folders: Vec::new(),
        shortest_tick: Duration::from_millis(100),
        outbox: Bounds::default(),
        backoff: BackoffBounds::default(),
        pulse,
        clock: Arc::new(MachineClock),
    }
}

fn tell(shared: &Shared) {
    let mut state = shared.state();
    state.has_looked = true;
    for number in 1..=EVENTS {
        let observation = Observation {
            protocol: Protocol::Tcp,
            local: SocketAddr::from(([192, 0, 2, 1], 40_000)),
            peer: SocketAddr::from(([198, 51, 100, 7], 443)),
            direction: Direction::Outbound,
            owner: Owner::Unknown,
            uid: 1_000,
            traffic: Traffic::default(),
        };
        let change = Change::Opened(observation);
        let event = Event { sequence: number, unix_millis: 0, connection: ConnectionId(number), change };
        state.outbox.take(event, Duration::ZERO);
    }
}

async fn say(display: &mut server::TlsStream<TcpStream>, says: ServerSays) {
    let mut out = Vec::new();
    encode_frame(&ServerFrame { says: Some(says) }, &mut out);
    display.write_all(&out).await.unwrap();
    display.flush().await.unwrap();
}

/// Runs a link, and beside it what a display does that never ends by itself.
async fn until_ended(
    talk: impl Future<Output = Ended>,
    display: impl Future<Output = std::convert::Infallible>,
) -> Ended {
    let ended = async {
        tokio::select! {
            ended = talk => ended,
            never = display => match never {},
        }
    };
    timeout(PATIENCE, ended).await.expect("the link does not end")
}

#[tokio::test]
async fn a_display_that_reads_no_more_is_heard_and_the_agent_ends_when_it_is_told_to() {
    let Deaf { settings, shared, mut link, mut display } = Deaf::new(PulseBounds::default()).await;
    let (stop, mut stopped) = watch::channel(false);
    let ended = until_ended(link.talk(&settings, &shared, false, &mut stopped), async {
        let mut acknowledged = 0;
        while acknowledged < EVENTS {
            acknowledged += 1;
            say(&mut display, ServerSays::Acknowledged(Acknowledged { sequence: acknowledged })).await;
            // It forgets what is acknowledged, though it cannot write.
            while shared.state().outbox.before_first() < acknowledged {
                tokio::task::yield_now().await;
            }
        }
        stop.send(true).unwrap();
        std::future::pending().await
    })
    .await;
    assert!(matches!(ended, Ended::Stopped));
}

#[tokio::test]
async fn a_display_that_reads_no_more_and_falls_silent_is_left() {
    let pulse = PulseBounds { silence: Duration::from_millis(300), ..PulseBounds::default() };
    let Deaf { settings, shared, mut link, display: _display } = Deaf::new(pulse).await;
    let (_stop, mut stopped) = watch::channel(false);
    let ended = until_ended(link.talk(&settings, &shared, false, &mut stopped), std::future::pending()).await;
    assert!(matches!(ended, Ended::Failed(Failure::Silent { .. })));
}

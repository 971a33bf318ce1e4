//! The listener's thread, and the handle by which it is held. Ends when the handle is dropped.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{net::TcpListener, sync::oneshot};
use tokio_rustls::TlsAcceptor;

use super::{
    address::{BindError, ListenAddress},
    certificate::{Certificate, CertificateFileError},
    counters::{Counters, Counting},
    doorman,
    keeper::Keeper,
    known::KnownAgent,
    limits::Limits,
    news::{FleetMessage, News},
    passwords::Passwords,
    register::{Register, RegisterError},
    shared::{Shared, TAKER_RETRY, TakerGone},
};
use crate::net::tls::Fingerprint;

/// One for passwords, one for the register.
const BLOCKING_THREADS: usize = 2;
/// They are seldom needed.
const IDLE_BLOCKING_THREAD: Duration = Duration::from_secs(1);
/// A password takes 0.2 s to check, and cannot be interrupted.
const LAST_BLOCKING_WORK: Duration = Duration::from_millis(500);
/// Agents that are sent away hear it within this, and the taker what became of them within as much again; somebody may
/// be waiting for the window to close.
const HANG_UP_PATIENCE: Duration = Duration::from_millis(300);
/// Files that the rest of the program has open.
const OTHER_FILES: usize = 512;

/// Where and how to listen.
#[derive(Clone, Debug)]
pub struct ListenSettings {
    pub listen: ListenAddress,
    /// Holds certificate and key; they are made there when there are none.
    pub certificate_folder: PathBuf,
    /// Holds the register of agents.
    pub register_folder: PathBuf,
    pub limits: Limits,
    /// The agents that the taker knows from before the listener started. Those that never come are gone in time.
    pub known_agents: Vec<KnownAgent>,
}

impl ListenSettings {
    /// With everything in one folder, and the limits as they should be.
    pub fn new(listen: ListenAddress, folder: &Path) -> Self {
        Self {
            listen,
            certificate_folder: folder.to_owned(),
            register_folder: folder.to_owned(),
            limits: Limits::default(),
            known_agents: Vec::new(),
        }
    }
}

/// Why nothing listens; the texts are for people.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Certificate(#[from] CertificateFileError),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error("cannot start the listener's thread: {0}")]
    Thread(#[from] io::Error),
}

/// A running listener. Dropping it hangs up on all agents, ends the thread and waits for that.
pub struct Listener {
    address: SocketAddr,
    certificate: Certificate,
    register: Register,
    counting: Arc<Counting>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Where it listens, with the port that it has in the end.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub const fn fingerprint(&self) -> Fingerprint {
        self.certificate.fingerprint
    }

    /// The file that agents need.
    pub fn certificate_path(&self) -> &Path {
        &self.certificate.path
    }

    /// The register that it lets agents in by.
    pub const fn register(&self) -> &Register {
        &self.register
    }

    pub fn counters(&self) -> Counters {
        self.counting.now()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed by its own thread.
            let _ = thread.join();
        }
    }
}

/// Starts to listen. News go to `to_taker`, which may be as short as the taker likes.
///
/// # Errors
/// When the port or the files are not to be had; each says what mends it.
pub fn spawn(settings: ListenSettings, to_taker: Sender<FleetMessage>) -> Result<Listener, ListenError> {
    let register = Register::open(&settings.register_folder)?;
    let certificate = Certificate::open_or_make(&settings.certificate_folder)?;
    let (mut keeper, contents) = Keeper::open(register.clone())?;
    let socket = settings.listen.bind()?;
    let address = socket.local_addr()?;
    let Limits { agents, strangers, waiting_strangers, .. } = settings.limits;
    allow_files(agents + strangers + waiting_strangers);
    let counting = Arc::new(Counting::default());
    let passwords = Passwords::new().map_err(RegisterError::from)?;
    let ListenSettings { limits, known_agents, .. } = settings;
    let shared = Shared::new(limits, Arc::clone(&counting), passwords, known_agents, to_taker, contents);
    let shared = Arc::new(shared);
    let acceptor = TlsAcceptor::from(Arc::clone(&certificate.config));
    let gathering = Arc::clone(&shared);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || gathering.gather())
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("listener-files")
        .thread_keep_alive(IDLE_BLOCKING_THREAD)
        .build()?;
    let socket = {
        let _context = runtime.enter();
        TcpListener::from_std(socket)?
    };
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new().name("listener".to_owned()).spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = stopped => {}
                TakerGone = keeper.run(&shared) => {}
                () = doorman::welcome_all(&shared, &acceptor, &socket) => {}
            }
            drop(socket);
            hang_up(&shared).await;
        });
        runtime.shutdown_timeout(LAST_BLOCKING_WORK);
        keeper.finish(&shared);
    })?;
    Ok(Listener { address, certificate, register, counting, stop: Some(stop), thread: Some(thread) })
}

/// Sends all agents away. They are agents no longer, so their connections close.
async fn hang_up(shared: &Shared) {
    shared.state().directory.close();
    let patience = Instant::now() + HANG_UP_PATIENCE;
    while shared.state().directory.seated() > 0 && Instant::now() < patience {
        tokio::time::sleep(TAKER_RETRY).await;
    }
    let agents = shared.state().directory.take_all();
    let unix_millis = shared.now().unix_micros / 1_000;
    let tell_all = async {
        for agent in agents {
            if shared.tell(agent, News::Gone { unix_millis }).await.is_err() {
                return;
            }
        }
    };
    // Whoever takes the news may be the one who waits for this thread.
    let _ = tokio::time::timeout(HANG_UP_PATIENCE, tell_all).await;
}

/// Each agent takes a file, and shells commonly allow 1,024 of them though many more may be had.
fn allow_files(connections: usize) {
    let now = getrlimit(Resource::Nofile);
    let wanted = (connections + OTHER_FILES) as u64;
    let most = now.maximum.unwrap_or(u64::MAX);
    if now.current.is_some_and(|current| current < wanted.min(most)) {
        // Without it there are fewer agents at a time, and accepting says so.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted.min(most)), maximum: now.maximum });
    }
}

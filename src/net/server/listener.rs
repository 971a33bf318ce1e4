//! The listener's thread, and the handle by which it is held. Ends when the handle is dropped.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use crossbeam_channel::Sender;
use tokio::sync::oneshot;

use super::{
    address::{BindError, ListenAddress},
    certificate::{Certificate, CertificateFileError},
    counters::{Counters, Counting},
    limits::Limits,
    news::FleetMessage,
    register::{Register, RegisterError},
};
use crate::net::tls::Fingerprint;

/// Where and how to listen.
#[derive(Clone, Debug)]
pub struct ListenSettings {
    pub listen: ListenAddress,
    /// Holds certificate and key; they are made there when there are none.
    pub certificate_folder: PathBuf,
    /// Holds the register of agents.
    pub register_folder: PathBuf,
    pub limits: Limits,
    /// Last sequence number that the taker has of runs from before the listener started.
    pub known_runs: HashMap<u64, u64>,
}

impl ListenSettings {
    /// With everything in one folder, and the limits as they should be.
    pub fn new(listen: ListenAddress, folder: &Path) -> Self {
        Self {
            listen,
            certificate_folder: folder.to_owned(),
            register_folder: folder.to_owned(),
            limits: Limits::default(),
            known_runs: HashMap::new(),
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
    let socket = settings.listen.bind()?;
    let address = socket.local_addr()?;
    let counting = Arc::new(Counting::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new().name("listener".to_owned()).spawn(move || {
        let _taker = to_taker;
        runtime.block_on(async {
            let _socket = tokio::net::TcpListener::from_std(socket);
            let _ = stopped.await;
        });
    })?;
    Ok(Listener { address, certificate, register, counting, stop: Some(stop), thread: Some(thread) })
}

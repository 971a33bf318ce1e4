//! The agent from start to end: a collector fills the outbox, one link after the other empties it.

use std::{io, sync::Arc, time::Duration};

use tokio::{runtime, sync::watch};
use tokio_rustls::TlsConnector;

use super::{
    backoff::Backoff,
    failure::{Failure, printable},
    identity::{Identity, random_u64},
    kept_secret::{KeptSecret, Renewed},
    link::{Caller, Ended, Link, connector},
    settings::{ServerAddress, Settings},
    shared::{Shared, spawn_filler},
    waiting::{LOOK_UP, Waited, wait},
};
use crate::{
    model::CollectorMethod,
    net::{
        collector::{self, Collector},
        wire::messages::Reason,
    },
};

/// Messages between collector and outbox; both are in memory, so a few ticks are plenty.
const CHANNEL_MESSAGES: usize = 16;
/// Resolving a name is all that is done in other threads; musl's and glibc's resolvers need less.
const RESOLVER_STACK_BYTES: usize = 512 * 1024;

/// What the agent tells whoever started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A display has let it in.
    Connected {
        server: ServerAddress,
        /// As the display calls this agent.
        agent_name: String,
        /// Version of the display's program.
        program_version: String,
        /// The display remembers this run, and is told only what it has missed.
        resumes: bool,
    },
    /// There is no link. `is_new`: for another reason than the last one told.
    Failed { failure: Failure, is_new: bool, again_after: Duration },
    /// Another secret was read from its file, and is used from now on.
    SecretRenewed,
    /// The secret cannot be read again, so the last good one is used further.
    SecretKept { problem: String },
    /// The machine has no number of its own, and none can be kept: the display will take it for another after a boot.
    Nameless { problem: String },
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
    #[error("cannot start TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the collector ended")]
    CollectorEnded,
    #[error(
        "another agent has connected with this token from this machine, and goes on; is it running twice?"
    )]
    Replaced,
}

/// Runs an agent until `stop` is done; then what is due is sent, for a second at most. Blocks the calling thread.
///
/// # Errors
/// Where it cannot start, or the collector ends. That there is no display is none: it is tried again for ever.
pub fn run(
    settings: &Settings,
    collector: Collector,
    stop: impl Future<Output = ()>,
    tell: &mut dyn FnMut(Notice),
) -> Result<(), RunError> {
    let connector = connector(settings)?;
    let method = collector.method();
    let shared = Arc::new(Shared::new(settings.outbox, Arc::clone(&settings.clock)));
    let (sender, receiver) = crossbeam_channel::bounded(CHANNEL_MESSAGES);
    let filler = spawn_filler(Arc::clone(&shared), receiver)?;
    let collecting = collector::Settings {
        name: Arc::clone(&settings.name),
        shortest_tick: settings.shortest_tick,
        ..collector::Settings::default()
    };
    let collector = collector::spawn(collector, collecting, sender)?;

    let runtime = runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(1)
        .thread_keep_alive(LOOK_UP)
        .thread_name("resolver")
        .thread_stack_size(RESOLVER_STACK_BYTES)
        .build()?;
    let (identity, problem) = Identity::of_this_machine(&settings.state_folders);
    if let Some(problem) = problem {
        tell(Notice::Nameless { problem: problem.to_string() });
    }
    let secret = settings.secret.clone();
    let mut agent =
        Agent { settings, shared: &shared, connector, identity, secret, method, tell, last_told: None };
    let (stopper, stopped) = watch::channel(false);
    let ended = runtime.block_on(async {
        let stopping = async {
            stop.await;
            // Nobody listens where the links have ended already.
            let _ = stopper.send(true);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = agent.links(stopped) => ended,
            () = shared.ended() => Err(RunError::CollectorEnded),
            () = stopping => Ok(()),
        }
    });
    // A resolver that still waits for an answer is not waited for.
    runtime.shutdown_background();
    drop(collector);
    // A panic in there has been printed by its own thread.
    let _ = filler.join();
    ended
}

struct Agent<'a> {
    settings: &'a Settings,
    shared: &'a Shared,
    connector: TlsConnector,
    identity: Identity,
    secret: KeptSecret,
    method: CollectorMethod,
    tell: &'a mut dyn FnMut(Notice),
    /// Last failure since there was a link.
    last_told: Option<Failure>,
}

impl Agent<'_> {
    /// One after the other, until the agent shall end.
    async fn links(&mut self, mut stop: watch::Receiver<bool>) -> Result<(), RunError> {
        let mut backoff = Backoff::new(self.settings.backoff);
        let mut force_snapshot = false;
        let clock = &*self.settings.clock;
        loop {
            self.renew_secret();
            let asleep_before = clock.asleep();
            let caller = Caller {
                settings: self.settings,
                identity: &self.identity,
                secret: self.secret.secret(),
                method: self.method,
                asleep_before,
            };
            let opening = Link::open(caller, &self.connector);
            let opened = tokio::select! {
                opened = opening => opened,
                () = stopped(&mut stop) => return Ok(()),
            };
            let failure = match opened {
                Err(failure) => failure,
                Ok(mut link) => {
                    self.connected(&link);
                    let began = clock.since_boot();
                    let ended = link.talk(self.settings, self.shared, force_snapshot, &mut stop).await;
                    backoff.had_a_link(clock.since_boot().saturating_sub(began), link.was_of_use());
                    force_snapshot = false;
                    match ended {
                        Ended::Stopped => return Ok(()),
                        Ended::Failed(failure) => failure,
                    }
                }
            };
            force_snapshot |= failure.needs_a_snapshot();
            if matches!(failure, Failure::Refused { reason: Reason::Replaced, .. }) {
                return Err(RunError::Replaced);
            }
            let is_secrets_fault = failure.blames_the_secret();
            if is_secrets_fault {
                self.secret.distrust();
            }
            let has_slept = clock.slept_since(asleep_before).is_some();
            if has_slept || (is_secrets_fault && self.renew_secret()) {
                backoff.reset();
            } else if failure.needs_a_person() {
                backoff.give_time();
            }
            let delay = if has_slept { Duration::ZERO } else { backoff.next_delay(random_u64()) };
            self.failed(failure, delay);
            let watched = is_secrets_fault.then_some(&mut self.secret);
            tokio::select! {
                waited = wait(delay, clock, asleep_before, watched) => match waited {
                    Waited::ToTheEnd => {}
                    Waited::Slept | Waited::SecretChanged => backoff.reset(),
                },
                () = stopped(&mut stop) => return Ok(()),
            }
        }
    }

    /// Whether there is another one now.
    fn renew_secret(&mut self) -> bool {
        match self.secret.renew() {
            Renewed::Same => false,
            Renewed::Another => {
                (self.tell)(Notice::SecretRenewed);
                true
            }
            Renewed::Kept(problem) => {
                (self.tell)(Notice::SecretKept { problem: problem.to_string() });
                false
            }
        }
    }

    fn connected(&mut self, link: &Link) {
        self.last_told = None;
        (self.tell)(Notice::Connected {
            server: self.settings.server.clone(),
            agent_name: printable(&link.welcome.agent_name),
            program_version: printable(&link.welcome.program_version),
            resumes: link.welcome.resume_after > 0,
        });
    }

    fn failed(&mut self, failure: Failure, again_after: Duration) {
        let is_new = self.last_told.as_ref() != Some(&failure);
        self.last_told = Some(failure.clone());
        (self.tell)(Notice::Failed { failure, is_new, again_after });
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody can tell it to stop any more, which comes to the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

//! The listener and the register of agents, run from the window: a thread of their own does what takes a file or a
//! port, and the window learns what came of it.

use std::{
    path::{Path, PathBuf},
    thread,
};

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Start, Wake, act, sql};
use crate::{
    components::{
        action::{AgentChange, UiAction},
        fleet::{ListenFacts, ListenState, Listening, NewAgent},
        notices::{Notices, Severity},
    },
    config,
    net::{
        collector::hostname,
        server::{
            self, FleetMessage, Home, KnownAgent, ListenAddress, ListenError, ListenSettings, Listener,
            Register, RegisterError,
        },
    },
    systems::MapSystems,
};

/// What the user asks for by hand, one after the other.
const JOBS_CAPACITY: usize = 16;
/// What the notices of this file are about.
const TOPIC: &str = "Listener";

/// Where the fleet's files are, and whether to listen at once.
#[derive(Clone, Debug, Default)]
pub struct FleetStart {
    /// Holds certificate, key and register; `None` where this user has no folder for them.
    pub folder: Option<PathBuf>,
    pub listen: Option<ListenAddress>,
}

enum Job {
    Listen(ListenAddress),
    StopListening,
    Add(String),
    Change { name: String, change: AgentChange },
}

enum Answer {
    Listening(ListenState),
    Added(NewAgent),
    Failed(String),
}

/// The window's end of the thread. Dropping it ends the thread, and the listener with it.
#[derive(Resource)]
pub(super) struct FleetLink {
    jobs: Sender<Job>,
    answers: Receiver<Answer>,
    /// Where to listen when the switch is turned.
    listen: ListenAddress,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            ask.after(act).in_set(MapSystems::Interact),
            take_answers.after(sql::take).in_set(MapSystems::Ingest),
        ),
    );
}

/// Starts the thread that serves the fleet. A scene has none.
pub(super) fn start(commands: &mut Commands, start: &Start, to_enrich: Sender<FleetMessage>, wake: Wake) {
    let Some(folder) = start.fleet.folder.clone() else {
        return;
    };
    let (jobs, from_window) = bounded(JOBS_CAPACITY);
    let (to_window, answers) = bounded(JOBS_CAPACITY);
    let at_once = start.fleet.listen;
    let started = thread::Builder::new().name("fleet".to_owned()).spawn(move || {
        let mut office = Office { folder, to_enrich, listener: None };
        if let Some(listen) = at_once {
            let _ = to_window.send(Answer::Listening(office.listen(listen)));
            wake();
        }
        for job in from_window {
            answer(&to_window, &wake, office.done(job));
        }
    });
    match started {
        Ok(_) => {
            commands.insert_resource(FleetLink { jobs, answers, listen: at_once.unwrap_or_default() });
            commands.insert_resource(Listening { state: ListenState::Off, new_agent: None });
        }
        Err(error) => error!("cannot start a thread: {error}"),
    }
}

fn answer(to_window: &Sender<Answer>, wake: &Wake, answer: Option<Answer>) {
    if let Some(answer) = answer
        && to_window.send(answer).is_ok()
    {
        wake();
    }
}

fn ask(mut actions: MessageReader<UiAction>, link: Option<Res<FleetLink>>, mut listening: ResMut<Listening>) {
    for action in actions.read() {
        // A token is shown once.
        if *action == UiAction::ToggleFleet && listening.new_agent.is_some() {
            listening.new_agent = None;
        }
        let Some(link) = &link else {
            continue;
        };
        let job = match action {
            UiAction::ToggleListening if matches!(listening.state, ListenState::On(_)) => Job::StopListening,
            UiAction::ToggleListening => Job::Listen(link.listen),
            UiAction::AddAgent { name } => Job::Add(name.clone()),
            UiAction::ChangeAgent { name, change } => {
                Job::Change { name: name.clone(), change: change.clone() }
            }
            _ => continue,
        };
        // Sixteen clicks ahead of the disk, the seventeenth may be lost.
        if link.jobs.try_send(job).is_err() {
            warn!("the register of agents is busy; try again");
        }
    }
}

pub(super) fn take_answers(
    link: Option<Res<FleetLink>>,
    mut listening: ResMut<Listening>,
    mut notices: ResMut<Notices>,
) {
    let Some(link) = link else {
        return;
    };
    for answer in link.answers.try_iter() {
        match answer {
            Answer::Listening(state) => {
                notices.say(Severity::Warning, TOPIC, Vec::new());
                if let ListenState::Failed(why) = &state {
                    notices.say(Severity::Warning, TOPIC, vec![why.clone()]);
                }
                listening.state = state;
            }
            Answer::Added(agent) => {
                notices.say(Severity::Warning, TOPIC, Vec::new());
                listening.new_agent = Some(agent);
            }
            Answer::Failed(why) => notices.say(Severity::Warning, TOPIC, vec![why]),
        }
    }
}

/// What the thread holds.
struct Office {
    folder: PathBuf,
    to_enrich: Sender<FleetMessage>,
    listener: Option<Listener>,
}

impl Office {
    fn done(&mut self, job: Job) -> Option<Answer> {
        match job {
            Job::Listen(address) => {
                let state = self.listen(address);
                if matches!(state, ListenState::On(_)) {
                    remember(Some(address));
                }
                Some(Answer::Listening(state))
            }
            Job::StopListening => {
                self.listener = None;
                remember(None);
                Some(Answer::Listening(ListenState::Off))
            }
            Job::Add(name) => Some(match self.add(&name) {
                Ok(agent) => Answer::Added(agent),
                Err(error) => Answer::Failed(error.to_string()),
            }),
            Job::Change { name, change } => {
                self.change(&name, change).err().map(|error| Answer::Failed(error.to_string()))
            }
        }
    }

    fn listen(&mut self, address: ListenAddress) -> ListenState {
        self.listener = None;
        match start_listening(address, &self.folder, Vec::new(), self.to_enrich.clone()) {
            Ok((listener, facts)) => {
                info!(
                    "listening for agents on {}; the certificate's fingerprint is {}",
                    facts.address, facts.fingerprint
                );
                info!("{}: {}", facts.place(), facts.command);
                self.listener = Some(listener);
                ListenState::On(facts)
            }
            Err(error) => {
                error!("{error}");
                ListenState::Failed(error.to_string())
            }
        }
    }

    fn add(&self, name: &str) -> Result<NewAgent, RegisterError> {
        let (agent, token) = Register::open(&self.folder)?.add(name)?;
        Ok(NewAgent { name: agent.name, token })
    }

    fn change(&self, name: &str, change: AgentChange) -> Result<(), RegisterError> {
        let register = Register::open(&self.folder)?;
        match change {
            AgentChange::Rename(shown) => register.rename(name, &shown),
            AgentChange::SetHome(home) => register.set_home(name, home.map(|[lat, lon]| Home { lat, lon })),
            AgentChange::Revoke => register.revoke(name),
        }
        .map(drop)
    }
}

/// Listens, and says what people need to know of it. `known_agents`: from before this program started.
///
/// # Errors
/// When the port or the files are not to be had.
pub fn start_listening(
    address: ListenAddress,
    folder: &Path,
    known_agents: Vec<KnownAgent>,
    to_taker: Sender<FleetMessage>,
) -> Result<(Listener, ListenFacts), ListenError> {
    let settings = ListenSettings { known_agents, ..ListenSettings::new(address, folder) };
    let listener = server::spawn(settings, to_taker)?;
    let address = listener.address();
    let is_for_this_machine = address.ip().is_loopback();
    // This machine's name may lead to another of its addresses.
    let server =
        if is_for_this_machine { address.to_string() } else { format!("{}:{}", hostname(), address.port()) };
    let facts = ListenFacts {
        address: address.to_string(),
        fingerprint: listener.fingerprint().to_string(),
        certificate: listener.certificate_path().to_owned(),
        command: format!("connmapperl-client --server {server} --cert server-cert.pem --token-file token"),
        is_for_this_machine,
    };
    Ok((listener, facts))
}

/// The switch in the window stays as it was left; what a command line asked for is for once.
fn remember(listen: Option<ListenAddress>) {
    // All addresses of this machine are told by the port alone, whatever families it has next time.
    let text = listen.map(|it| it.ip.map_or_else(|| it.port.to_string(), |_| it.to_string()));
    if let Err(error) = config::remember_listen(text.as_deref()) {
        warn!("whether to listen is not remembered: {error}");
    }
}

//! The display of a test: a listener in a folder of its own, and the taker's end of the channel.

use std::{fs, path::Path};

use connmapperl::{
    model::{AgentId, AgentLink, AgentStatus, Change, Event},
    net::server::{
        AgentNews, FleetMessage, Importance, KnownAgent, Limits, ListenAddress, ListenSettings, Listener,
        News, Register, spawn,
    },
};
use crossbeam_channel::{Receiver, bounded};

use crate::agent::{Agent, PATIENCE, hello};

pub struct Display {
    // Ends before its folder goes.
    pub listener: Listener,
    pub taker: Receiver<FleetMessage>,
    pub folder: tempfile::TempDir,
}

/// No test fails by what another one did from the same address.
pub fn lenient() -> Limits {
    Limits { failures: u32::MAX, ..Limits::default() }
}

impl Display {
    pub fn start() -> Self {
        Self::with(lenient(), 1_024)
    }

    pub fn with(limits: Limits, room: usize) -> Self {
        Self::again(tempfile::tempdir().unwrap(), limits, room, Vec::new())
    }

    /// In that folder, with agents that the taker knows from before.
    pub fn again(
        folder: tempfile::TempDir,
        limits: Limits,
        room: usize,
        known_agents: Vec<KnownAgent>,
    ) -> Self {
        let (to_taker, taker) = bounded(room);
        let settings = ListenSettings { known_agents, ..settings(folder.path(), limits) };
        let listener = spawn(settings, to_taker).unwrap();
        Self { listener, taker, folder }
    }

    pub fn register(&self) -> &Register {
        self.listener.register()
    }

    pub fn connect(&self) -> Agent {
        Agent::connect(self.listener.address(), self.listener.fingerprint()).unwrap()
    }

    /// A new agent with a token of its own, let in and with nothing open. Returns its token too.
    pub fn agent(&self, name: &str) -> (Agent, AgentId, String) {
        let (_, token) = self.register().add(name).unwrap();
        let agent = self.enter(name, &token);
        (agent, self.connected(name).agent, token)
    }

    /// An agent with that token, let in for the first time and with nothing open.
    pub fn enter(&self, name: &str, token: &str) -> Agent {
        let mut agent = self.connect();
        assert!(agent.greet(hello(name, token)).unwrap().needs_snapshot);
        agent.snapshot(0, &[]);
        agent
    }

    pub fn next(&self) -> FleetMessage {
        self.taker.recv_timeout(PATIENCE).expect("news")
    }

    /// The next of the news that `wanted` makes something of; the rest is done with.
    pub fn find<T>(&self, mut wanted: impl FnMut(AgentId, &News) -> Option<T>) -> T {
        loop {
            if let FleetMessage::Agent(AgentNews { agent, news, delivery, .. }) = self.next() {
                let found = wanted(agent, &news);
                if let Some(delivery) = delivery {
                    delivery.done();
                }
                if let Some(found) = found {
                    return found;
                }
            }
        }
    }

    pub fn connected(&self, name: &str) -> AgentStatus {
        self.status(|status| &*status.name == name && matches!(status.link, AgentLink::Connected { .. }))
    }

    pub fn lost(&self, agent: AgentId) -> AgentStatus {
        self.status(|status| status.agent == agent && matches!(status.link, AgentLink::Lost { .. }))
    }

    pub fn status(&self, wanted: impl Fn(&AgentStatus) -> bool) -> AgentStatus {
        self.find(|_, news| match news {
            News::Status(status) if wanted(status) => Some(AgentStatus::clone(status)),
            _ => None,
        })
    }

    pub fn events(&self, of: AgentId) -> Vec<Event> {
        self.find(|agent, news| match news {
            News::Events { events, .. } if agent == of => Some(events.clone()),
            _ => None,
        })
    }

    /// Connections of the next snapshot.
    pub fn snapshot(&self, of: AgentId) -> (bool, Vec<u64>) {
        self.find(|agent, news| match news {
            News::Snapshot { same_boot, connections, .. } if agent == of => {
                Some((*same_boot, connections.iter().map(|open| open.connection.0).collect()))
            }
            _ => None,
        })
    }

    pub fn gone(&self, of: AgentId) {
        self.find(|agent, news| (agent == of && matches!(news, News::Gone { .. })).then_some(()))
    }

    /// The next line for people with that word in it.
    pub fn notice(&self, word: &str) -> (Importance, String) {
        loop {
            if let FleetMessage::Notice { importance, line, .. } = self.next()
                && line.contains(word)
            {
                return (importance, line);
            }
        }
    }

    /// An event of that agent still gets here: the others did it no harm.
    pub fn still_hears(&self, agent: &mut Agent, of: AgentId, sequence: u64) {
        agent.events(sequence, vec![crate::agent::opened(sequence)]);
        assert_eq!(sequences(&self.events(of)), [sequence]);
    }
}

pub fn settings(folder: &Path, limits: Limits) -> ListenSettings {
    let listen: ListenAddress = "127.0.0.1:0".parse().unwrap();
    fs::create_dir_all(folder).unwrap();
    ListenSettings { limits, ..ListenSettings::new(listen, folder) }
}

pub fn sequences(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.sequence).collect()
}

pub fn is_opening(event: &Event) -> bool {
    matches!(event.change, Change::Opened(_))
}

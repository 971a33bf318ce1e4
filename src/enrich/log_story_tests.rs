//! An agent, its machine and the display, each started anew at any moment, and the file that comes of it: checked by
//! reading the lines as anybody would.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// A connection as it truly was.
#[derive(Debug)]
struct Life {
    port: u16,
    is_open: bool,
    /// Its opening is in the file for good; so is its end.
    is_told: bool,
    is_ended: bool,
    /// Nobody can know of it, or tell it from the one before.
    is_excused: bool,
}

/// The machine's sockets, and an agent that numbers them and keeps its events until they are acknowledged.
#[derive(Default)]
struct Machine {
    lives: Vec<Life>,
    boot: u8,
    run: u64,
    /// Ports of what is open, with the number that this run gave it.
    open: Vec<(u16, u64)>,
    events: Vec<Event>,
    acknowledged: usize,
    next: u64,
    /// The display has had a snapshot of this run.
    is_run_told: bool,
}

impl Machine {
    fn event(&mut self, connection: u64, change: Change) {
        let sequence = self.events.len() as u64 + 1;
        let connection = ConnectionId(connection);
        self.events.push(Event { sequence, unix_millis: sequence as i64, connection, change });
    }

    fn open(&mut self, port: u16) {
        if self.open.iter().all(|(other, _)| *other != port) {
            let fresh = Life { port, is_open: true, is_told: false, is_ended: false, is_excused: false };
            self.lives.push(fresh);
            self.number(port);
        }
    }

    fn number(&mut self, port: u16) {
        self.next += 1;
        self.open.push((port, self.next));
        self.event(self.next, Change::Opened(socket(self.next, port).observation));
    }

    fn close(&mut self, index: usize) {
        if !self.open.is_empty() {
            let (port, connection) = self.open.remove(index % self.open.len());
            self.event(connection, Change::Closed { traffic: None });
            self.lives.iter_mut().filter(|life| life.port == port).for_each(|life| life.is_open = false);
        }
    }

    /// All of it is in the file for good.
    fn is_heard(&mut self) {
        self.is_run_told = true;
        for life in &mut self.lives {
            (life.is_told, life.is_ended) = (true, !life.is_open);
        }
    }

    /// The agent has no room, and drops what nobody has heard yet.
    fn drop_events(&mut self) {
        self.acknowledged = self.events.len();
        for at in 0..self.lives.len() {
            let is_missed = !self.lives[at].is_told && !self.lives[at].is_open;
            self.lives[at].is_excused |= is_missed || !self.is_run_told && self.is_like_another(at);
        }
    }

    /// An end that nobody heard of, and then the same name again.
    fn is_like_another(&self, at: usize) -> bool {
        let Life { port, is_open, .. } = self.lives[at];
        is_open && self.lives[..at].iter().any(|other| other.port == port && !other.is_ended)
    }

    /// The agent is killed and started; the sockets stay, unless the machine was started too.
    fn start(&mut self, run: u64, same_boot: bool) {
        let ports: Vec<_> = self.open.iter().map(|(port, _)| *port).collect();
        for at in 0..self.lives.len() {
            self.lives[at].is_open &= same_boot;
            let Life { is_open, is_told, .. } = self.lives[at];
            self.lives[at].is_excused |= if is_open { self.is_like_another(at) } else { !is_told };
        }
        let lives = std::mem::take(&mut self.lives);
        *self = Self { lives, run, boot: self.boot + u8::from(!same_boot), ..Self::default() };
        ports.into_iter().filter(|_| same_boot).for_each(|port| self.number(port));
        // The first look is no news.
        self.acknowledged = self.events.len();
    }

    /// What the wire's rules ask for, where the display has events up to `had`.
    fn snapshot(&self, had: u64, same_boot: bool) -> (u64, News) {
        let base = had.max(self.acknowledged as u64);
        let mut open = Vec::new();
        for event in &self.events[..base as usize] {
            match &event.change {
                Change::Opened(observation) => open.push(OpenSocket {
                    connection: event.connection,
                    opened_sequence: event.sequence,
                    opened_unix_millis: event.unix_millis,
                    observation: observation.clone(),
                }),
                _ => open.retain(|open| open.connection != event.connection),
            }
        }
        (base, News::Snapshot { run: self.run, base, same_boot, unix_millis: 90, connections: open })
    }
}

/// The listener and the lines of one life of the display.
struct Display {
    lines: FleetLines<LogFile>,
    had: HashMap<u64, u64>,
    boot: Option<[u8; 16]>,
    has_snapshot_of: Option<u64>,
}

impl Display {
    fn start(folder: &Folder) -> Self {
        let mut log = FleetLog::open(&folder.path()).unwrap();
        assert_eq!(log.complaint, None);
        let (known, earlier) = log.take_earlier();
        let known = known.into_iter().next();
        let boot = known.as_ref().and_then(|known| known.boot);
        let had = known.map(|known| known.runs.into_iter().collect()).unwrap_or_default();
        let lines = FleetLines::new(log.go_on().unwrap(), earlier, &Geography::default());
        Self { lines, had, boot, has_snapshot_of: None }
    }

    /// Takes what the agent has to say.
    fn take(&mut self, machine: &Machine) {
        let boot = [machine.boot; 16];
        let had = self.had.get(&machine.run).copied().unwrap_or(0);
        let mut base = had;
        let mut news = Vec::new();
        if self.has_snapshot_of != Some(machine.run) {
            let (after, snapshot) = machine.snapshot(had, self.boot == Some(boot));
            base = after;
            news.push(snapshot);
        }
        let events = machine.events[base as usize..].to_vec();
        news.push(News::Events { run: machine.run, events });
        let origin = Some(Arc::new(Origin { identity: Identity::Token(3), boot }));
        let news = news.into_iter().map(|news| AgentNews {
            agent: AgentId(1),
            origin: origin.clone(),
            news,
            delivery: None,
        });
        self.lines.write_all(news, &Geography::default()).unwrap();
        self.had.insert(machine.run, machine.events.len() as u64);
        (self.boot, self.has_snapshot_of) = (Some(boot), Some(machine.run));
    }
}

/// Reads a file as anybody would. Returns how often each port was opened, and the ports that are left open.
fn check(text: &str) -> (HashMap<u16, usize>, Vec<u16>) {
    let (mut open, mut ever, mut uses) = (HashMap::new(), HashSet::new(), HashMap::new());
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let key = || (line["id"].to_string(), line["connection"].to_string());
        match line["event"].as_str().unwrap() {
            "opened" => {
                assert!(ever.insert(key()), "opened twice: {line}\n{text}");
                let port = line["local"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
                open.insert(key(), port);
                *uses.entry(port).or_default() += 1;
            }
            "closed" => assert!(open.remove(&key()).is_some(), "closed, and not open: {line}\n{text}"),
            "updated" | "open" => assert!(open.contains_key(&key()), "not open: {line}\n{text}"),
            _ => {}
        }
    }
    let mut ports: Vec<_> = open.into_values().collect();
    ports.sort_unstable();
    (uses, ports)
}

#[derive(Clone, Debug)]
enum Step {
    Open(u16),
    Close(usize),
    /// The display hears what there is, and says whether it has.
    Take {
        acknowledges: bool,
    },
    StartAgent {
        same_boot: bool,
    },
    DropEvents,
    StartDisplay,
    /// Killed in the middle of what it writes.
    KillDisplay {
        share: f64,
    },
    Checkpoint,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..8_u16).prop_map(Step::Open),
        4 => any::<prop::sample::Index>().prop_map(|index| Step::Close(index.index(64))),
        3 => any::<bool>().prop_map(|acknowledges| Step::Take { acknowledges }),
        2 => prop::bool::weighted(0.8).prop_map(|same_boot| Step::StartAgent { same_boot }),
        1 => Just(Step::DropEvents),
        1 => Just(Step::StartDisplay),
        2 => (0.0..1.0).prop_map(|share| Step::KillDisplay { share }),
        1 => Just(Step::Checkpoint),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_opened_line_has_its_closed_line_whoever_is_killed(steps in proptest::collection::vec(step(), 0..60)) {
        let folder = Folder::new();
        let mut machine = Machine { run: 1, ..Machine::default() };
        let mut display = Display::start(&folder);
        for (number, step) in steps.iter().enumerate() {
            match step {
                Step::Open(port) => machine.open(*port),
                Step::Close(index) => machine.close(*index),
                Step::Take { acknowledges } => {
                    display.take(&machine);
                    machine.is_heard();
                    if *acknowledges {
                        machine.acknowledged = machine.events.len();
                    }
                }
                Step::StartAgent { same_boot } => machine.start(number as u64 + 2, *same_boot),
                Step::DropEvents => machine.drop_events(),
                Step::StartDisplay => {
                    drop(display);
                    display = Display::start(&folder);
                }
                Step::KillDisplay { share } => {
                    let before = fs::metadata(folder.path()).unwrap().len();
                    display.take(&machine);
                    drop(display);
                    let file = File::options().write(true).open(folder.path()).unwrap();
                    let written = file.metadata().unwrap().len() - before;
                    file.set_len(before + (written as f64 * share) as u64).unwrap();
                    display = Display::start(&folder);
                }
                Step::Checkpoint => display.lines.out_mut().after_checkpoint = BETWEEN_CHECKPOINTS,
            }
        }
        display.take(&machine);
        let (uses, left) = check(&folder.text());
        let mut ports: Vec<_> = machine.open.iter().map(|(port, _)| *port).collect();
        ports.sort_unstable();
        prop_assert_eq!(left, ports, "{}", folder.text());
        for port in 0..8 {
            let of_port = || machine.lives.iter().filter(|life| life.port == port);
            let told = uses.get(&port).copied().unwrap_or(0);
            let least = of_port().filter(|life| !life.is_excused).count();
            prop_assert!((least..=of_port().count()).contains(&told), "port {} opened {} times: {:?}\n{}",
                port, told, of_port().collect::<Vec<_>>(), folder.text());
        }

        // Without its log a display knows nothing of it; with it, what ended meanwhile is closed.
        machine.open.clone().iter().for_each(|_| machine.close(0));
        drop(display);
        machine.start(1_000, true);
        Display::start(&folder).take(&machine);
        prop_assert_eq!(check(&folder.text()).1, Vec::<u16>::new());
    }
}

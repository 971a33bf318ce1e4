//! One run of an agent, as `docs/protocol.md` has it: changes with their numbers, kept until they are acknowledged, and what
//! was open when the last acknowledged one had happened. No link; that comes and goes.

use std::collections::{BTreeMap, VecDeque};

use connmapperl::net::wire::messages::{
    Change, Closed, Events, Open, Program, Snapshot, Socket, Updated, What,
};

/// Of a frame: well below what a frame may have in parts and in bytes.
const CHANGES_A_FRAME: usize = 250;
/// What holds the sockets, numbered from 1.
pub const PROGRAMS: [&str; 12] = [
    "firefox",
    "thunderbird",
    "ssh",
    "curl",
    "chrome",
    "python3",
    "node",
    "postfix",
    "nginx",
    "apt",
    "git",
    "systemd-resolved",
];

#[derive(Clone, Copy)]
pub struct Known {
    pub opened_sequence: u64,
    pub opened_ms: i64,
    pub socket: Socket,
}

#[derive(Clone, Copy)]
pub struct Happened {
    pub at_ms: i64,
    pub connection: u64,
    pub what: What,
}

#[derive(Default)]
pub struct Run {
    pub id: u64,
    next_connection: u64,
    /// Open after change `acknowledged`.
    settled: BTreeMap<u64, Known>,
    acknowledged: u64,
    /// Those after it.
    pending: VecDeque<Happened>,
    /// Of the newest change that went over this link.
    sent: u64,
}

impl Run {
    /// Begins with what is open already.
    pub fn new(id: u64, open: impl Iterator<Item = (i64, Socket)>) -> (Self, Vec<u64>) {
        let mut run = Self { id, ..Self::default() };
        let mut numbers = Vec::new();
        for (opened_ms, socket) in open {
            run.next_connection += 1;
            run.settled.insert(run.next_connection, Known { opened_sequence: 0, opened_ms, socket });
            numbers.push(run.next_connection);
        }
        (run, numbers)
    }

    pub fn open(&mut self, at_ms: i64, socket: Socket) -> u64 {
        self.next_connection += 1;
        let connection = self.next_connection;
        self.pending.push_back(Happened { at_ms, connection, what: What::Opened(socket) });
        connection
    }

    pub fn update(&mut self, at_ms: i64, connection: u64, updated: Updated) {
        self.pending.push_back(Happened { at_ms, connection, what: What::Updated(updated) });
    }

    pub fn close(&mut self, at_ms: i64, connection: u64) {
        let what = What::Closed(Closed::default());
        self.pending.push_back(Happened { at_ms, connection, what });
    }

    pub fn acknowledge(&mut self, sequence: u64) {
        while self.acknowledged < sequence {
            let Some(happened) = self.pending.pop_front() else {
                return;
            };
            self.acknowledged += 1;
            match happened.what {
                What::Opened(socket) => {
                    let known =
                        Known { opened_sequence: self.acknowledged, opened_ms: happened.at_ms, socket };
                    self.settled.insert(happened.connection, known);
                }
                What::Updated(Updated { traffic, .. }) => {
                    if let Some(known) = self.settled.get_mut(&happened.connection) {
                        // Counters that fell would say that it is another socket with the same ends.
                        known.socket.traffic = traffic.or(known.socket.traffic);
                    }
                }
                What::Closed(_) => {
                    self.settled.remove(&happened.connection);
                }
            }
        }
    }

    pub fn pending(&self) -> impl Iterator<Item = &Happened> {
        self.pending.iter()
    }

    pub fn is_all_acknowledged(&self) -> bool {
        self.pending.is_empty()
    }

    /// A display is there that has all up to this change. Returns what it must be told before anything else.
    pub fn resume(&mut self, after: u64, needs_snapshot: bool, now_ms: i64) -> Vec<Snapshot> {
        self.acknowledge(after);
        let base = after.max(self.acknowledged);
        self.sent = self.acknowledged;
        if !needs_snapshot && base == after {
            return Vec::new();
        }
        let connections: Vec<Open> = self
            .settled
            .iter()
            .map(|(connection, known)| Open {
                connection: *connection,
                opened_sequence: known.opened_sequence,
                age_millis: (now_ms - known.opened_ms).unsigned_abs(),
                socket: Some(known.socket),
            })
            .collect();
        let mut parts: Vec<Snapshot> = connections
            .chunks(CHANGES_A_FRAME)
            .map(|part| Snapshot { connections: part.to_vec(), ..Snapshot::default() })
            .collect();
        if parts.is_empty() {
            parts.push(Snapshot::default());
        }
        let last = parts.len() - 1;
        for (at, part) in parts.iter_mut().enumerate() {
            part.base_sequence = self.acknowledged;
            part.unix_millis = now_ms;
            part.goes_on = at < last;
        }
        parts[0].programs = programs();
        parts
    }

    /// What has not gone over this link, as far as it fits into one frame.
    pub fn next_events(&mut self, now_ms: i64) -> Option<Events> {
        let from = usize::try_from(self.sent - self.acknowledged).ok()?;
        let changes: Vec<Change> = self
            .pending
            .iter()
            .skip(from)
            .take(CHANGES_A_FRAME)
            .map(|happened| Change {
                connection: happened.connection,
                millis: happened.at_ms - now_ms,
                what: Some(happened.what),
            })
            .collect();
        if changes.is_empty() {
            return None;
        }
        let first_sequence = self.sent + 1;
        self.sent += changes.len() as u64;
        Some(Events { first_sequence, unix_millis: now_ms, programs: programs(), changes })
    }
}

/// Telling them again does no harm.
fn programs() -> Vec<Program> {
    (1..).zip(PROGRAMS).map(|(number, name)| Program { number, name: name.to_owned() }).collect()
}

//! What the agent takes of a machine and of its network. Loopback only.
//!
//! `make agent && cargo run --example bench_agent --no-default-features`, or `cargo xtask bench agent`, which does both.
//! Ends with an error where a goal is missed. At 1,000 sockets and ten looks a second:
//!
//! - size of the program's file;
//! - memory, beside `ss` that lists the same sockets at the same moment;
//! - time from its start to the first connection that a display hears of;
//! - CPU time, beside a bare netlink dump as often;
//! - bytes a change on the wire, TLS included, beside the same events as JSON and beside the whole table at each look.

#[allow(clippy::unwrap_used, clippy::expect_used, reason = "it is the tests' own, where they may")]
#[path = "../tests/agent/display.rs"]
mod display;

use std::{
    collections::VecDeque,
    fs,
    io::Read,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use connmapperl::{
    model::{ConnectionId, Event, Observation},
    net::{
        collector::{NetlinkSource, SocketSource},
        wire::{
            FromWire, ProgramNames, ProgramNumbers, change_from_wire, encode_frame,
            messages::{AgentFrame, AgentSays, Events, Open, Snapshot, What},
            observation_from_wire, wire_from_observation,
        },
    },
};
use rustix::{
    process::{Resource, getrlimit, setrlimit},
    thread::{UnshareFlags, unshare_unsafe},
    time::{ClockId, clock_gettime},
};

use crate::display::{Display, Peer};

const PAIRS: usize = 500;
const TICK: Duration = Duration::from_millis(100);
/// Shorter than the silence after which the agent would leave.
const CPU_TICKS: u32 = 100;
const STARTS: usize = 15;
const CHURNED: usize = 150;
/// Each of them lives so many ticks.
const LIFE_TICKS: usize = 3;
/// The last counters of those that closed have been told after this.
const SETTLE: Duration = Duration::from_secs(1);

const MOST_FILE_BYTES: f64 = 3_000_000.0;
const MOST_OF_SS: f64 = 1.3;
const MOST_START_MILLIS: f64 = 20.0;
const MOST_OF_A_DUMP: f64 = 1.5;
const MOST_OF_JSON: f64 = 1.0 / 5.0;
const MOST_OF_THE_TABLE: f64 = 1.0 / 30.0;

fn main() -> ExitCode {
    if let Err(error) = leave_the_others() {
        println!(
            "note: other programs' connections count too, because this is no network of its own: {error:#}"
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let missed = match runtime.context("no runtime").and_then(|runtime| runtime.block_on(bench())) {
        Ok(missed) => missed,
        Err(error) => {
            eprintln!("bench_agent: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    missed.iter().for_each(|goal| println!("MISSED: {goal}"));
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Into a network where nobody else has connections. Needs root and `ip`.
fn leave_the_others() -> anyhow::Result<()> {
    // SAFETY: no other thread is there yet, and the files that are open stay what they are.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET)? };
    let ip = Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
    if !ip.success() {
        bail!("ip ended with {ip}");
    }
    Ok(())
}

/// Goals that were missed.
#[derive(Default)]
struct Goals(Vec<String>);

impl Goals {
    fn at_most(&mut self, what: &str, figure: f64, most: f64, shown: &str) {
        println!("{what:<58} {shown}");
        if figure > most {
            self.0.push(format!("{what}: {figure:.3}, not {most:.3}"));
        }
    }
}

async fn bench() -> anyhow::Result<Vec<String>> {
    let program = program()?;
    let mut goals = Goals::default();
    let bytes = fs::metadata(&program)?.len() as f64;
    goals.at_most("size of the program", bytes, MOST_FILE_BYTES, &format!("{:.2} MB", bytes / 1e6));

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("cannot raise the limit of open files")?;
    let mut pairs = Pairs::new()?;
    for _ in 0..PAIRS {
        pairs.add()?;
    }
    let display = Display::new().await;
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("server-cert.pem"), &display.certificate)?;

    bench_start(&program, &display, folder.path(), &mut goals).await?;
    let agent = Agent::start(&program, &display, folder.path())?;
    let mut peer = display.welcome(0, true).await;
    let mut known = Known::default();
    known.begin(&peer.next_snapshot().await)?;
    if known.open.len() < 2 * PAIRS {
        bail!("the agent sees {} connections of {}", known.open.len(), 2 * PAIRS);
    }
    peer.acknowledge(known.last_sequence).await;
    bench_memory(&agent, &mut goals)?;
    bench_cpu(&agent, &mut goals)?;
    bench_wire(&mut peer, &mut known, &mut pairs, &mut goals).await?;
    Ok(goals.0)
}

/// What `make agent` builds, beside this example.
fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(3).context("no target folder")?;
    let program =
        target.join(format!("{}-unknown-linux-gnu/agent/connmapperl-client", std::env::consts::ARCH));
    if !program.exists() {
        bail!("there is no {}: make agent builds it", program.display());
    }
    Ok(program)
}

/// Both ends of connections over loopback.
struct Pairs {
    listener: TcpListener,
    streams: VecDeque<(TcpStream, TcpStream)>,
}

impl Pairs {
    fn new() -> anyhow::Result<Self> {
        Ok(Self { listener: TcpListener::bind("127.0.0.1:0")?, streams: VecDeque::new() })
    }

    fn add(&mut self) -> anyhow::Result<()> {
        let ours = TcpStream::connect(self.listener.local_addr()?)?;
        self.streams.push_back((ours, self.listener.accept()?.0));
        Ok(())
    }
}

struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Agent {
    fn start(program: &Path, display: &Display, folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(["--server", &display.address().to_string(), "--cert"])
            .arg(folder.join("server-cert.pem"));
        command.env("CONNMAPPERL_TOKEN", "cmt_1_x").stderr(Stdio::null());
        Ok(Self(command.spawn()?))
    }

    /// Of all its threads.
    fn cpu(&self) -> anyhow::Result<Duration> {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let times = fs::read_to_string(task?.path().join("schedstat"))?;
            nanos += times.split(' ').next().context("no time")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }
}

/// What a display knows of the agent.
#[derive(Default)]
struct Known {
    names: ProgramNames,
    open: std::collections::HashMap<u64, Observation>,
    last_sequence: u64,
}

impl Known {
    fn begin(&mut self, snapshot: &Snapshot) -> anyhow::Result<()> {
        snapshot.programs.iter().for_each(|program| self.names.learn(program));
        for open in &snapshot.connections {
            let socket = open.socket.as_ref().context("an open connection without its socket")?;
            self.open.insert(open.connection, observation_from_wire(socket, &self.names)?);
        }
        self.last_sequence = snapshot.base_sequence;
        Ok(())
    }

    /// The events in the words of `model`.
    fn take(&mut self, events: &Events) -> anyhow::Result<Vec<Event>> {
        events.programs.iter().for_each(|program| self.names.learn(program));
        let mut told = Vec::new();
        for (sequence, change) in (events.first_sequence..).zip(&events.changes) {
            match &change.what {
                Some(What::Opened(socket)) => {
                    self.open.insert(change.connection, observation_from_wire(socket, &self.names)?);
                }
                Some(What::Closed(_)) => drop(self.open.remove(&change.connection)),
                _ => {}
            }
            self.last_sequence = sequence;
            let unix_millis = events.unix_millis + change.millis;
            let FromWire::Change(what) = change_from_wire(change, &self.names)? else { continue };
            told.push(Event {
                sequence,
                unix_millis,
                connection: ConnectionId(change.connection),
                change: what,
            });
        }
        Ok(told)
    }

    /// Bytes of the whole table as this protocol has it.
    fn table_bytes(&self) -> usize {
        let mut numbers = ProgramNumbers::default();
        let mut programs = Vec::new();
        let connections = self.open.iter().map(|(&connection, observation)| Open {
            connection,
            opened_sequence: connection,
            age_millis: 10_000,
            socket: Some(wire_from_observation(observation, &mut numbers, &mut programs)),
        });
        let connections = connections.collect();
        let snapshot = Snapshot { connections, programs, ..Snapshot::default() };
        let mut bytes = Vec::new();
        encode_frame(&AgentFrame { says: Some(AgentSays::Snapshot(snapshot)) }, &mut bytes);
        bytes.len()
    }
}

async fn bench_start(
    program: &Path,
    display: &Display,
    folder: &Path,
    goals: &mut Goals,
) -> anyhow::Result<()> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let began = Instant::now();
        let _agent = Agent::start(program, display, folder)?;
        let mut peer = display.welcome(0, true).await;
        let snapshot = peer.next_snapshot().await;
        if snapshot.connections.is_empty() {
            bail!("the agent sees no connections");
        }
        starts.push(began.elapsed());
    }
    starts.sort();
    let median = millis(starts[STARTS / 2]);
    let shown = format!("{median:.1} ms, the median of {STARTS} (best {:.1})", millis(starts[0]));
    goals.at_most("from its start to the first connection at a display", median, MOST_START_MILLIS, &shown);
    Ok(())
}

fn bench_memory(agent: &Agent, goals: &mut Goals) -> anyhow::Result<()> {
    let ss = peak_of_ss()?;
    let peak = status_kib(agent.0.id(), "VmHWM:")?;
    let now = status_kib(agent.0.id(), "VmRSS:")?;
    let part = peak / ss;
    let shown = format!("{peak:.0} KiB at most ({now:.0} now), {part:.2} times that of ss ({ss:.0} KiB)");
    goals.at_most("memory at 1,000 sockets", part, MOST_OF_SS, &shown);
    Ok(())
}

/// Most memory that `ss` had while it listed the sockets: it prints more than a pipe holds, and prints as it reads.
fn peak_of_ss() -> anyhow::Result<f64> {
    let mut ss = Command::new("ss").arg("-tnH").stdout(Stdio::piped()).spawn().context("needs ss")?;
    let mut output = ss.stdout.take().context("no pipe")?;
    let mut peak: f64 = 0.0;
    while output.read(&mut [0; 1_024])? > 0 {
        // Once it has ended there is nothing to read any more.
        peak = peak.max(status_kib(ss.id(), "VmHWM:").unwrap_or(0.0));
    }
    ss.wait()?;
    Ok(peak)
}

fn status_kib(pid: u32, field: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such field")?;
    Ok(line.trim_end_matches("kB").trim().parse()?)
}

/// Both at the same time, look by look.
fn bench_cpu(agent: &Agent, goals: &mut Goals) -> anyhow::Result<()> {
    let mut netlink = NetlinkSource::open(false)?;
    let mut seen = Vec::new();
    let mut dumps = Duration::ZERO;
    let before = agent.cpu()?;
    let began = Instant::now();
    for tick in 1..=CPU_TICKS {
        let cpu = thread_cpu();
        seen.clear();
        netlink.scan(false, &mut seen)?;
        dumps += thread_cpu() - cpu;
        std::thread::sleep((began + TICK * tick).saturating_duration_since(Instant::now()));
    }
    let ours = millis(agent.cpu()? - before) / f64::from(CPU_TICKS);
    let dump = millis(dumps) / f64::from(CPU_TICKS);
    let part = ours / dump;
    let shown = format!("{ours:.3} ms a look, {part:.2} times a bare dump ({dump:.3} ms)");
    goals.at_most("CPU at 1,000 sockets, ten looks a second", part, MOST_OF_A_DUMP, &shown);
    Ok(())
}

async fn bench_wire(
    peer: &mut Peer,
    known: &mut Known,
    pairs: &mut Pairs,
    goals: &mut Goals,
) -> anyhow::Result<()> {
    let (mut changes, mut json, mut table) = (0, 0, 0);
    let before = peer.bytes();
    let began = Instant::now();
    let mut churned = 0;
    let mut ticks = 0;
    while began.elapsed() < TICK * (CHURNED as u32 + 10) + SETTLE {
        if let Ok(events) = tokio::time::timeout(TICK / 4, peer.next_events()).await {
            let told = known.take(&events)?;
            peer.acknowledge(known.last_sequence).await;
            changes += told.len();
            for event in &told {
                json += serde_json::to_vec(event)?.len() + 1;
            }
        }
        if began.elapsed() > TICK * ticks {
            ticks += 1;
            if churned < CHURNED {
                pairs.add()?;
                churned += 1;
                if churned > LIFE_TICKS {
                    pairs.streams.pop_front();
                }
                table += known.table_bytes();
            }
        }
    }
    let per_change = |bytes: usize| bytes as f64 / changes as f64;
    let ours = per_change(peer.bytes() - before);
    println!("{:<58} {ours:.1} bytes, {changes} changes", "a change on the wire, TLS included");
    for (what, other, most) in [
        ("  beside JSON of the same events", per_change(json), MOST_OF_JSON),
        ("  beside the table at each look", per_change(table), MOST_OF_THE_TABLE),
    ] {
        let part = ours / other;
        goals.at_most(what, part, most, &format!("1/{:.1} of {other:.1} bytes", 1.0 / part));
    }
    Ok(())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

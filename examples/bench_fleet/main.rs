//! Harness `fleet`: a thousand agents against the listener, over TLS on loopback. The agents are a second process of this
//! program.
//!
//!     cargo run --release --example bench_fleet --no-default-features --features serve
//!
//! It tells how long it takes until all are connected, what an idle agent takes of memory, and what an event
//! takes of processor time beyond TLS. The exit code is not 0 where a goal is missed.
//!
//! Processor time is that of the listener's threads and of the enriching thread, which is the program's own and tells a
//! history and a map. TLS alone is the same bytes through the same TLS, with a reader that throws them away. All are
//! connected at the same time and take turns, so that whatever else the machine does falls on all. What counts is the
//! median of the differences between one turn and the next, for events that were counted, not planned. A first turn is not
//! counted: what is asked for the first time is read from the table's file and made then.
//!
//! TLS alone is had in two ways. The plain sink is woken by whatever comes, as any reader is that does nothing about it:
//! what the listener takes beyond that is what it costs to have it instead. The gathering sink waits a moment between two
//! wakes as the listener does: what is beyond that is work of ours alone, with no saved wake set off against it. A goal is
//! read against the sink beyond which there is more, which is the gathering one.
//!
//! Each agent has one connection at a time, or none: what the listener and the enriching thread remember of an agent is
//! small here.

mod agents;
#[path = "../support/figures.rs"]
mod figures;
mod house;
mod process;
mod processor;
mod sink;
mod window;

use std::{
    path::Path,
    process::ExitCode,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use connmapperl::net::server::{GATHER_READS, Register};

use figures::{Figure, Figures, Goal};
use house::{ENRICH, House, LISTENER};
use process::Agents;
use processor::Processor;

const AGENTS: usize = 1_000;
const PASSWORD: &str = "benchmark of the fleet";
/// All agents together.
const EVENTS_A_SECOND: usize = 10_000;
/// Each is a turn of the listener and one of each sink.
const ROUNDS: usize = 9;
const TURN: Duration = Duration::from_secs(2);
const WARMING_UP: Duration = Duration::from_millis(600);
const COOLING_DOWN: Duration = Duration::from_millis(300);
/// Heartbeats have gone to and fro, and what connecting took has been given back.
const SETTLING: Duration = Duration::from_secs(7);

/// Threads that throw away what comes, each with its pause before it waits to be woken.
const SINKS: [(&str, Duration); 2] = [("plain sink", Duration::ZERO), ("gathering sink", GATHER_READS)];

const GOAL_CONNECT_SECS: f64 = 5.0;
const GOAL_KILOBYTES_AN_AGENT: f64 = 24.0;
const GOAL_MICROS_AN_EVENT: f64 = 2.0;

/// How the events are spread, by so many agents, so many changes a tick of 100 ms each, and the most they may take. The
/// goal is for the first: that is how events come, a tick's in one frame. The second is the worst there is, a record of
/// TLS, a message and a cold session for each event. Beyond the gathering sink it takes more than the goal,
/// which is missed there; its figure keeps it from getting worse unnoticed.
const SPREADS: [((usize, usize), f64); 2] = [((100, 10), GOAL_MICROS_AN_EVENT), ((1_000, 1), 6.0)];

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, address, certificate] = arguments.as_slice()
        && role == "agents"
    {
        agents::run(address.parse()?, certificate, PASSWORD, AGENTS)?;
        return Ok(ExitCode::SUCCESS);
    }
    for ((busy, changes), _) in SPREADS {
        ensure!(busy * changes * 10 == EVENTS_A_SECOND, "a spread that is not {EVENTS_A_SECOND} a second");
    }
    Ok(figures::run("fleet", |figures, _| {
        let folder = tempfile::tempdir()?;
        Register::open(folder.path())?.set_password(Some(PASSWORD))?;
        measure(folder.path(), figures)
    }))
}

fn measure(folder: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    let house = House::open(folder)?;
    let mut agents = Agents::start(house.listener.address(), house.listener.certificate_path())?;
    // What the first one takes stays for all.
    agents.connect(1)?;
    sleep(Duration::from_secs(1));
    let before = resident_bytes()?;
    let start = Instant::now();
    agents.connect(AGENTS)?;
    house.window.wait_for_agents(AGENTS)?;
    let connect = Figure::new(format!("{AGENTS} agents connect"), start.elapsed().as_secs_f64(), "s");
    figures.add(connect.goal(Goal::AtMost(GOAL_CONNECT_SECS)));
    sleep(SETTLING);
    let kilobytes = (resident_bytes()? - before) / 1024.0 / (AGENTS - 1) as f64;
    let idle = Figure::new("memory of an idle agent", kilobytes, "KB");
    figures.add(idle.goal(Goal::AtMost(GOAL_KILOBYTES_AN_AGENT)));

    let mut sinks = Vec::new();
    for (thread, pause) in SINKS {
        let sink = sink::Sink::start(folder, thread, pause)?;
        let mut deaf = Agents::start(sink.address, house.listener.certificate_path())?;
        deaf.connect(AGENTS)?;
        sinks.push(deaf);
    }
    sleep(Duration::from_secs(1));
    for (spread, goal) in SPREADS {
        processor_time(&mut agents, &mut sinks, spread, Goal::AtMost(goal), figures)?;
    }
    drop(sinks);
    house.check()
}

/// Microseconds an event beyond TLS: the goal is for each sink, and so for the one that leaves more.
fn processor_time(
    agents: &mut Agents,
    sinks: &mut [Agents],
    spread: (usize, usize),
    goal: Goal,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let (mut listener, mut enrich) = (Vec::new(), Vec::new());
    let (mut alone, mut beyond) = (vec![Vec::new(); SINKS.len()], vec![Vec::new(); SINKS.len()]);
    talk(agents, spread, |_| {
        sleep(TURN);
        Ok(())
    })?;
    for _ in 0..ROUNDS {
        let [listening, enriching] =
            talk(agents, spread, |agents| micros_an_event(agents, [&LISTENER, &ENRICH]))?;
        listener.push(listening);
        enrich.push(enriching);
        for (at, (sink, (thread, _))) in sinks.iter_mut().zip(SINKS).enumerate() {
            let [tls] = talk(sink, spread, |agents| micros_an_event(agents, [&[thread]]))?;
            alone[at].push(tls);
            beyond[at].push(listening + enriching - tls);
        }
    }
    let (busy, changes) = spread;
    figures.group(format!("CPU of an event, {busy} agents, {changes} a tick"));
    figures.add(Figure::new("listener", median(&listener)?, "µs"));
    figures.add(Figure::new("enriching", median(&enrich)?, "µs"));
    for ((thread, _), (alone, beyond)) in SINKS.iter().zip(alone.iter().zip(&beyond)) {
        figures.add(Figure::new(format!("TLS alone, {thread}"), median(alone)?, "µs"));
        figures.add(Figure::new(format!("both beyond the {thread}"), median(beyond)?, "µs").goal(goal));
    }
    Ok(())
}

fn median(values: &[f64]) -> anyhow::Result<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().context("no turn")
}

/// Of each group of threads.
fn micros_an_event<const N: usize>(agents: &mut Agents, groups: [&[&str]; N]) -> anyhow::Result<[f64; N]> {
    let (before, told) = (Processor::now()?, agents.told()?);
    sleep(TURN);
    let (now, told_now) = (Processor::now()?, agents.told()?);
    ensure!(told_now > told, "the agents said nothing");
    let mut micros = [0.0; N];
    for (micros, names) in micros.iter_mut().zip(groups) {
        *micros = now.since(&before, names)?.as_secs_f64() * 1e6 / (told_now - told) as f64;
    }
    Ok(micros)
}

/// Lets so many agents say so many changes a tick while `meanwhile` goes on.
fn talk<T>(
    agents: &mut Agents,
    (busy, changes): (usize, usize),
    meanwhile: impl FnOnce(&mut Agents) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    agents.say(&format!("events {busy} {changes}"))?;
    sleep(WARMING_UP);
    let result = meanwhile(agents)?;
    agents.say("events 0 0")?;
    sleep(COOLING_DOWN);
    Ok(result)
}

fn resident_bytes() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}

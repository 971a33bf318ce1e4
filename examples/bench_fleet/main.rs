//! Harness `fleet`: a thousand agents against the listener, over TLS on loopback. The agents are a second process of this
//! program.
//!
//!     cargo run --example bench_fleet --no-default-features --features serve
//!
//! Prints how long it takes until all are connected, what an idle agent takes of memory, what an event takes of
//! processor time beyond TLS, and how long after an agent saw it an event is in the ECS. The exit code is not 0 where a
//! goal is missed.
//!
//! Processor time is that of the listener's threads and of the enriching thread, which is the program's own and tells a
//! history and a map. TLS alone is the same bytes through the same TLS, with a reader that throws them away. Both are
//! connected at the same time and take turns, so that whatever else the machine does falls on both. What counts is the
//! median of the differences between one turn and the next, for events that were counted, not planned. A first turn is not
//! counted: what is asked for the first time is read from the table's file and made then.
//!
//! The window is simulated, by a thread that sleeps until it is woken or a frame is due, and takes in each frame what
//! `systems/ingest.rs` would. Drawing takes no time here.

mod agents;
mod house;
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
use connmapperl::net::server::Register;

use house::{Agents, ENRICH, House, LISTENER, Pace};
use processor::Processor;
use window::Delays;

const AGENTS: usize = 1_000;
const PASSWORD: &str = "benchmark of the fleet";
/// All agents together.
const EVENTS_A_SECOND: usize = 10_000;
/// Each is a turn of the listener and one of TLS alone.
const ROUNDS: usize = 5;
const TURN: Duration = Duration::from_secs(2);
/// Thirty thousand events.
const DELAYS: Duration = Duration::from_secs(3);
/// Heartbeats have gone to and fro, and what connecting took has been given back.
const SETTLING: Duration = Duration::from_secs(7);

const GOAL_CONNECT: Duration = Duration::from_secs(5);
const GOAL_KILOBYTES_AN_AGENT: f64 = 24.0;
const GOAL_MICROS_AN_EVENT: f64 = 2.0;
const GOAL_P99_MILLIS: f64 = 150.0;

/// How the events are spread: by so many agents, so many changes a tick of 100 ms each. The goal is for the first: that
/// is how events come, a tick's in one frame. The second is the worst there is, a frame and a wake for each event; its
/// figure keeps it from getting worse unnoticed.
const SPREADS: [((usize, usize), f64); 2] = [((100, 10), GOAL_MICROS_AN_EVENT), ((1_000, 1), 5.0)];

const SOFTWARE: Pace = Pace { name: "software renderer", frame_time: Duration::from_millis(100) };
const GPU: Pace = Pace { name: "graphics card", frame_time: Duration::from_millis(16) };

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
    let folder = tempfile::tempdir()?;
    Register::open(folder.path())?.set_password(Some(PASSWORD))?;
    let met = [on_software(folder.path())?, on_gpu(folder.path())?];
    let met = met.iter().all(|met| *met);
    println!("goals: {}", if met { "met" } else { "MISSED" });
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All that is measured; the window draws few frames.
fn on_software(folder: &Path) -> anyhow::Result<bool> {
    let house = House::open(folder, SOFTWARE)?;
    let mut agents = Agents::start(house.listener.address(), house.listener.certificate_path())?;
    // What the first one takes stays for all.
    agents.connect(1)?;
    sleep(Duration::from_secs(1));
    let before = resident_bytes()?;
    let start = Instant::now();
    agents.connect(AGENTS)?;
    house.window.wait_for_agents(AGENTS)?;
    let took = start.elapsed();
    println!(
        "{AGENTS} agents connect in {:.2} s (goal {:.0} s)",
        took.as_secs_f64(),
        GOAL_CONNECT.as_secs_f64()
    );
    let mut met = took <= GOAL_CONNECT;
    sleep(SETTLING);
    let kilobytes = (resident_bytes()? - before) / 1024.0 / (AGENTS - 1) as f64;
    println!("an idle agent takes {kilobytes:.1} KB (goal {GOAL_KILOBYTES_AN_AGENT} KB)");
    met &= kilobytes <= GOAL_KILOBYTES_AN_AGENT;

    let sink = sink::Sink::start(folder)?;
    let mut deaf = Agents::start(sink.address, house.listener.certificate_path())?;
    deaf.connect(AGENTS)?;
    sleep(Duration::from_secs(1));
    for (spread, goal) in SPREADS {
        met &= processor_time(&mut agents, &mut deaf, spread)? <= goal;
    }
    drop(deaf);
    met &= delays(&house, &mut agents, SOFTWARE)?;
    house.check()?;
    Ok(met)
}

fn on_gpu(folder: &Path) -> anyhow::Result<bool> {
    let house = House::open(folder, GPU)?;
    let mut agents = Agents::start(house.listener.address(), house.listener.certificate_path())?;
    agents.connect(AGENTS)?;
    house.window.wait_for_agents(AGENTS)?;
    sleep(Duration::from_secs(1));
    let met = delays(&house, &mut agents, GPU)?;
    house.check()?;
    Ok(met)
}

/// Microseconds an event beyond TLS.
fn processor_time(agents: &mut Agents, deaf: &mut Agents, spread: (usize, usize)) -> anyhow::Result<f64> {
    let mut turns = Vec::new();
    agents.talk(spread, |_| {
        sleep(TURN);
        Ok(())
    })?;
    for _ in 0..ROUNDS {
        let [listener, enrich] =
            agents.talk(spread, |agents| micros_an_event(agents, [&LISTENER, &ENRICH]))?;
        let [tls] = deaf.talk(spread, |agents| micros_an_event(agents, [&[sink::THREAD]]))?;
        turns.push((listener + enrich - tls, listener, enrich, tls));
    }
    let each: Vec<String> = turns.iter().map(|(beyond, ..)| format!("{beyond:.2}")).collect();
    turns.sort_by(|a, b| a.0.total_cmp(&b.0));
    let &(beyond, listener, enrich, tls) = turns.get(turns.len() / 2).context("no turn")?;
    let (busy, changes) = spread;
    println!(
        "{busy} agents, {changes} a tick: {beyond:.2} us an event beyond TLS (listener {listener:.2}, enriching \
         {enrich:.2}, TLS alone {tls:.2}, ratio {:.2}; turn by turn {})",
        (listener + enrich) / tls,
        each.join(" ")
    );
    Ok(beyond)
}

/// Of each group of threads.
fn micros_an_event<const N: usize>(agents: &mut Agents, groups: [&[&str]; N]) -> anyhow::Result<[f64; N]> {
    let (told, before) = (agents.told()?, Processor::now()?);
    sleep(TURN);
    let (now, told_now) = (Processor::now()?, agents.told()?);
    ensure!(told_now > told, "the agents said nothing");
    Ok(groups.map(|names| now.since(&before, names).as_secs_f64() * 1e6 / (told_now - told) as f64))
}

/// Returns whether they are as short as they should be.
fn delays(house: &House, agents: &mut Agents, pace: Pace) -> anyhow::Result<bool> {
    let mut met = true;
    for (spread, _) in SPREADS {
        for is_onlooker in [true, false] {
            house.window.look_on(is_onlooker);
            let Delays { seen, happened, events, frames_a_second } = agents.talk(spread, |_| {
                house.window.delays_during(|| {
                    sleep(DELAYS);
                    Ok(())
                })
            })?;
            let [p50, p99, happened_p99] =
                [seen[0], seen[1], happened[1]].map(|micros| f64::from(micros) / 1e3);
            let (busy, changes) = spread;
            let until = if is_onlooker {
                "seen to handed to the map".to_owned()
            } else {
                format!("seen to in the ECS, {} simulated, {frames_a_second:.0} frames/s", pace.name)
            };
            println!(
                "{busy} agents, {changes} a tick: {until}: p50 {p50:.0} ms, p99 {p99:.0} ms (goal {GOAL_P99_MILLIS} ms; \
                 where it happened a tick before it was told at worst, p99 {happened_p99:.0} ms; {events} events)"
            );
            met &= p99 < GOAL_P99_MILLIS;
        }
    }
    Ok(met)
}

fn resident_bytes() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}

//! Harness `fleet`: a thousand agents against the listener, over TLS on loopback. The agents are a second process of this
//! program, so that the server's processor time and memory can be told from theirs.
//!
//!     cargo run --example bench_fleet --no-default-features --features serve
//!
//! Prints how long it takes until all are connected, what an idle agent takes of memory, what an event takes of
//! processor time beyond TLS (the same bytes through the same TLS, with a reader that throws them away), and how long
//! after an agent saw it an event is enriched. The exit code is not 0 where a goal is missed.

mod agents;
mod sink;
mod taker;

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use connmapperl::net::server::{Limits, ListenSettings, Register, spawn};
use crossbeam_channel::bounded;
use rustix::time::{ClockId, clock_gettime};

const AGENTS: usize = 1_000;
const PASSWORD: &str = "benchmark of the fleet";
/// All agents together.
const EVENTS_A_SECOND: usize = 10_000;
/// Ten seconds in all; the round that took least counts, for the machine may have had other things to do.
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
/// Heartbeats have gone to and fro, and what connecting took has been given back.
const SETTLING: Duration = Duration::from_secs(7);
/// As the display's own channel.
const TAKER_ROOM: usize = 1_024;

const GOAL_CONNECT: Duration = Duration::from_secs(5);
const GOAL_KILOBYTES_AN_AGENT: f64 = 24.0;
const GOAL_MICROS_AN_EVENT: f64 = 2.0;
const GOAL_P99: Duration = Duration::from_millis(150);

/// How the events are spread: by so many agents, so many changes a tick of 100 ms each. The goal is for the first: that
/// is how events come, a tick's in one frame. The second is the worst there is, a frame and a wake for each event; its
/// figure keeps it from getting worse unnoticed.
const SPREADS: [(usize, usize, f64); 2] = [(100, 10, GOAL_MICROS_AN_EVENT), (1_000, 1, 7.0)];

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, address, certificate] = arguments.as_slice()
        && role == "agents"
    {
        agents::run(address.parse()?, certificate, PASSWORD, AGENTS)?;
        return Ok(ExitCode::SUCCESS);
    }
    let folder = tempfile::tempdir()?;
    Register::open(folder.path())?.set_password(Some(PASSWORD))?;

    let mut met = true;
    let mut cpu = Vec::new();
    {
        let (to_taker, messages) = bounded(TAKER_ROOM);
        let settings = ListenSettings::new("127.0.0.1:0".parse()?, folder.path());
        let listener = spawn(ListenSettings { limits: Limits::default(), ..settings }, to_taker)?;
        let taker = taker::Taker::start(messages, folder.path())?;
        let mut agents = Agents::start(listener.address(), listener.certificate_path())?;
        // What the first one takes stays for all.
        agents.say("connect 1")?;
        agents.wait("connected")?;
        std::thread::sleep(Duration::from_secs(1));
        let before = resident_bytes()?;
        let start = Instant::now();
        agents.say(&format!("connect {AGENTS}"))?;
        taker.wait_for_agents(AGENTS)?;
        let took = start.elapsed();
        println!(
            "{AGENTS} agents connect in {:.2} s (goal {:.0} s)",
            took.as_secs_f64(),
            GOAL_CONNECT.as_secs_f64()
        );
        met &= took <= GOAL_CONNECT;
        agents.wait("connected")?;
        std::thread::sleep(SETTLING);
        let kilobytes = (resident_bytes()? - before) / 1024.0 / (AGENTS - 1) as f64;
        println!("an idle agent takes {kilobytes:.1} KB (goal {GOAL_KILOBYTES_AN_AGENT} KB)");
        met &= kilobytes <= GOAL_KILOBYTES_AN_AGENT;
        for (busy, changes, _) in SPREADS {
            ensure!(
                busy * changes * 10 == EVENTS_A_SECOND,
                "a spread that is not {EVENTS_A_SECOND} a second"
            );
            let events_before = listener.counters().events;
            let micros = agents.measure(busy, changes, || taker.forget_delays())?;
            let events = listener.counters().events - events_before;
            cpu.push(micros);
            let [p50, p99] = taker.delays([0.5, 0.99]);
            println!(
                "{busy} agents, {changes} a tick: {events} events, seen to enriched p50 {:.1} ms, p99 {:.1} ms (goal {} ms)",
                p50.as_secs_f64() * 1e3,
                p99.as_secs_f64() * 1e3,
                GOAL_P99.as_millis()
            );
            met &= p99 < GOAL_P99;
        }
        ensure!(listener.counters().gaps == 0, "events were lost");
    }
    let sink = sink::Sink::start(folder.path())?;
    let mut agents = Agents::start(sink.address, &folder.path().join("server-cert.pem"))?;
    agents.say(&format!("connect {AGENTS}"))?;
    agents.wait("connected")?;
    std::thread::sleep(Duration::from_secs(1));
    for ((busy, changes, goal), all) in SPREADS.into_iter().zip(cpu) {
        let tls = agents.measure(busy, changes, || {})?;
        let beyond = all - tls;
        println!(
            "{busy} agents, {changes} a tick: {all:.2} us an event, TLS alone {tls:.2} us: {beyond:.2} us beyond TLS, \
             ratio {:.2} (goal {goal} us)",
            all / tls
        );
        met &= beyond <= goal;
    }
    println!("goals: {}", if met { "met" } else { "MISSED" });
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The second process.
struct Agents {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Agents {
    fn start(address: SocketAddr, certificate: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["agents", &address.to_string()])
            .arg(certificate)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().context("no stdin")?;
        let from = BufReader::new(child.stdout.take().context("no stdout")?);
        Ok(Self { child, to, from })
    }

    fn say(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.to, "{line}").context("the agents are gone")
    }

    fn wait(&mut self, line: &str) -> anyhow::Result<()> {
        let mut said = String::new();
        self.from.read_line(&mut said)?;
        ensure!(said.trim() == line, "the agents say {said:?}, not {line:?}");
        Ok(())
    }

    /// Processor time of this process in which so many agents say so much, microseconds an event.
    fn measure(&mut self, busy: usize, changes: usize, begin: impl Fn()) -> anyhow::Result<f64> {
        self.say(&format!("events {busy} {changes}"))?;
        std::thread::sleep(Duration::from_secs(2));
        begin();
        let events = EVENTS_A_SECOND as f64 * ROUND.as_secs_f64();
        let mut least = f64::INFINITY;
        for _ in 0..ROUNDS {
            let before = cpu_micros();
            std::thread::sleep(ROUND);
            least = least.min((cpu_micros() - before) / events);
        }
        self.say("events 0 0")?;
        std::thread::sleep(Duration::from_secs(1));
        Ok(least)
    }
}

impl Drop for Agents {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cpu_micros() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn resident_bytes() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0)
}

//! What the agent takes of a machine and of its network. Loopback only.
//!
//! `make agent && cargo run --example bench_agent --no-default-features [foot]`, or `cargo xtask bench agent`, which does
//! both. Ends with an error where a goal is missed.
//!
//! - `foot`: size of the program's file; memory at 0, 1,000 and 5,000 sockets, beside `ss` that lists the same sockets at
//!   the same moment; time from its start to the first connection that a display hears of.
//!
//! Without that word also, at 1,000 sockets and ten looks a second:
//!
//! - CPU time, beside a bare netlink dump as often;
//! - bytes a change on the wire, TLS included, beside the same events as JSON and beside the whole table at each look.

mod agent;
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "it is the tests' own, where they may")]
#[path = "../../tests/agent/display.rs"]
mod display;
#[path = "../support/figures.rs"]
mod figures;
mod foot;
mod wire;

use std::{
    collections::VecDeque,
    fs,
    net::{TcpListener, TcpStream},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use connmapperl::net::collector::{NetlinkSource, SocketSource};
use rustix::{
    process::{Resource, getrlimit, setrlimit},
    thread::{UnshareFlags, unshare_unsafe},
    time::{ClockId, clock_gettime},
};

use crate::{
    agent::Agent,
    display::Display,
    figures::{Figure, Figures, Goal},
    wire::Known,
};

const TICK: Duration = Duration::from_millis(100);
/// Shorter than the silence after which the agent would leave.
const CPU_TICKS: u32 = 100;
const OF_A_DUMP: Goal = Goal::AtMost(1.5);

fn main() -> ExitCode {
    figures::run("agent", |figures, words| {
        let is_foot = match words {
            [] => false,
            [word] if word == "foot" => true,
            other => bail!("{other:?} is not foot"),
        };
        if is_foot {
            figures.harness = "foot".to_owned();
        }
        if let Err(error) = leave_the_others() {
            let why = format!("other programs' connections count too: {error:#}");
            figures.skip("a network of its own", why);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(bench(figures, is_foot))
    })
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

    fn grow(&mut self, pairs: usize) -> anyhow::Result<()> {
        while self.streams.len() < pairs {
            self.add()?;
        }
        Ok(())
    }

    fn shrink(&mut self, pairs: usize) {
        self.streams.truncate(pairs);
    }
}

async fn bench(figures: &mut Figures, is_foot: bool) -> anyhow::Result<()> {
    let program = agent::program()?;
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("cannot raise the limit of open files")?;
    let mut pairs = Pairs::new()?;
    let display = Display::new().await;
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("server-cert.pem"), &display.certificate)?;
    foot::measure(&program, &display, folder.path(), &mut pairs, figures).await?;
    if is_foot {
        return Ok(());
    }
    let agent = Agent::start(&program, &display, folder.path())?;
    let mut peer = display.welcome(0, true).await;
    let mut known = Known::default();
    known.begin(&peer.next_snapshot().await)?;
    peer.acknowledge(known.last_sequence).await;
    bench_cpu(&agent, figures)?;
    wire::measure(&mut peer, &mut known, &mut pairs, figures).await
}

/// Both at the same time, look by look.
fn bench_cpu(agent: &Agent, figures: &mut Figures) -> anyhow::Result<()> {
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
    figures.group("CPU, 1,000 sockets, ten looks a second");
    figures.add(Figure::new("a look", ours, "ms").beside("a bare netlink dump", dump).goal(OF_A_DUMP));
    Ok(())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

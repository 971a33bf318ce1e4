//! What the collector costs, beside what others cost for the same sockets in the same run. Loopback only.
//!
//! `cargo run --example bench_collector --no-default-features [enum|churn]`; without a word both. Ends with an error
//! where a goal is missed. Figures are CPU time, the minimum of alternating rounds.
//!
//! - `enum`: lists 10, 1,000 and 5,000 sockets, against the pipeline around `ss` that scripts use, and against `lsof`.
//! - `churn`: 600 connections that live 5, 50 and 500 ms, and which share of them is seen: by the collector as it runs here,
//!   which hears of closed sockets where it is root, beside a dump each 100 ms and one each second.

#[path = "support/figures.rs"]
mod figures;

use std::{
    collections::VecDeque,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use connmapperl::{
    model::{Change, CollectorMethod},
    net::collector::{Collector, CollectorMessage, NetlinkSource, ProcSource, Settings, SocketSource, spawn},
};
use rustix::{
    process::{Resource, getrlimit, setrlimit},
    time::{ClockId, clock_gettime},
};

use figures::{Figure, Figures, Goal};

const ROUNDS: usize = 7;
/// Ticks of one round: five seconds' worth, five of them with counters.
const TICKS_PER_ROUND: usize = 50;
/// The kernel tells children's CPU time in hundredths of a second; a round lasts many of them.
const CHILD_CPU_PER_ROUND: Duration = Duration::from_millis(200);
const CLOCK_TICKS_PER_SEC: f64 = 100.0;

const PIPELINE: &str = "ss -atun4 | grep ESTAB | awk '{print $6}' | cut -f1 -d:";
const LSOF: &str = "lsof -i -n -P";

/// (sockets, contestant, at most this part of what it costs).
const GOALS: [(usize, &str, f64); 4] = [
    (1_000, PIPELINE, 1.0 / 12.0),
    (1_000, LSOF, 1.0 / 40.0),
    (5_000, PIPELINE, 1.0 / 4.0),
    (5_000, LSOF, 1.0 / 25.0),
];
/// System calls to find the program of one new socket, at most, in the median.
const CALLS_PER_NEW_SOCKET: f64 = 8.0;
/// For looks that find no new socket.
const NO_CALLS: Goal = Goal::AtMost(0.0);

const CHURN_CONNECTIONS: usize = 600;
const CHURN_PERIOD: Duration = Duration::from_millis(15);
/// Where closed sockets are told.
const ALL_PERCENT: Goal = Goal::AtLeast(100.0);

fn main() -> ExitCode {
    figures::run("collector", |figures, words| {
        let word = words.first().and_then(|word| word.to_str());
        if let Some(word) = word {
            figures.harness = word.to_owned();
        }
        match word {
            Some("enum") => bench_enum(figures),
            Some("churn") => bench_churn(figures),
            None => bench_enum(figures).and_then(|()| bench_churn(figures)),
            Some(other) => bail!("{other:?} is neither enum nor churn"),
        }
    })
}

/// Both ends of connections over loopback.
struct Pairs {
    listener: TcpListener,
    streams: Vec<TcpStream>,
}

impl Pairs {
    fn open(count: usize) -> anyhow::Result<Self> {
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).context("cannot raise the limit of open files")?;
        let mut pairs = Self { listener: TcpListener::bind("127.0.0.1:0")?, streams: Vec::new() };
        for _ in 0..count {
            pairs.add()?;
        }
        Ok(pairs)
    }

    fn add(&mut self) -> anyhow::Result<()> {
        self.streams.push(TcpStream::connect(self.listener.local_addr()?)?);
        self.streams.push(self.listener.accept()?.0);
        Ok(())
    }
}

fn bench_enum(figures: &mut Figures) -> anyhow::Result<()> {
    for pairs in [5, 500, 2_500] {
        let sockets = pairs * 2;
        let mut pairs = Pairs::open(pairs)?;
        let mut collector = Collector::for_this_machine();
        let mut now_unix_millis = 0;
        let mut events = Vec::new();
        let first = thread_cpu(|| collector.tick(now_unix_millis, &mut events).map(drop))?;
        figures.group(format!("{sockets} sockets, {}", collector.method().label()));

        let mut ours = Minimum::default();
        let mut dump = Minimum::default();
        let mut tables = Minimum::default();
        let mut others = [PIPELINE, "ss -tn state established", "ss -tnp state established", LSOF]
            .map(|command| (command, is_installed(command).then(Minimum::default)));
        let mut netlink = NetlinkSource::open(false)?;
        let mut proc_tables = ProcSource::new("for comparison".into());
        let mut seen = Vec::new();
        let calls = collector.owner_calls();
        let mut strangers = 0;
        for _ in 0..ROUNDS {
            ours.take(
                thread_cpu(|| {
                    for _ in 0..TICKS_PER_ROUND {
                        now_unix_millis += 100;
                        events.clear();
                        collector.tick(now_unix_millis, &mut events)?;
                        strangers +=
                            events.iter().filter(|event| matches!(event.change, Change::Opened(_))).count();
                    }
                    anyhow::Ok(())
                })? / TICKS_PER_ROUND as u32,
            );
            for (source, minimum) in
                [(&mut netlink as &mut dyn SocketSource, &mut dump), (&mut proc_tables, &mut tables)]
            {
                minimum.take(thread_cpu(|| {
                    seen.clear();
                    source.scan(false, &mut seen).map(drop)
                })?);
            }
            for (command, minimum) in &mut others {
                if let Some(minimum) = minimum {
                    minimum.take(children_cpu(command)?);
                }
            }
        }
        let calls = collector.owner_calls() - calls;

        figures.add(Figure::new("first tick, with all programs", millis(first), "ms"));
        let steady =
            |name: &str, cost| Figure::new("steady tick", millis(ours.0), "ms").beside(name, millis(cost));
        figures.add(steady("bare netlink dumps", dump.0));
        figures.add(steady("reading /proc/net", tables.0));
        for (command, minimum) in &others {
            let Some(minimum) = minimum else {
                figures.skip(*command, "not installed");
                continue;
            };
            let beside = steady(command, minimum.0);
            let goal = GOALS.iter().find(|goal| goal.0 == sockets && goal.1 == *command);
            figures.add(match goal {
                Some((.., most)) => beside.goal(Goal::AtMost(*most)),
                None => beside,
            });
        }
        let ticks = ROUNDS * TICKS_PER_ROUND;
        let calls =
            Figure::new(format!("system calls for programs in {ticks} steady ticks"), calls as f64, "");
        figures.add(if strangers == 0 { calls.goal(NO_CALLS) } else { calls });
        figures.add(Figure::new("new sockets of other programs meanwhile", strangers as f64, ""));
        bench_new_sockets(&mut pairs, &mut collector, now_unix_millis, figures)?;
    }
    Ok(())
}

/// What a new connection costs when its program has many already.
fn bench_new_sockets(
    pairs: &mut Pairs,
    collector: &mut Collector,
    mut now_unix_millis: i64,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut calls_per_socket = Vec::new();
    for _ in 0..21 {
        pairs.add()?;
        let before = collector.owner_calls();
        let mut events = Vec::new();
        now_unix_millis += 100;
        collector.tick(now_unix_millis, &mut events)?;
        let opened = events.iter().filter(|event| matches!(event.change, Change::Opened(_))).count();
        calls_per_socket.push((collector.owner_calls() - before) as f64 / opened.max(1) as f64);
    }
    calls_per_socket.sort_by(f64::total_cmp);
    let median = calls_per_socket[calls_per_socket.len() / 2];
    let calls = Figure::new("system calls for the program of a new socket", median, "");
    figures.add(calls.goal(Goal::AtMost(CALLS_PER_NEW_SOCKET)));
    Ok(())
}

fn bench_churn(figures: &mut Figures) -> anyhow::Result<()> {
    let period = CHURN_PERIOD.as_millis();
    for life in [5, 50, 500].map(Duration::from_millis) {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = listener.local_addr()?;
        let watchers = [(true, 100), (false, 100), (false, 1_000)];
        let watchers: Vec<_> = watchers
            .into_iter()
            .map(|(close_events, tick_millis)| Watcher::start(close_events, tick_millis))
            .collect::<anyhow::Result<_>>()?;
        churn(&listener, endpoint, life)?;
        let life = life.as_millis();
        figures.group(format!("{CHURN_CONNECTIONS} connections of {life} ms, one each {period} ms"));
        let mut seen = Vec::new();
        for watcher in watchers {
            let (label, method) = (watcher.label.clone(), watcher.method);
            let percent = watcher.count(endpoint) as f64 * 100.0 / CHURN_CONNECTIONS as f64;
            seen.push((label, method, percent));
        }
        let [(label, method, ours), others @ ..] = seen.as_slice() else { bail!("nobody watched") };
        let figure = || Figure::new(format!("seen by {label}"), *ours, "%");
        figures.add(match method {
            CollectorMethod::Events => figure().goal(ALL_PERCENT),
            _ => figure(),
        });
        if *method != CollectorMethod::Events {
            figures.skip("events of closed sockets", "only root hears of them");
        }
        for (label, _, theirs) in others {
            figures.add(figure().beside(label, *theirs));
        }
    }
    Ok(())
}

fn churn(listener: &TcpListener, endpoint: SocketAddr, life: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut living = VecDeque::new();
    for number in 0..CHURN_CONNECTIONS as u32 {
        let due = began + CHURN_PERIOD * number;
        while let Some(&(ends, _)) = living.front().filter(|(ends, _)| *ends <= due) {
            sleep_until(ends);
            living.pop_front();
        }
        sleep_until(due);
        let client = TcpStream::connect(endpoint)?;
        living.push_back((Instant::now() + life, (client, listener.accept()?.0)));
    }
    for (ends, _pair) in living {
        sleep_until(ends);
    }
    Ok(())
}

fn sleep_until(then: Instant) {
    std::thread::sleep(then.saturating_duration_since(Instant::now()));
}

/// A collector that runs while connections come and go.
struct Watcher {
    label: String,
    method: CollectorMethod,
    thread: connmapperl::net::collector::CollectorThread,
    messages: std::thread::JoinHandle<Vec<CollectorMessage>>,
}

impl Watcher {
    fn start(close_events: bool, tick_millis: u64) -> anyhow::Result<Self> {
        let source = NetlinkSource::open(close_events)?;
        let method = source.method();
        let (sender, receiver) = crossbeam_channel::bounded(64);
        let settings = Settings { shortest_tick: Duration::from_millis(tick_millis), ..Settings::default() };
        let thread = spawn(Collector::from_source(Box::new(source)), settings, sender)?;
        let messages =
            std::thread::Builder::new().name("watcher".into()).spawn(move || receiver.iter().collect())?;
        Ok(Self { label: format!("{} at {tick_millis} ms", method.label()), method, thread, messages })
    }

    /// Client ends towards `endpoint` that were opened, once one more tick has passed.
    fn count(self, endpoint: SocketAddr) -> usize {
        std::thread::sleep(Duration::from_millis(200));
        drop(self.thread);
        let messages = self.messages.join().unwrap_or_default();
        let events = messages.iter().flat_map(|message| match message {
            CollectorMessage::Events(events) => &events[..],
            CollectorMessage::Status(_) => &[],
        });
        events.filter(|event| matches!(&event.change, Change::Opened(seen) if seen.peer == endpoint)).count()
    }
}

struct Minimum(Duration);

impl Default for Minimum {
    fn default() -> Self {
        Self(Duration::MAX)
    }
}

impl Minimum {
    fn take(&mut self, cost: Duration) {
        self.0 = self.0.min(cost);
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// CPU time of this thread that `work` takes.
fn thread_cpu<E>(work: impl FnOnce() -> Result<(), E>) -> Result<Duration, E> {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
    };
    let before = now();
    work()?;
    Ok(now() - before)
}

fn is_installed(command: &str) -> bool {
    command.split(' ').next().and_then(figures::in_path).is_some()
}

/// CPU time of one run of a shell command with all its children, as the mean of as many runs as give a fair figure.
fn children_cpu(command: &str) -> anyhow::Result<Duration> {
    let before = ended_children_cpu()?;
    let mut runs = 0;
    loop {
        Command::new("sh").args(["-c", command]).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        runs += 1;
        let cost = ended_children_cpu()?.saturating_sub(before);
        if cost >= CHILD_CPU_PER_ROUND {
            return Ok(cost / runs);
        }
    }
}

fn ended_children_cpu() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in brackets may hold anything; `cutime` and `cstime` are the 14th and 15th column after it.
    let columns = stat.rsplit_once(')').map_or("", |(_, columns)| columns).split_whitespace();
    let ticks: u64 = columns.skip(13).take(2).filter_map(|column| column.parse::<u64>().ok()).sum();
    Ok(Duration::from_secs_f64(ticks as f64 / CLOCK_TICKS_PER_SEC))
}

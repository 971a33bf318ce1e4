//! A month of a display on a wall within minutes: the real program in a window of its own, with agents that come and go and
//! tell what a busy machine opens and closes, with somebody at the keyboard, and with a history that is always too big.
//! What it takes is sampled each time the map stands as it was found, and judged at the end. All is drawn from one seed.
//!
//!     cargo xtask soak [--minutes N] [--seed S] [--json FILE]
//!
//! The addresses are only told, and nobody contacts them. Exit code 1 where a rule is broken.

mod agent;
mod fleet;
#[path = "../bench_display/home.rs"]
mod home;
mod ledger;
mod link;
mod past;
mod person;
mod run;
mod samples;
// Nobody looks at its picture here.
#[allow(dead_code)]
#[path = "../bench_display/screen.rs"]
mod screen;
mod setting;
mod stage;
mod traffic;
mod verdict;

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::ExitCode,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use crossbeam_channel::{RecvTimeoutError, bounded};
use rand::{SeedableRng, rngs::StdRng};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use fleet::{Phase, Shared};
use person::Person;
use samples::{Sample, history_bytes};
use setting::history;
use stage::Stage;
use traffic::World;
use verdict::{Verdict, history_allowance, of_samples, of_stderr};

/// A month of a busy machine.
const CONNECTIONS: f64 = 150_000.0;
/// As many as those of a very busy machine.
const PEERS: usize = 5_000;
/// What a slow machine draws without an optimiser, and more than a display sees.
const MOST_A_MINUTE: f64 = 25_000.0;
/// Some two minutes of that, so that the history is pruned nearly all the time.
const HISTORY_BYTES: u64 = 3_000_000;
/// Share of the run that is not judged, or more: until somebody has done all there is to do.
const WARM_UP: f64 = 0.2;
const BETWEEN_SAMPLES: Duration = Duration::from_secs(10);
/// What the map shows of the last thing done has faded.
const CALM: Duration = Duration::from_millis(1_500);
/// Agents that are away come within this.
const GATHERING: Duration = Duration::from_secs(20);
/// What was told is acknowledged, and written, within this.
const TELLING: Duration = Duration::from_secs(30);
const ENDING: Duration = Duration::from_secs(10);
/// Start, end and all that is waited for; what takes longer is ended by force.
const MOST_BESIDE: Duration = Duration::from_secs(240);
const NO_DRIVER: &str = "no graphics adapter";

#[derive(Parser)]
struct Soak {
    /// How long the month takes
    #[arg(long, default_value_t = 8.0, value_parser = minutes)]
    minutes: f64,
    /// The same seed does the same
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where figures and verdicts go
    #[arg(long)]
    json: Option<PathBuf>,
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "no number".to_owned())?;
    if (1.0..=1_440.0).contains(&minutes) { Ok(minutes) } else { Err("from 1 to 1440".to_owned()) }
}

fn main() -> anyhow::Result<ExitCode> {
    let soak = Soak::parse();
    if let Some(missing) = ["Xvfb", "xdotool"].into_iter().find(|name| !is_installed(name)) {
        println!("skipped: {missing} is not installed");
        return Ok(ExitCode::SUCCESS);
    }
    match soak.run() {
        Err(error) if format!("{error:#}").contains(NO_DRIVER) => {
            println!("skipped: no driver draws here");
            Ok(ExitCode::SUCCESS)
        }
        result => Ok(if result? { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
    }
}

fn is_installed(name: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(name).is_file())
}

/// What was seen on the way.
struct Seen {
    samples: Vec<Sample>,
    most_history_bytes: u64,
    done: BTreeMap<&'static str, u32>,
    /// Samples for which not all agents came in time.
    incomplete: usize,
    /// What is asked for the first time is read and kept until then; from then on it is judged.
    warm_at_secs: f64,
}

impl Soak {
    /// Returns whether all rules are kept.
    fn run(&self) -> anyhow::Result<bool> {
        let lasts = Duration::from_secs_f64(self.minutes * 60.0);
        let connections = CONNECTIONS.min(MOST_A_MINUTE * self.minutes);
        let (mut stage, display, tokens) = setting::open(HISTORY_BYTES)?;
        let _watch = watch(stage.process.id(), lasts + MOST_BESIDE)?;
        let shared = Shared::new(self.seed, display, World::new(self.seed, PEERS, lasts, connections));
        let (seen, verdicts) = std::thread::scope(|scope| {
            let agents = shared.start(scope, tokens);
            let judged = agents.map_err(Into::into).and_then(|_| {
                let seen = self.drive(&mut stage, &shared, lasts)?;
                let verdicts = judge(&mut stage, &shared, &seen, connections / self.minutes)?;
                Ok::<_, anyhow::Error>((seen, verdicts))
            });
            shared.enter(Phase::Quits);
            judged
        })?;
        self.report(&seen, &verdicts, &shared)?;
        Ok(verdicts.iter().all(|verdict| verdict.is_kept))
    }

    /// The month.
    fn drive(&self, stage: &mut Stage, shared: &Shared, lasts: Duration) -> anyhow::Result<Seen> {
        let mut person = Person::new(StdRng::seed_from_u64(self.seed ^ u64::MAX));
        let (mut samples, mut most_history_bytes, mut incomplete) = (Vec::new(), 0, 0);
        let (mut sampled, mut warm_at_secs) = (Instant::now(), f64::INFINITY);
        while shared.began.elapsed() < lasts {
            person.act(stage)?;
            if let Some(status) = stage.process.try_wait()? {
                bail!("the program ended with {status}: {}", stage.stderr());
            }
            if person.has_done_all() {
                warm_at_secs = warm_at_secs.min(shared.began.elapsed().as_secs_f64());
            }
            most_history_bytes = most_history_bytes.max(history_bytes(stage).iter().sum());
            if sampled.elapsed() < BETWEEN_SAMPLES {
                continue;
            }
            sampled = Instant::now();
            shared.enter(Phase::Gathers);
            incomplete += usize::from(!shared.wait_for_all(GATHERING));
            sleep(CALM);
            samples.push(Sample::take(stage, shared.began.elapsed().as_secs_f64(), shared.open())?);
            shared.enter(Phase::Runs);
        }
        let warm_at_secs = warm_at_secs.max(lasts.as_secs_f64() * WARM_UP);
        Ok(Seen { samples, most_history_bytes, done: person.done, incomplete, warm_at_secs })
    }

    fn report(&self, seen: &Seen, verdicts: &[Verdict], shared: &Shared) -> anyhow::Result<()> {
        let (opened, arrivals) = (shared.opened(), shared.arrivals());
        println!(
            "{} minutes, seed {}: {opened} connections, {arrivals} links of {} agents, {} samples, judged from {:.0} s on; done: {:?}",
            self.minutes,
            self.seed,
            agent::AGENTS,
            seen.samples.len(),
            seen.warm_at_secs,
            seen.done
        );
        println!("  at s   MB  anon MB  threads  descriptors  history kB  journal kB  config kB  open");
        for sample in &seen.samples {
            println!(
                "  {:>4.0} {:>5.1} {:>7.1} {:>8} {:>12} {:>11.0} {:>11.0} {:>10.1} {:>5}",
                sample.at_secs,
                sample.resident_bytes as f64 / 1e6,
                sample.anonymous_bytes as f64 / 1e6,
                sample.threads,
                sample.descriptors,
                sample.history_bytes as f64 / 1e3,
                sample.journal_bytes as f64 / 1e3,
                sample.config_bytes as f64 / 1e3,
                sample.open
            );
        }
        for verdict in verdicts {
            let word = if verdict.is_kept { "kept  " } else { "BROKEN" };
            println!("{word} {}: {}", verdict.rule, verdict.said);
        }
        let Some(path) = &self.json else {
            return Ok(());
        };
        let report = json!({
            "minutes": self.minutes,
            "seed": self.seed,
            "warm_at_secs": seen.warm_at_secs,
            "connections": opened,
            "links": arrivals,
            "done": seen.done,
            "samples": seen.samples,
            "verdicts": verdicts,
        });
        fs::write(path, format!("{report:#}\n")).with_context(|| path.display().to_string())
    }
}

/// In calm, and when it has ended.
fn judge(
    stage: &mut Stage,
    shared: &Shared,
    seen: &Seen,
    connections_a_minute: f64,
) -> anyhow::Result<Vec<Verdict>> {
    let mut verdicts = of_samples(&seen.samples, seen.warm_at_secs);
    let most = HISTORY_BYTES + history_allowance(connections_a_minute);
    let kilobytes = |bytes: u64| bytes as f64 / 1e3;
    verdicts.push(Verdict::new(
        "the history stays small",
        seen.most_history_bytes <= most,
        format!(
            "{:.0} kB with its journal at most, of {:.0} ({:.0} to keep and {:.0} allowance)",
            kilobytes(seen.most_history_bytes),
            kilobytes(most),
            kilobytes(HISTORY_BYTES),
            kilobytes(most - HISTORY_BYTES)
        ),
    ));
    let breaks = shared.breaks();
    verdicts.push(Verdict::new(
        "links break when agents want it",
        breaks.is_empty() && seen.incomplete == 0,
        format!(
            "{} broke by themselves{}; {} samples without all agents",
            breaks.len(),
            breaks.first().map(|why| format!(", first: {why}")).unwrap_or_default(),
            seen.incomplete
        ),
    ));
    shared.enter(Phase::Rests);
    let ledgers = shared.ledgers(TELLING);
    verdicts.push(Verdict::new(
        "all that was told is acknowledged",
        ledgers.is_some(),
        format!("within {} s of the last word", TELLING.as_secs()),
    ));
    let ledgers = ledgers.unwrap_or_default();
    let (told, kept, apart) = past::compare_open(&past::read(&history(&stage.home))?, &ledgers, TELLING)?;
    verdicts.push(Verdict::new(
        "what is open is open in the history",
        apart == 0 && !ledgers.is_empty(),
        format!("{told} at the agents, {kept} in the history, {apart} in one alone"),
    ));
    let asked = Instant::now();
    let status = stage.terminate(ENDING)?;
    verdicts.push(Verdict::new(
        "it ends when told to",
        status.is_some_and(|status| status.code() == Some(0)),
        match status {
            Some(status) => format!("{status} after {:.1} s", asked.elapsed().as_secs_f64()),
            None => format!("not within {} s", ENDING.as_secs()),
        },
    ));
    ensure!(status.is_some(), "the program does not end: {}", stage.stderr());
    let database = past::read(&history(&stage.home))?;
    let kept = past::compare_kept(&database, &ledgers)?;
    verdicts.push(Verdict::new(
        "nothing told is lost or doubled",
        kept.told > 0 && kept.missing == 0 && kept.twice == 0,
        format!(
            "of the last {} connections, which no pruning took, {} are missing; {} rows are double",
            kept.told, kept.missing, kept.twice
        ),
    ));
    let [rows, hourly, minutely, open] = past::sums(&database)?;
    verdicts.push(Verdict::new(
        "sums count what rows there are",
        rows == hourly && rows == minutely && open == 0,
        format!("{rows} rows, {hourly} by the hour, {minutely} by the minute; {open} left open"),
    ));
    verdicts.push(of_stderr(&stage.stderr()));
    Ok(verdicts)
}

/// Ends the program by force when it is time, unless this is dropped before.
fn watch(process: u32, within: Duration) -> anyhow::Result<crossbeam_channel::Sender<()>> {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw).context("no process")?;
    let (watched, dropped) = bounded::<()>(0);
    std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
        if dropped.recv_timeout(within) == Err(RecvTimeoutError::Timeout) {
            // It may end just now.
            let _ = kill_process(pid, Signal::KILL);
        }
    })?;
    Ok(watched)
}

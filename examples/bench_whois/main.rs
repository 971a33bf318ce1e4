//! Harness `whois`: an RPSL dump of 350 MB is generated and imported by `ip2asn`, with names and without, beside what crate
//! rpsl-rs takes to parse it; then AS numbers are looked up in it by `ip2asn`, each a process of its own, and by awk
//! (paragraphs) and grep in the text. It takes the `ip2asn` that was built
//! beside it, or the one that is named:
//!
//!     cargo run --example bench_whois --no-default-features --features whois [-- IP2ASN]
//!
//! Prints times and ratios; the exit code is not 0 where one is below its goal.

mod dump;
mod parsing;

use std::{
    ffi::OsStr,
    fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

const DUMP_BYTES: u64 = 350_000_000;
/// Contestants take turns this often; the fastest turn of each counts.
const ROUNDS: u32 = 20;
/// Imports, and rpsl-rs.
const ROUNDS_OF_IMPORTS: u32 = 3;
/// awk and grep read the whole dump each time.
const ROUNDS_OF_OTHERS: u32 = 3;
const GOAL_QUERY_MILLIS: f64 = 10.0;
const GOAL_AWK: f64 = 100.0;
const GOAL_GREP: f64 = 20.0;
const GOAL_INDEX_SHARE: f64 = 0.2;
/// Rate of an import over that at which rpsl-rs parses, without names and with them.
const GOAL_WITHOUT_NAMES: f64 = 0.75;
const GOAL_WITH_NAMES: f64 = 0.4;

fn main() -> anyhow::Result<ExitCode> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("ip2asn").into_os_string());
    let Some(program) = std::env::args_os().nth(1).or_else(beside).filter(|path| Path::new(path).is_file())
    else {
        println!("skipped: ip2asn was not built (cargo build --no-default-features --features whois)");
        return Ok(ExitCode::SUCCESS);
    };
    let folder = tempfile::tempdir()?;
    let (text, data) = (folder.path().join("dump.db"), folder.path().join("whois"));
    let objects = dump::write(&text, DUMP_BYTES)?;
    let ip2asn = |arguments: &[&OsStr]| run(Command::new(&program).arg("--data").arg(&data).args(arguments));

    let import = |more: &[&str]| {
        run(Command::new(&program).arg("import").args(more).arg("--data").arg(&data).arg(&text))
    };
    let dump = fs::read_to_string(&text)?;
    let (mut parsing, mut without_names, mut with_names) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS_OF_IMPORTS {
        parsing = parsing.min(parsing::rpsl_rs(&dump, objects)?);
        without_names = without_names.min(import(&["--no-names"])?);
        with_names = with_names.min(import(&[])?);
    }
    drop(dump);
    let rate = |took: Duration| DUMP_BYTES as f64 / 1e6 / took.as_secs_f64();
    let ratio = |took: Duration| parsing.as_secs_f64() / took.as_secs_f64();
    let index_bytes: u64 =
        fs::read_dir(&data)?.flatten().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
    let share = index_bytes as f64 / DUMP_BYTES as f64;
    println!("rpsl-rs parses {objects} objects: {:.2} s, {:.0} MB/s", parsing.as_secs_f64(), rate(parsing));
    for (what, took) in [("without names", without_names), ("with names", with_names)] {
        println!(
            "import {what}: {:.2} s, {:.0} MB/s, ratio {:.2}",
            took.as_secs_f64(),
            rate(took),
            ratio(took)
        );
    }
    println!("index {:.1} % of the text", share * 100.0);

    let asked = |round: u32| format!("AS{}", u64::from(round) * 7_919 % objects);
    let fastest = |rounds: u32, turn: &dyn Fn(u32) -> anyhow::Result<Duration>| -> anyhow::Result<f64> {
        let times = (0..rounds).map(turn).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(times.into_iter().min().unwrap_or_default().as_secs_f64() * 1e3)
    };
    let of_system = fastest(ROUNDS, &|round| ip2asn(&[asked(round).as_ref()]))?;
    let of_address = fastest(ROUNDS, &|_| ip2asn(&["193.0.6.139".as_ref()]))?;
    let awk = fastest(ROUNDS_OF_OTHERS, &|round| {
        let wanted = format!("/^aut-num: *{}\\n/", asked(round));
        run(Command::new("awk").arg("-v").arg("RS=").arg(wanted).arg(&text))
    })?;
    let grep = fastest(ROUNDS_OF_OTHERS, &|round| {
        run(Command::new("grep").args(["-F", "-w"]).arg(asked(round)).arg(&text))
    })?;
    println!("AS number: {of_system:.1} ms; address, with the built-in tables: {of_address:.1} ms");
    println!(
        "awk {awk:.0} ms, {:.0} times; grep {grep:.0} ms, {:.0} times",
        awk / of_system,
        grep / of_system
    );
    let goals = [
        (of_system.max(of_address) <= GOAL_QUERY_MILLIS, "a query in 10 ms"),
        (awk / of_system >= GOAL_AWK, "100 times awk"),
        (grep / of_system >= GOAL_GREP, "20 times grep"),
        (ratio(without_names) >= GOAL_WITHOUT_NAMES, "an import without names at 0.75 of rpsl-rs's rate"),
        (ratio(with_names) >= GOAL_WITH_NAMES, "an import with names at 0.4 of rpsl-rs's rate"),
        (share <= GOAL_INDEX_SHARE, "an index of 20 % of the text"),
    ];
    let missed: Vec<_> = goals.iter().filter(|(met, _)| !met).map(|(_, goal)| *goal).collect();
    missed.iter().for_each(|goal| println!("missed: {goal}"));
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Time from the start of a process to its end.
fn run(command: &mut Command) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let name = Path::new(command.get_program()).display().to_string();
    // Into a pipe: grep ends at the first line that it finds where it writes to /dev/null.
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("{name} cannot be started"))?;
    ensure!(output.status.success(), "{name} ended with {}", output.status);
    Ok(start.elapsed())
}

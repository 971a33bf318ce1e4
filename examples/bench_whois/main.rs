//! Harness `whois`: an RPSL dump of 350 MB is generated and imported by `ip2asn`, with names and without, beside what crate
//! rpsl-rs takes to parse it; then AS numbers are looked up in it by `ip2asn`, each a process of its own, and by awk
//! (paragraphs) and grep in the text. It takes the `ip2asn` that was built
//! beside it, or the one that is named:
//!
//!     cargo run --example bench_whois --no-default-features --features whois [-- IP2ASN]
//!
//! The exit code is not 0 where a goal is missed.

mod dump;
#[path = "../support/figures.rs"]
mod figures;
mod parsing;

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use figures::{Figure, Figures, Goal};

const DUMP_BYTES: u64 = 350_000_000;
/// Contestants take turns this often; the fastest turn of each counts.
const ROUNDS: u32 = 20;
/// Imports, and rpsl-rs.
const ROUNDS_OF_IMPORTS: u32 = 3;
/// awk and grep read the whole dump each time.
const ROUNDS_OF_OTHERS: u32 = 3;
const QUERY_MILLIS: Goal = Goal::AtMost(10.0);
const OF_AWK: Goal = Goal::AtMost(1.0 / 100.0);
const OF_GREP: Goal = Goal::AtMost(1.0 / 20.0);
const INDEX_PERCENT: Goal = Goal::AtMost(20.0);
/// Rate of an import over that at which rpsl-rs parses, without names and with them.
const WITHOUT_NAMES: Goal = Goal::AtLeast(0.75);
const WITH_NAMES: Goal = Goal::AtLeast(0.4);

fn main() -> ExitCode {
    figures::run("whois", measure)
}

fn measure(figures: &mut Figures, words: &[OsString]) -> anyhow::Result<()> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("ip2asn").into_os_string());
    let Some(program) = words.first().cloned().or_else(beside).filter(|path| Path::new(path).is_file())
    else {
        figures.skip("ip2asn", "not built (cargo build --no-default-features --features whois)");
        return Ok(());
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
    let index_bytes: u64 =
        fs::read_dir(&data)?.flatten().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
    let share = index_bytes as f64 / DUMP_BYTES as f64;
    figures.group(format!("a dump of {objects} objects"));
    let import = |what, took| Figure::new(what, rate(took), "MB/s").beside("rpsl-rs's parse", rate(parsing));
    figures.add(import("import without names", without_names).goal(WITHOUT_NAMES));
    figures.add(import("import with names", with_names).goal(WITH_NAMES));
    figures.add(Figure::new("index, of the text", share * 100.0, "%").goal(INDEX_PERCENT));

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
    let answer = |what, took| Figure::new(what, took, "ms");
    figures.add(answer("address, with the built-in tables", of_address).goal(QUERY_MILLIS));
    figures.add(answer("AS number", of_system).goal(QUERY_MILLIS));
    figures.add(answer("AS number", of_system).beside("awk", awk).goal(OF_AWK));
    figures.add(answer("AS number", of_system).beside("grep", grep).goal(OF_GREP));
    Ok(())
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

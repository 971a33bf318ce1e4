//! Harness `weblog`: the lines of one address in a log of 500 MB, beside `grep -F` for the same text, in turns, with the log
//! in the kernel's memory:
//!
//!     cargo run --example bench_weblog --features whois
//!
//! The exit code is not 0 where the ratio is below the goal for an address of either family.

#[path = "support/figures.rs"]
mod figures;

use std::{
    fs::File,
    io::{BufWriter, Write},
    net::IpAddr,
    path::Path,
    process::{Command, ExitCode},
    sync::atomic::AtomicBool,
    time::Instant,
};

use anyhow::{Context, ensure};
use connmapperl::lookup::weblog::{End, Progress, search};

use figures::{Figure, Figures, Goal};

/// Our rate over that of grep, which looks for a text anywhere and from the front.
const GOAL: Goal = Goal::AtLeast(0.5);
const LOG_BYTES: u64 = 500_000_000;
/// Of each the fastest turn counts.
const ROUNDS: usize = 9;
/// Lines between two of the address: fewer of them than a search gives, so that it goes to the end.
const LINES_BETWEEN: u64 = 5_000;
const WANTED: [&str; 2] = ["198.51.100.23", "2001:db8:12::5"];

fn main() -> ExitCode {
    figures::run("weblog", |figures, _| measure(figures))
}

fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("access.log");
    let bytes = write_log(&log)?;
    for wanted in WANTED {
        let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            let (seconds, lines) = search_once(&log, wanted.parse()?)?;
            ours = ours.min(seconds);
            let (seconds, grepped) = grep_once(&log, wanted)?;
            theirs = theirs.min(seconds);
            ensure!(lines == grepped, "{wanted}: {lines} lines, and {grepped} by grep");
        }
        let rate = |seconds| bytes as f64 / seconds / 1e6;
        let figure = Figure::new(format!("lines of {wanted}"), rate(ours), "MB/s");
        figures.add(figure.beside("grep -F", rate(theirs)).goal(GOAL));
    }
    Ok(())
}

/// Lines as nginx writes them, three of four from an IPv4 address, many of them alike.
fn write_log(path: &Path) -> anyhow::Result<u64> {
    let mut log = BufWriter::new(File::create(path)?);
    let (mut bytes, mut line) = (0, String::new());
    let mut number = 0_u64;
    while bytes < LOG_BYTES {
        number += 1;
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let address = match number % LINES_BETWEEN {
            0 => WANTED[0].to_owned(),
            1 => WANTED[1].to_owned(),
            other if other % 4 == 0 => {
                format!("2001:db8:{:x}::{:x}", mixed >> 20, (mixed >> 8 & 0xff) + 0x100)
            }
            _ => format!("198.51.{}.{}", mixed >> 8 & 0x3f, (mixed & 0x7f) + 100),
        };
        line.clear();
        line += &format!(
            "{address} - - [01/Jan/2024:{:02}:{:02}:{:02} +0000] \"GET /articles/{mixed}?page={} HTTP/1.1\" 200 {} \
             \"https://example.org/articles/\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"\n",
            number / 3600 % 24,
            number / 60 % 60,
            number % 60,
            mixed % 50,
            mixed % 100_000,
        );
        log.write_all(line.as_bytes())?;
        bytes += line.len() as u64;
    }
    log.flush()?;
    Ok(bytes)
}

/// Seconds and lines.
fn search_once(log: &Path, wanted: IpAddr) -> anyhow::Result<(f64, usize)> {
    let start = Instant::now();
    let found = search(log, wanted, usize::MAX, &AtomicBool::new(false), &Progress::default());
    let seconds = start.elapsed().as_secs_f64();
    ensure!(found.problems.is_empty() && found.end == End::Searched, "not searched to its end: {found:?}");
    Ok((seconds, found.lines.len()))
}

/// In the plain locale, where it is fastest. It prints the lines: into nothing it would stop at the first.
fn grep_once(log: &Path, wanted: &str) -> anyhow::Result<(f64, usize)> {
    let mut grep = Command::new("grep");
    grep.args(["-F", wanted]).arg(log).env("LC_ALL", "C");
    let start = Instant::now();
    let output = grep.output().context("grep cannot be run")?;
    Ok((start.elapsed().as_secs_f64(), output.stdout.split(|byte| *byte == b'\n').count().saturating_sub(1)))
}

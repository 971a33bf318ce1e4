//! Builds the program and runs one of its benchmarks. They stand in `examples/` and run in the profile that
//! `make run` uses; each prints ratios against something that runs beside it.

use std::process::Command;

use anyhow::{Context, bail};
use clap::ValueEnum;

#[derive(clap::Args)]
pub struct Bench {
    /// What to measure
    which: Which,
    /// Passed on; for `geo` the city databases that the tables were made from
    args: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// A look at the sockets, beside ss and lsof
    Collector,
    /// Look-ups of addresses, beside maxminddb
    Geo,
    /// A thousand agents against the listener
    Fleet,
    /// Frames, start, memory and idling of the display
    Display,
}

impl Bench {
    pub fn run(&self) -> anyhow::Result<()> {
        let example = match self.which {
            Which::Collector => "bench_collector",
            Which::Geo => "bench_geo",
            Which::Fleet => "bench_fleet",
            Which::Display => "bench_display",
        };
        // The display's one measures the program that lies beside it.
        cargo(&["build".to_owned()])?;
        let run = ["run", "--example", example, "--"].map(str::to_owned);
        cargo(&[run.as_slice(), &self.args].concat())
    }
}

fn cargo(args: &[String]) -> anyhow::Result<()> {
    let status = Command::new("cargo").args(args).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("cargo {} ended with {status}", args.join(" "));
    }
    Ok(())
}

//! Builds the program and runs one of its benchmarks. They stand in `examples/` and run, but for `fleet`, in the profile
//! that `make run` uses; each prints ratios against something that runs beside it.

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
    /// Memory, CPU and bytes on the wire of the agent, beside ss, a bare dump and JSON
    Agent,
    /// A thousand agents against the listener
    Fleet,
    /// From an agent to the map's entities, with a thousand agents
    FleetMap,
    /// Frames, start, memory and idling of the display
    Display,
    /// The history: writing and replaying, beside bare SQLite
    History,
    /// What a change costs between agent and display, beside JSON
    Wire,
    /// Import of an RPSL dump and look-ups in it, beside rpsl-rs, awk and grep
    Whois,
    /// The Hilbert curve, its picture and its heat, beside the textbook's loop and fast_hilbert
    Hilbert,
    /// Lines of an address in a web server's log, beside grep
    Weblog,
}

impl Bench {
    pub fn run(&self) -> anyhow::Result<()> {
        let example = match self.which {
            Which::Collector => "bench_collector",
            Which::Geo => "bench_geo",
            Which::Agent => {
                // Its program is built for size, and alone.
                run(Command::new("make").arg("agent"))?;
                return cargo(
                    &["run", "--no-default-features", "--example", "bench_agent"].map(str::to_owned),
                );
            }
            Which::Fleet => {
                // What is shipped is measured where that takes no second build of Bevy.
                let run = [
                    "run",
                    "--release",
                    "--no-default-features",
                    "--features",
                    "serve",
                    "--example",
                    "bench_fleet",
                ];
                return cargo(&run.map(str::to_owned));
            }
            Which::FleetMap => "bench_fleet_map",
            Which::History => "bench_history",
            Which::Display => "bench_display",
            Which::Wire => "bench_wire",
            Which::Whois => "bench_whois",
            Which::Hilbert => {
                let run =
                    ["run", "--no-default-features", "--features", "history", "--example", "bench_hilbert"];
                return cargo(&run.map(str::to_owned));
            }
            Which::Weblog => "bench_weblog",
        };
        // The display's one measures the program that lies beside it.
        cargo(&["build".to_owned()])?;
        let run = ["run", "--example", example, "--"].map(str::to_owned);
        cargo(&[run.as_slice(), &self.args].concat())
    }
}

pub fn cargo(args: &[String]) -> anyhow::Result<()> {
    run(Command::new("cargo").args(args))
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = format!("{command:?}");
    let status = command.status().with_context(|| format!("cannot run {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

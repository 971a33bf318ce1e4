//! Builds the program and runs its benchmarks. They stand in `examples/` and run, but for `fleet`, in the profile that
//! `make run` uses; each starts what it is measured beside, prints figures, and leaves them as JSON too.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;

#[derive(clap::Args)]
pub struct Bench {
    /// What to measure, or `all` of it; without it what there is is listed
    #[arg(value_parser = which_from_text)]
    which: Option<Which>,
    /// Where the figures go, in place of NAME.json in the folder `bench` below cargo's
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Passed on: to `geo` the city databases that the tables were made from, to `wall` `--secs N`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

#[derive(Clone, Copy)]
enum Which {
    All,
    One(Harness),
}

fn which_from_text(text: &str) -> Result<Which, String> {
    match text {
        "all" => Ok(Which::All),
        name => Harness::from_str(name, false).map(Which::One).map_err(|_| "no such harness".to_owned()),
    }
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Harness {
    /// `enum` and `churn`
    Collector,
    /// A look at the sockets, beside ss, lsof, a bare netlink dump and /proc/net
    Enum,
    /// Short connections seen, beside a dump each 100 ms and each second
    Churn,
    /// Look-ups of addresses, beside maxminddb
    Geo,
    /// `foot`; CPU and bytes on the wire of the agent, beside a bare netlink dump and JSON
    Agent,
    /// The agent's file, memory and start, beside ss and /bin/true
    Foot,
    /// A thousand agents against the listener, beside TLS alone
    #[value(alias = "ingest")]
    Fleet,
    /// From an agent to the map's entities, with a thousand agents
    FleetMap,
    /// The history: writing and replaying, beside bare SQLite
    #[value(alias = "hist")]
    History,
    /// Frames, start, memory and idling of the display, beside frames with nothing on them
    #[value(alias = "frame")]
    Display,
    /// Frames, start and pictures of full maps on this machine's graphics card, without a display server
    Gpu,
    /// The program on a screen for a minute each in front of 10, 200 and 1,000 connections, beside connmap
    Wall,
    /// What a change costs between agent and display, beside JSON
    Wire,
    /// Import of an RPSL dump and look-ups in it, beside rpsl-rs, awk and grep
    Whois,
    /// The Hilbert curve, its picture and its heat, beside the textbook's loop and fast_hilbert
    Hilbert,
    /// Lines of an address in a web server's log, beside grep
    Weblog,
}

/// How a harness is built, and run.
struct Recipe {
    example: &'static str,
    /// Of cargo.
    options: &'static [&'static str],
    /// Part of the example that it is.
    part: Option<&'static str>,
}

const WHOIS: &[&str] = &["--no-default-features", "--features", "whois"];

const fn recipe(example: &'static str) -> Recipe {
    Recipe { example, options: &[], part: None }
}

impl Harness {
    fn recipe(self) -> Recipe {
        let small = &["--no-default-features"];
        match self {
            Self::Collector => recipe("bench_collector"),
            Self::Enum => Recipe { part: Some("enum"), ..recipe("bench_collector") },
            Self::Churn => Recipe { part: Some("churn"), ..recipe("bench_collector") },
            Self::Geo => recipe("bench_geo"),
            Self::Agent => Recipe { options: small, ..recipe("bench_agent") },
            Self::Foot => Recipe { options: small, part: Some("foot"), ..recipe("bench_agent") },
            // What is shipped is measured where that takes no second build of Bevy.
            Self::Fleet => Recipe {
                options: &["--release", "--no-default-features", "--features", "serve"],
                ..recipe("bench_fleet")
            },
            Self::FleetMap => recipe("bench_fleet_map"),
            Self::History => recipe("bench_history"),
            Self::Display => recipe("bench_display"),
            Self::Gpu => Recipe { part: Some("gpu"), ..recipe("bench_display") },
            Self::Wall => Recipe { part: Some("wall"), ..recipe("bench_display") },
            Self::Wire => recipe("bench_wire"),
            // Its program is shipped without the display, and starts in half the time.
            Self::Whois => Recipe { options: WHOIS, ..recipe("bench_whois") },
            Self::Hilbert => Recipe {
                options: &["--no-default-features", "--features", "history"],
                ..recipe("bench_hilbert")
            },
            Self::Weblog => recipe("bench_weblog"),
        }
    }

    /// Those that another one runs as its part are not run again.
    fn is_of_all(self) -> bool {
        !matches!(self, Self::Enum | Self::Churn | Self::Foot)
    }

    fn run(self, json: Option<&PathBuf>, args: &[String]) -> anyhow::Result<()> {
        match self {
            // Its program is built for size, and alone.
            Self::Agent | Self::Foot => run(Command::new("make").arg("agent"))?,
            // They measure the programs that lie beside them.
            Self::Display | Self::Gpu | Self::Wall => run(Command::new("cargo").arg("build"))?,
            Self::Whois => run(Command::new("cargo").arg("build").args(WHOIS).args(["--bin", "ip2asn"]))?,
            _ => {}
        }
        let Recipe { example, options, part } = self.recipe();
        let mut command = Command::new("cargo");
        command.arg("run").args(options).args(["--example", example, "--"]).args(part).args(args);
        if let Some(json) = json {
            command.arg("--json").arg(json);
        }
        run(&mut command)
    }
}

impl Bench {
    pub fn run(&self) -> anyhow::Result<()> {
        match self.which {
            None => list(),
            Some(Which::One(harness)) => harness.run(self.json.as_ref(), &self.args)?,
            Some(Which::All) => {
                ensure!(self.json.is_none() && self.args.is_empty(), "all takes no further arguments");
                all()?;
            }
        }
        Ok(())
    }
}

/// Names, with the other ones that they have, and what each measures.
fn list() {
    for harness in Harness::value_variants() {
        let Some(value) = harness.to_possible_value() else { continue };
        let names: Vec<&str> = value.get_name_and_aliases().collect();
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        println!("{:<18} {help}", names.join(", "));
    }
    println!("{:<18} All of them, one after another", "all");
}

/// Goes on after one that failed, which may be a goal that was missed.
fn all() -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for harness in Harness::value_variants().iter().filter(|harness| harness.is_of_all()) {
        let name = harness.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        println!("\n== {name}");
        if let Err(error) = harness.run(None, &[]) {
            eprintln!("{name}: {error:#}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("failed, or missed a goal: {}", failed.join(", "));
    }
    Ok(())
}

/// With xtask's own target folder, where the harnesses look for what is built beside them: make has another one.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = format!("{command:?}");
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).context("no target folder")?;
    let status =
        command.env("CARGO_TARGET_DIR", target).status().with_context(|| format!("cannot run {name}"))?;
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_name_of_the_list_is_one_that_runs() {
        for (text, harness) in [
            ("enum", Harness::Enum),
            ("churn", Harness::Churn),
            ("geo", Harness::Geo),
            ("ingest", Harness::Fleet),
            ("hist", Harness::History),
            ("frame", Harness::Display),
            ("gpu", Harness::Gpu),
            ("wall", Harness::Wall),
            ("hilbert", Harness::Hilbert),
            ("whois", Harness::Whois),
            ("foot", Harness::Foot),
        ] {
            assert!(matches!(which_from_text(text), Ok(Which::One(it)) if it == harness), "{text}");
        }
        assert!(matches!(which_from_text("all"), Ok(Which::All)));
        assert!(which_from_text("nothing").is_err());
    }

    #[test]
    fn every_harness_has_its_example() {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        for harness in Harness::value_variants() {
            let name = harness.recipe().example;
            let is_there = examples.join(format!("{name}.rs")).is_file()
                || examples.join(name).join("main.rs").is_file();
            assert!(is_there, "{name}");
        }
    }
}

//! What a harness found. Each figure is printed and kept by the same call; at the end all of them lie in a file of JSON,
//! with the machine and with what could not run beside them, so that the figures of two machines or two days can be compared
//! by a program. What is measured, and how, is each harness's own.

#![allow(dead_code, reason = "each harness uses a part of it")]

use std::{ffi::OsString, fmt, fs, path::PathBuf, process::Command, process::ExitCode, thread};

use anyhow::Context;
use serde::Serialize;

/// What a figure has to be, included. It holds for the ratio where something ran beside it, else for the value.
#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

#[derive(Serialize)]
struct Beside {
    name: String,
    /// In the unit of the figure beside it.
    value: f64,
}

/// Its `Display` is the line that is printed.
#[derive(Serialize)]
pub struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    beside: Option<Beside>,
    /// Value over that of `beside`.
    ratio: Option<f64>,
    goal: Option<Goal>,
    met: Option<bool>,
}

impl Figure {
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, beside: None, ratio: None, goal: None, met: None }
    }

    /// What something else gave in the same run, in the same unit.
    pub fn beside(mut self, name: impl Into<String>, value: f64) -> Self {
        self.ratio = Some(self.value / value);
        self.beside = Some(Beside { name: name.into(), value });
        self
    }

    /// To be called after `beside`: see [`Goal`].
    pub fn goal(mut self, goal: Goal) -> Self {
        let found = self.ratio.unwrap_or(self.value);
        // What is not a number meets nothing.
        self.met = Some(match goal {
            Goal::AtMost(most) => found <= most,
            Goal::AtLeast(least) => found >= least,
        });
        self.goal = Some(goal);
        self
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "  {:<56} {:>9}", self.name, shown(self.value))?;
        if !self.unit.is_empty() {
            write!(out, " {}", self.unit)?;
        }
        if let (Some(beside), Some(ratio)) = (&self.beside, self.ratio) {
            let times = if ratio > 1.0 { "times" } else { "of" };
            write!(out, ", {} {times} {} ({})", part(ratio), beside.name, shown(beside.value))?;
        }
        let shown = |bound| if self.ratio.is_some() { part(bound) } else { shown(bound) };
        match self.goal {
            Some(Goal::AtMost(most)) => write!(out, "; goal at most {}", shown(most))?,
            Some(Goal::AtLeast(least)) => write!(out, "; goal at least {}", shown(least))?,
            None => {}
        }
        match self.met {
            Some(true) => write!(out, ": met"),
            Some(false) => write!(out, ": MISSED"),
            None => Ok(()),
        }
    }
}

/// Three digits or so, and those of whole numbers.
fn shown(value: f64) -> String {
    let digits = match value.abs() {
        whole if whole.fract() == 0.0 => 0,
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        small if small >= 1.0 => 2,
        _ => return format!("{value:.4}").trim_end_matches('0').to_owned(),
    };
    format!("{value:.digits$}")
}

/// A ratio; as 1/12 where it is small.
fn part(ratio: f64) -> String {
    if ratio > 0.0 && ratio < 0.4 { format!("1/{}", shown(1.0 / ratio)) } else { shown(ratio) }
}

#[derive(Serialize)]
struct Skipped {
    contestant: String,
    why: String,
}

/// Figures of one kind, under the line that was printed above them.
#[derive(Serialize)]
struct Group {
    title: String,
    figures: Vec<Figure>,
}

#[derive(Serialize)]
pub struct Figures {
    /// Also that of the file.
    pub harness: String,
    version: &'static str,
    /// UTC.
    date: Option<String>,
    machine: Machine,
    groups: Vec<Group>,
    skipped: Vec<Skipped>,
    pictures: Vec<PathBuf>,
    /// Why the harness did not come to its end.
    error: Option<String>,
}

impl Figures {
    pub fn new(harness: &str) -> Self {
        Self {
            harness: harness.to_owned(),
            version: connmapperl::version::VERSION,
            date: said(Command::new("date").args(["-u", "+%FT%TZ"])),
            machine: Machine::this(),
            groups: Vec::new(),
            skipped: Vec::new(),
            pictures: Vec::new(),
            error: None,
        }
    }

    /// What the figures that follow have in common.
    pub fn group(&mut self, title: impl Into<String>) {
        let title = title.into();
        println!("\n{title}");
        self.groups.push(Group { title, figures: Vec::new() });
    }

    pub fn add(&mut self, figure: Figure) {
        println!("{figure}");
        if self.groups.is_empty() {
            self.groups.push(Group { title: String::new(), figures: Vec::new() });
        }
        if let Some(group) = self.groups.last_mut() {
            group.figures.push(figure);
        }
    }

    /// Says why something did not run, once.
    pub fn skip(&mut self, contestant: impl Into<String>, why: impl Into<String>) {
        let (contestant, why) = (contestant.into(), why.into());
        if self.skipped.iter().any(|it| it.contestant == contestant && it.why == why) {
            return;
        }
        println!("  {contestant}: skipped: {why}");
        self.skipped.push(Skipped { contestant, why });
    }

    pub fn picture(&mut self, file: PathBuf) {
        println!("  picture in {}", file.display());
        self.pictures.push(file);
    }

    pub fn graphics(&mut self, adapter: String) {
        println!("  drawn by {adapter}");
        self.machine.graphics = Some(adapter);
    }

    fn missed(&self) -> impl Iterator<Item = (&Group, &Figure)> {
        let all =
            self.groups.iter().flat_map(|group| group.figures.iter().map(move |figure| (group, figure)));
        all.filter(|(_, figure)| figure.met == Some(false))
    }

    pub fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    fn write(&self, file: Option<PathBuf>) -> anyhow::Result<()> {
        let file = match file {
            Some(file) => file,
            None => folder()?.join(format!("{}.json", self.harness)),
        };
        fs::write(&file, self.to_json()?).with_context(|| format!("cannot write {}", file.display()))?;
        println!("\nfigures in {}", file.display());
        Ok(())
    }
}

/// Where figures and pictures go: `bench`, beside the folder of the profile in which this example was built.
pub fn folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().nth(3).context("no target folder")?.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// A contestant, where it is installed.
pub fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The `main` of a harness, which is given what stands on the command line beside `--json FILE`. Success is to have come to
/// the end without a goal missed.
pub fn run(harness: &str, measure: impl FnOnce(&mut Figures, &[OsString]) -> anyhow::Result<()>) -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut file = None;
    if let Some(at) = words.iter().position(|word| word == "--json") {
        file = words.drain(at..words.len().min(at + 2)).nth(1).map(PathBuf::from);
        if file.is_none() {
            eprintln!("{harness}: --json needs a file");
            return ExitCode::FAILURE;
        }
    }
    let mut figures = Figures::new(harness);
    let measured = measure(&mut figures, &words);
    figures.error = measured.as_ref().err().map(|error| format!("{error:#}"));
    let written = figures.write(file);
    for (group, figure) in figures.missed() {
        let above = if group.title.is_empty() { harness } else { &group.title };
        println!("MISSED: {above}\n{figure}");
    }
    let errors = [measured.err(), written.err()];
    errors.iter().flatten().for_each(|error| eprintln!("{harness}: {error:#}"));
    let is_good = errors.iter().all(Option::is_none) && figures.missed().next().is_none();
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the figures were had on. `None` is what the system does not say.
#[derive(Serialize)]
struct Machine {
    processor: Option<String>,
    cores: Option<usize>,
    memory_bytes: Option<u64>,
    kernel: Option<String>,
    /// The adapter that drew.
    graphics: Option<String>,
    /// Programs that ran or wanted to before the harness began, over the last minute: figures of a busy machine say little.
    load_before: Option<f64>,
}

impl Machine {
    fn this() -> Self {
        let after = |file: &str, field: &str| {
            let text = fs::read_to_string(file).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix(field))?;
            Some(line.trim_start_matches([' ', '\t', ':']).trim().to_owned())
        };
        let memory = after("/proc/meminfo", "MemTotal");
        let load = fs::read_to_string("/proc/loadavg").ok();
        Self {
            processor: after("/proc/cpuinfo", "model name").or_else(|| after("/proc/cpuinfo", "Model")),
            cores: thread::available_parallelism().ok().map(Into::into),
            memory_bytes: memory
                .and_then(|kib| Some(kib.strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|it| it.trim().to_owned()),
            graphics: None,
            load_before: load.and_then(|load| load.split(' ').next()?.parse().ok()),
        }
    }
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

//! What the agent takes of a machine while it does nothing but be there: its file, its memory with none, with a thousand and
//! with five thousand sockets, and how soon after its start a connection is told; beside `ss`, and where that means
//! something beside `/bin/true`, which is what no program can do without.

use std::{
    fs,
    io::{PipeReader, Read, Write, pipe},
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use crate::{
    Pairs,
    agent::{Agent, status_kib},
    display::Display,
    figures::{self, Figure, Figures, Goal},
    millis,
};

const STARTS: usize = 15;
/// Both ends of a connection are sockets of this machine.
const SOCKETS: [usize; 3] = [0, SOCKETS_OF_GOALS, 5_000];
const SOCKETS_OF_GOALS: usize = 1_000;
/// What a pipe holds unless it is told otherwise (pipe(7)).
const PIPE_BYTES: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

const FILE_MEGABYTES: Goal = Goal::AtMost(3.0);
const OF_SS: Goal = Goal::AtMost(1.3);
const START_MILLIS: Goal = Goal::AtMost(20.0);

/// Leaves as many sockets as the goals are for.
pub async fn measure(
    program: &Path,
    display: &Display,
    folder: &Path,
    pairs: &mut Pairs,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let ss = figures::in_path("ss");
    if ss.is_none() {
        figures.skip("ss", "not installed");
    }
    files(program, ss.as_deref(), figures)?;
    for sockets in SOCKETS {
        pairs.grow(sockets / 2)?;
        let agent = Agent::start(program, display, folder)?;
        let mut peer = display.welcome(0, true).await;
        let seen = peer.next_snapshot().await.connections.len();
        ensure!(seen >= sockets, "the agent sees {seen} sockets of {sockets}");
        figures.group(format!("memory, {sockets} sockets"));
        figures.add(Figure::new("now", agent.memory_kib("VmRSS:")?, "KiB"));
        let most = Figure::new("at most", agent.memory_kib("VmHWM:")?, "KiB");
        let Some(ss) = &ss else {
            figures.add(most);
            continue;
        };
        let most = most.beside("ss", peak_of_ss(ss)?);
        figures.add(if sockets == SOCKETS_OF_GOALS { most.goal(OF_SS) } else { most });
    }
    pairs.shrink(SOCKETS_OF_GOALS / 2);
    start(program, display, folder, ss.as_deref(), figures).await
}

fn files(program: &Path, ss: Option<&Path>, figures: &mut Figures) -> anyhow::Result<()> {
    let megabytes = |path: &Path| anyhow::Ok(fs::metadata(path)?.len() as f64 / 1e6);
    figures.group("size of the program's file");
    let size = megabytes(program)?;
    let figure = || Figure::new("connmapperl-client", size, "MB");
    figures.add(figure().goal(FILE_MEGABYTES));
    for other in ss.into_iter().chain([Path::new("/bin/true")]) {
        figures.add(figure().beside(other.display().to_string(), megabytes(other)?));
    }
    // As `make dist` builds them, where that was done.
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(3).context("no target folder")?;
    for name in ["connmapperl", "ip2asn"] {
        match megabytes(&target.join("dist").join(name)) {
            Ok(size) => figures.add(Figure::new(name, size, "MB")),
            Err(_) => figures.skip(name, "not built as it is shipped (cargo build --profile dist)"),
        }
    }
    Ok(())
}

/// `ss -tn` that cannot end, because there is no room for what it prints.
struct Stuck {
    ss: Child,
    output: PipeReader,
}

impl Stuck {
    fn start(ss: &Path) -> anyhow::Result<Self> {
        let (output, mut input) = pipe()?;
        input.write_all(&[0; PIPE_BYTES])?;
        let ss = Command::new(ss).arg("-tn").stdin(Stdio::null()).stdout(input).spawn()?;
        Ok(Self { ss, output })
    }

    fn is_asleep(&self) -> anyhow::Result<bool> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.ss.id()))?;
        let after_name = stat.rsplit_once(')').context("a process without a name")?.1;
        Ok(after_name.trim_start().starts_with('S'))
    }
}

/// Most memory that `ss` had while it listed the sockets, in KiB: it prints as it reads, and what it prints last is little.
fn peak_of_ss(ss: &Path) -> anyhow::Result<f64> {
    let mut stuck = Stuck::start(ss)?;
    let began = Instant::now();
    // Twice, because it sleeps for a moment whenever it waits for something else.
    while !(stuck.is_asleep()? && {
        sleep(Duration::from_millis(20));
        stuck.is_asleep()?
    }) {
        ensure!(began.elapsed() < PATIENCE, "ss does not come to print");
        sleep(Duration::from_millis(1));
    }
    let mut peak = 0.0_f64;
    loop {
        // Once it has ended there is nothing to read any more.
        peak = peak.max(status_kib(stuck.ss.id(), "VmHWM:").unwrap_or(0.0));
        if stuck.output.read(&mut [0; 1_024])? == 0 {
            break;
        }
    }
    stuck.ss.wait()?;
    Ok(peak)
}

/// Medians.
async fn start(
    program: &Path,
    display: &Display,
    folder: &Path,
    ss: Option<&Path>,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let (mut ours, mut of_ss, mut of_true) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let began = Instant::now();
        let _agent = Agent::start(program, display, folder)?;
        let mut peer = display.welcome(0, true).await;
        if peer.next_snapshot().await.connections.is_empty() {
            bail!("the agent sees no connections");
        }
        ours.push(began.elapsed());
        if let Some(ss) = ss {
            let began = Instant::now();
            let mut child = Command::new(ss).arg("-tnH").stdout(Stdio::piped()).spawn()?;
            let mut output = child.stdout.take().context("no pipe")?;
            output.read_exact(&mut [0])?;
            of_ss.push(began.elapsed());
            output.read_to_end(&mut Vec::new())?;
            child.wait()?;
        }
        let began = Instant::now();
        Command::new("/bin/true").status()?;
        of_true.push(began.elapsed());
    }
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times.get(times.len() / 2).copied().map(millis)
    };
    let ours = median(ours).context("no start")?;
    figures.group(format!("from its start, {SOCKETS_OF_GOALS} sockets, medians of {STARTS}"));
    let figure = || Figure::new("to the first connection at a display, over TLS", ours, "ms");
    figures.add(figure().goal(START_MILLIS));
    for (name, other) in [("ss to its first line", median(of_ss)), ("/bin/true to its end", median(of_true))]
    {
        if let Some(other) = other {
            figures.add(figure().beside(name, other));
        }
    }
    Ok(())
}

//! The program as it hangs on a wall: in a virtual display, in front of real connections that stand still for a while and
//! then come and go; beside connmap in front of the same ones. The connections are this machine's with itself: as root in
//! a network of the benchmark's own, to addresses all over the world, else over loopback, where they have no place.

use std::{
    collections::VecDeque,
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use rustix::{
    process::{Resource, getrlimit, setrlimit},
    thread::{UnshareFlags, unshare_unsafe},
};

use super::{
    figures::{self, Figure, Figures, Goal},
    home::{Home, program},
    program::{PATIENCE, SETTLED, cpu_secs, memory_mb, screen},
    screen::Screen,
};

pub const WATCHED: Duration = Duration::from_secs(60);
/// Both ends of each are sockets that are seen.
const CONNECTIONS: [usize; 3] = [10, 200, 1_000];
/// While they come and go, the oldest makes room for a new one this often.
const BETWEEN_NEW: Duration = Duration::from_millis(100);
const OWN: &str = "192.168.1.20";
/// Frames while nothing opens and nothing closes. The turn of a minute draws one and sets a new alarm, which draws another;
/// a collector on a busy machine may change its pace, which is shown.
const STILL_FRAMES: Goal = Goal::AtMost(5.0);
const OF_CONNMAP: Goal = Goal::AtMost(1.0);

pub fn bench(figures: &mut Figures, watched: Duration) -> anyhow::Result<()> {
    let program = program()?;
    let mut pairs = Pairs::open(figures)?;
    let Some(screen) = screen(figures)? else { return Ok(()) };
    let connmap = figures::in_path("connmap");
    if connmap.is_none() {
        figures.skip("connmap", "connmap is not installed");
    }
    let home = Home::new()?;
    for connections in CONNECTIONS {
        pairs.grow(connections)?;
        let ours = watch("connmapperl", &program, &home, &screen, &mut pairs, watched)?;
        let theirs = match &connmap {
            Some(connmap) => Some(watch("connmap", connmap, &home, &screen, &mut pairs, watched)?),
            None => None,
        };
        for (at, state) in ["which stand still", "which come and go"].into_iter().enumerate() {
            let (ours, theirs) = (&ours[at], theirs.as_ref().map(|theirs| &theirs[at]));
            figures.group(format!("{connections} connections {state}, {} s", watched.as_secs()));
            let beside = |figure: Figure, value: fn(&Seen) -> f64| match theirs {
                Some(theirs) => figure.beside("connmap", value(theirs)),
                None => figure,
            };
            let cpu = beside(Figure::new("processor time", ours.cpu_secs, "s"), |seen| seen.cpu_secs);
            figures.add(if theirs.is_some() && at == 0 { cpu.goal(OF_CONNMAP) } else { cpu });
            let frames = Figure::new("frames", ours.frames as f64, "");
            figures.add(if at == 0 { frames.goal(STILL_FRAMES) } else { frames });
            figures.add(beside(Figure::new("memory", ours.memory_mb, "MB"), |seen| seen.memory_mb));
            let server = Figure::new("processor time of the X server", ours.server_cpu_secs, "s");
            figures.add(beside(server, |seen| seen.server_cpu_secs));
        }
        for seen in ours.iter().chain(theirs.iter().flatten()) {
            figures.picture(seen.picture.clone());
        }
    }
    Ok(())
}

struct Seen {
    cpu_secs: f64,
    server_cpu_secs: f64,
    /// Of connmapperl; others do not tell.
    frames: usize,
    memory_mb: f64,
    picture: PathBuf,
}

/// A program on the screen, until dropped.
struct Shown {
    child: Child,
    log: PathBuf,
}

impl Drop for Shown {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shown {
    fn start(program: &Path, home: &Home, screen: &Screen) -> anyhow::Result<Self> {
        let log = home.path().join("log");
        let mut command = home.command(program);
        command.env("DISPLAY", &screen.display);
        // The map's pass leaves a line for each frame.
        command.env("RUST_LOG", "warn,connmapperl::systems::render=trace");
        let child = command.stdin(Stdio::null()).stderr(File::create(&log)?).spawn();
        Ok(Self { child: child.with_context(|| format!("cannot run {}", program.display()))?, log })
    }

    fn frames(&self) -> anyhow::Result<usize> {
        Ok(fs::read_to_string(&self.log)?.lines().filter(|line| line.contains("frame drawn")).count())
    }

    fn check(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            let log = fs::read_to_string(&self.log)?;
            bail!("it ended with {status}: {}", log.lines().last().unwrap_or_default());
        }
        Ok(())
    }
}

/// While nothing changes, and while connections come and go.
fn watch(
    name: &str,
    program: &Path,
    home: &Home,
    screen: &Screen,
    pairs: &mut Pairs,
    watched: Duration,
) -> anyhow::Result<[Seen; 2]> {
    let mut shown = Shown::start(program, home, screen)?;
    let began = Instant::now();
    while name == "connmapperl" && shown.frames()? == 0 {
        shown.check()?;
        ensure!(began.elapsed() < PATIENCE, "{name} draws nothing");
        sleep(Duration::from_millis(100));
    }
    sleep(SETTLED);
    let mut over = |churns: bool| {
        let pid = shown.child.id();
        let (cpu, server, frames) = (cpu_secs(pid)?, cpu_secs(screen.server_pid())?, shown.frames()?);
        match churns {
            true => pairs.churn(watched)?,
            false => sleep(watched),
        }
        shown.check()?;
        let state = if churns { "moving" } else { "still" };
        let picture = figures::folder()?.join(format!("wall-{}-{state}-{name}.png", pairs.streams.len()));
        screen.save(&picture)?;
        anyhow::Ok(Seen {
            cpu_secs: cpu_secs(pid)? - cpu,
            server_cpu_secs: cpu_secs(screen.server_pid())? - server,
            frames: shown.frames()? - frames,
            memory_mb: memory_mb(pid, "VmRSS:")?,
            picture,
        })
    };
    Ok([over(false)?, over(true)?])
}

/// Connections with both their ends.
struct Pairs {
    listener: TcpListener,
    streams: VecDeque<(TcpStream, TcpStream)>,
    is_abroad: bool,
    made: u64,
}

impl Pairs {
    fn open(figures: &mut Figures) -> anyhow::Result<Self> {
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).context("cannot raise the limit of open files")?;
        let own_network = network_of_its_own();
        if let Err(error) = &own_network {
            let why =
                format!("other programs' connections are shown too, and ours without places: {error:#}");
            figures.skip("a network of its own", why);
        }
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        Ok(Self { listener, streams: VecDeque::new(), is_abroad: own_network.is_ok(), made: 0 })
    }

    fn grow(&mut self, connections: usize) -> anyhow::Result<()> {
        while self.streams.len() < connections {
            self.add()?;
        }
        Ok(())
    }

    fn add(&mut self) -> anyhow::Result<()> {
        self.made += 1;
        let mixed = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        // Of 11.0.0.0 to 99.255.255.255 nearly all is in use.
        let address = match self.is_abroad {
            true => Ipv4Addr::new(11 + mixed[0] % 89, mixed[1], mixed[2], mixed[3]),
            false => Ipv4Addr::LOCALHOST,
        };
        let ours = TcpStream::connect(SocketAddr::from((address, self.listener.local_addr()?.port())))?;
        self.streams.push_back((ours, self.listener.accept()?.0));
        Ok(())
    }

    /// As many as before at the end.
    fn churn(&mut self, length: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut due = BETWEEN_NEW;
        while due < length {
            sleep(due.saturating_sub(began.elapsed()));
            self.streams.pop_front();
            self.add()?;
            due += BETWEEN_NEW;
        }
        sleep(length.saturating_sub(began.elapsed()));
        Ok(())
    }
}

/// Into a network where every address is this machine's. Needs root and `ip`.
fn network_of_its_own() -> anyhow::Result<()> {
    // SAFETY: no other thread is there yet, and the files that are open stay what they are.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET)? };
    for arguments in [
        "link set lo up".to_owned(),
        format!("addr add {OWN}/32 dev lo"),
        format!("route add local 0.0.0.0/1 dev lo src {OWN}"),
    ] {
        let status = Command::new("ip").args(arguments.split(' ')).status().context("ip cannot be run")?;
        ensure!(status.success(), "ip {arguments} ended with {status}");
    }
    Ok(())
}

//! The program as a user starts it, with folders of its own: how soon it answers, and what it costs while it stands.

use std::{
    fs,
    path::Path,
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use connmapperl::{
    cli::{Common, Look},
    components::{map_view::MapView, theme::px_per_point},
    demo::{Scene, SeededScene},
};

use super::{
    figures::{Figure, Figures, Goal, in_path},
    home::{Home, program},
    median, millis,
    screen::Screen,
};

const SIZE_PX: [u32; 2] = [1280, 720];
const STARTS: usize = 5;
const LISTS: usize = 9;
/// The ground of the dark map is darker than this, and a dot's core brighter.
const DOT_BRIGHTNESS: u8 = 150;
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Rings have faded and files are written.
pub const SETTLED: Duration = Duration::from_secs(5);
const WATCHED: Duration = Duration::from_secs(10);
const CLOCK_TICKS_PER_SEC: f64 = 100.0;

const FIRST_DOTS_MILLIS: Goal = Goal::AtMost(1_000.0);
const LIST_MILLIS: Goal = Goal::AtMost(150.0);
const FIRST_LIST_MILLIS: Goal = Goal::AtMost(500.0);
const MEMORY_MB: Goal = Goal::AtMost(250.0);
/// Of one core, with nothing to draw: what the look at the sockets may cost.
const IDLE_PERCENT: Goal = Goal::AtMost(2.0);

pub fn bench(figures: &mut Figures) -> anyhow::Result<()> {
    let program = program()?;
    figures.group("the program as it was built last");
    bench_list(&program, figures)?;
    let Some(screen) = screen(figures)? else { return Ok(()) };
    bench_start(&program, &screen, figures)?;
    bench_standing(&program, &screen, figures)
}

/// `None`, which the figures tell, where there is nothing to open one with.
pub fn screen(figures: &mut Figures) -> anyhow::Result<Option<Screen>> {
    if in_path("Xvfb").is_none() {
        figures.skip("the program in a window", "Xvfb is not installed");
        return Ok(None);
    }
    Screen::open(SIZE_PX).map(Some)
}

fn wall_of(command: &mut Command) -> anyhow::Result<f64> {
    let began = Instant::now();
    let status = command.status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(millis(began.elapsed()))
}

fn bench_list(program: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    let mut first = Vec::new();
    for _ in 0..STARTS {
        first.push(wall_of(Home::new()?.command(program).arg("list"))?);
    }
    let home = Home::new()?;
    wall_of(home.command(program).arg("list"))?;
    let (mut warm, mut others) = (Vec::new(), Vec::new());
    for _ in 0..LISTS {
        warm.push(wall_of(home.command(program).arg("list"))?);
        others.push(wall_of(home.command(Path::new("sh")).args(["-c", "ss -atunp | wc -l"]))?);
    }
    let (first, warm, others) = (median(first), median(warm), median(others));
    for (name, cost, goal) in
        [("list, very first start", first, FIRST_LIST_MILLIS), ("list", warm, LIST_MILLIS)]
    {
        figures.add(Figure::new(name, cost, "ms").goal(goal));
        figures.add(Figure::new(name, cost, "ms").beside("ss -atunp | wc -l", others));
    }
    Ok(())
}

/// The program in a window, until dropped.
struct Shown(Child);

impl Shown {
    fn start(program: &Path, screen: &Screen, home: &Home, scene: &str) -> anyhow::Result<Self> {
        let mut command = home.command(program);
        command.env("DISPLAY", &screen.display).args(["--demo", scene]);
        Ok(Self(command.spawn()?))
    }

    /// Processor time so far.
    fn cpu_secs(&self) -> anyhow::Result<f64> {
        cpu_secs(self.0.id())
    }

    fn memory_mb(&self, field: &str) -> anyhow::Result<f64> {
        memory_mb(self.0.id(), field)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A field of `/proc/PID/status`.
pub fn memory_mb(pid: u32, field: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with(field)).context("no memory told")?;
    let kib: f64 = line.split_whitespace().nth(1).context("no memory told")?.parse()?;
    Ok(kib * 1024.0 / 1e6)
}

/// Processor time so far, with that of its children that have ended.
pub fn cpu_secs(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold anything; `utime`, `stime`, `cutime` and `cstime` are from the 12th column after it.
    let columns = stat.rsplit_once(')').map_or("", |(_, columns)| columns).split_whitespace();
    let ticks: u64 = columns.skip(11).take(4).filter_map(|column| column.parse::<u64>().ok()).sum();
    Ok(ticks as f64 / CLOCK_TICKS_PER_SEC)
}

/// Where the scene's first dots lie on screen, each once.
fn dots_px(scene: Scene) -> anyhow::Result<Vec<[u64; 2]>> {
    let common = Common { demo: Some(SeededScene { scene, seed: 1 }), ..Common::default() };
    let mut look = Look::new(&common, false)?;
    look.again()?;
    let size = SIZE_PX.map(|px| px as f32);
    let view = MapView::home(size, px_per_point(size[1], 1.0));
    let mut pixels: Vec<_> = look
        .connections()
        .iter()
        .filter_map(|connection| connection.place.as_ref().ok())
        .map(|place| view.px_from_lon_lat(place.lon, place.lat))
        .filter(|at| !at.beyond_edge)
        .map(|at| at.px.map(|px| px as u64))
        .collect();
    pixels.sort_unstable();
    pixels.dedup();
    Ok(pixels)
}

/// Waits until most dots are on screen, or until none is.
fn wait_for_dots(screen: &Screen, dots: &[[u64; 2]], there: bool) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let bright = dots.iter().filter(|px| screen.brightness(**px) > DOT_BRIGHTNESS).count();
        if if there { bright * 3 > dots.len() * 2 } else { bright == 0 } {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{bright} of {} dots are on screen", dots.len());
        sleep(Duration::from_millis(1));
    }
}

fn bench_start(program: &Path, screen: &Screen, figures: &mut Figures) -> anyhow::Result<()> {
    let dots = dots_px(Scene::World)?;
    let (mut first, mut later, mut display, mut adapter) = (vec![], vec![], vec![], vec![]);
    for _ in 0..STARTS {
        let home = Home::new()?;
        for starts in [&mut first, &mut later] {
            wait_for_dots(screen, &dots, false)?;
            let began = Instant::now();
            let _shown = Shown::start(program, screen, &home, "world")?;
            wait_for_dots(screen, &dots, true)?;
            starts.push(millis(began.elapsed()));
        }
        let on_screen = |name: &str| {
            let mut command = home.command(Path::new(name));
            command.env("DISPLAY", &screen.display);
            command
        };
        display.push(wall_of(&mut on_screen("xdpyinfo")).unwrap_or(f64::NAN));
        adapter.push(wall_of(on_screen("vulkaninfo").arg("--summary")).unwrap_or(f64::NAN));
    }
    let (first, later, display, adapter) = (median(first), median(later), median(display), median(adapter));
    let dots = || Figure::new("exec to first dots", later, "ms");
    figures.add(Figure::new("exec to first dots, very first start", first, "ms").goal(FIRST_DOTS_MILLIS));
    figures.add(dots().goal(FIRST_DOTS_MILLIS));
    for (name, other) in [("xdpyinfo, which asks the display", display), ("vulkaninfo --summary", adapter)] {
        match other.is_nan() {
            true => figures.skip(name, "it cannot be run"),
            false => figures.add(dots().beside(name, other)),
        }
    }
    Ok(())
}

fn bench_standing(program: &Path, screen: &Screen, figures: &mut Figures) -> anyhow::Result<()> {
    let home = Home::new()?;
    for (scene, name) in [(Scene::World, "world, moving"), (Scene::Antimeridian, "antimeridian, still")] {
        let dots = dots_px(scene)?;
        let shown = Shown::start(program, screen, &home, scene.name())?;
        wait_for_dots(screen, &dots, true)?;
        sleep(SETTLED);
        let (before, server_before, began) =
            (shown.cpu_secs()?, cpu_secs(screen.server_pid())?, Instant::now());
        sleep(WATCHED);
        let secs = began.elapsed().as_secs_f64();
        let share = (shown.cpu_secs()? - before) / secs * 100.0;
        let server = (cpu_secs(screen.server_pid())? - server_before) / secs * 100.0;
        let (now, peak) = (shown.memory_mb("VmRSS:")?, shown.memory_mb("VmHWM:")?);
        let processor = Figure::new(format!("{name}: processor, of a core"), share, "%");
        figures.add(if scene == Scene::Antimeridian { processor.goal(IDLE_PERCENT) } else { processor });
        figures.add(Figure::new(format!("{name}: the X server's, of a core"), server, "%"));
        figures.add(Figure::new(format!("{name}: memory"), now, "MB").goal(MEMORY_MB));
        figures.add(Figure::new(format!("{name}: memory at most"), peak, "MB"));
    }
    Ok(())
}

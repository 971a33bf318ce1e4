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
    Goals,
    home::{Home, program},
    median, millis,
    screen::Screen,
};

const SIZE_PX: [u32; 2] = [1280, 720];
const STARTS: usize = 5;
const LISTS: usize = 9;
/// The ground of the dark map is darker than this, and a dot's core brighter.
const DOT_BRIGHTNESS: u8 = 150;
const PATIENCE: Duration = Duration::from_secs(20);
/// Rings have faded and files are written.
const SETTLED: Duration = Duration::from_secs(5);
const WATCHED: Duration = Duration::from_secs(10);
const CLOCK_TICKS_PER_SEC: f64 = 100.0;

const FIRST_DOTS_MILLIS: f64 = 1_000.0;
const LIST_MILLIS: f64 = 150.0;
const FIRST_LIST_MILLIS: f64 = 500.0;
const MEMORY_MB: f64 = 250.0;
/// Of one core, with nothing to draw: what the look at the sockets may cost.
const IDLE_PERCENT: f64 = 2.0;

pub fn bench(goals: &mut Goals) -> anyhow::Result<()> {
    let program = program()?;
    println!("\n{}", program.display());
    bench_list(&program, goals)?;
    let screen = Screen::open(SIZE_PX)?;
    bench_start(&program, &screen, goals)?;
    bench_standing(&program, &screen, goals)
}

fn wall_of(command: &mut Command) -> anyhow::Result<f64> {
    let began = Instant::now();
    let status = command.status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(millis(began.elapsed()))
}

fn bench_list(program: &Path, goals: &mut Goals) -> anyhow::Result<()> {
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
    let ratio = |cost: f64| cost / others;
    println!("  {:<46} {first:>8.1} ms   {:.1} times ss", "list, very first start", ratio(first));
    println!("  {:<46} {warm:>8.1} ms   {:.1} times ss", "list", ratio(warm));
    println!("  {:<46} {others:>8.1} ms", "ss -atunp | wc -l");
    goals.at_most("list", warm, LIST_MILLIS, "ms");
    goals.at_most("list, very first start", first, FIRST_LIST_MILLIS, "ms");
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
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find(|line| line.starts_with(field)).context("no memory told")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no memory told")?.parse()?;
        Ok(kib * 1024.0 / 1e6)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn cpu_secs(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in brackets may hold anything; `utime` and `stime` are the 12th and 13th column after it.
    let columns = stat.rsplit_once(')').map_or("", |(_, columns)| columns).split_whitespace();
    let ticks: u64 = columns.skip(11).take(2).filter_map(|column| column.parse::<u64>().ok()).sum();
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

fn bench_start(program: &Path, screen: &Screen, goals: &mut Goals) -> anyhow::Result<()> {
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
    println!("  {:<46} {first:>8.1} ms", "exec to first dots, very first start");
    println!("  {:<46} {later:>8.1} ms   {:.1} times vulkaninfo", "exec to first dots", later / adapter);
    println!("  {:<46} {display:>8.1} ms", "xdpyinfo (talks to the display)");
    println!("  {:<46} {adapter:>8.1} ms", "vulkaninfo --summary (opens the adapter)");
    goals.at_most("exec to first dots", later, FIRST_DOTS_MILLIS, "ms");
    goals.at_most("exec to first dots, very first start", first, FIRST_DOTS_MILLIS, "ms");
    Ok(())
}

fn bench_standing(program: &Path, screen: &Screen, goals: &mut Goals) -> anyhow::Result<()> {
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
        println!(
            "  {:<46} {share:>8.1} % of a core, the X server {server:.1} %",
            format!("{name}: processor")
        );
        println!("  {:<46} {now:>8.1} MB, at most {peak:.1} MB", format!("{name}: memory"));
        goals.at_most(&format!("memory, {name}"), now, MEMORY_MB, "MB");
        if scene == Scene::Antimeridian {
            goals.at_most("processor while still", share, IDLE_PERCENT, "%");
        }
    }
    Ok(())
}

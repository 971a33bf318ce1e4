//! From the start of a process to a picture, with no display server within its reach: this example, which draws by the
//! program's own plugins and says when the first picture is there, and `connmapperl snapshot`, which writes one.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, ensure};
use bevy::render::render_resource::PipelineCache;
use connmapperl::{demo::Scene, systems::render::uploads::Table};

use super::{
    figures::{Figure, Figures},
    home::{Home, program},
    map::{Map, scene},
    median, millis,
};

const STARTS: usize = 3;
/// A picture that has not come by then never will.
const MOST_FRAMES: usize = 100;
/// What the child says.
const DRAWN: &str = "drawn";

/// The child: draws the world scene until all of it is there.
pub fn draw(size_px: [u32; 2]) -> anyhow::Result<()> {
    let (look, open) = scene(Scene::World)?;
    let mut map = Map::new(look, size_px)?;
    map.tell(open)?;
    for _ in 0..MOST_FRAMES {
        map.frame()?;
        let cache = map.render_world().resource::<PipelineCache>();
        let is_ready = cache.pipelines().next().is_some() && cache.waiting_pipelines().next().is_none();
        if is_ready && map.uploads().rows(Table::Dots) > 0 {
            println!("{DRAWN}");
            return Ok(());
        }
    }
    anyhow::bail!("nothing is drawn after {MOST_FRAMES} frames")
}

pub fn bench(figures: &mut Figures, size_px: [u32; 2]) -> anyhow::Result<()> {
    let [width, height] = size_px.map(|px| px.to_string());
    figures.group(format!("start to picture at {width}x{height}, no display server, medians of {STARTS}"));
    let (own, program) = (std::env::current_exe()?, program()?);
    let (mut first, mut later, mut snapshots) = (vec![], vec![], vec![]);
    for _ in 0..STARTS {
        // The driver's cache of shaders is new too.
        let home = Home::new()?;
        for starts in [&mut first, &mut later] {
            starts.push(until_drawn(headless(&home, &own).args(["first-frame", &width, &height]))?);
        }
        let mut snapshot = headless(&home, &program);
        snapshot.args([
            "snapshot",
            "--demo",
            "world",
            "--size",
            &format!("{width}x{height}"),
            "-o",
            "map.png",
        ]);
        let began = Instant::now();
        ensure!(snapshot.status()?.success(), "{snapshot:?} failed");
        snapshots.push(millis(began.elapsed()));
    }
    let (first, later, snapshots) = (median(first), median(later), median(snapshots));
    figures.add(Figure::new("exec to first picture drawn, very first start", first, "ms"));
    figures.add(Figure::new("exec to first picture drawn", later, "ms"));
    figures.add(Figure::new("connmapperl snapshot, the file written", snapshots, "ms"));
    Ok(())
}

fn headless(home: &Home, program: &Path) -> Command {
    let mut command = home.command(program);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    command
}

fn until_drawn(command: &mut Command) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn()?;
    let mut said = String::new();
    BufReader::new(child.stdout.take().context("no output")?).read_line(&mut said)?;
    let took = millis(began.elapsed());
    let status = child.wait()?;
    ensure!(said.trim() == DRAWN && status.success(), "{command:?} drew nothing ({status})");
    Ok(took)
}

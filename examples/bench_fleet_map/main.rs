//! Harness `fleet_map`: how long after an agent saw it an event is in the ECS, with a thousand agents and 10,000 changes a
//! second. Listener, enriching thread and systems are the display's own. No window is there: frames are drawn as
//! bevy_winit would draw them, at once when woken and at the animation's pace while something moves, and what the drawing
//! itself takes is slept through: [`DRAWING`] is what the display's benchmark measures on each kind of adapter.
//!
//!     cargo run --example bench_fleet_map
//!
//! An event counts from its own time, which lies anywhere in the 50 ms for which an agent holds back at most what it saw.
//! The exit code is not 0 where the goal is missed.

#[allow(dead_code, reason = "the other harness uses all of it")]
#[path = "../bench_fleet/agents.rs"]
mod agents;
#[path = "../support/figures.rs"]
mod figures;
#[allow(dead_code, reason = "the other harness uses all of it")]
#[path = "../bench_fleet/process.rs"]
mod process;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::ensure;
use bevy::prelude::*;
use connmapperl::{
    components::{
        animation::Animation, connection::Connection, map_clock::MapClock, map_view::MapView,
        rule_book::RuleBook,
    },
    enrich::{self, DataFolders, FLEET_CAPACITY, Inlets, Outlets, Request, SIDE_CAPACITY, TO_MAP_CAPACITY},
    net::server::{Limits, ListenSettings, Register, spawn},
    rules::Rules,
    systems::{connections_plugin, ingest::Feed, wall_unix_millis},
};
use crossbeam_channel::{Receiver, bounded};

use agents::unix_micros;
use figures::{Figure, Figures, Goal};
use process::Agents;

const AGENTS: usize = 1_000;
const PASSWORD: &str = "benchmark of the fleet";
const SETTLING: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(8);
const GOAL_P99_MILLIS: Goal = Goal::AtMost(150.0);
/// What a frame takes beside the systems: on a graphics card, and with 20,000 dots on a software renderer.
const DRAWING: [(&str, bool, Duration); 2] = [
    ("a graphics card", false, Duration::from_millis(2)),
    ("a software renderer", true, Duration::from_millis(30)),
];

/// Delays of what opened, microseconds.
#[derive(Resource, Default)]
struct Delays(Vec<u32>);

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, address, certificate] = arguments.as_slice()
        && role == "agents"
    {
        agents::run(address.parse()?, certificate, PASSWORD, AGENTS)?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(figures::run("fleet-map", |figures, _| all(figures)))
}

fn all(figures: &mut Figures) -> anyhow::Result<()> {
    for (adapter, on_software, drawing) in DRAWING {
        for (busy, changes) in [(100, 10), (1_000, 1)] {
            let mut delays = measure(busy, changes, on_software, drawing)?;
            delays.sort_unstable();
            ensure!(!delays.is_empty(), "nothing arrived");
            let at = |quantile: f64| delays[((delays.len() - 1) as f64 * quantile) as usize];
            let [p50, p99] = [0.5, 0.99].map(|quantile| f64::from(at(quantile)) / 1e3);
            figures.group(format!("as with {adapter}, {busy} agents, {changes} changes a tick"));
            figures.add(Figure::new("openings", delays.len() as f64, ""));
            figures.add(Figure::new("seen to ECS, p50", p50, "ms"));
            figures.add(Figure::new("seen to ECS, p99", p99, "ms").goal(GOAL_P99_MILLIS));
        }
    }
    Ok(())
}

fn measure(busy: usize, changes: usize, on_software: bool, drawing: Duration) -> anyhow::Result<Vec<u32>> {
    let folder = tempfile::tempdir()?;
    Register::open(folder.path())?.set_password(Some(PASSWORD))?;
    let (to_enrich, fleet) = bounded(FLEET_CAPACITY);
    let settings = ListenSettings::new("127.0.0.1:0".parse()?, folder.path());
    let listener = spawn(ListenSettings { limits: Limits::default(), ..settings }, to_enrich)?;
    let (to_map, feed) = bounded(TO_MAP_CAPACITY);
    let (_collector, collector) = bounded(1);
    let (requests, from_display) = bounded(SIDE_CAPACITY);
    let (reports, _reports) = bounded(SIDE_CAPACITY);
    let (wakes, woken) = bounded::<()>(1);
    // One that is not taken up yet is enough.
    let wake = Box::new(move || {
        let _ = wakes.try_send(());
    });
    let folders = DataFolders { cache: Some(folder.path().to_owned()), ..DataFolders::default() };
    std::thread::Builder::new().name("enrich".to_owned()).spawn(move || {
        let inlets = Inlets { collector, fleet, requests: from_display };
        enrich::run(&folders, &inlets, &Outlets { to_map, to_history: None, reports, wake });
    })?;
    if !on_software {
        // As the map of a graphics card asks.
        requests.send(Request::WakeEvery(Animation::default().between_wakes()))?;
    }
    let mut agents = Agents::start(listener.address(), listener.certificate_path())?;
    let mut app = map(feed, on_software);
    agents.connect(AGENTS)?;
    agents.say(&format!("events {busy} {changes}"))?;
    frames(&mut app, &woken, drawing, SETTLING);
    app.world_mut().resource_mut::<Delays>().0.clear();
    frames(&mut app, &woken, drawing, MEASURED);
    Ok(std::mem::take(&mut app.world_mut().resource_mut::<Delays>().0))
}

fn map(feed: Receiver<connmapperl::model::Located>, on_software: bool) -> App {
    let mut app = App::new();
    app.insert_resource(MapClock::live(wall_unix_millis()))
        .insert_resource(MapView::home([1280.0, 720.0], 1.0))
        .insert_resource(RuleBook::new(Rules::built_in(), "built in".to_owned()))
        .insert_resource(Feed(feed))
        .init_resource::<Delays>()
        .add_plugins(connections_plugin)
        .add_systems(Last, note);
    app.world_mut().resource_mut::<Animation>().on_software = on_software;
    app
}

/// The agents of the benchmark write when they saw it where counters are.
fn note(opened: Query<&Connection, Added<Connection>>, mut delays: ResMut<Delays>) {
    let now = unix_micros();
    let seen = opened.iter().filter_map(|it| it.0.observation.traffic.sent_bytes);
    delays.0.extend(seen.map(|seen| u32::try_from(now - seen as i64).unwrap_or(0)));
}

/// Draws for so long.
fn frames(app: &mut App, woken: &Receiver<()>, drawing: Duration, length: Duration) {
    let until = Instant::now() + length;
    while Instant::now() < until {
        let began = Instant::now();
        app.update();
        std::thread::sleep(drawing);
        let animation = app.world().resource::<Animation>();
        let is_moving = animation.is_moving(app.world().resource::<MapClock>().now_unix_millis());
        let next = if is_moving { began + animation.frame_time() } else { until };
        // A wake draws at once, and so does the animation's next frame.
        let _ = woken.recv_deadline(next.min(until));
    }
}

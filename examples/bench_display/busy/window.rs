//! The program in a window of its own: at rest with all connections open, while they come and go, and when that has ended.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use rusqlite::{Connection, OpenFlags};

use super::{
    super::{
        figures::{Figure, Figures, Goal, in_path},
        median,
        program::{SETTLED, memory_mb},
    },
    CONNECTIONS,
    fleet::{AGENTS, Fleet},
    input::answers,
    stage::{Setting, Stage},
    threads::{Threads, Work},
};

const SIZE_PX: [u32; 2] = [1280, 720];
/// Peers of the connections; a few of them have most.
const PEERS: usize = 100_000;
const CHANGES_A_SEC: f64 = 10_000.0;
/// As many dots fade as there will be.
const WARM_UP: Duration = Duration::from_secs(5);
const SECONDS_WATCHED: usize = 20;
const RESTING: Duration = Duration::from_secs(10);
/// All that is open is on the map, and in the history, within this.
const COMING: Duration = Duration::from_secs(180);
/// Without a frame for so long it is at rest: no pace of a motion is as slow. Much later comes what agents' links are like.
const AT_REST: Duration = Duration::from_millis(1_600);
/// It comes to rest within this, or not at all.
const RESTS_WITHIN: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// The map's pass leaves a line for each frame.
const LOG: &str = "warn,connmapperl=info,connmapperl::systems::render=trace";

/// The X server draws nothing with a graphics card, so these are for a software adapter.
const MAIN_MILLIS: Goal = Goal::AtMost(8.0);
const CORES: Goal = Goal::AtMost(1.2);
const INPUT_MILLIS: Goal = Goal::AtMost(100.0);
/// A dot fades for 2.5 s, and a frame may come a pace later.
const REST_SECS: Goal = Goal::AtMost(5.0);
/// At rest after a burst beside at rest before it.
const AS_BEFORE: Goal = Goal::AtMost(1.5);
/// Of the pace that was asked for.
const PACE: Goal = Goal::AtLeast(CHANGES_A_SEC * 0.95);

pub fn bench(figures: &mut Figures) -> anyhow::Result<()> {
    if let Some(missing) = ["Xvfb", "xdotool"].into_iter().find(|name| in_path(name).is_none()) {
        figures.skip("the program in a window", format!("{missing} is not installed"));
        return Ok(());
    }
    let setting = Setting { screen_px: SIZE_PX, agents: AGENTS, has_manager: false, log: Some(LOG) };
    let (mut stage, display, tokens) = Stage::open(&setting, |_| Ok(Vec::new()))?;
    sleep(SETTLED);
    let memory_before = memory_mb(stage.process.id(), "VmRSS:")?;
    let fleet = Fleet::new(display, PEERS, CONNECTIONS, CHANGES_A_SEC);
    std::thread::scope(|scope| {
        let started = fleet.start(scope, tokens).map_err(Into::into);
        let measured = started.and_then(|()| watch(figures, &mut stage, &fleet, memory_before));
        fleet.quit();
        measured
    })
}

fn watch(figures: &mut Figures, stage: &mut Stage, fleet: &Fleet, memory_before: f64) -> anyhow::Result<()> {
    let pid = stage.process.id();
    let came = wait_for_all(stage, fleet)?;
    wait_for_rest(stage, fleet)?;
    figures.group(format!("{CONNECTIONS} connections of {AGENTS} agents in a window, at rest"));
    figures.add(Figure::new("from the first agent until all are in the history", came.as_secs_f64(), "s"));
    figures.add(Figure::new("memory", memory_mb(pid, "VmRSS:")?, "MB").beside("none open", memory_before));
    let rested = resting(stage)?;
    figures.add(Figure::new(format!("processor time in {} s", RESTING.as_secs()), rested, "s"));
    let calm = answers(stage, SIZE_PX)?;
    tell_answers(figures, &calm, None);

    fleet.be_busy(true);
    sleep(WARM_UP);
    let seconds = seconds(stage, fleet)?;
    let busy = answers(stage, SIZE_PX)?;
    fleet.be_busy(false);
    let last_change = Instant::now();
    let behind = fleet.settle()?;
    let last_frame = wait_for_rest(stage, fleet)?;
    figures.group(format!(
        "the same while {CHANGES_A_SEC} of them open or close each second, {SECONDS_WATCHED} s"
    ));
    tell_seconds(figures, &seconds);
    tell_answers(figures, &busy, Some(&calm));
    figures.add(Figure::new("memory at most", memory_mb(pid, "VmHWM:")?, "MB"));

    figures.group("and when that has ended");
    let drew = last_frame.saturating_duration_since(last_change).as_secs_f64();
    figures.add(Figure::new("from the last change to the last frame", drew, "s").goal(REST_SECS));
    figures.add(Figure::new("until all changes are acknowledged", behind.as_secs_f64(), "s"));
    let after = resting(stage)?;
    let name = format!("processor time in {} s", RESTING.as_secs());
    figures.add(Figure::new(name, after, "s").beside("before", rested).goal(AS_BEFORE));
    figures.add(Figure::new("memory", memory_mb(pid, "VmRSS:")?, "MB"));
    Ok(())
}

/// What was measured in one second.
struct Second {
    secs: f64,
    frames: usize,
    changes: u64,
    before: Threads,
    after: Threads,
}

fn seconds(stage: &mut Stage, fleet: &Fleet) -> anyhow::Result<Vec<Second>> {
    let mut seconds = Vec::new();
    let look = |stage: &Stage| {
        let threads = Threads::of(stage.process.id())?;
        anyhow::Ok((Instant::now(), threads, frames(stage), fleet.acknowledged()))
    };
    let mut before = look(stage)?;
    for _ in 0..SECONDS_WATCHED {
        sleep(Duration::from_secs(1));
        check(stage, fleet)?;
        let now = look(stage)?;
        let (began, threads, frames, changes) = before;
        seconds.push(Second {
            secs: (now.0 - began).as_secs_f64(),
            frames: now.2 - frames,
            changes: now.3 - changes,
            before: threads,
            after: now.1.clone(),
        });
        before = now;
    }
    Ok(seconds)
}

fn tell_seconds(figures: &mut Figures, seconds: &[Second]) {
    let secs: f64 = seconds.iter().map(|second| second.secs).sum();
    let frames = seconds.iter().map(|second| second.frames).sum::<usize>() as f64;
    let changes = seconds.iter().map(|second| second.changes).sum::<u64>() as f64;
    let spent =
        |is_meant: fn(Work) -> bool| move |second: &Second| second.after.secs_since(&second.before, is_meant);
    figures.add(Figure::new("changes acknowledged in a second", changes / secs, "").goal(PACE));
    figures.add(Figure::new("frames in a second", frames / secs, ""));
    let main: f64 = seconds.iter().map(spent(|work| work == Work::Main)).sum();
    figures.add(Figure::new("main thread, a frame", main * 1e3 / frames, "ms").goal(MAIN_MILLIS));
    let cores = |second: &Second| spent(|work| work != Work::Listening)(second) / second.secs;
    let worst = seconds.iter().map(cores).fold(0.0, f64::max);
    figures.add(Figure::new("all but the listener, worst second", worst, "cores").goal(CORES));
    for (work, name) in Work::ALL {
        let sum: f64 = seconds.iter().map(|it| it.after.secs_since(&it.before, |it| it == work)).sum();
        figures.add(Figure::new(format!("of it: {name}"), sum / secs, "cores"));
    }
}

fn tell_answers(figures: &mut Figures, answers: &[f64], calm: Option<&[f64]>) {
    let worst = |answers: &[f64]| answers.iter().copied().fold(0.0, f64::max);
    let middle = |answers: &[f64]| median(answers.to_vec());
    let pairs: [(&str, &dyn Fn(&[f64]) -> f64); 2] = [("median", &middle), ("worst", &worst)];
    for (name, value) in pairs {
        let name = format!("a key until its picture, {name} of {}", answers.len());
        figures.add(Figure::new(&name, value(answers), "ms").goal(INPUT_MILLIS));
        if let Some(calm) = calm {
            figures.add(Figure::new(&name, value(answers), "ms").beside("at rest", value(calm)));
        }
    }
}

/// Waits until the history holds all connections open, and so has whoever is told before. Returns how long it took.
fn wait_for_all(stage: &mut Stage, fleet: &Fleet) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let path = stage.home.path().join("XDG_DATA_HOME/connmapperl/history.sqlite");
    loop {
        check(stage, fleet)?;
        let database = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let question = "SELECT count(*) FROM connection WHERE lasted_ms IS NULL";
        let open: u32 = database.query_row(question, [], |row| row.get(0))?;
        // Some may be this machine's own.
        if open >= CONNECTIONS {
            return Ok(began.elapsed());
        }
        ensure!(began.elapsed() < COMING, "{open} connections are in the history");
        sleep(BETWEEN_LOOKS * 10);
    }
}

/// Waits until no more frames are drawn. Returns when the last one was.
fn wait_for_rest(stage: &mut Stage, fleet: &Fleet) -> anyhow::Result<Instant> {
    let began = Instant::now();
    let (mut drawn, mut last) = (frames(stage), Instant::now());
    while last.elapsed() < AT_REST {
        ensure!(began.elapsed() < RESTS_WITHIN, "it draws on and on");
        check(stage, fleet)?;
        sleep(BETWEEN_LOOKS);
        let now = frames(stage);
        if now > drawn {
            (drawn, last) = (now, Instant::now());
        }
    }
    Ok(last)
}

/// Seconds of processor time in a while of rest.
fn resting(stage: &Stage) -> anyhow::Result<f64> {
    let before = Threads::of(stage.process.id())?;
    sleep(RESTING);
    Ok(Threads::of(stage.process.id())?.secs_since(&before, |_| true))
}

fn frames(stage: &Stage) -> usize {
    stage.stderr().lines().filter(|line| line.contains("frame drawn")).count()
}

fn check(stage: &mut Stage, fleet: &Fleet) -> anyhow::Result<()> {
    fleet.check()?;
    if let Some(status) = stage.process.try_wait()? {
        bail!("it ended with {status}: {}", stage.stderr().lines().last().unwrap_or_default());
    }
    Ok(())
}

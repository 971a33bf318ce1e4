//! What this machine's graphics adapter makes of a full map, without a display server: 20,000, 100,000 and a million live
//! dots, trails, and points that stand still, at 1920x1080 and at 3840x2160; at rest, while a hundredth changes, and while the
//! map is zoomed. Where a processor draws, fewer frames are measured, and what would take minutes is left out by name.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::Context;
use connmapperl::{
    components::{
        action::UiAction,
        dots::{DOT_BYTES, Dots},
        marks::{LayerName, Mark, Marks},
        trails::{LENGTHS, LapseStyle, MOST_TRAILS, TRAIL_BYTES, Trails},
    },
    model::{ConnectionId, LocatedConnection},
};

use super::{
    figures::{self, Figure, Figures, Goal},
    map::{Changing, Frame, Map, Measure, flood, median_of},
    program::memory_mb,
    start,
    table::{Cell, Table},
};

const SIZES_PX: [[u32; 2]; 2] = [[1920, 1080], [3840, 2160]];
const COUNTS: [usize; 3] = [20_000, 100_000, 1_000_000];
const ON_CARD: Measure = Measure { warm_up: 10, least: 100, most: 300, length: Duration::from_secs(4) };
const ON_PROCESSOR: Measure =
    Measure { warm_up: 2, least: 3, most: 100, length: Duration::from_millis(2_500) };
/// A processor is not asked for this many at the larger size.
const TOO_MANY_FOR_PROCESSOR: usize = 1_000_000;
/// Nor for anything more after this.
const PATIENCE_WITH_PROCESSOR: Duration = Duration::from_secs(180);
/// The map's clock begins so long ago that all is settled when it goes live.
const FILLING: Duration = Duration::from_secs(120);
/// Of fewer frames the slowest is told.
const FRAMES_FOR_P99: usize = 100;
/// As `systems/sql` draws what was plotted.
const POINT: ([u8; 4], f32) = ([240, 180, 60, 255], 4.4);
const PLOT: LayerName = LayerName::Plot(u32::MAX);
/// For what did not change.
const NOTHING: Goal = Goal::AtMost(0.0);

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Nothing,
    Dots,
    Trails,
    Points,
}

impl Kind {
    /// What is done to them.
    const fn changes(self) -> &'static [Changing] {
        use Changing::{All, Nothing, OnePercent, View};
        match self {
            Self::Nothing | Self::Points => &[Nothing, View],
            Self::Dots => &[Nothing, OnePercent, View],
            // All of the few dots that leave them.
            Self::Trails => &[Nothing, All, View],
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Dots => "dots",
            Self::Trails => "trails",
            Self::Points => "points",
        }
    }
}

/// `only`: of one kind by its name, else all and the start.
pub fn bench(figures: &mut Figures, only: Option<&str>) -> anyhow::Result<()> {
    let (look, open) = flood()?;
    let mut map = Map::new(look, SIZES_PX[0])?;
    figures.group("what draws");
    let adapter = map.adapter()?;
    figures.graphics(adapter.clone());
    if !map.has_adapter_clock() {
        let why = "it takes no times; a frame is told by this machine's clock alone";
        figures.skip("the adapter's own clock", why);
    }
    let mut table = Table::new(&adapter);
    for count in COUNTS.into_iter().filter(|count| *count > MOST_TRAILS) {
        figures
            .skip(format!("{count} trails"), format!("the program keeps {MOST_TRAILS}, which are measured"));
    }
    let mut stages = vec![(Kind::Nothing, 0)];
    stages.extend(COUNTS.map(|count| (Kind::Dots, count)));
    stages.extend([COUNTS[0], MOST_TRAILS].map(|count| (Kind::Trails, count)));
    stages.extend(COUNTS.map(|count| (Kind::Points, count)));
    stages.retain(|(kind, _)| only.is_none_or(|only| kind.name() == only));
    anyhow::ensure!(!stages.is_empty(), "there are dots, trails, points and nothing");
    // What takes longest comes last.
    stages.sort_by_key(|(_, count)| *count);
    let began = Instant::now();
    for (kind, count) in stages {
        let mut is_there = false;
        for size_px in SIZES_PX {
            let (name, [width, height]) = (named(kind, count), size_px);
            if let Some(why) = map.is_software().then(|| too_much(count, size_px, began)).flatten() {
                figures.skip(format!("{name} at {width}x{height}"), why);
                continue;
            }
            if !is_there {
                lay(&mut map, &open, kind, count)?;
                is_there = true;
            }
            map.resize(size_px);
            measure(&mut map, figures, &mut table, (kind, count), size_px)?;
            let file = format!("gpu-{width}x{height}-{}.png", name.replace(' ', "-"));
            let file = figures::folder()?.join(file);
            map.save(&file)?;
            figures.picture(file);
        }
    }
    figures.group("all of it");
    figures.add(Figure::new("memory at most", memory_mb(std::process::id(), "VmHWM:")?, "MB"));
    let file = figures::folder()?.join("gpu.md");
    fs::write(&file, table.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
    println!("  table in {}", file.display());
    // Last: on a busy machine it may take longer than all the rest.
    if only.is_some() { Ok(()) } else { start::bench(figures, SIZES_PX[0]) }
}

fn named(kind: Kind, count: usize) -> String {
    if kind == Kind::Nothing { kind.name().to_owned() } else { format!("{count} {}", kind.name()) }
}

/// Why a processor is not asked for this.
fn too_much(count: usize, size_px: [u32; 2], began: Instant) -> Option<String> {
    if count >= TOO_MANY_FOR_PROCESSOR && size_px != SIZES_PX[0] {
        return Some("a processor draws".to_owned());
    }
    let secs = PATIENCE_WITH_PROCESSOR.as_secs();
    (began.elapsed() > PATIENCE_WITH_PROCESSOR).then(|| format!("a processor draws, and {secs} s have gone"))
}

/// Puts so many on the map, in place of what was there.
fn lay(map: &mut Map, open: &[LocatedConnection], kind: Kind, count: usize) -> anyhow::Result<()> {
    map.hold(FILLING);
    map.world().resource_mut::<Marks>().clear(PLOT);
    map.ask(UiAction::SetLapseStyle(if kind == Kind::Trails {
        LapseStyle::Trails
    } else {
        LapseStyle::Dots
    }))?;
    match kind {
        Kind::Nothing => {}
        Kind::Dots => map.show(spread(open, count)),
        Kind::Trails => {
            map.ask(UiAction::SetTrailLength(LENGTHS[LENGTHS.len() - 1]))?;
            map.show(Vec::new());
            map.show(spread(open, count));
            map.show(Vec::new());
            map.show(spread(open, count / 100));
        }
        Kind::Points => {
            map.show(Vec::new());
            let at = |connection: LocatedConnection| {
                let place = connection.place.ok()?;
                Some(Mark::disc([place.lon, place.lat], POINT.0, POINT.1))
            };
            let points = spread(open, count).into_iter().filter_map(at).collect();
            map.world().resource_mut::<Marks>().put(PLOT, points);
        }
    }
    map.go_live();
    Ok(())
}

/// So many connections, each at a place of its own around those of the scene.
fn spread(open: &[LocatedConnection], count: usize) -> Vec<LocatedConnection> {
    // A sequence that fills a square evenly, and the degrees that are its sides.
    let (east, north) = (0.754_877_666_246_693, 0.569_840_290_998_053);
    let off = |number: u64, step: f64, degrees: f64| ((number as f64 * step).fract() - 0.5) * degrees;
    let numbered = (1..).zip(open.iter().cycle()).take(count);
    numbered
        .map(|(number, connection)| {
            let mut connection = connection.clone();
            connection.key.connection = ConnectionId(number);
            if let Ok(place) = &mut connection.place {
                place.lon = (f64::from(place.lon) + off(number, east, 9.0)).clamp(-179.0, 179.0) as f32;
                place.lat = (f64::from(place.lat) + off(number, north, 6.0)).clamp(-84.0, 84.0) as f32;
            }
            connection
        })
        .collect()
}

fn measure(
    map: &mut Map,
    figures: &mut Figures,
    table: &mut Table,
    (kind, count): (Kind, usize),
    [width, height]: [u32; 2],
) -> anyhow::Result<()> {
    let measure = if map.is_software() { ON_PROCESSOR } else { ON_CARD };
    let there = match kind {
        Kind::Nothing => count,
        Kind::Dots => map.world().resource::<Dots>().rows().len(),
        Kind::Trails => map.world().resource::<Trails>().rows().len(),
        Kind::Points => map.world().resource::<Marks>().layer(PLOT).map_or(0, |layer| layer.points().len()),
    };
    // Trails at one spot are one, and those that move leave some more.
    let is_full = there.abs_diff(count) <= count / 10;
    anyhow::ensure!(is_full, "{there} {} are on the map, not {count}", kind.name());
    table.begin(format!("{width}x{height}"), kind.name(), count);
    let mut at_rest = f64::NAN;
    for changing in kind.changes() {
        let frames = map.frames(*changing, measure)?;
        let (state, changed) = match changing {
            Changing::Nothing => ("at rest", Some(0)),
            Changing::OnePercent => ("some move", Some(map.changes() * DOT_BYTES)),
            // The one that is left and the one that is come to again, and the dot.
            Changing::All => ("some move", Some(count / 100 * (DOT_BYTES + 2 * TRAIL_BYTES))),
            Changing::View => ("zoomed", None),
        };
        let [p50, p99] = [0.5, 0.99].map(|share| percentile(&frames, share));
        let name = named(kind, count);
        figures.group(format!("{width}x{height}, {name}, {state}, {} frames", frames.len()));
        let middle = Figure::new("frame, p50", p50, "ms");
        figures.add(match table.first(state).filter(|_| kind != Kind::Nothing) {
            Some(empty) => middle.beside("one with nothing on the map", empty),
            None => middle,
        });
        let slow = if frames.len() < FRAMES_FOR_P99 { "frame, the slowest" } else { "frame, p99" };
        figures.add(Figure::new(slow, p99, "ms"));
        let of_it: [(&str, fn(&Frame) -> f64); 5] = [
            ("of it before drawing", |frame| frame.world),
            ("of it recorded", |frame| frame.record),
            ("of it handed over and waited for", |frame| frame.adapter),
            ("processor time of the main thread", |frame| frame.main_thread),
            ("processor time of all threads", |frame| frame.cpu),
        ];
        for (name, part) in of_it {
            figures.add(Figure::new(name, median_of(&frames, part), "ms"));
        }
        let passes = map.has_adapter_clock().then(|| median_of(&frames, |frame| frame.passes));
        if let Some(passes) = passes {
            figures.add(Figure::new("passes, by the adapter's clock", passes, "ms"));
        }
        let rows = median_of(&frames, |frame| frame.written.rows() as f64);
        let written = Figure::new("written of what lies on the map", rows, "bytes");
        figures.add(match changed {
            Some(0) => written.goal(NOTHING),
            Some(changed) => written.beside("what changed", changed as f64),
            None => written.goal(NOTHING),
        });
        let uniforms = median_of(&frames, |frame| frame.written.uniforms as f64);
        figures.add(Figure::new("written of view and clock", uniforms, "bytes"));
        match changing {
            Changing::View => {
                anyhow::ensure!(uniforms > at_rest, "the view does not change while it is zoomed")
            }
            _ => at_rest = uniforms,
        }
        let panels = median_of(&frames, |frame| frame.written.panels as f64);
        figures.add(Figure::new("written of panels", panels, "bytes"));
        let main_thread = median_of(&frames, |frame| frame.main_thread);
        let cpu = median_of(&frames, |frame| frame.cpu);
        table.add(state, Cell { p50, p99, passes, main_thread, cpu, rows });
    }
    Ok(())
}

/// The frame that this share of them is not slower than, in milliseconds.
fn percentile(frames: &[Frame], share: f64) -> f64 {
    let mut totals: Vec<f64> = frames.iter().map(|frame| frame.total).collect();
    totals.sort_by(f64::total_cmp);
    let rank = (totals.len() as f64 * share).ceil() as usize;
    totals.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

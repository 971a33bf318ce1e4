//! Harness `hilbert`: the curve against the textbook's loop and crate fast_hilbert, on the same keys in turns; and what the
//! view needs of it: all /24 painted anew, a new address, the memory of a million.
//!
//!     cargo run --no-default-features --features history --example bench_hilbert
//!
//! The exit code is not 0 where a goal is missed.

#[path = "support/figures.rs"]
mod figures;

use std::{hint::black_box, process::ExitCode, time::Duration};

use connmapperl::hilbert::{
    Orientation, Prefix,
    heat::Heat,
    paint::{BYTES_A_PIXEL, Colours, View, paint_over, tint},
};
use rustix::time::{ClockId, clock_gettime};

use figures::{Figure, Figures, Goal};

const RANDOM: usize = 1 << 22;
const SEQUENTIAL: u32 = 1 << 24;
/// Contestants take turns this often; the fastest turn of each counts.
const ROUNDS: usize = 7;
const ADDRESSES: usize = 1_000_000;

/// Of the loop's time, and of the crate's.
const GOAL_LOOP: Goal = Goal::AtMost(1.0 / 10.0);
const GOAL_CRATE: Goal = Goal::AtMost(1.0 / 0.9);
const GOAL_REPAINT_MILLIS: Goal = Goal::AtMost(100.0);
const GOAL_ADDRESS_NANOS: Goal = Goal::AtMost(1_000.0);
const GOAL_MEGABYTES: Goal = Goal::AtMost(100.0);

fn main() -> ExitCode {
    figures::run("hilbert", |figures, _| {
        let random: Vec<u32> = random_keys().take(RANDOM).collect();
        figures.group("the curve, CPU of a key");
        curve(figures, "random", || random.iter().copied())?;
        curve(figures, "sequential", || 0..SEQUENTIAL)?;
        back(figures, &random);
        heat(figures)
    })
}

/// From keys to cells.
fn curve<I: Iterator<Item = u32>>(
    figures: &mut Figures,
    name: &str,
    keys: impl Fn() -> I,
) -> anyhow::Result<()> {
    let ours = || keys().fold(0, |sum, key| mixed(sum, Orientation::Usual.cell(key).map(u32::from)));
    let textbook = || keys().fold(0, |sum, key| mixed(sum, textbook(key)));
    let fast = || {
        keys().fold(0, |sum, key| {
            let (x, y) = fast_hilbert::h2xy::<u16>(key, 16);
            mixed(sum, [x.into(), y.into()])
        })
    };
    anyhow::ensure!(ours() == textbook(), "the loop has other cells");
    let [ours, textbook, fast] = turns([&ours, &textbook, &fast]);
    let each = |time: Duration| nanos(time) / keys().count() as f64;
    let figure = || Figure::new(format!("key to cell, {name}"), each(ours), "ns");
    figures.add(figure().beside("the textbook's loop", each(textbook)).goal(GOAL_LOOP));
    figures.add(figure().beside("fast_hilbert", each(fast)).goal(GOAL_CRATE));
    Ok(())
}

/// From cells to keys; the loop is no way back, so the crate alone runs beside.
fn back(figures: &mut Figures, random: &[u32]) {
    let cells = || random.iter().map(|bits| [*bits as u16, (bits >> 16) as u16]);
    let ours = || cells().fold(0, |sum, cell| mixed(sum, [Orientation::Usual.key(cell), 0]));
    let fast = || cells().fold(0, |sum, [x, y]| mixed(sum, [fast_hilbert::xy2h::<u16>(x, y, 16), 0]));
    let [ours, fast] = turns([&ours, &fast]);
    let each = |time: Duration| nanos(time) / random.len() as f64;
    figures.add(
        Figure::new("cell to key, random", each(ours), "ns")
            .beside("fast_hilbert", each(fast))
            .goal(GOAL_CRATE),
    );
}

fn heat(figures: &mut Figures) -> anyhow::Result<()> {
    let keys: Vec<u32> = random_keys().take(ADDRESSES).collect();
    let mut heat = Heat::default();
    let began = cpu_time();
    keys.iter().for_each(|key| heat.add(*key, 1));
    let address = nanos(cpu_time() - began) / ADDRESSES as f64;
    figures.group(format!("a million addresses, {} of them different", heat.seen(Prefix::ALL).addresses));
    figures.add(Figure::new("a new address", address, "ns").goal(GOAL_ADDRESS_NANOS));
    figures.add(Figure::new("memory", heat.heap_bytes() as f64 / 1e6, "MB").goal(GOAL_MEGABYTES));
    let view = View::new(Prefix::ALL, 4_096, Orientation::Usual)?;
    let mut rgba = vec![0; 4_096 * 4_096 * BYTES_A_PIXEL];
    let repaint = (0..ROUNDS).map(|_| {
        let began = cpu_time();
        paint_over(&heat, view, &Colours::Tint(&tint::octet), &mut rgba);
        black_box(&mut rgba);
        cpu_time() - began
    });
    let repaint = repaint.min().unwrap_or(Duration::MAX);
    let level = (0..ROUNDS).map(|_| {
        let began = cpu_time();
        black_box(black_box(heat.level(12)).to_vec());
        cpu_time() - began
    });
    figures.add(Figure::new("repaint of all /24", nanos(repaint) / 1e6, "ms").goal(GOAL_REPAINT_MILLIS));
    let level = level.min().unwrap_or_default();
    figures.add(Figure::new("a copy of their brightness", nanos(level) / 1e6, "ms"));
    Ok(())
}

/// The fastest of each.
fn turns<const N: usize>(contestants: [&dyn Fn() -> u32; N]) -> [Duration; N] {
    let mut fastest = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (fastest, contestant) in fastest.iter_mut().zip(contestants) {
            let began = cpu_time();
            black_box(contestant());
            *fastest = (cpu_time() - began).min(*fastest);
        }
    }
    fastest
}

fn nanos(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// Of this thread, so that other programs count little.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn mixed(sum: u32, [x, y]: [u32; 2]) -> u32 {
    sum.wrapping_add(x ^ y << 16)
}

/// As it stands in textbooks and on Wikipedia.
fn textbook(key: u32) -> [u32; 2] {
    let (mut key, mut x, mut y) = (key, 0, 0);
    for level in 0..16 {
        let side = 1 << level;
        let right = key >> 1 & 1;
        let down = (key & 1) ^ right;
        if down == 0 {
            if right == 1 {
                (x, y) = (side - 1 - x, side - 1 - y);
            }
            (x, y) = (y, x);
        }
        (x, y) = (x + side * right, y + side * down);
        key >>= 2;
    }
    [x, y]
}

/// SplitMix64, its upper halves.
fn random_keys() -> impl Iterator<Item = u32> {
    let mut state = 0_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) >> 32) as u32
    })
}

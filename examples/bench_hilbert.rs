//! Harness `hilbert`: the curve against the textbook's loop and crate fast_hilbert, on the same keys in turns; and what the
//! view needs of it: all /24 painted anew, a new address, the memory of a million.
//!
//!     cargo run --no-default-features --features history --example bench_hilbert
//!
//! Prints each ratio or figure beside its goal; the exit code is not 0 where one is missed.

use std::{hint::black_box, process::ExitCode, time::Duration};

use connmapperl::hilbert::{
    Orientation, Prefix,
    heat::Heat,
    paint::{BYTES_A_PIXEL, Colours, View, paint_over, tint},
};
use rustix::time::{ClockId, clock_gettime};

const RANDOM: usize = 1 << 22;
const SEQUENTIAL: u32 = 1 << 24;
/// Contestants take turns this often; the fastest turn of each counts.
const ROUNDS: usize = 7;
const ADDRESSES: usize = 1_000_000;

/// Ours must be so many times as fast as the loop, and as the crate.
const GOAL_LOOP: f64 = 10.0;
const GOAL_CRATE: f64 = 0.9;
const GOAL_REPAINT: Duration = Duration::from_millis(100);
const GOAL_ADDRESS: Duration = Duration::from_micros(1);
const GOAL_BYTES: usize = 100_000_000;

fn main() -> ExitCode {
    let random: Vec<u32> = random_keys().take(RANDOM).collect();
    let mut met = true;
    met &= curve("random", || random.iter().copied());
    met &= curve("sequential", || 0..SEQUENTIAL);
    met &= back(&random);
    met &= heat();
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// From keys to cells.
fn curve<I: Iterator<Item = u32>>(name: &str, keys: impl Fn() -> I) -> bool {
    let ours = || keys().fold(0, |sum, key| mixed(sum, Orientation::Usual.cell(key).map(u32::from)));
    let textbook = || keys().fold(0, |sum, key| mixed(sum, textbook(key)));
    let fast = || {
        keys().fold(0, |sum, key| {
            let (x, y) = fast_hilbert::h2xy::<u16>(key, 16);
            mixed(sum, [x.into(), y.into()])
        })
    };
    assert_eq!(ours(), textbook(), "both have the same cells");
    let [ours, textbook, fast] = turns([&ours, &textbook, &fast]);
    let each = |time: Duration| time.as_secs_f64() * 1e9 / keys().count() as f64;
    println!("{name}: {:.2} ns ours, {:.2} loop, {:.2} fast_hilbert", each(ours), each(textbook), each(fast));
    verdict(&format!("{name}, over the loop"), ratio(textbook, ours), GOAL_LOOP)
        & verdict(&format!("{name}, over fast_hilbert"), ratio(fast, ours), GOAL_CRATE)
}

/// From cells to keys; the loop is no way back, so the crate alone runs beside.
fn back(random: &[u32]) -> bool {
    let cells = || random.iter().map(|bits| [*bits as u16, (bits >> 16) as u16]);
    let ours = || cells().fold(0, |sum, cell| mixed(sum, [Orientation::Usual.key(cell), 0]));
    let fast = || cells().fold(0, |sum, [x, y]| mixed(sum, [fast_hilbert::xy2h::<u16>(x, y, 16), 0]));
    let [ours, fast] = turns([&ours, &fast]);
    verdict("back, over fast_hilbert", ratio(fast, ours), GOAL_CRATE)
}

fn heat() -> bool {
    let keys: Vec<u32> = random_keys().take(ADDRESSES).collect();
    let mut heat = Heat::default();
    let began = cpu_time();
    keys.iter().for_each(|key| heat.add(*key, 1));
    let address = (cpu_time() - began) / ADDRESSES as u32;
    let bytes = heat.heap_bytes();
    println!(
        "a million addresses: {:.1} MB, {} of them different",
        bytes as f64 / 1e6,
        heat.seen(Prefix::ALL).addresses
    );
    let Ok(view) = View::new(Prefix::ALL, 4_096, Orientation::Usual) else {
        return false;
    };
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
    println!(
        "repaint of all /24: {repaint:.1?}; a copy of their brightness: {:.1?}",
        level.min().unwrap_or_default()
    );
    verdict("repaint, of the time it may take", ratio(GOAL_REPAINT, repaint), 1.0)
        & verdict("a new address, of the time it may take", ratio(GOAL_ADDRESS, address), 1.0)
        & verdict("a million addresses, of the memory they may take", GOAL_BYTES as f64 / bytes as f64, 1.0)
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

fn verdict(what: &str, ratio: f64, goal: f64) -> bool {
    let met = ratio >= goal;
    println!("{what}: {ratio:.2} (goal {goal}): {}", if met { "met" } else { "MISSED" });
    met
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
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

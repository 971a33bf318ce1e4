//! Somebody before the screen, who does things in an order drawn from the seed, and leaves the map as it was found.

use std::{collections::BTreeMap, thread::sleep, time::Duration};

use rand::{RngExt, rngs::StdRng};

use super::{
    setting::{WINDOW_PX, rules, write_rules},
    stage::Stage,
};

/// The program has drawn what came of a key, on a slow and busy machine too.
const A_MOMENT: Duration = Duration::from_millis(700);
/// A look at it.
const A_WHILE: Duration = Duration::from_millis(1_500);
/// What there is to do.
const THINGS: u32 = 9;
const FIRST_ROUNDS: u32 = 2;
const SMALLEST_PX: [u32; 2] = [800, 500];
const LARGEST_PX: [u32; 2] = [1_500, 850];
const FILTERS: [&str; 5] = ["port:443", "prog:firefox", "!cc:US", "proto:udp", "client:agent-1 port:443"];

pub struct Person {
    random: StdRng,
    turn: u32,
    /// How often each was done.
    pub done: BTreeMap<&'static str, u32>,
}

impl Person {
    pub fn new(random: StdRng) -> Self {
        Self { random, turn: 0, done: BTreeMap::new() }
    }

    /// Whether each thing was done, and once more.
    pub const fn has_done_all(&self) -> bool {
        self.turn >= FIRST_ROUNDS * THINGS
    }

    /// One thing, and back to the map.
    pub fn act(&mut self, stage: &Stage) -> anyhow::Result<()> {
        let is_first = !self.has_done_all();
        self.turn += 1;
        // At first one after the other, so that all is done before anything is judged.
        let which = if is_first { self.turn % THINGS } else { self.random.random_range(0..THINGS) };
        let done = match which {
            0 => {
                keys(stage, &["d"], A_WHILE)?;
                keys(stage, &["d"], A_MOMENT)?;
                "theme"
            }
            1 => {
                keys(stage, &["z"], A_WHILE)?;
                keys(stage, &["z"], A_MOMENT)?;
                "Hilbert"
            }
            2 => {
                // Three styles, and the first again.
                for _ in 0..3 {
                    keys(stage, &["x"], A_WHILE)?;
                }
                "trails"
            }
            3 => {
                keys(stage, &["Tab", "space"], A_WHILE * 2)?;
                keys(stage, &["Up"], A_WHILE)?;
                keys(stage, &["Down", "End", "Tab"], A_MOMENT)?;
                "timeline"
            }
            4 => {
                let filter = FILTERS[self.random.random_range(0..FILTERS.len())];
                keys(stage, &["slash"], A_MOMENT)?;
                stage.xdotool(&["type", "--delay", "30", filter])?;
                sleep(A_MOMENT);
                keys(stage, &["Return"], A_WHILE)?;
                keys(stage, &["slash"], A_MOMENT)?;
                keys(stage, &["BackSpace"; 40], A_MOMENT)?;
                keys(stage, &["Return"], A_MOMENT)?;
                "filter"
            }
            5 => {
                keys(stage, &["a"], A_WHILE * 2)?;
                keys(stage, &["a"], A_MOMENT)?;
                "list"
            }
            6 => {
                write_rules(&rules(&stage.home), self.turn)?;
                keys(stage, &["c"], A_WHILE)?;
                "rules"
            }
            7 => {
                keys(stage, &["h"], A_WHILE)?;
                keys(stage, &["h"], A_MOMENT)?;
                "circles"
            }
            _ => {
                let size = if is_first {
                    LARGEST_PX
                } else {
                    [0, 1].map(|axis| self.random.random_range(SMALLEST_PX[axis]..=LARGEST_PX[axis]))
                };
                stage.resize(size)?;
                sleep(A_WHILE);
                stage.resize(WINDOW_PX)?;
                sleep(A_MOMENT);
                if stage.has_manager() {
                    keys(stage, &["f"], A_WHILE)?;
                    keys(stage, &["f"], A_MOMENT)?;
                }
                "size"
            }
        };
        *self.done.entry(done).or_default() += 1;
        Ok(())
    }
}

fn keys(stage: &Stage, keys: &[&str], then: Duration) -> anyhow::Result<()> {
    stage.xdotool(&[&["key", "--delay", "60"], keys].concat())?;
    sleep(then);
    Ok(())
}

//! `connmapperl replay`: the window, beginning with the recorded past. While it plays, what happens now is recorded.

use anyhow::Context;
use clap::Args;

use super::{
    WindowArgs,
    when::{self, When},
};
use crate::{
    components::time_travel::{ReplayAtStart, SPEEDS},
    history::Player,
    systems::wall_unix_millis,
};

/// A day in 24 minutes.
const USUAL_SPEED: &str = "60";

#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    /// Where to begin: 2026-11-25, "2026-11-25 14:00", 6h (ago), start
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub from: Option<When>,
    /// Where to end: the same, or now, or end
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub to: Option<When>,
    /// How many times as fast as it was
    #[arg(long, value_name = "TIMES", default_value = USUAL_SPEED, value_parser = speed_from_text)]
    pub speed: u32,
    /// Begin again at the end; what is so long ago, now or the end is that of each turn
    #[arg(long)]
    pub r#loop: bool,
}

/// What the window begins with.
///
/// # Errors
/// When there is no history, or nothing in it of that stretch.
pub fn replay(args: &ReplayArgs) -> anyhow::Result<ReplayAtStart> {
    let path =
        args.window.common().history_to_ask().context("a scene has no past: name a file with --history")?;
    // What there is not to see is said before a window opens.
    when::stretch(&Player::open(&path)?, args.from, args.to, wall_unix_millis())?;
    let edges = when::edges(args.from, args.to)?;
    Ok(ReplayAtStart { edges, speed: args.speed, loops: args.r#loop, secs: None })
}

/// From 1 to the highest speed.
pub fn speed_from_text(text: &str) -> Result<u32, String> {
    let highest = SPEEDS[SPEEDS.len() - 1];
    let speed = text.trim_start_matches(['x', '×']).parse().ok();
    speed
        .filter(|speed| (1..=highest).contains(speed))
        .ok_or_else(|| format!("a speed is a whole number from 1 to {highest}"))
}

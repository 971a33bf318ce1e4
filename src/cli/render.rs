//! `connmapperl render`: a film of the recorded past. Frames are drawn without a display by the same plugins as the
//! window's, at a fixed step of the map's clock, as fast as they can be; the same history gives the same pictures.

mod output;
mod progress;
mod stage;

use std::{io, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, bail};
use clap::Args;

use super::{
    Common, FilterArgs, LapseArgs, NO_HISTORY, PastArgs, RulesArgs, complain,
    replay::speed_from_text,
    size_from_text, stop,
    when::{self, When},
};
use crate::{
    app::WindowLook,
    components::{
        preferences::Preferences,
        time_travel::{SPEEDS, Span},
    },
    history::Player,
    systems::wall_unix_millis,
};
use output::Output;
use progress::Progress;
use stage::Stage;

/// How long a film is unless its speed was named.
const USUAL_LENGTH_MILLIS: u64 = 60_000;
/// Their names have eight digits.
const MOST_FRAMES: u64 = 99_999_999;
/// After Ctrl+C: what is under way is written, and the film closed. The exit code is as shells say it of a program that
/// Ctrl+C ended: what comes after in a script is to know.
const ENDING: stop::Ending = stop::Ending { patience: Duration::from_secs(30), exit_code: 130 };

#[derive(Clone, Debug, Args)]
pub struct RenderArgs {
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    past: PastArgs,
    /// Where to begin: 2026-11-25, "2026-11-25 14:00", 6h (ago), start
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub from: Option<When>,
    /// Where to end: the same, or now, or end
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    pub to: Option<When>,
    /// How many times as fast as it was; else so fast that the film lasts a minute
    #[arg(long, value_name = "TIMES", value_parser = speed_from_text)]
    pub speed: Option<u32>,
    /// Frames a second
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=240))]
    pub fps: u32,
    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "1920x1080", value_parser = size_from_text)]
    pub size: [u32; 2],
    /// Light instead of dark
    #[arg(long)]
    pub light: bool,
    #[command(flatten)]
    lapse: LapseArgs,
    #[command(flatten)]
    which: FilterArgs,
    /// A film (.mp4, .webm or .webp, by an installed ffmpeg), or an empty or new folder for frames as PNG
    #[arg(short, long, value_name = "FILE|DIR/")]
    pub output: PathBuf,
}

/// At which moments of the past the frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Steps {
    span: Span,
    speed: u32,
    fps: u32,
}

impl Steps {
    /// Unix milliseconds; worked out from the frame's number, so that no error adds up.
    fn at_ms(&self, frame: u64) -> i64 {
        let millis = u128::from(frame) * u128::from(self.speed) * 1_000 / u128::from(self.fps);
        self.span.from_ms.saturating_add(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    fn frames(&self) -> u64 {
        let millis = self.span.len_ms().unsigned_abs();
        let frames = u128::from(millis) * u128::from(self.fps) / (u128::from(self.speed) * 1_000) + 1;
        u64::try_from(frames).unwrap_or(u64::MAX)
    }
}

/// Draws and writes the film.
///
/// # Errors
/// When there is no such history, nothing can draw, or the film cannot be written.
pub fn render(args: &RenderArgs) -> anyhow::Result<ExitCode> {
    let (config, history) = (args.rules.config.clone(), args.past.history.clone());
    let common = Common { config, history, ..Common::default() };
    let path = common.history_file().context(NO_HISTORY)?;
    let mut player = Player::open(&path)?;
    let span = when::stretch(&player, args.from, args.to, wall_unix_millis())?;
    let steps = Steps { span, speed: args.speed.unwrap_or_else(|| usual_speed(span)), fps: args.fps };
    let frames = steps.frames();
    if frames > MOST_FRAMES {
        bail!("that would be {frames} frames, and {MOST_FRAMES} are the most: choose a higher --speed");
    }
    let stop = stop::signals(ENDING).context("cannot wait for signals")?;
    let mut output = Output::create(&args.output, args.size, args.fps)?;
    let look = WindowLook {
        preferences: Preferences {
            light: args.light,
            lapse: args.lapse.time_lapse().unwrap_or_default(),
            ..Preferences::default()
        },
        filter: args.which.filter.clone(),
        ..WindowLook::default()
    };
    let mut stage = Stage::new(&mut player, common.named().read_rules()?, &look, steps, args.size)?;
    let mut progress = Progress::new(frames, io::stderr());
    let mut drawn = 0;
    for frame in 0..frames {
        if matches!(stop.try_recv(), Err(crossbeam_channel::TryRecvError::Disconnected)) {
            break;
        }
        stage.draw(&mut player, frame)?;
        for picture in stage.take_pictures() {
            output.write(picture)?;
        }
        drawn = frame + 1;
        progress.show(drawn, steps.at_ms(frame));
    }
    for picture in stage.last_pictures()? {
        output.write(picture)?;
    }
    progress.end();
    let is_whole = drawn == frames;
    if drawn == 0 {
        // A film without a frame would be none; the part file goes with `output`.
        bail!("it was stopped before the first frame: nothing is written");
    }
    let path = output.finish(is_whole)?;
    if !player.passed_over().is_empty() {
        complain(&player.passed_over().to_string());
    }
    let (all, file) = (if is_whole { "" } else { " it was stopped after" }, path.display());
    complain(&format!(
        "{file}:{all} {drawn} of {frames} frames, to {}",
        when::shown(steps.at_ms(drawn.saturating_sub(1)))
    ));
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(ENDING.exit_code) })
}

fn usual_speed(span: Span) -> u32 {
    let speed = span.len_ms().unsigned_abs().div_ceil(USUAL_LENGTH_MILLIS);
    u32::try_from(speed).unwrap_or(u32::MAX).clamp(1, SPEEDS[SPEEDS.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_do_not_drift() {
        let steps = Steps { span: Span { from_ms: 1_000, to_ms: 61_000 }, speed: 1, fps: 30 };
        assert_eq!(steps.frames(), 1_801);
        assert_eq!([0, 1, 30, 1_800].map(|frame| steps.at_ms(frame)), [1_000, 1_033, 2_000, 61_000]);
        let fast = Steps { speed: 100_000, fps: 24, ..steps };
        assert_eq!((fast.frames(), fast.at_ms(1)), (1, 1_000 + 4_166_666));
    }

    #[test]
    fn a_film_lasts_a_minute_unless_told_otherwise() {
        let speed = |len| usual_speed(Span { from_ms: 5, to_ms: 5 + len });
        assert_eq!([1, 60_000, 60_001, 86_400_000].map(speed), [1, 1, 2, 1_440]);
        assert_eq!(speed(i64::MAX - 10), 100_000);
    }
}

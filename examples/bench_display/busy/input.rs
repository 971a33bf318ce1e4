//! How soon a key is answered: from the start of what presses it until the screen is another one.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::ensure;

use super::{super::millis, stage::Stage};

/// Another theme: nearly each pixel is another one then, wherever dots lie.
const KEY: &str = "d";
const PRESSES: usize = 10;
/// Lies between the ground of the dark map and that of the light one.
const MIDDLE: u8 = 128;
/// The picture is looked at on so many points.
const POINTS: [u64; 2] = [32, 18];
const PATIENCE: Duration = Duration::from_secs(10);
/// The frame after has been drawn, whatever the pace.
const REST: Duration = Duration::from_millis(700);

/// Milliseconds of each press. As often as the theme is changed back.
pub fn answers(stage: &Stage, size_px: [u32; 2]) -> anyhow::Result<Vec<f64>> {
    let mut answers = Vec::new();
    for _ in 0..PRESSES {
        let was_light = is_light(stage, size_px);
        let began = Instant::now();
        std::thread::scope(|scope| {
            let pressing = scope.spawn(|| stage.xdotool(&["key", KEY]));
            while is_light(stage, size_px) == was_light {
                ensure!(began.elapsed() < PATIENCE, "no other picture after a key");
                sleep(Duration::from_millis(1));
            }
            answers.push(millis(began.elapsed()));
            pressing.join().map_err(|_| anyhow::anyhow!("no key was pressed"))??;
            anyhow::Ok(())
        })?;
        sleep(REST);
    }
    Ok(answers)
}

fn is_light(stage: &Stage, size_px: [u32; 2]) -> bool {
    let [columns, rows] = POINTS;
    let at = |index: u64, of: u64, px: u32| (2 * index + 1) * u64::from(px) / (2 * of);
    let points = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
    let light = points
        .filter(|(column, row)| {
            let px = [at(*column, columns, size_px[0]), at(*row, rows, size_px[1])];
            stage.screen.brightness(px) > MIDDLE
        })
        .count() as u64;
    light * 2 > columns * rows
}

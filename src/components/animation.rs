//! What moves on the map and for how long, and how many frames a second that may cost on this adapter.

use std::time::Duration;

use bevy::prelude::Resource;

use super::effort::Effort;

/// Rings around a connection that has just opened, as the viewer's time goes.
pub const PULSE_MILLIS: i64 = 1_500;
/// A closed connection fades out over this long, as the viewer's time goes.
pub const FADE_MILLIS: i64 = 2_500;

/// Frames while something moves: smooth on a graphics card.
const FRAME_ON_GPU: Duration = Duration::from_millis(16);
/// A graphics card draws a picture in no time: what happens is seen two frames later at most.
const BETWEEN_WAKES_ON_GPU: Duration = Duration::from_millis(33);
/// Between two pictures of what stands still, for what has changed in it, as the viewer's time goes.
const BETWEEN_ON_GPU_MILLIS: i64 = 100;
const BETWEEN_ON_CPU_MILLIS: i64 = 1_000;
/// A software renderer waits as long again for so many points, which take it 40 ms at most: the live dots have the rest.
const POINTS_A_WAIT: usize = 5_000;
/// With more dots than this a software renderer draws plain discs, without halo and rings: a halo costs ten times the
/// dot.
pub const HALO_DOTS_ON_CPU: usize = 300;

/// What draws, and whether anything moves.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Animation {
    pub on_software: bool,
    /// What frames cost there.
    pub effort: Effort,
    /// Motion goes on until here; no frame is drawn for it afterwards.
    pub until_unix_millis: i64,
    /// No pulse, no fade: for people whom motion disturbs, and for stills.
    pub reduced: bool,
    /// Each frame is to be seen, as in a film: nothing is gathered for the next.
    pub draws_each_frame: bool,
    /// Milliseconds of the map's clock in one of the viewer's: more than 1 while a replay runs fast, so that a ring is
    /// seen as long as ever.
    pub time_scale: u32,
}

impl Default for Animation {
    fn default() -> Self {
        Self {
            on_software: false,
            effort: Effort::default(),
            until_unix_millis: 0,
            reduced: false,
            draws_each_frame: false,
            time_scale: 1,
        }
    }
}

impl Animation {
    pub const fn frame_time(&self) -> Duration {
        if self.on_software { self.effort.frame_time() } else { FRAME_ON_GPU }
    }

    /// How long what happens on the network waits for a frame. Where a processor draws a little less than the next frame of a
    /// motion, which then need not come: there is one frame for both.
    pub fn between_wakes(&self) -> Duration {
        if self.on_software { self.frame_time() * 9 / 10 } else { BETWEEN_WAKES_ON_GPU }
    }

    /// How long rings grow, on the map's clock.
    pub const fn pulse_millis(&self) -> i64 {
        PULSE_MILLIS * self.time_scale as i64
    }

    /// How long a closed connection fades, on the map's clock.
    pub const fn fade_millis(&self) -> i64 {
        FADE_MILLIS * self.time_scale as i64
    }

    /// How long changes of so many points that stand still are gathered before they are drawn, on the map's clock.
    pub const fn between_pictures_millis(&self, points: usize) -> i64 {
        let between = match self.on_software {
            true => BETWEEN_ON_CPU_MILLIS * (1 + (points / POINTS_A_WAIT) as i64),
            false => BETWEEN_ON_GPU_MILLIS,
        };
        between * self.time_scale as i64
    }

    pub const fn is_moving(&self, now_unix_millis: i64) -> bool {
        now_unix_millis < self.until_unix_millis
    }

    pub fn keep_moving_until(&mut self, unix_millis: i64) {
        self.until_unix_millis = self.until_unix_millis.max(unix_millis);
    }
}

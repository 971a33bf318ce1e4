//! What moves on the map and for how long, and how many frames a second that may cost on this adapter.

use std::time::Duration;

use bevy::prelude::Resource;

/// Rings around a connection that has just opened. Twin of `PULSE_MILLIS` in `dots.wgsl`.
pub const PULSE_MILLIS: i64 = 1_500;
/// A closed connection fades out over this long. Twin of `FADE_MILLIS` in `dots.wgsl`.
pub const FADE_MILLIS: i64 = 2_500;

/// Frames while something moves: smooth on a graphics card.
const FRAME_ON_GPU: Duration = Duration::from_millis(16);
/// A software renderer shares the cores with the programs it watches: motion is kept to a tenth of a second.
const FRAME_ON_CPU: Duration = Duration::from_millis(100);
/// With more dots than this a software renderer draws plain discs, without halo and rings: a halo costs ten times the
/// dot.
pub const HALO_DOTS_ON_CPU: usize = 300;

/// What draws, and whether anything moves.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Animation {
    pub on_software: bool,
    /// Motion goes on until here; no frame is drawn for it afterwards.
    pub until_unix_millis: i64,
    /// No pulse, no fade: for people whom motion disturbs, and for stills.
    pub reduced: bool,
}

impl Animation {
    pub const fn frame_time(&self) -> Duration {
        if self.on_software { FRAME_ON_CPU } else { FRAME_ON_GPU }
    }

    pub const fn is_moving(&self, now_unix_millis: i64) -> bool {
        now_unix_millis < self.until_unix_millis
    }

    pub fn keep_moving_until(&mut self, unix_millis: i64) {
        self.until_unix_millis = self.until_unix_millis.max(unix_millis);
    }
}

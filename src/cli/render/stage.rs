//! The map that is filmed: the still's picture, moved from frame to frame by hand. A picture takes a frame or two to come
//! back from the graphics card; meanwhile the next are drawn.

use std::{collections::BTreeMap, time::Duration};

use anyhow::bail;
use bevy::{
    prelude::*,
    render::view::screenshot::{Screenshot, ScreenshotCaptured},
};

use super::Steps;
use crate::{
    app::{WindowLook, still_app},
    cli::snapshot::{FRAMES_TO_SETTLE, camera_on_image},
    components::{
        animation::Animation,
        notices::Notices,
        still::Still,
        time_travel::{Shown, TimeTravel},
    },
    config::RulesFile,
    history::Player,
    systems::{
        replay::{play_to, show_moment, take_recording},
        services::past::recorded_agents,
    },
};

/// Events told to the map at a time.
const EVENTS_AT_A_TIME: usize = 8_192;
/// Updates until a picture must have arrived.
const MOST_UPDATES: usize = 600;
/// Between them, while the last pictures are on their way.
const BETWEEN_UPDATES: Duration = Duration::from_millis(2);

/// A frame of the film.
pub(super) struct Picture {
    pub(super) frame: u64,
    pub(super) image: Image,
}

/// Pictures as they arrive, by frame.
#[derive(Resource, Default)]
struct Arrived(BTreeMap<u64, Image>);

pub(super) struct Stage {
    app: App,
    target: Handle<Image>,
    steps: Steps,
    drawn: u64,
    taken: u64,
}

impl Stage {
    /// The map as it was at the first frame, settled.
    pub(super) fn new(
        player: &mut Player,
        rules: RulesFile,
        look: &WindowLook,
        steps: Steps,
        size: [u32; 2],
    ) -> anyhow::Result<Self> {
        let mut app = still_app(steps.span.from_ms, size, rules, look)?;
        let target = camera_on_image(&mut app, size);
        app.init_resource::<Arrived>().init_resource::<Still>();
        app.finish();
        app.cleanup();
        let world = app.world_mut();
        // What is wrong with the rules is said where the film is made, not in it.
        *world.resource_mut::<Notices>() = Notices::default();
        world.resource_mut::<Animation>().draws_each_frame = true;
        *world.resource_mut::<TimeTravel>() = TimeTravel {
            shown: Shown::Moment,
            at_ms: steps.span.from_ms,
            is_playing: true,
            speed: steps.speed,
            range: Some(steps.span),
            ..TimeTravel::default()
        };
        take_recording(world, recorded_agents(player)?, Some(steps.span));
        show_moment(world, steps.span.from_ms, player.seek(steps.span.from_ms)?);
        for _ in 0..FRAMES_TO_SETTLE {
            app.update();
        }
        Ok(Self { app, target, steps, drawn: 0, taken: 0 })
    }

    /// Draws a frame; its picture arrives later.
    pub(super) fn draw(&mut self, player: &mut Player, frame: u64) -> anyhow::Result<()> {
        let at_ms = self.steps.at_ms(frame);
        loop {
            let mut told = Vec::new();
            let is_there = player.advance(at_ms, EVENTS_AT_A_TIME, &mut told)?;
            play_to(self.app.world_mut(), at_ms, told);
            if is_there {
                break;
            }
        }
        self.app.world_mut().spawn(Screenshot::image(self.target.clone())).observe(
            move |captured: On<ScreenshotCaptured>, mut arrived: ResMut<Arrived>| {
                arrived.0.insert(frame, captured.image.clone());
            },
        );
        self.app.update();
        self.drawn = frame + 1;
        Ok(())
    }

    /// What has arrived, in the order of frames.
    pub(super) fn take_pictures(&mut self) -> Vec<Picture> {
        let mut arrived = self.app.world_mut().resource_mut::<Arrived>();
        let mut pictures = Vec::new();
        while let Some(image) = arrived.0.remove(&self.taken) {
            pictures.push(Picture { frame: self.taken, image });
            self.taken += 1;
        }
        pictures
    }

    /// Waits for those that are still on their way.
    pub(super) fn last_pictures(&mut self) -> anyhow::Result<Vec<Picture>> {
        let mut pictures = self.take_pictures();
        for _ in 0..MOST_UPDATES {
            if self.taken == self.drawn {
                return Ok(pictures);
            }
            std::thread::sleep(BETWEEN_UPDATES);
            self.app.update();
            pictures.extend(self.take_pictures());
        }
        bail!("the graphics adapter gave no picture of frame {}", self.taken + 1)
    }
}

//! Measures what frames cost where a processor draws: the processor time of the whole program from one to the next, while
//! something moves. What follows from that is `components/effort`'s. And sees to it that news cost no frame of their own
//! while frames come anyway.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bevy::prelude::*;
use rustix::time::{ClockId, clock_gettime};

use super::Wake;
use crate::{
    components::{animation::Animation, map_clock::MapClock, time_travel::TimeTravel},
    systems::MapSystems,
};

/// Another frame of a motion comes by itself, and soon.
#[derive(Resource, Default)]
pub(super) struct NextFrameComes(Arc<AtomicBool>);

impl NextFrameComes {
    /// Wakes only where nothing else would. What comes just before the last frame of a motion is taken in that frame: it begins
    /// by saying that none follows.
    pub(super) fn wake_without(&self, wake: Wake) -> Wake {
        let comes = Arc::clone(&self.0);
        Box::new(move || {
            if !comes.load(Ordering::Acquire) {
                wake();
            }
        })
    }
}

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<NextFrameComes>().add_systems(Update, measure.before(MapSystems::Sense));
}

fn measure(
    (clock, travel): (Res<MapClock>, Res<TimeTravel>),
    comes: Res<NextFrameComes>,
    mut animation: ResMut<Animation>,
    mut before: Local<Option<Duration>>,
) {
    if !animation.on_software {
        return;
    }
    // The pace is nobody's news.
    let animation = animation.bypass_change_detection();
    // From a frame in which something moved to the next: others are minutes apart. In the past the map's clock may stand.
    let is_moving = travel.is_now() && animation.is_moving(clock.now_unix_millis());
    comes.0.store(is_moving, Ordering::Release);
    let now = processor_time();
    if let Some(before) = before.replace(now).filter(|_| is_moving) {
        animation.effort.heed(now.saturating_sub(before));
    }
    if !is_moving {
        *before = None;
    }
}

/// Of all threads, since the program began.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn news_wake_the_window_but_while_it_is_drawn_anyway_and_in_the_last_frame_of_a_motion_again() {
        let mut app = App::new();
        app.insert_resource(MapClock::held(1_000))
            .init_resource::<TimeTravel>()
            .insert_resource(Animation { on_software: true, until_unix_millis: 2_000, ..default() })
            .add_plugins(plugin);
        let woken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&woken);
        let wake = app.world().resource::<NextFrameComes>().wake_without(Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        wake();
        assert_eq!(woken.load(Ordering::Relaxed), 1, "before the first frame");
        app.update();
        wake();
        assert_eq!(woken.load(Ordering::Relaxed), 1, "it moves");
        app.insert_resource(MapClock::held(2_000));
        app.update();
        wake();
        assert_eq!(woken.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn work_takes_processor_time() {
        let before = processor_time();
        let mut sum = 0_u64;
        while processor_time() == before {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(processor_time() > before);
    }
}

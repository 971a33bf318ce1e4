//! A display on a wall: which view of its scene is shown, how dark it is just now, and what of the panels stands on the
//! picture. Without a scene there is no [`Wall`], and a window shows all that it has.

use std::time::Duration;

use bevy::prelude::Resource;
use crossbeam_channel::Receiver;

use super::{glide::eased, map_view::MapView};
use crate::wall::{Minute, Part, Scene, View};

/// From one view to the next the picture goes dark for so long, and comes back in the same time.
pub const DARKENING: Duration = Duration::from_millis(450);
/// The map glides for so long.
const GLIDE: Duration = Duration::from_millis(1_500);

/// What time it is where the wall is, whatever time the map shows.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeOfDay {
    /// Since midnight.
    pub minute: Minute,
    /// As people write it.
    pub date: String,
}

impl TimeOfDay {
    /// As in 07:30.
    pub fn time(&self) -> String {
        format!("{:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

#[derive(Resource, Debug)]
pub struct Wall {
    scene: Scene,
    /// Of the scene's views; `None` before the first.
    at: Option<usize>,
    step: Step,
    /// Takes this one's place in the dark.
    next_scene: Option<Scene>,
    /// When the lists of those with the most connections are to be counted again, by a clock that only goes on.
    pub lists_due: Option<Duration>,
    /// The map is on its way to where the connections are.
    pub glide: Option<Glide>,
}

/// From one part of the map to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glide {
    pub from: MapView,
    pub to: MapView,
    pub since: Duration,
}

impl Glide {
    /// Where the map is, and whether it has arrived.
    pub fn at(&self, now: Duration) -> (MapView, bool) {
        let share = now.saturating_sub(self.since).as_secs_f64() / GLIDE.as_secs_f64();
        if share >= 1.0 {
            return (self.to, true);
        }
        (self.from.between(&self.to, eased(share)), false)
    }
}

/// Where a view is. Times are of a clock that only goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Shown { since: Duration },
    Darkens { since: Duration },
    Brightens { since: Duration },
}

impl Wall {
    pub const fn new(scene: Scene) -> Self {
        Self {
            scene,
            at: None,
            step: Step::Shown { since: Duration::ZERO },
            next_scene: None,
            lists_due: None,
            glide: None,
        }
    }

    pub const fn scene(&self) -> &Scene {
        &self.scene
    }

    pub fn view(&self) -> Option<&View> {
        self.scene.views.get(self.at?)
    }

    /// Another scene begins with its first view, once the picture has gone dark; the same one goes on.
    pub fn put(&mut self, scene: Scene, now: Duration) {
        let last = self.next_scene.as_ref().unwrap_or(&self.scene);
        if *last == scene {
            return;
        }
        // From as bright as it is.
        let dark = match self.step {
            Step::Brightens { since } => DARKENING.saturating_sub(now.saturating_sub(since)),
            Step::Darkens { since } => now.saturating_sub(since).min(DARKENING),
            Step::Shown { .. } => Duration::ZERO,
        };
        self.step = Step::Darkens { since: now.saturating_sub(dark) };
        self.next_scene = Some(scene);
    }

    /// Goes on to where it is now. Returns whether another view is to be shown: all of it is dark then.
    pub fn go_on(&mut self, now: Duration, minute: Minute) -> bool {
        let Some(view) = self.view() else {
            self.enter(now, minute);
            return true;
        };
        match self.step {
            Step::Brightens { since } if now.saturating_sub(since) >= DARKENING => {
                self.step = Step::Shown { since };
            }
            Step::Shown { since } => {
                let is_over = now.saturating_sub(since) >= Duration::from_secs(view.secs.into());
                let next = self.scene.next(self.at, minute);
                // One that may not be shown any more stays where no other may either.
                let may = |at: usize| self.scene.views.get(at).is_some_and(|view| view.is_on_at(minute));
                let leaves = is_over || (!view.is_on_at(minute) && may(next));
                if leaves && next != self.shown() {
                    self.step = Step::Darkens { since: now };
                }
            }
            Step::Darkens { since } if now.saturating_sub(since) >= DARKENING => {
                self.enter(now, minute);
                return true;
            }
            Step::Darkens { .. } | Step::Brightens { .. } => {}
        }
        false
    }

    fn enter(&mut self, now: Duration, minute: Minute) {
        if let Some(scene) = self.next_scene.take() {
            (self.scene, self.at) = (scene, None);
        }
        self.at = Some(self.scene.next(self.at, minute));
        self.glide = None;
        self.step = Step::Brightens { since: now };
    }

    fn shown(&self) -> usize {
        self.at.unwrap_or_default()
    }

    /// Whether it goes dark or comes back, or the map moves: each frame is another.
    pub const fn is_changing(&self) -> bool {
        !matches!(self.step, Step::Shown { .. }) || self.glide.is_some()
    }

    /// Until it shows something else by itself: the next view, if there is another, or lists that were counted anew. Hours
    /// end with a minute, at which there is a frame in any case.
    pub fn until_next(&self, now: Duration, minute: Minute) -> Option<Duration> {
        let (Step::Shown { since }, Some(view)) = (self.step, self.view()) else {
            return None;
        };
        let is_other = self.scene.next(self.at, minute) != self.shown();
        let next_view = is_other.then(|| since + Duration::from_secs(view.secs.into()));
        let next = next_view.into_iter().chain(self.lists_due).min()?;
        Some(next.saturating_sub(now))
    }

    /// How bright the picture is, 0 dark to 1.
    pub fn brightness(&self, now: Duration, minute: Minute) -> f32 {
        let share = |since: Duration| {
            (now.saturating_sub(since).as_secs_f32() / DARKENING.as_secs_f32()).clamp(0.0, 1.0)
        };
        let lit = match self.step {
            Step::Shown { .. } => 1.0,
            Step::Darkens { since } => 1.0 - share(since),
            Step::Brightens { since } => share(since),
        };
        lit * self.scene.brightness(minute)
    }
}

/// Whether something that a window always shows stands on the picture.
pub fn shows(wall: Option<&Wall>, part: Part) -> bool {
    wall.is_none_or(|wall| wall.view().is_some_and(|view| view.has(part)))
}

/// Whether something stands on the picture that only a wall shows.
pub fn shows_beside(wall: Option<&Wall>, part: Part) -> bool {
    wall.is_some_and(|wall| shows(Some(wall), part))
}

/// What the scene's file says, whenever it has changed: a scene, or why it is none.
#[derive(Resource)]
pub struct SceneFeed(pub Receiver<Result<Scene, String>>);

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn wall(text: &str) -> Wall {
        Wall::new(Scene::parse(text).unwrap())
    }

    #[test]
    fn the_map_glides_from_one_place_to_the_other() {
        let from = MapView::home([1920.0, 1080.0], 2.2);
        let mut to = from;
        to.show_region([-0.1, 0.1], [0.1, 0.2], 0.2, 8.0);
        let glide = Glide { from, to, since: secs(10) };
        assert_eq!(glide.at(secs(10)), (from, false));
        let (half, arrived) = glide.at(secs(10) + GLIDE / 2);
        assert!(!arrived && half.zoom > from.zoom && half.zoom < to.zoom);
        assert_eq!(glide.at(secs(12)), (to, true));
    }

    const TWO: &str = "[[view]]\nsecs = 60\nparts = ['clock']\n[[view]]\nsecs = 10\nhours = '8:00-18:00'\n";

    #[test]
    fn views_change_in_the_dark() {
        let mut wall = wall(TWO);
        let noon = 12 * 60;
        assert!(wall.go_on(secs(5), noon), "the first one");
        assert_eq!((wall.brightness(secs(5), noon), wall.is_changing()), (0.0, true));
        assert!(!wall.go_on(secs(6), noon));
        assert_eq!((wall.brightness(secs(6), noon), wall.is_changing()), (1.0, false));
        assert_eq!(wall.until_next(secs(25), noon), Some(secs(40)));
        assert!(!wall.go_on(secs(65), noon), "it goes dark first");
        assert!(!wall.go_on(secs(65) + DARKENING / 2, noon));
        assert!((wall.brightness(secs(65) + DARKENING / 2, noon) - 0.5).abs() < 1e-3);
        assert!(wall.go_on(secs(66), noon));
        assert_eq!(wall.view().map(|view| view.secs), Some(10));
        assert_eq!(wall.brightness(secs(66), noon), 0.0);
    }

    #[test]
    fn another_scene_comes_out_of_the_dark() {
        let mut wall = wall(TWO);
        let noon = 12 * 60;
        let other = Scene::parse("[[view]]\nsecs = 7\n").unwrap();
        wall.go_on(secs(0), noon);
        wall.go_on(secs(1), noon);
        wall.put(wall.scene().clone(), secs(2));
        assert!(!wall.is_changing(), "the same one goes on");
        wall.put(other.clone(), secs(2));
        assert_eq!((wall.brightness(secs(2), noon), wall.scene() == &other), (1.0, false));
        assert!(!wall.go_on(secs(2) + DARKENING / 2, noon));
        // Saved once more meanwhile: it goes on from as dark as it is.
        wall.put(Scene::parse("[[view]]\nsecs = 8\n").unwrap(), secs(2) + DARKENING / 2);
        assert!((wall.brightness(secs(2) + DARKENING / 2, noon) - 0.5).abs() < 1e-3);
        assert!(wall.go_on(secs(2) + DARKENING, noon));
        assert_eq!(wall.view().map(|view| view.secs), Some(8));
        assert_eq!(wall.brightness(secs(2) + DARKENING, noon), 0.0);
    }

    #[test]
    fn a_view_ends_with_its_hours_and_one_alone_stays_bright() {
        let mut wall = wall(TWO);
        wall.go_on(secs(0), 17 * 60 + 59);
        wall.go_on(secs(1), 17 * 60 + 59);
        wall.go_on(secs(60), 17 * 60 + 59);
        assert!(wall.go_on(secs(61), 17 * 60 + 59));
        wall.go_on(secs(62), 17 * 60 + 59);
        assert!(!wall.is_changing());
        wall.go_on(secs(63), 18 * 60);
        assert!(wall.is_changing() && wall.go_on(secs(64), 18 * 60));
        wall.go_on(secs(65), 18 * 60);
        // There is no other at night.
        for later in 66..1_000 {
            assert!(!wall.go_on(secs(later), 20 * 60) && !wall.is_changing());
        }
        assert_eq!(wall.until_next(secs(1_000), 20 * 60), None, "nothing to draw a frame for");
    }

    #[test]
    fn where_all_hours_are_over_each_view_has_its_time() {
        let mut wall =
            wall("[[view]]\nsecs = 60\nhours = '1:00-2:00'\n[[view]]\nsecs = 60\nhours = '2:00-3:00'\n");
        let mut entered = 0;
        for millis in (0..180_000).step_by(100) {
            entered += u32::from(wall.go_on(Duration::from_millis(millis), 12 * 60));
        }
        assert_eq!(entered, 3, "in three minutes");
    }

    #[test]
    fn a_window_shows_what_it_has_and_a_wall_what_its_scene_says() {
        let mut wall = wall(TWO);
        wall.go_on(secs(0), 0);
        assert!(shows(None, Part::Key) && !shows_beside(None, Part::Clock));
        assert!(!shows(Some(&wall), Part::Key) && shows_beside(Some(&wall), Part::Clock));
    }
}

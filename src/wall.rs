//! What a wall display shows, and when: views that follow one another for ever, some of them only at some hours, and how
//! dark the night is. Read from TOML (`wall/scene.rs`); who shows it is `systems/wall`. Knows no clock and no screen.

mod hours;
mod scene;
#[cfg(test)]
mod tests;

pub use hours::{Hours, MINUTES_A_DAY, Minute};
pub use scene::{Night, Part, Scene, Show, ThemeName, Trails, View, Zoom};

/// Scenes that ship, by their names.
pub const SHIPPED: [(&str, &str); 3] = [
    ("overview", include_str!("../assets/scenes/overview.toml")),
    ("quiet", include_str!("../assets/scenes/quiet.toml")),
    ("replay", include_str!("../assets/scenes/replay.toml")),
];

impl Scene {
    /// The view after one, or the first: the next of those that may be shown at this time of day. Where none may, the next of
    /// all, for a wall is never empty.
    pub fn next(&self, after: Option<usize>, minute: Minute) -> usize {
        let count = self.views.len().max(1);
        let first = after.map_or(0, |after| after + 1);
        let in_turn = || (first..first + count).map(|at| at % count);
        let is_on = |at: &usize| self.views.get(*at).is_some_and(|view| view.is_on_at(minute));
        in_turn().find(is_on).or_else(|| in_turn().next()).unwrap_or(0)
    }

    /// How bright the picture is, 1 by day.
    pub fn brightness(&self, minute: Minute) -> f32 {
        let is_night = self.night.as_ref().filter(|night| night.hours.contains(minute));
        is_night.map_or(1.0, |night| night.brightness)
    }
}

impl View {
    pub fn is_on_at(&self, minute: Minute) -> bool {
        self.hours.is_none_or(|hours| hours.contains(minute))
    }

    pub fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }
}

//! `connmapperl --wall`: the window as a display on a wall, with its scene and its monitor.

use std::path::PathBuf;

use bevy::app::App;
use clap::Args;

use crate::{
    components::{theme::Theme, wall::Wall},
    config::wall_scene::{WallSceneError, read, shipped},
    systems::{services::wall_scene::SceneFile, wall::OnMonitor},
    wall::Scene,
};

#[derive(Clone, Debug, Default, Args)]
pub struct WallArgs {
    /// For a screen on the wall: full screen, no pointer, what a scene says
    #[arg(long)]
    pub wall: bool,
    /// What the wall shows, and when: overview, quiet, replay, or a file, which is read again when it changes
    #[arg(long, value_name = "SCENE", default_value = "overview", requires = "wall")]
    wall_scene: PathBuf,
    /// The monitor, by its number or name
    #[arg(long, value_name = "MONITOR", requires = "wall")]
    monitor: Option<OnMonitor>,
}

impl WallArgs {
    /// What the wall shows, if it is one.
    ///
    /// # Errors
    /// When the scene cannot be read.
    pub fn scene(&self) -> Result<Option<Scene>, WallSceneError> {
        self.wall.then(|| read(&self.wall_scene)).transpose()
    }

    /// Makes the window that of a wall.
    pub fn hang(&self, scene: Scene, app: &mut App) {
        if let Some(theme) = scene.theme {
            app.insert_resource(Theme::named(theme));
        }
        app.insert_resource(Wall::new(scene));
        if shipped(&self.wall_scene).is_none() {
            app.insert_resource(SceneFile(self.wall_scene.clone()));
        }
        if let Some(monitor) = &self.monitor {
            app.insert_resource(monitor.clone());
        }
    }
}

//! `connmapperl --wall`: the window as a display on a wall, with its scene and its monitor.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use bevy::app::App;
use clap::Args;

use crate::{
    components::{theme::Theme, wall::Wall},
    config::wall_scene::{WallSceneError, read, shipped},
    systems::{services::wall_scene::SceneFile, wall::OnMonitor},
    wall::{Scene, View},
};

#[derive(Clone, Debug, Default, Args)]
pub struct WallArgs {
    /// For a screen on the wall: full screen, no pointer, what a scene says
    #[arg(long)]
    pub wall: bool,
    /// What the wall shows, and when: overview, quiet, replay, or a file, which is read again when it changes
    #[arg(long, value_name = "SCENE", default_value = "overview", requires = "wall")]
    wall_scene: PathBuf,
    /// The monitor, by its number or name, or all
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
        hang(scene, app);
        if shipped(&self.wall_scene).is_none() {
            app.insert_resource(SceneFile(self.wall_scene.clone()));
        }
        if let Some(monitor) = &self.monitor {
            app.insert_resource(monitor.clone());
        }
    }
}

/// Makes a picture, whatever it is seen in, that of a wall.
pub(super) fn hang(scene: Scene, app: &mut App) {
    if let Some(theme) = scene.theme {
        app.insert_resource(Theme::named(theme));
    }
    app.insert_resource(Wall::new(scene));
}

/// The scene of a picture: of a scene that is read, one view alone, whatever hour it is.
pub(super) fn scene_of_view(scene: &Path, view: NonZeroUsize) -> anyhow::Result<Scene> {
    let mut scene = read(scene)?;
    let (nth, count) = (view.get() - 1, scene.views.len());
    ensure!(nth < count, "there is no view {view}: the scene has {count}");
    let view = View { hours: None, ..scene.views.swap_remove(nth) };
    Ok(Scene { views: vec![view], ..scene })
}

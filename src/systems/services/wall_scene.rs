//! Reads the scene's file again when it has changed: a thread of its own looks at it now and then.

use std::{path::PathBuf, thread, time::Duration};

use bevy::prelude::*;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::Wake;
use crate::{
    components::wall::SceneFeed,
    config::wall_scene::{Stamp, read},
    wall::Scene,
};

/// Whoever edits a scene looks up to see it.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);

/// The file that is looked at.
#[derive(Resource, Clone, Debug)]
pub struct SceneFile(pub PathBuf);

/// Dropping it ends the thread.
#[derive(Resource)]
struct SceneWatch {
    _until: Sender<()>,
}

pub(super) fn start(commands: &mut Commands, file: Option<&SceneFile>, wake: Wake) {
    let Some(SceneFile(path)) = file.cloned() else {
        return;
    };
    let (until, ended) = bounded(0);
    let (to_wall, scenes) = bounded(1);
    let work = move || watch(&path, &ended, &to_wall, &wake);
    match thread::Builder::new().name("wall scene".to_owned()).spawn(work) {
        Ok(_) => {
            commands.insert_resource(SceneWatch { _until: until });
            commands.insert_resource(SceneFeed(scenes));
        }
        Err(error) => error!("cannot start a thread: {error}"),
    }
}

fn watch(path: &std::path::Path, ended: &Receiver<()>, to_wall: &Sender<Result<Scene, String>>, wake: &Wake) {
    let mut known = Stamp::of(path);
    while ended.recv_timeout(LOOKED_AT_EVERY) == Err(RecvTimeoutError::Timeout) {
        let now = Stamp::of(path);
        if now == known || !now.is_there() {
            continue;
        }
        known = now;
        if to_wall.send(read(path).map_err(|error| error.to_string())).is_err() {
            return;
        }
        wake();
    }
}

//! Told to end from outside, by Ctrl-C, a session that closes or whoever runs services: the window ends as if somebody had
//! closed it, with all that is then written.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bevy::{app::AppExit, prelude::*};

use super::Wake;
use crate::{
    signals::when_told_to_end,
    systems::{MapSystems, interact::act},
};

/// Set by the thread that waits for signals.
#[derive(Resource)]
struct ToldToEnd(Arc<AtomicBool>);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        obey.before(act).in_set(MapSystems::Interact).run_if(resource_exists::<ToldToEnd>),
    );
}

pub(super) fn start(commands: &mut Commands, wake: Wake) {
    let told = Arc::new(AtomicBool::new(false));
    let told_there = Arc::clone(&told);
    let waits = when_told_to_end(move |_| {
        told_there.store(true, Ordering::Relaxed);
        wake();
    });
    match waits {
        Ok(()) => commands.insert_resource(ToldToEnd(told)),
        // The signal then ends the program as it ends any other.
        Err(error) => warn!("signals are not waited for: {error}"),
    }
}

fn obey(told: Res<ToldToEnd>, mut exit: MessageWriter<AppExit>) {
    if told.0.load(Ordering::Relaxed) {
        exit.write(AppExit::Success);
    }
}

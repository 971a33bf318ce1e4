//! Saved filters in the user's settings: read at the start, written by a thread whenever they changed.

use std::thread;

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Start, Wake, fleet};
use crate::{
    components::{
        filtering::FilterBox,
        notices::{Notices, Severity},
    },
    config::{
        config_folder,
        filters::{save_filters, saved_filters},
    },
    systems::{MapSystems, filtering::obey},
};

/// Saved by hand, one after the other.
const CAPACITY: usize = 4;
/// What the notices of this file are about.
const TOPIC: &str = "Saved filters";

/// The window's end of the thread. Dropping it ends the thread.
#[derive(Resource)]
struct FiltersLink {
    to_write: Sender<Vec<String>>,
    failures: Receiver<String>,
    /// As they are in the file, or soon will be.
    written: Vec<String>,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (
            save.after(obey).in_set(MapSystems::Interact),
            tell_failures.after(fleet::take_answers).in_set(MapSystems::Ingest),
        ),
    );
}

/// Reads what was saved, and starts the thread that writes. What cannot be read is never written over.
pub(super) fn start(
    commands: &mut Commands,
    start: &Start,
    (filter_box, notices): (&mut FilterBox, &mut Notices),
    wake: Wake,
) {
    match saved_filters(config_folder().as_deref()) {
        Ok(saved) => filter_box.saved = saved,
        Err(error) => {
            notices.say(Severity::Warning, TOPIC, vec![error.to_string()]);
            return;
        }
    }
    // A scene leaves no trace.
    if !start.remembers_window {
        return;
    }
    let (to_write, from_window) = bounded::<Vec<String>>(CAPACITY);
    let (to_window, failures) = bounded(CAPACITY);
    let work = move || {
        for filters in from_window {
            if let Err(error) = save_filters(config_folder().as_deref(), &filters) {
                // The window has gone, or has not read the last ones yet.
                let _ = to_window.try_send(error.to_string());
                wake();
            }
        }
    };
    match thread::Builder::new().name("filters".to_owned()).spawn(work) {
        Ok(_) => {
            let written = filter_box.saved.clone();
            commands.insert_resource(FiltersLink { to_write, failures, written });
        }
        Err(error) => error!("cannot start a thread: {error}"),
    }
}

fn save(filter_box: Res<FilterBox>, link: Option<ResMut<FiltersLink>>) {
    if let Some(mut link) = link
        && link.written != filter_box.saved
        && link.to_write.try_send(filter_box.saved.clone()).is_ok()
    {
        link.written.clone_from(&filter_box.saved);
    }
}

fn tell_failures(link: Option<Res<FiltersLink>>, mut notices: ResMut<Notices>) {
    for failure in link.iter().flat_map(|link| link.failures.try_iter()) {
        notices.say(Severity::Warning, TOPIC, vec![failure]);
    }
}

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

/// Of the file, which another window or an editor may have changed meanwhile.
enum Change {
    Add(String),
    Forget(String),
}

impl Change {
    fn apply(self, filters: &mut Vec<String>) {
        match self {
            Self::Add(filter) if filters.contains(&filter) => {}
            Self::Add(filter) => filters.push(filter),
            Self::Forget(filter) => filters.retain(|known| *known != filter),
        }
    }
}

/// The window's end of the thread. Dropping it ends the thread.
#[derive(Resource)]
struct FiltersLink {
    changes: Sender<Vec<Change>>,
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
    if start.preferences_file.is_none() {
        return;
    }
    let (changes, from_window) = bounded::<Vec<Change>>(CAPACITY);
    let (to_window, failures) = bounded(CAPACITY);
    let work = move || {
        for changes in from_window {
            let folder = config_folder();
            let changed = saved_filters(folder.as_deref()).and_then(|mut filters| {
                changes.into_iter().for_each(|change| change.apply(&mut filters));
                save_filters(folder.as_deref(), &filters)
            });
            if let Err(error) = changed {
                // The window has gone, or has not read the last ones yet.
                let _ = to_window.try_send(error.to_string());
                wake();
            }
        }
    };
    match thread::Builder::new().name("filters".to_owned()).spawn(work) {
        Ok(_) => {
            let written = filter_box.saved.clone();
            commands.insert_resource(FiltersLink { changes, failures, written });
        }
        Err(error) => error!("cannot start a thread: {error}"),
    }
}

fn save(filter_box: Res<FilterBox>, link: Option<ResMut<FiltersLink>>) {
    let Some(mut link) = link.filter(|link| link.written != filter_box.saved) else {
        return;
    };
    let (before, now) = (&link.written, &filter_box.saved);
    let added = now.iter().filter(|filter| !before.contains(filter)).cloned().map(Change::Add);
    let forgotten = before.iter().filter(|filter| !now.contains(filter)).cloned().map(Change::Forget);
    if link.changes.try_send(added.chain(forgotten).collect()).is_ok() {
        link.written.clone_from(&filter_box.saved);
    }
}

fn tell_failures(link: Option<Res<FiltersLink>>, mut notices: ResMut<Notices>) {
    for failure in link.iter().flat_map(|link| link.failures.try_iter()) {
        notices.say(Severity::Warning, TOPIC, vec![failure]);
    }
}

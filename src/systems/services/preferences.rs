//! `settings.toml` as the window writes it: by a thread, a moment after something was chosen, and at the end of the program
//! once more, with the place of the window. Only what was chosen is written; whatever else stands there stays.

use std::{
    io,
    path::PathBuf,
    thread::{self, JoinHandle},
    time::Duration,
};

use bevy::{
    app::AppExit,
    prelude::*,
    window::{PrimaryWindow, Window, WindowCloseRequested},
};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::{Start, Wake};
use crate::{
    components::{
        notices::{Notices, Severity},
        preferences::{Preferences, PreferencesFile, changed},
    },
    config::settings,
    systems::{MapSystems, preferences::note, wall::forget_notices, window::place_of},
};

/// Who tries one thing after the other has it written once.
const SETTLES: Duration = Duration::from_millis(500);
/// What the notices of this file are about.
const TOPIC: &str = "What is chosen";
/// One waits while another is written.
const CAPACITY: usize = 2;

/// The window's end of the thread.
#[derive(Resource)]
pub(super) struct PreferencesLink {
    chosen: Sender<Preferences>,
    told: Receiver<Option<String>>,
    thread: JoinHandle<()>,
    /// As they are in the file, or soon will be.
    sent: Preferences,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (send, take).chain().after(note).after(forget_notices).in_set(MapSystems::Account),
    )
    // After everything that may ask for the end.
    .add_systems(Last, end);
}

/// Starts the thread that writes. A scene and a wall leave no trace.
pub(super) fn start(commands: &mut Commands, start: &Start, preferences: &Preferences, wake: Wake) {
    let Some(path) = start.preferences_file.clone() else {
        return;
    };
    commands.insert_resource(PreferencesFile(path.clone()));
    let (chosen, from_window) = bounded(CAPACITY);
    let (to_window, told) = bounded(CAPACITY);
    let writer = Writer { path, before: preferences.clone() };
    let work = move || {
        writer.run(&from_window, |problem| {
            // The window has gone, or has not read the last ones yet.
            let _ = to_window.try_send(problem);
            wake();
        });
    };
    match thread::Builder::new().name("settings".to_owned()).spawn(work) {
        Ok(thread) => {
            let sent = preferences.clone();
            commands.insert_resource(PreferencesLink { chosen, told, thread, sent });
        }
        Err(error) => error!("cannot start a thread: {error}"),
    }
}

struct Writer {
    path: PathBuf,
    /// As the file has them.
    before: Preferences,
}

impl Writer {
    /// Until the window has gone.
    fn run(mut self, chosen: &Receiver<Preferences>, mut tell: impl FnMut(Option<String>)) {
        while let Ok(mut after) = chosen.recv() {
            let is_over = loop {
                match chosen.recv_timeout(SETTLES) {
                    Ok(newer) => after = newer,
                    Err(RecvTimeoutError::Timeout) => break false,
                    Err(RecvTimeoutError::Disconnected) => break true,
                }
            };
            tell(self.write(&after).err());
            if is_over {
                return;
            }
        }
    }

    /// What could not be written is written the next time.
    fn write(&mut self, after: &Preferences) -> Result<(), String> {
        let path = &self.path;
        let named = |reason: &dyn std::fmt::Display| {
            format!("{}: {reason}; what is chosen holds until the end of the program", path.display())
        };
        let text = match settings::read_text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(named(&error)),
        };
        let written = changed(&text, &self.before, after).map_err(|error| named(&error))?;
        if written != text && self.before != *after {
            settings::write_text(path, &written).map_err(|error| named(&error))?;
        }
        self.before = after.clone();
        Ok(())
    }
}

fn send(preferences: Res<Preferences>, link: Option<ResMut<PreferencesLink>>) {
    if let Some(mut link) = link.filter(|link| link.sent != *preferences)
        && link.chosen.try_send(preferences.clone()).is_ok()
    {
        link.sent.clone_from(&preferences);
    }
}

/// Says why nothing was written, until it was.
pub(super) fn take(link: Option<Res<PreferencesLink>>, mut notices: ResMut<Notices>) {
    for problem in link.iter().flat_map(|link| link.told.try_iter()) {
        notices.say(Severity::Warning, TOPIC, problem.into_iter().collect());
    }
}

/// When the program ends, however it was asked to: waits until all is written.
pub(super) fn end(
    mut exits: MessageReader<AppExit>,
    mut closings: MessageReader<WindowCloseRequested>,
    windows: Query<(Entity, &Window), With<PrimaryWindow>>,
    mut preferences: ResMut<Preferences>,
    link: Option<Res<PreferencesLink>>,
    mut commands: Commands,
) {
    let closed: Vec<Entity> = closings.read().map(|closing| closing.window).collect();
    let ends = exits.read().count() > 0 || windows.iter().any(|(entity, _)| closed.contains(&entity));
    if !ends || link.is_none() {
        return;
    }
    if let Some(place) = windows.iter().next().and_then(|(_, window)| place_of(window)) {
        preferences.place = Some(place);
    }
    let last = preferences.clone();
    commands.queue(move |world: &mut World| {
        let Some(link) = world.remove_resource::<PreferencesLink>() else {
            return;
        };
        let PreferencesLink { chosen, thread, sent, told } = link;
        if sent != last && chosen.send(last).is_err() {
            warn!("what was chosen is not written: its thread has ended");
        }
        drop((chosen, told));
        if thread.join().is_err() {
            warn!("what was chosen may not be written: its thread has failed");
        }
    });
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::components::preferences::parse;

    fn light() -> Preferences {
        Preferences { light: true, ..Preferences::default() }
    }

    #[test]
    fn what_is_chosen_last_is_in_the_file_when_the_window_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/settings.toml");
        let (chosen, from_window) = bounded(8);
        for circles in [true, false, true] {
            chosen.send(Preferences { circles, ..light() }).unwrap();
        }
        drop(chosen);
        let mut told = Vec::new();
        let writer = Writer { path: path.clone(), before: Preferences::default() };
        writer.run(&from_window, |problem| told.push(problem));
        assert_eq!(told, [None]);
        let (read, problems) = parse(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!((read, problems), (Preferences { circles: true, ..light() }, Vec::new()));
    }

    #[test]
    fn a_file_that_is_none_is_left_alone_and_written_when_it_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        let mut writer = Writer { path: path.clone(), before: Preferences::default() };
        fs::write(&path, "theme = \n").unwrap();
        let problem = writer.write(&light()).unwrap_err();
        assert!(problem.contains("settings.toml: line 1, column "), "{problem}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theme = \n");
        fs::write(&path, "# by hand, meanwhile\nrings = false\n").unwrap();
        writer.write(&light()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "# by hand, meanwhile\nrings = false\ntheme = \"light\"\n");
        writer.write(&light()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn nothing_chosen_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        let mut writer = Writer { path: path.clone(), before: light() };
        writer.write(&light()).unwrap();
        assert!(!path.exists());
    }
}

//! Keeps the machine of a wall awake, and its screen lit. The window system is asked to leave the screen as it is (`lit`);
//! `systemd-inhibit` holds back sleep, and logind's notion of an idle screen, as long as its child runs, which reads from a
//! pipe that ends with this program, however that ends.

mod lit;

use std::process::{Child, Command, Stdio};

use bevy::{
    ecs::system::NonSendMarker,
    prelude::*,
    window::{PrimaryWindow, RawHandleWrapper},
};

use crate::{
    components::{
        mirror::MirrorWindow,
        notices::{Notices, Severity},
    },
    systems::{MapSystems, services::preferences},
};
use lit::Lit;

/// What the notices of this file are about.
const TOPIC: &str = "The screen";
const INHIBIT: &str = "systemd-inhibit";

/// Dropping it lets the machine sleep again.
#[derive(Resource, Default)]
struct Awake {
    inhibit: Option<Child>,
    /// Why there is none, until that was said.
    problem: Option<String>,
    /// The window system was asked, and leaves the screen lit.
    is_lit: bool,
}

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        (light, look)
            .chain()
            .after(preferences::take)
            .in_set(MapSystems::Account)
            .run_if(resource_exists::<Awake>),
    );
}

pub(super) fn start(commands: &mut Commands) {
    commands.insert_resource(match hold(INHIBIT) {
        Ok(child) => Awake { inhibit: Some(child), ..default() },
        Err(error) => Awake { problem: Some(format!("{INHIBIT} cannot be run ({error})")), ..default() },
    });
}

/// For each window of the wall, once it is there.
fn light(
    windows: Query<(Entity, &RawHandleWrapper), (Added<RawHandleWrapper>, OfWall)>,
    mut awake: ResMut<Awake>,
    mut commands: Commands,
    _on_main_thread: NonSendMarker,
) {
    for (window, handle) in &windows {
        match Lit::hold(handle) {
            Ok(lit) => {
                awake.is_lit = true;
                commands.entity(window).insert(lit);
            }
            Err(error) => debug!("the screen may go blank: {error}"),
        }
    }
}

type OfWall = Or<(With<PrimaryWindow>, With<MirrorWindow>)>;

/// Where nobody listens to it, `systemd-inhibit` has ended by itself.
fn look(
    windows: Query<(), (With<RawHandleWrapper>, OfWall)>,
    mut awake: ResMut<Awake>,
    mut notices: ResMut<Notices>,
) {
    let awake = awake.bypass_change_detection();
    if let Some(Ok(Some(status))) = awake.inhibit.as_mut().map(Child::try_wait) {
        awake.inhibit = None;
        awake.problem = Some(format!("{INHIBIT} has ended ({status}); is logind running?"));
    }
    // What can be held tells what is not.
    if windows.is_empty() {
        return;
    }
    if let Some(problem) = awake.problem.take() {
        let line = match awake.is_lit {
            true => format!("the machine may go to sleep: {problem}"),
            false => format!("it may go blank: {problem}"),
        };
        notices.say(Severity::Info, TOPIC, vec![line]);
    }
}

fn hold(inhibit: &str) -> std::io::Result<Child> {
    Command::new(inhibit)
        .args(["--what=idle:sleep", "--who=connmapperl", "--why=It hangs on the wall", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_holds_the_screen_lit_ends_with_the_program() {
        // Runs the last word, as the real one does.
        let folder = tempfile::tempdir().unwrap();
        let stand_in = folder.path().join("inhibit");
        std::fs::write(&stand_in, "#!/bin/sh\nfor last; do :; done\nexec \"$last\"\n").unwrap();
        std::fs::set_permissions(&stand_in, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut child = hold(stand_in.to_str().unwrap()).unwrap();
        assert!(child.try_wait().unwrap().is_none(), "it holds");
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success(), "and ends with the pipe");
        assert!(hold("/nowhere/inhibit").is_err());
    }
}

//! Keeps the machine of a wall awake, and its screen lit: `systemd-inhibit` holds that as long as its child runs, which reads
//! from a pipe that ends with this program, however that ends.

use std::process::{Child, Command, Stdio};

use bevy::prelude::*;

use crate::{
    components::notices::{Notices, Severity},
    systems::{MapSystems, wall::forget_notices},
};

/// What the notices of this file are about.
const TOPIC: &str = "The screen";
const INHIBIT: &str = "systemd-inhibit";

/// Dropping it lets the screen go blank again.
#[derive(Resource)]
struct Awake(Child);

pub(super) fn plugin(app: &mut App) {
    app.add_systems(
        Update,
        look.after(forget_notices).in_set(MapSystems::Account).run_if(resource_exists::<Awake>),
    );
}

pub(super) fn start(commands: &mut Commands, notices: &mut Notices) {
    match hold(INHIBIT) {
        Ok(child) => commands.insert_resource(Awake(child)),
        Err(error) => {
            let line = format!("it may go blank: {INHIBIT} cannot be run ({error})");
            notices.say(Severity::Info, TOPIC, vec![line]);
        }
    }
}

/// Where nobody listens to it, it has ended by itself.
fn look(mut awake: ResMut<Awake>, mut notices: ResMut<Notices>, mut commands: Commands) {
    if let Ok(Some(status)) = awake.0.try_wait() {
        let line = format!("it may go blank: {INHIBIT} has ended ({status}); is logind running?");
        notices.say(Severity::Info, TOPIC, vec![line]);
        commands.remove_resource::<Awake>();
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

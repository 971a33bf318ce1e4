//! What is kept from run to run: the number of a machine that has no /etc/machine-id.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use crate::{
    display::Display,
    program::{Agent, Home},
    wait_for,
};

/// The command, where /etc/machine-id is empty.
fn without_machine_id(command: &Command) -> Command {
    let script = "! [ -e /etc/machine-id ] || mount --bind /dev/null /etc/machine-id && exec \"$@\"";
    let mut hidden = Command::new("unshare");
    hidden.args(["--mount", "sh", "-c", script, "sh"]).arg(command.get_program()).args(command.get_args());
    hidden.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    hidden.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    hidden
}

fn can_hide() -> bool {
    let can = without_machine_id(&Command::new("true")).status().is_ok_and(|status| status.success());
    if !can {
        println!("skipped: needs root and the command unshare (util-linux)");
    }
    can
}

/// The machine's and the run's number, as a display is told.
async fn told(display: &Display, command: &Command) -> (Vec<u8>, u64) {
    let _agent = Agent::start(&mut without_machine_id(command));
    let (_, hello) = display.greet().await;
    (hello.machine_id, hello.run_id)
}

#[test]
fn a_machine_without_a_number_keeps_the_one_it_was_given() {
    if !can_hide() {
        return;
    }
    wait_for(async {
        let display = Display::new().await;
        let address = display.address().to_string();
        for is_service in [false, true] {
            let home = Home::for_display(&display);
            let service = tempfile::tempdir().unwrap();
            let mut command = home.command(&["--server", &address]);
            if is_service {
                command.env("STATE_DIRECTORY", service.path());
            }
            let (machine, run) = told(&display, &command).await;
            let (again, next_run) = told(&display, &command).await;
            assert_eq!(machine, again);
            assert_ne!(run, next_run);
            let kept = if is_service { service.path().join("agent-id") } else { home.state("agent-id") };
            assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
            // As on another machine.
            fs::remove_file(kept).unwrap();
            assert_ne!(told(&display, &command).await.0, machine);
        }
    });
}

#[test]
fn where_nothing_can_be_kept_the_number_lasts_for_the_boot() {
    if !can_hide() {
        return;
    }
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let address = display.address().to_string();
        let mut command = home.command(&["--server", &address, "--verbose"]);
        // Nobody makes folders there, not even root.
        command.env("XDG_STATE_HOME", "/proc");
        let (machine, _) = told(&display, &command).await;
        assert_eq!(told(&display, &command).await.0, machine);

        let mut agent = Agent::start(&mut without_machine_id(&command));
        let peer = display.welcome(0, true).await;
        let lines = agent.lines_to("reporting to");
        let said: Vec<_> = lines.iter().filter(|line| line.contains("/proc/connmapperl/agent-id")).collect();
        assert_eq!(said.len(), 1, "{lines:?}");
        drop(peer);
        let lines = agent.lines_to("trying again");
        assert!(!lines.iter().any(|line| line.contains("agent-id")), "{lines:?}");
    });
}

#[test]
fn a_machine_with_a_number_keeps_nothing() {
    let has_one = fs::read_to_string("/etc/machine-id").is_ok_and(|id| id.trim().len() == 32);
    if !has_one {
        println!("skipped: needs a machine with /etc/machine-id");
        return;
    }
    wait_for(async {
        let display = Display::new().await;
        let home = Home::for_display(&display);
        let _agent = home.report_to(display.address());
        display.greet().await;
        assert!(!home.state("").exists());
    });
}

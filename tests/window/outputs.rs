//! A wall on Wayland with two monitors, which come and go: it hangs on the one that was chosen, lives on the other while that
//! is away, and goes back. Needs sway, whose monitors are windows of an X server, and a Vulkan driver; says `skipped: …` where
//! one is missing.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::desktop::{Desktop, Process, eventually, has_program};

/// Who runs the compositor where the tests run as root, as whom it does not: `nobody`.
const NOBODY: u32 = 65_534;
/// Drawn after each change: a busy scene comes to so many within seconds.
const FRAMES: usize = 8;
struct Sway {
    _process: Process,
    folder: PathBuf,
    orders: PathBuf,
}

impl Sway {
    /// `None` where it does not run.
    fn start(Desktop { home, display, .. }: &Desktop) -> Option<Self> {
        let folder = home.path().join("sway");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        let is_root =
            fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0);
        let (mut command, log) = if is_root {
            fs::set_permissions(home.path(), Permissions::from_mode(0o711)).unwrap();
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
            let (mut command, log) = home.logged("setpriv", "sway.log");
            let nobody = NOBODY.to_string();
            command.args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups", "sway"]);
            (command, log)
        } else {
            home.logged("sway", "sway.log")
        };
        command
            .args(["-c", "/dev/null"])
            .env("DISPLAY", display)
            .env("XDG_RUNTIME_DIR", &folder)
            .env("HOME", &folder);
        command.env("WLR_BACKENDS", "x11").env("WLR_X11_OUTPUTS", "2").env("WLR_RENDERER", "pixman");
        let mut process = Process::spawn(&mut command);
        let orders = eventually("the compositor", || match process.0.try_wait().unwrap() {
            Some(_) => Some(None),
            None => socket(&folder, "sway-ipc.").map(Some),
        });
        let Some(orders) = orders else {
            println!("skipped: sway does not run here: {}", fs::read_to_string(log).unwrap_or_default());
            return None;
        };
        Some(Self { _process: process, folder, orders })
    }

    fn message(&self, words: &[&str]) -> Vec<u8> {
        let out = Command::new("swaymsg").arg("-s").arg(&self.orders).args(words).output().unwrap();
        assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stdout));
        out.stdout
    }

    /// The monitor on which the window is, if it fills that.
    fn monitor(&self) -> Option<String> {
        let tree: Value = serde_json::from_slice(&self.message(&["-r", "-t", "get_tree"])).unwrap();
        let outputs = tree["nodes"].as_array()?;
        let shows = |output: &&Value| fills(output);
        outputs.iter().find(shows).and_then(|output| output["name"].as_str()).map(str::to_owned)
    }
}

/// Whether the window is in here, and in full screen.
fn fills(node: &Value) -> bool {
    let is_it = node["app_id"] == "connmapperl" && node["fullscreen_mode"] != 0;
    let children = ["nodes", "floating_nodes"].map(|name| node[name].as_array());
    is_it || children.into_iter().flatten().flatten().any(fills)
}

fn socket(folder: &Path, begins: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    entries
        .into_iter()
        .find(|path| name(path).is_some_and(|name| name.starts_with(begins) && !name.ends_with(".lock")))
}

#[test]
fn a_wall_hangs_on_its_monitor_and_comes_back_to_it() {
    if let Some(missing) = ["sway", "swaymsg", "setpriv"].into_iter().find(|name| !has_program(name)) {
        println!("skipped: {missing} is not installed");
        return;
    }
    let Some(desktop) = Desktop::start() else { return };
    let Some(sway) = Sway::start(&desktop) else { return };
    let wayland = eventually("a display", || socket(&sway.folder, "wayland-"));
    let (mut program, log) = desktop.home.logged(env!("CARGO_BIN_EXE_connmapperl"), "log");
    program.args(["--demo", "churn", "--wall", "--wall-scene", "quiet", "--monitor", "2"]);
    // A path of its own: the run folder is another user's.
    program.current_dir(desktop.home.path()).env("WAYLAND_DISPLAY", &wayland);
    program.env("RUST_LOG", "warn,connmapperl::systems::render=trace");
    let mut program = Process::spawn(&mut program);
    let said = || fs::read_to_string(&log).unwrap_or_default();
    let frames = || said().lines().filter(|line| line.contains("frame drawn")).count();
    let mut is_on = |what: &str, monitor: &str| {
        let before = frames();
        eventually(what, || {
            let ended = program.0.try_wait().unwrap();
            assert!(ended.is_none(), "{what}: it ended with {ended:?}: {}", said());
            // And goes on there: what is not there any more is noticed with a frame.
            (sway.monitor().as_deref() == Some(monitor) && frames() > before + FRAMES).then_some(())
        });
    };
    is_on("a wall on the monitor of its choice", "X11-2");
    // Its window came last, and has the focus.
    desktop.output("xdotool", &["key", "alt+F4"]);
    is_on("a wall on the monitor that is left", "X11-1");
    sway.message(&["output", "X11-1", "resolution", "1400x900"]);
    is_on("a wall on a monitor of another size", "X11-1");
    sway.message(&["create_output"]);
    is_on("a wall on a second monitor again", "X11-3");
}

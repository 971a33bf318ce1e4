//! A wall on Wayland with two monitors, which come and go: it hangs on the one that was chosen, lives on the other while that
//! is away, and goes back. Needs sway, whose monitors are windows of an X server, and a Vulkan driver; says `skipped: …` where
//! one is missing.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use image::RgbImage;
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

    /// The monitors that a window fills.
    fn monitors(&self) -> Vec<String> {
        let tree: Value = serde_json::from_slice(&self.message(&["-r", "-t", "get_tree"])).unwrap();
        let outputs = tree["nodes"].as_array().cloned().unwrap_or_default();
        let filled = outputs.iter().filter(|output| fills(output));
        filled.filter_map(|output| output["name"].as_str()).map(str::to_owned).collect()
    }

    /// What a monitor shows, pixel by pixel.
    fn picture(&self, Desktop { home, .. }: &Desktop, wayland: &Path, monitor: &str) -> RgbImage {
        let file = self.folder.join(format!("{monitor}.png"));
        let mut grim = Command::new("grim");
        grim.args(["-o", monitor]).arg(&file).env("WAYLAND_DISPLAY", wayland);
        let out = grim.current_dir(home.path()).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        image::open(file).unwrap().to_rgb8()
    }
}

/// Whether a window is in here, in full screen, and holds the screen lit.
fn fills(node: &Value) -> bool {
    let is_lit = node["idle_inhibitors"]["application"] == "enabled";
    let is_it = node["app_id"] == "connmapperl" && node["fullscreen_mode"] != 0 && is_lit;
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

/// A wall on both monitors of a compositor.
struct Wall {
    sway: Sway,
    wayland: PathBuf,
    program: Process,
    log: PathBuf,
    desktop: Desktop,
}

impl Wall {
    /// `None` where something is missing that it needs.
    fn hang(tools: &[&str], scene: &str, monitor: &str) -> Option<Self> {
        let missing = ["sway", "swaymsg", "setpriv"].iter().chain(tools).find(|name| !has_program(name));
        if let Some(missing) = missing {
            println!("skipped: {missing} is not installed");
            return None;
        }
        let desktop = Desktop::start()?;
        let sway = Sway::start(&desktop)?;
        let wayland = eventually("a display", || socket(&sway.folder, "wayland-"));
        let (mut program, log) = desktop.home.logged(env!("CARGO_BIN_EXE_connmapperl"), "log");
        program.args(["--demo", "churn", "--wall", "--wall-scene", scene, "--monitor", monitor]);
        // A path of its own: the run folder is another user's.
        program.current_dir(desktop.home.path()).env("WAYLAND_DISPLAY", &wayland);
        program.env("RUST_LOG", "warn,connmapperl::systems::render=trace");
        let program = Process::spawn(&mut program);
        Some(Self { sway, wayland, program, log, desktop })
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn frames(&self) -> usize {
        self.said().lines().filter(|line| line.contains("frame drawn")).count()
    }

    /// Waits until it fills these monitors, and goes on there: what is not there any more is noticed with a frame.
    fn is_on(&mut self, what: &str, monitors: &[&str]) {
        let before = self.frames();
        eventually(what, || {
            let ended = self.program.0.try_wait().unwrap();
            assert!(ended.is_none(), "{what}: it ended with {ended:?}: {}", self.said());
            (self.sway.monitors() == monitors && self.frames() > before + FRAMES).then_some(())
        });
    }

    /// Takes the monitor away that came last: its window has the focus.
    fn unplug(&self) {
        self.desktop.output("xdotool", &["key", "alt+F4"]);
    }

    fn picture(&self, monitor: &str) -> RgbImage {
        self.sway.picture(&self.desktop, &self.wayland, monitor)
    }
}

#[test]
fn a_wall_hangs_on_its_monitor_and_comes_back_to_it() {
    let Some(mut wall) = Wall::hang(&[], "quiet", "2") else { return };
    wall.is_on("a wall on the monitor of its choice", &["X11-2"]);
    wall.unplug();
    wall.is_on("a wall on the monitor that is left", &["X11-1"]);
    wall.sway.message(&["output", "X11-1", "resolution", "1400x900"]);
    wall.is_on("a wall on a monitor of another size", &["X11-1"]);
    wall.sway.message(&["create_output"]);
    wall.is_on("a wall on a second monitor again", &["X11-3"]);
}

#[test]
fn a_wall_hangs_on_all_monitors_that_there_are() {
    let Some(mut wall) = Wall::hang(&["grim"], "quiet", "all") else { return };
    wall.is_on("a wall on both monitors", &["X11-1", "X11-2"]);
    eventually("the same picture on both", || {
        let [first, second] = ["X11-1", "X11-2"].map(|monitor| wall.picture(monitor));
        assert_eq!(first.dimensions(), second.dimensions());
        (is_a_picture(&first) && share_that_differs(&first, &second) < MOST_MOVED).then_some(())
    });
    wall.unplug();
    wall.is_on("a wall on the monitor that is left", &["X11-1"]);
    wall.sway.message(&["create_output"]);
    wall.is_on("a wall on both monitors again", &["X11-1", "X11-3"]);
    wall.sway.message(&["output", "X11-3", "resolution", "900x900"]);
    eventually("the whole picture on a monitor of another shape", || {
        let square = wall.picture("X11-3");
        let row = |at: u32| square.rows().nth(at as usize).unwrap().all(|pixel| pixel.0 == [0; 3]);
        let is_whole = square.dimensions() == (900, 900) && row(0) && row(899) && !row(450);
        (is_whole && is_a_picture(&square)).then_some(())
    });
    // Whoever closes one of its windows closes the wall.
    wall.sway.message(&["[app_id=connmapperl] kill"]);
    let ended = eventually("its end", || wall.program.0.try_wait().unwrap());
    assert!(ended.success(), "{ended}: {}", wall.said());
}

/// Points move between two pictures, texts hardly: at most this share of all pixels.
const MOST_MOVED: f64 = 0.05;

fn share_that_differs(one: &RgbImage, other: &RgbImage) -> f64 {
    let differ = one.pixels().zip(other.pixels()).filter(|(one, other)| one != other).count();
    differ as f64 / f64::from(one.width() * one.height())
}

/// Whether there is more in it than one colour.
fn is_a_picture(picture: &RgbImage) -> bool {
    let first = picture.get_pixel(picture.width() / 2, picture.height() / 2);
    let others = picture.pixels().filter(|pixel| *pixel != first).count();
    others > picture.pixels().len() / 10
}

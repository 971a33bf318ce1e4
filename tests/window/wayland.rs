//! The real window on Wayland, in a compositor without a screen: it opens, draws its map, and comes to rest. Needs
//! weston, ImageMagick and a Vulkan driver; says `skipped: …` where one is missing.

use std::{path::Path, process::Command, thread::sleep, time::Duration};

use crate::{
    desktop::{
        Home, Picture, Process, Region, eventually, has_program,
        picture::{Rgb, is_like},
    },
    frames::STILL_FRAMES,
};

const SOCKET: &str = "wayland-of-this-test";
const SIZE: [u32; 2] = [1280, 720];
/// Below the compositor's own bar; a window opens somewhere in it.
const SCREEN: Region = Region::new([0, 40], SIZE);
/// The key's first box, the shipped rules' own blue.
const WEBSERVER: Rgb = [51, 128, 255];
/// A scene without frames for so long has no motion under way.
const AT_REST_AFTER: Duration = Duration::from_secs(1);
const WATCHED: Duration = Duration::from_secs(5);

fn screenshot(home: &Home) -> Picture {
    let folder = home.path().join("shot");
    // One that was there would be found instead.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).unwrap();
    let shot =
        home.command("weston-screenshooter").env("WAYLAND_DISPLAY", SOCKET).current_dir(&folder).output();
    assert!(shot.unwrap().status.success());
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let bytes = Command::new("convert").arg(file).args(["-depth", "8", "rgb:-"]).output().unwrap().stdout;
    Picture::new(SIZE, bytes)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn frames(log: &Path) -> usize {
    read(log).lines().filter(|line| line.contains("frame drawn")).count()
}

#[test]
fn the_window_opens_draws_and_comes_to_rest() {
    if let Some(missing) =
        ["weston", "weston-screenshooter", "convert"].into_iter().find(|name| !has_program(name))
    {
        println!("skipped: {missing} is not installed");
        return;
    }
    let home = Home::new();
    let (mut weston, weston_log) = home.logged("weston", "weston.log");
    weston.args(["--backend=headless-backend.so", "--use-pixman", "--idle-time=0", "--debug", "--no-config"]);
    weston.args([
        format!("--socket={SOCKET}"),
        format!("--width={}", SIZE[0]),
        format!("--height={}", SIZE[1]),
    ]);
    let mut weston = Process::spawn(&mut weston);
    let socket = home.path().join("run").join(SOCKET);
    let started = eventually("the compositor", || match weston.0.try_wait().unwrap() {
        Some(_) => Some(false),
        None => socket.exists().then_some(true),
    });
    if !started {
        println!("skipped: weston does not run here: {}", read(&weston_log));
        return;
    }

    let (mut program, log) = home.logged(env!("CARGO_BIN_EXE_connmapperl"), "log");
    program.args(["--demo", "antimeridian"]).current_dir(home.path());
    program.env("WAYLAND_DISPLAY", SOCKET).env("RUST_LOG", "warn,connmapperl::systems::render=trace");
    let mut program = Process::spawn(&mut program);
    let drawn = eventually("a frame", || match program.0.try_wait().unwrap() {
        Some(_) => Some(false),
        None => (frames(&log) > 0).then_some(true),
    });
    if !drawn {
        assert!(read(&log).contains("no graphics adapter"), "the program ended: {}", read(&log));
        println!("skipped: {}", read(&log).trim());
        return;
    }
    eventually("the map on the screen", || {
        let picture = screenshot(&home);
        let is_box = is_like(WEBSERVER);
        (picture.bright(SCREEN) > 500 && picture.count(SCREEN, is_box) > 50).then_some(())
    });

    eventually("rest", || {
        let before = frames(&log);
        sleep(AT_REST_AFTER);
        (frames(&log) == before).then_some(())
    });
    // Not a wait for something: the claim is about this while.
    let before = frames(&log);
    sleep(WATCHED);
    let more = frames(&log) - before;
    assert!(more <= STILL_FRAMES, "{more} frames in {WATCHED:?}");
    assert!(program.0.try_wait().unwrap().is_none(), "the program ended: {}", read(&log));
}

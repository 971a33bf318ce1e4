//! `connmapperl render`: the recorded past as a film, the same each time, and clear words where there is none.

#![cfg(test)]

#[path = "support/signals.rs"]
mod signals;
mod support;

use std::{
    fs::{self, Permissions},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use connmapperl::{components::theme::size, history::create_or_migrate};
use image::RgbImage;
use rusqlite::Connection;
use rustix::process::Signal;

use crate::{
    signals::is_ignored,
    support::{Home, complaint, picture::Picture, skipped_for_want_of_an_adapter},
};

/// Far longer than a few frames take; reached only by a failure.
const PATIENCE: Duration = Duration::from_secs(90);
/// Noon on 22 November 2026, UTC.
const NOON_MS: i64 = 1_795_348_800_000;
const BERLIN: [f32; 2] = [13.4, 52.5];

/// Thirty seconds from noon; a connection to Berlin lasts from the tenth to the twentieth.
fn recorded(home: &Home) {
    let mut database = Connection::open(home.path("history")).unwrap();
    create_or_migrate(&mut database).unwrap();
    database
        .execute_batch(&format!(
            "INSERT INTO agent VALUES (1, 'router');
             INSERT INTO place VALUES (1, 52.5, 13.4, 'Berlin', '', 'DE');
             INSERT INTO connection (opened_ms, n, lasted_ms, agent, protocol, inbound, local, local_port, peer, peer_port, place)
             VALUES ({NOON_MS}, 0, 30000, 1, 0, 0, 1, 1, 16843009, 443, -2),
                    ({NOON_MS} + 10000, 0, 10000, 1, 0, 0, 1, 1, 16843009, 443, 1);
             INSERT INTO recording VALUES (1, {NOON_MS}, {NOON_MS} + 30000, 1)"
        ))
        .unwrap();
}

fn command(home: &Home, args: &[&str]) -> Command {
    let size: &[&str] = if args.contains(&"--size") { &[] } else { &["--size", "640x360"] };
    home.connmapperl(&[&["render", "--history", "history"], size, args].concat())
}

/// `None` where nothing can draw.
fn render(home: &Home, args: &[&str]) -> Option<Output> {
    let output = command(home, args).output().unwrap();
    (!skipped_for_want_of_an_adapter(&output)).then_some(output)
}

fn refused(home: &Home, args: &[&str]) -> Option<String> {
    let output = render(home, args)?;
    assert!(!output.status.success(), "{args:?}");
    Some(complaint(&output))
}

fn frames(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    for (number, path) in (1..).zip(&paths) {
        assert_eq!(path.file_name().unwrap().to_str(), Some(&*format!("{number:08}.png")));
    }
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn picture(png: &[u8]) -> Picture {
    Picture(image::load_from_memory(png).unwrap().to_rgb8())
}

/// How bright the middle of Berlin's dot is, from 0 to 255.
fn light_in_berlin(picture: &Picture) -> u32 {
    let view = picture.view();
    let at = view.px_from_lon_lat(BERLIN[0], BERLIN[1]).px;
    let radius = size::DOT * view.px_per_point * 0.5;
    picture
        .within(at, 0.0..radius.max(1.0))
        .map(|(_, rgb)| u32::from(rgb.into_iter().max().unwrap()))
        .max()
        .unwrap()
}

#[test]
fn frames_show_the_past_step_by_step_and_are_the_same_each_time() {
    let home = Home::new();
    recorded(&home);
    let made = |folder: &str| {
        let output = render(&home, &["--speed", "5", "--fps", "2", "-o", folder])?;
        assert!(output.status.success(), "{}", complaint(&output));
        assert!(
            complaint(&output).contains("13 of 13 frames, to 2026-11-22 12:00:30"),
            "{}",
            complaint(&output)
        );
        Some(frames(&home.path(folder)))
    };
    let Some(first) = made("first/") else { return };
    let second = made("second/").unwrap();
    // Thirty seconds at five times the speed are six, at two frames a second, and the one at the end.
    assert_eq!(first.len(), 13);
    assert!(first == second, "the same bytes");
    let light: Vec<u32> = first.iter().map(|png| light_in_berlin(&picture(png))).collect();
    // A frame is 2.5 s of the past. The dot is there from the fifth frame, and has faded 12.5 s after its end.
    assert!(light[..4].iter().all(|light| *light < 80), "{light:?}");
    assert!(light[4..=8].iter().all(|light| *light > 150), "{light:?}");
    assert!(light[9..].windows(2).all(|two| two[0] >= two[1]), "it fades: {light:?}");
    assert!(light[12] < light[8] - 60, "{light:?}");
}

#[test]
fn trails_stay_in_the_film() {
    let home = Home::new();
    recorded(&home);
    let args = ["--from", "2026-11-22 12:00:19", "--speed", "1", "--fps", "1"];
    let Some(plain) = render(&home, &[&args[..], &["-o", "plain/"]].concat()) else { return };
    assert!(plain.status.success(), "{}", complaint(&plain));
    let kept = render(&home, &[&args[..], &["-o", "kept/", "--integrate"]].concat()).unwrap();
    assert!(kept.status.success(), "{}", complaint(&kept));
    let last = |folder: &str| light_in_berlin(&picture(frames(&home.path(folder)).last().unwrap()));
    assert!(last("kept/") > last("plain/") + 30, "{} {}", last("kept/"), last("plain/"));
}

#[test]
fn what_cannot_be_filmed_is_refused_in_plain_words() {
    let home = Home::new();
    let said = refused(&home, &["-o", "frames/"]);
    assert!(said.is_none_or(|said| said.contains("no history yet") && said.contains("history")));
    recorded(&home);
    home.write("full/old.png", "");
    home.write("file", "");
    for (args, words) in [
        (&["--from", "yesterday", "-o", "frames/"][..], "`yesterday` is no moment"),
        (&["--from", "end", "--to", "start", "-o", "frames/"], "is not before"),
        (&["--from", "2020-01-01", "--to", "2020-01-02", "-o", "frames/"], "nothing was recorded"),
        (&["--speed", "0", "-o", "frames/"], "from 1 to 100000"),
        (&["-o", "full/"], "not empty"),
        (&["-o", "film.gif"], ".mp4, .webm or .webp"),
        (&["-o", "file/frames/"], "file/frames"),
        (&["--size", "641x360", "-o", "film.mp4"], "even"),
    ] {
        let output = command(&home, args).output().unwrap();
        assert!(!output.status.success(), "{args:?}");
        assert!(complaint(&output).contains(words), "{args:?}: {}", complaint(&output));
    }
    assert_eq!(fs::read_dir(home.path("full")).unwrap().count(), 1);
    assert!(!home.path("frames").exists(), "nothing was begun");
}

/// A program called `ffmpeg`, first on the path.
fn with_ffmpeg<'a>(home: &Home, command: &'a mut Command, script: &str) -> &'a mut Command {
    let path = home.write("bin/ffmpeg", format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    command.env("PATH", format!("{}:/usr/bin:/bin", path.parent().unwrap().display()))
}

#[test]
fn a_film_goes_through_ffmpeg_whole_or_not_at_all() {
    let home = Home::new();
    recorded(&home);
    let args = ["--speed", "5", "--fps", "2", "-o", "film.mp4"];
    let eats = "for last; do :; done; echo \"$@\" > said; cat > \"$last\"";
    let output = with_ffmpeg(&home, &mut command(&home, &args), eats).output().unwrap();
    if skipped_for_want_of_an_adapter(&output) {
        return;
    }
    assert!(output.status.success(), "{}", complaint(&output));
    let film = fs::read(home.path("film.mp4")).unwrap();
    assert_eq!(film.len(), 13 * 640 * 360 * 3);
    let said = fs::read_to_string(home.path("said")).unwrap();
    assert!(said.contains("-s 640x360 -r 2 -i pipe:0"), "{said}");
    // The first frame in the pipe is the first of the folder.
    let frames_too = render(&home, &["--speed", "5", "--fps", "2", "-o", "frames/"]).unwrap();
    assert!(frames_too.status.success());
    let first = picture(&frames(&home.path("frames/"))[0]);
    assert!(RgbImage::from_raw(640, 360, film[..640 * 360 * 3].to_vec()).unwrap() == first.0);

    fs::remove_file(home.path("film.mp4")).unwrap();
    let fails = "echo 'Unknown encoder libx264' >&2; exit 1";
    let output = with_ffmpeg(&home, &mut command(&home, &args), fails).output().unwrap();
    assert!(!output.status.success());
    assert!(complaint(&output).contains("Unknown encoder libx264"), "{}", complaint(&output));
    let output = command(&home, &args).env("PATH", home.path("nowhere")).output().unwrap();
    assert!(complaint(&output).contains("install it"), "{}", complaint(&output));
    let left: Vec<_> = fs::read_dir(home.path("")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("film")), "{left:?}");
}

#[test]
fn stopped_by_hand_it_leaves_whole_frames() {
    if is_ignored(Signal::INT) {
        return;
    }
    let home = Home::new();
    recorded(&home);
    let mut program = command(&home, &["--speed", "1", "--fps", "240", "-o", "frames/"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let folder = home.path("frames");
    let began = Instant::now();
    let has_some = || fs::read_dir(&folder).is_ok_and(|frames| frames.count() > 3);
    while !has_some() && program.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for frames");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = program.id().to_string();
    let _ = Command::new("kill").args(["-INT", &pid]).status();
    let output = program.wait_with_output().unwrap();
    if skipped_for_want_of_an_adapter(&output) {
        return;
    }
    assert_eq!(output.status.code(), Some(130), "{}", complaint(&output));
    assert!(complaint(&output).contains("it was stopped after"), "{}", complaint(&output));
    let frames = frames(&folder);
    assert!((3..7_201).contains(&frames.len()));
    frames.iter().for_each(|png| assert_eq!(picture(png).0.dimensions(), (640, 360)));
}

/// In a terminal Ctrl+C is for the whole group of processes.
#[test]
fn stopped_in_a_terminal_it_leaves_a_whole_film_beside_an_earlier_one() {
    if is_ignored(Signal::INT) {
        return;
    }
    let home = Home::new();
    recorded(&home);
    fs::write(home.path("film.mp4"), "an earlier film").unwrap();
    let mut command = command(&home, &["--speed", "1", "--fps", "240", "-o", "film.mp4"]);
    // As ffmpeg does: it ends with its input, and without success when it is interrupted.
    let eats = "trap 'exit 255' INT; for last; do :; done; dd bs=691200 count=1 iflag=fullblock of=\"$last\"; \
                : > began; cat >> \"$last\"";
    let program = with_ffmpeg(&home, &mut command, eats).process_group(0).stderr(Stdio::piped()).spawn();
    let mut program = program.unwrap();
    let began = Instant::now();
    while !home.path("began").exists() && program.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for ffmpeg");
        std::thread::sleep(Duration::from_millis(20));
    }
    let group = format!("-{}", program.id());
    let _ = Command::new("kill").args(["-INT", "--", &group]).status();
    let output = program.wait_with_output().unwrap();
    if skipped_for_want_of_an_adapter(&output) {
        return;
    }
    assert_eq!(output.status.code(), Some(130), "{}", complaint(&output));
    let said = complaint(&output);
    let frames: u64 = said.split("after ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert_eq!(fs::metadata(home.path("film-stopped.mp4")).unwrap().len(), frames * 640 * 360 * 3, "{said}");
    assert_eq!(fs::read(home.path("film.mp4")).unwrap(), b"an earlier film");
}

/// An ffmpeg that takes no more in and does not end: the film waits for it, but not for ever.
#[test]
fn stopped_while_it_hangs_it_ends_as_stopped() {
    if is_ignored(Signal::INT) {
        return;
    }
    let home = Home::new();
    recorded(&home);
    let mut command = command(&home, &["--speed", "1", "--fps", "240", "-o", "film.mp4"]);
    let hangs =
        "dd bs=691200 count=1 iflag=fullblock of=/dev/null; echo $$ > pid; mv pid began; exec sleep 600";
    let mut program = with_ffmpeg(&home, &mut command, hangs).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !home.path("began").exists() && program.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for ffmpeg");
        std::thread::sleep(Duration::from_millis(20));
    }
    let kill = |signal: &str, pid: &str| drop(Command::new("kill").args([signal, pid]).status());
    kill("-INT", &program.id().to_string());
    let output = program.wait_with_output().unwrap();
    if skipped_for_want_of_an_adapter(&output) {
        return;
    }
    kill("-KILL", fs::read_to_string(home.path("began")).unwrap().trim());
    assert_eq!(output.status.code(), Some(130), "{}", complaint(&output));
    assert!(!home.path("film.mp4").exists());
}

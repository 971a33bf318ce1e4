//! The scenes that ship, on monitors of several shapes: all that stands on the picture lies within it, and nothing on
//! anything else. Needs a graphics adapter, for which Mesa's software Vulkan driver will do.

#![cfg(test)]

use std::{fmt::Write as _, path::Path};

use clap::Parser;
use connmapperl::{
    app::StartError,
    cli::{Cli, Command, settle, still},
    components::panels::{Panels, PxRect},
    wall::{SHIPPED, Scene},
};

/// Full HD, 4K, and a monitor on its side.
const SIZES: [[u32; 2]; 3] = [[1920, 1080], [3840, 2160], [1080, 1920]];
/// Edges that touch, and roundings.
const TOLERANCE_PX: f32 = 1.5;

/// What is wrong with a view of a scene; `None` where nothing can draw.
fn faults(scene: &str, view: usize, [width, height]: [u32; 2]) -> Option<String> {
    let size = format!("{width}x{height}");
    let (name, view) = (Path::new(scene).file_stem().unwrap().to_string_lossy(), view.to_string());
    let words = ["connmapperl", "snapshot", "--demo", "world", "--wall-scene", scene, "--wall-view", &view];
    let mut cli = Cli::parse_from(words.into_iter().chain(["--size", &size, "-o", "unused.png"]));
    let Some(Command::Snapshot(args)) = cli.command.take() else { panic!("{words:?}") };
    let mut app = match still(&args) {
        Ok(app) => app,
        Err(error) if matches!(error.downcast_ref(), Some(StartError::NoAdapter)) => {
            println!("skipped: {error}");
            return None;
        }
        Err(error) => panic!("{error:#}"),
    };
    settle(&mut app, args.size);
    let rects = &app.world().resource::<Panels>().rects;
    let mut faults = String::new();
    let picture = PxRect { min: [0.0; 2], max: [width as f32, height as f32] }.grown(TOLERANCE_PX);
    for (nth, rect) in rects.iter().enumerate() {
        if !(picture.contains(rect.min) && picture.contains(rect.max)) {
            writeln!(faults, "{name} {view} at {size}: {rect:?} is not within the picture").unwrap();
        }
        for other in rects[..nth].iter().filter(|other| other.overlaps(&rect.grown(-TOLERANCE_PX))) {
            writeln!(faults, "{name} {view} at {size}: {rect:?} lies on {other:?}").unwrap();
        }
    }
    assert!(!rects.is_empty(), "{name} {view} at {size}: nothing stands on the picture");
    Some(faults)
}

#[test]
fn nothing_on_a_wall_lies_on_anything_else() {
    let mut all = String::new();
    for (scene, text) in SHIPPED {
        for view in 1..=Scene::parse(text).unwrap().views.len() {
            for size in SIZES {
                let Some(faults) = faults(scene, view, size) else { return };
                all += &faults;
            }
        }
    }
    assert!(all.is_empty(), "{all}");
}

#[test]
fn the_largest_texts_leave_out_what_has_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.toml");
    let parts = "['clock', 'clients', 'key', 'account', 'top', 'ticker', 'texts', 'circles']";
    std::fs::write(&path, format!("text_scale = 4.0\n[[view]]\nsecs = 60\nparts = {parts}\n")).unwrap();
    for size in SIZES {
        let Some(faults) = faults(path.to_str().unwrap(), 1, size) else { return };
        assert!(faults.is_empty(), "{faults}");
    }
}

//! How the window looks at the start: as it was left and as was chosen, as connmap's settings say, with or without a title bar.

use crate::desktop::{Desktop, Region, Window, eventually};

/// Left, right, top, bottom: what the window manager puts around the window.
fn frame(window: &Window) -> Vec<u32> {
    eventually("a frame", || {
        let text = window.property("_NET_FRAME_EXTENTS");
        let (_, values) = text.split_once('=')?;
        Some(values.split(',').filter_map(|value| value.trim().parse().ok()).collect())
    })
}

#[test]
fn size_and_place_are_as_they_were_left() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&[]) else { return };
    assert_eq!(window.geometry().size, [1280, 720]);
    window.resize([1000, 600]);
    window.move_to([200, 130]);
    let left = window.geometry();
    window.key("Escape");
    assert_eq!(window.exit_code(), Some(0));

    let Some(window) = desktop.open(&[]) else { return };
    eventually("the window as it was left", || (window.geometry() == left).then_some(()));
    // Now closed by the window manager.
    window.resize([900, 640]);
    let left = window.geometry();
    window.ask_to_close();
    assert_eq!(window.exit_code(), Some(0));

    let Some(window) = desktop.open(&[]) else { return };
    eventually("the window as it was left", || (window.geometry() == left).then_some(()));
    // And ended while in full screen: it is so again, and below it the window is as it was.
    window.key("F11");
    eventually("full screen", || (window.geometry().size == desktop.size).then_some(()));
    window.ask_to_close();
    assert_eq!(window.exit_code(), Some(0));

    let Some(window) = desktop.open(&[]) else { return };
    eventually("full screen", || (window.geometry().size == desktop.size).then_some(()));
    window.key("F11");
    eventually("the size as it was left", || (window.geometry().size == left.size).then_some(()));
    window.key("Escape");
    assert_eq!(window.exit_code(), Some(0));
    assert!(desktop.home.read("config/connmapperl/settings.toml").contains("full_screen = false"));
}

/// Where the window of all settings has the light theme, and the bare sea beside it.
const LIGHT: [i32; 2] = [528, 132];
const SEA: Region = Region::new([1100, 60], [1200, 100]);

#[test]
fn what_is_chosen_in_the_settings_is_found_again_and_so_is_what_was_written_by_hand() {
    let Some(desktop) = Desktop::start() else { return };
    let by_hand = "# mine\nrings = false # they distract\nof_another_version = 1\n";
    let path = "config/connmapperl/settings.toml";
    desktop.home.write(path, by_hand);
    let is_light = |[r, g, b]: [u8; 3]| r > 200 && g > 200 && b > 200;
    let Some(window) = desktop.open(&[]) else { return };
    window.leave();
    window.key("comma");
    window.rest();
    window.click(LIGHT);
    window.leave();
    eventually("a light sea", || window.picture().find(SEA, is_light));
    // It is written while the window is open, ...
    eventually("the file", || desktop.home.read(path).contains("theme = \"light\"").then_some(()));
    window.key("Escape");
    // ... and what is chosen just before the end is not lost either.
    window.key("b");
    window.key("Escape");
    assert_eq!(window.exit_code(), Some(0));
    let text = desktop.home.read(path);
    assert!(text.starts_with(by_hand) && text.contains("\ncolour_blind = true\n"), "{text}");

    let Some(window) = desktop.open(&[]) else { return };
    eventually("a light sea", || window.picture().find(SEA, is_light));
    window.key("Escape");
    assert_eq!(window.exit_code(), Some(0));
    assert_eq!(desktop.home.read(path), text, "nothing was chosen");
}

#[test]
fn a_signal_ends_it_as_a_click_would() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&[]) else { return };
    window.key("d");
    window.rest();
    window.terminate();
    assert_eq!(window.exit_code(), Some(0));
    assert!(desktop.home.read("config/connmapperl/settings.toml").contains("theme = \"light\""));
}

#[test]
fn a_scene_leaves_no_trace() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&["--demo", "antimeridian"]) else { return };
    window.resize([1000, 600]);
    window.key("Escape");
    assert_eq!(window.exit_code(), Some(0));
    assert!(!desktop.home.path().join("config/connmapperl/settings.toml").exists());
}

#[test]
fn connmaps_own_settings_give_the_first_size() {
    let Some(desktop) = Desktop::start() else { return };
    desktop.home.write("config/connmap/connmaprc", "map_width 1000\n");
    let Some(window) = desktop.open(&["--demo", "antimeridian"]) else { return };
    assert_eq!(window.geometry().size, [1000, 500]);
}

#[test]
fn a_title_bar_comes_when_asked_for_and_the_icon_always() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&["--demo", "antimeridian"]) else { return };
    eventually("no frame", || (frame(&window) == [0; 4]).then_some(()));
    let icon: Vec<u32> = eventually("the icon", || {
        let text = window.property("_NET_WM_ICON");
        let (_, values) = text.split_once('=')?;
        Some(values.split(',').filter_map(|value| value.trim().parse().ok()).collect())
    });
    assert_eq!(icon.len() as u32, 2 + icon[0] * icon[1], "width, height, and as many pixels");
    drop(window);

    let Some(window) = desktop.open(&["--demo", "antimeridian", "--decorated"]) else { return };
    eventually("a title bar", || (frame(&window)[2] > 10).then_some(()));
}

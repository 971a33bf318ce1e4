//! How the window looks at the start: as it was left, as connmap's settings say, with or without a title bar.

use crate::desktop::{Desktop, Window, eventually};

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
    // And ended while in full screen: what is remembered is the window, not the screen.
    window.key("F11");
    eventually("full screen", || (window.geometry().size == desktop.size).then_some(()));
    window.ask_to_close();
    assert_eq!(window.exit_code(), Some(0));

    let Some(window) = desktop.open(&[]) else { return };
    eventually("the window as it was left", || (window.geometry() == left).then_some(()));
}

#[test]
fn a_scene_leaves_no_trace() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = desktop.open(&["--demo", "antimeridian"]) else { return };
    window.resize([1000, 600]);
    window.key("Escape");
    assert_eq!(window.exit_code(), Some(0));
    assert_eq!(std::fs::read_dir(desktop.home.path().join("state")).unwrap().count(), 0);
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

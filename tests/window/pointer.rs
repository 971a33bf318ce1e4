//! Wheel and drags on the map, the window's edges included.

use crate::desktop::{Desktop, Picture, Region, Window, eventually, picture::is_bright};

/// All of the map but panels.
const MAP: Region = Region::new([290, 60], [1280, 640]);

/// The scene has one dot; without rules it is bright, and without texts nothing says how many lie there.
fn open(desktop: &Desktop) -> Option<Window<'_>> {
    let rules = desktop.home.write("rules", "# none\n");
    let window = desktop.open(&["--demo", "one-place", "--config", rules.to_str().unwrap()])?;
    window.key("t");
    Some(window)
}

fn dot(picture: &Picture) -> Option<Region> {
    picture.find(MAP, is_bright).filter(|dot| dot.size().iter().all(|side| (3..20).contains(side)))
}

fn is_near([x, y]: [i32; 2], [to_x, to_y]: [i32; 2]) -> bool {
    (x - to_x).abs() <= 2 && (y - to_y).abs() <= 2
}

#[test]
fn the_wheel_zooms_at_the_pointer_and_home_brings_the_world_back() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = open(&desktop) else { return };
    let world = window.shows("one dot", |picture| dot(picture).is_some());
    let [x, y] = dot(&world).unwrap().center();

    window.wheel([x, y], 4);
    window.leave();
    window.shows("land come near, and the dot still under the pointer", |picture| {
        picture.changed(&world, MAP) > 50_000 && dot(picture).is_some_and(|dot| is_near(dot.center(), [x, y]))
    });
    window.key("Home");
    window.shows("the same world again", |picture| picture.same_map(&world));

    // Away from the pointer all moves straight outwards. (Of a pointer without a real wheel, winit may count notches
    // twice.)
    window.wheel([x - 80, y - 40], 2);
    window.leave();
    window.shows("the dot further out", |picture| {
        dot(picture).is_some_and(|dot| {
            let [to_x, to_y] = dot.center();
            let (across, down) = (to_x - (x - 80), to_y - (y - 40));
            across >= 120 && (across - down * 2).abs() <= 6
        })
    });
    window.wheel([x - 80, y - 40], -9);
    window.shows("the same world again", |picture| picture.same_map(&world));
}

#[test]
fn a_drag_pans_once_zoomed_in_and_leaves_the_window_in_its_place() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = open(&desktop) else { return };
    let place = window.geometry();
    let world = window.shows("one dot", |picture| dot(picture).is_some());
    let [x, y] = dot(&world).unwrap().center();
    window.wheel([x, y], 4);
    window.leave();
    window.shows("land come near", |picture| picture.changed(&world, MAP) > 50_000 && dot(picture).is_some());
    window.drag([640, 300], [-120, 80]);
    window.shows("the map moved along", |picture| {
        dot(picture).is_some_and(|dot| is_near(dot.center(), [x - 120, y + 80]))
    });
    assert_eq!(window.geometry(), place);
}

#[test]
fn a_drag_on_the_whole_world_moves_the_window() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = open(&desktop) else { return };
    let (before, world) = (window.geometry(), window.shows("one dot", |picture| dot(picture).is_some()));
    window.drag([640, 300], [150, -100]);
    eventually("the window in its new place", || {
        let at = window.geometry().at;
        let [dx, dy] = [0, 1].map(|axis| at[axis] - before.at[axis]);
        // What the pointer went before the window manager took over is lost.
        ((50..=150).contains(&dx) && (-100..=-33).contains(&dy)).then_some(())
    });
    assert_eq!(window.geometry().size, before.size);
    window.leave();
    window.shows("the same map", |picture| picture.same_map(&world));
}

#[test]
fn a_drag_of_an_edge_resizes_the_window() {
    let Some(desktop) = Desktop::start() else { return };
    let Some(window) = open(&desktop) else { return };
    let before = window.geometry();
    window.rest();
    window.drag([1277, 300], [100, 0]);
    eventually("a wider window", || {
        let wider = window.geometry().size[0].checked_sub(before.size[0])?;
        (40..=105).contains(&wider).then_some(())
    });
    assert_eq!(window.geometry().size[1], before.size[1]);
    assert_eq!(window.geometry().at, before.at);
    window.shows("a map up to the new edge", |picture| picture.size == window.geometry().size);
}

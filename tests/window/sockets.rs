//! Real connections of this test, made over loopback and put on the map by a `places.csv`.

use std::net::{TcpListener, TcpStream};

use crate::desktop::{Desktop, Picture, Region, Window, eventually, picture::Rgb};

/// Between the panels at the top and at the bottom.
const MAP: Region = Region::new([250, 60], [1280, 640]);

/// Only the rule of this test has such a colour.
fn is_magenta([r, g, b]: Rgb) -> bool {
    r > 80 && b > 80 && r.abs_diff(b) < 40 && u32::from(g) * 4 < u32::from(r.min(b)) * 3
}

fn dot(window: &Window) -> Option<Region> {
    window.picture().find(MAP, is_magenta).filter(|dot| dot.size().iter().all(|side| (3..40).contains(side)))
}

fn is_empty(picture: &Picture) -> bool {
    picture.count(MAP, is_magenta) == 0
}

#[test]
fn a_connection_shows_while_it_is_open_where_the_users_places_say() {
    let Some(desktop) = Desktop::start() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let rules = desktop
        .home
        .write("rules", &format!("\"Test\",local,{port},1,0,1,1,0\n\"Test\",peer,{port},1,0,1,1,0\n"));
    let places = desktop.home.write("tables/places.csv", "127.0.0.0/8,0,0,Null Island\n");
    let folder = places.parent().unwrap().to_str().unwrap();
    let Some(window) = desktop.open(&["--config", rules.to_str().unwrap(), "--data", folder]) else { return };
    eventually("a map without the test's dot", || is_empty(&window.picture()).then_some(()));

    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (server, _) = listener.accept().unwrap();
    // The map is as wide as the window: a degree is 1280 / 360 pixels.
    let at_longitude = |degrees: i32| {
        let wanted = 640 + degrees * 1280 / 360;
        eventually("the dot at its longitude", || {
            dot(&window).map(|dot| dot.center()).filter(|[x, _]| (x - wanted).abs() <= 4)
        })
    };
    let [_, equator] = at_longitude(0);

    desktop.home.write("tables/places.csv", "127.0.0.0/8,0,90,Ninety East\n");
    let [_, still_equator] = at_longitude(90);
    assert!((equator - still_equator).abs() <= 3);
    desktop.home.write("tables/places.csv", "127.0.0.0/8,50,90,Fifty North\n");
    eventually("the dot further north", || dot(&window).filter(|dot| dot.center()[1] < equator - 50));

    drop((client, server));
    eventually("the dot gone", || is_empty(&window.picture()).then_some(()));
}

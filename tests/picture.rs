//! The picture itself: the same each time, the same in the window as without one, and every dot where its place is.
//! Needs a graphics adapter, for which Mesa's software Vulkan driver will do; the window needs Xvfb too.

#![cfg(test)]

mod support;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use connmapperl::{components::theme::size, demo::Scene};
use image::RgbImage;

use crate::support::{
    Home,
    picture::{Picture, distance_px},
    screen::Screen,
};

/// Far longer than a start takes; reached only by a failure.
const PATIENCE: Duration = Duration::from_secs(90);

/// `None` where nothing can draw.
fn snapshot(home: &Home, arguments: &[&str]) -> Option<Picture> {
    Picture::taken(home, &mut home.connmapperl(&[&["snapshot", "-o", "map.png"], arguments].concat()))
}

/// Draws twice, in homes of their own, and compares the files byte by byte.
#[test]
fn a_scene_is_drawn_the_same_each_time() {
    let files: Vec<_> = (0..2)
        .filter_map(|_| {
            let home = Home::new();
            snapshot(&home, &["--demo", "antimeridian", "--size", "1280x720"])?;
            Some(std::fs::read(home.path("map.png")).unwrap())
        })
        .collect();
    if let [first, second] = &files[..] {
        assert!(first == second);
    }
}

#[test]
fn every_scene_is_a_picture_of_its_own() {
    let home = Home::new();
    let mut pictures: Vec<(Scene, RgbImage)> = Vec::new();
    for scene in Scene::ALL {
        let Some(picture) = snapshot(&home, &["--demo", scene.name(), "--size", "1280x720"]) else { return };
        assert_eq!(picture.0.dimensions(), (1280, 720));
        for (other, drawn) in &pictures {
            assert!(different_pixels(drawn, &picture.0, 8).count() > 500, "{scene:?} looks like {other:?}");
        }
        pictures.push((scene, picture.0));
    }
    let light = snapshot(&home, &["--demo", "antimeridian", "--size", "1280x720", "--light"]).unwrap();
    let bright =
        |picture: &RgbImage| picture.pixels().filter(|pixel| pixel.0.iter().all(|v| *v > 200)).count();
    assert!(bright(&light.0) > 1280 * 720 / 2, "light is light");
    assert!(bright(&pictures[0].1) < 1280 * 720 / 20, "dark is dark");
}

/// The window on a screen of its own size, until it closes.
struct Window {
    program: Child,
}

impl Window {
    fn open(home: &Home, screen: &Screen, arguments: &[&str]) -> Self {
        let mut command = home.connmapperl(arguments);
        command.env("DISPLAY", screen.display()).stdout(Stdio::null());
        Self { program: command.spawn().unwrap() }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Date and time, at the bottom left: the one thing in which a still differs from the window. In pixels.
const CLOCK_PX: (std::ops::Range<u32>, std::ops::Range<u32>) = (30..230, 664..704);
/// The graphics card may round a blended colour up on one surface and down on another, whose bytes are in another
/// order; nobody sees one part of 255.
const ROUNDING: u8 = 1;

#[test]
fn the_window_and_the_still_are_the_same_picture() {
    let home = Home::new();
    let arguments = ["--demo", "antimeridian"];
    let still_arguments = [&arguments[..], &["--size", "1280x720"]].concat();
    let Some(still) = snapshot(&home, &still_arguments) else { return };
    let Some(screen) = Screen::new([1280, 720]) else { return };
    let mut window = Window::open(&home, &screen, &arguments);
    let began = Instant::now();
    loop {
        let shown = screen.picture();
        let outside_the_clock = |(x, y): &(u32, u32)| !(CLOCK_PX.0.contains(x) && CLOCK_PX.1.contains(y));
        let different: Vec<_> =
            different_pixels(&still.0, &shown, ROUNDING).filter(outside_the_clock).collect();
        if different.is_empty() {
            break;
        }
        assert_eq!(window.program.try_wait().unwrap(), None, "the window closed");
        let at = &different[..different.len().min(8)];
        assert!(began.elapsed() < PATIENCE, "{} pixels differ, such as {at:?}", different.len());
        std::thread::sleep(Duration::from_millis(100));
    }
    // The clock is there, and it is now.
    let clock = different_pixels(&still.0, &screen.picture(), 60).count();
    assert!(clock > 20, "the window's clock shows another time than the still of a scene");
}

/// Positions of pixels in which two pictures of one size differ by more than `by` in some colour.
fn different_pixels<'a>(
    a: &'a RgbImage,
    b: &'a RgbImage,
    by: u8,
) -> impl Iterator<Item = (u32, u32)> + use<'a> {
    assert_eq!(a.dimensions(), b.dimensions());
    let differ =
        move |a: &image::Rgb<u8>, b: &image::Rgb<u8>| a.0.iter().zip(&b.0).any(|(a, b)| a.abs_diff(*b) > by);
    a.enumerate_pixels()
        .zip(b.pixels())
        .filter(move |((_, _, a), b)| differ(a, b))
        .map(|((x, y, _), _)| (x, y))
}

/// Name, degrees east, degrees north.
#[rustfmt::skip]
const CITIES: [(&str, f32, f32); 30] = [
    ("Apia", -171.8, -13.8333),
    ("Suva", 178.4, -18.1416),
    ("Anadyr", 177.5103, 64.7337),
    ("Auckland", 174.7633, -36.8485),
    ("Honolulu", -157.8583, 21.3069),
    ("Anchorage", -149.9003, 61.2181),
    ("Vancouver", -123.1207, 49.2827),
    ("Mexico City", -99.1332, 19.4326),
    ("New York", -74.006, 40.7128),
    ("Quito", -78.4678, -0.1807),
    ("Lima", -77.0428, -12.0464),
    ("São Paulo", -46.6333, -23.5505),
    ("Cayenne", -52.3261, 4.9224),
    ("Reykjavik", -21.8954, 64.1466),
    ("Ponta Delgada", -25.6756, 37.7412),
    ("London", -0.1276, 51.5072),
    ("Lagos", 3.3792, 6.5244),
    ("Tromsø", 18.9553, 69.6492),
    ("Cape Town", 18.4241, -33.9249),
    ("Cairo", 31.2357, 30.0444),
    ("Nairobi", 36.8219, -1.2921),
    ("Moscow", 37.6173, 55.7558),
    ("Tehran", 51.389, 35.6892),
    ("Delhi", 77.1025, 28.7041),
    ("Novosibirsk", 82.9346, 55.0084),
    ("Singapore", 103.8198, 1.3521),
    ("Beijing", 116.4074, 39.9042),
    ("Yakutsk", 129.7326, 62.0355),
    ("Tokyo", 139.6917, 35.6895),
    ("Sydney", 151.2093, -33.8688),
];

/// Beyond the edge of the whole-world view, which ends at about 78 N and 58 S: north and south of it.
const BEYOND: [(&str, f32, f32); 2] = [("Alert", -62.3481, 82.5018), ("McMurdo", 166.6863, -77.8419)];

/// Real connections over loopback, one to each place: an address of 127.0.0.0/8 is its own, and the home's
/// `places.csv` says where it lies.
struct Placed {
    home: Home,
    _sockets: Vec<(TcpListener, TcpStream)>,
}

impl Placed {
    fn at(places: &[(&str, f32, f32)]) -> Self {
        let home = Home::new();
        let (mut table, mut rules) = (String::new(), String::new());
        let sockets = places
            .iter()
            .zip(1u8..)
            .map(|((name, lon, lat), host)| {
                let address = Ipv4Addr::new(127, 99, host, 1);
                let listener = TcpListener::bind(SocketAddr::new(address.into(), 0)).unwrap();
                let there = listener.local_addr().unwrap();
                table += &format!("{address}/32,{lat},{lon},{name}\n");
                rules += &format!("Here,peer,{},1,0,1,1,0\n", there.port());
                let stream = TcpStream::connect(there).unwrap();
                (listener, stream)
            })
            .collect();
        home.write("data/places.csv", table);
        home.write("rules", rules);
        Self { home, _sockets: sockets }
    }

    fn snapshot(&self, size: &str) -> Option<Picture> {
        snapshot(&self.home, &["--data", "data", "--config", "rules", "--size", size])
    }
}

/// The middle of the magenta near a point, and how many pixels are about as magenta as the most magenta one. A panel
/// that lies over a dot dims it, and does not hide it.
fn mark_near(picture: &Picture, at_px: [f32; 2]) -> Option<([f32; 2], usize)> {
    /// Of 255; dimmed by a panel a dot still has half as much again.
    const LEAST: f32 = 16.0;
    const SHARE_OF_MOST: f32 = 0.75;
    let reach_px = size::DOT * picture.view().px_per_point * 2.0;
    let magenta: Vec<([f32; 2], f32)> = picture
        .within(at_px, 0.0..reach_px)
        .map(|(at, [red, green, blue])| (at, f32::from(red.min(blue)) - f32::from(green)))
        .collect();
    let most = magenta.iter().map(|(_, much)| *much).fold(0.0, f32::max);
    let marked: Vec<[f32; 2]> =
        magenta.into_iter().filter(|(_, much)| *much >= most * SHARE_OF_MOST).map(|(at, _)| at).collect();
    let count = marked.len() as f32;
    let middle = [0, 1].map(|axis| marked.iter().map(|at| at[axis]).sum::<f32>() / count);
    (most >= LEAST).then_some((middle, marked.len()))
}

#[test]
fn cities_are_drawn_where_the_projection_puts_them() {
    const TOLERANCE_PX: f32 = 1.5;
    // The panels at the left keep their size in a small picture, and their edges lie across dots there: those must be
    // seen, but have no middle to measure.
    const PANELS_END_PX: f32 = 245.0;
    let placed = Placed::at(&CITIES);
    for (width, height) in [(500, 281), (1000, 562), (3840, 2160)] {
        let Some(picture) = placed.snapshot(&format!("{width}x{height}")) else { return };
        let view = picture.view();
        // Half of its rim: the middle of a dot is whitened, and words of the bottom line may cross it.
        let least_pixels = std::f32::consts::PI * size::DOT * view.px_per_point * 0.5;
        let (mut measured, mut worst_px) = (0, 0.0f32);
        for (name, lon, lat) in CITIES {
            let place = view.px_from_lon_lat(lon, lat);
            assert!(!place.beyond_edge, "{name}");
            let [x, y] = place.px;
            assert!((0.0..width as f32).contains(&x) && (0.0..height as f32).contains(&y), "{name}: {x} {y}");
            let (middle, pixels) = mark_near(&picture, place.px)
                .unwrap_or_else(|| panic!("{name} has no dot at {x} {y} of {width}x{height}"));
            if x < PANELS_END_PX && width < 3840 {
                continue;
            }
            assert!(pixels as f32 > least_pixels, "{name}: {pixels} pixels at {width}x{height}");
            measured += 1;
            worst_px = worst_px.max(distance_px(middle, place.px));
            assert!(worst_px <= TOLERANCE_PX, "{name}: {middle:?}, not {x} {y}, of {width}x{height}");
        }
        assert!(measured >= CITIES.len() / 2, "{measured} at {width}x{height}");
        println!("{width}x{height}: {measured} cities, at most {worst_px:.2} px off");
    }
}

#[test]
fn places_beyond_the_edge_are_drawn_on_it() {
    let placed = Placed::at(&BEYOND);
    let Some(picture) = placed.snapshot("1280x720") else { return };
    for ((name, lon, _), y) in BEYOND.into_iter().zip([size::EDGE_MARGIN, 720.0 - size::EDGE_MARGIN]) {
        // Its arrow is as long as the margin is wide, so it may stand that far off.
        let on_edge = [(lon / 360.0 + 0.5) * 1280.0, y];
        let ([x, y], pixels) = mark_near(&picture, on_edge).unwrap_or_else(|| panic!("{name} is not drawn"));
        assert!(pixels >= 12, "{name}: {pixels} pixels");
        assert!(
            (x - on_edge[0]).abs() < 2.0 && (y - on_edge[1]).abs() < size::EDGE_MARGIN,
            "{name}: {x} {y}"
        );
    }
}

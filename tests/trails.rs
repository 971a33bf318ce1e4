//! Trails as they are seen: pictures of the map off the screen, with a clock that the test moves. Needs a graphics
//! adapter, for which Mesa's software Vulkan driver will do.

#![cfg(test)]

#[path = "support/connections.rs"]
mod connections;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bevy::{
    camera::RenderTarget,
    prelude::*,
    render::{
        RenderApp,
        render_resource::{TextureFormat, TextureUsages},
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
};
use connmapperl::{
    app::{StartError, WindowLook, map_camera, still_app},
    components::{
        action::UiAction,
        dots::DOT_BYTES,
        map_clock::MapClock,
        map_view::MapView,
        preferences::Preferences,
        trails::{LapseStyle, TRAIL_BYTES, TimeLapse},
    },
    config::RulesFile,
    model::{Located, Traffic},
    rules::Rules,
    systems::{
        ingest::Feed,
        render::uploads::{Table, Uploads},
    },
};
use crossbeam_channel::{Sender, bounded};
use image::RgbImage;

use crate::connections::{NOON, connection, place};

const SIZE: [u32; 2] = [1280, 720];
const MINUTE: i64 = 60_000;
const RULES: &str = "Web,peer,443,1,0,1,1,0\nMail,peer,25,1,1,0,1,0\n";
/// In the Atlantic, far from panels, coasts and each other.
const HERE: [f32; 2] = [-20.0, 2.0];
const THERE: [f32; 2] = [-20.0, -12.0];
/// Dots have faded.
const SETTLED_MILLIS: i64 = 3_000;
const MOST_FRAMES: usize = 600;
const BETWEEN_FRAMES: Duration = Duration::from_millis(2);

/// While the map starts it listens for panics, of other tests too.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[derive(Resource, Default)]
struct Taken(Option<Image>);

struct Map {
    app: App,
    feed: Sender<Located>,
    target: Handle<Image>,
    next: u64,
    _alone: MutexGuard<'static, ()>,
}

impl Map {
    /// `None` where nothing can draw.
    fn new(style: LapseStyle, light: bool) -> Option<Self> {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let (rules, errors) = Rules::parse(RULES.as_bytes());
        let rules = RulesFile { rules, errors, source: "a test".to_owned(), is_useless: false };
        let lapse = TimeLapse { style, length: Duration::from_secs(60) };
        let look = WindowLook {
            preferences: Preferences { light, lapse, ..Preferences::default() },
            ..WindowLook::default()
        };
        let mut app = match still_app(NOON, SIZE, rules, &look) {
            Ok(app) => app,
            Err(StartError::NoAdapter) => {
                println!("skipped: no graphics adapter");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let mut image = Image::new_target_texture(SIZE[0], SIZE[1], TextureFormat::Rgba8UnormSrgb, None);
        image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
        let target = app.world_mut().resource_mut::<Assets<Image>>().add(image);
        app.world_mut().spawn((map_camera(), RenderTarget::Image(target.clone().into())));
        let (feed, receiver) = bounded(4_096);
        app.insert_resource(Feed(receiver)).init_resource::<Taken>();
        app.finish();
        app.cleanup();
        Some(Self { app, feed, target, next: 0, _alone: alone })
    }

    fn pass(&mut self, millis: i64) {
        let mut clock = self.app.world_mut().resource_mut::<MapClock>();
        let now = clock.now_unix_millis() + millis;
        if clock.bypass_change_detection().set(now) {
            clock.set_changed();
        }
    }

    /// A connection that was there, and is no more.
    fn visit(&mut self, [lon, lat]: [f32; 2], peer_port: u16) {
        let opened = connection(self.next, peer_port, place(lon, lat));
        let key = opened.key;
        self.next += 1;
        self.feed.try_send(Located::Opened(Arc::new(opened))).unwrap();
        let unix_millis = self.app.world().resource::<MapClock>().now_unix_millis();
        self.feed.try_send(Located::Closed { key, unix_millis, traffic: Traffic::default() }).unwrap();
    }

    /// A connection that stays.
    fn open(&mut self, [lon, lat]: [f32; 2]) {
        let opened = connection(self.next, 443, place(lon, lat));
        self.next += 1;
        self.feed.try_send(Located::Opened(Arc::new(opened))).unwrap();
    }

    /// What a frame writes to the graphics card: of dots, of trails, and of view and clock.
    fn written(&mut self) -> [u64; 3] {
        let of = |app: &App| {
            let uploads = app.sub_app(RenderApp).world().resource::<Uploads>();
            [uploads.rows(Table::Dots), uploads.rows(Table::Trails), uploads.uniforms]
        };
        let before = of(&self.app);
        self.app.update();
        let after = of(&self.app);
        [0, 1, 2].map(|at| after[at] - before[at])
    }

    fn act(&mut self, action: UiAction) {
        self.app.world_mut().write_message(action);
    }

    fn picture(&mut self) -> RgbImage {
        for _ in 0..4 {
            self.app.update();
        }
        let target = self.target.clone();
        self.app.world_mut().spawn(Screenshot::image(target)).observe(
            |captured: On<ScreenshotCaptured>, mut taken: ResMut<Taken>| {
                taken.0 = Some(captured.image.clone());
            },
        );
        for _ in 0..MOST_FRAMES {
            self.app.update();
            if let Some(image) = self.app.world_mut().resource_mut::<Taken>().0.take() {
                return image.try_into_dynamic().unwrap().to_rgb8();
            }
            std::thread::sleep(BETWEEN_FRAMES);
        }
        panic!("the adapter gave no picture");
    }

    /// Red, green and blue in the middle of a place.
    fn colour(&mut self, [lon, lat]: [f32; 2]) -> [u8; 3] {
        let at = self.app.world().resource::<MapView>().px_from_lon_lat(lon, lat).px;
        self.picture().get_pixel(at[0] as u32, at[1] as u32).0
    }
}

#[test]
fn a_trail_fades_over_its_length_and_is_gone() {
    let Some(mut map) = Map::new(LapseStyle::Trails, false) else { return };
    let sea = map.colour(HERE);
    map.visit(HERE, 443);
    map.picture();
    let mut light = Vec::new();
    map.pass(SETTLED_MILLIS);
    for _ in 0..6 {
        light.push(map.colour(HERE));
        map.pass(MINUTE / 6);
    }
    let red: Vec<u8> = light.iter().map(|rgb| rgb[0]).collect();
    assert!(red[0] > 120 && red[0] < 220, "weaker than a dot: {red:?}");
    assert!(red.windows(2).all(|two| two[1] < two[0]), "fades all the time: {red:?}");
    assert!(red[2] > red[0] / 2 && red[5] > sea[0] + 4, "and evenly: {red:?}");
    assert!(light[0][1] < 60 && light[0][0].abs_diff(light[0][2]) < 20, "in the rule's colour: {light:?}");
    assert_eq!(map.colour(HERE), sea, "a minute later");
}

#[test]
fn a_long_exposure_stays_gathers_light_and_never_burns_out() {
    let Some(mut map) = Map::new(LapseStyle::Integrating, false) else { return };
    let (sea, sea_there) = (map.colour(HERE), map.colour(THERE));
    map.visit(HERE, 443);
    (0..200).for_each(|_| map.visit(THERE, 443));
    map.picture();
    map.pass(SETTLED_MILLIS);
    let (one, many) = (map.colour(HERE), map.colour(THERE));
    assert!(one[0] > sea[0] + 60, "one is seen: {one:?}");
    assert!(many[0] > one[0] + 40 && many[0] < 245, "many are brighter, and no dot: {many:?}");
    map.pass(30 * 24 * 60 * MINUTE);
    assert_eq!((map.colour(HERE), map.colour(THERE)), (one, many), "a month later");

    // A whole town of places side by side.
    for step in 0..400_u16 {
        let [lon, lat] = HERE;
        map.visit([lon + f32::from(step % 20) * 0.02, lat + f32::from(step / 20) * 0.02], 443);
    }
    map.picture();
    map.pass(SETTLED_MILLIS);
    let town = map.colour(HERE);
    assert!(town[0] > one[0] && town[1] < 40, "the colour of the rule, and no white: {town:?}");

    // Dots alone drop it.
    map.act(UiAction::NextLapseStyle);
    assert_eq!(map.colour(THERE), sea_there);
}

#[test]
fn what_is_hidden_or_has_not_been_yet_shows_no_trail() {
    let Some(mut map) = Map::new(LapseStyle::Integrating, false) else { return };
    let sea = map.colour(HERE);
    map.visit(HERE, 443);
    map.visit(THERE, 25);
    map.picture();
    map.pass(SETTLED_MILLIS);
    assert!(map.colour(HERE)[2] > 60 && map.colour(THERE)[1] > 60);
    map.act(UiAction::ToggleLabelDots { label: 0 });
    assert_eq!(map.colour(HERE), sea);
    assert!(map.colour(THERE)[1] > 60, "the other rule's stays");
    map.act(UiAction::ToggleLabelDots { label: 0 });
    assert!(map.colour(HERE)[2] > 60, "and it comes back");
    map.pass(-60 * MINUTE);
    assert_eq!(map.colour(HERE), sea, "an hour before");
    map.pass(60 * MINUTE);
    assert!(map.colour(HERE)[2] > 60, "an hour later");
}

#[test]
fn on_paper_trails_are_ink() {
    let Some(mut map) = Map::new(LapseStyle::Trails, true) else { return };
    let paper = map.colour(HERE);
    map.visit(HERE, 25);
    map.picture();
    map.pass(SETTLED_MILLIS);
    let yellow = map.colour(HERE);
    assert!(
        yellow[0] + 15 < paper[0] && yellow[2] + 60 < paper[2],
        "yellow is seen: {yellow:?} on {paper:?}"
    );
}

#[test]
fn a_frame_writes_what_changed_to_the_graphics_card_and_no_more() {
    let Some(mut map) = Map::new(LapseStyle::Trails, false) else { return };
    map.visit(HERE, 443);
    map.open(THERE);
    map.picture();
    map.pass(SETTLED_MILLIS);
    map.picture();
    assert_eq!(map.written(), [0; 3], "nothing changes");
    map.pass(16);
    let [dots, trails, clock] = map.written();
    assert_eq!([dots, trails], [0; 2], "they only grow older");
    assert!(clock > 0 && clock < 256, "{clock} bytes say what time it is");
    map.open(HERE);
    assert_eq!(map.written(), [DOT_BYTES as u64, 0, 0]);
    map.visit(THERE, 25);
    let [dots, trails, _] = map.written();
    assert_eq!([dots, trails], [DOT_BYTES, TRAIL_BYTES].map(|bytes| bytes as u64));
}

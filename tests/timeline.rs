//! The timeline as it is seen: columns in the colours of their rules, in the order of time, and nothing that lies over
//! anything else. Needs a graphics adapter, for which Mesa's software Vulkan driver will do.

#![cfg(test)]

use std::sync::{Arc, Mutex, PoisonError};

use bevy::{
    camera::RenderTarget,
    prelude::*,
    render::{
        render_resource::{TextureFormat, TextureUsages},
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
};
use connmapperl::{
    app::{StartError, WindowLook, map_camera, still_app},
    components::{
        notices::{Notices, Severity},
        panels::{Panels, PxRect},
        theme::size,
        time_travel::{Density, Shown, Span, TimeTravel, Timeline},
    },
    config::RulesFile,
    rules::Rules,
};
use image::RgbImage;

const NOW_MS: i64 = 1_795_000_000_000;
const DAY_MS: i64 = 86_400_000;
/// Far more than a picture takes.
const MOST_FRAMES: usize = 600;
const MAGENTA: [u8; 3] = [255, 0, 255];
const YELLOW: [u8; 3] = [255, 255, 0];

/// A map listens for Bevy's panics while it starts.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[derive(Resource, Default)]
struct Taken(Option<Image>);

/// A picture of a map without connections but with a past, and where its panels lie. `None` where nothing can draw.
fn drawn(size_px: [u32; 2], travel: TimeTravel, timeline: Timeline) -> Option<(RgbImage, Vec<PxRect>)> {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (rules, errors) =
        Rules::parse(b"First,local,1,1,0,1,1,1\nThe second rule has a long name,local,2,1,1,0,1,1\n");
    let rules = RulesFile { rules, errors, source: "a test".to_owned(), is_useless: false };
    let mut app = match still_app(NOW_MS, size_px, rules, &WindowLook::default()) {
        Ok(app) => app,
        Err(StartError::NoAdapter) => {
            println!("skipped: no graphics adapter");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let mut notices = Notices::default();
    for topic in 0..9 {
        let lines = (0..6).map(|line| format!("line {line} of something that went wrong")).collect();
        notices.say(Severity::Warning, format!("Topic {topic}"), lines);
    }
    app.insert_resource(travel).insert_resource(timeline).insert_resource(notices).init_resource::<Taken>();
    let mut image = Image::new_target_texture(size_px[0], size_px[1], TextureFormat::Rgba8UnormSrgb, None);
    image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    let image = app.world_mut().resource_mut::<Assets<Image>>().add(image);
    app.world_mut().spawn((map_camera(), RenderTarget::Image(image.clone().into())));
    app.finish();
    app.cleanup();
    for _ in 0..4 {
        app.update();
    }
    app.world_mut().spawn(Screenshot::image(image)).observe(
        |captured: On<ScreenshotCaptured>, mut taken: ResMut<Taken>| taken.0 = Some(captured.image.clone()),
    );
    for _ in 0..MOST_FRAMES {
        app.update();
        if let Some(image) = app.world_mut().resource_mut::<Taken>().0.take() {
            let panels = app.world().resource::<Panels>().rects.clone();
            return Some((image.try_into_dynamic().unwrap().to_rgb8(), panels));
        }
    }
    panic!("no picture came");
}

/// The first rule's connections in the first quarter of a day, the second rule's in the last, and nothing in between.
fn past() -> (TimeTravel, Timeline) {
    let span = Span { from_ms: NOW_MS - DAY_MS, to_ms: NOW_MS };
    let opened = (0..320).map(|stretch| vec![u32::from(stretch < 80) * 7, u32::from(stretch >= 240) * 9]);
    let labels = ["First", "The second rule has a long name"].map(|label| Some(Arc::from(label))).to_vec();
    let density = Density { span, labels, opened: opened.collect(), recorded: vec![span] };
    let travel = TimeTravel {
        shown: Shown::Moment,
        at_ms: NOW_MS - DAY_MS / 2,
        recorded: Some(span),
        ..TimeTravel::default()
    };
    (
        travel,
        Timeline { is_open: true, view: Some(span), density: Some(Arc::new(density)), ..Timeline::default() },
    )
}

/// Pixels of a colour in the lowest part of a picture, right of the key.
fn pixels(picture: &RgbImage, colour: [u8; 3]) -> Vec<[f32; 2]> {
    let from_y = picture.height() - 130;
    let is_near = |pixel: &image::Rgb<u8>| std::iter::zip(pixel.0, colour).all(|(a, b)| a.abs_diff(b) <= 2);
    picture
        .enumerate_pixels()
        .filter(|(x, y, pixel)| *x > 240 && *y >= from_y && is_near(pixel))
        .map(|(x, y, _)| [x as f32, y as f32])
        .collect()
}

fn range(places: &[[f32; 2]], axis: usize) -> [f32; 2] {
    places.iter().fold([f32::MAX, 0.0], |[least, most], at| [least.min(at[axis]), most.max(at[axis])])
}

#[test]
fn rules_have_their_colours_where_their_connections_were() {
    for size_px in [[1280, 720], [1920, 1080]] {
        let (travel, timeline) = past();
        let Some((picture, panels)) = drawn(size_px, travel, timeline) else { return };
        let (first, second) = (pixels(&picture, MAGENTA), pixels(&picture, YELLOW));
        // Two thirds of every column's width, and the whole height of most.
        let column_px = size::TIMELINE_BAR * 100.0;
        assert!(first.len() as f32 > column_px * 0.5, "{size_px:?}: {} pixels", first.len());
        assert!(second.len() as f32 > column_px * 0.5, "{size_px:?}: {} pixels", second.len());
        let ([from, first_ends], [second_begins, to]) = (range(&first, 0), range(&second, 0));
        let share = |x: f32| (x - from) / (to - from);
        assert!((share(first_ends) - 0.25).abs() < 0.02, "the first quarter ends at {}", share(first_ends));
        assert!((share(second_begins) - 0.75).abs() < 0.02, "the last begins at {}", share(second_begins));
        // All of it lies in one panel, and so not over clock or account.
        let corners = [[from, range(&first, 1)[0]], [to, range(&second, 1)[1]]];
        let holders = panels.iter().filter(|panel| corners.iter().all(|corner| panel.contains(*corner)));
        assert_eq!(holders.count(), 1, "{size_px:?}: {corners:?} in {panels:?}");
        // A closed timeline leaves nothing of itself.
        let (travel, timeline) = past();
        let closed = Timeline { is_open: false, ..timeline };
        let Some((picture, _)) = drawn(size_px, travel, closed) else { return };
        assert!(pixels(&picture, MAGENTA).is_empty() && pixels(&picture, YELLOW).is_empty());
    }
}

#[test]
fn no_panel_lies_over_another_while_the_past_is_shown() {
    for size_px in [[1280, 720], [1920, 1080], [3840, 2160], [1100, 620], [800, 600]] {
        let (travel, timeline) = past();
        let Some((_, panels)) = drawn(size_px, travel, timeline) else { return };
        // Clock, account, facts, key, timeline, caption, notices, exit; in a narrow window the facts are in the account.
        assert!(panels.len() >= 6, "{size_px:?}: {panels:?}");
        for (index, panel) in panels.iter().enumerate() {
            let inside =
                (0..2).all(|axis| panel.min[axis] >= 0.0 && panel.max[axis] <= size_px[axis] as f32 + 0.5);
            assert!(inside, "{size_px:?}: {panel:?} leaves the window");
            for other in &panels[..index] {
                assert!(!panel.overlaps(other), "{size_px:?}: {panel:?} and {other:?}");
            }
        }
    }
}

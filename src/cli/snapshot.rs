//! `connmapperl snapshot`: one picture of the map, drawn without a display by the same plugins as the window's.

use std::{io::Cursor, path::Path, time::Duration};

use anyhow::{Context, bail};
use bevy::{
    camera::RenderTarget,
    prelude::*,
    render::{
        render_resource::{TextureFormat, TextureUsages},
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
};
use image::{ImageFormat, RgbImage};

use super::{
    Look, SnapshotArgs,
    wall::{hang, scene_of_view},
};
use crate::{
    app::{WindowLook, map_camera, still_app},
    components::{
        data_sources::DataSources,
        hilbert_view::HilbertView,
        history_circles::HistoryCircles,
        map_view::MapView,
        notices::Notices,
        preferences::Preferences,
        space_ground::SpaceGround,
        space_tables::{SpaceFacts, SpaceLink},
        theme::px_per_point_on_wall,
        wall::Wall,
    },
    config::whole_file::{SHARED, replace},
    model::Located,
    systems::{
        ingest::Feed,
        services::{self, places, space},
    },
    wall::Show,
};

/// Frames until every panel, text and glyph has settled.
pub(super) const FRAMES_TO_SETTLE: usize = 4;
/// A picture that has not arrived by then never will; nor do tables take longer to be read.
const MOST_FRAMES: usize = 600;
/// Between frames, while the picture is on its way from the graphics card.
const BETWEEN_FRAMES: Duration = Duration::from_millis(2);

#[derive(Resource, Default)]
struct Taken(Option<Image>);

/// Draws and writes the picture.
///
/// # Errors
/// When a named file or the socket table cannot be read, nothing can draw, or the picture cannot be written.
pub fn snapshot(args: &SnapshotArgs) -> anyhow::Result<()> {
    draw(still(args)?, args.size, &args.output)
}

/// Draws a still, once all of it has settled, and writes it as PNG.
///
/// # Errors
/// When nothing can draw, or the picture cannot be written.
pub(super) fn draw(mut app: App, size: [u32; 2], output: &Path) -> anyhow::Result<()> {
    let camera = settle(&mut app, size);
    app.init_resource::<Taken>();
    app.world_mut().spawn(Screenshot::image(camera)).observe(
        |captured: On<ScreenshotCaptured>, mut taken: ResMut<Taken>| taken.0 = Some(captured.image.clone()),
    );
    for _ in 0..MOST_FRAMES {
        app.update();
        if let Some(image) = app.world_mut().resource_mut::<Taken>().0.take() {
            return write_png(&image, output).with_context(|| format!("cannot write {}", output.display()));
        }
        std::thread::sleep(BETWEEN_FRAMES);
    }
    bail!("the graphics adapter gave no picture")
}

/// Draws a still until all of it has settled. Returns what it is drawn on.
pub fn settle(app: &mut App, size: [u32; 2]) -> Handle<Image> {
    let camera = camera_on_image(app, size);
    app.finish();
    app.cleanup();
    for _ in 0..FRAMES_TO_SETTLE {
        app.update();
    }
    let mut frames = 0;
    while frames < MOST_FRAMES && (waits_for_tables(app.world()) || moves(app.world())) {
        std::thread::sleep(BETWEEN_FRAMES);
        app.update();
        frames += 1;
    }
    app.update();
    camera
}

/// Whether the address space still learns whose its blocks are.
fn waits_for_tables(world: &World) -> bool {
    let is_shown = world.get_resource::<HilbertView>().is_some_and(|view| view.is_shown);
    is_shown
        && world.contains_resource::<SpaceLink>()
        && (world.get_resource::<SpaceGround>().is_some_and(|ground| ground.ground().is_none())
            || world.get_resource::<SpaceFacts>().is_some_and(SpaceFacts::is_waiting))
}

/// Whether a wall's view still comes out of the dark, or flies to where it is.
fn moves(world: &World) -> bool {
    world.get_resource::<Wall>().is_some_and(Wall::is_changing)
        || world.get_resource::<HilbertView>().is_some_and(HilbertView::is_moving)
}

/// The picture that is asked for, before its first frame.
///
/// # Errors
/// When a named file or the socket table cannot be read, or nothing can draw.
pub fn still(args: &SnapshotArgs) -> anyhow::Result<App> {
    let common = args.look.common();
    let mut look = Look::new(&common, false)?;
    look.again()?;
    let scene = args.wall_scene.as_ref().map(|scene| scene_of_view(scene, args.wall_view)).transpose()?;
    let rules = crate::config::RulesFile {
        rules: look.rules.rules.clone(),
        errors: std::mem::take(&mut look.rules.errors),
        source: look.rules.source.clone(),
        is_useless: look.rules.is_useless,
    };
    let preferences = Preferences { light: args.light, ..Preferences::default() };
    let window_look = WindowLook {
        preferences: if scene.is_some() { preferences.on_wall() } else { preferences },
        hilbert: args.hilbert,
        demo: common.demo.map(|_| common.agent_name()),
        filter: args.which.filter.clone(),
        ..WindowLook::default()
    };
    let mut app = still_app(look.now_unix_millis(), args.size, rules, &window_look)?;
    let (sender, feed) = crossbeam_channel::bounded(2);
    // The channel has room for both.
    let _ = sender.try_send(Located::Status(look.status()));
    let _ = sender.try_send(Located::FullSet(look.connections()));
    app.insert_resource(Feed(feed));
    let (mut notices, mut sources) = (Notices::default(), DataSources::default());
    std::mem::swap(&mut notices, &mut app.world_mut().resource_mut::<Notices>());
    for report in look.take_reports() {
        services::take_report(report, look.now_unix_millis(), &mut notices, &mut sources);
    }
    app.insert_resource(notices).insert_resource(sources);
    let shows_space =
        scene.as_ref().is_some_and(|scene| scene.views.iter().any(|view| view.show == Show::Hilbert));
    if args.hilbert.is_some() || shows_space {
        app.insert_resource(space::link(&common.folders()?, &|| Box::new(|| {}))?);
    }
    if let Some(path) = &args.places {
        let mut history = app.world_mut().resource_mut::<HistoryCircles>();
        history.replace(places::read(path)?.tally);
        history.shown = true;
    }
    if let Some(scene) = scene {
        let size = args.size.map(|px| px as f32);
        let scale = px_per_point_on_wall(size, scene.text_scale);
        app.insert_resource(MapView::home(size, scale));
        hang(scene, &mut app);
    }
    Ok(app)
}

pub(super) fn camera_on_image(app: &mut App, [width, height]: [u32; 2]) -> Handle<Image> {
    let mut image = Image::new_target_texture(width, height, TextureFormat::Rgba8UnormSrgb, None);
    image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    let image = app.world_mut().resource_mut::<Assets<Image>>().add(image);
    app.world_mut().spawn((map_camera(), RenderTarget::Image(image.clone().into())));
    image
}

/// As [`write_picture`].
pub(super) fn write_png(image: &Image, path: &Path) -> anyhow::Result<()> {
    write_picture(&image.clone().try_into_dynamic()?.to_rgb8(), path)
}

/// A file is replaced as a whole.
pub(super) fn write_picture(picture: &RgbImage, path: &Path) -> anyhow::Result<()> {
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png)?;
    replace(path, SHARED, |file| file.write_all(png.get_ref()))?;
    Ok(())
}

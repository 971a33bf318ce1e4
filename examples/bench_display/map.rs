//! The map that is measured: off the screen, through the plugins of the window and of stills. It shows what it is given, changes
//! as much of it as is asked for, and tells of each frame what it cost.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use bevy::{
    camera::RenderTarget,
    prelude::*,
    render::{
        RenderApp,
        render_resource::{PollType, TextureFormat, TextureUsages},
        renderer::{RenderAdapterInfo, RenderDevice, RenderGraph, RenderGraphSystems},
        view::screenshot::{Screenshot, ScreenshotCaptured},
    },
};
use bevy_egui::{EguiRenderOutput, egui::epaint::Primitive};
use connmapperl::{
    app::{WindowLook, map_camera, still_app},
    cli::{Common, Look},
    components::{
        action::{Pane, UiAction},
        animation::Animation,
        hilbert_view::HilbertView,
        map_clock::MapClock,
        map_view::MapView,
        theme::px_per_point,
    },
    demo::{Scene, SeededScene},
    model::{Located, LocatedConnection},
    systems::{
        ingest::Feed,
        render::{
            MapCamera,
            uploads::{Table, Uploads},
        },
        wall_unix_millis,
    },
};
use crossbeam_channel::{Sender, bounded};
use rustix::time::{ClockId, clock_gettime};

use super::{adapter_clock, adapter_clock::AdapterClock, median, millis};

/// Longer than any ring or fade.
const SETTLED_MILLIS: i64 = 10_000;
/// Some frames of changes; a frame takes 2,048.
const MESSAGES: usize = 20_000;
/// So that a frame takes all that has changed since the last.
pub const MOST_CHANGES: usize = 2_000;
/// To and fro.
const MOVED_DEGREES: f32 = 0.5;
/// In and out.
const ZOOMED: f32 = 1.05;
/// A picture that has not come by then never will.
const MOST_FRAMES: usize = 600;

#[derive(Clone, Copy, PartialEq)]
pub enum Changing {
    Nothing,
    /// Every hundredth connection moves, but no more than [`MOST_CHANGES`].
    OnePercent,
    /// Every connection moves.
    All,
    /// The map is zoomed by a little: all that stands still on it is drawn anew.
    View,
}

/// How many frames are measured.
#[derive(Clone, Copy)]
pub struct Measure {
    pub warm_up: usize,
    pub least: usize,
    pub most: usize,
    /// No more are begun after this, beyond the least.
    pub length: Duration,
}

impl Measure {
    pub const fn exactly(frames: usize) -> Self {
        Self { warm_up: 8, least: frames, most: frames, length: Duration::ZERO }
    }
}

/// What a frame cost, in milliseconds by this machine's clock where nothing else is said.
#[derive(Clone, Copy)]
pub struct Frame {
    /// From its begin until the adapter has drawn it.
    pub total: f64,
    /// Everything before drawing: connections, panels, texts.
    pub world: f64,
    /// Extraction, preparation and recording for the adapter.
    pub record: f64,
    /// From handing over to drawn. A software adapter does much of it while it is being handed over.
    pub adapter: f64,
    /// By the adapter's clock; NaN where it has none.
    pub passes: f64,
    /// Processor time of the thread that the program's frames begin in.
    pub main_thread: f64,
    /// Processor time of all threads, those of a software adapter too.
    pub cpu: f64,
    pub written: Written,
}

/// Bytes that a frame wrote to buffers on the adapter.
#[derive(Clone, Copy)]
pub struct Written {
    pub dots: u64,
    pub trails: u64,
    pub marks: u64,
    pub uniforms: u64,
    /// Corners of the panels, which egui writes in each frame.
    pub panels: u64,
}

impl Written {
    /// Of all that lies on the map.
    pub const fn rows(&self) -> u64 {
        self.dots + self.trails + self.marks
    }
}

/// The middle one of the frames by a part of their cost.
pub fn median_of(frames: &[Frame], part: impl Fn(&Frame) -> f64) -> f64 {
    median(frames.iter().map(part).collect())
}

/// The flood scene, and those of its connections that have a place.
pub fn flood() -> anyhow::Result<(Look, Vec<LocatedConnection>)> {
    scene(Scene::Flood)
}

/// A scene, and those of its connections that have a place.
pub fn scene(scene: Scene) -> anyhow::Result<(Look, Vec<LocatedConnection>)> {
    let scene = SeededScene { scene, seed: 1 };
    let mut look = Look::new(&Common { demo: Some(scene), ..Common::default() }, false)?;
    look.again()?;
    let mut open = look.connections();
    open.retain(|connection| connection.place.is_ok());
    Ok((look, open))
}

/// When a part of the frame was done: in the main world everything before drawing, in the render world the record.
#[derive(Resource)]
struct Done(Instant);

fn note(mut done: ResMut<Done>) {
    done.0 = Instant::now();
}

/// Bytes that the panels of this frame consist of.
#[derive(Resource, Default)]
struct PanelBytes(u64);

fn weigh_panels(panels: Query<&EguiRenderOutput>, mut bytes: ResMut<PanelBytes>) {
    let parts = panels.iter().flat_map(|panels| &panels.paint_jobs);
    let of_parts = parts.map(|part| match &part.primitive {
        Primitive::Mesh(mesh) => size_of_val(&*mesh.vertices) + size_of_val(&*mesh.indices),
        Primitive::Callback(_) => 0,
    });
    bytes.0 = of_parts.sum::<usize>() as u64;
}

#[derive(Resource, Default)]
struct Taken(Option<Image>);

pub struct Map {
    app: App,
    feed: Sender<Located>,
    shown: Vec<LocatedConnection>,
    adapter_clock: Option<AdapterClock>,
    target: Handle<Image>,
}

impl Map {
    pub fn new(look: Look, size_px: [u32; 2]) -> anyhow::Result<Self> {
        let status = look.status();
        let now = look.now_unix_millis();
        let mut app = still_app(now, size_px, look.rules, &WindowLook::default())?;
        let (feed, receiver) = bounded(MESSAGES);
        let target = target(&mut app, size_px);
        app.world_mut().spawn((map_camera(), RenderTarget::Image(target.clone().into())));
        app.insert_resource(Feed(receiver))
            .insert_resource(Done(Instant::now()))
            .add_systems(Last, (weigh_panels, note).chain());
        app.init_resource::<Taken>().init_resource::<PanelBytes>();
        app.sub_app_mut(RenderApp).insert_resource(Done(Instant::now())).add_systems(
            RenderGraph,
            note.after(RenderGraphSystems::Render).before(RenderGraphSystems::Submit),
        );
        adapter_clock::plugin(&mut app);
        app.finish();
        app.cleanup();
        feed.try_send(Located::Status(status)).context("no room")?;
        let adapter_clock = AdapterClock::start(&mut app);
        Ok(Self { app, feed, shown: Vec::new(), adapter_clock, target })
    }

    /// Name, driver and interface, as they say of themselves.
    pub fn adapter(&mut self) -> anyhow::Result<String> {
        self.app.update();
        let info = self.app.world().get_resource::<RenderAdapterInfo>().context("no adapter")?;
        let driver = [info.driver.as_str(), info.driver_info.as_str()].join(" ");
        Ok(format!("{}, {}, {:?}, {:?}", info.name, driver.trim(), info.backend, info.device_type))
    }

    pub fn is_software(&self) -> bool {
        self.app.world().resource::<Animation>().on_software
    }

    pub fn has_adapter_clock(&self) -> bool {
        self.adapter_clock.is_some()
    }

    pub fn world(&mut self) -> &mut World {
        self.app.world_mut()
    }

    pub fn render_world(&self) -> &World {
        self.app.sub_app(RenderApp).world()
    }

    pub fn uploads(&self) -> Uploads {
        *self.render_world().resource::<Uploads>()
    }

    /// Draws pictures of this size from now on.
    pub fn resize(&mut self, size_px: [u32; 2]) {
        self.target = target(&mut self.app, size_px);
        let target = self.target.clone();
        let world = self.app.world_mut();
        let mut cameras = world.query_filtered::<&mut RenderTarget, With<MapCamera>>();
        for mut camera in cameras.iter_mut(world) {
            *camera = RenderTarget::Image(target.clone().into());
        }
        let size = size_px.map(|px| px as f32);
        let points = px_per_point(size[1], 1.0);
        *world.resource_mut::<MapView>() = MapView::home(size, points);
        world.resource_mut::<HilbertView>().resize(size, points);
    }

    /// The map's clock stands, so long before the world's that what is shown meanwhile is settled before now.
    pub fn hold(&mut self, before: Duration) {
        let mut clock = self.app.world_mut().resource_mut::<MapClock>();
        clock.hold(true);
        clock.set(wall_unix_millis() - i64::try_from(before.as_millis()).unwrap_or(0));
    }

    /// The map's clock goes with the world's, as in the window.
    pub fn go_live(&mut self) {
        self.app.world_mut().resource_mut::<MapClock>().hold(false);
    }

    /// Draws one frame to its end; how long that takes, in milliseconds.
    pub fn frame(&mut self) -> anyhow::Result<f64> {
        let device = self.app.world().resource::<RenderDevice>().clone();
        let began = Instant::now();
        self.app.update();
        device.poll(PollType::wait_indefinitely()).context("the adapter does not answer")?;
        Ok(millis(began.elapsed()))
    }

    /// Draws one frame after this was asked for. Returns how long it took before drawing, in milliseconds.
    pub fn ask(&mut self, action: UiAction) -> anyhow::Result<f64> {
        self.app.world_mut().write_message(action);
        let began = Instant::now();
        self.frame()?;
        Ok(millis(self.app.world().resource::<Done>().0 - began))
    }

    /// These are open, and no others.
    pub fn tell(&mut self, connections: Vec<LocatedConnection>) -> anyhow::Result<()> {
        self.feed.try_send(Located::FullSet(connections)).context("no room")
    }

    /// These and no others, long open.
    pub fn show(&mut self, connections: Vec<LocatedConnection>) {
        let _ = self.feed.try_send(Located::FullSet(connections.clone()));
        self.shown = connections;
        self.app.update();
        self.pass(SETTLED_MILLIS);
        self.app.update();
    }

    /// Lets so much of the map's time go by.
    pub fn pass(&mut self, millis: i64) {
        let mut clock = self.app.world_mut().resource_mut::<MapClock>();
        let later = clock.now_unix_millis() + millis;
        clock.bypass_change_detection().set(later);
    }

    pub fn now_unix_millis(&self) -> i64 {
        self.app.world().resource::<MapClock>().now_unix_millis()
    }

    /// Tells the map this with the next frame.
    pub fn give(&self, located: Located) -> anyhow::Result<()> {
        self.feed.try_send(located).context("no room")
    }

    pub fn frames(&mut self, changing: Changing, measure: Measure) -> anyhow::Result<Vec<Frame>> {
        self.frames_after(measure, |map, number| map.change(changing, number))
    }

    /// Frames before each of which something happens, which is not counted.
    pub fn frames_after(
        &mut self,
        measure: Measure,
        mut happen: impl FnMut(&mut Self, usize) -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<Frame>> {
        for number in 0..measure.warm_up {
            happen(self, number)?;
            self.measured()?;
        }
        let (mut frames, began) = (Vec::new(), Instant::now());
        while frames.len() < measure.least
            || (frames.len() < measure.most && began.elapsed() < measure.length)
        {
            happen(self, measure.warm_up + frames.len())?;
            frames.push(self.measured()?);
        }
        Ok(frames)
    }

    fn measured(&mut self) -> anyhow::Result<Frame> {
        let device = self.app.world().resource::<RenderDevice>().clone();
        let uploads = self.uploads();
        let (main_thread, cpu) = (cpu(ClockId::ThreadCPUTime), cpu(ClockId::ProcessCPUTime));
        let began = Instant::now();
        self.app.update();
        let main_thread = self::cpu(ClockId::ThreadCPUTime) - main_thread;
        device.poll(PollType::wait_indefinitely()).context("the adapter does not answer")?;
        let drawn = Instant::now();
        let cpu = self::cpu(ClockId::ProcessCPUTime) - cpu;
        let ready = self.app.world().resource::<Done>().0;
        let recorded = self.render_world().resource::<Done>().0;
        let now = self.uploads();
        let rows = |table| now.rows(table) - uploads.rows(table);
        Ok(Frame {
            total: millis(drawn - began),
            world: millis(ready - began),
            record: millis(recorded - ready),
            adapter: millis(drawn - recorded),
            passes: self.adapter_clock.as_ref().map_or(f64::NAN, |clock| clock.millis(&device)),
            main_thread: millis(main_thread),
            cpu: millis(cpu),
            written: Written {
                dots: rows(Table::Dots),
                trails: rows(Table::Trails),
                marks: rows(Table::Marks),
                uniforms: now.uniforms - uploads.uniforms,
                panels: self.app.world().resource::<PanelBytes>().0,
            },
        })
    }

    fn change(&mut self, changing: Changing, number: usize) -> anyhow::Result<()> {
        let way = if number.is_multiple_of(2) { 1.0 } else { -1.0 };
        let step = match changing {
            Changing::Nothing => return Ok(()),
            Changing::OnePercent => 100.max(self.shown.len().div_ceil(MOST_CHANGES)),
            Changing::All => 1,
            Changing::View => {
                let px = self.app.world().resource::<MapView>().size_px.map(|px| px / 2.0);
                let factor = if way > 0.0 { ZOOMED } else { 1.0 / ZOOMED };
                self.app.world_mut().write_message(UiAction::ZoomAt { pane: Pane::Main, px, factor });
                return Ok(());
            }
        };
        for connection in self.shown.iter_mut().step_by(step) {
            if let Ok(place) = &mut connection.place {
                place.lon += MOVED_DEGREES * way;
            }
        }
        if changing == Changing::All {
            self.feed.try_send(Located::FullSet(self.shown.clone())).context("no room")?;
            return Ok(());
        }
        for connection in self.shown.iter().step_by(step) {
            self.feed
                .try_send(Located::Opened(std::sync::Arc::new(connection.clone())))
                .context("no room")?;
        }
        Ok(())
    }

    /// How many connections [`Changing::OnePercent`] moves.
    pub fn changes(&self) -> usize {
        self.shown.len().div_ceil(100.max(self.shown.len().div_ceil(MOST_CHANGES)))
    }

    /// What is drawn, as a PNG file.
    pub fn save(&mut self, file: &Path) -> anyhow::Result<()> {
        let screenshot = Screenshot::image(self.target.clone());
        self.app.world_mut().spawn(screenshot).observe(
            |captured: On<ScreenshotCaptured>, mut taken: ResMut<Taken>| {
                taken.0 = Some(captured.image.clone());
            },
        );
        for _ in 0..MOST_FRAMES {
            self.frame()?;
            if let Some(image) = self.app.world_mut().resource_mut::<Taken>().0.take() {
                let picture = image.try_into_dynamic()?.to_rgb8();
                return picture.save(file).with_context(|| format!("cannot write {}", file.display()));
            }
        }
        bail!("the graphics adapter gave no picture")
    }
}

fn target(app: &mut App, [width, height]: [u32; 2]) -> Handle<Image> {
    let mut image = Image::new_target_texture(width, height, TextureFormat::Rgba8UnormSrgb, None);
    image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    app.world_mut().resource_mut::<Assets<Image>>().add(image)
}

fn cpu(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

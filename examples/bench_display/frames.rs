//! Frames of the map with none, with 1,000 and with 20,000 dots of the flood scene, of which none, 1 % or all change.

use std::time::{Duration, Instant};

use anyhow::Context;
use bevy::{
    camera::RenderTarget,
    prelude::*,
    render::RenderApp,
    render::{
        render_resource::{PollType, TextureFormat},
        renderer::{RenderAdapterInfo, RenderDevice, RenderGraph, RenderGraphSystems},
    },
};
use connmapperl::{
    app::{WindowLook, map_camera, still_app},
    cli::{Common, Look},
    components::{
        action::UiAction,
        animation::Animation,
        dots::{DOT_BYTES, Dots},
        map_clock::MapClock,
    },
    demo::{Scene, SeededScene},
    model::{Located, LocatedConnection},
    systems::ingest::Feed,
};
use crossbeam_channel::{Sender, bounded};
use rustix::time::{ClockId, clock_gettime};

use super::{
    figures::{Figure, Figures, Goal},
    median, millis,
};

const SIZE_PX: [u32; 2] = [1280, 720];
const FLOOD: usize = 20_000;
pub const FRAMES: usize = 60;
/// Until as many dots fade as ever.
const WARM_UP: usize = 16;
/// Longer than any ring or fade.
const SETTLED_MILLIS: i64 = 10_000;

#[derive(Clone, Copy, PartialEq)]
pub enum Changing {
    Nothing,
    /// Every hundredth connection moves.
    OnePercent,
    /// Every connection moves.
    All,
}

/// On a software adapter.
const GOALS: [(usize, Changing, f64); 2] =
    [(FLOOD, Changing::OnePercent, 35.0), (FLOOD, Changing::All, 45.0)];

/// Medians of one kind of frame, in milliseconds.
pub struct Cost {
    pub total: f64,
    /// Everything before drawing: connections, panels, texts.
    pub world: f64,
    /// Extraction, preparation and recording for the adapter.
    pub record: f64,
    /// From handing over to drawn. A software adapter does much of it while it is being handed over.
    pub adapter: f64,
    /// Processor time of all threads.
    pub cpu: f64,
    pub uploaded_bytes: u64,
}

pub fn bench(figures: &mut Figures) -> anyhow::Result<()> {
    let (look, open) = flood()?;
    let mut map = Map::new(look)?;
    figures.group(format!("frames at {}x{}, off screen, medians of {FRAMES}", SIZE_PX[0], SIZE_PX[1]));
    figures.graphics(map.adapter()?);
    let (mut empty, mut thousand) = (None, None);
    for dots in [0, 1_000, FLOOD] {
        map.show(open.iter().take(dots).cloned().collect());
        for changing in [Changing::Nothing, Changing::OnePercent, Changing::All] {
            if dots == 0 && changing != Changing::Nothing {
                continue;
            }
            let cost = map.cost(changing)?;
            let name = match changing {
                Changing::Nothing => "nothing",
                Changing::OnePercent => "1 %",
                Changing::All => "all",
            };
            figures.group(format!("{} dots, {name} changing", map.dots()));
            let frame = || Figure::new("frame", cost.total, "ms");
            let goal = GOALS.iter().find(|goal| map.is_software() && goal.0 == dots && goal.1 == changing);
            figures.add(match goal {
                Some((.., most)) => frame().goal(Goal::AtMost(*most)),
                None => frame(),
            });
            for (name, other) in [("one without dots", empty), ("one of 1,000 at rest", thousand)] {
                if let Some(other) = other {
                    figures.add(frame().beside(name, other));
                }
            }
            match (dots, changing) {
                (0, _) => empty = Some(cost.total),
                (1_000, Changing::Nothing) => thousand = Some(cost.total),
                _ => {}
            }
            figures.add(Figure::new("of it before drawing", cost.world, "ms"));
            figures.add(Figure::new("of it recorded", cost.record, "ms"));
            figures.add(Figure::new("of it drawn by the adapter", cost.adapter, "ms"));
            figures.add(Figure::new("processor time of all threads", cost.cpu, "ms"));
            let changed = match changing {
                Changing::Nothing => 0,
                Changing::OnePercent => dots / 100,
                Changing::All => dots,
            };
            let fair = Goal::AtMost((changed * DOT_BYTES) as f64);
            figures.add(Figure::new("uploaded", cost.uploaded_bytes as f64, "bytes").goal(fair));
        }
    }
    Ok(())
}

/// The flood scene, and those of its connections that have a place.
pub fn flood() -> anyhow::Result<(Look, Vec<LocatedConnection>)> {
    let scene = SeededScene { scene: Scene::Flood, seed: 1 };
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

pub struct Map {
    app: App,
    feed: Sender<Located>,
    shown: Vec<LocatedConnection>,
}

impl Map {
    pub fn new(look: Look) -> anyhow::Result<Self> {
        let status = look.status();
        let now = look.now_unix_millis();
        let mut app = still_app(now, SIZE_PX, look.rules, &WindowLook::default())?;
        let (feed, receiver) = bounded(FLOOD);
        let target = Image::new_target_texture(SIZE_PX[0], SIZE_PX[1], TextureFormat::Rgba8UnormSrgb, None);
        let target = app.world_mut().resource_mut::<Assets<Image>>().add(target);
        app.world_mut().spawn((map_camera(), RenderTarget::Image(target.into())));
        app.insert_resource(Feed(receiver)).insert_resource(Done(Instant::now())).add_systems(Last, note);
        app.sub_app_mut(RenderApp).insert_resource(Done(Instant::now())).add_systems(
            RenderGraph,
            note.after(RenderGraphSystems::Render).before(RenderGraphSystems::Submit),
        );
        app.finish();
        app.cleanup();
        feed.try_send(Located::Status(status)).context("no room")?;
        Ok(Self { app, feed, shown: Vec::new() })
    }

    pub fn adapter(&mut self) -> anyhow::Result<String> {
        self.app.update();
        let info = self.app.world().get_resource::<RenderAdapterInfo>().context("no adapter")?;
        Ok(info.name.clone())
    }

    pub fn is_software(&self) -> bool {
        self.app.world().resource::<Animation>().on_software
    }

    fn dots(&self) -> usize {
        self.app.world().resource::<Dots>().rows().len()
    }

    pub fn world(&mut self) -> &mut World {
        self.app.world_mut()
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

    /// These and no others, long open.
    pub fn show(&mut self, connections: Vec<LocatedConnection>) {
        let _ = self.feed.try_send(Located::FullSet(connections.clone()));
        self.shown = connections;
        self.app.update();
        self.pass(SETTLED_MILLIS);
        self.app.update();
    }

    /// Lets so much time go by.
    pub fn pass(&mut self, millis: i64) {
        let mut clock = self.app.world_mut().resource_mut::<MapClock>();
        let later = clock.now_unix_millis() + millis;
        clock.bypass_change_detection().set(later);
    }

    pub fn now_unix_millis(&self) -> i64 {
        self.app.world().resource::<MapClock>().now_unix_millis()
    }

    /// Of the next frame.
    pub fn tell(&self, located: Located) -> anyhow::Result<()> {
        self.feed.try_send(located).context("no room")
    }

    pub fn cost(&mut self, changing: Changing) -> anyhow::Result<Cost> {
        self.cost_of(|map, frame| map.change(changing, frame))
    }

    /// Of frames, before each of which something happens that is not counted.
    pub fn cost_of(
        &mut self,
        mut happen: impl FnMut(&mut Self, usize) -> anyhow::Result<()>,
    ) -> anyhow::Result<Cost> {
        let device = self.app.world().resource::<RenderDevice>().clone();
        let (mut world, mut record, mut adapter, mut total) = (vec![], vec![], vec![], vec![]);
        let (mut cpu, mut uploaded) = (vec![], vec![]);
        for frame in 0..WARM_UP + FRAMES {
            happen(self, frame)?;
            let uploaded_before = self.app.world().resource::<Dots>().uploaded_bytes;
            let cpu_before = process_cpu();
            let began = Instant::now();
            self.app.update();
            device.poll(PollType::wait_indefinitely()).context("the adapter does not answer")?;
            let drawn = Instant::now();
            if frame < WARM_UP {
                continue;
            }
            let ready = self.app.world().resource::<Done>().0;
            let recorded = self.app.sub_app(RenderApp).world().resource::<Done>().0;
            world.push(millis(ready - began));
            record.push(millis(recorded - ready));
            adapter.push(millis(drawn - recorded));
            cpu.push(millis(process_cpu() - cpu_before));
            total.push(millis(drawn - began));
            uploaded.push((self.app.world().resource::<Dots>().uploaded_bytes - uploaded_before) as f64);
        }
        Ok(Cost {
            total: median(total),
            world: median(world),
            record: median(record),
            adapter: median(adapter),
            cpu: median(cpu),
            uploaded_bytes: median(uploaded) as u64,
        })
    }

    /// Tells the map of connections that lie elsewhere now, by half a degree there and back.
    fn change(&mut self, changing: Changing, frame: usize) -> anyhow::Result<()> {
        let step = match changing {
            Changing::Nothing => return Ok(()),
            Changing::OnePercent => 100,
            Changing::All => 1,
        };
        let by_degrees = if frame.is_multiple_of(2) { 0.5 } else { -0.5 };
        for connection in self.shown.iter_mut().step_by(step) {
            if let Ok(place) = &mut connection.place {
                place.lon += by_degrees;
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
}

fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

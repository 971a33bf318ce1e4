//! How long the adapter itself works at the passes of a frame: it notes its own time before the first and after the last.
//! What is copied up before the passes is not in it. Not every adapter can.

use bevy::{
    prelude::*,
    render::{
        RenderApp,
        render_resource::{
            Buffer, BufferDescriptor, BufferUsages, CommandEncoder, MapMode, PollType, WgpuFeatures,
        },
        renderer::{RenderContext, RenderDevice, RenderGraph, RenderGraphSystems, RenderQueue},
    },
};
use wgpu_types::{QuerySetDescriptor, QueryType};

/// Times are 64 bits each.
const TIME_BYTES: u64 = 8;
const BOTH_BYTES: u64 = 2 * TIME_BYTES;

enum Moment {
    Begin,
    End,
}

/// Notes a moment. The library's type of what holds the times cannot be named here.
#[derive(Resource)]
struct Stamp(Box<dyn Fn(&mut CommandEncoder, Moment) + Send + Sync>);

pub struct AdapterClock {
    times: Buffer,
    nanos_per_tick: f64,
}

pub fn plugin(app: &mut App) {
    let Some(render) = app.get_sub_app_mut(RenderApp) else { return };
    render.add_systems(
        RenderGraph,
        (
            begin.in_set(RenderGraphSystems::Begin),
            end.after(RenderGraphSystems::Render).before(RenderGraphSystems::Submit),
        ),
    );
}

fn begin(stamp: Option<Res<Stamp>>, mut context: RenderContext) {
    if let Some(stamp) = stamp {
        (stamp.0)(context.command_encoder(), Moment::Begin);
    }
}

fn end(stamp: Option<Res<Stamp>>, mut context: RenderContext) {
    if let Some(stamp) = stamp {
        (stamp.0)(context.command_encoder(), Moment::End);
    }
}

impl AdapterClock {
    /// Begins to take times, once the adapter is known. `None` where it cannot.
    pub fn start(app: &mut App) -> Option<Self> {
        let device = app.world().get_resource::<RenderDevice>()?.clone();
        let nanos_per_tick = f64::from(app.world().get_resource::<RenderQueue>()?.get_timestamp_period());
        if !device.features().contains(WgpuFeatures::TIMESTAMP_QUERY_INSIDE_ENCODERS) {
            return None;
        }
        let noted = device.wgpu_device().create_query_set(&QuerySetDescriptor {
            label: Some("begin and end of a frame"),
            ty: QueryType::Timestamp,
            count: 2,
        });
        let buffer = |label, usage| {
            let size = BOTH_BYTES;
            device.create_buffer(&BufferDescriptor {
                label: Some(label),
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let resolved = buffer("times on the adapter", BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC);
        let times = buffer("times", BufferUsages::MAP_READ | BufferUsages::COPY_DST);
        let copied = times.clone();
        app.sub_app_mut(RenderApp).insert_resource(Stamp(Box::new(move |encoder, moment| match moment {
            Moment::Begin => encoder.write_timestamp(&noted, 0),
            Moment::End => {
                encoder.write_timestamp(&noted, 1);
                encoder.resolve_query_set(&noted, 0..2, &resolved, 0);
                encoder.copy_buffer_to_buffer(&resolved, 0, &copied, 0, BOTH_BYTES);
            }
        })));
        Some(Self { times, nanos_per_tick })
    }

    /// Milliseconds that the adapter worked at the passes of the last frame, which has to be drawn. NaN where it does not say.
    pub fn millis(&self, device: &RenderDevice) -> f64 {
        let slice = self.times.slice(..);
        slice.map_async(MapMode::Read, |_| {});
        if device.poll(PollType::wait_indefinitely()).is_err() {
            return f64::NAN;
        }
        let ticks = {
            let bytes = slice.get_mapped_range();
            let mut times = bytes
                .chunks_exact(TIME_BYTES as usize)
                .map(|time| time.try_into().map_or(0, u64::from_ne_bytes));
            (times.next(), times.next())
        };
        self.times.unmap();
        match ticks {
            (Some(begin), Some(end)) if end >= begin => (end - begin) as f64 * self.nanos_per_tick / 1e6,
            _ => f64::NAN,
        }
    }
}

//! The instance buffer of the dots. It stays on the graphics card; of the main world's table only the stretches that
//! changed are written, straight from the slice.

use std::ops::Range;

use bevy::{
    prelude::*,
    render::{
        MainWorld,
        render_resource::{Buffer, BufferDescriptor, BufferUsages},
        renderer::{RenderDevice, RenderQueue},
    },
};

use crate::components::dots::{DOT_BYTES, Dots};

/// Dots there is room for at first; the buffer doubles from here.
const FIRST_CAPACITY: usize = 1024;

#[derive(Resource, Default)]
pub(super) struct GpuDots {
    pub(super) buffer: Option<Buffer>,
    pub(super) count: u32,
    capacity: usize,
    stretches: Vec<Range<u32>>,
}

/// The graphics device is new: nothing that lay on the old one is left.
pub(super) fn forget(mut dots: ResMut<GpuDots>) {
    *dots = GpuDots::default();
}

pub(super) fn extract(
    mut main: ResMut<MainWorld>,
    mut gpu: ResMut<GpuDots>,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
) {
    let Some(mut dots) = main.get_resource_mut::<Dots>() else {
        return;
    };
    gpu.count = dots.rows().len() as u32;
    if gpu.buffer.is_none() || gpu.capacity < dots.rows().len() {
        gpu.capacity = dots.rows().len().next_power_of_two().max(FIRST_CAPACITY);
        gpu.buffer = Some(device.create_buffer(&BufferDescriptor {
            label: Some("dots"),
            size: (gpu.capacity * DOT_BYTES) as u64,
            usage: BufferUsages::VERTEX | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        }));
        dots.mark_all();
    }
    if !dots.has_dirty() {
        return;
    }
    let GpuDots { buffer: Some(buffer), stretches, .. } = &mut *gpu else {
        return;
    };
    dots.take_dirty(stretches);
    for stretch in stretches.iter() {
        let rows = &dots.rows()[stretch.start as usize..stretch.end as usize];
        queue.write_buffer(buffer, stretch.start as u64 * DOT_BYTES as u64, bytemuck::cast_slice(rows));
    }
}
